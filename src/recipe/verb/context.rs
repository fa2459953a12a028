//! Whose names a part of a document has: those of the document's own object, or of what a patch is for.

use std::collections::BTreeMap;

use crate::flux::Reach;
use crate::recipe::place::{Part, Place};
use crate::recipe::select::{Document, GroupKind};
use crate::yaml::Node;

/// The objects that have the names in some part of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct Context<'v> {
    /// Their kinds.
    pub(super) kinds: Vec<GroupKind>,
    /// The namespaces that a name without one means.
    pub(super) namespaces: Vec<String>,
    /// As what clusters apply them.
    pub(super) reaches: Vec<&'v Reach>,
}

impl<'v> Context<'v> {
    /// What a document is itself.
    pub(super) fn of(document: &Document<'v>) -> Context<'v> {
        let mut context = Context { reaches: document.reaches().collect(), ..Context::default() };
        if let Some(object) = document.object {
            context.kinds.push(GroupKind::of(&object.api_version, &object.kind));
        }
        context.namespaces = context.reaches.iter().filter_map(|reach| reach.namespace.map(String::from)).collect();
        if context.reaches.is_empty() && document.object.is_some() {
            context.namespaces.push(document.name(None).1.into_owned());
        }
        context.tidy()
    }

    /// What the patches are for that a document states, by their places in it; of a document that is
    /// a patch, by its root.
    pub(super) fn of_patches(document: &Document<'v>) -> Vec<(Place, Context<'v>)> {
        let whole = document.root.range();
        let mut found: BTreeMap<usize, (Place, Context<'v>)> = BTreeMap::new();
        for patch in Document::patches(document.view, document.path) {
            let range = patch.root.range();
            if range.start < whole.start || range.end > whole.end {
                continue;
            }
            let Some(place) = place_of(document.root, patch.root) else { continue };
            let (_, context) = found.entry(range.start).or_insert_with(|| (place, Context::default()));
            context.add(&patch);
        }
        found.into_values().map(|(place, context)| (place, context.tidy())).collect()
    }

    fn add(&mut self, patch: &Document<'v>) {
        let reaches: Vec<&Reach> = patch.patched().into_iter().map(|(_, reach)| reach).collect();
        let is_rendered = patch.patch.is_some_and(|entry| entry.renders());
        if reaches.is_empty() || is_rendered {
            self.kinds.extend(patch.value().and_then(|value| GroupKind::stated_by(&value)));
        } else {
            self.kinds.extend(reaches.iter().map(|reach| GroupKind::of(&reach.api_version, &reach.kind)));
        }
        self.namespaces.extend(reaches.iter().filter_map(|reach| reach.namespace.map(String::from)));
        self.reaches.extend(reaches);
    }

    fn tidy(mut self) -> Context<'v> {
        self.kinds.sort();
        self.kinds.dedup();
        self.namespaces.sort();
        self.namespaces.dedup();
        self
    }
}

/// The place of a node below another one; `None` if aliases are on the way.
fn place_of(root: Node<'_>, wanted: Node<'_>) -> Option<Place> {
    let range = wanted.range();
    if root.range() == range {
        return Some(Place::default());
    }
    let is_around = |node: &Node<'_>| node.range().start <= range.start && range.end <= node.range().end;
    let entry = root.entries().find(|(_, value)| is_around(value));
    let entry = entry.and_then(|(key, value)| Some((Part::Key(key.text()?.to_owned()), value)));
    let item = || root.items().enumerate().find(|(_, item)| is_around(item));
    let (part, node) = entry.or_else(|| item().map(|(index, item)| (Part::Index(index), item)))?;
    let below = place_of(node, wanted)?;
    Some(Place([part].into_iter().chain(below.0).collect()))
}
