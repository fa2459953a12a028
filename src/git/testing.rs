//! A repository in a temporary directory, and the real git to compare with. Neither reads the
//! configuration of this machine.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{Existing, GitError, NewCommit, Onto, Outcome, Repository, Wanted, Written};
use crate::repo::{File, FileChange, Mode, RepoPath};

pub(super) struct Home {
    dir: PathBuf,
    /// Removes the directory at the end; `None` if another process owns it.
    _removed_on_drop: Option<tempfile::TempDir>,
}

impl Home {
    /// An empty repository, on branch `main`.
    pub(super) fn new() -> Home {
        let dir = tempfile::tempdir().unwrap();
        let home = Home { dir: dir.path().to_owned(), _removed_on_drop: Some(dir) };
        fs::create_dir(home.path()).unwrap();
        fs::write(home.beside("global"), "[user]\n\tname = Test\n\temail = test@example.org\n").unwrap();
        home.git(&["init", "-q", "-b", "main"]);
        home
    }

    /// One that exists already.
    pub(super) fn at(dir: &Path) -> Home {
        Home { dir: dir.to_owned(), _removed_on_drop: None }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.join("repository")
    }

    /// A path outside of the repository.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The environment for git's programs.
    pub(super) fn environment(&self) -> Vec<(OsString, OsString)> {
        let variables = [
            ("GIT_CONFIG_GLOBAL", self.beside("global")),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("HOME", self.beside("nobody")),
            ("GIT_AUTHOR_DATE", "1700000000 +0100".into()),
            ("GIT_COMMITTER_DATE", "1700000000 +0100".into()),
        ];
        variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    pub(super) fn repository(&self) -> Repository {
        Repository::around(&self.path()).unwrap().unwrap().with_environment(self.environment())
    }

    pub(super) fn run(&self, dir: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new("git");
        command.arg("-C").arg(dir).args(arguments).envs(self.environment());
        command.env("GIT_EDITOR", "true").env("GIT_SEQUENCE_EDITOR", "true").output().unwrap()
    }

    /// What git prints, without the last newline.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let output = self.run(&self.path(), arguments);
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let full = self.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }

    /// Writes files and commits all changes.
    pub(super) fn commit(&self, message: &str, files: &[(&str, &str)]) -> String {
        for (path, text) in files {
            self.write(path, text);
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}

pub(super) fn file(text: &str) -> File {
    File { bytes: text.as_bytes().into(), mode: Mode::File }
}

pub(super) fn change(path: &str, before: Option<&str>, after: Option<&str>) -> FileChange {
    FileChange { path: RepoPath::new(path).unwrap(), before: before.map(file), after: after.map(file) }
}

/// A branch of one commit on the base, with the trailer that makes it ours.
pub(super) fn wanted(name: &str, changes: &[(&str, Option<&str>, Option<&str>)]) -> Wanted {
    let message = format!("refactor(main): {name}\n\nWhy.\n\nFlux-Codemod: chart-ref@1\nFlux-Codemod-Batch: {name}\n");
    let changes = changes.iter().map(|(path, before, after)| change(path, *before, *after)).collect();
    Wanted { name: name.to_owned(), onto: Onto::Base, commits: vec![NewCommit { message, changes }] }
}

pub(super) const A: &str = "x/main/chart-ref/10-sources-a";
pub(super) const B: &str = "x/main/chart-ref/30-deployments-b";
pub(super) const C: &str = "x/main/chart-ref/30-deployments-c";

/// A repository with a commit.
pub(super) fn home() -> Home {
    let home = Home::new();
    home.commit("first", &[("a.yaml", "a: 1\n"), ("b.yaml", "b: 1\n"), ("c/c.yaml", "c: 1\n"), ("d.yaml", "d: 1\n")]);
    home
}

/// Three branches, each on the one before.
pub(super) fn stack() -> Vec<Wanted> {
    let mut stack = vec![
        wanted(A, &[("a.yaml", Some("a: 1\n"), Some("a: 2\n")), ("new/a.yaml", None, Some("new: 1\n"))]),
        wanted(B, &[("b.yaml", Some("b: 1\n"), None)]),
        wanted(C, &[("c/c.yaml", Some("c: 1\n"), None), ("a.yaml", Some("a: 2\n"), Some("a: 3\n"))]),
    ];
    (stack[1].onto, stack[2].onto) = (Onto::Branch(0), Onto::Branch(1));
    stack
}

pub(super) fn existing(repository: &Repository) -> Vec<Existing> {
    repository.branches("x/main", &repository.base("main").unwrap()).unwrap()
}

/// A run that wants these branches and no others.
pub(super) fn write(home: &Home, wanted: &[Wanted]) -> Result<Vec<Written>, GitError> {
    let repository = home.repository();
    let there = existing(&repository);
    let gone: Vec<_> = there.iter().filter(|branch| !wanted.iter().any(|it| it.name == branch.name)).cloned().collect();
    repository.write(&repository.base("main").unwrap(), wanted, &there, &gone, true)
}

pub(super) fn outcomes(written: &[Written]) -> Vec<&'static str> {
    let word = |branch: &Written| match branch.outcome {
        Outcome::Created => "created",
        Outcome::Rebuilt { .. } => "rebuilt",
        Outcome::Unchanged => "unchanged",
        Outcome::Removed { .. } => "removed",
    };
    written.iter().map(word).collect()
}

pub(super) fn refs(home: &Home) -> String {
    home.git(&["for-each-ref"])
}
