use serde_json::json;

use super::fields::{Field, ObjectKind, Takes};
use super::set::Set;
use crate::config::{DUPLICATE, Described, INVALID_VALUE, Keys, Section, UNKNOWN_KEY, WRONG_TYPE};
use crate::flux::Value;
use crate::text::nearest;
use crate::yaml::{Kind, New, Node};

/// The section `remediation-defaults` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `scope`: which releases get the defaults.
    pub scope: Scope,
    /// `label`: the key of the label that opts a release, or a Flux Kustomization, in or out.
    pub label: String,
    /// `spec`: the defaults of HelmReleases; if absent, what most releases state.
    pub spec: Option<Set>,
    /// `kustomization`: the defaults of Flux Kustomizations; if absent, none.
    pub kustomization: Set,
    /// `own-patches`: what happens to Flux Kustomizations with their own `spec.patches`.
    pub own_patches: OwnPatches,
    /// `overridden`: what happens to objects that state other values.
    pub overridden: Overridden,
    /// `max-opted-out`: the percentage of releases that may state other values and get no defaults
    /// before the plan stops.
    pub max_opted_out: usize,
}

/// Which releases get the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `opt-in`: those with the label.
    OptIn,
    /// `opt-out`: those without it.
    OptOut,
}

/// What happens to Flux Kustomizations with `spec.patches`, which the root's patch would replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnPatches {
    /// `merge`: the defaults are added to that list.
    Merge,
    /// `opt-out`: they get no defaults.
    OptOut,
}

/// What happens to objects that state other values than the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overridden {
    /// `keep`: they stay as they are, without the defaults.
    Keep,
    /// `override`: they get the defaults all the same.
    Override,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            scope: Scope::OptIn,
            label: "remediation.flux.home.arpa/defaults".to_owned(),
            spec: None,
            kustomization: Set::default(),
            own_patches: OwnPatches::Merge,
            overridden: Overridden::Keep,
            max_opted_out: 20,
        }
    }
}

impl Settings {
    /// The key of the label that opts objects of a kind in or out.
    pub(super) fn label_of(&self, kind: ObjectKind) -> String {
        match (kind, self.label.split_once('/')) {
            (ObjectKind::Release, _) => self.label.clone(),
            (ObjectKind::Kustomization, Some((prefix, _))) => format!("{prefix}/{KUSTOMIZATION_LABEL}"),
            (ObjectKind::Kustomization, None) => KUSTOMIZATION_LABEL.to_owned(),
        }
    }

    /// Which objects of a kind get the defaults.
    pub(super) fn scope_of(&self, kind: ObjectKind) -> Scope {
        if kind == ObjectKind::Release { self.scope } else { Scope::OptOut }
    }
}

const KUSTOMIZATION_LABEL: &str = "kustomization-defaults";

impl Section for Settings {
    const KEY: &'static str = "remediation-defaults";

    fn read(keys: &mut Keys<'_, '_>) -> Settings {
        let default = Settings::default();
        let label = keys.text("label").map(|(key, node)| {
            if !is_label_key(key) || key.rsplit('/').next() == Some(KUSTOMIZATION_LABEL) {
                let help = "write the key of a Kubernetes label, such as `example.org/defaults`";
                keys.mistake(INVALID_VALUE, node, format!("`{key}` cannot be the key of this label"), help);
            }
            key.to_owned()
        });
        let percent = keys.number("max-opted-out", 0);
        if let Some(node) = percent.filter(|percent| *percent > 100).and_then(|_| keys.value("max-opted-out")) {
            keys.mistake(INVALID_VALUE, node, "`max-opted-out` is a percentage".to_owned(), "write 100 or less");
        }
        Settings {
            scope: keys
                .about("Which releases get the defaults: those with the label, or those without it.")
                .one_of("scope", &[("opt-in", Scope::OptIn), ("opt-out", Scope::OptOut)]),
            label: label.unwrap_or(default.label),
            spec: read_set(
                keys.about("The defaults of HelmReleases; without it, what more than half of them state."),
                "spec",
                ObjectKind::Release,
            ),
            kustomization: read_set(
                keys.about("The defaults of Flux Kustomizations; without it, none."),
                "kustomization",
                ObjectKind::Kustomization,
            )
            .unwrap_or_default(),
            own_patches: keys.one_of("own-patches", &[("merge", OwnPatches::Merge), ("opt-out", OwnPatches::OptOut)]),
            overridden: keys.one_of("overridden", &[("keep", Overridden::Keep), ("override", Overridden::Override)]),
            max_opted_out: percent.unwrap_or(default.max_opted_out),
        }
    }

    fn described(&self) -> Vec<Described> {
        let described = |key, about, value: &str| Described { key, about, value: New::string(value) };
        vec![
            described("scope", ABOUT_SCOPE, "opt-in"),
            described(
                "label",
                "The key of the label that opts a release or Flux Kustomization in or out.",
                &self.label,
            ),
            described(
                "own-patches",
                "Flux Kustomizations with their own `spec.patches`, which the root's patch would replace: add the\n\
                 defaults to that list (`merge`), or give them none (`opt-out`).",
                "merge",
            ),
            described(
                "overridden",
                "Objects that state other values than the defaults stay as they are (`keep`), or get the defaults\n\
                 all the same (`override`).",
                "keep",
            ),
            Described {
                key: "max-opted-out",
                about: "The percentage of releases that may state other values and stay out before the plan stops.",
                value: New::Plain(self.max_opted_out.to_string()),
            },
        ]
    }
}

