//! The content of a YAML node as data, without its text: what patches and variables work on.
//!
//! A [`Value`] can be patched ([`Value::merge`] and JSON patches), filled with variables
//! ([`Variables`]), compared ([`Value::differences`]), and written back into a text with as few
//! edits as possible ([`rewrite`]).

mod difference;
mod json_patch;
mod rewrite;
#[cfg(test)]
mod rewrite_tests;
mod substitute;

pub use difference::FieldDifference;
pub(super) use json_patch::Operation;
pub use json_patch::{pointer_part, pointer_parts};
pub use rewrite::{Spelling, rewrite, rewrite_with};
pub use substitute::{Missing, Variables, with_escaped};

use std::collections::HashMap;

use crate::yaml::{Keys, Kind, Node, reads_as_string};

/// The content of a node, with aliases and merge keys resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing, `~`, `null`.
    Null,
    /// Any other scalar.
    Scalar {
        /// Its text: `1.10` stays `1.10`.
        text: String,
        /// Whether every reader takes it for text, and not for a number, a boolean or a date.
        string: bool,
    },
    /// A list.
    Sequence(Vec<Value>),
    /// Keys and values, in their order, each key once.
    Mapping(Vec<(String, Value)>),
}

/// Whether a plain scalar is one on one line inside of brackets, too. What is not is text for every
/// reader.
fn is_plain_in_flow(text: &str) -> bool {
    !text.contains([',', '[', ']', '{', '}', '\n']) && !text.contains(": ") && !text.contains(" #")
}

/// How many nodes a value may have, aliases expanded: real objects have thousands, alias bombs
/// have billions.
const BUDGET: usize = 500_000;

/// How deep a value may nest, aliases expanded: twice what both parsers read.
const DEPTH: usize = 256;

impl Value {
    /// Reads a node. `None` if aliases make it larger than anyone can mean.
    pub fn of(node: Node<'_>) -> Option<Value> {
        Value::within(node, &mut { BUDGET }, DEPTH)
    }

    fn within(node: Node<'_>, left: &mut usize, depth: usize) -> Option<Value> {
        *left = left.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let node = node.resolved();
        match node.kind() {
            Kind::Scalar if node.is_null() => Some(Value::Null),
            Kind::Scalar => {
                let text = node.text().unwrap_or_default();
                Some(Value::Scalar { text: text.to_owned(), string: !node.is_plain() || reads_as_string(text) })
            }
            Kind::Sequence => {
                let items = node.items().map(|item| Value::within(item, left, depth));
                items.collect::<Option<Vec<_>>>().map(Value::Sequence)
            }
            Kind::Mapping => {
                let mut entries = Vec::new();
                Value::collect_entries(node, &mut entries, &mut Keys::default(), left, depth)?;
                Some(Value::Mapping(entries))
            }
        }
    }

