//! That a cluster applies an object.

use crate::flux::kustomize::Patches;
use crate::repo::RepoPath;

/// That a cluster applies an object, and as what.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The cluster, as an index into [`crate::flux::Graph::clusters`].
    pub cluster: usize,
    /// The Flux Kustomization, as an index into [`crate::flux::Graph::kustomizations`].
    pub kustomization: usize,
    /// Its `apiVersion`.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// The effective namespace; `None` for objects that have none, or where nothing gives them one.
    pub namespace: Option<String>,
    /// The effective name; that of what a generator makes without the hash, which [`View::build`](crate::flux::View::build) puts behind it.
    pub name: String,
    /// The kustomization files that it came through, the outermost first.
    pub through: Vec<RepoPath>,
    /// The patches on its way that change it, of Kustomize and of Flux; for HelmReleases and Flux Kustomizations.
    pub patches: Patches,
}
