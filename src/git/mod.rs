//! git, through libgit2: where the repository is, what its index holds, which files a filter stands before.
//!
//! A [`Repository`] has commits and branches, and may be bare; a [`WorkTree`] is one with files. Read here are the work tree, [commits](Commit)
//! as trees, and the branches that clusters follow ([`Repository::follow`]). Written are branches ([`Repository::write`]), and never a work tree.

mod base;
mod branch;
mod checked_out;
mod commit;
mod error;
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

/// Makes a repository of a directory, with all that lies in it as its first commit, on branch `main` and on further branches.
///
/// # Errors
/// [`GitError`] if libgit2 cannot.
pub fn init_with_everything(dir: &Path, message: &str, branches: &[&str]) -> Result<(), GitError> {
    let make = || -> Result<(), git2::Error> {
        let mut options = git2::RepositoryInitOptions::new();
        let repository = git2::Repository::init_opts(dir, options.initial_head("main"))?;
        let mut index = repository.index()?;
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None)?;
        index.write()?;
        let tree = repository.find_tree(index.write_tree()?)?;
        let author = git2::Signature::now("flux-codemod", "flux-codemod@example.org")?;
        let commit =
            repository.find_commit(repository.commit(Some("HEAD"), &author, &author, message, &tree, &[])?)?;
        for name in branches {
            repository.branch(name, &commit, false)?;
        }
        Ok(())
    };
    make().map_err(|error| unreadable(dir, &error))
}
