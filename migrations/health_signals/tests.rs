use super::HealthSignals;
use crate::plan::author::testing::{Planned, check_with};

const STATED: &str = "health-signals: {}\n";

/// An Alert with its Provider.
fn alert(namespace: &str, provider: &str, sources: &str) -> String {
    format!(
        "//- apps/{namespace}/alert.yaml
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata:
  name: out
  namespace: {namespace}
spec:
  type: {provider}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata:
  name: out
  namespace: {namespace}
spec:
  providerRef:
    name: out
  eventSources:
{sources}"
    )
}

const RELEASES: &str = "    - kind: HelmRelease\n      name: '*'\n";
const ALL: &str = "    - kind: Kustomization\n      name: '*'\n";

/// A Flux Kustomization over a folder of its own.
fn kustomization(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "//- apps/{namespace}/{name}.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: {name}
  namespace: {namespace}
spec:
  path: ./{name}
  prune: true
{spec}  sourceRef:
    kind: GitRepository
    name: flux-system
    namespace: flux-system
"
    )
}

fn release(folder: &str, spec: &str) -> String {
    format!(
        "//- {folder}/release.yaml
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: {folder}, namespace: media}}
spec: {{{spec}chartRef: {{kind: OCIRepository, name: x}}}}
"
    )
}

fn planned(files: &[String]) -> Planned {
    Planned::of(&HealthSignals, STATED, &files.concat())
}

/// An Alert that watches all of Flux's own namespace.
fn home() -> String {
    alert("flux-system", "slack", &format!("{ALL}{RELEASES}"))
}

#[test]
fn without_a_section_it_is_only_counted() {
    let files = [home(), kustomization("media", "plex", "")].concat();
    let planned = Planned::of(&HealthSignals, "", &files);
    assert!(planned.units().is_empty());
    let left = &planned.plan.out_of_scope["health-signals"];
    assert_eq!((left.count, left.what.as_str()), (1, "objects without an Alert: 1: not configured"));
}

#[test]
fn the_alert_of_the_namespace_gets_the_entry() {
    let own = alert("media", "slack", RELEASES);
    let before = [home(), own.clone(), kustomization("media", "plex", "")].concat();
    let planned = check_with(&HealthSignals, STATED, &before, &own.replace(RELEASES, &format!("{RELEASES}{ALL}")));
    assert_eq!(planned.units(), ["safe reconcile Alert media/out: watches 1 Kustomization in media"]);
}

#[test]
fn without_one_an_alert_elsewhere_names_the_namespace() {
    let before = [home(), kustomization("media", "plex", ""), kustomization("games", "chess", "")].concat();
    let entry = |namespace: &str| format!("{ALL}      namespace: {namespace}\n");
    let widened = format!("{ALL}{}{}{RELEASES}", entry("games"), entry("media"));
    let after = alert("flux-system", "slack", &widened);
    let planned = check_with(&HealthSignals, STATED, &before, &after);
    assert_eq!(planned.units(), ["safe reconcile Alert flux-system/out: watches 2 Kustomizations in games, media"]);
}

#[test]
fn no_address_is_made_up() {
    // The status of a commit is no place for releases.
    for provider in ["github", "gitlab"] {
        let files = [alert("flux-system", provider, ALL), kustomization("media", "plex", "")];
        let planned = planned(&files);
        assert_eq!(planned.units(), ["refused Cluster cluster: stays unwatched"], "{provider}");
        assert_eq!(planned.findings(), ["no-provider flux/gotk-sync.yaml"]);
    }
    assert_eq!(planned(&[kustomization("media", "plex", "")]).findings(), ["no-provider flux/gotk-sync.yaml"]);
    let without_provider = home().replace("kind: Provider", "kind: Receiver");
    let files = [without_provider, kustomization("media", "plex", "")];
    assert_eq!(planned(&files).findings(), ["no-provider flux/gotk-sync.yaml"]);
}

#[test]
fn alerts_that_cannot_be_widened() {
    let suspended = home().replace("  providerRef", "  suspend: true\n  providerRef");
    let files = [suspended, kustomization("media", "plex", "")];
    assert_eq!(planned(&files).findings(), ["no-provider flux/gotk-sync.yaml"]);
    let patched = "//- apps/kustomization.yaml\nresources: [flux-system, media/plex.yaml]\npatches:\n- target: {kind: Alert}\n  \
                   patch: '[{op: add, path: /spec/summary, value: x}]'\n//- apps/flux-system/kustomization.yaml\n\
                   resources: [alert.yaml]\n";
    let files = [home(), kustomization("media", "plex", ""), patched.to_owned()];
    assert_eq!(planned(&files).findings(), ["no-alert-to-widen flux/gotk-sync.yaml"]);
}

