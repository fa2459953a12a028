//! Builders for the artifacts of several sources.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Builder;
use crate::flux::kustomize::artifact::Artifact;
use crate::flux::kustomize::overlay::Overlay;
use crate::flux::kustomize::parsed_tree::ParsedTree;
use crate::flux::kustomize::unmodelled::Unmodelled;
use crate::repo::RepoPath;

/// A builder for each artifact of a tree. Those that hold the whole tree have one together.
pub(in crate::flux) struct Builders<'v> {
    parsed: ParsedTree<'v>,
    traces: bool,
    whole: Builder<'v>,
    others: Vec<(Arc<Artifact>, Builder<'v>)>,
}

impl<'v> Builders<'v> {
    pub(in crate::flux) fn new(parsed: &ParsedTree<'v>) -> Builders<'v> {
        Builders { parsed: *parsed, traces: false, whole: Builder::new(parsed), others: Vec::new() }
    }

    /// The same, whose objects remember the stages that they go through.
    pub(in crate::flux) fn that_trace(parsed: &ParsedTree<'v>) -> Builders<'v> {
        let mut builders = Builders::new(parsed);
        (builders.traces, builders.whole.traces) = (true, true);
        builders
    }

    /// The builder from all files of the tree.
    pub(in crate::flux) fn of_all(&mut self) -> &mut Builder<'v> {
        &mut self.whole
    }

    /// The builder from the files of an artifact.
    pub(in crate::flux) fn of(&mut self, artifact: &Arc<Artifact>) -> &mut Builder<'v> {
        if artifact.is_whole() {
            return &mut self.whole;
        }
        let known = self.others.iter().position(|(known, _)| Arc::ptr_eq(known, artifact) || known == artifact);
        let place = known.unwrap_or_else(|| {
            let (artifact, traces) = (artifact.clone(), self.traces);
            let builder = Builder { artifact: Some(artifact.clone()), traces, ..Builder::new(&self.parsed) };
            self.others.push((artifact, builder));
            self.others.len() - 1
        });
        &mut self.others[place].1
    }

    /// What changes objects and is not modelled, as far as it was met.
    pub(in crate::flux) fn unmodelled(&self) -> BTreeSet<Unmodelled> {
        let builders = [&self.whole].into_iter().chain(self.others.iter().map(|(_, builder)| builder));
        builders.flat_map(|builder| builder.unmodelled.iter().cloned()).collect()
    }

    /// The kustomization files that take part in builds of directories, each from an artifact with
    /// its overlay.
    pub(in crate::flux) fn files_built<'o>(
        &mut self,
        builds: impl IntoIterator<Item = (&'o Arc<Artifact>, Option<&'o RepoPath>, Overlay<'o>)>,
    ) -> Vec<(Arc<Artifact>, BTreeSet<RepoPath>)> {
        let mut by_artifact: Vec<(Arc<Artifact>, Vec<_>)> = Vec::new();
        for (artifact, path, overlay) in builds {
            match by_artifact.iter_mut().find(|(known, _)| Arc::ptr_eq(known, artifact) || known == artifact) {
                Some((_, builds)) => builds.push((path, overlay)),
                None => by_artifact.push((artifact.clone(), vec![(path, overlay)])),
            }
        }
        let files = |(artifact, builds): (Arc<Artifact>, Vec<_>)| {
            let files = self.of(&artifact).files_built(builds);
            (artifact, files)
        };
        by_artifact.into_iter().map(files).collect()
    }
}
