//! Parts of trees that several tests plan on.

/// A release that is nothing of Flux's own.
pub(super) const PODINFO: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: podinfo, namespace: default}
spec:
  interval: 1h
  chart: {spec: {chart: podinfo, version: 6.5.0, sourceRef: {kind: HelmRepository, name: podinfo}}}
";

/// The `ref` of a source that follows a branch.
pub(super) const BRANCH: &str = "  ref:\n    branch: main\n";

/// What Flux starts with: a root over `flux` with its source, and what it applies. `source` is the end of the
/// source's spec; `root` stands between the name of the root and the end of its spec.
pub(super) fn started(source: &str, root: &str) -> String {
    format!(
        "//- flux/apps.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: apps
  namespace: flux-system
spec:
  path: ./apps
  prune: true
  sourceRef:
    kind: GitRepository
    name: home
//- flux/config/kustomization.yaml
resources:
  - ./cluster.yaml # what Flux starts with
//- flux/config/cluster.yaml
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: home
  namespace: flux-system
spec:
  interval: 30m
  url: https://example.org/home.git
{source}---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: {root}  sourceRef:
    kind: GitRepository
    name: home
"
    )
}
