//! Cases of recipes with a cluster.

use super::{CaseResult, cases, run_case};

/// The file of a cluster among those of `before`. The Flux Kustomization that applies `kubernetes` has
/// more fields.
pub(super) fn cluster(fields: &str) -> String {
    format!(
        "    kubernetes/cluster.yaml: |
      apiVersion: source.toolkit.fluxcd.io/v1
      kind: GitRepository
      metadata: {{name: home, namespace: flux-system}}
      spec: {{url: https://git.example.org/home}}
      ---
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata: {{name: cluster, namespace: flux-system}}
      spec: {{path: ./kubernetes, sourceRef: {{kind: GitRepository, name: home}}{fields}}}
"
    )
}

/// Runs the only case of a text.
pub(super) fn tried(name: &str, recipe: &str, case: &str) -> CaseResult {
    let cases = cases(&format!("{name}.test.yaml"), case).unwrap_or_else(|error| panic!("{error}"));
    run_case(name, recipe, &cases[0]).unwrap_or_else(|error| panic!("{error}"))
}
