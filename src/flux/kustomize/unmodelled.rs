//! What changes objects in a build and is not modelled.

use crate::repo::RepoPath;

/// Something in a kustomization file that is not modelled: a remote resource, a transformer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmodelled {
    /// The file.
    pub path: RepoPath,
    /// The line, from 1.
    pub line: usize,
    /// The field, or the address.
    pub what: String,
}
