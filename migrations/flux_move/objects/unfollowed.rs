//! What names a Gateway without saying so: a parent needs no kind, an argument of external-dns is a text. Whatever
//! is not followed keeps it where it is.

use std::collections::BTreeSet;

use super::dns;
use super::kinds::Kind;
use super::may_mean;
use super::mentioned::of_file;
use super::moved::Moved;
use crate::flux::{Barred, Value, View, has_word};
use crate::plan::Finding;
use crate::repo::RepoPath;
use crate::yaml::Node;

/// Places in files, by line.
pub(super) type Places<'v> = BTreeSet<(&'v RepoPath, usize)>;

/// What names a Gateway and is not followed. `known` is what is.
pub(super) fn unfollowed(view: &View, one: &Moved<'_>, known: &Places<'_>) -> Vec<Finding> {
    let mut found = Places::new();
    for (path, file) in view.files_with("parentRef") {
        match file.stream.as_deref().filter(|_| file.barred != Some(Barred::Template)) {
            Some(stream) => stream.documents().for_each(|root| parents(path, root, one, &mut found)),
            None => found.extend(named_in(view, path, "parentRef", one).then_some((path, 1))),
        }
    }
    let applied: BTreeSet<&RepoPath> = view.graph().reached().map(|(at, _)| &at.path).collect();
    for path in dns::files(view) {
        // Arguments of what is applied are read; texts in it, such as patches, are not.
        match view.file(path).and_then(|file| file.stream.as_deref()).filter(|_| applied.contains(path)) {
            Some(stream) => stream.documents().for_each(|root| {
                root.scalars(&mut |scalar| {
                    let text = scalar.text().filter(|text| text.contains('\n')).unwrap_or_default();
                    let is_about = dns::WORDS.iter().any(|word| text.contains(word));
                    if is_about && (has_word(text, &one.from.1) || has_word(text, &one.from.0)) {
                        found.insert((path, scalar.line()));
                    }
                });
            }),
            None => found.extend(named_in(view, path, "", one).then_some((path, 1))),
        }
    }
    let rest = found.into_iter().filter(|place| !known.contains(place));
    rest.map(|(path, line)| of_file(view, path, Some(line), &one.old_name())).collect()
}

/// Where something of another group has the same kind and a name: the Gateway of Istio.
pub(super) fn of_other_groups<'v>(view: &'v View, kind: &'static Kind) -> Places<'v> {
    let mut found = Places::new();
    for (path, file) in view.files_with(kind.name) {
        let mut open: Vec<Node<'v>> = file.stream.iter().flat_map(|stream| stream.documents()).collect();
        while let Some(node) = open.pop() {
            let is_kind = node.text_at(&["kind"]) == Some(kind.name);
            if is_kind && Value::of(node).is_some_and(|value| !kind.is_of_group(&value)) {
                found.insert((path, node.line()));
            }
            open.extend(node.children().into_iter().map(|(_, child)| child).filter(|child| child.style().is_some()));
        }
    }
    found
}

/// Whether the text of a file has a word and the name of a Gateway.
fn named_in(view: &View, path: &RepoPath, word: &str, one: &Moved<'_>) -> bool {
    let file = view.tree().read(path).ok().flatten();
    file.is_some_and(|file| {
        let text = String::from_utf8_lossy(&file.bytes);
        text.contains(word) && (has_word(&text, &one.from.1) || has_word(&text, &one.from.0))
    })
}

/// Parents in a document, and texts that have some. Aliases are not followed: what they repeat is visited where it
/// stands.
fn parents<'v>(path: &'v RepoPath, root: Node<'v>, one: &Moved<'_>, found: &mut Places<'v>) {
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        if node.style().is_none() {
            let text = node.text().unwrap_or_default();
            if text.contains('\n') && text.contains("parentRef") && has_word(text, &one.from.1) {
                found.insert((path, node.line()));
            }
            continue;
        }
        for (key, value) in node.entries() {
            let is_single = key.text() == Some("parentRef");
            let is_list = key.text() == Some("parentRefs");
            let items = value.items().filter(|_| is_list).chain([value].into_iter().filter(|_| is_single));
            found.extend(items.filter(|item| is_parent(*item, one)).map(|item| (path, item.line())));
        }
        open.extend(node.children().into_iter().map(|(_, child)| child));
    }
}

/// Whether a parent is a Gateway, or may be it. One without a namespace means that in which it arrives.
fn is_parent(item: Node<'_>, one: &Moved<'_>) -> bool {
    let is_kind = item.text_at(&["kind"]).is_none_or(|kind| kind == one.kind.name);
    let is_there = item.text_at(&["namespace"]).is_none_or(|namespace| may_mean(namespace, &one.from.0));
    is_kind && is_there && item.text_at(&["name"]).is_some_and(|name| may_mean(name, &one.from.1))
}
