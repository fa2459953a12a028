//! The text of a unit: the difference between what a document is and what its stage makes of it.

use std::collections::BTreeMap;

use super::built::Built;
use super::documents::{Extent, Made, Open, is_whole, made, subject_of};
use super::effects::meant;
use super::work::Work;
use super::{RecipeMigration, kinds, patches};
use crate::flux::{FieldDifference, Value, View, on_all_cores, rewrite};
use crate::plan::author::{After, Edits, Written, arriving, edited};
use crate::plan::codes::{CHANGED_ON_THE_WAY, GONE};
use crate::plan::{Edited, Finding, Unit};
use crate::recipe::place::{Part, Place};
use crate::recipe::promise::Promise;
use crate::recipe::select::{Answer, Document, comments_of, node_at, restated};
use crate::recipe::stage::{Outcome, refusal};
use crate::recipe::verb::{Commenting, rewrite_keeping, schema_change};
use crate::recipe::{Stage, codes, schema_comment};
use crate::repo::Changes;
use crate::yaml::{self, Edit, Error, Node, Stream};

/// The changes of units on a tree, which land together.
pub(super) fn edit(migration: &RecipeMigration, view: &View, units: &[&Unit]) -> Vec<Edited> {
    let found = on_all_cores(units, |unit| documents(migration, view, unit));
    let tables = kinds::fields(migration, view, found.iter().flatten().flat_map(|(_, made)| made));
    let work = |stage| Work { migration, view, stage, tables: &tables };
    let mut all = on_all_cores(&found, |found| match found {
        Ok((stage, made)) => edited(written(&work(stage), made)),
        Err(edited) => edited.clone(),
    });
    // What patches and Flux Kustomizations promise is held on this tree, too.
    let mut by_stage: BTreeMap<&str, (&Stage, Open<'_>, Vec<Changes>)> = BTreeMap::new();
    for ((unit, found), edited) in units.iter().zip(found).zip(&all) {
        let (Ok((stage, made)), Edited::Changes(changes, _)) = (found, edited) else { continue };
        let (_, open, texts) = by_stage.entry(&stage.name).or_insert_with(|| (stage, Open::new(), Vec::new()));
        open.insert(unit.id.subject.clone(), made.into_iter().filter(Made::is_open).collect());
        texts.push(changes.clone());
    }
    for (name, (stage, open, texts)) in by_stage {
        let built = Built::of(&work(stage), &open, || texts);
        for (unit, edited) in units.iter().zip(&mut all).filter(|(unit, _)| unit.id.step == name) {
            if let Some(finding) = built.refused(&unit.id.subject).into_iter().next() {
                *edited = Edited::Refused(finding);
            }
        }
    }
    all
}

/// The documents of a unit on a tree, with what its stage makes of them.
fn documents<'v>(
    migration: &RecipeMigration,
    view: &'v View,
    unit: &Unit,
) -> Result<(&'static Stage, Vec<Made<'v>>), Edited> {
    let path = unit.id.subject.path();
    let Some(stage) = migration.stage_of(unit) else {
        let message = format!("the recipe has no stage `{}` any more", unit.id.step);
        return Err(Edited::Refused(Finding::error(GONE, message).at(path, None)));
    };
    let extent = Extent::of(migration, stage);
    let files = unit.touches.iter().filter_map(|path| view.path(path));
    let all: Vec<Document<'_>> = match stage.together {
        true => extent.documents(view),
        false => files.flat_map(|path| extent.documents_of(view, path)).collect(),
    };
    let is_it = |document: &Document<'_>| subject_of(migration.recipe, stage, document) == unit.id.subject;
    let documents: Vec<Document<'_>> = all.into_iter().filter(is_it).collect();
    if documents.is_empty() {
        return Err(Edited::gone(unit));
    }
    let mut all = Vec::new();
    for document in documents {
        let Some((answer, from)) = extent.ask(&document) else { continue };
        let outcome = made(stage, &document, &from);
        // It counts only if there would be something to do.
        let has_something = outcome.as_ref().map_or(true, |outcome| !outcome.changed_by.is_empty());
        if let Some(refused) = refusal(&answer).filter(|_| has_something) {
            let finding = Finding::error(refused.code, refused.message);
            return Err(Edited::Refused(finding.at(document.path, document.root.line())));
        }
        if answer == Answer::Yes {
            all.push(Made { document, from, outcome });
        }
    }
    if let (Err(refused), [first, ..]) = (is_whole(stage, &all), all.as_slice()) {
        let finding = Finding::error(refused.code, refused.message);
        return Err(Edited::Refused(finding.at(first.document.path, first.document.root.line())));
    }
    Ok((stage, all))
}

