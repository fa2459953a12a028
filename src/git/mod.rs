//! git, through libgit2: where the repository is, what its index holds, which files a filter stands before.
//!
//! A [`Repository`] has commits and branches, and may be bare; a [`WorkTree`] is one with files. Read here are the work tree, [commits](Commit)
//! as trees, and the branches that clusters follow ([`Repository::follow`]). Written are branches ([`Repository::write`]), and never a work tree.

mod base;
mod branch;
mod checked_out;
mod commit;
mod error;
mod example;
mod existing;
mod follow;
mod identity;
#[cfg(test)]
mod kill_tests;
mod locks;
mod make;
mod names;
mod patch_id;
mod program;
#[cfg(test)]
mod refusal_tests;
mod repository;
mod signing;
#[cfg(test)]
mod testing;
mod trailer;
mod wanted;
mod work_tree;
mod write;

use std::path::Path;

use git2::{AttrCheckFlags, AttrValue};

use crate::repo::RepoPath;

pub use base::{Base, CommitId};
pub use commit::Commit;
pub use error::GitError;
use error::unreadable;
pub use example::{Stage, fast_forward, init_example};
pub use existing::{Existing, Whose};
pub use repository::Repository;
pub use wanted::{NewCommit, Onto, Outcome, Wanted, Written};
pub use work_tree::WorkTree;

/// Whether a `filter=` attribute is set for a path.
fn has_filter(repository: &git2::Repository, path: &RepoPath, flags: AttrCheckFlags) -> bool {
    let value = repository.get_attr_bytes(Path::new(path.as_str()), "filter", flags);
    let value = value.ok().flatten();
    matches!(AttrValue::always_bytes(value), AttrValue::Bytes(_) | AttrValue::String(_) | AttrValue::True)
}
