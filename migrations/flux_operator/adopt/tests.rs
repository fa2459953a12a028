//! What Flux starts with in the shapes of public repositories, and what becomes of it.

use super::super::FluxOperator;
use super::super::fixtures::{BRANCH, started};
use crate::plan::author::testing::{Planned, check_with};

const STATED: &str = "flux-operator: {sync: adopt}\n";

/// A FluxInstance without `sync`, and a root with its source.
fn fixture(source: &str, root: &str, more: &str) -> String {
    format!("//- apps/instance.yaml\n{INSTANCE}{}{more}", started(source, root))
}

const INSTANCE: &str = "\
apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
metadata:
  name: flux
  namespace: flux-system
spec:
  distribution:
    version: 2.7.5
    registry: ghcr.io/fluxcd
  cluster:
    networkPolicy: false
  kustomize:
    patches:
      - target: {kind: Deployment}
        patch: '[]'
";

const ROOT: &str = "cluster\n  namespace: flux-system\nspec:\n  interval: 30m\n  path: ./flux\n  prune: true\n";

/// All units are refused with a code, for this reason.
#[track_caller]
fn refused(before: &str, code: &str, part: &str) {
    let planned = Planned::of(&FluxOperator, STATED, before);
    let units = planned.units();
    assert!(units.len() == 1 && units[0].starts_with("refused"), "{units:#?}");
    let is_it = |finding: &crate::plan::Finding| finding.code.id == code && finding.message.contains(part);
    assert!(planned.plan.units[0].findings.iter().any(is_it), "{:#?}", planned.plan.units[0].findings);
}

/// What the FluxInstance gets of a root and its source.
const SYNC: &str = "  sync:
    kind: GitRepository
    name: home
    url: https://example.org/home.git
    ref: refs/heads/main
    path: ./flux
    interval: 30m
";

/// As haynes-ops has it: a root of another name than its source, with decryption; a Receiver names it.
#[test]
fn a_second_root_beside_the_one_of_today() {
    let source = format!(
        "{BRANCH}  secretRef:\n    name: deploy-key\n  ignore: |\n    # all but\n    /*\n    !/flux\n    !/apps\n"
    );
    let root =
        format!("{ROOT}  wait: false\n  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n");
    let receiver = "//- apps/receiver.yaml
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata:
  name: github
  namespace: flux-system
spec:
  type: github
  resources:
    - kind: GitRepository
      name: home
    - kind: Kustomization
      name: cluster # the root
";
    let sync = format!("{SYNC}    pullSecret: deploy-key\n  kustomize:\n");
    let patches = "      - patch: |
          - op: add
            path: /spec/ignore
            value: |
              # all but
              /*
              !/flux
              !/apps
        target:
          kind: GitRepository
      - patch: |
          - op: add
            path: /spec/interval
            value: 30m
          - op: add
            path: /spec/deletionPolicy
            value: Orphan
          - op: add
            path: /spec/wait
            value: false
          - op: add
            path: /spec/decryption
            value:
              provider: sops
              secretRef:
                name: sops-age
        target:
          group: kustomize.toolkit.fluxcd.io
          kind: Kustomization
";
    let instance = INSTANCE.replace("  kustomize:\n", &sync) + patches;
    let receiver_after = receiver.replace("name: cluster # the root", "name: home # the root");
    let after = format!(
        "//- apps/instance.yaml\n{instance}{receiver_after}//- flux/config/cluster.yaml\n//- flux/config/kustomization.yaml\n"
    );
    let planned = check_with(&FluxOperator, STATED, &fixture(&source, &root, receiver), &after);
    let expected = [
        "safe reconcile Kustomization flux-system/cluster: it deletes nothing when it is removed",
        "safe reconcile Kustomization flux-system/cluster: the FluxInstance makes GitRepository and Kustomization home, beside it, \
         over the same path, with 2 patches",
        "safe reconcile Kustomization flux-system/cluster: it is removed with GitRepository home: the operator has both; 1 that name it \
         follow",
    ];
    assert_eq!(planned.units(), expected);
}

/// As budimanjojo has it: the root has the name of its source, and prunes nothing.
#[test]
fn in_place_of_the_one_of_today() {
    let root = ROOT.replace("cluster\n", "home\n").replace("prune: true", "prune: false").replace("30m", "10m");
    let before = fixture(BRANCH, &root, "");
    let patches = "      - patch: |
          - op: add
            path: /spec/prune
            value: false
        target:
          group: kustomize.toolkit.fluxcd.io
          kind: Kustomization
";
    let sync = format!("{SYNC}  kustomize:\n");
    let instance = INSTANCE.replace("  kustomize:\n", &sync) + patches;
    let after =
        format!("//- apps/instance.yaml\n{instance}//- flux/config/cluster.yaml\n//- flux/config/kustomization.yaml\n");
    let planned = check_with(&FluxOperator, STATED, &before, &after);
    let steps: Vec<&str> = planned.plan.units.iter().map(|unit| unit.id.step).collect();
    assert_eq!(steps, ["sync", "sync-out"], "it has a guard of its own: {:#?}", planned.units());
    assert!(Planned::of(&FluxOperator, "flux-operator: {}\n", &before).units().is_empty(), "it is asked for");
}

#[test]
fn what_follows_no_branch_is_refused() {
    for reference in ["{tag: v1}", "{semver: 1.x}", "{branch: main, commit: abc}", "{name: refs/tags/v1}"] {
        refused(&fixture(&format!("  ref: {reference}\n"), ROOT, ""), "ref-not-carried", "does not follow a branch");
    }
}

#[test]
fn what_the_operator_would_drop_is_refused() {
    let labelled = ROOT.replace("spec:\n", "  labels: {a: b}\nspec:\n");
    refused(&fixture(BRANCH, &labelled, ""), "install-field-not-carried", "labels or annotations");
    let suspended = format!("{ROOT}  suspend: true\n");
    refused(&fixture(BRANCH, &suspended, ""), "install-field-not-carried", "suspended");
    let taken = "//- apps/home.yaml\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: home, \
                 namespace: flux-system}\nspec: {path: ./home, prune: true, sourceRef: {kind: GitRepository, name: home}}\n";
    refused(&fixture(BRANCH, ROOT, taken), "install-field-not-carried", "a Kustomization flux-system/home already");
    let old = fixture(BRANCH, ROOT, "").replace("version: 2.7.5", "version: 2.4.0");
    refused(&old, "install-field-not-carried", "Flux 2.5 and later");
    let other = fixture(BRANCH, ROOT, "")
        .replace("  kustomize:\n", "  sync: {kind: GitRepository, url: x, ref: y, path: z}\n  kustomize:\n");
    refused(&other, "install-field-not-carried", "another `sync`");
}
