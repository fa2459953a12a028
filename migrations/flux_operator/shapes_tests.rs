//! Installations in the shapes of public repositories, and what becomes of them.

use super::FluxOperator;
use super::fixtures::PODINFO;
use crate::plan::author::testing::Planned;

const STATED: &str = "flux-operator: {}\n";

/// A cluster with a folder for flux-system, a release, and what installs Flux in `flux/flux.yaml`.
fn fixture(flux: &str, more: &str) -> String {
    format!(
        "//- apps/kustomization.yaml
resources: [flux-system, podinfo.yaml]
//- apps/flux-system/kustomization.yaml
resources: [namespace.yaml]
//- apps/flux-system/namespace.yaml
apiVersion: v1
kind: ConfigMap
metadata: {{name: none, namespace: default}}
//- apps/podinfo.yaml
{PODINFO}//- flux/flux.yaml
{flux}{more}"
    )
}

/// A source of Flux's manifests and a Kustomization over it.
fn artifact(source: &str, kustomization: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {{name: flux-manifests, namespace: flux-system}}
spec:
  interval: 10m
{source}---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: flux, namespace: flux-system}}
spec:
  interval: 10m
  path: ./
{kustomization}  sourceRef: {{kind: OCIRepository, name: flux-manifests}}
"
    )
}

const URL: &str = "  url: oci://ghcr.io/fluxcd/flux-manifests\n";
const TAG: &str = "  ref: {tag: v2.7.5}\n";
const PRUNE: &str = "  prune: true\n";

fn planned(flux: &str, more: &str) -> Planned {
    Planned::of(&FluxOperator, STATED, &fixture(flux, more))
}

/// The units are refused, with messages that have these parts.
#[track_caller]
fn refused(planned: &Planned, code: &str, part: &str) {
    let units = planned.units();
    assert!(units.iter().all(|unit| unit.starts_with("refused")) && units.len() == 1, "{units:#?}");
    let findings: Vec<String> =
        planned.plan.units[0].findings.iter().map(|finding| format!("{} {}", finding.code, finding.message)).collect();
    let is_it = |finding: &String| finding.starts_with(&format!("{code} ")) && finding.contains(part);
    assert!(findings.iter().any(is_it), "{code} {part}: {findings:#?}");
}

#[test]
fn what_a_flux_instance_has_no_field_for_is_refused() {
    let normal = artifact(&format!("{URL}{TAG}"), PRUNE);
    assert_eq!(planned(&normal, "").units().len(), 4, "{:#?}", planned(&normal, "").units());
    for (source, kustomization, code, part) in [
        (
            "  url: oci://ghcr.io/fluxcd/flux-manifests\n  ref: {semver: 2.x}\n",
            PRUNE,
            "flux-version-unknown",
            "not stated",
        ),
        (
            "  url: oci://ghcr.io/fluxcd/flux-manifests\n  ref: {tag: v2.7}\n",
            PRUNE,
            "flux-version-unknown",
            "not stated",
        ),
        ("  url: oci://ghcr.io/fluxcd/flux-manifests\n  ref: {tag: v2.20.0}\n", PRUNE, "operator-too-old", "not known"),
        (
            "  url: oci://mirror.example.org/fluxcd/flux-manifests\n  ref: {tag: v2.7.5}\n",
            PRUNE,
            "install-field-not-carried",
            "a mirror",
        ),
        (
            "  url: oci://ghcr.io/fluxcd/flux-manifests\n  ref: {tag: v2.7.5}\n  secretRef: {name: x}\n",
            PRUNE,
            "install-field-not-carried",
            "spec.secretRef",
        ),
        (
            "  url: oci://ghcr.io/fluxcd/flux-manifests\n  ref: {tag: v2.7.5}\n",
            "  prune: true\n  postBuild: {substitute: {A: b}}\n",
            "install-field-not-carried",
            "spec.postBuild",
        ),
        (
            "  url: oci://ghcr.io/fluxcd/flux-manifests\n  ref: {tag: v2.7.5}\n",
            "  prune: true\n  images: [{name: x, newName: y}]\n",
            "install-field-not-carried",
            "spec.images",
        ),
        (
            "  url: oci://ghcr.io/fluxcd/flux-manifests\n  ref: {tag: v2.7.5}\n",
            "  prune: true\n  targetNamespace: other\n",
            "install-field-not-carried",
            "spec.targetNamespace",
        ),
        (
            "  url: oci://ghcr.io/fluxcd/flux-manifests\n  ref: {tag: v2.7.5}\n",
            "  prune: true\n  patches:\n    - patch: '[{\"op\": \"add\", \"path\": \"/spec/x\", \"value\": \"1\"}]'\n      \
             target: {kind: Deployment, namespace: 'flux-.*'}\n",
            "patch-not-carried",
            "the namespace flux-.*",
        ),
    ] {
        refused(&planned(&artifact(source, kustomization), ""), code, part);
    }
}

#[test]
fn what_relies_on_the_old_installation_refuses_it() {
    let normal = artifact(&format!("{URL}{TAG}"), PRUNE);
    let waiting = "//- flux/waiting.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: waiting, namespace: flux-system}
spec:
  path: ./apps/flux-system
  prune: true
  dependsOn: [{name: flux}]
  sourceRef: {kind: GitRepository, name: flux-system}
";
    refused(&planned(&normal, waiting), "install-field-not-carried", "flux-system/waiting depends on flux-system/flux");
    let twice = "//- flux/role.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: flux-view-flux-system}
";
    refused(&planned(&normal, twice), "install-field-not-carried", "ClusterRole flux-view-flux-system");
}

