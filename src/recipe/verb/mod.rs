//! What a step does to the value of a document. One file for each verb; each is a function of the
//! value alone, and does nothing where it is done.

mod add;
mod anywhere;
mod bound;
mod context;
mod escape;
mod kept;
mod keys;
mod list;
mod moved;
mod notes;
mod operation;
mod parents;
mod reference;
mod remove;
mod schema_header;
mod set;
#[cfg(test)]
mod tests;
mod text;
mod to_newest;

pub use kept::{Kept, holds_yaml, layout_stays, rewrite_keeping};
pub use keys::{Keys, What};
pub use list::{Items, List, Which};
pub use notes::{Notes, Seen};
pub use reference::{Named, Reference};
pub use schema_header::{Header, schema_change};
pub use text::Replacing;
pub use to_newest::ToNewest;

use self::parents::{prune, put, removes_parents, take_out};
use super::model::Guards;
use super::path::{Path, TooMany};
use super::pattern::Pattern;
use super::schema_comment::Settings;
use super::select::Document;
use crate::finding::Code;
use crate::flux::Value;

/// What a step does.
#[derive(Clone, Debug)]
pub enum Verb {
    /// `set`: puts a value where one is.
    Set {
        /// Where.
        path: Path,
        /// The value.
        to: Value,
        /// The comment beside it.
        comment: Commenting,
    },
    /// `add`: a new entry.
    Add {
        /// Where.
        path: Path,
        /// Its value.
        value: Value,
        /// Whether mappings that are missing on the way are made.
        creates_parents: bool,
        /// Where among its neighbours.
        order: Order,
        /// The comment beside it.
        comment: Commenting,
    },
    /// `remove`: takes an entry or item out.
    Remove {
        /// Where.
        path: Path,
        /// Whether parents that are empty then are removed, too; `None` if the path decides.
        with_parents: Option<bool>,
        /// Whether it is removed only where Flux does the same without it.
        if_default: bool,
    },
    /// `move`: an entry, to another place.
    Move {
        /// From where.
        from: Path,
        /// Where to.
        to: Path,
        /// Where among its neighbours.
        order: Order,
    },
    /// `rename-key`, `copy-key`, `drop-key`.
    Keys(Keys),
    /// `list`.
    List(List),
    /// `text`: a part of texts.
    Text(Replacing),
    /// `api-version: table`.
    ApiVersion(ToNewest),
    /// `schema-comment`.
    SchemaComment(Settings),
    /// `escape: unresolved`.
    Escape,
    /// `reference`.
    Reference(Reference),
}

/// What happens to the comment of an entry.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Commenting {
    /// It stays as it is.
    #[default]
    Stays,
    /// This text is put beside it.
    Put(String),
    /// Those that match are taken away: what the recipe itself puts there, or what a condition names.
    Take(Vec<Pattern>),
}

/// Where a new entry is placed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// After all others.
    #[default]
    Last,
    /// Before all others.
    First,
    /// Before the first of these that is there, else last.
    Before(Vec<String>),
    /// After the first of these that is there, else last.
    After(Vec<String>),
    /// In the order of the alphabet, if its neighbours are.
    Sorted,
}

impl Order {
    /// The index at which it is placed among keys.
    fn index(&self, new: &str, keys: &[&str]) -> usize {
        let first_of = |names: &[String]| names.iter().find_map(|name| keys.iter().position(|key| key == name));
        match self {
            Order::Last => keys.len(),
            Order::First => 0,
            Order::Before(names) => first_of(names).unwrap_or(keys.len()),
            Order::After(names) => first_of(names).map_or(keys.len(), |at| at + 1),
            Order::Sorted if keys.is_sorted() => keys.partition_point(|key| *key < new),
            Order::Sorted => keys.len(),
        }
    }
}

/// Where a verb looks.
#[derive(Clone, Debug)]
pub enum Reach {
    /// At the hits of a path.
    At(Path),
    /// In everything.
    Anywhere,
}

/// Why a step cannot act on a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The reason code.
    pub code: &'static Code,
    /// What is in the way, with real names.
    pub message: String,
}

impl Refused {
    /// For a reason.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Refused {
        Refused { code, message: message.into() }
    }
}

impl From<TooMany> for Refused {
    fn from(_: TooMany) -> Refused {
        Refused::new(super::codes::OTHER_SHAPE, format!("a path has more than {} hits in it", super::path::HITS))
    }
}

