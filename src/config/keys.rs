use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::{Value, json};

use super::Mistake;
use super::schema::Record;
use crate::repo::{InvalidPath, RepoPath};
use crate::text::nearest;
use crate::yaml::{Kind, Node};

/// Reason code of an unknown key.
pub const UNKNOWN_KEY: &str = "config-unknown-key";
/// Reason code of a value of the wrong type.
pub const WRONG_TYPE: &str = "config-wrong-type";
/// Reason code of a key without a value.
pub const EMPTY_VALUE: &str = "config-empty-value";
/// Reason code of a value that is not valid for its key.
pub const INVALID_VALUE: &str = "config-invalid-value";
/// Reason code of a path that leads into git's own directory.
pub const PATH_OF_GIT: &str = "config-path-of-git";
/// Reason code of an entry that a list has twice.
pub const DUPLICATE: &str = "config-duplicate";
pub(super) const DUPLICATE_KEY: &str = "duplicate-key";

/// A mapping of the file while it is read. A key that its reader does not ask for is unknown. Every
/// mistake is noted, and reading continues.
#[derive(Debug)]
pub struct Keys<'m, 's> {
    pub(super) mapping: Node<'s>,
    pub(super) asked: Vec<&'static str>,
    /// Whether every key is known, because its reader looks at all of them.
    takes_all: bool,
    pub(super) mistakes: &'m mut Vec<Mistake>,
    /// What is asked for, if nothing is read and the reader only shows what it takes.
    pub(super) record: Option<Record>,
}

impl<'m, 's> Keys<'m, 's> {
    /// Reads a mapping: `read` asks for the known keys, and any other key is a mistake. An empty
    /// node is an empty mapping; `what` is its name in messages.
    pub fn of<T>(
        node: Node<'s>,
        what: &str,
        mistakes: &'m mut Vec<Mistake>,
        read: impl FnOnce(&mut Keys<'_, 's>) -> T,
    ) -> T {
        let mut keys = Keys::at(node, mistakes);
        if node.kind() != Kind::Mapping && !node.is_null() {
            keys.wrong_type(node, what, "a mapping of keys");
        }
        let value = read(&mut keys);
        keys.finish();
        value
    }

    pub(super) fn at(mapping: Node<'s>, mistakes: &'m mut Vec<Mistake>) -> Keys<'m, 's> {
        Keys { mapping, asked: Vec::new(), takes_all: false, mistakes, record: None }
    }

    /// Whether the key is there, with or without a value.
    pub fn has(&self, key: &str) -> bool {
        self.mapping.own_entry(key).is_some()
    }

    /// All keys that are texts, with their values: names that the reader does not know beforehand.
    pub fn all(&mut self) -> Vec<(&'s str, Node<'s>, Node<'s>)> {
        self.takes_all = true;
        self.takes_others(|| json!(true));
        self.mapping.entries().filter_map(|(key, value)| Some((key.text()?, key, value))).collect()
    }

    /// The value of a key, if it has one. A key that is there without a value is a mistake.
    pub fn value(&mut self, key: &'static str) -> Option<Node<'s>> {
        self.takes(key, || json!({}));
        self.asked.push(key);
        let (key_node, value) = self.mapping.own_entry(key)?;
        if value.is_null() {
            let help =
                "set a value, or remove the key: missing keys are detected from the repository or take their default";
            self.mistake(EMPTY_VALUE, key_node, format!("`{key}` has no value"), help);
            return None;
        }
        Some(value)
    }

    /// The value of a key, also if it is null.
    pub fn any_value(&mut self, key: &'static str) -> Option<Node<'s>> {
        self.takes(key, || json!({}));
        self.asked.push(key);
        Some(self.mapping.own_entry(key)?.1)
    }

    /// The text of a key, with its node.
    pub fn text(&mut self, key: &'static str) -> Option<(&'s str, Node<'s>)> {
        self.takes(key, a_text);
        let node = self.value(key)?;
        Some((self.as_text(node, key)?, node))
    }

    /// The whole number of a key, of at least `least`.
    pub fn number(&mut self, key: &'static str, least: usize) -> Option<usize> {
        self.takes(key, || json!({"type": "integer", "minimum": least}));
        let node = self.value(key)?;
        let number = node.text().filter(|_| node.is_plain()).and_then(|text| text.parse().ok());
        match number {
            None => self.wrong_type(node, &format!("`{key}`"), "a whole number"),
            Some(number) if number < least => {
                let help = format!("write {least} or more");
                self.mistake(INVALID_VALUE, node, format!("`{key}` cannot be {number}"), help);
            }
            Some(_) => {}
        }
        number.filter(|number| *number >= least)
    }

    /// Whether a key is `true`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.takes(key, || json!({"type": "boolean"}));
        let node = self.value(key)?;
        let flag = node.text().filter(|_| node.is_plain()).and_then(|text| text.parse().ok());
        if flag.is_none() {
            self.wrong_type(node, &format!("`{key}`"), "`true` or `false`");
        }
        flag
    }

    /// The value of a key that is one of some words; the first where it is absent.
    pub fn one_of<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> T {
        self.takes(key, || json!({"enum": words.iter().map(|(word, _)| word).collect::<Vec<_>>()}));
        let Some((text, node)) = self.text(key) else { return words[0].1 };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => *value,
            None => {
                let words_shown: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
                let help = format!("write {}", words_shown.join(" or "));
                self.mistake(INVALID_VALUE, node, format!("`{key}` cannot be `{text}`"), help);
                words[0].1
            }
        }
    }

