//! All tables of a run: those that are shipped, and what a repository brings.

use std::collections::BTreeMap;

use super::table::{KINDS, Kind, key};
use super::{Fields, crd, identity, schema};
use crate::flux::{Object, Value, View, group_of};

/// The fields of kinds: as CRDs and schemas of a repository state them, else as they are shipped.
///
/// What is shipped of Flux knows all its versions and rules, so nothing else is asked there. Where
/// several CRDs state a version, a field is there if it is in one, and required if it is in one.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    of_repository: BTreeMap<String, Kind>,
}

impl Tables {
    /// Adds what an object or a JSON Schema states, whose file is at a path. Says whether it is one.
    pub fn add(&mut self, value: &Value, path: &str) -> bool {
        let Some(kind) = crd::kind(value).or_else(|| schema::kind(value, path)) else { return false };
        self.insert(kind);
        true
    }

    /// What these tables and the CRDs of a tree say of some kinds, each a group and a kind.
    #[must_use]
    pub fn with_crds<'k>(&self, view: &View, kinds: impl IntoIterator<Item = (&'k str, &'k str)>) -> Tables {
        let mut tables = Tables::default();
        for (group, kind) in kinds.into_iter().filter(|(group, kind)| !is_of_flux(group, kind)) {
            let known = self.of_repository.get(&key(group, kind)).cloned();
            known.into_iter().chain(in_tree(view, group, kind)).for_each(|kind| tables.insert(kind));
        }
        tables
    }

    fn insert(&mut self, new: Kind) {
        let kind = self.of_repository.entry(key(&new.group, &new.name));
        let known = kind.or_insert_with(|| Kind { versions: Vec::new(), ..new.clone() });
        for version in new.versions {
            match known.versions.iter_mut().find(|known| known.name == version.name) {
                Some(known) => known.root = std::mem::take(&mut known.root).or(version.root),
                None => known.versions.push(version),
            }
        }
    }

    /// The table of a kind; `None` for a kind or version that is in none.
    pub fn of(&self, group: &str, kind: &str, version: &str) -> Option<Fields<'_>> {
        self.of_kind(group, kind).into_iter().find(|fields| fields.version == version)
    }

    /// The tables of all versions of a kind, the last of which nothing follows; none for a kind that
    /// is in none.
    pub fn of_kind(&self, group: &str, kind: &str) -> Vec<Fields<'_>> {
        let key = key(group, kind);
        let here = self.of_repository.get(&key).filter(|_| !is_of_flux(group, kind));
        let is_here = |name: &str| here.is_some_and(|here| here.version(name).is_some());
        let shipped = KINDS.get(&key).into_iter();
        let shipped = shipped.flat_map(|kind| kind.versions.iter().map(move |version| Fields::of(kind, version)));
        let here = here.into_iter().flat_map(|kind| kind.versions.iter().map(move |version| Fields::of(kind, version)));
        shipped.filter(|fields| !is_here(fields.version)).chain(here).collect()
    }

    /// The table of an object, by its apiVersion and kind.
    pub fn of_object(&self, object: &Value) -> Option<Fields<'_>> {
        let (group, kind, version) = identity(object)?;
        self.of(group, kind, version)
    }

    /// A field that an object must have, and lacks only afterwards.
    pub fn lost(&self, before: &Value, after: &Value) -> Option<String> {
        let lacking = |value: &Value| self.of_object(value).map(|fields| fields.lacking(value)).unwrap_or_default();
        let lacked = lacking(before);
        lacking(after).into_iter().find(|field| !lacked.contains(field))
    }
}

fn is_of_flux(group: &str, kind: &str) -> bool {
    KINDS.get(&key(group, kind)).is_some_and(Kind::is_of_flux)
}

/// A kind as the CRDs of a tree define it.
fn in_tree(view: &View, group: &str, kind: &str) -> Vec<Kind> {
    // They are called after what they define: `widgets.example.org`.
    let is_of_group = |object: &Object| object.name.split_once('.').is_some_and(|(_, of)| of == group);
    let is_one = |object: &&Object| object.kind == crd::KIND && group_of(&object.api_version) == crd::GROUP;
    let files = view.files_with(crd::KIND).filter(|(path, _)| view.barred(path).is_none());
    let objects = files.flat_map(|(_, file)| &file.objects).flat_map(Object::expanded);
    let objects = objects.filter(is_one).filter(|object| is_of_group(object));
    let defined = objects.filter_map(|object| {
        let node = view.node(&object.at)?;
        node.text_at(&["spec", "names", "kind"]).filter(|name| *name == kind)?;
        crd::kind(&Value::of(node)?)
    });
    defined.collect()
}
