//! Places with a text that a recipe looks for, and does not reach.

use super::RecipeMigration;
use super::documents::OWN;
use crate::flux::View;
use crate::plan::Finding;
use crate::recipe::codes;
use crate::recipe::pattern::Pattern;
use crate::recipe::verb::{Verb, holds_yaml};
use crate::repo::RepoPath;
use crate::yaml::{Kind, Node, Stream};

/// How many are listed.
const SHOWN: usize = 50;

/// Notes about the places that steps which reach everything do not reach.
pub(super) fn left(migration: &RecipeMigration, view: &View) -> Vec<Finding> {
    let mut patterns: Vec<&Pattern> = Vec::new();
    for step in migration.stages().flat_map(|stage| &stage.steps).filter(|step| step.verb.anywhere().is_some()) {
        let Verb::Keys(keys) = &step.verb else { continue };
        let word = keys.key.longest_literal();
        if !word.is_empty() && patterns.iter().all(|other| other.longest_literal() != word) {
            patterns.push(&keys.key);
        }
    }
    let mut findings = Vec::new();
    for pattern in patterns {
        let word = pattern.longest_literal();
        for (path, file) in view.files_with(word).filter(|(path, _)| !path.as_str().starts_with(OWN)) {
            let note =
                |message: String, line: Option<usize>| Finding::note(codes::MENTION_LEFT, message).at(path, line);
            if view.barred(path).is_some() {
                if has(view, path, word) {
                    findings.push(note(format!("the file is never changed, and has `{word}` in it"), None));
                }
                continue;
            }
            let Some(stream) = &file.stream else { continue };
            let reached = reached(stream, pattern);
            let lines = stream.text().lines().enumerate().map(|(number, line)| (number + 1, line));
            let left = lines.filter(|(number, line)| line.contains(word) && !reached.contains(number));
            findings.extend(left.map(|(number, _)| note(format!("`{word}` is left here"), Some(number))));
        }
    }
    findings.truncate(SHOWN);
    findings
}

fn has(view: &View, path: &RepoPath, word: &str) -> bool {
    let file = view.tree().read(path).ok().flatten();
    file.is_some_and(|file| String::from_utf8_lossy(&file.bytes).contains(word))
}

/// The lines of keys that match, and those of YAML in texts.
fn reached(stream: &Stream, pattern: &Pattern) -> Vec<usize> {
    let mut lines = Vec::new();
    stream.documents().for_each(|root| collect(root, pattern, 0, &mut lines));
    lines
}

fn collect(node: Node<'_>, pattern: &Pattern, depth: usize, lines: &mut Vec<usize>) {
    if node.is_alias() || depth > 200 {
        return;
    }
    for (key, value) in node.entries() {
        if key.text().is_some_and(|text| pattern.is_match(text)) {
            lines.push(key.line());
        }
        collect(value, pattern, depth + 1, lines);
    }
    for item in node.items() {
        if let Some(name) = item.get("name").filter(|name| name.text().is_some_and(|text| pattern.is_match(text))) {
            lines.push(name.line());
        }
        collect(item, pattern, depth + 1, lines);
    }
    let text = node.text().unwrap_or_default();
    if text.contains('\n') && holds_yaml(node) {
        let is_yaml = Stream::sound(text).is_ok_and(|inner| inner.documents().any(|root| root.kind() != Kind::Scalar));
        if is_yaml {
            let written = if node.is_literal() { text.lines().count() } else { 0 };
            lines.extend(node.line()..=node.line() + written);
        }
    }
}
