//! Which fields of an object the defaults make redundant: without them, it arrives as the same.

use super::edit::{Op, write};
use super::effect::{is_covered, stated_in_file};
use super::fields::{Absent, Field};
use super::find::{Found, Member};
use super::settings::Settings;
use crate::flux::{At, Value, View};
use crate::plan::author::After;
use crate::repo::Change;
use crate::yaml::{Node, Stream};

/// The fields of an object that are redundant in a tree with the defaults in it: it states each of
/// them in its file with exactly the value of the default, and without it arrives as the same in
/// every place that applies it (`docs/hazards.md#r7`). A field that an alias, an anchor that is
/// used elsewhere or a merge holds is not redundant; nor is a required one.
pub(super) fn redundant(found: &Found<'_>, view: &View, member: &Member) -> Vec<&'static Field> {
    let at = &member.at;
    let reaches = view.graph().reaches(at);
    let label = found.settings.label_of(member.kind);
    let is_covered = !reaches.is_empty() && reaches.iter().all(|reach| is_covered(reach, &label));
    let set = found.roots_of(member).map(|root| &root.of(member.kind).set).next().filter(|_| is_covered);
    let Some(set) = set else { return Vec::new() };
    let Some(root) = view.node(at) else { return Vec::new() };
    let arriving =
        |root: Node<'_>| reaches.iter().map(|reach| view.effective_text(root, reach)).collect::<Option<Vec<_>>>();
    let Some(before) = arriving(root) else { return Vec::new() };
    let is_same_without = |fields: &[&'static Field]| {
        let after = without(view, at, fields, &found.settings).and_then(|(stream, at)| arriving(at.node(&stream)?));
        after.is_some_and(|after| before.iter().zip(&after).all(|(before, after)| before.same_as(after)))
    };
    // An operation fails where the field that it names is missing, and the whole build with it.
    let operations: Vec<_> =
        reaches.iter().flat_map(|reach| &reach.patches).filter(|patch| patch.is_operations()).collect();
    let is_needed = |field: &Field| operations.iter().any(|patch| patch.changes_fields(&field.path[..1]));
    let is_stated = |(field, default): &&(&'static Field, Value)| {
        let value = stated_in_file(root, field).and_then(|(_, value)| Value::of(value));
        field.absent != Absent::Required && value.as_ref() == Some(default) && !is_needed(field)
    };
    let stated: Vec<&'static Field> = set.0.iter().filter(is_stated).map(|(field, _)| *field).collect();
    if stated.is_empty() || is_same_without(&stated) {
        return stated;
    }
    // Something holds some of them: one after the other, then.
    let mut removable: Vec<&'static Field> = Vec::new();
    for field in stated {
        removable.push(field);
        if !is_same_without(&removable) {
            removable.pop();
        }
    }
    removable
}

/// An object without some of its fields, in a stream of its own.
fn without(view: &View, at: &At, fields: &[&'static Field], settings: &Settings) -> Option<(Stream, At)> {
    let remove = Op::Remove { at: at.clone(), fields: fields.to_vec() };
    let (changes, _) = write(view, &[remove], settings).ok()?;
    let Some((path, Change::Edit(splices))) = changes.iter().next() else { return None };
    After::of(view, path, splices)?.object(at)
}
