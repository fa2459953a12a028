//! The text of consumers: entries that move from `resources` to `components`.

use super::find::Found;
use super::pair::{Lacking, changes_others};
use super::template::{Consumer, Reference};
use crate::flux::{At, Kustomization, View};
use crate::plan::Finding;
use crate::plan::author::{Edits, Written, comments_out_entry, refused_edit};
use crate::repo::{Change, RepoPath};
use crate::text::{Splice, Splices};
use crate::yaml::{Attached, CommentFate, Edit, Emptied, Error, Fate, New, Node, Place, Stream, Style};

const RESOURCES: &str = "resources";
const COMPONENTS: &str = "components";

/// A Component to be named, as it is written there, with the comments of the entry that it replaces.
pub(super) type Named = (String, Attached);

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
        let relative = |dir: &RepoPath| dir.seen_from(&consumer.kustomization.dir());
        let listed: Vec<String> = dirs.iter().filter(|_| named_by.is_empty()).map(relative).collect();
        let Rewritten { splices, comments, taken } = rewritten(found, consumer.kustomization, references, &listed)
            .map_err(|error| refused_edit(path, &error))?;
        for flux in &named_by {
            found.name_in_flux(&mut edits, flux, dirs.iter().zip(&taken))?;
        }
        edits.set(path.clone(), Change::Edit(splices));
        fates.extend(comments.into_iter().map(|comment| (path.clone(), comment)));
    }
    let (changes, others) = edits.finish()?;
    fates.extend(others);
    Ok((changes, fates))
}

/// A consumer whose entries move.
struct Rewritten {
    splices: Splices,
    comments: Vec<CommentFate>,
    /// The comments of each entry.
    taken: Vec<Attached>,
}

/// What changes in a consumer whose entries move, or are only removed where it names no Components
/// itself. Two edits, each proven: one would remove and add text at the same place where one list
/// follows the other.
fn rewritten(
    found: &Found<'_>,
    kustomization: &Kustomization,
    references: &[&Reference],
    components: &[String],
) -> Result<Rewritten, Error> {
    let view = found.view;
    let stream = view.file(&kustomization.path).and_then(|file| file.stream.as_ref());
    let stream = stream.expect("a kustomization of the view was read");
    let root = root_of(stream);
    let resources = root.own_entry(RESOURCES).map_or(root, |(_, value)| value);
    let target = |item: &Node<'_>| view.resolve(kustomization, item.value()?);
    let items: Vec<Node<'_>> = resources.items().collect();
    let targets: Vec<Option<RepoPath>> = items.iter().map(target).collect();
    let moves = |target: &RepoPath| references.iter().any(|reference| reference.target == *target);
    let removed: Vec<usize> = (0..items.len()).filter(|index| targets[*index].as_ref().is_some_and(moves)).collect();

    let mut edit = Edit::of(stream);
    let is_emptied = removed.len() == items.len();
    let components_there = root.own_entry(COMPONENTS).map(|(_, value)| value);
    let is_replaced = is_emptied && !components.is_empty() && components_there.is_none();
    let mut taken = vec![Attached::default(); references.len()];
    // On one line, no comment belongs to one entry.
    if !(is_replaced && resources.style() == Some(Style::Flow)) {
        for index in &removed {
            let comments = edit.take_comments_of_item(resources, *index, |text| {
                comments_out_entry(view, &kustomization.dir(), text)
            })?;
            let of = references.iter().position(|reference| targets[*index].as_ref() == Some(&reference.target));
            let slot = &mut taken[of.expect("only what a reference names is removed")];
            *slot = Attached { above: slot.all().chain(&comments.above).cloned().collect(), ..comments };
        }
    }
    let named: Vec<Named> = components.iter().cloned().zip(taken.iter().cloned()).collect();
    if is_replaced {
        edit.replace_entry(root, RESOURCES, COMPONENTS, &list(&named), |_| Fate::Moved)?;
    } else if is_emptied {
        if let Some(there) = components_there {
            edit.move_comments_of_entry(root, RESOURCES, there)?;
        }
        edit.remove_entry(root, RESOURCES, Emptied::NoEntry, |_| Fate::Moved)?;
    } else {
        for index in removed {
            edit.remove_item(resources, index, Emptied::Brackets, |_| Fate::Moved)?;
        }
    }
    let edited = edit.finish()?;
    let mut text = stream.apply(&edited.splices).expect("an edit is bound to its text");
    if !is_replaced && !named.is_empty() {
        text = with_components(found, kustomization, text, &named)?;
    }
    Ok(Rewritten { splices: difference(stream.text(), &text), comments: edited.comments, taken })
}

