use super::CommitId;
use crate::repo::FileChange;

/// A branch that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name, without `refs/heads/`.
    pub name: String,
    /// What its first commit stands on.
    pub onto: Onto,
    /// Its own commits, the lowest first.
    pub commits: Vec<NewCommit>,
}

/// What a branch stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// The base.
    Base,
    /// The branch with this place in the list, which must come before.
    Branch(usize),
}

/// A commit that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommit {
    /// Subject, body and trailers, `Flux-Codemod` among them; the patch id is put below.
    pub message: String,
    /// What it changes of its parent.
    pub changes: Vec<FileChange>,
}

/// What became of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// The commit it points to, or did until it was removed.
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
    /// It is gone.
    Removed {
        /// What it pointed to.
        from: CommitId,
    },
}
