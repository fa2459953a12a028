//! Files: their paths and contents, what changes in them, and immutable versions of a whole tree of
//! them.
//!
//! A [`Tree`] is a [`Source`] (a [`Folder`] here, a commit in `crate::git`) plus an overlay of
//! changes. The only function that writes is [`write`](fn@write), which writes a tree's changes
//! into a folder under a journal, so that an interrupted run can be rolled back ([`recover`]).
//!
//! Knows no YAML.

mod change;
#[cfg(unix)]
#[allow(dead_code, reason = "the journal is about to use all of it")]
mod dir;
#[cfg(not(unix))]
#[path = "dir_portable.rs"]
#[allow(dead_code, reason = "the journal is about to use all of it")]
mod dir;
mod durable;
mod folder;
mod ignored;
mod journal;
mod memory;
mod path;
mod reserved;
mod source;
mod tree;

pub use change::{Change, Changes, FileChange};
pub(crate) use durable::{Lock, lock, sync_dir, write_durably};
pub use folder::{Folder, Listed};
pub use ignored::Rules;
pub use journal::{Recovered, WriteError, recover, write};
pub use memory::Memory;
pub use path::{InvalidPath, RepoPath};
pub use source::{Entry, EntryKind, LeftOut, Mode, Source};
pub use tree::{File, Tree, TreeError};
