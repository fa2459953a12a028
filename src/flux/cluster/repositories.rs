//! The GitRepositories of a tree: which of them are this repository.

use std::collections::BTreeMap;

use super::address::address;
use crate::flux::files::{At, SourceRef};
use crate::flux::kustomize::ParsedTree;

/// A GitRepository that a file states.
pub(super) struct Stated {
    pub(super) at: At,
    namespace: Option<String>,
    /// Its address, if it can be told.
    pub(super) address: Option<String>,
}

/// The GitRepositories of a tree, by name.
#[derive(Default)]
pub(super) struct Repositories(BTreeMap<String, Vec<Stated>>);

impl Repositories {
    pub(super) fn of(parsed: &ParsedTree<'_>) -> Repositories {
        let mut all = Repositories::default();
        for object in parsed.objects().filter(|object| object.is_source("GitRepository")) {
            let url = parsed.node(&object.at).and_then(|root| root.text_at(&["spec", "url"]));
            let (at, namespace) = (object.at.clone(), object.namespace.clone());
            let stated = Stated { at, namespace, address: url.and_then(address) };
            all.0.entry(object.name.clone()).or_default().push(stated);
        }
        all
    }

    /// Those that a reference may mean. What states no namespace may be in any.
    pub(super) fn meant<'s>(&'s self, source: &'s SourceRef) -> impl Iterator<Item = &'s Stated> {
        let named = self.0.get(&source.name).filter(|_| source.kind == "GitRepository").into_iter().flatten();
        named.filter(|stated| match (&stated.namespace, &source.namespace) {
            (Some(stated), Some(asked)) => stated == asked,
            _ => true,
        })
    }

    /// Whether a reference means a GitRepository at the same address as another.
    pub(super) fn is_at(&self, source: &SourceRef, url: Option<&str>) -> bool {
        let Some(asked) = url.and_then(address) else { return false };
        let mut meant = self.meant(source).peekable();
        meant.peek().is_some() && meant.all(|stated| stated.address.as_ref() == Some(&asked))
    }
}
