//! What is put into the kustomization of a directory from outside, before it is built.

use super::patch::Patches;
use crate::repo::RepoPath;

/// Components, patches and a namespace that are added to the kustomization of a directory. Flux adds what its Kustomization says.
#[derive(Clone, Copy)]
pub(in crate::flux) struct Overlay<'o> {
    /// The file that says so.
    pub(in crate::flux) stated_in: &'o RepoPath,
    /// The directories of Components, after those of the kustomization.
    pub(in crate::flux) components: &'o [RepoPath],
    /// Patches, after those of the kustomization.
    pub(in crate::flux) patches: &'o Patches,
    /// The namespace, instead of that of the kustomization.
    pub(in crate::flux) namespace: Option<&'o String>,
}
