//! What units come to on a tree: their text, and the proof that all builds stay what they are.

use std::collections::{BTreeMap, BTreeSet};

use super::pair::{Counterpart, VERSION, acts_on_others};
use super::proof::{Difference, outcome};
use super::survey::{Found, component_id, consumer_id, files_of, moved, removal_id};
use super::template::Consumer;
use super::{codes, finding, removal};
use crate::flux::{Kustomization, View};
use crate::plan::{Edited, Finding, Severity, Subject, Unit};
use crate::repo::{Change, Changes, RepoPath};
use crate::text::{Splice, Splices};
use crate::yaml::{CommentFate, Edit, Emptied, Error, Fate, New, Node, Place, Stream};

type Written = (Changes, Vec<(RepoPath, CommentFate)>);

/// Makes the text of units, then builds the tree with and without all of it: a unit that changes what is built, and is not known to, is
/// refused.
pub(super) fn edit(found: &Found<'_>, units: &[&Unit]) -> Vec<Edited> {
    let mut edited: Vec<Edited> = units.iter().map(|unit| one(found, unit)).collect();
    let is_change = |number: &usize| matches!(edited[*number], Edited::Changes(..));
    let all: Vec<usize> = (0..units.len()).filter(is_change).collect();
    let together = surprises(found, units, &edited, &all);
    if together.is_empty() {
        return edited;
    }
    // Of several that share a Flux Kustomization, those are to blame that are also surprising alone.
    let alone = together.keys().flat_map(|number| surprises(found, units, &edited, &[*number]));
    let mut refused: BTreeMap<usize, String> = alone.collect();
    let rest: Vec<usize> = all.into_iter().filter(|number| !refused.contains_key(number)).collect();
    refused.extend(surprises(found, units, &edited, &rest));
    for (number, message) in refused {
        let path = units[number].id.subject.path();
        edited[number] = Edited::Refused(finding(Severity::Error, codes::NOT_PROVEN, path, None, message));
    }
    edited
}

/// What some of the units change that they should not, landed together, by their numbers.
fn surprises(found: &Found<'_>, units: &[&Unit], edited: &[Edited], some: &[usize]) -> BTreeMap<usize, String> {
    let mut all = Changes::new();
    for number in some {
        if let Edited::Changes(changes, _) = &edited[*number] {
            changes.iter().for_each(|(path, change)| all.set(path.clone(), change.clone()));
        }
    }
    if all.is_empty() {
        return BTreeMap::new();
    }
    let consumers: BTreeMap<RepoPath, &Consumer<'_>> = some
        .iter()
        .filter_map(|number| found.consumers.iter().find(|own| consumer_id(own) == units[*number].id))
        .map(|own| (own.kustomization.path.clone(), own))
        .collect();
    let outcome = match outcome(found.view, &all, &consumers.keys().cloned().collect()) {
        Ok(outcome) => outcome,
        Err(error) => return some.iter().map(|number| (*number, error.to_string())).collect(),
    };
    let is_surprise = |own: &&Difference| !consumers.values().any(|consumer| is_expected(found, consumer, own));
    let of = |number: &usize| {
        let path = units[*number].id.subject.path();
        let differences = match consumers.contains_key(path) {
            true => outcome.of.get(path).map_or(&[][..], Vec::as_slice),
            // Components and removals change nothing; where consumers land with them, these are to blame.
            false if consumers.is_empty() => &outcome.applied[..],
            false => &[],
        };
        let mut surprises = differences.iter().filter(is_surprise);
        let first = surprises.next()?.shown();
        let more = surprises.count();
        Some((*number, if more == 0 { first } else { format!("{first}, and {more} more") }))
    };
    some.iter().filter_map(of).collect()
}

/// Whether a difference is one between a template and the Component that takes its place, of which the units say so.
fn is_expected(found: &Found<'_>, consumer: &Consumer<'_>, difference: &Difference) -> bool {
    let known = consumer.references.iter().filter_map(|own| Some((own, found.counterpart(own).ok()?)));
    known.filter(|(_, own)| !own.differs.is_empty()).any(|(reference, own)| {
        let before = difference.before.as_ref().is_none_or(|at| at.path.is_in(&reference.target));
        before && difference.after.as_ref().is_none_or(|at| at.path.is_in(&own.dir))
    })
}

fn one(found: &Found<'_>, unit: &Unit) -> Edited {
    let written = match &unit.id.subject {
        Subject::Consumer { kustomization } => {
            let consumer = found.consumers.iter().find(|own| own.kustomization.path == *kustomization);
            match consumer.filter(|own| !own.references.is_empty()) {
                Some(consumer) => switch(found, consumer),
                None => return Edited::Already,
            }
        }
        _ if unit.is_removal() => {
            let template = found.templates.iter().find(|own| removal_id(found.view, own) == unit.id);
            match template {
                Some(template) => remove(found, template),
                None => return Edited::Already,
            }
        }
        _ => {
            let all = found.counterparts.values().filter_map(|own| own.as_ref().ok());
            let new = all.filter_map(|own| Some((own, own.made_from.as_ref()?)));
            match new.into_iter().find(|(own, from)| component_id(own, from, found.view) == unit.id) {
                Some((counterpart, from)) => make(found.view, counterpart, from),
                None => return Edited::Already,
            }
        }
    };
    match written {
        Ok((changes, comments)) => Edited::Changes(changes, comments),
        Err(reason) => Edited::Refused(reason),
    }
}

