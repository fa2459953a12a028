//! The text of what units do: labels, entries of `spec.patches`, fields that go.

use std::collections::BTreeMap;

use super::entry::{Entry, Form, Wanted};
use super::fields::Field;
use super::settings::RemediationDefaultsSettings;
use super::{codes, entry, finding};
use crate::flux::{At, Value, View};
use crate::plan::author::{Written, refused_edit};
use crate::plan::codes::UNTOUCHABLE_FILE;
use crate::plan::{Finding, Severity};
use crate::repo::{Change, Changes, RepoPath};
use crate::yaml::{Edit, Emptied, Error, Fate, Kind, New, Node, Place, Style};

/// Something to be done to an object where it stands.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// It gets a label, if it has none of this key.
    Label {
        /// The object.
        at: At,
        /// The key.
        key: String,
        /// The value.
        value: &'static str,
    },
    /// Its `spec.patches` get entries.
    Add {
        /// The Flux Kustomization.
        at: At,
        /// What is to be there.
        wanted: Vec<Wanted>,
    },
    /// An entry of its `spec.patches` says something else from now on.
    Change {
        /// The Flux Kustomization.
        at: At,
        /// What is to be there.
        wanted: Wanted,
        /// What is there now.
        old: Entry,
    },
    /// Fields of its `spec` go, and what is empty without them.
    Take {
        /// The object.
        at: At,
        /// The fields.
        fields: Vec<&'static Field>,
    },
}

impl Op {
    /// The object.
    pub(super) fn at(&self) -> &At {
        let (Op::Label { at, .. } | Op::Add { at, .. } | Op::Change { at, .. } | Op::Take { at, .. }) = self;
        at
    }
}

/// Writes all of these at once.
///
/// # Errors
/// A finding, for the first that cannot be written.
pub(super) fn write(view: &View, ops: &[Op], settings: &RemediationDefaultsSettings) -> Result<Written, Finding> {
    let mut by_file: BTreeMap<&RepoPath, Vec<&Op>> = BTreeMap::new();
    for op in ops {
        by_file.entry(&op.at().path).or_default().push(op);
    }
    let (mut changes, mut fates) = (Changes::new(), Vec::new());
    for (path, ops) in by_file {
        if let Some(barred) = view.barred(path) {
            let message = format!("{path} is never touched ({barred})");
            return Err(finding(Severity::Error, UNTOUCHABLE_FILE, Some(path), None, message));
        }
        let stream = view.file(path).and_then(|file| file.stream.as_deref()).expect("an object of the view was read");
        let mut edit = Edit::of(stream).in_order();
        for op in ops {
            apply(view, &mut edit, op, settings)?;
        }
        if edit.is_empty() {
            continue;
        }
        let edited = edit.finish().map_err(|error| refused_edit(path, &error))?;
        fates.extend(edited.comments.into_iter().map(|fate| (path.clone(), fate)));
        changes.set(path.clone(), Change::Edit(edited.splices));
    }
    Ok((changes, fates))
}

fn apply<'v>(
    view: &'v View,
    edit: &mut Edit<'v>,
    op: &Op,
    settings: &RemediationDefaultsSettings,
) -> Result<(), Finding> {
    let at = op.at();
    let root = view.node(at).expect("an object of the view stands somewhere");
    let refused = |error: Error| refused_edit(&at.path, &error);
    match op {
        Op::Label { key, value, .. } => label(edit, root, key, value, settings).map_err(refused),
        Op::Add { wanted, .. } => add_entries(edit, root, wanted, settings).map_err(refused),
        Op::Change { wanted, old, .. } => {
            if old.patch.contains('#') {
                let message = "the entry that is there holds comments, which would be lost".to_owned();
                let line = entry_node(root, old.number).map(Node::line);
                return Err(finding(Severity::Error, codes::ENTRY_EDITED, Some(&at.path), line, message));
            }
            set_entry(edit, root, wanted, old, settings).map_err(refused)
        }
        Op::Take { fields, .. } => {
            let spec = root.get("spec").expect("what states fields has a spec");
            let paths: Vec<&[&str]> = fields.iter().map(|field| field.path).collect();
            take(edit, spec, &paths).map_err(refused)
        }
    }
}

/// Puts a label into `metadata.labels`. The two labels of this migration stand in one order, whichever comes first.
fn label<'v>(
    edit: &mut Edit<'v>,
    root: Node<'v>,
    key: &str,
    value: &str,
    settings: &RemediationDefaultsSettings,
) -> Result<(), Error> {
    let Some((_, metadata)) = root.own_entry("metadata") else { return Ok(()) };
    let new = New::string(value);
    let Some((_, labels)) = metadata.own_entry("labels") else {
        let place =
            if metadata.own_entry("annotations").is_some() { Place::Before("annotations") } else { Place::Last };
        return edit.insert_entry(metadata, place, "labels", &New::mapping([(key, new)]));
    };
    if labels.own_entry(key).is_some() {
        return Ok(());
    }
    if labels.is_null() || (labels.kind() == Kind::Mapping && labels.entries().next().is_none()) {
        return edit.set(labels, &New::mapping([(key, new)]), |_| Fate::Moved);
    }
    let other = settings.kustomization_label();
    let place = if key != other && labels.own_entry(&other).is_some() {
        Place::Before(&other)
    } else if key == other && labels.own_entry(&settings.label).is_some() {
        Place::After(&settings.label)
    } else {
        Place::Last
    };
    edit.insert_entry(labels, place, key, &new)
}