    /// The entries of a mapping, then those that it merges (`<<`) and does not have itself.
    fn collect_entries<'s>(
        node: Node<'s>,
        entries: &mut Vec<(String, Value)>,
        seen: &mut Keys<'s>,
        left: &mut usize,
        depth: usize,
    ) -> Option<()> {
        *left = left.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let mut merged = None;
        for (key, value) in node.entries() {
            let Some(key) = key.text() else { continue };
            if key == "<<" {
                merged = Some(value);
                continue;
            }
            let value = Value::within(value, left, depth)?;
            if seen.are_without(key) {
                entries.push((key.to_owned(), value));
            }
        }
        match merged.map(|merged| (merged, merged.kind())) {
            Some((merged, Kind::Mapping)) => Value::collect_entries(merged, entries, seen, left, depth),
            Some((merged, Kind::Sequence)) => {
                merged.items().try_for_each(|item| Value::collect_entries(item, entries, seen, left, depth))
            }
            _ => Some(()),
        }
    }

    /// A scalar that is text.
    pub fn string(text: &str) -> Value {
        Value::Scalar { text: text.to_owned(), string: true }
    }

    /// A number or a boolean.
    pub fn plain(text: &str) -> Value {
        Value::Scalar { text: text.to_owned(), string: false }
    }

    /// A mapping of entries, in their order.
    pub fn mapping<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
        Value::Mapping(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value of a key, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match self {
            Value::Mapping(entries) => entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The text of a scalar; `None` for null and for collections.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The text at the end of a path of keys, if there is any.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).and_then(Value::text)
    }

    /// Whether a scalar reads as true.
    pub fn is_true(&self) -> bool {
        matches!(self, Value::Scalar { text, string: false } if text.eq_ignore_ascii_case("true"))
    }

    /// The items of a sequence; none for anything else.
    pub fn items(&self) -> &[Value] {
        match self {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[(String, Value)] {
        match self {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// Sets a key of a mapping; anything else becomes one.
    pub fn set(&mut self, key: &str, value: Value) {
        if !matches!(self, Value::Mapping(_)) {
            *self = Value::Mapping(Vec::new());
        }
        let Value::Mapping(entries) = self else { return };
        match entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, present)) => *present = value,
            None => entries.push((key.to_owned(), value)),
        }
    }

    /// The value at the end of a path of keys, to change.
    pub fn at_mut(&mut self, path: &[&str]) -> Option<&mut Value> {
        path.iter().try_fold(self, |value, key| value.get_mut(key))
    }

    /// Sets the value at the end of a path of keys; mappings that are missing on the way are made.
    pub fn set_at(&mut self, path: &[&str], value: Value) {
        match path {
            [] => *self = value,
            [key, rest @ ..] => {
                if self.get(key).is_none() {
                    self.set(key, Value::Mapping(Vec::new()));
                }
                self.get_mut(key).expect("it was put there").set_at(rest, value);
            }
        }
    }

    /// Renames a key of a mapping, in its place; whether it was there. The new key must not be
    /// there.
    pub fn rename(&mut self, key: &str, new_key: &str) -> bool {
        let Value::Mapping(entries) = self else { return false };
        let entry = entries.iter_mut().find(|(name, _)| name == key);
        entry.map(|(name, _)| new_key.clone_into(name)).is_some()
    }

    /// Whether two values mean the same: the order of keys does not matter.
    pub fn same_as(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Mapping(entries), Value::Mapping(others)) => {
                if entries.len() != others.len() {
                    return false;
                }
                let mut pairs = entries.iter().zip(others);
                if pairs.clone().all(|((key, _), (theirs, _))| key == theirs) {
                    return pairs.all(|((_, value), (_, theirs))| value.same_as(theirs));
                }
                let theirs: HashMap<&str, &Value> = others.iter().map(|(key, value)| (&**key, value)).collect();
                entries.iter().all(|(key, value)| theirs.get(&**key).is_some_and(|theirs| value.same_as(theirs)))
            }
            (Value::Sequence(items), Value::Sequence(others)) => {
                items.len() == others.len() && items.iter().zip(others).all(|(item, theirs)| item.same_as(theirs))
            }
            _ => self == other,
        }
    }

    /// Removes a key of a mapping, and says whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let Value::Mapping(entries) = self else { return false };
        let before = entries.len();
        entries.retain(|(name, _)| name != key);
        entries.len() < before
    }

    /// Removes the value at the end of a path of keys, and each mapping on the way that is empty
    /// then.
    pub fn remove_at(&mut self, path: &[&str]) {
        let [key, rest @ ..] = path else { return };
        let Some(value) = self.get_mut(key) else { return };
        if !rest.is_empty() {
            value.remove_at(rest);
        }
        if rest.is_empty() || matches!(value, Value::Mapping(entries) if entries.is_empty()) {
            self.remove(key);
        }
    }

    /// Merges a patch in as Kustomize does for custom resources: mappings merge, scalars of the
    /// patch win, lists are replaced whole, null deletes
    /// (`docs/flux-and-kustomize.md#what-a-patch-does`).
    pub fn merge(&mut self, patch: &Value) {
        let Value::Mapping(changes) = patch else {
            *self = patch.clone();
            return;
        };
        if !matches!(self, Value::Mapping(_)) {
            *self = Value::Mapping(Vec::new());
        }
        for (key, change) in changes {
            match (self.get_mut(key), change) {
                (_, Value::Null) => drop(self.remove(key)),
                (Some(present), change) => present.merge(change),
                (None, change) => {
                    let mut new = Value::Mapping(Vec::new());
                    new.merge(change);
                    self.set(key, new);
                }
            }
        }
    }

    /// All texts in it, keys included, in order.
    pub fn texts<'v>(&'v self, found: &mut Vec<&'v str>) {
        match self {
            Value::Null => {}
            Value::Scalar { text, .. } => found.push(text),
            Value::Sequence(items) => items.iter().for_each(|item| item.texts(found)),
            Value::Mapping(entries) => entries.iter().for_each(|(key, value)| {
                found.push(key);
                value.texts(found);
            }),
        }
    }

    /// Whether any text in it, or key, has another text in it.
    pub fn has_text_with(&self, part: &str) -> bool {
        match self {
            Value::Null => false,
            Value::Scalar { text, .. } => text.contains(part),
            Value::Sequence(items) => items.iter().any(|item| item.has_text_with(part)),
            Value::Mapping(entries) => {
                entries.iter().any(|(key, value)| key.contains(part) || value.has_text_with(part))
            }
        }
    }

    /// The value as YAML on one line, for a program to read.
    pub fn to_flow(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Value::Null => "null".to_owned(),
            Value::Scalar { text, string: false } if is_plain_in_flow(text) => text.clone(),
            Value::Scalar { text, .. } => quoted(text),
            Value::Sequence(items) => format!("[{}]", items.iter().map(Value::to_flow).collect::<Vec<_>>().join(", ")),
            Value::Mapping(entries) => {
                let entry = |(key, value): &(String, Value)| format!("{}: {}", quoted(key), value.to_flow());
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Whether a mapping anywhere in it has a key.
    pub fn has_key(&self, key: &str) -> bool {
        match self {
            Value::Sequence(items) => items.iter().any(|item| item.has_key(key)),
            Value::Mapping(entries) => entries.iter().any(|(name, value)| name == key || value.has_key(key)),
            Value::Null | Value::Scalar { .. } => false,
        }
    }

    /// Changes every text in it, keys included.
    pub fn map_text(&mut self, change: &impl Fn(&str) -> String) {
        match self {
            Value::Null => {}
            Value::Scalar { text, string } => {
                if text.contains('$') {
                    *text = change(text);
                    // The new text decides how a plain scalar is read.
                    *string = *string || reads_as_string(text);
                }
            }
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.map_text(change)),
            Value::Mapping(entries) => entries.iter_mut().for_each(|(key, value)| {
                if key.contains('$') {
                    *key = change(key);
                }
                value.map_text(change);
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn value(text: &str) -> Value {
        Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
    }

    #[test]
    fn aliases_and_merge_keys_are_followed() {
        let object = value("a: &a {x: 1.10, y: '1'}\nb: {<<: *a, y: 2}\nc: *a\nd: ~\n");
        assert_eq!(object.text_at(&["b", "x"]), Some("1.10"));
        assert_eq!(object.text_at(&["b", "y"]), Some("2"), "what stands in the mapping wins over what it merges");
        assert_eq!(object.get("c"), object.get("a"));
        assert_eq!(object.get("d"), Some(&Value::Null));
        assert_ne!(value("x: '1'"), value("x: 1"), "text is not a number");
        let bomb = (1..40).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
            let alias = format!("*a{}", n - 1);
            format!("{text}a{n}: &a{n} [{alias}, {alias}]\n")
        });
        assert!(Value::of(Stream::parse(&*bomb).unwrap().documents().next().unwrap()).is_none());
    }

    #[test]
    fn flow_style_reads_the_same() {
        let nested = value(
            "a: [1.10, '1', ~, yes, \"x\\ty\", {b: 'k: v, [w] # no comment'}, [], {}]\n'k: \"x\"': |\n  - {op: add}\n\n  # x\n",
        );
        assert_eq!(value(&nested.to_flow()), nested);
        assert_eq!(nested.to_flow().lines().count(), 1);
        // What is plain in a block need not be so in brackets.
        let plain = value("a: all(e, e.type == 'x').map(y, [z])\nb: {c: 12:30}\nc: two\n\n  lines\n");
        let read = value(&plain.to_flow());
        assert_eq!(read.text_at(&["a"]), Some("all(e, e.type == 'x').map(y, [z])"));
        assert_eq!((read.get("b"), read.text_at(&["c"])), (plain.get("b"), plain.text_at(&["c"])));
    }

    #[test]
    fn what_is_empty_after_a_removal_is_removed_too() {
        let mut object = value("{spec: {upgrade: {remediation: {retries: 3}}, install: {crds: Skip, timeout: 5m}}}");
        object.remove_at(&["spec", "upgrade", "remediation", "retries"]);
        object.remove_at(&["spec", "install", "crds"]);
        object.remove_at(&["spec", "rollback", "force"]);
        assert_eq!(object, value("{spec: {install: {timeout: 5m}}}"));
    }

    #[test]
    fn merging_is_that_of_custom_resources() {
        let mut object = value("spec: {retries: 5, list: [{name: a}], gone: 1, deep: {x: 1}}\n");
        object.merge(&value("spec: {retries: 2, list: [b], gone: null, deep: {y: 2}, new: {z: null, w: 1}}\n"));
        assert_eq!(object, value("spec: {retries: 2, list: [b], deep: {x: 1, y: 2}, new: {w: 1}}\n"));
    }
}
