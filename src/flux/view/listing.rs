//! Which kustomization files list a path.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use super::View;
use crate::flux::kustomize::Kustomization;
use crate::repo::RepoPath;

/// The directories of the kustomization files that list a path, by path; made when it is first
/// asked for.
pub(super) type Listings = Arc<OnceLock<HashMap<RepoPath, Vec<RepoPath>>>>;

impl View {
    /// The kustomization files that list a file or directory under `resources`, whether or not a
    /// cluster builds them.
    pub fn listed_by(&self, path: &RepoPath) -> impl Iterator<Item = &Kustomization> {
        let dirs = self.listings.get_or_init(|| self.all_listings()).get(path);
        dirs.into_iter().flatten().filter_map(|dir| self.kustomization(dir))
    }

    /// The paths of these kustomization files.
    pub fn listed_in(&self, path: &RepoPath) -> BTreeSet<RepoPath> {
        self.listed_by(path).map(|kustomization| kustomization.path.clone()).collect()
    }

    fn all_listings(&self) -> HashMap<RepoPath, Vec<RepoPath>> {
        let mut all: HashMap<RepoPath, Vec<RepoPath>> = HashMap::new();
        for (dir, kustomization) in self.kustomizations.iter() {
            for path in kustomization.resources.iter().filter_map(|entry| self.resolve(kustomization, &entry.text)) {
                let dirs = all.entry(path).or_default();
                if dirs.last() != Some(dir) {
                    dirs.push(dir.clone());
                }
            }
        }
        all
    }
}
