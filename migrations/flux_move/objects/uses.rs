//! What names sources and stores, in everything that clusters apply.

use super::kinds::{Field, Kind, Part, fields_of, kind};
use crate::flux::{At, Reach, Value, View};
use crate::migrations::flux_move::references::Step;
use crate::migrations::flux_move::settings::Name;

/// A field of an object that names a source or a store.
#[derive(Clone, Debug)]
pub(super) struct Use<'v> {
    pub(super) at: &'v At,
    pub(super) reach: &'v Reach,
    pub(super) named: Named,
    /// Whether its file states it as it arrives.
    pub(super) is_stated: bool,
}

/// What a field says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    /// The way to the mapping.
    pub(super) way: Vec<Step>,
    pub(super) kind: &'static Kind,
    /// The namespace, if it states one.
    pub(super) stated: Option<String>,
    pub(super) name: String,
    /// Whether it may state one.
    pub(super) has_namespace: bool,
}

impl<'v> Use<'v> {
    /// What it means, by namespace and name.
    pub(super) fn target(&self) -> Name {
        let namespace = match (&self.named.stated, self.named.kind.is_namespaced) {
            (_, false) => "",
            (Some(stated), _) if self.named.has_namespace => stated,
            _ => self.reach.namespace.as_deref().unwrap_or_default(),
        };
        (namespace.to_owned(), self.named.name.clone())
    }

    /// The object that has it.
    pub(super) fn shown(&self) -> String {
        let namespace = self.reach.namespace.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        format!("{} {namespace}{}", self.reach.kind, self.reach.name)
    }
}

/// The kinds whose patches are part of what arrives.
const PATCHED: [&str; 3] = ["GitRepository", "HelmRelease", "Kustomization"];

/// Whether a patch may change what an object names, and that is not seen in what arrives.
pub(super) fn may_be_patched(view: &View, user: &Use<'_>) -> bool {
    let (kind, name) = (user.reach.kind.as_str(), user.reach.name.as_str());
    let Some(Step::Key(field)) = user.named.way.get(1).filter(|_| !PATCHED.contains(&kind)) else { return false };
    let of_kustomize = view.kustomizations().flat_map(|file| &file.patches);
    let of_flux = view.graph().kustomizations.iter().flat_map(|one| &one.patches);
    of_kustomize.chain(of_flux).any(|patch| patch.is_for_named(kind, name) && patch.changes_fields(&[field]))
}

/// All of them.
pub(super) fn uses(view: &View) -> Vec<Use<'_>> {
    let mut found = Vec::new();
    for (at, reach) in view.graph().each_reach() {
        let fields: Vec<&Field> = fields_of(reach).collect();
        if fields.is_empty() {
            continue;
        }
        let Some(object) = view.effective(at, reach) else { continue };
        let text = view.node(at).and_then(Value::of);
        let stated = text.map(|text| named_in(&text, &fields)).unwrap_or_default();
        for named in named_in(&object, &fields) {
            let is_stated = stated.contains(&named);
            found.push(Use { at, reach, named, is_stated });
        }
    }
    found
}

fn named_in(object: &Value, fields: &[&'static Field]) -> Vec<Named> {
    let mut found = Vec::new();
    for field in fields {
        let mut places: Vec<(Vec<Step>, &Value)> = vec![(Vec::new(), object)];
        for part in field.way {
            places = places.into_iter().flat_map(|(way, value)| next(way, value, *part)).collect();
        }
        found.extend(places.into_iter().filter_map(|(way, value)| named(field, way, value)));
    }
    found
}

fn next(way: Vec<Step>, value: &Value, part: Part) -> Vec<(Vec<Step>, &Value)> {
    let with = |step: Step| way.iter().copied().chain([step]).collect();
    match part {
        Part::Key(key) => value.get(key).map(|value| (with(Step::Key(key)), value)).into_iter().collect(),
        Part::Each => value.items().iter().enumerate().map(|(number, item)| (with(Step::Item(number)), item)).collect(),
    }
}

fn named(field: &Field, way: Vec<Step>, value: &Value) -> Option<Named> {
    let kind = kind(value.text_at(&["kind"]).or(field.default_kind)?)?;
    Some(Named {
        way,
        kind,
        stated: value.text_at(&["namespace"]).map(str::to_owned),
        name: value.text_at(&["name"])?.to_owned(),
        has_namespace: field.has_namespace,
    })
}
