//! The fact that a cluster applies an object.

use super::by_id::{ClusterId, KustomizationId};
use crate::flux::files::Name;
use crate::flux::kustomize::Patches;
use crate::repo::RepoPath;

/// The fact that a cluster applies an object, by which Flux Kustomization and as what.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The cluster.
    pub cluster: ClusterId,
    /// The Flux Kustomization.
    pub kustomization: KustomizationId,
    /// Its `apiVersion`.
    pub api_version: Name,
    /// Its kind.
    pub kind: Name,
    /// The effective namespace; `None` if it has none.
    pub namespace: Option<Name>,
    /// The effective name; for generated objects without the hash, which
    /// [`View::build`](crate::flux::View::build) adds.
    pub name: Name,
    /// The kustomization files through which it comes, the outermost first.
    pub through: Vec<RepoPath>,
    /// The patches of Kustomize and Flux that change it; only for HelmReleases, Flux Kustomizations
    /// and sources of these.
    pub patches: Patches,
}

impl Reach {
    /// The object, as people name it: `Kind namespace/name`.
    pub fn shown(&self) -> String {
        let namespace = self.namespace.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        format!("{} {namespace}{}", self.kind, self.name)
    }
}