/// The proven text of some documents of a file.
pub(super) fn written(work: &Work<'_>, made: &[Made<'_>]) -> Result<Written, Finding> {
    let mut edits = Edits::of(work.view);
    patches::write(work, made, &mut edits)?;
    for one in made.iter().filter(|one| one.document.patch.is_none()) {
        let (path, line) = (one.document.path, one.document.root.line());
        match &one.outcome {
            Err(refused) => return Err(Finding::error(refused.code, refused.message.clone()).at(path, line)),
            Ok(outcome) if one.document.generator.is_some() => {
                let because = &work.migration.recipe.summary;
                edits.file(path, |edit| write_generator(edit, one.document.root, (&one.from, outcome), because))?
            }
            Ok(outcome) => edits.file(path, |edit| {
                let stream = work.view.file(path).and_then(|file| file.stream.as_deref());
                write(edit, one.document.root, stream, (&one.from, outcome), &work.migration.recipe.summary)?;
                write_header(edit, &one.document, stream, (&one.from, outcome))
            })?,
        }
    }
    edits.finish_if(|after| made.iter().try_for_each(|one| arrives(work, one, after)))
}

/// Writes the difference of a document, and what happens to comments.
pub(super) fn write<'s>(
    edit: &mut Edit<'s>,
    root: Node<'s>,
    stream: Option<&'s Stream>,
    (from, outcome): (&Value, &Outcome),
    because: &str,
) -> Result<(), Error> {
    let mut to = outcome.value.clone();
    for (place, commenting) in &outcome.notes.comments {
        match (commenting, node_at(root, place), stream) {
            (Commenting::Put(text), Some(node), Some(stream)) => put(edit, stream, node, text)?,
            (Commenting::Put(text), None, _) => add_commented(edit, root, (from, &mut to), place, text)?,
            (Commenting::Take(patterns), Some(node), Some(stream)) => {
                let is_meant = |comment: &&&yaml::Comment| {
                    let text = stream.text()[comment.range.clone()].trim_start_matches('#').trim();
                    patterns.iter().any(|pattern| pattern.is_match(text))
                };
                for comment in comments_of(stream, node).iter().filter(is_meant) {
                    edit.remove_comment(comment, because)?;
                }
            }
            _ => {}
        }
    }
    rewrite_keeping(edit, root, (from, &in_order_of(from, &to)), &outcome.notes.kept, because)
}

/// Writes the difference of what a generator makes into the generator.
fn write_generator<'s>(
    edit: &mut Edit<'s>,
    item: Node<'s>,
    (from, outcome): (&Value, &Outcome),
    because: &str,
) -> Result<(), Error> {
    let Some(stated) = Value::of(item) else { return Ok(()) };
    match restated(&stated, from, &outcome.value) {
        Ok(to) => rewrite(edit, item, &stated, &to, because),
        // It was asked when the document was read.
        Err(_) => Ok(()),
    }
}

/// A value with the keys that another one has, too, in the order in which that has them: an entry
/// that was taken out and added again stays where it is.
fn in_order_of(from: &Value, to: &Value) -> Value {
    match (from, to) {
        (Value::Mapping(old), Value::Mapping(new)) => {
            let mut common = old.iter().filter_map(|(key, old)| Some((key, in_order_of(old, to.get(key)?))));
            let entry = |(key, value): &(String, Value)| match from.get(key) {
                Some(_) => common.next().map(|(key, value)| (key.clone(), value)).expect("there are as many"),
                None => (key.clone(), value.clone()),
            };
            Value::Mapping(new.iter().map(entry).collect())
        }
        (Value::Sequence(old), Value::Sequence(new)) if old.len() == new.len() => {
            Value::Sequence(old.iter().zip(new).map(|(old, new)| in_order_of(old, new)).collect())
        }
        _ => to.clone(),
    }
}

