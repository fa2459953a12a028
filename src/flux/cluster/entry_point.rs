//! Where Flux starts in a repository, as one document states it.

use crate::flux::files::{At, FluxVersion, SourceRef};
use crate::repo::RepoPath;
use crate::yaml::Node;

/// Where Flux starts in a repository.
#[derive(Clone, Debug)]
pub(super) struct EntryPoint {
    pub(super) path: RepoPath,
    pub(super) stated_at: At,
    pub(super) source: SourceRef,
    pub(super) branch: Option<String>,
    pub(super) url: Option<String>,
    pub(super) flux: Option<FluxVersion>,
    /// The Flux Kustomization that applies itself; `None` if an operator creates it for a
    /// FluxInstance.
    pub(super) kustomization: Option<At>,
}

impl EntryPoint {
    /// The entry point that a document states: as a FluxInstance, or as values of the
    /// `flux-instance` chart, in a HelmRelease or in a file of their own.
    pub(super) fn of_flux_instance(at: &At, root: Node<'_>) -> Option<EntryPoint> {
        let spec = instance_spec(root)?;
        let sync = spec.get("sync")?;
        let path = RepoPath::root().join(sync.text_at(&["path"])?)?;
        // Without a name, the operator names the source after the namespace of the instance.
        let source = SourceRef {
            kind: sync.text_at(&["kind"]).unwrap_or("GitRepository").to_owned(),
            name: sync.text_at(&["name"]).unwrap_or("flux-system").to_owned(),
            namespace: Some("flux-system".to_owned()),
        };
        let branch = sync.text_at(&["ref"]).and_then(|name| name.strip_prefix("refs/heads/")).map(str::to_owned);
        let url = sync.text_at(&["url"]).map(str::to_owned);
        let flux = spec.text_at(&["distribution", "version"]).and_then(FluxVersion::parse);
        Some(EntryPoint { path, stated_at: at.clone(), source, branch, url, flux, kustomization: None })
    }
}

/// Whether a document may state where Flux starts.
pub(in crate::flux) fn states_entry_point(root: Node<'_>) -> bool {
    instance_spec(root).is_some()
}

/// The `spec` of the FluxInstance that a document states, itself or as values of the
/// `flux-instance` chart.
pub(super) fn instance_spec(root: Node<'_>) -> Option<Node<'_>> {
    match root.text_at(&["kind"]) {
        Some("FluxInstance") => root.get("spec"),
        Some("HelmRelease") => root.at(&["spec", "values", "instance"]),
        Some(_) => None,
        None => root.get("instance"),
    }
}

/// The branch that a GitRepository follows; without a `ref`, Flux takes `master`.
pub(super) fn branch_of(git_repository: Node<'_>) -> Option<String> {
    let Some(reference) = git_repository.at(&["spec", "ref"]) else { return Some("master".to_owned()) };
    let by_name = reference.text_at(&["name"]).and_then(|name| name.strip_prefix("refs/heads/"));
    by_name.or(reference.text_at(&["branch"])).map(str::to_owned)
}

/// The name of the cluster with this entry point: the first part of the path that is not a usual
/// name of a directory in such repositories.
pub(super) fn name_of(path: &RepoPath) -> String {
    const LAYOUT: [&str; 14] = [
        "kubernetes",
        "k8s",
        "cluster",
        "clusters",
        "flux",
        "flux-system",
        "config",
        "apps",
        "bootstrap",
        "setup",
        "gitops",
        "fleet",
        "kubernetes-manifests",
        "infrastructure",
    ];
    path.as_str().split('/').find(|part| !part.is_empty() && !LAYOUT.contains(part)).unwrap_or("cluster").to_owned()
}
