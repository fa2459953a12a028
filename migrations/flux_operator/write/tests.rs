//! `instance: chart`: what the chart carries, and what would have it make something else.

use super::super::FluxOperator;
use super::super::fixtures::{BRANCH, PODINFO, started};
use crate::plan::author::testing::{Planned, check_with};

const STATED: &str = "flux-operator: {instance: chart}\n";
const RELEASE: &str = "apps/flux-system/flux-instance/app/helmrelease.yaml";

/// A cluster with what installs Flux, and more files.
fn fixture(more: &str) -> String {
    format!(
        "//- apps/kustomization.yaml
resources: [flux-system, podinfo.yaml]
{more}//- apps/podinfo.yaml
{PODINFO}//- apps/flux-system/kustomization.yaml
resources: [none.yaml]
//- apps/flux-system/none.yaml
apiVersion: v1
kind: ConfigMap
metadata: {{name: none, namespace: default}}
//- flux/flux.yaml
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {{name: flux-manifests, namespace: flux-system}}
spec: {{interval: 10m, url: 'oci://ghcr.io/fluxcd/flux-manifests', ref: {{tag: v2.7.5}}}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: flux, namespace: flux-system}}
spec: {{interval: 10m, path: ./, prune: false, sourceRef: {{kind: OCIRepository, name: flux-manifests}}}}
"
    )
}

#[test]
fn the_chart_makes_the_instance() {
    let planned = Planned::of(&FluxOperator, STATED, &fixture(""));
    let steps: Vec<&str> = planned.plan.units.iter().map(|unit| unit.id.step).collect();
    assert_eq!(steps, ["operator", "instance", "remove"], "{:#?}", planned.units());
    assert!(planned.units()[1].contains("FluxInstance 2.7.5 takes over by its chart 0.58.1"), "{:?}", planned.units());
    let release = planned.text_after(&FluxOperator, "instance", RELEASE).unwrap();
    for line in [
        "    kustomize.toolkit.fluxcd.io/prune: disabled",
        "    fullnameOverride: flux",
        "      helm.sh/resource-policy: keep",
        "        version: 2.7.5",
        "        artifact: oci://ghcr.io/controlplaneio-fluxcd/flux-operator-manifests:v0.58.1",
        "        networkPolicy: true",
    ] {
        assert!(release.lines().any(|found| found == line), "{line} is not in\n{release}");
    }
}

#[test]
fn a_patch_that_has_the_chart_make_another_one_is_refused() {
    // The root has all children patch their releases.
    let patched = |patch: &str| {
        let patch = format!(
            "//- flux/apps.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: apps, namespace: flux-system}}
spec:
  path: ./apps
  prune: true
  sourceRef: {{kind: GitRepository, name: flux-system}}
  patches:
    - target: {{kind: Kustomization}}
      patch: |
        - op: add
          path: /spec/patches
          value:
            - target: {{kind: HelmRelease, name: flux-instance}}
              patch: |
                apiVersion: helm.toolkit.fluxcd.io/v2
                kind: HelmRelease
                metadata: {{name: flux-instance}}
                spec: {patch}
"
        );
        Planned::of(&FluxOperator, STATED, &fixture(&patch))
    };
    for patch in [
        "{valuesFrom: [{kind: Secret, name: flux-instance}]}",
        "{targetNamespace: flux}",
        "{values: {commonAnnotations: {helm.sh/resource-policy: null}}}",
        "{values: {fullnameOverride: other}}",
        "{values: {instance: {kustomize: {patches: [{patch: '[]'}]}}}}",
    ] {
        let planned = patched(patch);
        let instance = planned.units().into_iter().find(|unit| unit.contains("takes over by its chart"));
        assert!(instance.is_some_and(|unit| unit.starts_with("refused")), "{patch}: {:#?}", planned.units());
        assert!(planned.findings().iter().any(|finding| finding.starts_with("changed-on-the-way")), "{patch}");
    }
    assert!(patched("{install: {remediation: {retries: 3}}}").findings().iter().all(|f| !f.starts_with("changed")));
}

/// A release of the chart that is there, and what Flux starts with.
fn adopting(more: &str) -> String {
    format!(
        "//- apps/instance.yaml
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: flux-instance, namespace: flux-system}}
spec:
  interval: 1h
  chart: {{spec: {{chart: flux-instance, version: 0.58.1, sourceRef: {{kind: HelmRepository, name: charts}}}}}}
{more}  values:
    instance:
      distribution:
        version: 2.7.5
      cluster:
        networkPolicy: false
{}",
        started(BRANCH, "home\n  namespace: flux-system\nspec:\n  interval: 10m\n  path: ./flux\n  prune: false\n")
    )
}

#[test]
fn values_of_the_chart_get_what_flux_starts_with() {
    const ADOPT: &str = "flux-operator: {sync: adopt}\n";
    let before = adopting("");
    let instance = before.split("//- flux/apps.yaml").next().unwrap();
    let sync = "        networkPolicy: false
      sync:
        kind: GitRepository
        name: home
        url: https://example.org/home.git
        ref: refs/heads/main
        path: ./flux
        interval: 30m
      kustomize:
        patches:
          - patch: |
              - op: add
                path: /spec/prune
                value: false
            target:
              group: kustomize.toolkit.fluxcd.io
              kind: Kustomization
";
    let instance = instance.replace("        networkPolicy: false\n", sync);
    let gone = "//- flux/config/cluster.yaml\n//- flux/config/kustomization.yaml\n";
    check_with(&FluxOperator, ADOPT, &before, &format!("{instance}{gone}"));
    let elsewhere = Planned::of(&FluxOperator, ADOPT, &adopting("  valuesFrom: [{kind: ConfigMap, name: values}]\n"));
    assert!(elsewhere.units().iter().all(|unit| unit.starts_with("refused")), "{:#?}", elsewhere.units());
    let why =
        elsewhere.plan.units.iter().flat_map(|unit| &unit.findings).any(|found| found.message.contains("elsewhere"));
    assert!(why, "{:#?}", elsewhere.plan.units);
}

#[test]
fn a_release_that_makes_another_name_is_refused() {
    let other = adopting("").replace("  values:\n", "  values:\n    fullnameOverride: main\n");
    let planned = Planned::of(&FluxOperator, STATED, &other);
    assert!(
        planned.findings().iter().any(|finding| finding.starts_with("instance-not-flux")),
        "{:#?}",
        planned.findings()
    );
}