/// A new list of Components.
pub(super) fn list(named: &[Named]) -> New {
    New::Sequence(named.iter().map(item).collect())
}

fn item((path, comments): &Named) -> New {
    New::string(path.as_str()).with_comments(comments.clone())
}

/// Puts a Component into a list. Comments that have no line there are put above the list.
pub(super) fn insert<'s>(edit: &mut Edit<'s>, there: Node<'s>, position: usize, named: &Named) -> Result<(), Error> {
    if there.style() == Some(Style::Flow) {
        edit.add_taken_above(there, &named.1)?;
        return edit.insert_item(there, position, &New::string(named.0.as_str()));
    }
    edit.insert_item(there, position, &item(named))
}

/// The text of a consumer with new Components.
fn with_components(
    found: &Found<'_>,
    kustomization: &Kustomization,
    text: String,
    components: &[Named],
) -> Result<String, Error> {
    let view = found.view;
    let stream = Stream::parse(text)?;
    let root = root_of(&stream);
    let mut edit = Edit::of(&stream).in_order();
    match root.own_entry(COMPONENTS).map(|(_, value)| value) {
        Some(there) if there.items().next().is_none() => edit.set(there, &list(components), |_| Fate::Moved)?,
        // Resources come before all Components. If one of these changes objects, the new ones come
        // before it, so that it still changes theirs.
        Some(there) => {
            let resolved = |text: &str| view.resolve(kustomization, text);
            let dirs: Vec<Option<RepoPath>> = there.items().map(|item| item.text().and_then(resolved)).collect();
            let changes = |dir: &RepoPath| view.kustomization(dir).is_none_or(|dir| changes_others(view, dir));
            let at_front = dirs.iter().flatten().any(changes);
            for named in components {
                let position = found.position(&dirs, resolved(&named.0).as_ref(), at_front);
                insert(&mut edit, there, position, named)?;
            }
        }
        None if components_come_first(view) => {
            edit.insert_entry(root, Place::Before(RESOURCES), COMPONENTS, &list(components))?
        }
        None => edit.insert_entry(root, Place::After(RESOURCES), COMPONENTS, &list(components))?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::components::ComponentsSettings;
    use crate::repo::Memory;

    /// The text of a consumer in `apps`, with its entries moved.
    fn moved(consumer: &str) -> String {
        let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
        let kustomization = |kind: &str, name: &str| {
            let version = if kind == "Component" { "v1alpha1" } else { "v1beta1" };
            format!("apiVersion: kustomize.config.k8s.io/{version}\nkind: {kind}\nresources: [{name}.yaml]\n")
        };
        let mut files = vec![
            ("apps/kustomization.yaml".to_owned(), consumer.to_owned()),
            ("apps/app.yaml".to_owned(), map("app")),
            ("apps/other.yaml".to_owned(), map("other")),
        ];
        for name in ["a", "b"] {
            for (dir, kind) in [("templates", "Kustomization"), ("components", "Component")] {
                files.push((format!("{dir}/{name}/kustomization.yaml"), kustomization(kind, name)));
                files.push((format!("{dir}/{name}/{name}.yaml"), map(name)));
            }
        }
        let view = View::of(Memory::tree(files.iter().map(|(path, text)| (&**path, &**text)))).unwrap().whole();
        let settings = ComponentsSettings::default();
        let found = Found::in_view(&view, &settings);
        let [consumer] = &found.consumers[..] else { panic!("one consumer") };
        let moves = [(consumer, found.switched(consumer))];
        let (changes, _) = move_entries(&found, &moves, Edits::of(&view)).unwrap();
        let after = view.with(&changes).unwrap();
        let file = after.tree().read(&consumer.kustomization.path).unwrap().unwrap();
        file.bytes.text().unwrap().to_owned()
    }

    #[test]
    fn comments_go_with_their_entries_and_others_stay() {
        let cases = [
            // Above it and on its line; what is below the list stays there.
            (
                "resources:\n  # the app\n  - app.yaml\n  # backup\n  # of the volume\n  - ../templates/a # keep\n  # the end\nnamespace: x\n",
                "resources:\n  # the app\n  - app.yaml\n  # the end\ncomponents:\n  # backup\n  # of the volume\n  - ../components/a # keep\nnamespace: x\n",
            ),
            // Entries that are commented out stay, with what is above them, also after a blank line.
            (
                "resources:\n  - app.yaml\n  # not yet\n  # - other.yaml\n  # backup\n  - ../templates/a\n\n  #- ./later\nnamespace: x\n",
                "resources:\n  - app.yaml\n  # not yet\n  # - other.yaml\n\n  #- ./later\ncomponents:\n  # backup\n  - ../components/a\nnamespace: x\n",
            ),
            // A list that is not indented.
            (
                "resources:\n- app.yaml\n# backup\n- ../templates/a\n# - other.yaml\n# about the namespace\nnamespace: x\n",
                "resources:\n- app.yaml\n# - other.yaml\ncomponents:\n# backup\n- ../components/a\n# about the namespace\nnamespace: x\n",
            ),
            // All entries go, each with its comments.
            (
                "resources:\n  # one\n  - ../templates/a # eins\n  - ../templates/b # zwei\n    # deeper\n",
                "components:\n  # one\n  - ../components/a # eins\n  - ../components/b # zwei\n    # deeper\n",
            ),
            // All go, and the list is there already.
            (
                "# all\nresources: # of it\n  # one\n  - ../templates/a\n  # - other.yaml\ncomponents:\n  - ../components/b # there\n",
                "# all\n# of it\n# - other.yaml\ncomponents:\n  - ../components/b # there\n  # one\n  - ../components/a\n",
            ),
            // A list on one line has no line for comments. (An unknown Component may change objects.)
            (
                "components: [../components/b]\nresources:\n  - app.yaml\n  - ../templates/a # one\n",
                "# one\ncomponents: [../components/b, ../components/a]\nresources:\n  - app.yaml\n",
            ),
            (
                "components: [../components/c]\nresources:\n  - app.yaml\n  - ../templates/a # one\n  - ../templates/b # two\n",
                "# one\n# two\ncomponents: [../components/a, ../components/b, ../components/c]\nresources:\n  - app.yaml\n",
            ),
            // From a list in brackets; what is about its whole line stays there.
            (
                "resources: [\n  app.yaml, # the app\n  # backup\n  ../templates/a, # one\n]\n",
                "resources: [\n  app.yaml, # the app\n]\ncomponents:\n  # backup\n  - ../components/a # one\n",
            ),
            (
                "resources: [app.yaml, ../templates/a] # both\n",
                "resources: [app.yaml] # both\ncomponents:\n  - ../components/a\n",
            ),
            // The same comment twice, and line breaks of another kind.
            (
                "resources:\r\n  - app.yaml # x\r\n  - ../templates/a # x\r\n  - ../templates/b # x\r\n",
                "resources:\r\n  - app.yaml # x\r\ncomponents:\r\n  - ../components/a # x\r\n  - ../components/b # x\r\n",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(moved(text), expected, "{text}");
        }
    }
}
