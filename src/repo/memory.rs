//! A source that is only in memory, for tests.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::{Bytes, Entry, EntryKind, LeftOut, Mode, RepoPath, Source, Tree};

/// Texts as a source, for tests: every file has the ordinary mode.
pub struct Memory {
    entries: Vec<Entry>,
    texts: BTreeMap<RepoPath, Bytes>,
}

impl Memory {
    /// The tree of these texts by path.
    ///
    /// # Panics
    /// If a path cannot be one of a repository.
    pub fn tree<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Tree {
        let file = |(path, text): (&str, &str)| (RepoPath::new(path).expect("a path"), text.as_bytes().into());
        let texts: BTreeMap<RepoPath, Bytes> = files.into_iter().map(file).collect();
        let kind = EntryKind::File { mode: Mode::File, filtered: false };
        let entries = texts.keys().map(|path| Entry { path: path.clone(), kind: kind.clone() }).collect();
        Tree::of(Arc::new(Memory { entries, texts }))
    }
}

impl Source for Memory {
    fn list(&self) -> &[Entry] {
        &self.entries
    }

    fn left_out(&self) -> &[LeftOut] {
        &[]
    }

    fn read(&self, path: &RepoPath) -> io::Result<Bytes> {
        self.texts.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn length(&self, path: &RepoPath) -> io::Result<u64> {
        Ok(self.read(path)?.len() as u64)
    }
}
