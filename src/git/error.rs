use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a repository cannot be used.
#[derive(Debug, Error)]
pub enum GitError {
    /// It has no work tree.
    #[error("{0} is a bare repository: it has no files to read; clone it, or use a work tree of it")]
    Bare(PathBuf),
    /// Its refs are in a format that libgit2 does not read.
    #[error(
        "{0} keeps its branches in git's reftable format, which cannot be read here; `git refs migrate --ref-format=files` converts \
         it, or work in a clone made with `git clone --ref-format=files`"
    )]
    Reftable(PathBuf),
    /// Its objects are named in a way that libgit2 does not read.
    #[error(
        "{0} names its objects by SHA-256, which cannot be read here, and git cannot convert it; copy its files (`git archive HEAD | tar -x \
         -C DIR`), run flux-codemod on the copy outside of git, and copy them back"
    )]
    Sha256(PathBuf),
    /// libgit2 cannot read it.
    #[error("the git repository at {path} cannot be read: {why}")]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// What libgit2 says.
        why: String,
    },
    /// A name stands for no commit.
    #[error("{name} is no branch, tag or commit in {path}: {why}")]
    NoSuchBase {
        /// What was asked for.
        name: String,
        /// Where.
        path: PathBuf,
        /// What libgit2 says.
        why: String,
    },
    /// The branch at HEAD has no commit yet.
    #[error(
        "{0} has no commit yet that branches could start from; commit the files first, or name another branch with --base"
    )]
    NoCommit(PathBuf),
    /// Its files cannot be listed, or files under the git directory not written.
    #[error("{path}: {cause}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        cause: io::Error,
    },
}

pub(super) fn unreadable(path: &Path, error: &git2::Error) -> GitError {
    GitError::Unreadable { path: path.to_owned(), why: error.message().to_owned() }
}