const ABOUT_SCOPE: &str = "\
Which releases get the defaults: those with the label (`opt-in`), or those without it (`opt-out`).
The defaults can be set here, too, in the shape of `spec` of a HelmRelease and of a Flux
Kustomization. If absent: for releases what more than half of them state, for Kustomizations none.
  spec:
    install: {remediation: {retries: 3}}
    upgrade: {cleanupOnFail: true, remediation: {retries: 3}}
  kustomization:
    timeout: 5m";

/// Reads defaults in the shape of `spec`. A field that Flux's API does not have at its place is a
/// mistake (`docs/hazards.md#r2`).
fn read_set(keys: &mut Keys<'_, '_>, key: &'static str, kind: ObjectKind) -> Option<Set> {
    keys.takes(key, || schema_of(kind.table(), &[]));
    let node = keys.value(key)?;
    let mut fields: Vec<_> = kind.table().iter().map(|field| (field, None)).collect();
    read_fields(keys, node, &mut Vec::new(), &mut fields);
    Some(Set(fields.into_iter().filter_map(|(field, value)| Some((field, value?))).collect()))
}

/// What editors know of the fields of a table that have these keys above them.
fn schema_of(table: &[Field], above: &[&str]) -> serde_json::Value {
    let mut schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    for field in table {
        match field.path.strip_prefix(above) {
            Some([key]) => {
                let mut takes = match field.takes {
                    Takes::Flag => json!({"type": "boolean"}),
                    Takes::Number => json!({"type": "integer"}),
                    Takes::Duration => json!({"type": "string"}),
                    Takes::Word(words) => json!({"enum": words}),
                };
                takes["description"] = format!("`{}`, as Flux has it.", field.name()).into();
                schema["properties"][*key] = takes;
            }
            Some([key, ..]) if schema["properties"].get(*key).is_none() => {
                schema["properties"][*key] = schema_of(table, &[above, &[*key]].concat());
            }
            _ => {}
        }
    }
    schema
}

/// The fields of a table, with the values that were read.
type Fields = [(&'static Field, Option<Value>)];

fn read_fields<'s>(keys: &mut Keys<'_, 's>, node: Node<'s>, path: &mut Vec<&'s str>, fields: &mut Fields) {
    if node.kind() != Kind::Mapping {
        let name = if path.is_empty() { "this".to_owned() } else { format!("`{}`", path.join(".")) };
        keys.mistake(WRONG_TYPE, node, format!("{name} is not a mapping"), "write fields in the shape of `spec`");
        return;
    }
    for (key, value) in node.entries() {
        let Some(name) = key.text() else { continue };
        path.push(name);
        let shown = path.join(".");
        match fields.iter().position(|(field, _)| field.path == *path) {
            Some(index) if fields[index].1.is_some() => {
                keys.mistake(DUPLICATE, value, format!("`{shown}` is there twice"), "remove one of them");
            }
            Some(index) => {
                let (field, read) = &mut fields[index];
                *read = Value::of(value).filter(|value| field.takes.fits(value));
                if read.is_none() {
                    let message = format!("`{shown}` cannot be {}", value.text().unwrap_or("that"));
                    keys.mistake(INVALID_VALUE, value, message, format!("write {}", field.takes.wanted()));
                }
            }
            None if fields.iter().any(|(field, _)| field.path.starts_with(path)) => {
                read_fields(keys, value, path, fields);
            }
            None => keys.mistake(UNKNOWN_KEY, key, format!("defaults cannot set `{shown}`"), suggestion(fields, path)),
        }
        path.pop();
    }
}

/// What an unknown field may mean: a similar name beside it, or the same name elsewhere.
fn suggestion(fields: &Fields, path: &[&str]) -> String {
    let (name, above) = path.split_last().expect("a field has a name");
    let beside = fields.iter().filter_map(|(field, _)| field.path.strip_prefix(above)?.first().copied());
    if let Some(near) = nearest(name, beside.clone().map(|key| (key, key))) {
        return format!("did you mean `{near}`?");
    }
    let places = fields.iter().filter_map(|(field, _)| {
        let index = field.path.iter().position(|key| key == name)?;
        Some(&field.path[..=index])
    });
    match places.min_by_key(|place| place.first() != path.first()) {
        Some(place) => format!("there is `{}`", place.join(".")),
        None => {
            let mut beside: Vec<&str> = beside.collect();
            beside.dedup();
            format!("there is: {}", beside.join(", "))
        }
    }
}

/// Whether Kubernetes takes this as the key of a label: a name, or a DNS name, a slash and a name.
fn is_label_key(key: &str) -> bool {
    let is_part = |part: &str, most: usize, signs: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric();
        let ends = part.starts_with(is_plain) && part.ends_with(is_plain);
        ends && part.len() <= most && part.chars().all(|c| is_plain(c) || signs.contains(c))
    };
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("example.org", key));
    is_part(name, 63, "-_.") && is_part(prefix, 253, "-.") && !prefix.contains(|c: char| c.is_ascii_uppercase())
}
