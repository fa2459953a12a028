//! The kustomization that Flux generates for a path without one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::builder::{Builder, objects};
use super::rendered::Rendered;
use crate::repo::RepoPath;

/// What the files of a directory are to a kustomization that Flux generates.
enum Part {
    /// Resources, each of them.
    Own,
    /// A part of the outermost directory with a kustomization file, which is one resource.
    Of(RepoPath),
    /// Nothing: Flux leaves them out of what it builds from, unless `.sourceignore` says otherwise.
    LeftOut,
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
    /// All of them, sorted.
    pub(in crate::flux) fn resources(self) -> Vec<RepoPath> {
        let mut all: Vec<RepoPath> = self.files.into_iter().chain(self.dirs).collect();
        all.sort();
        all
    }
}

impl Builder<'_> {
    /// Every YAML file below is a resource; a directory with a kustomization file is one resource, and not descended into.
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
        let built = Arc::new(found);
        self.built.insert(path.clone(), built.clone());
        built
    }

    /// What Flux lists for a path without a kustomization file, of the files of a tree.
    pub(in crate::flux) fn generated_resources<'f>(
        &self,
        path: &RepoPath,
        files: impl Iterator<Item = &'f RepoPath>,
    ) -> Generated {
        let mut found = Generated::default();
        // Files of one directory come one after the other, as a rule: what holds for it is looked up once.
        let mut last = None;
        for file in files.filter(|file| file.is_in(path) && file.is_yaml()) {
            let dir = file.dir();
            let (_, part) = match last.take() {
                Some((known, part)) if known == dir => last.insert((dir, part)),
                _ => last.insert((dir.clone(), self.part(&dir, path))),
            };
            match part {
                Part::Of(outermost) => drop(found.dirs.insert(outermost.clone())),
                Part::Own if !is_left_out(file) => found.files.push(file.clone()),
                Part::Own | Part::LeftOut => {}
            }
        }
        found
    }

    /// What the files of a directory are to the kustomization that Flux generates for one above it.
    fn part(&self, dir: &RepoPath, path: &RepoPath) -> Part {
        if dir.as_str().split('/').any(|part| matches!(part, ".git" | ".github" | ".circleci")) {
            return Part::LeftOut;
        }
        let own = dir.ancestors().take_while(|above| above.is_in(path) && above != path);
        own.filter(|above| self.kustomizations.contains_key(above)).last().map_or(Part::Own, Part::Of)
    }
}

/// Files that Flux leaves out, wherever they are.
fn is_left_out(file: &RepoPath) -> bool {
    matches!(file.name(), ".sops.yaml" | ".flux.yaml" | ".goreleaser.yml")
}
