//! What can go wrong with a repository, in words for the user.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::repo::{Foreign, RepoPath, advice};
use crate::text::shell;

/// Why a repository cannot be used.
#[derive(Debug, Error)]
pub enum GitError {
    /// It has no work tree.
    #[error("{0} is a bare repository: it has no files to read; clone it, or run in a work tree of it")]
    Bare(PathBuf),
    /// Its refs are in a format that libgit2 does not read.
    #[error(
        "{0} keeps its branches in git's reftable format, which cannot be read here; `git refs migrate --ref-format=files` converts \
         it, or work in a clone made with `git clone --ref-format=files`"
    )]
    Reftable(PathBuf),
    /// Its objects are named in a way that libgit2 does not read.
    #[error(
        "{0} is a SHA-256 repository, which cannot be read here, and git cannot convert it; copy its files (`git archive HEAD | tar -x \
         -C DIR`), run flux-codemod on the copy outside of git, and copy the result back"
    )]
    Sha256(PathBuf),
    /// It belongs to another user.
    #[error(
        "the git repository at {path} belongs to another user, so nothing of it is read; if you trust it:\n    {command}",
        path = .0.display(),
        command = trust(.0)
    )]
    Owner(PathBuf),
    /// Something is called `.git` and is not a repository.
    #[error(
        "{path} is there, but cannot be read as a git repository ({why}), so it is not known which files are tracked or ignored; if its \
         repository was moved, run `git worktree repair` in it or `git submodule update --init` above; if it is left over, remove it"
    )]
    Broken {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Its index has whole directories in the place of files.
    #[error(
        "{0} has a sparse index, which cannot be read here; `git sparse-checkout reapply --no-sparse-index` converts it"
    )]
    SparseIndex(PathBuf),
    /// libgit2 cannot read it.
    #[error("the git repository at {path} cannot be read: {why}")]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// What libgit2 says.
        why: String,
    },
    /// A name does not resolve to a commit.
    #[error(
        "there is no branch, tag or commit `{name}` in {}; `git branch --all` lists the branches, and `git fetch` gets those of the remote",
        path.display().to_string().trim_end_matches('/')
    )]
    NoSuchBase {
        /// What was asked for.
        name: String,
        /// Where.
        path: PathBuf,
    },
    /// The branch at HEAD has no commit yet.
    #[error(
        "{0} has no commit yet from which branches could start; commit the files first, or name another branch with --base"
    )]
    NoCommit(PathBuf),
    /// No author or committer is configured.
    #[error(
        "git does not know who writes commits; run `git config --global user.name \"Your Name\"` and `git config --global user.email \
         you@example.org`, or set GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL"
    )]
    NoIdentity,
    /// Commits are to be signed, and the repository itself configures how.
    #[error(
        "commits are to be signed (commit.gpgsign), but {key} is set in {file}: programs and keys that a repository configures are not \
         used; set it in your own configuration (`git config --global`), or use --no-sign to commit without a signature"
    )]
    LocalSigning {
        /// The key.
        key: String,
        /// The file that sets it.
        file: String,
    },
    /// The `git` program failed.
    #[error("git {what} failed: {why}")]
    Program {
        /// What it was run for.
        what: String,
        /// What it says.
        why: String,
    },
    /// A change does not fit the commit that it is made over.
    #[error("{0} has changed since the commit was planned; run again")]
    Unfit(RepoPath),
    /// A commit would change nothing.
    #[error("the commit \"{0}\" would change nothing; this is a bug in flux-codemod, please report it")]
    EmptyCommit(String),
    /// The message of a commit has no trailer that names this program.
    #[error(
        "the message of the commit \"{0}\" has no trailers of flux-codemod; this is a bug in flux-codemod, please report it"
    )]
    Message(String),
    /// git does not accept a name for a branch, or the name is given twice.
    #[error("{0:?} cannot be the name of a branch")]
    InvalidName(String),
    /// The name of a branch is the directory of another.
    #[error(
        "the branch {other} exists, so git cannot create {name}; rename it (`git branch -m {other} NEW-NAME`), or delete it if it is not needed"
    )]
    InTheWay {
        /// The branch that is wanted.
        name: String,
        /// The one that is in the way.
        other: String,
    },
    /// A branch that would move is checked out.
    #[error(
        "{name} is checked out in {path}, and work trees are never changed; run `git switch --detach` there, or finish the rebase or \
         bisect (`git worktree prune` if that work tree no longer exists)"
    )]
    CheckedOut {
        /// The branch.
        name: String,
        /// The work tree.
        path: PathBuf,
    },
    /// A branch is a symbolic ref to another.
    #[error("the branch {0} is a symbolic ref; remove it with `git symbolic-ref --delete refs/heads/{0}`")]
    Symbolic(String),
    /// Another run is writing branches.
    #[error("another run of flux-codemod is writing branches here ({0} is locked); wait for it, then run again")]
    Busy(PathBuf),
    /// Another program has refs locked.
    #[error(
        "another program has locked {} for {age}, so no branch was moved; if no git command is running there, the lock is left over; \
         this removes it:",
        listed(locks)
    )]
    Locked {
        /// The files.
        locks: Vec<PathBuf>,
        /// How old the oldest is.
        age: String,
        /// The command that removes them, which [`GitError::command`] gives.
        remove: String,
    },
    /// A branch has moved since it was read.
    #[error("the branch {0} changed while this ran; no branch was moved, run again")]
    Moved(String),
    /// A ref could not be moved after others were.
    #[error(
        "the branch {name} could not be written: {why}; {} moved before it, completely; run again to finish",
        counted(moved)
    )]
    Stopped {
        /// Those that have moved.
        moved: Vec<String>,
        /// The one that could not be.
        name: String,
        /// What is wrong.
        why: Box<GitError>,
    },
    /// The notes of an interrupted run cannot be read.
    #[error(
        "{0}, written by an interrupted run, cannot be read; remove the lock files of the branches that it names, then remove it"
    )]
    List(PathBuf),
    /// Something is in the place of this program's directory under the git directory.
    #[error("{0}, so it is not used; nothing was written{remedy}", remedy = .0.remedy("Remove it, then run again"))]
    Foreign(#[from] Foreign),
    /// Its files cannot be listed, or files under the git directory cannot be written.
    #[error("{path}: {cause}{}", advice(cause))]
    Io {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        cause: io::Error,
    },
}

impl GitError {
    /// The command that its message ends with, to be shown on a line of its own.
    pub fn command(&self) -> Option<&str> {
        match self {
            GitError::Locked { remove, .. } => Some(remove),
            GitError::Stopped { why, .. } => why.command(),
            _ => None,
        }
    }
}

pub(super) fn unreadable(path: &Path, error: &git2::Error) -> GitError {
    GitError::Unreadable { path: path.to_owned(), why: error.message().to_owned() }
}

fn trust(path: &Path) -> String {
    format!("git config --global --add safe.directory {}", shell(&path.display().to_string()))
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn counted(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => one.clone(),
        several => format!("{} branches", several.len()),
    }
}
