//! What a build meets that this program does not model.

use crate::repo::RepoPath;

/// Something that changes objects and is not modelled: a remote resource, a transformer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmodelled {
    /// The file.
    pub path: RepoPath,
    /// The line, from 1.
    pub line: usize,
    /// The field or the address.
    pub what: String,
}