#[test]
fn what_others_depend_on_is_checked() {
    let depends = "  dependsOn:\n    - name: store\n";
    let store = kustomization("flux-system", "store", "  wait: false\n");
    let before = [
        home(),
        store.clone(),
        kustomization("flux-system", "plex", depends),
        release("store", ""),
        release("plex", ""),
    ];
    let check = "  wait: false\n  healthChecks:\n    - apiVersion: helm.toolkit.fluxcd.io/v2\n      kind: HelmRelease\n      name: \
                 store\n      namespace: media\n";
    let alert = alert("flux-system", "slack", &format!("{ALL}{RELEASES}{RELEASES}      namespace: media\n"));
    let after = [store.replace("  wait: false\n", check), alert].concat();
    let planned = check_with(&HealthSignals, STATED, &before.concat(), &after);
    let expected = [
        "review reconcile Kustomization flux-system/store: is Ready when store is: 1 depends on it",
        "safe reconcile Alert flux-system/out: watches 2 HelmReleases in media",
    ];
    assert_eq!(planned.units(), expected);
    // It has no release: it waits for all that it applies.
    let before = [home(), kustomization("flux-system", "store", ""), kustomization("flux-system", "plex", depends)];
    let after = kustomization("flux-system", "store", "  wait: true\n");
    check_with(&HealthSignals, STATED, &before.concat(), &after);
    let keep = "health-signals: {checks: keep}\n";
    assert!(Planned::of(&HealthSignals, keep, &before.concat()).units().is_empty());
}

#[test]
fn what_would_wait_for_itself_is_refused() {
    let depends = "  dependsOn:\n    - name: store\n";
    let needs = release("store", "dependsOn: [{name: plex}], ");
    let kustomizations =
        [home(), kustomization("flux-system", "store", ""), kustomization("flux-system", "plex", depends)].concat();
    let files = [kustomizations, needs, release("plex", "")];
    let planned = planned(&files);
    let units = planned.units();
    assert!(units.iter().any(|unit| unit.starts_with("refused Kustomization flux-system/store")), "{units:?}");
    assert!(planned.findings().contains(&"check-deadlocks apps/flux-system/store.yaml:1".to_owned()));
}

#[test]
fn what_waits_through_others_counts() {
    let at =
        |folder: &str, kustomization: String| kustomization.replace("//- apps/flux-system", &format!("//- {folder}"));
    // store applies middle, which waits for plex, which depends on store.
    let middle = at("store", kustomization("flux-system", "middle", "  wait: true\n"));
    let plex = at("middle", kustomization("flux-system", "plex", "  dependsOn:\n    - name: store\n"));
    let files = [home(), kustomization("flux-system", "store", ""), middle, plex];
    let found = planned(&files).findings();
    assert!(found.contains(&"check-deadlocks apps/flux-system/store.yaml:1".to_owned()), "{found:#?}");
    // Others depend on infra, which waits for disks: these go on waiting.
    let infra = kustomization("flux-system", "infra", "  wait: true\n");
    let disks = at("infra", kustomization("flux-system", "disks", "  wait: true\n"));
    let pod = "//- disks/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: media}\n".to_owned();
    let apps = kustomization("flux-system", "plex", "  dependsOn:\n    - name: infra\n");
    let units = planned(&[home(), infra, disks, pod, apps]).units();
    assert!(!units.iter().any(|unit| unit.contains("disks")), "{units:#?}");
}

#[test]
fn what_nothing_depends_on_waits_no_longer() {
    let waits = kustomization("flux-system", "plex", "  wait: true # slow\n");
    let crd =
        "//- crds/crd.yaml\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n";
    let pod = "//- plex/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: media}\n";
    let crds = kustomization("flux-system", "crds", "  wait: true\n");
    let before = [home(), waits.clone(), crds, crd.to_owned(), pod.to_owned()].concat();
    check_with(&HealthSignals, STATED, &before, &waits.replace("wait: true", "wait: false"));
    let keep = "health-signals: {wait: keep}\n";
    assert!(Planned::of(&HealthSignals, keep, &before).units().is_empty());
    // A patch of its parent decides it: nothing is written here.
    let patch = "//- apps/kustomization.yaml\nresources: [flux-system/alert.yaml, flux-system/plex.yaml]\npatches:\n- target: \
                 {kind: Kustomization}\n  patch: '[{\"op\": \"add\", \"path\": \"/spec/wait\", \"value\": true}]'\n";
    let files = [home(), kustomization("flux-system", "plex", ""), pod.to_owned(), patch.to_owned()];
    assert_eq!(planned(&files).findings(), ["wait-stated-elsewhere apps/flux-system/plex.yaml:1"]);
}

#[test]
fn somebody_has_to_hear_of_it_first() {
    let pod = "//- plex/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: media}\n".to_owned();
    let files = [alert("flux-system", "slack", ALL), kustomization("media", "plex", "  wait: true\n"), pod];
    let planned = planned(&files);
    let unwait = planned.plan.units.iter().find(|unit| unit.id.step == "unwait").unwrap();
    assert_eq!(unwait.needs.iter().map(|id| id.step).collect::<Vec<_>>(), ["watch"]);
    let keep = Planned::of(&HealthSignals, "health-signals: {alerts: keep}\n", &files.concat());
    assert_eq!(keep.findings(), ["nobody-would-hear apps/media/plex.yaml:1"]);
}
