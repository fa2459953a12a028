//! A field of a kind, with what is known of what is in it.

use std::collections::BTreeMap;

use super::{ScalarField, Step};
use crate::flux::Value;

/// A field, and what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    /// Whether it must be there where the mapping is that it is in.
    pub(super) is_required: bool,
    pub(super) content: Content,
}

/// What is in a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Content {
    /// Nobody says: scalars, the values of a chart.
    #[default]
    NotListed,
    /// A mapping.
    Fields(Fields),
    /// A list of such items.
    Items(Box<Field>),
    /// A mapping with such values under names that anyone may choose.
    Values(Box<Field>),
}

/// The fields of a mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) fields: BTreeMap<String, Field>,
    /// Whether it may have others, too.
    pub(super) takes_others: bool,
    /// Choices between sets of fields: of each, one set must be there.
    pub(super) choices: Vec<Vec<Vec<String>>>,
}

/// What a step into a field leads to.
pub(super) enum Next<'f> {
    Field(&'f Field),
    NotListed,
    Unknown,
}

impl Field {
    /// One step further.
    pub(super) fn step(&self, step: Step<'_>) -> Next<'_> {
        match (&self.content, step) {
            (Content::NotListed, _) => Next::NotListed,
            (Content::Fields(of), Step::Key(key)) => match of.fields.get(key) {
                Some(field) => Next::Field(field),
                None if of.takes_others => Next::NotListed,
                None => Next::Unknown,
            },
            (Content::Items(item), Step::Item) => Next::Field(item),
            (Content::Values(value), Step::Key(_)) => Next::Field(value),
            (Content::Fields(_) | Content::Values(_), Step::Item) | (Content::Items(_), Step::Key(_)) => Next::Unknown,
        }
    }

    /// The names of the fields in it, if it is a mapping of which they are listed.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let of = if let Content::Fields(of) = &self.content { Some(of) } else { None };
        of.into_iter().flat_map(|of| of.fields.keys()).map(String::as_str)
    }

    /// A field in it, to change.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Field> {
        if let Content::Fields(of) = &mut self.content { of.fields.get_mut(name) } else { None }
    }

    /// The fields in it, to add one. What was there of another shape is forgotten.
    pub(super) fn fields_mut(&mut self) -> &mut BTreeMap<String, Field> {
        if !matches!(self.content, Content::Fields(_)) {
            self.content = Content::Fields(Fields::default());
        }
        let Content::Fields(of) = &mut self.content else { unreachable!("it was made one") };
        &mut of.fields
    }

    /// Visits all fields in it, with the path of what they are in; items of lists are no fields.
    pub(super) fn visit(&self, way: &str, visit: &mut impl FnMut(&str, &str)) {
        match &self.content {
            Content::NotListed => {}
            Content::Fields(of) => {
                for (name, field) in &of.fields {
                    visit(way, name);
                    field.visit(&below(way, name), visit);
                }
            }
            Content::Items(item) => item.visit(&format!("{way}{ITEM}"), visit),
            Content::Values(value) => value.visit(&below(way, "*"), visit),
        }
    }

    /// Adds the required fields that a value lacks in the mappings that it has.
    pub(super) fn lacking(&self, value: &Value, way: &str, lacking: &mut Vec<String>) {
        for (way, field, value) in self.each(value, way) {
            field.lacking(value, &way, lacking);
        }
        let (Content::Fields(of), Value::Mapping(_)) = (&self.content, value) else { return };
        let there = |name: &str| value.get(name).filter(|value| **value != Value::Null);
        for (name, field) in &of.fields {
            match there(name) {
                Some(value) => field.lacking(value, &below(way, name), lacking),
                None if field.is_required => lacking.push(below(way, name)),
                None => {}
            }
        }
        for sets in &of.choices {
            if !sets.iter().any(|set| set.iter().all(|name| there(name).is_some())) {
                let missing = sets.iter().flatten().find(|name| there(name).is_none());
                lacking.extend(missing.map(|name| below(way, name)));
            }
        }
    }

    /// Adds the fields of a value that are not listed where they are all.
    pub(super) fn unknown(&self, value: &Value, way: &str, unknown: &mut Vec<String>) {
        for (way, field, value) in self.each(value, way) {
            field.unknown(value, &way, unknown);
        }
        let Content::Fields(of) = &self.content else { return };
        for (name, value) in value.entries().iter().filter(|(_, value)| *value != Value::Null) {
            match of.fields.get(name) {
                Some(field) => field.unknown(value, &below(way, name), unknown),
                None if of.takes_others => {}
                None => unknown.push(below(way, name)),
            }
        }
    }

    /// Adds the scalars of a value that are listed, with their paths.
    pub(super) fn scalars<'v>(&self, value: &'v Value, way: &str, scalars: &mut Vec<ScalarField<'v>>) {
        if let Value::Scalar { text, .. } = value {
            scalars.push(ScalarField { path: way.to_owned(), text });
        }
        for (way, field, value) in self.each(value, way) {
            field.scalars(value, &way, scalars);
        }
        let Content::Fields(of) = &self.content else { return };
        for (name, value) in value.entries() {
            if let Some(field) = of.fields.get(name) {
                field.scalars(value, &below(way, name), scalars);
            }
        }
    }

    /// The items of a list, or the values of a mapping with free names, each with its path.
    fn each<'f, 'v>(&'f self, value: &'v Value, way: &str) -> Vec<(String, &'f Field, &'v Value)> {
        match &self.content {
            Content::NotListed | Content::Fields(_) => Vec::new(),
            Content::Items(each) => {
                let items = value.items().iter().enumerate();
                items.map(|(index, value)| (format!("{way}[{index}]"), &**each, value)).collect()
            }
            Content::Values(each) => {
                let named = value.entries().iter().filter(|(_, value)| *value != Value::Null);
                named.map(|(name, value)| (below(way, name), &**each, value)).collect()
            }
        }
    }

    /// The same field as two say it: there is what one of them has, and required what one requires.
    #[must_use]
    pub(super) fn or(self, other: Field) -> Field {
        Field { is_required: self.is_required || other.is_required, content: self.content.or(other.content) }
    }
}

impl Content {
    fn or(self, other: Content) -> Content {
        match (self, other) {
            (Content::Fields(mut one), Content::Fields(other)) => {
                for (name, field) in other.fields {
                    let known = one.fields.remove(&name);
                    one.fields.insert(name, known.map_or(field.clone(), |known| known.or(field)));
                }
                one.takes_others |= other.takes_others;
                let new = other.choices.into_iter().filter(|choice| !one.choices.contains(choice)).collect::<Vec<_>>();
                one.choices.extend(new);
                Content::Fields(one)
            }
            (Content::Items(one), Content::Items(other)) => Content::Items(Box::new(one.or(*other))),
            (Content::Values(one), Content::Values(other)) => Content::Values(Box::new(one.or(*other))),
            // Whatever one of them says, the other does not.
            _ => Content::NotListed,
        }
    }
}

/// How a path writes any item of a list.
pub(super) const ITEM: &str = "[*]";

/// `spec.dependsOn`; at the root, the name alone.
pub(super) fn below(way: &str, name: &str) -> String {
    if way.is_empty() { name.to_owned() } else { format!("{way}.{name}") }
}
