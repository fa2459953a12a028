//! `remove ... if: default` asks what arrives, beside what the file says.

use super::{cases, run_case};

const RECIPE: &str = "recipe: 1\nname: own-timeouts\nsummary: s\nselect: {kind: HelmRelease.helm.toolkit.fluxcd.io}\n\
                      do: [{remove: spec.upgrade.timeout, if: default}]\n";
const CASES: &str = r"
- name: of two releases, a patch gives one another timeout
  before:
    kubernetes/cluster.yaml: |
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata: {name: cluster, namespace: flux-system}
      spec: {path: ./kubernetes, prune: true, sourceRef: {kind: GitRepository, name: home}}
      ---
      apiVersion: source.toolkit.fluxcd.io/v1
      kind: GitRepository
      metadata: {name: home, namespace: flux-system}
      spec: {url: https://git.example.org/home}
    kubernetes/kustomization.yaml: |
      resources: [cluster.yaml, plain.yaml, patched.yaml]
      patches:
        - target: {kind: HelmRelease, name: patched}
          patch: |
            - {op: replace, path: /spec/timeout, value: 10m}
    kubernetes/plain.yaml: |
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata: {name: plain, namespace: apps}
      spec:
        timeout: 6m
        upgrade:
          crds: Skip
          timeout: 6m # as all
    kubernetes/patched.yaml: |
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata: {name: patched, namespace: apps}
      spec:
        timeout: 6m
        upgrade:
          crds: Skip
          timeout: 6m # as all
  after:
    kubernetes/plain.yaml: |
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata: {name: plain, namespace: apps}
      spec:
        timeout: 6m
        upgrade:
          crds: Skip
";

#[test]
fn what_a_patch_makes_another_value_stays() {
    for case in cases("own-timeouts.test.yaml", CASES).unwrap_or_else(|error| panic!("{error}")) {
        let result = run_case("own-timeouts", RECIPE, &case).unwrap_or_else(|error| panic!("{error}"));
        assert!(result.wrong.is_empty(), "{}", result.wrong.join("\n"));
    }
}
