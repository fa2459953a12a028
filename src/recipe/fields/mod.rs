//! Which fields the kinds of Flux have, in each version, and which minors of Flux serve it; and the
//! fields of some kinds that live beside Flux. Closed tables, made from the CRDs.
//!
//! They know what is below `spec`. A field whose content they do not list (Helm values, labels,
//! scalars) may have anything in it.

pub mod defaults;
pub mod duration;
mod rules;
mod served;
mod table;
#[cfg(test)]
mod tests;

/// Raised whenever the tables say something else: what a recipe writes by them is another then.
pub const TABLES: u32 = 1;

pub use served::{NEWEST_MINOR, Served, versions};

use std::fmt;

use crate::flux::Value;
use crate::text::nearest;
use table::{Field, ITEM, KINDS};

/// The fields of a kind in one version.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    group: &'static str,
    kind: &'static str,
    version: &'static str,
    spec: &'static Field,
}

/// A step of a path to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'p> {
    /// A key of a mapping.
    Key(&'p str),
    /// An item of a list, whichever.
    Item,
}

/// A scalar at a field of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalarField<'v> {
    /// `spec.dependsOn[0].name`.
    pub path: String,
    /// Its text.
    pub text: &'v str,
}

/// What a table says of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// There is this field.
    Field {
        /// Whether it is required where what it is in is there.
        required: bool,
    },
    /// It is in a field whose content the table does not list.
    NotListed,
    /// There is no such field.
    Unknown {
        /// The path that may be meant.
        meant: Option<String>,
    },
}

/// The table of a kind; `None` for a kind or version that is in none.
pub fn of(group: &str, kind: &str, version: &str) -> Option<Fields> {
    let (name, found) = KINDS.get_key_value(format!("{kind}.{group}").as_str())?;
    let (kind, group) = name.split_once('.').expect("`Kind.group`");
    let version = found.versions.iter().find(|one| one.name == version)?;
    Some(Fields { group, kind, version: version.name, spec: &version.spec })
}

/// The tables of all versions of a kind; none for a kind that is in none.
pub fn of_kind(group: &str, kind: &str) -> Vec<Fields> {
    let versions = KINDS.get(format!("{kind}.{group}").as_str()).map_or(&[][..], |found| &found.versions);
    versions.iter().filter_map(|version| of(group, kind, version.name)).collect()
}

/// A field that an object must have, and lacks only afterwards.
pub fn lost(before: &Value, after: &Value) -> Option<String> {
    let lacking = |value: &Value| of_object(value).map(|fields| fields.lacking(value)).unwrap_or_default();
    let lacked = lacking(before);
    lacking(after).into_iter().find(|field| !lacked.contains(field))
}

/// The table of an object, by its apiVersion and kind.
pub fn of_object(object: &Value) -> Option<Fields> {
    let (group, version) = object.text_at(&["apiVersion"])?.split_once('/')?;
    of(group, object.text_at(&["kind"])?, version)
}

