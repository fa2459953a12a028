//! The interface of everything that a tree can be read from.

use std::io;

use super::{Bytes, RepoPath, Rules};
use crate::text::ContentId;

/// The mode of a file, as git knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// `100644`.
    #[default]
    File,
    /// `100755`.
    Executable,
}

impl Mode {
    /// The six digits that git writes.
    pub fn digits(self) -> &'static str {
        match self {
            Mode::File => "100644",
            Mode::Executable => "100755",
        }
    }
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file to read and, unless it is filtered, to write.
    File {
        /// Its mode.
        mode: Mode,
        /// Whether an attribute changes the content between work tree and git (`filter`,
        /// `working-tree-encoding`): such a file is never written.
        filtered: bool,
    },
    /// A symbolic link: followed if it stays in the tree, never written.
    Link {
        /// What it points to, as it is written.
        target: String,
    },
}

/// One path of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: RepoPath,
    /// What it is.
    pub kind: EntryKind,
}

/// An entry that cannot be part of a tree: its name is not UTF-8, holds control characters, or is
/// one that git keeps for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The name, escaped.
    pub name: String,
}

/// Where a tree comes from. Implemented for a folder here, and for a commit by `crate::git`.
pub trait Source: Send + Sync {
    /// All files and links, sorted by path.
    fn list(&self) -> &[Entry];

    /// What was found and left out.
    fn left_out(&self) -> &[LeftOut];

    /// The files that are tracked and not checked out: a sparse checkout leaves them out. What is
    /// in them is not known.
    fn not_checked_out(&self) -> &[RepoPath] {
        &[]
    }

    /// Lists outside of the tree of what git ignores in it, the most important first.
    fn excludes(&self) -> &[Rules] {
        &[]
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// Those of reading.
    fn read(&self, path: &RepoPath) -> io::Result<Bytes>;

    /// How many bytes a file has.
    ///
    /// # Errors
    /// Those of asking for it.
    fn length(&self, path: &RepoPath) -> io::Result<u64>;

    /// The id of a file's content, where it is known without reading the file.
    fn content(&self, _path: &RepoPath) -> Option<ContentId> {
        None
    }
}