    /// The texts in the list of a key, each with its node. Without duplicates.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<(&'s str, Node<'s>)>> {
        self.takes(key, || json!({"type": "array", "items": a_text(), "minItems": 1, "uniqueItems": true}));
        let items = self.list(key)?;
        let mut seen = BTreeSet::new();
        let mut texts = Vec::new();
        for item in items {
            let Some(text) = self.as_text(item, key) else { continue };
            if seen.insert(text) {
                texts.push((text, item));
            } else {
                self.mistake(DUPLICATE, item, format!("`{key}` has `{text}` twice"), "remove one of them");
            }
        }
        Some(texts)
    }

    /// The items in the list of a key; there is at least one.
    pub fn list(&mut self, key: &'static str) -> Option<Vec<Node<'s>>> {
        self.takes(key, || json!({"type": "array", "minItems": 1}));
        let node = self.value(key)?;
        if node.kind() != Kind::Sequence {
            self.wrong_type(node, &format!("`{key}`"), "a list");
            return None;
        }
        let items: Vec<Node<'s>> = node.items().collect();
        if items.is_empty() {
            self.mistake(EMPTY_VALUE, node, format!("`{key}` is empty"), "add an item, or remove the key");
            return None;
        }
        Some(items)
    }

    /// The path that a text names from the root of the repository. One that leaves the repository
    /// or leads into git's own directory is a mistake.
    pub fn path(&mut self, text: &str, at: Node<'_>, example: &str) -> Option<RepoPath> {
        let (code, message) = match RepoPath::from_root(text) {
            Ok(path) => return Some(path),
            Err(InvalidPath::Outside(_)) => (INVALID_VALUE, format!("`{text}` is not a path inside the repository")),
            Err(InvalidPath::OfGit(_)) => (PATH_OF_GIT, format!("`{text}` leads into git's own directory")),
        };
        self.mistake(code, at, message, format!("write the path from the root of the repository, such as `{example}`"));
        None
    }

    /// The same for a directory that cannot be the root itself.
    pub fn directory(&mut self, text: &str, at: Node<'_>, example: &str) -> Option<RepoPath> {
        let path = self.path(text, at, example)?;
        if path == RepoPath::root() {
            let help = format!("write the path of a directory, such as `{example}`");
            self.mistake(INVALID_VALUE, at, format!("`{text}` is the root of the repository"), help);
            return None;
        }
        Some(path)
    }

    /// Notes a mistake at a node.
    pub fn mistake(&mut self, code: &'static str, at: Node<'_>, message: String, help: impl Into<String>) {
        self.mistake_at(code, first_line(at), message, help);
    }

    /// Notes a mistake in a range of bytes.
    pub fn mistake_at(&mut self, code: &'static str, range: Range<usize>, message: String, help: impl Into<String>) {
        self.mistakes.push(Mistake { code, message, help: help.into(), range });
    }

    /// Notes that a key which must be there is not.
    pub fn missing(&mut self, key: &str, example: &str) {
        self.requires(key);
        let at = self.mapping;
        if at.kind() == Kind::Mapping || at.is_null() {
            let help = format!("add it, such as `{key}: {example}`");
            self.mistake(EMPTY_VALUE, at, format!("`{key}` is missing"), help);
        }
    }

    /// The text of an item in the list of a key.
    pub fn item(&mut self, item: Node<'s>, key: &str) -> Option<&'s str> {
        self.as_text(item, key)
    }

    pub(super) fn as_text(&mut self, node: Node<'s>, key: &str) -> Option<&'s str> {
        let what = format!("`{key}`");
        let Some(text) = node.text() else {
            self.wrong_type(node, &what, "text");
            return None;
        };
        if node.is_null() || text.trim().is_empty() {
            self.mistake(EMPTY_VALUE, node, format!("{what} has an empty text"), "write a name, or remove it");
            return None;
        }
        if node.is_plain() && is_of_another_type(text) {
            self.wrong_type(node, &what, &format!("text, in quotes: \"{text}\""));
            return None;
        }
        Some(text)
    }

    fn wrong_type(&mut self, node: Node<'_>, what: &str, wanted: &str) {
        let found = match node.kind() {
            Kind::Sequence => "a list",
            Kind::Mapping => "a mapping",
            Kind::Scalar if node.is_plain() && node.text().is_some_and(is_of_another_type) => "a number or boolean",
            Kind::Scalar => "text",
        };
        self.mistake(WRONG_TYPE, node, format!("{what} is {found}"), format!("write {wanted}"));
    }

    /// Reports unknown keys and duplicate keys.
    fn finish(self) {
        let mut seen = BTreeSet::new();
        for (key, _) in self.mapping.entries() {
            let name = key.text().unwrap_or("(no text)");
            let mistake = |code, message, help| Mistake { code, message, help, range: first_line(key) };
            if !self.takes_all && !self.asked.contains(&name) {
                let help = match nearest(name, self.asked.iter().map(|key| (*key, *key))) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known keys: {}", self.asked.join(", ")),
                };
                self.mistakes.push(mistake(UNKNOWN_KEY, format!("unknown key `{name}`"), help));
            } else if !seen.insert(name) {
                let help = "remove one of them".to_owned();
                self.mistakes.push(mistake(DUPLICATE_KEY, format!("the key `{name}` appears twice"), help));
            }
        }
    }
}

pub(super) fn a_text() -> Value {
    json!({"type": "string", "minLength": 1})
}

/// Whether some YAML reader takes it for a number or a boolean.
fn is_of_another_type(text: &str) -> bool {
    let number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && text.parse::<f64>().is_ok();
    number || matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "on" | "off")
}

/// The bytes to mark: of a node over several lines, those on its first.
fn first_line(node: Node<'_>) -> Range<usize> {
    let start = node.range().start;
    start..start + node.source().lines().next().map_or(0, str::len)
}
