//! The GitRepositories of a tree: which of them are this repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::address::address;
use super::entry_point::branch_of;
use super::entry_points::patched;
use crate::flux::files::{At, SourceRef};
use crate::flux::kustomize::{Builder, ParsedTree};
use crate::flux::value::Value;

/// A GitRepository that a file states.
pub(super) struct Stated {
    pub(super) at: At,
    /// As the kustomization beside it makes it, if that patches it.
    pub(super) object: Arc<Value>,
    namespace: Option<String>,
    /// Its address, if it can be told.
    pub(super) address: Option<String>,
}

/// The GitRepositories of a tree, by name.
#[derive(Default)]
pub(super) struct Repositories(BTreeMap<String, Vec<Stated>>);

impl Repositories {
    pub(super) fn of(parsed: &ParsedTree<'_>, builder: &mut Builder<'_>) -> Repositories {
        let mut all = Repositories::default();
        for object in parsed.objects().filter(|object| object.is_source("GitRepository")) {
            let as_stated = || parsed.node(&object.at).and_then(Value::of);
            let Some(value) = patched(object, parsed, builder).or_else(as_stated) else { continue };
            let (at, namespace) = (object.at.clone(), object.namespace.map(String::from));
            let address = value.text_at(&["spec", "url"]).and_then(address);
            let stated = Stated { at, namespace, address, object: Arc::new(value) };
            all.0.entry(object.name.into()).or_default().push(stated);
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

    /// Whether a reference means a GitRepository at the same address as another, and of the same
    /// branch: another branch, a tag or a commit is another tree.
    pub(super) fn is_at(&self, source: &SourceRef, url: Option<&str>, branch: Option<&str>) -> bool {
        let Some(asked) = url.and_then(address) else { return false };
        let is_same = |stated: &Stated| {
            let own = branch_of(&stated.object);
            stated.address.as_ref() == Some(&asked) && (branch.is_none() || own.as_deref() == branch)
        };
        let mut meant = self.meant(source).peekable();
        meant.peek().is_some() && meant.all(is_same)
    }
}
