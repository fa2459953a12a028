//! Variables that may get a value from elsewhere are left alone.

use super::LIBRARY;
use super::testing::{cluster, tried};

/// A cluster with a script that has a variable, and another file.
fn changes(post_build: &str, more: &str) -> bool {
    let text = format!(
        "- name: a script
  before:
{}    kubernetes/script.yaml: |
      apiVersion: v1
      kind: ConfigMap
      metadata: {{name: script, namespace: jobs}}
      data: {{run: 'echo ${{X}}'}}
    kubernetes/more.yaml: |
      {}
  after: same
",
        cluster(&format!(", postBuild: {post_build}")),
        more.replace('\n', "\n      ")
    );
    let recipe = LIBRARY.iter().find(|(name, _)| *name == "strict-variables").unwrap().1;
    !tried("strict-variables", recipe, &text).changed.is_empty()
}

#[test]
fn what_may_have_a_value_is_left_alone() {
    let given = "{substitute: {A: b}}";
    assert!(changes(given, "{}") && changes("{substituteStrategy: Always}", "{}"));
    assert!(!changes("{}", "{}"), "nothing is filled in");
    let webhook = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: w, namespace: flux-system}\n\
                   spec: {chart: {spec: {chart: kustomize-mutating-webhook, sourceRef: {kind: HelmRepository, name: w}}}}";
    assert!(!changes(given, webhook));
}
