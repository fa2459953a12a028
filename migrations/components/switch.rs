//! The text of consumers: entries that move from `resources` to `components`.

use std::collections::BTreeSet;

use super::edit::{Written, refused_edit};
use super::finding;
use super::pair::acts_on_others;
use super::survey::Found;
use super::template::Consumer;
use crate::flux::View;
use crate::plan::{Finding, Severity};
use crate::repo::{Change, Changes, RepoPath};
use crate::text::{Splice, Splices};
use crate::yaml::{CommentFate, Edit, Emptied, Error, Fate, New, Node, Place, Stream};
/// Moves the entries of a consumer.
pub(super) fn switch(found: &Found<'_>, consumer: &Consumer<'_>) -> Result<Written, Finding> {
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

pub(super) fn root_of(stream: &Stream) -> Node<'_> {
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
