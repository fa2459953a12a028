//! Versions of changed files: a migration tries the same changes again and again, on many trees.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::file::{Barred, FileView};
use crate::repo::RepoPath;

/// How many versions of one file are kept.
const MOST: usize = 6;

/// The last versions of the files that have changed in a tree, for all trees that come from it.
#[derive(Default)]
pub(super) struct Versions(Mutex<HashMap<RepoPath, VecDeque<Arc<FileView>>>>);

impl Versions {
    /// A file that was read with the same text before.
    pub(super) fn with_text(&self, path: &RepoPath, bytes: &[u8]) -> Option<Arc<FileView>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it =
            |file: &&Arc<FileView>| file.stream.as_ref().is_some_and(|stream| stream.text().as_bytes() == bytes);
        all.get(path)?.iter().find(is_it).cloned()
    }

    /// Keeps a version, unless an attribute of git says how to read it, or it could not be read.
    pub(super) fn keep(&self, path: &RepoPath, file: &Arc<FileView>) {
        if file.stream.is_none() || file.barred == Some(Barred::Filtered) {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = all.entry(path.clone()).or_default();
        if versions.iter().any(|known| Arc::ptr_eq(known, file)) {
            return;
        }
        if versions.len() == MOST {
            versions.pop_front();
        }
        versions.push_back(file.clone());
    }
}
