//! git, through libgit2: where the repository is, what its index holds, which files a filter stands before.
//!
//! Reads only: the work tree, [commits](Commit) as trees, and the branches that clusters follow ([`WorkTree::follow`]). Branches made
//! from a plan come later.

mod branch;
mod commit;
mod follow;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use git2::{AttrCheckFlags, AttrValue, ErrorCode, Repository};
use thiserror::Error;

use crate::repo::{Folder, RepoPath, Source};

pub use commit::Commit;

/// A git repository with a work tree.
pub struct WorkTree {
    repository: Repository,
    root: PathBuf,
}

/// Why a repository cannot be used.
#[derive(Debug, Error)]
pub enum GitError {
    /// It has no work tree.
    #[error("{0} is a bare repository: it has no files to read; clone it, or use a work tree of it")]
    Bare(PathBuf),
    /// libgit2 cannot read it.
    #[error("the git repository at {path} cannot be read: {why}")]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// What libgit2 says.
        why: String,
    },
    /// Its files cannot be listed.
    #[error("{path}: {cause}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        cause: io::Error,
    },
}

impl WorkTree {
    /// The work tree that a directory is in, or `None` outside of git.
    ///
    /// # Errors
    /// [`GitError`] if there is a repository that cannot be used.
    pub fn around(dir: &Path) -> Result<Option<WorkTree>, GitError> {
        let repository = match Repository::discover(dir) {
            Ok(repository) => repository,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(dir, &error)),
        };
        let Some(root) = repository.workdir().map(Path::to_owned) else {
            return Err(GitError::Bare(repository.path().to_owned()));
        };
        Ok(Some(WorkTree { repository, root }))
    }

    /// The top of the work tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `apply` keeps its journal: under the git directory of this work tree.
    pub fn journal(&self) -> PathBuf {
        self.repository.path().join("flux-codemod").join("journal")
    }

    /// The files of the work tree: those of the index, and the untracked ones that are not ignored.
    ///
    /// # Errors
    /// [`GitError`] if the index or the directories cannot be read.
    pub fn files(&self) -> Result<Folder, GitError> {
        const GITLINK: u32 = 0o160_000;
        let index = self.repository.index().map_err(|error| unreadable(&self.root, &error))?;
        let (submodules, tracked): (Vec<_>, Vec<_>) = index.iter().partition(|entry| entry.mode == GITLINK);
        let tracked: BTreeSet<Vec<u8>> = tracked.into_iter().map(|entry| entry.path).collect();
        let submodules: Vec<Vec<u8>> = submodules.into_iter().map(|entry| entry.path).collect();
        let io = |cause| GitError::Io { path: self.root.clone(), cause };
        let mut folder = Folder::work_tree(&self.root, &tracked, &submodules).map_err(io)?;
        // Attributes are slow to look up and rarely there.
        let has_attributes = folder.list().iter().any(|entry| entry.path.name() == ".gitattributes")
            || self.repository.commondir().join("info/attributes").exists();
        if has_attributes {
            folder.mark_filtered(|path| self.is_filtered(path));
        }
        Ok(folder)
    }

    /// Whether a file holds what no commit has: it is untracked, differs from the index, or the index from HEAD. What cannot be told counts
    /// as not.
    pub fn is_modified(&self, path: &RepoPath) -> bool {
        let changed =
            git2::Status::WT_NEW | git2::Status::WT_MODIFIED | git2::Status::INDEX_MODIFIED | git2::Status::INDEX_NEW;
        self.repository.status_file(Path::new(path.as_str())).is_ok_and(|status| status.intersects(changed))
    }

    fn is_filtered(&self, path: &RepoPath) -> bool {
        has_filter(&self.repository, path, AttrCheckFlags::FILE_THEN_INDEX)
    }
}

/// Whether a `filter=` attribute is set for a path.
fn has_filter(repository: &Repository, path: &RepoPath, flags: AttrCheckFlags) -> bool {
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
        let repository = Repository::init_opts(dir, options.initial_head("main"))?;
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

fn unreadable(path: &Path, error: &git2::Error) -> GitError {
    GitError::Unreadable { path: path.to_owned(), why: error.message().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::EntryKind;

    #[test]
    fn a_work_tree_is_found_from_below_and_filters_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        assert!(WorkTree::around(dir.path()).unwrap().is_none());
        Repository::init(dir.path()).unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("sub/secret.yaml"), "a: 1\n").unwrap();
        std::fs::write(dir.path().join("plain.yaml"), "a: 1\n").unwrap();
        std::fs::write(dir.path().join(".gitattributes"), "sub/** filter=git-crypt\n").unwrap();
        let tree = WorkTree::around(&dir.path().join("sub")).unwrap().unwrap();
        assert_eq!(tree.root().canonicalize().unwrap(), dir.path().canonicalize().unwrap());
        let filtered: Vec<_> = tree
            .files()
            .unwrap()
            .list()
            .iter()
            .filter(|entry| matches!(entry.kind, EntryKind::File { filtered: true, .. }))
            .map(|entry| entry.path.to_string())
            .collect();
        assert_eq!(filtered, ["sub/secret.yaml"]);
    }

    #[test]
    fn a_bare_repository_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        Repository::init_bare(dir.path()).unwrap();
        assert!(matches!(WorkTree::around(dir.path()), Err(GitError::Bare(_))));
    }
}
