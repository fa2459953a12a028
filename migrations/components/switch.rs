//! The text of consumers: entries that move from `resources` to `components`.

use super::find::Found;
use super::pair::{Lacking, changes_others};
use super::template::{Consumer, Reference};
use crate::flux::{At, Kustomization, View};
use crate::plan::Finding;
use crate::plan::author::{Edits, Written, refused_edit};
use crate::repo::{Change, RepoPath};
use crate::text::{Splice, Splices};
use crate::yaml::{CommentFate, Edit, Emptied, Error, Fate, New, Node, Place, Stream};

const RESOURCES: &str = "resources";
const COMPONENTS: &str = "components";

/// Moves entries of consumers to where each names its Components, beside other edits.
pub(super) fn move_entries<'v>(
    found: &Found<'v>,
    moves: &[(&Consumer<'_>, Vec<&Reference>)],
    mut edits: Edits<'v>,
) -> Result<Written, Finding> {
    let mut fates = Vec::new();
    for (consumer, references) in moves {
        let path = &consumer.kustomization.path;
        let mut dirs = Vec::new();
        for reference in references {
            let lacking = |(code, message): &Lacking| Finding::error(code, message).at(path, reference.line);
            dirs.push(found.counterpart(reference).map_err(lacking)?.dir.clone());
        }
        let named_by = found.named_by(consumer);
        for flux in &named_by {
            found.name_in_flux(&mut edits, flux, &dirs)?;
        }
        let relative = |dir: &RepoPath| dir.seen_from(&consumer.kustomization.dir());
        let listed: Vec<String> = dirs.iter().filter(|_| named_by.is_empty()).map(relative).collect();
        let (splices, comments) = rewritten(found, consumer.kustomization, references, &listed)
            .map_err(|error| refused_edit(path, &error))?;
        edits.set(path.clone(), Change::Edit(splices));
        fates.extend(comments.into_iter().map(|comment| (path.clone(), comment)));
    }
    let (changes, others) = edits.finish()?;
    fates.extend(others);
    Ok((changes, fates))
}

/// What changes in a consumer whose entries move, or are only removed where it names no Components
/// itself. Two edits, each proven: one would remove and add text at the same place where one list
/// follows the other.
fn rewritten(
    found: &Found<'_>,
    kustomization: &Kustomization,
    references: &[&Reference],
    components: &[String],
) -> Result<(Splices, Vec<CommentFate>), Error> {
    let view = found.view;
    let stream = view.file(&kustomization.path).and_then(|file| file.stream.as_ref());
    let stream = stream.expect("a kustomization of the view was read");
    let root = root_of(stream);
    let resources = root.own_entry(RESOURCES).map_or(root, |(_, value)| value);
    let is_removed = |item: &Node<'_>| {
        let target = item.value().and_then(|text| view.resolve(kustomization, text));
        target.is_some_and(|target| references.iter().any(|reference| reference.target == target))
    };
    let items: Vec<Node<'_>> = resources.items().collect();
    let removed: Vec<usize> = (0..items.len()).filter(|index| is_removed(&items[*index])).collect();
    let list = New::Sequence(components.iter().map(|path| New::string(path.as_str())).collect());

    let mut edit = Edit::of(stream);
    let is_emptied = removed.len() == items.len();
    let is_replaced = is_emptied && !components.is_empty() && root.own_entry(COMPONENTS).is_none();
    if is_replaced {
        edit.replace_entry(root, RESOURCES, COMPONENTS, &list, |_| Fate::Moved)?;
    } else if is_emptied {
        edit.remove_entry(root, RESOURCES, Emptied::NoEntry, |_| Fate::Moved)?;
    } else {
        for index in removed {
            edit.remove_item(resources, index, Emptied::Brackets, |_| Fate::Moved)?;
        }
    }
    let edited = edit.finish()?;
    let mut text = stream.apply(&edited.splices).expect("an edit is bound to its text");
    if !is_replaced && !components.is_empty() {
        text = with_components(found, kustomization, text, components, &list)?;
    }
    Ok((difference(stream.text(), &text), edited.comments))
}

/// The text of a consumer with new Components.
fn with_components(
    found: &Found<'_>,
    kustomization: &Kustomization,
    text: String,
    components: &[String],
    list: &New,
) -> Result<String, Error> {
    let view = found.view;
    let stream = Stream::parse(text)?;
    let root = root_of(&stream);
    let mut edit = Edit::of(&stream).in_order();
    match root.own_entry(COMPONENTS).map(|(_, value)| value) {
        Some(there) if there.items().next().is_none() => edit.set(there, list, |_| Fate::Moved)?,
        // Resources come before all Components. If one of these changes objects, the new ones come
        // before it, so that it still changes theirs.
        Some(there) => {
            let resolved = |text: &str| view.resolve(kustomization, text);
            let dirs: Vec<Option<RepoPath>> = there.items().map(|item| item.text().and_then(resolved)).collect();
            let changes = |dir: &RepoPath| view.kustomization(dir).is_none_or(|dir| changes_others(view, dir));
            let at_front = dirs.iter().flatten().any(changes);
            for path in components {
                let position = found.position(&dirs, resolved(path).as_ref(), at_front);
                edit.insert_item(there, position, &New::string(path.as_str()))?;
            }
        }
        None if components_come_first(view) => edit.insert_entry(root, Place::Before(RESOURCES), COMPONENTS, list)?,
        None => edit.insert_entry(root, Place::After(RESOURCES), COMPONENTS, list)?,
    }
    Ok(stream.apply(&edit.finish()?.splices).expect("an edit is bound to its text"))
}

fn root_of(stream: &Stream) -> Node<'_> {
    stream.documents().next().expect("a kustomization of the view has a document")
}

/// What makes one text of another: all lines from the first that differs to the last.
fn difference(before: &str, after: &str) -> Splices {
    let same = |pairs: &mut dyn Iterator<Item = (&str, &str)>| {
        pairs.take_while(|(a, b)| a == b).map(|(a, _)| a.len()).sum::<usize>()
    };
    let split = |text| -> Vec<&str> { str::split_inclusive(text, '\n').collect() };
    let (old, new) = (split(before), split(after));
    let start = same(&mut old.iter().copied().zip(new.iter().copied()));
    let end = same(&mut old.iter().rev().copied().zip(new.iter().rev().copied()));
    let end = end.min(before.len() - start).min(after.len() - start);
    let splice = Splice { range: start..before.len() - end, with: after[start..after.len() - end].to_owned() };
    Splices::new(before, vec![splice]).expect("one splice within the text")
}

/// Whether `components` is before `resources` in most kustomizations of the tree that have both.
/// Those that this migration writes follow the majority, so that it stays the same.
fn components_come_first(view: &View) -> bool {
    let line = |root: Node<'_>, key: &str| root.own_entry(key).map(|(key, _)| key.line());
    let with_both = view.kustomizations().filter_map(|kustomization| {
        let root = view.node(&At::document(&kustomization.path, 0))?;
        Some(line(root, COMPONENTS)? < line(root, RESOURCES)?)
    });
    let (before, after): (Vec<bool>, Vec<bool>) = with_both.partition(|is_before| *is_before);
    before.len() > after.len()
}
