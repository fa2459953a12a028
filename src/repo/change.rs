//! Changes to files: what a migration wants to do to each path, and the difference of two trees.

use std::collections::BTreeMap;

use super::{File, Mode, RepoPath};
use crate::text::{ContentId, Splices};

/// What happens to one path. To move a directory is to move its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The text is edited.
    Edit(Splices),
    /// A file is created.
    Create {
        /// All of it.
        text: String,
        /// Its mode.
        mode: Mode,
    },
    /// A file is removed.
    Delete {
        /// The content that may be removed; if the file has another content, it is kept.
        of: ContentId,
    },
    /// The file at `from` moves here, edited.
    Move {
        /// Where it was.
        from: RepoPath,
        /// The edits made to it.
        splices: Splices,
    },
}

/// What happens to a set of paths, together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(BTreeMap<RepoPath, Change>);

impl Changes {
    /// No changes.
    pub fn new() -> Changes {
        Changes::default()
    }

    /// Sets what happens to a path; what was set before is replaced.
    pub fn set(&mut self, path: RepoPath, change: Change) {
        self.0.insert(path, change);
    }

    /// What happens to a path.
    pub fn get(&self, path: &RepoPath) -> Option<&Change> {
        self.0.get(path)
    }

    /// Every path that this touches, the old ones of moves included.
    pub fn paths(&self) -> impl Iterator<Item = &RepoPath> {
        self.0.iter().flat_map(|(path, change)| {
            let from = if let Change::Move { from, .. } = change { Some(from) } else { None };
            std::iter::once(path).chain(from)
        })
    }

    /// The changes, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&RepoPath, &Change)> {
        self.0.iter()
    }

    /// Whether nothing happens.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The difference of two trees at one path, for diffs and for writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Where.
    pub path: RepoPath,
    /// The file as it was; `None` if it is new.
    pub before: Option<File>,
    /// The file as it will be; `None` if it is removed.
    pub after: Option<File>,
}
