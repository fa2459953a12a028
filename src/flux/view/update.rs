//! A view after changes. What they do not touch is taken over: files, kustomizations, and, where no
//! change is of interest to it, the whole graph.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Release, View};
use crate::flux::cluster::{states_entry_point, states_version};
use crate::flux::files::{At, FileView, HelmRepository, Object, Scan, is_kustomization_file};
use crate::repo::{Changes, RepoPath, TreeError};
use crate::yaml::Stream;

impl View {
    /// This view with changes made to its tree.
    ///
    /// # Errors
    /// If the changes do not fit the tree.
    pub fn with(&self, changes: &Changes) -> Result<View, TreeError> {
        let tree = self.tree.with(changes)?;
        let changed: BTreeSet<&RepoPath> = changes.paths().collect();
        let scan = self.scan.after(&tree, changed.iter().copied())?;
        if changed.iter().all(|path| self.is_aside(path, &scan)) {
            return Ok(View { tree, ..self.with_contents(scan, &changed) });
        }
        let mut kustomizations = (*self.kustomizations).clone();
        kustomizations.retain(|_, kustomization| {
            !changed.contains(&kustomization.path) && !kustomization.input_paths().any(|input| changed.contains(&input))
        });
        Ok(View::assemble(tree, scan, self.given.clone(), kustomizations).following_as_before(self.following.clone()))
    }

    /// Whether the graph does not depend on how a file has changed: it holds the same HelmReleases
    /// and HelmRepositories as before, with the same identities, and of these the graph knows no
    /// more.
    fn is_aside(&self, path: &RepoPath, after: &Scan) -> bool {
        let (Some(old), Some(new)) = (self.scan.files.get(path), after.files.get(path)) else { return false };
        let is_read = is_kustomization_file(path) || self.patches.contains(path) || self.inputs.contains_key(path);
        let is_plain = |file: &FileView| {
            let is_known = |object: &Object| object.is_helm_release() || object.is_source("HelmRepository");
            let is_content =
                |stream: &Arc<Stream>| !states_version(stream.text()) && !stream.documents().any(states_entry_point);
            file.objects.iter().flat_map(Object::expanded).all(is_known) && file.stream.as_ref().is_some_and(is_content)
        };
        let is_like = |old: &[Object], new: &[Object]| {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.is_like(new))
        };
        !is_read && old.barred == new.barred && is_plain(old) && is_plain(new) && is_like(&old.objects, &new.objects)
    }

    /// This view with other contents of some files that are [aside](View::is_aside).
    fn with_contents(&self, scan: Scan, changed: &BTreeSet<&RepoPath>) -> View {
        let objects = || changed.iter().filter_map(|path| scan.files.get(*path)).flat_map(|file| &file.objects);
        let releases = objects().filter_map(|object| Release::read(object, &scan));
        let repositories = objects().filter_map(|object| HelmRepository::read(object, &scan));
        let releases = replaced(&self.releases, changed, releases, |release| &release.at);
        let repositories = replaced(&self.helm_repositories, changed, repositories, |repository| &repository.at);
        View {
            releases: Arc::new(releases),
            helm_repositories: Arc::new(repositories),
            scan: Arc::new(scan),
            whole: Arc::default(),
            ..self.clone()
        }
    }
}

/// A list by place, with what is in changed files replaced.
fn replaced<T: Clone>(
    old: &[T],
    changed: &BTreeSet<&RepoPath>,
    new: impl Iterator<Item = T>,
    at: impl Fn(&T) -> &At,
) -> Vec<T> {
    let mut all: Vec<T> = old.iter().filter(|one| !changed.contains(&at(one).path)).cloned().chain(new).collect();
    all.sort_by(|a, b| at(a).cmp(at(b)));
    all
}