/// Moves the entries of a consumer.
fn switch(found: &Found<'_>, consumer: &Consumer<'_>) -> Result<Written, Finding> {
    let own = consumer.kustomization;
    let mut components = Vec::new();
    for reference in &consumer.references {
        let counterpart = found.counterpart(reference).map_err(|(code, message)| {
            finding(Severity::Error, code, &own.path, Some(reference.line), message.clone())
        })?;
        components.push(counterpart.dir.seen_from(&own.dir()));
    }
    let stream = found.view.file(&own.path).and_then(|file| file.stream.as_ref());
    let stream = stream.expect("a kustomization of the view was read");
    let refuse = |error: Error| refused_edit(&own.path, &error);
    let (text, comments) = rewritten(found.view, consumer, stream, &components).map_err(refuse)?;
    let mut changes = Changes::new();
    changes.set(own.path.clone(), Change::Edit(difference(stream.text(), &text)));
    Ok((changes, comments.into_iter().map(|comment| (own.path.clone(), comment)).collect()))
}

const RESOURCES: &str = "resources";
const COMPONENTS: &str = "components";

/// The text of a consumer with its entries moved, in two edits, each of them proven: what goes and what comes would touch where one list follows
/// on the other.
fn rewritten(
    view: &View,
    consumer: &Consumer<'_>,
    stream: &Stream,
    components: &[String],
) -> Result<(String, Vec<CommentFate>), Error> {
    let own = consumer.kustomization;
    let root = root_of(stream);
    let is_template = |item: &Node<'_>| {
        let target = item.value().and_then(|text| view.resolve(own, text));
        target.is_some_and(|target| consumer.references.iter().any(|own| own.target == target))
    };
    let resources = root.own_entry(RESOURCES).map_or(root, |(_, value)| value);
    let items: Vec<Node<'_>> = resources.items().collect();
    let goes: Vec<usize> = (0..items.len()).filter(|number| is_template(&items[*number])).collect();
    let list = New::Sequence(components.iter().map(|path| New::string(path.as_str())).collect());
    let has_list = root.own_entry(COMPONENTS).is_some();

    let mut edit = Edit::of(stream);
    let nothing_left = goes.len() == items.len();
    if nothing_left && !has_list {
        edit.replace_entry(root, RESOURCES, COMPONENTS, &list, |_| Fate::Moved)?;
    } else if nothing_left {
        edit.remove_entry(root, RESOURCES, Emptied::NoEntry, |_| Fate::Moved)?;
    }
    for number in goes.into_iter().filter(|_| !nothing_left) {
        edit.remove_item(resources, number, Emptied::Brackets, |_| Fate::Moved)?;
    }
    let edited = edit.finish()?;
    let text = edited.splices.apply(stream.text()).expect("splices fit the text that they were made for");
    if nothing_left && !has_list {
        return Ok((text, edited.comments));
    }

    let stream = Stream::parse(text)?;
    let root = root_of(&stream);
    let mut edit = Edit::of(&stream);
    let there = root.own_entry(COMPONENTS).map(|(_, value)| value);
    match there {
        Some(there) if there.items().next().is_none() => edit.set(there, &list, |_| Fate::Moved)?,
        // Resources come before all Components; where one of these changes objects, ours must be there before it does.
        Some(there) => {
            let mut dirs = own.components.iter().filter_map(|entry| view.resolve(own, &entry.text));
            let acts = |dir: RepoPath| {
                view.kustomization(&dir).is_none_or(|own| acts_on_others(view, own, &mut BTreeSet::new()))
            };
            let at = if dirs.any(acts) { 0 } else { there.items().count() };
            for path in components {
                edit.insert_item(there, at, &New::string(path.as_str()))?;
            }
        }
        None => {
            let place = if before_resources(view) { Place::Before(RESOURCES) } else { Place::After(RESOURCES) };
            edit.insert_entry(root, place, COMPONENTS, &list)?;
        }
    }
    let text = edit.finish()?.splices.apply(stream.text()).expect("splices fit the text that they were made for");
    Ok((text, edited.comments))
}

fn root_of(stream: &Stream) -> Node<'_> {
    stream.documents().next().expect("a kustomization of the view has a document")
}

/// What makes one text of another: all lines from the first that differs to the last.
fn difference(before: &str, after: &str) -> Splices {
    let same = |own: &mut dyn Iterator<Item = (&str, &str)>| {
        own.take_while(|(a, b)| a == b).map(|(a, _)| a.len()).sum::<usize>()
    };
    let split = |text| -> Vec<&str> { str::split_inclusive(text, '\n').collect() };
    let (old, new) = (split(before), split(after));
    let start = same(&mut old.iter().copied().zip(new.iter().copied()));
    let end = same(&mut old.iter().rev().copied().zip(new.iter().rev().copied()));
    let end = end.min(before.len() - start).min(after.len() - start);
    let splice = Splice { range: start..before.len() - end, with: after[start..after.len() - end].to_owned() };
    Splices::new(before, vec![splice]).expect("one splice within the text")
}

