//! A place in a value: the keys and indexes that lead to it.

use std::fmt;

use crate::flux::Value;

/// A step on the way to a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Into the entry of a mapping.
    Key(String),
    /// Into an item of a list.
    Index(usize),
}

/// A place in a value; the root, if it has no parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub Vec<Part>);

impl Place {
    /// The place one part deeper.
    pub fn with(&self, part: Part) -> Place {
        Place(self.0.iter().cloned().chain([part]).collect())
    }

    /// The place of an entry here.
    pub fn key(&self, key: &str) -> Place {
        self.with(Part::Key(key.to_owned()))
    }

    /// The place of an item here.
    pub fn index(&self, index: usize) -> Place {
        self.with(Part::Index(index))
    }

    /// Its keys; `None` if an index is among its parts.
    pub fn keys(&self) -> Option<Vec<&str>> {
        let all = self.0.iter().map(|part| if let Part::Key(key) = part { Some(key.as_str()) } else { None });
        all.collect()
    }

    /// What contains it, and its last part; `None` for the root.
    pub fn split(&self) -> Option<(Place, &Part)> {
        let (last, before) = self.0.split_last()?;
        Some((Place(before.to_vec()), last))
    }

    /// Whether it is this place, or lies in it.
    pub fn is_in(&self, other: &Place) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The value there.
    pub fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, part| match part {
            Part::Key(key) => value.get(key),
            Part::Index(index) => value.items().get(*index),
        })
    }

    /// The value there, to change.
    pub fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        self.0.iter().try_fold(value, |value, part| match (part, value) {
            (Part::Key(key), value) => value.get_mut(key),
            (Part::Index(index), Value::Sequence(items)) => items.get_mut(*index),
            _ => None,
        })
    }
}

impl fmt::Display for Place {
    /// As [`FieldDifference`](crate::flux::FieldDifference) writes it: `spec.ports[0].name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.0.iter().enumerate() {
            match part {
                Part::Key(key) if number == 0 => write!(f, "{key}")?,
                Part::Key(key) => write!(f, ".{key}")?,
                Part::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