impl Verb {
    /// Acts on a document, whose value this is by now.
    ///
    /// # Errors
    /// As [`Verb::act`].
    pub fn act_on(
        &self,
        document: &Document<'_>,
        value: &mut Value,
        guards: &Guards,
        notes: &mut Notes,
    ) -> Result<Seen, Refused> {
        if let Some(number) = document.patch.and_then(|entry| entry.operation()) {
            let whole = document.patch.and_then(|entry| entry.whole(document.root));
            return match whole.as_ref().and_then(|whole| whole.items().get(number)) {
                Some(operation) => operation::act(self, operation, document, value, guards, notes),
                None => Ok(Seen::default()),
            };
        }
        match self {
            Verb::ApiVersion(to_newest) => to_newest.act(document, value, notes),
            Verb::SchemaComment(settings) => Ok(schema_header::act(document, settings, notes)),
            Verb::Escape => escape::act(document, value, notes),
            Verb::Reference(reference) => reference.act(document, value, notes),
            other => other.act_in(Some(document), value, guards, notes),
        }
    }

    /// Acts on a value. Verbs that ask for more than a value do nothing.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn act(&self, value: &mut Value, guards: &Guards, notes: &mut Notes) -> Result<Seen, Refused> {
        self.act_in(None, value, guards, notes)
    }

    fn act_in(
        &self,
        document: Option<&Document<'_>>,
        value: &mut Value,
        guards: &Guards,
        notes: &mut Notes,
    ) -> Result<Seen, Refused> {
        match self {
            Verb::Set { path, to, comment } => set::act(value, path, to, comment, guards, notes),
            Verb::Add { path, value: new, creates_parents, order, comment } => {
                add::act(value, path, new, *creates_parents, order, comment, notes)
            }
            Verb::Remove { path, with_parents, if_default } => {
                remove::act(value, document, path, *with_parents, *if_default, guards)
            }
            Verb::Move { from, to, order } => moved::act(value, from, to, order, guards),
            Verb::Keys(keys) => keys.act(value, document.map(|document| document.root), guards, notes),
            Verb::List(list) => list.act(value),
            Verb::Text(replacing) => replacing.act(value),
            Verb::ApiVersion(_) | Verb::SchemaComment(_) | Verb::Escape | Verb::Reference(_) => Ok(Seen::default()),
        }
    }

    /// Its word in a recipe.
    pub fn word(&self) -> &'static str {
        match self {
            Verb::Set { .. } => "set",
            Verb::Add { .. } => "add",
            Verb::Remove { .. } => "remove",
            Verb::Move { .. } => "move",
            Verb::Keys(keys) => keys.word(),
            Verb::List(_) => "list",
            Verb::Text(_) => "text",
            Verb::ApiVersion(_) => "api-version",
            Verb::SchemaComment(_) => "schema-comment",
            Verb::Escape => "escape",
            Verb::Reference(_) => "reference",
        }
    }

    /// The paths that it names.
    pub fn paths(&self) -> Vec<&Path> {
        match self {
            Verb::Set { path, .. } | Verb::Add { path, .. } | Verb::Remove { path, .. } => vec![path],
            Verb::Move { from, to, .. } => vec![from, to],
            Verb::Keys(Keys { at: Reach::At(path), .. }) | Verb::Text(Replacing { at: Reach::At(path), .. }) => {
                vec![path]
            }
            Verb::Keys(_)
            | Verb::Text(_)
            | Verb::ApiVersion(_)
            | Verb::SchemaComment(_)
            | Verb::Escape
            | Verb::Reference(_) => Vec::new(),
            Verb::List(list) => vec![&list.path],
        }
    }

    /// Whether it changes values, and not comments alone.
    pub fn changes_values(&self) -> bool {
        !matches!(self, Verb::SchemaComment(_))
    }

    /// Whether it says itself what it is about.
    pub fn is_by_itself(&self) -> bool {
        matches!(self, Verb::ApiVersion(_) | Verb::SchemaComment(_) | Verb::Escape)
    }

    /// Whether it finds by itself what it is about, wherever that is in a file.
    pub fn is_everywhere(&self) -> bool {
        self.anywhere().is_some() || matches!(self, Verb::SchemaComment(_) | Verb::Escape)
    }

    /// Whether it looks in everything, and a field with this value then may be its work: a key that
    /// it is about, or a text or name that it puts in.
    pub fn means(&self, field: &str, after: Option<&str>) -> bool {
        let has = |text: &str| after.is_some_and(|after| after.contains(text));
        match self {
            Verb::Keys(keys @ Keys { at: Reach::Anywhere, .. }) => keys.is_about(field),
            Verb::Text(Replacing { at: Reach::Anywhere, to, .. }) => has(to),
            Verb::Reference(Reference { to, .. }) => {
                let is_namespace = field.ends_with("namespace") && after == to.namespace.as_deref();
                has(&to.name) || after.is_some() && is_namespace
            }
            _ => false,
        }
    }

    /// Whether it looks in everything, and then the longest text that it looks for.
    pub fn anywhere(&self) -> Option<&str> {
        match self {
            Verb::Keys(keys @ Keys { at: Reach::Anywhere, .. }) => Some(keys.literal()),
            Verb::Text(Replacing { at: Reach::Anywhere, from, .. }) => Some(from),
            Verb::Reference(reference) => Some(&reference.from.name),
            _ => None,
        }
    }
}
