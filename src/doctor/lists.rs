//! JSON patches that put a list in the place of another.

use std::collections::BTreeMap;

use super::codes::LIST_REPLACED;
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{At, Reach, Value, View};
use crate::repo::RepoPath;

/// A patch, by its place, and the field whose list it replaces.
type Place<'v> = (&'v RepoPath, usize, String);

/// What objects lose by one operation of a patch.
#[derive(Default)]
struct Losses {
    /// Whether the operation is `add`.
    adds: bool,
    /// How many entries each object loses.
    objects: BTreeMap<String, usize>,
    /// The lists that they had.
    lists: Vec<Value>,
}

pub(super) fn findings(view: &View) -> Vec<Finding> {
    let mut replaced: BTreeMap<Place<'_>, Losses> = BTreeMap::new();
    for (at, reaches) in view.graph().reached() {
        for reach in reaches.iter().filter(|reach| reach.patches.iter().any(|patch| patch.is_operations())) {
            note_losses(view, at, reach, &mut replaced);
        }
    }
    // Who replaces the list of one object means to; who replaces those of several, whatever they
    // are, may not know of them.
    let is_unaware = |losses: &Losses| losses.adds || losses.lists.len() > 1;
    let unaware = replaced.into_iter().filter(|(_, losses)| is_unaware(losses));
    unaware
        .map(|((path, line, field), losses)| {
            let entries = |number: usize| if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") };
            let objects = losses.objects.into_iter().map(|(object, lost)| format!("{object} loses {}", entries(lost)));
            let message = format!("this patch replaces the list {field}: {}", listed(objects));
            finding(Severity::Warning, LIST_REPLACED, path, line, message)
        })
        .collect()
}

fn note_losses<'v>(view: &View, at: &At, reach: &'v Reach, replaced: &mut BTreeMap<Place<'v>, Losses>) {
    let Some(mut object) = view.node(at).and_then(Value::of) else { return };
    let namespace = reach.namespace.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let name = format!("{} {namespace}{}", reach.kind, reach.name);
    for patch in &reach.patches {
        for list in patch.replaced_lists(&object) {
            let losses = replaced.entry((&patch.path, patch.line, list.field.clone())).or_default();
            losses.adds |= list.adds;
            losses.objects.insert(name.clone(), list.lost);
            if !losses.lists.contains(&list.old) {
                losses.lists.push(list.old);
            }
        }
        patch.apply(&mut object);
    }
}