/// Puts entries at the end of `spec.patches`; those of Flux Kustomizations before those of releases.
fn add_entries<'v>(
    edit: &mut Edit<'v>,
    root: Node<'v>,
    wanted: &[Wanted],
    settings: &RemediationDefaultsSettings,
) -> Result<(), Error> {
    let (Some((_, spec)), Some(first)) = (root.own_entry("spec"), wanted.first()) else { return Ok(()) };
    let items: Vec<New> = wanted.iter().map(|own| own.item(settings)).collect();
    let comments = first.comments(settings);
    let comments: Vec<&str> = comments.iter().map(String::as_str).collect();
    let Some((_, list)) = spec.own_entry("patches") else {
        let list = New::Sequence(items);
        return match spec.style() {
            Some(Style::Block) => edit.insert_commented_entry(spec, Place::Last, &comments, "patches", &list),
            _ => edit.insert_entry(spec, Place::Last, "patches", &list),
        };
    };
    let is_empty = list.is_null() || (list.kind() == Kind::Sequence && list.items().next().is_none());
    if is_empty && !list.is_alias() {
        return edit.set(list, &New::Sequence(items), |_| Fate::Moved);
    }
    let value = Value::of(list);
    let ours = value.iter().flat_map(|value| Entry::all(value, settings));
    let of_releases = ours.filter(|entry| entry.form != Form::Kustomizations).map(|entry| entry.number).min();
    let end = list.items().count();
    let at = of_releases.filter(|_| first.form == Form::Kustomizations).unwrap_or(end);
    for (number, item) in items.iter().enumerate() {
        match list.style() {
            Some(Style::Block) if number == 0 => edit.insert_commented_item(list, at, &comments, item)?,
            _ => edit.insert_item(list, at, item)?,
        }
    }
    Ok(())
}

/// Has an entry that is there say what is wanted.
fn set_entry<'v>(
    edit: &mut Edit<'v>,
    root: Node<'v>,
    wanted: &Wanted,
    old: &Entry,
    settings: &RemediationDefaultsSettings,
) -> Result<(), Error> {
    let Some(item) = entry_node(root, old.number) else { return Ok(()) };
    let text = wanted.patch(settings);
    let same = entry::body_of(&text) == entry::body_of(&old.patch);
    if let Some((_, patch)) = item.own_entry("patch").filter(|_| !same) {
        edit.set(patch, &New::Text(text), |_| Fate::Moved)?;
    }
    let selector = item.at(&["target"]).and_then(|target| target.own_entry("labelSelector"));
    match selector {
        Some((_, node)) => edit.set_scalar(node, &wanted.selector(settings)),
        None => Ok(()),
    }
}

fn entry_node(root: Node<'_>, number: usize) -> Option<Node<'_>> {
    root.at(&["spec", "patches"])?.items().nth(number)
}

/// Takes fields out of a mapping, with the mappings that hold nothing else.
fn take<'v>(edit: &mut Edit<'v>, mapping: Node<'v>, paths: &[&[&str]]) -> Result<(), Error> {
    for (key, below) in by_key(paths) {
        let Some((_, value)) = mapping.own_entry(key) else { continue };
        if below.iter().any(|path| path.is_empty()) || is_all(value, &below) {
            edit.remove_entry(mapping, key, Emptied::NoEntry, |_| {
                Fate::Dropped("it is about what the defaults say now".to_owned())
            })?;
        } else {
            take(edit, value, &below)?;
        }
    }
    Ok(())
}

/// Whether a mapping that stands here itself holds nothing but these fields.
fn is_all(mapping: Node<'_>, paths: &[&[&str]]) -> bool {
    let by_key = by_key(paths);
    mapping.kind() == Kind::Mapping
        && !mapping.is_alias()
        && mapping.entries().all(|(key, value)| {
            let below = key.text().and_then(|key| by_key.get(key));
            below.is_some_and(|below| below.iter().any(|path| path.is_empty()) || is_all(value, below))
        })
}

fn by_key<'p>(paths: &[&'p [&'p str]]) -> BTreeMap<&'p str, Vec<&'p [&'p str]>> {
    let mut found: BTreeMap<&str, Vec<&[&str]>> = BTreeMap::new();
    for path in paths {
        if let Some((first, rest)) = path.split_first() {
            found.entry(first).or_default().push(rest);
        }
    }
    found
}

/// The node of a field that an object states where it stands: not by an alias or a merge.
pub(super) fn own_node<'v>(root: Node<'v>, field: &Field) -> Option<Node<'v>> {
    let (_, mut node) = root.own_entry("spec")?;
    for key in field.path {
        if node.is_alias() {
            return None;
        }
        node = node.own_entry(key)?.1;
    }
    (!node.is_alias()).then_some(node)
}

/// The line of a field, wherever the object has it from; else that of the object.
pub(super) fn line_of(view: &View, at: &At, field: &Field) -> Option<usize> {
    let root = view.node(at)?;
    let mut found = root;
    for key in ["spec"].iter().chain(field.path) {
        let Some((own, value)) = found.own_entry(key) else { break };
        if field.path.last() == Some(key) {
            return Some(own.line());
        }
        found = value;
    }
    Some(view.object(at).map_or(1, |object| object.line))
}
