//! What [`Repository::write`](super::Repository::write) is asked for, and what it reports.

use super::CommitId;
use crate::repo::FileChange;

/// A branch that should exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name, without `refs/heads/`.
    pub name: String,
    /// The parent of its first commit.
    pub onto: Onto,
    /// The commits that it adds, the lowest first.
    pub commits: Vec<NewCommit>,
}

/// What a branch is based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// The base.
    Base,
    /// The branch at this index of the list, which must come earlier.
    Branch(usize),
}

/// A commit that should exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommit {
    /// Subject, body and trailers, `Flux-Codemod` among them; patch id and digest are added below.
    pub message: String,
    /// What it changes in its parent.
    pub changes: Vec<FileChange>,
}

/// What became of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// The commit it points to, or pointed to until it was removed.
    pub tip: CommitId,
    /// What happened.
    pub outcome: Outcome,
}

/// What happened to a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It points to other commits than before.
    Rebuilt {
        /// What it pointed to.
        from: CommitId,
    },
    /// It is as it was.
    Unchanged,
    /// It was removed.
    Removed {
        /// What it pointed to.
        from: CommitId,
    },
}
