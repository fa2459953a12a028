//! The text of consumers: entries that move from `resources` to `components`.

use std::collections::BTreeSet;

use super::destination::name_in_flux;
use super::finding;
use super::pair::acts_on_others;
use super::survey::Found;
use super::template::{Consumer, Reference, Templates};
use crate::flux::{Kustomization, View};
use crate::plan::author::{Written, refused_edit};
use crate::plan::{Finding, Severity};
use crate::repo::{Change, Changes, RepoPath};
use crate::text::{Splice, Splices};
use crate::yaml::{CommentFate, Edit, Emptied, Error, Fate, New, Node, Place, Stream};
/// Moves entries of consumers to where each names its Components.
pub(super) fn move_entries(found: &Found<'_>, moves: &[(&Consumer<'_>, Vec<&Reference>)]) -> Result<Written, Finding> {
    let (mut changes, mut comments, mut in_flux) = (Changes::new(), Vec::new(), Vec::new());
    for (consumer, references) in moves {
        let own = consumer.kustomization;
        let mut dirs = Vec::new();
        for reference in references {
            let counterpart = found.counterpart(reference).map_err(|(code, message)| {
                finding(Severity::Error, code, &own.path, Some(reference.line), message.clone())
            })?;
            dirs.push(counterpart.dir.clone());
        }
        let owners = found.named_by(consumer);
        let components: Vec<String> = match owners.is_empty() {
            true => dirs.iter().map(|dir| dir.seen_from(&own.dir())).collect(),
            false => Vec::new(),
        };
        in_flux.extend(owners.into_iter().map(|owner| (owner, dirs.clone())));
        let stream = found.view.file(&own.path).and_then(|file| file.stream.as_ref());
        let stream = stream.expect("a kustomization of the view was read");
        let refuse = |error: Error| refused_edit(&own.path, &error);
        let (text, fates) = rewritten(found, own, references, stream, &components).map_err(refuse)?;
        changes.set(own.path.clone(), Change::Edit(difference(stream.text(), &text)));
        comments.extend(fates.into_iter().map(|comment| (own.path.clone(), comment)));
    }
    name_in_flux(found, &in_flux, &mut changes)?;
    Ok((changes, comments))
}

const RESOURCES: &str = "resources";
const COMPONENTS: &str = "components";

/// The text of a consumer with its entries moved, or only taken out where it is not to name Components itself. Two edits, each of them proven:
/// what goes and what comes would touch where one list follows on the other.
fn rewritten(
    found: &Found<'_>,
    own: &Kustomization,
    references: &[&Reference],
    stream: &Stream,
    components: &[String],
) -> Result<(String, Vec<CommentFate>), Error> {
    let view = found.view;
    let root = root_of(stream);
    let is_template = |item: &Node<'_>| {
        let target = item.value().and_then(|text| view.resolve(own, text));
        target.is_some_and(|target| references.iter().any(|own| own.target == target))
    };
    let resources = root.own_entry(RESOURCES).map_or(root, |(_, value)| value);
    let items: Vec<Node<'_>> = resources.items().collect();
    let goes: Vec<usize> = (0..items.len()).filter(|number| is_template(&items[*number])).collect();
    let list = New::Sequence(components.iter().map(|path| New::string(path.as_str())).collect());
    let takes_its_place = !components.is_empty() && root.own_entry(COMPONENTS).is_none();

    let mut edit = Edit::of(stream);
    let nothing_left = goes.len() == items.len();
    if nothing_left && takes_its_place {
        edit.replace_entry(root, RESOURCES, COMPONENTS, &list, |_| Fate::Moved)?;
    } else if nothing_left {
        edit.remove_entry(root, RESOURCES, Emptied::NoEntry, |_| Fate::Moved)?;
    }
    for number in goes.into_iter().filter(|_| !nothing_left) {
        edit.remove_item(resources, number, Emptied::Brackets, |_| Fate::Moved)?;
    }
    let edited = edit.finish()?;
    let text = edited.splices.apply(stream.text()).expect("splices fit the text that they were made for");
    if components.is_empty() || (nothing_left && takes_its_place) {
        return Ok((text, edited.comments));
    }

    let stream = Stream::parse(text)?;
    let root = root_of(&stream);
    let mut edit = Edit::of(&stream).in_order();
    let there = root.own_entry(COMPONENTS).map(|(_, value)| value);
    match there {
        Some(there) if there.items().next().is_none() => edit.set(there, &list, |_| Fate::Moved)?,
        // Resources come before all Components; where one of these changes objects, ours must be there before it does.
        Some(there) => {
            let resolved = |text: &str| view.resolve(own, text);
            let dirs: Vec<Option<RepoPath>> = there.items().map(|item| item.text().and_then(resolved)).collect();
            let acts = |dir: &RepoPath| {
                view.kustomization(dir).is_none_or(|own| acts_on_others(view, own, &mut BTreeSet::new()))
            };
            let first = dirs.iter().flatten().any(acts);
            for path in components {
                let at = found.place(&dirs, resolved(path).as_ref(), first);
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

impl Found<'_> {
    /// Where a Component goes in a list of others: at its end, or `first`. Those that stand among templates are promoted in units that may land in any
    /// order: they keep an order of their own.
    pub(super) fn place(&self, list: &[Option<RepoPath>], new: Option<&RepoPath>, first: bool) -> usize {
        let templates = Templates::of(self.settings);
        let is_promoted = |own: Option<&RepoPath>| own.is_some_and(|own| templates.root_of(own).is_some());
        let stands = |own: &&Option<RepoPath>, before: bool| {
            is_promoted(new) && is_promoted(own.as_ref()) && (own.as_ref() < new) == before
        };
        match first {
            true => list.iter().take_while(|own| stands(own, true)).count(),
            false => list.len() - list.iter().rev().take_while(|own| stands(own, false)).count(),
        }
    }
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
