//! What all parts of a recipe are read with: texts with placeholders, patterns, paths, values.

use super::fill::{self, Unknown};
use super::{PATH, PATTERN, PLACEHOLDER, TOO_LARGE};
use crate::config::Keys;
use crate::flux::Value;
use crate::recipe::model::Param;
use crate::recipe::path::Path;
use crate::recipe::pattern::{Pattern, Patterns};
use crate::text::nearest;
use crate::yaml::{Kind, Node};

/// How many nodes a value may have, and how deep it may be.
const NODES: usize = 10_000;
const DEPTH: usize = 32;

/// Reads with the values of parameters.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r> {
    pub(super) params: &'r [Param],
    /// Which groups the tree has for a kind.
    pub(super) groups: &'r dyn Fn(&str) -> Vec<String>,
}

impl Reader<'_> {
    fn filled<T>(self, keys: &mut Keys<'_, '_>, at: Node<'_>, filled: Result<T, Unknown>) -> Option<T> {
        match filled {
            Ok(value) => Some(value),
            Err(Unknown(name)) => {
                let known = self.params.iter().map(|param| (&*param.name, &*param.name));
                let is_known = self.params.iter().any(|param| param.name == name);
                let help = match nearest(&name, known) {
                    _ if is_known => "only a text or a number can be part of a text".to_owned(),
                    Some(near) => format!("did you mean `<{near}>`? A literal `<` is written `\\<`"),
                    None => format!("add `{name}` to `params`; a literal `<` is written `\\<`"),
                };
                keys.mistake(PLACEHOLDER, at, format!("`<{name}>` is no parameter that fits here"), help);
                None
            }
        }
    }

    /// The text of a key.
    pub(super) fn text<'s>(self, keys: &mut Keys<'_, 's>, key: &'static str) -> Option<(String, Node<'s>)> {
        let (text, node) = keys.text(key)?;
        Some((self.filled(keys, node, fill::text(text, self.params))?, node))
    }

    /// The text of an item or value.
    pub(super) fn item_text<'s>(self, keys: &mut Keys<'_, 's>, node: Node<'s>, key: &str) -> Option<String> {
        let text = keys.item(node, key)?;
        self.filled(keys, node, fill::text(text, self.params))
    }

    /// The texts of a key: one, or a list.
    pub(super) fn texts<'s>(self, keys: &mut Keys<'_, 's>, key: &'static str) -> Option<Vec<(String, Node<'s>)>> {
        let node = keys.value(key)?;
        let nodes = if node.kind() == Kind::Sequence { keys.list(key)? } else { vec![node] };
        let read = |node: Node<'s>| Some((self.item_text(keys, node, key)?, node));
        Some(nodes.into_iter().filter_map(read).collect())
    }

    /// The value of a key.
    pub(super) fn value<'s>(self, keys: &mut Keys<'_, 's>, key: &'static str) -> Option<Value> {
        if !keys.has(key) {
            return None;
        }
        let node = keys.any_value(key)?;
        self.value_of(keys, node)
    }

    pub(super) fn value_of(self, keys: &mut Keys<'_, '_>, node: Node<'_>) -> Option<Value> {
        let value = Value::of(node).filter(|value| is_small(value, DEPTH, &mut { NODES }));
        let Some(value) = value else {
            let help = format!("a value has at most {NODES} nodes, and {DEPTH} levels");
            keys.mistake(TOO_LARGE, node, "this value is too large".to_owned(), help);
            return None;
        };
        self.filled(keys, node, fill::value(&value, self.params))
    }

    /// The path of a key.
    pub(super) fn path<'s>(self, keys: &mut Keys<'_, 's>, key: &'static str) -> Option<(Path, Node<'s>)> {
        let node = keys.value(key)?;
        Some((self.path_of(keys, node, key)?, node))
    }

    pub(super) fn path_of<'s>(self, keys: &mut Keys<'_, 's>, node: Node<'s>, key: &str) -> Option<Path> {
        let written = keys.item(node, key)?;
        let text = self.filled(keys, node, fill::text(written, self.params))?;
        match Path::parse(&text) {
            Ok(path) => Some(path),
            Err(wrong) => {
                let message = format!("`{text}` is no path: {}", wrong.message);
                // With placeholders or escapes, the place in the file is not that in the text.
                let node = node.resolved();
                let is_literal = node.source().trim_matches(['"', '\'']) == text;
                let quote = usize::from(node.source().starts_with(['"', '\'']));
                let range = node.range();
                if is_literal {
                    let start = (range.start + quote + wrong.at).min(range.end);
                    let width = text[wrong.at..].chars().next().map_or(0, char::len_utf8);
                    keys.mistake_at(PATH, start..start + width, message, wrong.help);
                } else {
                    keys.mistake(PATH, node, message, wrong.help);
                }
                None
            }
        }
    }

    /// A path at which something can be added.
    pub(super) fn place<'s>(self, keys: &mut Keys<'_, 's>, key: &'static str) -> Option<Path> {
        let (path, node) = self.path(keys, key)?;
        match path.not_singular() {
            None => Some(path),
            Some(why) => {
                let help = "name one place, such as `spec.values.a` or `spec.rules[?@.host == 'x'].a`";
                keys.mistake(PATH, node, format!("nothing can be added at `{}`: {why}", path.text()), help);
                None
            }
        }
    }

    /// The pattern of a key.
    pub(super) fn pattern<'s>(self, keys: &mut Keys<'_, 's>, key: &'static str) -> Option<Pattern> {
        let node = keys.value(key)?;
        self.pattern_of(keys, node, key)
    }

    pub(super) fn pattern_of<'s>(self, keys: &mut Keys<'_, 's>, node: Node<'s>, key: &str) -> Option<Pattern> {
        let text = keys.item(node, key)?;
        let text = self.filled(keys, node, fill::pattern(text, self.params))?;
        self.readable(keys, node, Pattern::parse(&text))
    }

    /// The regular expression of a key.
    pub(super) fn regex(self, keys: &mut Keys<'_, '_>, key: &'static str) -> Option<Pattern> {
        let (text, node) = keys.text(key)?;
        self.readable(keys, node, Pattern::regex(text))
    }

    /// The patterns of a key: one, or a list.
    pub(super) fn patterns(self, keys: &mut Keys<'_, '_>, key: &'static str) -> Option<Patterns> {
        let node = keys.value(key)?;
        let nodes = if node.kind() == Kind::Sequence { keys.list(key)? } else { vec![node] };
        let mut texts = Vec::new();
        for node in &nodes {
            let text = keys.item(*node, key)?;
            texts.push(self.filled(keys, *node, fill::pattern(text, self.params))?);
        }
        match Patterns::parse(texts.iter().map(String::as_str)) {
            Ok(patterns) => Some(patterns),
            Err((index, why)) => self.readable(keys, nodes[index], Err(why)),
        }
    }

    pub(super) fn readable<T>(self, keys: &mut Keys<'_, '_>, node: Node<'_>, read: Result<T, String>) -> Option<T> {
        read.map_err(|why| {
            let help = "`*` is any run, `?` one character, `\\` escapes; `regex` takes a regular expression";
            keys.mistake(PATTERN, node, format!("this is no pattern: {why}"), help);
        })
        .ok()
    }
}

fn is_small(value: &Value, depth: usize, left: &mut usize) -> bool {
    let Some(rest) = left.checked_sub(1).filter(|_| depth > 0) else { return false };
    *left = rest;
    let children = value.items().iter().chain(value.entries().iter().map(|(_, value)| value));
    children.into_iter().all(|child| is_small(child, depth - 1, left))
}