/// Writes the schema comment of a document; where another step changes its API version, the version
/// in the comment follows.
fn write_header<'s>(
    edit: &mut Edit<'s>,
    document: &Document<'s>,
    stream: Option<&'s Stream>,
    (from, outcome): (&Value, &Outcome),
) -> Result<(), Error> {
    let Some(stream) = stream else { return Ok(()) };
    for header in &outcome.notes.headers {
        if let Some(change) = schema_change(document, &header.settings) {
            schema_comment::write(edit, stream, &change)?;
        }
    }
    let new = outcome.value.text_at(&["apiVersion"]).filter(|new| from.text_at(&["apiVersion"]) != Some(new));
    match new.and_then(|new| new.rsplit_once('/')) {
        Some((_, version)) if outcome.notes.headers.is_empty() => {
            schema_comment::follow(edit, stream, document.root, document.path.name(), version)
        }
        _ => Ok(()),
    }
}

/// Puts a comment beside a value; above it, if there is another one already.
fn put<'s>(edit: &mut Edit<'s>, stream: &Stream, node: Node<'s>, text: &str) -> Result<(), Error> {
    let has_one = comments_of(stream, node).iter().any(|comment| comment.trailing);
    if has_one { edit.add_comment_above(node, text) } else { edit.add_comment_beside(node, text) }
}

/// Adds a new entry with a comment above it. What contains it must be there.
fn add_commented<'s>(
    edit: &mut Edit<'s>,
    root: Node<'s>,
    (from, to): (&Value, &mut Value),
    place: &Place,
    text: &str,
) -> Result<(), Error> {
    let Some((parent, Part::Key(key))) = place.split() else { return Ok(()) };
    let (Some(mapping), Some(value)) = (node_at(root, &parent), place.of(to).cloned()) else { return Ok(()) };
    let keys: Vec<String> = parent.of(to).map_or(&[][..], Value::entries).iter().map(|(key, _)| key.clone()).collect();
    let at = keys.iter().position(|other| other == key).unwrap_or_default();
    let is_old = |other: &&String| parent.of(from).is_some_and(|old| old.get(other).is_some());
    let before = keys[..at].iter().rev().find(is_old);
    let where_to = before.map_or(yaml::Place::First, |before| yaml::Place::After(before));
    edit.insert_commented_entry(mapping, where_to, &[text], key, &yaml::New::from(&value))?;
    parent.of_mut(to).expect("it was found").remove(key);
    Ok(())
}

/// Sees that what arrives in every cluster is what the stage makes of what arrived before, or is
/// as it was.
fn arrives(work: &Work<'_>, made: &Made<'_>, after: &After<'_>) -> Result<(), Finding> {
    let Some(object) = made.document.object else { return Ok(()) };
    if after.path != made.document.path {
        return Ok(());
    }
    let edited = after.object(&object.at);
    for reach in work.view.graph().reaches(&object.at) {
        let before = arriving(work.view, made.document.root, reach);
        let after = edited.as_ref().and_then(|(stream, at)| arriving(work.view, at.node(stream)?, reach));
        let (Some(before), Some(after), Some(meant)) = (before, after, meant(work, made, reach)) else { continue };
        let surprise = surprise(work.stage, &before, &meant, &after);
        if let Some((code, difference)) = surprise {
            let cluster = &work.view.graph().clusters[reach.cluster].name;
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".to_owned());
            let (old, new) = (shown(&difference.before), shown(&difference.after));
            let message =
                format!("{} of {} would change from {old} to {new} on {cluster}", difference.field, object.name);
            return Err(Finding::error(code, message).at(made.document.path, object.line));
        }
    }
    Ok(())
}

/// A difference that is not meant.
fn surprise(
    stage: &Stage,
    before: &Value,
    meant: &Value,
    after: &Value,
) -> Option<(&'static crate::plan::Code, FieldDifference)> {
    let found = before.differences(after);
    if let Promise::Nothing = stage.promise {
        return found.into_iter().next().map(|difference| (codes::BREAKS_PROMISE, difference));
    }
    if after.same_as(meant) {
        return None;
    }
    let wanted = before.differences(meant);
    // A list of another length is one difference, and of it only the whole can be compared.
    let is_meant = |difference: &FieldDifference| wanted.contains(difference);
    found.into_iter().find(|difference| !is_meant(difference)).map(|difference| (CHANGED_ON_THE_WAY, difference))
}