impl Fields {
    /// What the table says of a path, from the root of the object. Ask for a path with wildcards up
    /// to the first that is not [`Step::Item`].
    pub fn at(&self, path: &[Step<'_>]) -> Known {
        let Some(Step::Key(first)) = path.first() else { return Known::NotListed };
        match (*first, &path[1..]) {
            ("apiVersion" | "kind" | "metadata", []) | ("metadata", [Step::Key("name")]) => {
                Known::Field { required: true }
            }
            ("metadata" | "apiVersion" | "kind" | "status", _) => Known::NotListed,
            ("spec", rest) => self.below_spec(rest),
            (other, _) => {
                let top = ["apiVersion", "kind", "metadata", "spec"];
                Known::Unknown { meant: nearest(other, top.map(|name| (name, name.to_owned()))) }
            }
        }
    }

    fn below_spec(&self, path: &[Step<'_>]) -> Known {
        let (mut field, mut way) = (self.spec, "spec".to_owned());
        for step in path {
            if field.fields.is_empty() {
                return Known::NotListed;
            }
            let name = match step {
                Step::Key(key) => key,
                Step::Item => ITEM,
            };
            let Some(next) = field.fields.get(name) else {
                return Known::Unknown { meant: self.meant(field, &way, name) };
            };
            way = below(&way, name);
            field = next;
        }
        Known::Field { required: field.is_required }
    }

    /// The field that is meant by a name that a mapping does not have: one beside it with a similar
    /// name, else the only one with this very name elsewhere.
    fn meant(&self, mapping: &Field, way: &str, name: &str) -> Option<String> {
        let beside = mapping.fields.keys().filter(|key| **key != ITEM).map(|key| (*key, below(way, key)));
        nearest(name, beside).or_else(|| self.place_of(name))
    }

    /// The only place below `spec` with a field of this name.
    fn place_of(&self, name: &str) -> Option<String> {
        let mut found = self.places_of(name);
        found.pop().filter(|_| found.is_empty())
    }

    /// All places below `spec` with a field of this name.
    pub fn places_of(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        collect(self.spec, "spec", &mut |way, field, _| {
            if field == name {
                found.push(below(way, field));
            }
        });
        found
    }

    /// The names of the fields in a mapping: `spec.dependsOn[0]`.
    pub fn beside(&self, mapping: &str) -> impl Iterator<Item = &'static str> {
        let steps = mapping.split('.').skip(1).flat_map(|part| {
            let name = part.split('[').next().unwrap_or(part);
            [Some(name), (name != part).then_some(ITEM)]
        });
        let field = steps.flatten().try_fold(self.spec, |field, name| field.fields.get(name));
        field.into_iter().flat_map(|field| field.fields.keys().copied()).filter(|name| *name != ITEM)
    }

    /// The required fields that an object does not have where it has what they are in, and what
    /// Flux requires of it beside that. So a change takes away what is required if more is lacking
    /// after it than before. A null is as good as nothing.
    pub fn lacking(&self, object: &Value) -> Vec<String> {
        let mut lacking = Vec::new();
        for path in [&["metadata", "name"][..], &["spec"]] {
            if object.at(path).is_none_or(|value| *value == Value::Null) {
                lacking.push(path.join("."));
            }
        }
        if let Some(spec) = object.get("spec") {
            lack(self.spec, spec, "spec", &mut lacking);
            lacking.extend(rules::lacking(self.group, self.kind, self.version, spec));
        }
        lacking
    }

    /// The fields below `spec` of an object that its kind does not have. Those that are null say
    /// nothing.
    pub fn unknown(&self, object: &Value) -> Vec<String> {
        let mut unknown = Vec::new();
        if let Some(spec) = object.get("spec") {
            unknown_in(self.spec, spec, "spec", &mut unknown);
        }
        unknown
    }

    /// The scalars of an object that the table lists as fields, with their paths.
    pub fn scalars<'v>(&self, object: &'v Value) -> Vec<ScalarField<'v>> {
        let mut found = Vec::new();
        if let Some(spec) = object.get("spec") {
            scalars_in(self.spec, spec, "spec", &mut found);
        }
        found
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.group, self.version, self.kind)
    }
}

/// `spec.dependsOn`, `spec.dependsOn[*]`.
fn below(way: &str, name: &str) -> String {
    if name == ITEM { format!("{way}{ITEM}") } else { format!("{way}.{name}") }
}

/// Visits all fields in a field, with the path of what they are in; items of lists are no fields.
fn collect(field: &'static Field, way: &str, visit: &mut impl FnMut(&str, &'static str, &'static Field)) {
    for (name, next) in &field.fields {
        if *name != ITEM {
            visit(way, name, next);
        }
        collect(next, &below(way, name), visit);
    }
}

fn unknown_in(field: &Field, value: &Value, way: &str, found: &mut Vec<String>) {
    if field.fields.is_empty() {
        return;
    }
    if let Some(item) = field.fields.get(ITEM) {
        for (index, value) in value.items().iter().enumerate() {
            unknown_in(item, value, &format!("{way}[{index}]"), found);
        }
        return;
    }
    for (name, value) in value.entries().iter().filter(|(_, value)| *value != Value::Null) {
        match field.fields.get(name.as_str()) {
            Some(next) => unknown_in(next, value, &below(way, name), found),
            None => found.push(below(way, name)),
        }
    }
}

fn scalars_in<'v>(field: &Field, value: &'v Value, way: &str, found: &mut Vec<ScalarField<'v>>) {
    match value {
        Value::Null => {}
        Value::Scalar { text, .. } => found.push(ScalarField { path: way.to_owned(), text }),
        Value::Sequence(items) => {
            let Some(item) = field.fields.get(ITEM) else { return };
            for (index, value) in items.iter().enumerate() {
                scalars_in(item, value, &format!("{way}[{index}]"), found);
            }
        }
        Value::Mapping(entries) => {
            for (name, value) in entries {
                if let Some(next) = field.fields.get(name.as_str()) {
                    scalars_in(next, value, &below(way, name), found);
                }
            }
        }
    }
}

fn lack(field: &Field, value: &Value, way: &str, lacking: &mut Vec<String>) {
    if let Some(item) = field.fields.get(ITEM) {
        for (index, value) in value.items().iter().enumerate() {
            lack(item, value, &format!("{way}[{index}]"), lacking);
        }
        return;
    }
    if !matches!(value, Value::Mapping(_)) {
        return;
    }
    for (name, next) in &field.fields {
        match value.get(name).filter(|value| **value != Value::Null) {
            Some(value) => lack(next, value, &below(way, name), lacking),
            None if next.is_required => lacking.push(below(way, name)),
            None => {}
        }
    }
}
