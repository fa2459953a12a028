//! A tree written to a temporary directory, and builds in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::program::Program;
use crate::flux::Input;
use crate::repo::{EntryKind, RepoPath, Tree};

/// A directory with the files and links of a tree and nothing else. It is removed when this is
/// dropped.
pub(super) struct Workspace {
    dir: TempDir,
    /// What it contains.
    held: BTreeMap<RepoPath, Held>,
}

#[derive(Clone, PartialEq)]
enum Held {
    File(std::sync::Arc<[u8]>),
    Link(String),
}

impl Workspace {
    /// An empty one.
    ///
    /// # Errors
    /// Those of making a directory.
    pub(super) fn new() -> io::Result<Workspace> {
        let dir = TempDir::with_prefix("flux-codemod-")?;
        fs::create_dir(dir.path().join("tree"))?;
        // The `HOME` of the program, which it also uses for temporary files.
        fs::create_dir(dir.path().join("home"))?;
        Ok(Workspace { dir, held: BTreeMap::new() })
    }

    /// Writes a tree into it, and returns whether anything had to be written. A link that leads out
    /// of the tree is left out: neither here nor in a cluster does it lead to a file of the
    /// repository.
    ///
    /// # Errors
    /// Those of reading and writing. The content of the directory is unknown then.
    pub(super) fn hold(&mut self, tree: &Tree) -> io::Result<bool> {
        let mut wanted = BTreeMap::new();
        for (path, kind) in tree.entries() {
            let held = match kind {
                EntryKind::Link { target } if tree.follow(&path).is_some() => Held::Link(target),
                EntryKind::Link { .. } => continue,
                EntryKind::File { .. } => match tree.read(&path).map_err(io::Error::other)? {
                    Some(file) => Held::File(file.bytes),
                    None => continue,
                },
            };
            wanted.insert(path, held);
        }
        let differs = |path: &&RepoPath| self.held.get(*path) != wanted.get(*path);
        let changed: BTreeSet<RepoPath> = self.held.keys().chain(wanted.keys()).filter(differs).cloned().collect();
        for path in changed.iter().filter(|path| self.held.contains_key(*path)) {
            fs::remove_file(self.path(path))?;
        }
        // Links come last, so that nothing is ever written through one.
        let is_link = |path: &&RepoPath| matches!(wanted.get(*path), Some(Held::Link(_)));
        let (links, files): (Vec<_>, Vec<_>) = changed.iter().partition(|path| is_link(path));
        // A directory that is empty now may be in the place of a file or link.
        for path in &changed {
            let _ = fs::remove_dir(self.path(path));
        }
        for path in files.into_iter().chain(links) {
            let place = self.path(path);
            match wanted.get(path) {
                None => continue,
                Some(held) => {
                    fs::create_dir_all(place.parent().unwrap_or(self.dir.path()))?;
                    match held {
                        Held::File(bytes) => fs::write(&place, bytes)?,
                        Held::Link(target) => link(target, &place)?,
                    }
                }
            }
        }
        self.held = wanted;
        Ok(!changed.is_empty())
    }

    /// Builds what Flux would: adds the kustomization file that Flux would write, builds, and
    /// removes it again. Returns what Kustomize prints, or its error.
    ///
    /// # Errors
    /// Those of writing, and of starting the program.
    pub(super) fn build(&self, program: &Program, input: &Input) -> io::Result<Result<String, String>> {
        let file = self.path(&input.file);
        if let Some(text) = &input.text {
            fs::write(&file, text)?;
        }
        let built = program.build(&self.path(&input.dir), &self.dir.path().join("home"));
        if input.text.is_some() {
            match self.held.get(&input.file) {
                Some(Held::File(bytes)) => fs::write(&file, bytes)?,
                _ => fs::remove_file(&file)?,
            }
        }
        // The path of the tree on this machine does not belong into messages.
        let here = format!("{}/", self.place().display());
        Ok(built?.map_err(|why| why.replace(&here, "").replace(here.trim_end_matches('/'), ".")))
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
