//! What names sources, stores and Gateways, in everything that clusters apply.

use super::kinds::{Field, IN_VALUES, Kind, Part, fields_of, kind};
use crate::flux::{At, Reach, Value, View};
use crate::migrations::flux_move::references::Step;
use crate::migrations::flux_move::settings::Name;

/// A field of an object that names a source, a store or a Gateway.
#[derive(Clone, Debug)]
pub(super) struct Use<'v> {
    pub(super) at: &'v At,
    pub(super) reach: &'v Reach,
    pub(super) named: Named,
    /// Whether its file states it as it arrives.
    pub(super) is_stated: bool,
    /// The namespace that it means where it states none.
    pub(super) own: String,
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
            _ => &self.own,
        };
        (namespace.to_owned(), self.named.name.clone())
    }

    /// Whether it is in the values of a release.
    pub(super) fn is_in_values(&self) -> bool {
        self.named.way.get(1) == Some(&Step::Key("values"))
    }

    /// The object that has it.
    pub(super) fn shown(&self) -> String {
        self.reach.shown()
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
        let stated = text.as_ref().map(|text| named_in(text, &fields)).unwrap_or_default();
        let own = reach.namespace.as_deref().unwrap_or_default();
        for named in named_in(&object, &fields) {
            let is_stated = stated.contains(&named);
            found.push(Use { at, reach, named, is_stated, own: own.to_owned() });
        }
        if reach.kind == IN_VALUES.kind {
            let stated = text.as_ref().map(named_in_values).unwrap_or_default();
            let own = object.text_at(&["spec", "targetNamespace"]).unwrap_or(own);
            for named in named_in_values(&object) {
                let is_stated = stated.contains(&named);
                found.push(Use { at, reach, named, is_stated, own: own.to_owned() });
            }
        }
    }
    found
}

/// The parents of routes in the values of a release, wherever its chart has them.
fn named_in_values(release: &Value) -> Vec<Named> {
    let mut found = Vec::new();
    let Some(values) = release.at(&["spec", "values"]) else { return found };
    let mut open: Vec<(Vec<Step>, &Value)> = vec![(vec![Step::Key("spec"), Step::Key("values")], values)];
    while let Some((way, value)) = open.pop() {
        let with = |step: Step| way.iter().cloned().chain([step]).collect::<Vec<_>>();
        let is_list = matches!(way.last(), Some(Step::Name(key)) if key == "parentRefs");
        let items = value.items().iter().enumerate().map(|(number, item)| (with(Step::Item(number)), item));
        if is_list {
            found.extend(items.filter_map(|(way, item)| named(&IN_VALUES, way, item)));
            continue;
        }
        open.extend(items);
        open.extend(value.entries().iter().map(|(key, value)| (with(Step::Name(key.clone())), value)));
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
    let with = |step: Step| way.iter().cloned().chain([step]).collect();
    match part {
        Part::Key(key) => value.get(key).map(|value| (with(Step::Key(key)), value)).into_iter().collect(),
        Part::Each => value.items().iter().enumerate().map(|(number, item)| (with(Step::Item(number)), item)).collect(),
    }
}

fn named(field: &Field, way: Vec<Step>, value: &Value) -> Option<Named> {
    let kind = kind(value.text_at(&["kind"]).or(field.default_kind)?)?;
    if !kind.is_of_group(value) {
        return None;
    }
    Some(Named {
        way,
        kind,
        stated: value.text_at(&["namespace"]).map(str::to_owned),
        name: value.text_at(&["name"])?.to_owned(),
        has_namespace: field.has_namespace,
    })
}
