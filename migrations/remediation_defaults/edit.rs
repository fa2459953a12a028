//! The text of units: labels, entries of `spec.patches`, fields that are removed.

use super::codes;
use super::entry::{DISABLED, ENABLED, Entry, Form, Wanted, body_of};
use super::fields::{Field, ObjectKind};
use super::find::Found;
use super::settings::Settings;
use super::subtract::redundant;
use super::units::{INJECT, KUSTOMIZATION_DEFAULTS, OPT_IN, OWN_PATCHES, SUBTRACT, SUBTRACT_KUSTOMIZATION};
use crate::flux::{At, Value, View, rewrite};
use crate::plan::author::{Edits, Written, edited};
use crate::plan::codes::{GONE, UNTOUCHABLE_FILE};
use crate::plan::{Edited, Finding, Unit};
use crate::yaml::{Edit, Error, Fate, Kind, New, Node, Place, Style};

/// Something to be done to an object.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// It gets a label, if it has none of this key.
    Label { at: At, key: String, value: &'static str },
    /// Its `spec.patches` get entries, or the entries that are there say this from now on.
    State { at: At, wanted: Vec<Wanted> },
    /// Fields of its `spec` are removed, and what is empty without them.
    Remove { at: At, fields: Vec<&'static Field> },
}

/// The changes of a unit.
pub(super) fn edit(found: &Found<'_>, unit: &Unit) -> Edited {
    edited(ops(found, unit).and_then(|ops| write(found.view, &ops, &found.settings)))
}

fn ops(found: &Found<'_>, unit: &Unit) -> Result<Vec<Op>, Finding> {
    let (step, subject) = (unit.id.step, &unit.id.subject);
    let gone = || {
        let message = format!("{subject} is not in this tree, or no cluster applies it any more");
        Finding::error(GONE, message).at(subject.path(), None)
    };
    if [INJECT, KUSTOMIZATION_DEFAULTS].contains(&step) {
        let kind = if step == INJECT { ObjectKind::Release } else { ObjectKind::Kustomization };
        let root = found.roots.iter().find(|root| root.subject == *subject).ok_or_else(gone)?;
        return root.of(kind).problem.clone().map_or_else(|| Ok(root.ops(kind)), Err);
    }
    if step == OWN_PATCHES {
        let child = found.children.iter().find(|child| child.subject == *subject).ok_or_else(gone)?;
        return Ok(child.ops.clone());
    }
    let member = found.members.iter().find(|member| member.subject == *subject).ok_or_else(gone)?;
    let at = member.at.clone();
    let label = |value| Op::Label { at: at.clone(), key: found.settings.label_of(member.kind), value };
    // The label comes after the defaults, and fields are removed after both.
    let pending = found.roots_of(member).find(|root| !root.of(member.kind).pending.is_empty());
    let not_in_place = |message: String| Err(Finding::error(codes::NOT_IN_PLACE, message).at(&at.path, member.line));
    match step {
        OPT_IN => match pending {
            Some(root) => not_in_place(format!("{} does not state the defaults in this tree yet", root.subject)),
            None => Ok(vec![label(ENABLED)]),
        },
        SUBTRACT | SUBTRACT_KUSTOMIZATION => {
            let fields = redundant(found, found.view, member);
            if !fields.is_empty() {
                Ok(vec![Op::Remove { at, fields }])
            } else if pending.is_none() && found.gets_defaults(member) {
                Ok(Vec::new())
            } else {
                not_in_place("it does not get the defaults in this tree yet".to_owned())
            }
        }
        _ => Ok(vec![label(DISABLED)]),
    }
}

/// Writes all of these together.
///
/// # Errors
/// A finding, for the first that cannot be written.
pub(super) fn write(view: &View, ops: &[Op], settings: &Settings) -> Result<Written, Finding> {
    let mut edits = Edits::of(view).keeping_anchors();
    for op in ops {
        let (Op::Label { at, .. } | Op::State { at, .. } | Op::Remove { at, .. }) = op;
        // The survey plans around files that are never changed.
        if let Some(barred) = view.barred(&at.path) {
            let message = format!("{} is never changed ({barred})", at.path);
            return Err(Finding::error(UNTOUCHABLE_FILE, message).at(&at.path, None));
        }
        match op {
            Op::Label { key, value, .. } => edits.object(at, |edit, root| label(edit, root, key, value, settings))?,
            Op::State { wanted, .. } => state(&mut edits, view, at, wanted, settings)?,
            Op::Remove { fields, .. } => edits.object(at, |edit, root| remove(edit, root, fields))?,
        }
    }
    edits.finish()
}

/// Adds a label. The two labels of this migration are in one order, whichever comes first.
fn label<'v>(edit: &mut Edit<'v>, root: Node<'v>, key: &str, value: &str, settings: &Settings) -> Result<(), Error> {
    let Some((_, metadata)) = root.own_entry("metadata") else { return Ok(()) };
    let labels = metadata.own_entry("labels").map(|(_, labels)| labels);
    let has = |key: &str| labels.is_some_and(|labels| labels.own_entry(key).is_some());
    if has(key) {
        return Ok(());
    }
    let before_annotations = metadata.own_entry("annotations").map(|_| Place::Before("annotations"));
    let [first, second] = ObjectKind::ALL.map(|kind| settings.label_of(kind));
    let place = if key == first && has(&second) {
        Place::Before(&second)
    } else if key == second && has(&first) {
        Place::After(&first)
    } else {
        Place::Last
    };
    let path = [("labels", before_annotations.unwrap_or(Place::Last)), (key, place)];
    edit.upsert(metadata, &path, &New::string(value))
}

