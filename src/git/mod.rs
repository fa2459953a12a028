//! git, through libgit2: where the repository is, what its index holds.
//!
//! A [`Repository`] has commits and branches, and may be bare; a [`WorkTree`] is one with files.
//! Read here are the work tree, [commits](Commit) as trees, and the branches that clusters follow
//! ([`Repository::follow`]). Written are branches ([`Repository::write`]), and never a work tree.
//!
//! # Batches on branches
//!
//! For each branch that clusters follow, `branch` plans on the commit of that branch, for those
//! clusters alone. So a source that two clusters share is in a batch of each. [`Repository::write`]
//! makes all objects first and moves all refs afterwards.
//!
//! Nothing is remembered between runs:
//!
//! - What is merged is seen in the tree: planned again, it has no units.
//! - Whose a branch is, is seen in its commits. A commit is ours if its last paragraph names this
//!   program, and states its patch id and the digest of its message and author. The id is that of
//!   `git patch-id --verbatim`; libgit2's own leaves out white space, which has meaning in YAML. It
//!   does not depend on configuration or attributes. A branch is ours if all its commits are, none
//!   has a git note, and the last is of the batch that it is named after.
//! - A commit that would be the same is kept, so a rerun on an unchanged base moves nothing.
//!
//! Refs are locked by hard links to prepared files (`locks`), because libgit2's empty lock files do
//! not show whose they are after a `kill -9`. Every branch is locked, also one that stays; only
//! then are refs compared with what was read, and names and work trees checked again.
//!
//! The `git` program reports the author and what is configured where (`GIT_CONFIG_*`, `includeIf`),
//! says which files are ignored or behind a filter, and signs commits. Programs and keys that the
//! repository itself configures are not used. Without git, commits are not signed, and libgit2
//! gives the author.

mod asked;
mod base;
mod branch;
mod checked_out;
mod commit;
mod error;
mod example;
mod existing;
mod follow;
mod history;
mod identity;
#[cfg(test)]
mod kill_tests;
mod landed;
mod locks;
mod make;
mod names;
mod patch_id;
mod program;
mod range;
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

pub use base::{Base, CommitId};
pub use commit::Commit;
pub use error::GitError;
use error::unreadable;
pub use example::{Stage, fast_forward, init_example, top_of};
pub use existing::{Existing, Whose};
pub use history::Past;
pub use landed::Landed;
pub use names::is_branch_name;
pub use range::{Claim, Made};
pub use repository::Repository;
pub use wanted::{NewCommit, Onto, Outcome, Wanted, Written};
pub use work_tree::WorkTree;
