//! What is added to the kustomization of a directory before it is built.

use super::patch::Patches;
use crate::repo::RepoPath;

/// Components, patches and a namespace that are added to a kustomization. Flux adds those of its
/// Kustomization.
#[derive(Clone, Copy)]
pub(in crate::flux) struct Overlay<'o> {
    /// The file that states them.
    pub(in crate::flux) stated_in: &'o RepoPath,
    /// The directories of Components, after those of the kustomization.
    pub(in crate::flux) components: &'o [RepoPath],
    /// Patches, after those of the kustomization.
    pub(in crate::flux) patches: &'o Patches,
    /// The namespace, instead of that of the kustomization.
    pub(in crate::flux) namespace: Option<&'o String>,
}
