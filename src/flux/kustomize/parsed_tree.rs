//! The input of a build: a tree, parsed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::kustomization::Kustomization;
use crate::flux::files::{At, Object, Scan};
use crate::repo::{RepoPath, Tree};
use crate::yaml::Node;

/// A tree with its parsed YAML files and its kustomizations.
#[derive(Clone, Copy)]
pub(in crate::flux) struct ParsedTree<'v> {
    pub(in crate::flux) tree: &'v Tree,
    pub(in crate::flux) scan: &'v Scan,
    /// The kustomization files, by directory.
    pub(in crate::flux) kustomizations: &'v BTreeMap<RepoPath, Arc<Kustomization>>,
}

impl<'v> ParsedTree<'v> {
    pub(in crate::flux) fn objects(&self) -> impl Iterator<Item = &'v Object> + use<'v> {
        self.scan.files.values().flat_map(|file| &file.objects)
    }

    pub(in crate::flux) fn object(&self, at: &At) -> Option<&'v Object> {
        self.scan.files.get(&at.path)?.object(at)
    }

    pub(in crate::flux) fn documents(&self) -> impl Iterator<Item = (At, Node<'v>)> + use<'v> {
        self.scan.files.iter().flat_map(|(path, file)| {
            let roots = file.stream.iter().flat_map(|stream| stream.documents().enumerate());
            roots.map(|(document, root)| (At::document(path, document), root))
        })
    }

    pub(in crate::flux) fn node(&self, at: &At) -> Option<Node<'v>> {
        self.scan.node(at)
    }

    pub(in crate::flux) fn text(&self, path: &RepoPath) -> Option<&'v str> {
        Some(self.scan.files.get(path)?.stream.as_ref()?.text())
    }

    /// The files that kustomizations name as patches: what looks like an object in them is not one.
    pub(in crate::flux) fn patch_files(&self) -> BTreeSet<RepoPath> {
        let mut found = BTreeSet::new();
        for kustomization in self.kustomizations.values() {
            let at = At::document(&kustomization.path, 0);
            let Some(root) = self.node(&at) else { continue };
            let list = |key: &str| root.get(key).into_iter().flat_map(Node::items);
            let by_path = list("patches").chain(list("patchesJson6902")).filter_map(|item| item.text_at(&["path"]));
            let merges = list("patchesStrategicMerge").filter_map(Node::value);
            found.extend(by_path.chain(merges).filter_map(|name| kustomization.dir().join(name)));
        }
        found
    }
}
