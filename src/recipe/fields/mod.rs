//! Which fields the kinds of Flux have, in each version, and which minors of Flux serve it; and the
//! fields of some kinds that live beside Flux. Closed tables, made from the CRDs. What CRDs and
//! schemas of a repository say of other kinds is read in the same form ([`Tables`]).
//!
//! A field whose content is not listed (Helm values, labels, scalars) may have anything in it.

mod crd;
pub mod defaults;
pub mod duration;
mod field;
mod rules;
mod schema;
mod served;
mod table;
mod tables;
#[cfg(test)]
mod tests;

/// Raised whenever the tables say something else: what a recipe writes by them is another then.
pub const TABLES: u32 = 1;

pub use served::{NEWEST_MINOR, Served, versions};
pub use tables::Tables;

use std::fmt;

use crate::flux::{Value, group_of};
use crate::text::nearest;
use field::{Field, ITEM, Next, below};
use table::{KINDS, Kind, Version, key};

/// The fields of a kind in one version.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'t> {
    group: &'t str,
    kind: &'t str,
    version: &'t str,
    root: &'t Field,
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

/// The table of a kind that is shipped; `None` for a kind or version that is in none.
pub fn of(group: &str, kind: &str, version: &str) -> Option<Fields<'static>> {
    let kind = KINDS.get(&key(group, kind))?;
    Some(Fields::of(kind, kind.version(version)?))
}

/// The table of an object that is shipped, by its apiVersion and kind.
pub fn of_object(object: &Value) -> Option<Fields<'static>> {
    let (group, kind, version) = identity(object)?;
    of(group, kind, version)
}

/// Group, kind and version of an object.
fn identity(object: &Value) -> Option<(&str, &str, &str)> {
    let stated = object.text_at(&["apiVersion"])?;
    let version = stated.rsplit('/').next().unwrap_or(stated);
    Some((group_of(stated), object.text_at(&["kind"])?, version))
}

impl<'t> Fields<'t> {
    fn of(kind: &'t Kind, version: &'t Version) -> Fields<'t> {
        Fields { group: &kind.group, kind: &kind.name, version: &version.name, root: &version.root }
    }

    /// What the table says of a path, from the root of the object. Ask for a path with wildcards up
    /// to the first that is not [`Step::Item`].
    pub fn at(&self, path: &[Step<'_>]) -> Known {
        let Some(Step::Key(first)) = path.first() else { return Known::NotListed };
        match (*first, &path[1..]) {
            ("apiVersion" | "kind" | "metadata", []) | ("metadata", [Step::Key("name")]) => {
                return Known::Field { required: true };
            }
            ("metadata" | "apiVersion" | "kind" | "status", _) => return Known::NotListed,
            _ => {}
        }
        let (mut field, mut way) = (self.root, String::new());
        for step in path {
            let next = match field.step(*step) {
                Next::Field(next) => next,
                Next::NotListed => return Known::NotListed,
                Next::Unknown => return Known::Unknown { meant: self.meant(field, &way, *step) },
            };
            way = match step {
                Step::Key(key) => below(&way, key),
                Step::Item => format!("{way}{ITEM}"),
            };
            field = next;
        }
        Known::Field { required: field.is_required }
    }

    /// The field that is meant by a name that a mapping does not have: one beside it with a similar
    /// name, else the only one with this very name elsewhere.
    fn meant(&self, mapping: &Field, way: &str, step: Step<'_>) -> Option<String> {
        let Step::Key(name) = step else { return None };
        let of_every_object = ["apiVersion", "kind", "metadata"].into_iter().filter(|_| way.is_empty());
        let beside = mapping.names().chain(of_every_object).map(|key| (key, below(way, key)));
        let mut elsewhere = self.places_of(name);
        nearest(name, beside).or_else(|| elsewhere.pop().filter(|_| elsewhere.is_empty()))
    }

    /// All places with a field of this name.
    pub fn places_of(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.root.visit("", &mut |way, field| {
            if field == name {
                found.push(below(way, field));
            }
        });
        found
    }

    /// The names of the fields in a mapping: `spec.dependsOn[0]`.
    pub fn beside(&self, mapping: &str) -> impl Iterator<Item = &'t str> {
        let steps = mapping.split('.').flat_map(|part| {
            let name = part.split('[').next().unwrap_or(part);
            [Some(Step::Key(name)), (name != part).then_some(Step::Item)]
        });
        let field = steps.flatten().try_fold(self.root, |field, step| match field.step(step) {
            Next::Field(next) => Some(next),
            Next::NotListed | Next::Unknown => None,
        });
        field.into_iter().flat_map(Field::names)
    }

    /// The required fields that an object does not have where it has what they are in, and what
    /// Flux requires of it beside that. So a change takes away what is required if more is lacking
    /// after it than before. A null is as good as nothing.
    pub fn lacking(&self, object: &Value) -> Vec<String> {
        let mut lacking = Vec::new();
        if object.at(&["metadata", "name"]).is_none_or(|name| *name == Value::Null) {
            lacking.push("metadata.name".to_owned());
        }
        self.root.lacking(object, "", &mut lacking);
        if let Some(spec) = object.get("spec") {
            lacking.extend(rules::lacking(self.group, self.kind, self.version, spec));
        }
        lacking
    }

    /// The fields below `spec` of an object that its kind does not have. Those that are null say
    /// nothing.
    pub fn unknown(&self, object: &Value) -> Vec<String> {
        let mut unknown = Vec::new();
        if let (Some(value), Next::Field(spec)) = (object.get("spec"), self.root.step(Step::Key("spec"))) {
            spec.unknown(value, "spec", &mut unknown);
        }
        unknown
    }

    /// The scalars of an object that the table lists as fields, with their paths.
    pub fn scalars<'v>(&self, object: &'v Value) -> Vec<ScalarField<'v>> {
        let mut found = Vec::new();
        self.root.scalars(object, "", &mut found);
        found
    }
}

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.group, self.version, self.kind)
    }
}
