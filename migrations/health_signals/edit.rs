//! The text of each unit, on the tree where it lands.

use super::alerts::Watch;
use super::checks::{Becomes, Change};
use super::find::Found;
use super::units::{WATCH, step_of};
use crate::flux::{AppliedRelease, Value, watching_field};
use crate::migrations::watchers::{add, subject_of};
use crate::plan::author::{Edits, Written, edited, subject_of_flux};
use crate::plan::{Edited, Finding, Unit};
use crate::yaml::{Edit, Error, Fate, New, Node, Place};

/// What a unit changes on this tree.
pub(super) fn edit(found: &Found<'_>, unit: &Unit) -> Edited {
    if unit.id.step == WATCH {
        let of_unit = found.watches.iter().find(|watch| subject_of(watch.at, watch.reach) == unit.id.subject);
        return of_unit.map_or_else(|| left(found, unit), |watch| edited(widened(found, watch)));
    }
    let is_it =
        |change: &&Change<'_>| subject_of_flux(change.one()) == unit.id.subject && step_of(change) == unit.id.step;
    let of_unit = found.changes.iter().find(is_it);
    of_unit.map_or_else(|| left(found, unit), |change| edited(changed(found, change)))
}

/// A unit with nothing left to do, or whose object is not there.
fn left(found: &Found<'_>, unit: &Unit) -> Edited {
    let subject = &unit.id.subject;
    let objects = found.view.file(subject.path()).map_or(&[][..], |file| &file.objects);
    if objects.iter().any(|object| object.kind == subject.kind()) {
        return Edited::Already;
    }
    Edited::gone(unit)
}

fn widened(found: &Found<'_>, watch: &Watch<'_>) -> Result<Written, Finding> {
    let mut edits = Edits::of(found.view);
    let entry = |(behind, kind, namespace): &(usize, &str, Option<String>)| {
        let mut entry = Value::mapping([("kind", Value::string(kind)), ("name", Value::string("*"))]);
        if let Some(namespace) = namespace {
            entry.set("namespace", Value::string(namespace));
        }
        (*behind, entry)
    };
    let field = watching_field(watch.reach).unwrap_or_default();
    edits.object(watch.at, |edit, root| add(edit, root, field, watch.entries.iter().map(entry)))?;
    edits.finish()
}

fn changed(found: &Found<'_>, change: &Change<'_>) -> Result<Written, Finding> {
    let mut edits = Edits::of(found.view);
    edits.object(change.at, |edit, root| match &change.becomes {
        Becomes::Checks(list) => {
            put(edit, root, "healthChecks", "wait", &New::Sequence(list.iter().map(check).collect()))
        }
        Becomes::Waits => put(edit, root, "wait", "prune", &New::Plain("true".to_owned())),
        Becomes::WaitsNot => put(edit, root, "wait", "prune", &New::Plain("false".to_owned())),
    })?;
    edits.finish()
}

fn check(one: &AppliedRelease) -> New {
    New::mapping([
        ("apiVersion", New::string(&one.api_version)),
        ("kind", New::string("HelmRelease")),
        ("name", New::string(&one.name)),
        ("namespace", New::string(&one.namespace)),
    ])
}

/// Sets a field of `spec`; a new one comes behind another field.
fn put<'v>(edit: &mut Edit<'v>, root: Node<'v>, field: &str, behind: &str, value: &New) -> Result<(), Error> {
    let Some(spec) = root.get("spec") else { return Ok(()) };
    match spec.own_entry(field) {
        Some((_, stated)) => edit.set(stated, value, |_| Fate::Moved),
        None => {
            let place = if spec.own_entry(behind).is_some() { Place::After(behind) } else { Place::Last };
            edit.insert_entry(spec, place, field, value)
        }
    }
}
