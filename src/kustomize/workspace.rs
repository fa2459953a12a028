//! Files of a tree written to a private directory, and builds in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::private::{self, PrivateDir};
use super::program::{NoResult, Program};
use crate::flux::Input;
use crate::repo::{Bytes, RepoPath};

/// A directory with files and links of a tree and nothing else. It is removed when this is dropped.
pub(super) struct Workspace {
    dir: PrivateDir,
    /// What it contains.
    held: Held,
}

/// What a workspace is to contain.
pub(super) type Held = BTreeMap<RepoPath, Content>;

/// A file or a link.
#[derive(Clone, PartialEq)]
pub(super) enum Content {
    File(Bytes),
    Link(String),
}

impl Workspace {
    /// An empty one.
    ///
    /// # Errors
    /// Those of making a directory.
    pub(super) fn new() -> io::Result<Workspace> {
        let dir = PrivateDir::new()?;
        private::create_dir_all(&dir.path().join("tree"))?;
        // The `HOME` of the program, which it also uses for temporary files.
        private::create_dir_all(&dir.path().join("home"))?;
        Ok(Workspace { dir, held: Held::new() })
    }

    /// Has it contain these files and links.
    ///
    /// # Errors
    /// Those of writing. The content of the directory is unknown then.
    pub(super) fn hold(&mut self, wanted: Held) -> io::Result<()> {
        let differs = |path: &&RepoPath| self.held.get(*path) != wanted.get(*path);
        let changed: BTreeSet<RepoPath> = self.held.keys().chain(wanted.keys()).filter(differs).cloned().collect();
        for path in changed.iter().filter(|path| self.held.contains_key(*path)) {
            fs::remove_file(self.path(path))?;
            self.remove_empty(&path.dir());
        }
        // Links come last, so that nothing is ever written through one.
        let is_link = |path: &&RepoPath| matches!(wanted.get(*path), Some(Content::Link(_)));
        let (links, files): (Vec<_>, Vec<_>) = changed.iter().partition(is_link);
        for path in files.into_iter().chain(links) {
            let Some(content) = wanted.get(path) else { continue };
            let place = self.path(path);
            private::create_dir_all(place.parent().unwrap_or(self.dir.path()))?;
            match content {
                Content::File(bytes) => private::write(&place, bytes)?,
                Content::Link(target) => link(target, &place)?,
            }
        }
        self.held = wanted;
        Ok(())
    }

    /// Builds what Flux would: adds the kustomization file that Flux would write, builds, and
    /// removes it again. Returns what Kustomize prints, or why there is nothing.
    ///
    /// # Errors
    /// Those of writing, and of starting the program.
    pub(super) fn build(&self, program: &Program, input: &Input) -> io::Result<Result<String, NoResult>> {
        let file = self.path(&input.file);
        let held = self.held.get(&input.file);
        if let Some(text) = &input.text {
            if held.is_some() {
                fs::remove_file(&file)?;
            }
            private::create_dir_all(&self.path(&input.dir))?;
            private::write(&file, text.as_bytes())?;
        }
        let built = program.build(&self.path(&input.dir), &self.dir.path().join("home"));
        if input.text.is_some() {
            fs::remove_file(&file)?;
            match held {
                Some(Content::File(bytes)) => private::write(&file, bytes)?,
                _ => self.remove_empty(&input.dir),
            }
        }
        built
    }

    /// Removes a directory and those above it, as far as they are empty: what is written next may
    /// have a file or link in their place.
    fn remove_empty(&self, dir: &RepoPath) {
        for dir in dir.ancestors().filter(|dir| !dir.as_str().is_empty()) {
            if fs::remove_dir(self.path(&dir)).is_err() {
                break;
            }
        }
    }

    /// How many lines a file has that it contains.
    pub(super) fn lines(&self, path: &RepoPath) -> Option<usize> {
        match self.held.get(path)? {
            Content::File(bytes) => Some(bytes.split(|byte| *byte == b'\n').count()),
            Content::Link(_) => None,
        }
    }

    fn path(&self, path: &RepoPath) -> PathBuf {
        self.place().join(path.as_str())
    }

    /// The directory of the tree.
    pub(super) fn place(&self) -> PathBuf {
        self.dir.path().join("tree")
    }
}

#[cfg(unix)]
fn link(target: &str, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(not(unix))]
fn link(_: &str, _: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "symbolic links are not supported here"))
}
