//! Which fields of an object the defaults make redundant: with and without them, it arrives as the same.

use super::effect::is_covered;
use super::fields::{Absent, Field};
use super::set::{Set, same};
use super::settings::RemediationDefaultsSettings;
use super::write::{Op, own_node, write};
use crate::flux::{At, Value, View};
use crate::repo::Change;
use crate::yaml::{Node, Stream};

/// The fields of an object that are redundant in a tree where the defaults are: it states each of
/// them where it stands, with the very value of the default, and without it arrives as the same in
/// every place that applies it (`docs/hazards.md#r7`). What an alias, an anchor that is used
/// elsewhere, or a merge holds is none of them; nor is a field that must be there.
pub(super) fn redundant(
    view: &View,
    at: &At,
    set: &Set,
    key: &str,
    settings: &RemediationDefaultsSettings,
) -> Vec<&'static Field> {
    let reaches = view.graph().reaches(at);
    if reaches.is_empty() || !reaches.iter().all(|reach| is_covered(reach, key)) {
        return Vec::new();
    }
    let Some(root) = view.node(at) else { return Vec::new() };
    let arrives =
        |root: Node<'_>| reaches.iter().map(|reach| view.effective_text(root, reach)).collect::<Option<Vec<_>>>();
    let Some(before) = arrives(root) else { return Vec::new() };
    let is_same_without = |fields: &[&'static Field]| {
        let after = text_without(view, at, fields, settings).and_then(|stream| arrives(node_at(&stream, at)?));
        after.is_some_and(|after| before.iter().zip(&after).all(|(before, after)| same(before, after)))
    };
    // An operation fails where what it names is not there, and the whole build with it.
    let operates = |field: &Field| {
        let patches = reaches.iter().flat_map(|reach| &reach.patches).filter(|patch| patch.is_operations());
        patches.into_iter().any(|patch| field.path.first().is_some_and(|first| patch.changes_fields(&[*first])))
    };
    let is_said = |(field, default): &(&'static Field, Value)| {
        !operates(field)
            && field.absent != Absent::Required
            && own_node(root, field).and_then(Value::of).as_ref() == Some(default)
    };
    let said: Vec<&'static Field> = set.0.iter().filter(|own| is_said(own)).map(|(field, _)| *field).collect();
    if said.is_empty() || is_same_without(&said) {
        return said;
    }
    // Some of them are held by something: one after the other, then.
    let mut gone: Vec<&'static Field> = Vec::new();
    for field in said {
        gone.push(field);
        if !is_same_without(&gone) {
            gone.pop();
        }
    }
    gone
}

fn text_without(
    view: &View,
    at: &At,
    fields: &[&'static Field],
    settings: &RemediationDefaultsSettings,
) -> Option<Stream> {
    let op = Op::Take { at: at.clone(), fields: fields.to_vec() };
    let (changes, _) = write(view, &[op], settings).ok()?;
    let Some((_, Change::Edit(splices))) = changes.iter().next() else { return None };
    let stream = view.file(&at.path)?.stream.as_deref()?;
    Stream::parse(splices.apply(stream.text()).ok()?).ok()
}

fn node_at<'s>(stream: &'s Stream, at: &At) -> Option<Node<'s>> {
    let root = stream.documents().nth(at.document)?;
    match at.item {
        Some(number) => root.get("items")?.items().nth(number),
        None => Some(root),
    }
}
