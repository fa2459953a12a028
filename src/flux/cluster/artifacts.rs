//! What GitRepositories hold of this repository: those that a cluster applies, or that files state.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::flux::cluster::arrived::arriving;
use crate::flux::cluster::reach::Reach;
use crate::flux::cluster::repositories::Repositories;
use crate::flux::files::{At, Name, SourceRef};
use crate::flux::kustomize::{Artifact, ParsedTree, Patches, Rendered};
use crate::flux::value::{Value, Variables};
use crate::repo::RepoPath;

/// Namespace and name of a GitRepository.
type Key = (Option<Name>, Name);

/// The GitRepositories that a cluster applies, and their artifacts where these were asked for.
pub(super) struct Artifacts<'b> {
    parsed: &'b ParsedTree<'b>,
    repositories: &'b Repositories,
    applied: BTreeMap<Key, (At, Patches, Arc<Variables>)>,
    known: RefCell<BTreeMap<Key, Arc<Artifact>>>,
}

impl<'b> Artifacts<'b> {
    pub(super) fn of(parsed: &'b ParsedTree<'b>, repositories: &'b Repositories) -> Artifacts<'b> {
        Artifacts { parsed, repositories, applied: BTreeMap::new(), known: RefCell::default() }
    }

    /// Notes a GitRepository that the cluster applies.
    pub(super) fn note(&mut self, reach: &Reach, object: &Rendered, variables: &Arc<Variables>) {
        if reach.kind == "GitRepository" {
            let name = (reach.namespace, reach.name);
            let applied = || (object.at.clone(), object.patches.clone(), variables.clone());
            self.applied.entry(name).or_insert_with(applied);
        }
    }

    /// A GitRepository as it arrives, or else as the only file states it that may be meant.
    pub(super) fn object(&self, source: &SourceRef) -> Option<Arc<Value>> {
        let name = (source.namespace.as_deref().map(Name::of), Name::of(&source.name));
        if let Some((at, patches, variables)) = self.applied.get(&name) {
            let identity = (source.name.as_str(), source.namespace.as_deref());
            return arriving(self.parsed.scan.files.get(&at.path)?, at, patches, identity, variables);
        }
        let mut meant = self.repositories.meant(source);
        let only = meant.next().filter(|_| meant.next().is_none())?;
        Some(only.object.clone())
    }

    /// What the artifact of a GitRepository holds of this repository; everything, if that is not
    /// known.
    pub(super) fn of_source(&self, source: &SourceRef) -> Arc<Artifact> {
        let name = (source.namespace.as_deref().map(Name::of), Name::of(&source.name));
        if let Some(known) = self.known.borrow().get(&name) {
            return known.clone();
        }
        let stated = self.object(source).map(|object| Artifact::of(&object)).unwrap_or_default();
        let artifact = Arc::new(stated.in_tree(&RepoPath::root(), self.parsed.tree, self.parsed.scan));
        self.known.borrow_mut().insert(name, artifact.clone());
        artifact
    }
}
