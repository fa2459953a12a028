//! Which YAML means the same to every reader.
//!
//! What Kustomize builds is checked by reading its input here, so a file counts only if there is
//! nothing in it that Kustomize may read in another way.

use std::collections::BTreeSet;

use crate::flux::value::Value;
use crate::yaml::{Node, Stream};

/// Characters that end a line in YAML 1.1 and not in 1.2, and a byte order mark in the middle.
const BREAKS: [char; 4] = ['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'];

/// The documents of a text, if every reader sees the same in them.
///
/// # Errors
/// What stands against it.
pub(super) fn documents(stream: &Stream) -> Result<Vec<(Node<'_>, Value)>, &'static str> {
    if stream.text().trim_start_matches('\u{feff}').contains(BREAKS) {
        return Err("has line breaks that not every YAML parser sees");
    }
    if stream.text().lines().any(|line| line.starts_with('%')) {
        return Err("has YAML directives");
    }
    let read = |root| {
        check(root)?;
        Ok((root, Value::of(root).ok_or("has aliases that make it very large")?))
    };
    stream.documents().map(read).collect()
}

/// Checks a node and all below it.
fn check(root: Node<'_>) -> Result<(), &'static str> {
    let mut waiting = vec![root];
    while let Some(node) = waiting.pop() {
        if node.tag().is_some() {
            return Err("has YAML tags");
        }
        if node.is_alias() {
            // What it stands for is checked where it is written.
            continue;
        }
        let mut keys = BTreeSet::new();
        for (key, _) in node.entries() {
            let text = key.text().ok_or("has a key that is not a text")?;
            if key.tag().is_some() {
                return Err("has YAML tags");
            }
            if !keys.insert(text) {
                return Err("has the same key twice");
            }
        }
        waiting.extend(node.children().into_iter().map(|(_, child)| child));
    }
    Ok(())
}

/// The first line where a text stands, from 1; that of the root if it is not found.
pub(super) fn line_of(root: Node<'_>, text: &str) -> usize {
    let mut waiting = vec![root];
    let mut found = None;
    while let Some(node) = waiting.pop() {
        if !node.is_alias() && node.text().is_some_and(|whole| !text.is_empty() && whole.contains(text)) {
            found = found.into_iter().chain([node.line()]).min();
        }
        waiting.extend(node.children().into_iter().map(|(_, child)| child));
    }
    found.unwrap_or_else(|| root.line())
}
