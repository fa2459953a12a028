//! The kustomization that Flux generates for a path without one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Builder, objects};
use crate::flux::kustomize::rendered::Rendered;
use crate::repo::RepoPath;

/// What the kustomization that Flux generates makes of the files in a directory.
enum Role {
    /// Each of them is a resource.
    Resources,
    /// They belong to a directory with a kustomization file, which is one resource.
    PartOf(RepoPath),
    /// Flux ignores them unless `.sourceignore` includes them.
    Ignored,
}

/// The resources of the kustomization that Flux generates.
#[derive(Debug, Default)]
pub(in crate::flux) struct Generated {
    /// YAML files.
    pub(super) files: Vec<RepoPath>,
    /// Directories with a kustomization file of their own.
    pub(super) dirs: BTreeSet<RepoPath>,
}

impl Generated {
    /// All resources, sorted.
    pub(in crate::flux) fn resources(self) -> Vec<RepoPath> {
        let mut all: Vec<RepoPath> = self.files.into_iter().chain(self.dirs).collect();
        all.sort();
        all
    }
}

impl Builder<'_> {
    /// What is built with the kustomization that Flux generates: every YAML file below is a
    /// resource; a directory with a kustomization file is one resource as a whole.
    pub(super) fn generated(&mut self, path: &RepoPath) -> Arc<Vec<Rendered>> {
        if let Some(built) = self.built.get(path) {
            return built.clone();
        }
        let scan = self.scan;
        let below = scan.files.range(path.clone()..).take_while(|(file, _)| file.as_str().starts_with(path.as_str()));
        let Generated { files, dirs } = self.generated_resources(path, below.map(|(file, _)| file));
        let mut found: Vec<Rendered> =
            files.iter().filter_map(|file| scan.files.get(file)).flat_map(|file| objects(file)).collect();
        for dir in dirs {
            found.extend(self.directory(&dir).iter().cloned());
        }
        self.keep(path, found)
    }

    /// What Flux lists for a path without a kustomization file, of these files.
    pub(in crate::flux) fn generated_resources<'f>(
        &self,
        path: &RepoPath,
        files: impl Iterator<Item = &'f RepoPath>,
    ) -> Generated {
        let mut found = Generated::default();
        // Files of one directory usually follow each other, so the last directory is remembered.
        let mut last = None;
        for file in files.filter(|file| file.is_in(path) && file.is_yaml() && self.has(file)) {
            let dir = file.dir();
            let (_, role) = match last.take() {
                Some((known, role)) if known == dir => last.insert((dir, role)),
                _ => last.insert((dir.clone(), self.role(&dir, path))),
            };
            match role {
                Role::PartOf(outermost) => {
                    found.dirs.insert(outermost.clone());
                }
                Role::Resources if !is_ignored(file) => found.files.push(file.clone()),
                Role::Resources | Role::Ignored => {}
            }
        }
        found
    }

    /// The role of the files in a directory for the kustomization that Flux generates for a path
    /// above.
    fn role(&self, dir: &RepoPath, path: &RepoPath) -> Role {
        if dir.as_str().split('/').any(|part| matches!(part, ".git" | ".github" | ".circleci")) {
            return Role::Ignored;
        }
        let dirs = dir.ancestors().take_while(|above| above.is_in(path) && above != path);
        let outermost = dirs.filter(|dir| self.kustomization(dir).is_some()).last();
        outermost.map_or(Role::Resources, Role::PartOf)
    }
}

/// Files that Flux ignores in every directory.
fn is_ignored(file: &RepoPath) -> bool {
    matches!(file.name(), ".sops.yaml" | ".flux.yaml" | ".goreleaser.yml")
}
