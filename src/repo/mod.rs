//! Files: their paths and contents, what changes in them, and immutable versions of a whole tree of
//! them.
//!
//! A [`Tree`] is a [`Source`] (a [`Folder`] here, a commit in `crate::git`) plus an overlay of
//! changes. The only function that writes is [`write`](fn@write), which writes a tree's changes
//! into a folder under a journal, so that an interrupted run can be rolled back ([`recover`]).
//!
//! Knows no YAML.

mod bytes;
mod change;
#[cfg(unix)]
mod dir;
#[cfg(not(unix))]
#[path = "dir_portable.rs"]
mod dir;
mod folder;
mod ground;
mod ignored;
mod journal;
mod key;
mod lock;
mod memory;
mod own_place;
mod path;
mod reserved;
mod seen;
mod source;
mod step;
mod tree;
mod write;

pub use bytes::Bytes;
pub use change::{Change, Changes, FileChange};
pub(crate) use dir::{Dir, read_file};
pub use folder::{Folder, Listed};
pub use ignored::Rules;
pub(crate) use journal::own_dir;
pub use key::Key;
pub(crate) use lock::{Lock, lock};
pub use memory::Memory;
pub(crate) use own_place::own_place;
pub use own_place::{cache_of_user, state_of_user};
pub use path::{InvalidPath, RepoPath};
pub(crate) use seen::Seen;
pub use source::{Entry, EntryKind, LeftOut, Mode, Source};
pub use tree::{File, Tree, TreeError};
pub use write::{
    Foreign, InGit, Recorded, Recovered, Versions, WriteError, advice, recover, write, write_and_die, write_unless,
};