/// Adds the entries that are missing, and changes those that are different.
fn state<'v>(
    edits: &mut Edits<'v>,
    view: &'v View,
    at: &At,
    wanted: &[Wanted],
    settings: &Settings,
) -> Result<(), Finding> {
    let list = view.node(at).and_then(|root| root.at(&["spec", "patches"]));
    let there = list.and_then(Value::of).map(|list| Entry::all(&list, settings)).unwrap_or_default();
    for entry in &there {
        let wanted = wanted.iter().find(|wanted| wanted.form == entry.form && !wanted.is_stated_by(entry, settings));
        let item = list.and_then(|list| list.items().nth(entry.index));
        let (Some(wanted), Some(item)) = (wanted, item) else { continue };
        if entry.patch.contains('#') {
            let message = "the entry of the defaults has comments, which would be lost";
            return Err(Finding::error(codes::ENTRY_EDITED, message).at(&at.path, item.line()));
        }
        edits.file(&at.path, |edit| change(edit, item, entry, wanted, settings))?;
    }
    let is_missing = |wanted: &&Wanted| there.iter().all(|entry| entry.form != wanted.form);
    let missing: Vec<&Wanted> = wanted.iter().filter(is_missing).collect();
    edits.object(at, |edit, root| add(edit, root, &missing, &there, settings))
}

fn change<'v>(
    edit: &mut Edit<'v>,
    item: Node<'v>,
    entry: &Entry,
    wanted: &Wanted,
    settings: &Settings,
) -> Result<(), Error> {
    let text = wanted.patch(settings);
    let patch = item.own_entry("patch").filter(|_| body_of(&text) != body_of(&entry.patch));
    if let Some((_, patch)) = patch {
        edit.set(patch, &New::Text(text), |_| Fate::Moved)?;
    }
    let selector = item.at(&["target"]).and_then(|target| target.own_entry("labelSelector"));
    selector.map_or(Ok(()), |(_, node)| edit.set_scalar(node, &wanted.selector(settings)))
}

/// Adds entries to `spec.patches`; those for Flux Kustomizations before those for releases.
fn add<'v>(
    edit: &mut Edit<'v>,
    root: Node<'v>,
    missing: &[&Wanted],
    there: &[Entry],
    settings: &Settings,
) -> Result<(), Error> {
    let (Some((_, spec)), Some(first)) = (root.own_entry("spec"), missing.first()) else { return Ok(()) };
    let comments = first.comments(settings);
    let comments = comments.each_ref().map(String::as_str);
    let items = || missing.iter().map(|wanted| wanted.item(settings));
    let all = || New::Sequence(items().collect());
    let Some((_, list)) = spec.own_entry("patches") else {
        return match spec.style() {
            Some(Style::Block) => edit.insert_commented_entry(spec, Place::Last, &comments, "patches", &all()),
            _ => edit.insert_entry(spec, Place::Last, "patches", &all()),
        };
    };
    let is_empty = list.is_null() || (list.kind() == Kind::Sequence && list.items().next().is_none());
    if is_empty && !list.is_alias() {
        return edit.set(list, &all(), |_| Fate::Moved);
    }
    let end = list.items().count();
    let releases = there.iter().filter(|entry| entry.form != Form::Kustomizations).map(|entry| entry.index).min();
    for (number, (wanted, item)) in missing.iter().zip(items()).enumerate() {
        let at = releases.filter(|_| wanted.form == Form::Kustomizations).unwrap_or(end);
        match list.style() {
            Some(Style::Block) if number == 0 => edit.insert_commented_item(list, at, &comments, &item)?,
            _ => edit.insert_item(list, at, &item)?,
        }
    }
    Ok(())
}

fn remove<'v>(edit: &mut Edit<'v>, root: Node<'v>, fields: &[&Field]) -> Result<(), Error> {
    let Some((spec, from)) = root.get("spec").and_then(|spec| Some((spec, Value::of(spec)?))) else { return Ok(()) };
    let mut to = from.clone();
    fields.iter().for_each(|field| to.remove_at(field.path));
    rewrite(edit, spec, &from, &to, "it is about a value that is a default now")
}