/// As onedr0p had it: the chart flux2.
#[test]
fn a_release_of_flux2_is_refused() {
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: flux, namespace: flux-system}
spec:
  interval: 1h
  chart: {spec: {chart: flux2, version: 2.14.1, sourceRef: {kind: HelmRepository, name: fluxcd-community}}}
";
    refused(&planned(release, ""), "installed-by-helm", "flux2 2.14.1");
}

#[test]
fn another_flux_instance_is_refused() {
    let instance = "//- flux/instance.yaml
apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
metadata: {name: main, namespace: flux-system}
spec: {distribution: {version: 2.7.5, registry: ghcr.io/fluxcd}}
";
    refused(&planned(&artifact(&format!("{URL}{TAG}"), PRUNE), instance), "instance-not-flux", "flux-system/main");
}

/// As budimanjojo had it: both prune nothing anyway, so there is no guard to write.
#[test]
fn what_prunes_nothing_needs_no_guard() {
    let planned = planned(&artifact(&format!("{URL}  ref: {{tag: v2.5.1}}\n"), "  prune: false\n"), "");
    let steps: Vec<&str> = planned.plan.units.iter().map(|unit| unit.id.step).collect();
    assert_eq!(steps, ["operator", "instance", "remove"], "{:#?}", planned.units());
    assert!(planned.units()[1].contains("FluxInstance 2.5.1") && planned.units()[1].contains("with NetworkPolicies"));
    let deletes = artifact(&format!("{URL}{TAG}"), "  prune: false\n  deletionPolicy: Delete\n");
    let planned = Planned::of(&FluxOperator, STATED, &fixture(&deletes, ""));
    assert!(planned.units()[0].starts_with("refused"), "its own policy deletes: {:#?}", planned.units());
}

/// As auricom had it: other names, and a digest that cannot be carried.
#[test]
fn names_of_today_do_not_matter() {
    let source = format!("{URL}  ref: {{tag: v2.5.1, digest: 'sha256:ab'}}\n");
    let text = artifact(&source, PRUNE).replace("flux-manifests, namespace", "flux-source, namespace");
    let text = text
        .replace("name: flux-manifests}", "name: flux-source}")
        .replace("{name: flux,", "{name: flux-installation,");
    let planned = planned(&text, "");
    assert_eq!(planned.units().len(), 4, "{:#?}", planned.units());
    let listed =
        planned.plan.units.iter().flat_map(|unit| &unit.findings).any(|finding| finding.message.contains("ref.digest"));
    assert!(listed, "{:#?}", planned.findings());
}

#[test]
fn what_a_cluster_takes_from_the_repository_of_flux_is_refused() {
    let remote = "apiVersion: v1
kind: ConfigMap
metadata: {name: none, namespace: default}
//- flux/kustomization.yaml
resources: [flux.yaml, gotk-sync.yaml, apps.yaml, 'github.com/fluxcd/flux2/manifests/install?ref=v2.7.5']
";
    refused(&planned(remote, ""), "install-field-not-carried", "other names");
}

#[test]
fn fewer_controllers_are_for_review() {
    let settings = "flux-operator: {components: [source-controller, kustomize-controller, helm-controller]}\n";
    let planned = Planned::of(&FluxOperator, settings, &fixture(&artifact(&format!("{URL}{TAG}"), PRUNE), ""));
    let orphaned = planned.plan.units.iter().flat_map(|unit| &unit.findings);
    let orphaned: Vec<_> = orphaned.filter(|finding| finding.code.id == "components-orphaned").collect();
    assert!(
        orphaned[0]
            .message
            .ends_with("notification-controller, image-reflector-controller, image-automation-controller")
    );
}

#[test]
fn a_selector_for_labels_that_go_is_for_review() {
    let monitor = "//- flux/monitor.yaml
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: flux, namespace: flux-system}
spec:
  selector: {matchLabels: {app.kubernetes.io/instance: flux-system}}
";
    let planned = planned(&artifact(&format!("{URL}{TAG}"), PRUNE), monitor);
    assert!(
        planned.findings().iter().any(|finding| finding.starts_with("selects-pod-label")),
        "{:#?}",
        planned.findings()
    );
}

/// An Alert for all names is `*`; one name is not all, and labels or another namespace are not either.
#[test]
fn an_alert_for_all_sees_the_instance() {
    let alert = |source: &str| {
        format!(
            "//- flux/alert.yaml
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {{name: out, namespace: flux-system}}
spec: {{type: slack}}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {{name: out, namespace: flux-system}}
spec: {{providerRef: {{name: out}}, eventSources: [{source}]}}
"
        )
    };
    let sees = |source: &str| {
        let planned = planned(&artifact(&format!("{URL}{TAG}"), PRUNE), &alert(source));
        planned.plan.units.iter().any(|unit| unit.id.step == "alert")
    };
    assert!(sees("{kind: Kustomization, name: '*'}"));
    assert!(sees("{kind: HelmRelease, name: '*'}, {kind: Kustomization, name: '*', namespace: flux-system}"));
    for source in [
        "{kind: Kustomization, name: flux}",
        "{kind: HelmRelease, name: '*'}",
        "{kind: Kustomization, name: '*', namespace: media}",
        "{kind: Kustomization, name: '*', matchLabels: {a: b}}",
        "{kind: Kustomization, name: '*'}, {kind: FluxInstance, name: '*'}",
    ] {
        assert!(!sees(source), "{source}");
    }
}