/// Whether most kustomizations of the tree that have both lists have `components` before `resources`. Those that this migration writes follow
/// the majority, so that it stays what it is.
fn before_resources(view: &View) -> bool {
    let line = |root: Node<'_>, key: &str| root.own_entry(key).map(|(key, _)| key.line());
    let both = view.kustomizations().filter_map(|own| {
        let root = view.file(&own.path)?.stream.as_ref()?.documents().next()?;
        Some(line(root, "components")? < line(root, "resources")?)
    });
    let (before, after): (Vec<bool>, Vec<bool>) = both.partition(|before| *before);
    before.len() > after.len()
}

/// Makes a Component of a template: a copy of its files, with the kind and version of a Component.
fn make(view: &View, counterpart: &Counterpart, from: &RepoPath) -> Result<Written, Finding> {
    let refuse = |path: &RepoPath, message: String| finding(Severity::Error, codes::NOT_COPIED, path, None, message);
    let mut changes = Changes::new();
    let own = view.kustomization(from).expect("a template that is made a Component has a kustomization");
    for path in files_of(view, from) {
        let read = view.tree().read(&path).map_err(|error| refuse(&path, error.to_string()))?;
        let file = read.ok_or_else(|| refuse(&path, "it is not there any more".to_owned()))?;
        let text = str::from_utf8(&file.bytes).map_err(|error| refuse(&path, error.to_string()))?;
        let text = if path == own.path { as_component(view, own)? } else { text.to_owned() };
        changes.set(moved(&path, from, &counterpart.dir), Change::Create { text, mode: file.mode });
    }
    Ok((changes, Vec::new()))
}

/// The text of a kustomization file, as that of a Component.
fn as_component(view: &View, own: &Kustomization) -> Result<String, Finding> {
    let stream = view.file(&own.path).and_then(|file| file.stream.as_ref());
    let stream = stream.expect("a kustomization of the view was read");
    let written = || {
        let root = root_of(stream);
        let mut edit = Edit::of(stream);
        for (key, value) in [("apiVersion", VERSION), ("kind", "Component")] {
            match root.own_entry(key) {
                Some((_, node)) => edit.set_scalar(node, value)?,
                None => edit.insert_entry(root, Place::First, key, &New::string(value))?,
            }
        }
        edit.finish()
    };
    let edited = written().map_err(|error| refused_edit(&own.path, &error))?;
    Ok(edited.splices.apply(stream.text()).expect("splices fit the text that they were made for"))
}

/// Takes a template away. What its comments say stays in the Component that has them, too.
fn remove(found: &Found<'_>, template: &RepoPath) -> Result<Written, Finding> {
    let view = found.view;
    let path = view.kustomization(template).map_or(template, |own| &own.path);
    let refuse = |message: String| finding(Severity::Error, codes::ELSEWHERE, path, None, message);
    let before = removal::before(found, template).ok_or_else(|| refuse("something names it".to_owned()))?;
    if let Some(consumer) = before.consumers.first() {
        return Err(refuse(format!("{} names it", consumer.kustomization.path)));
    }
    let (mut changes, mut comments) = (Changes::new(), Vec::new());
    let kept = found.counterparts.get(template).and_then(|own| own.as_ref().ok());
    let kept: BTreeSet<&str> = kept.map(|own| comments_below(view, &own.dir)).unwrap_or_default();
    for path in files_of(view, template) {
        let read = view.tree().read(&path).map_err(|error| refuse(error.to_string()))?;
        let file = read.ok_or_else(|| refuse(format!("{path} is not there any more")))?;
        changes.set(path.clone(), Change::Delete { of: file.id() });
        let Some(stream) = view.file(&path).and_then(|file| file.stream.as_ref()) else { continue };
        comments.extend(stream.comments().iter().filter_map(|comment| {
            let text = &stream.text()[comment.range.clone()];
            let (line, range) = (comment.line, comment.range.clone());
            let fate = Fate::Dropped("its file goes".to_owned());
            (!kept.contains(text)).then(|| (path.clone(), CommentFate { text: text.to_owned(), line, range, fate }))
        }));
    }
    Ok((changes, comments))
}

/// All comments of the files below a directory.
fn comments_below<'v>(view: &'v View, dir: &RepoPath) -> BTreeSet<&'v str> {
    let streams = view.files().filter(|(path, _)| path.is_in(dir)).filter_map(|(_, file)| file.stream.as_ref());
    streams.flat_map(|stream| stream.comments().iter().map(|own| &stream.text()[own.range.clone()])).collect()
}

/// What the YAML editor refused, in a file.
fn refused_edit(path: &RepoPath, error: &Error) -> Finding {
    finding(Severity::Error, error.problem.code(), path, Some(error.at.line), error.to_string())
}
