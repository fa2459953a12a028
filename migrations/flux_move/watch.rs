//! Alerts and Receivers that watch all Flux Kustomizations of a namespace: where these go, nobody looks.
//!
//! An entry is for one namespace. So an Alert that loses sight of what moves gets its entry once more for each
//! new namespace. That one matches nothing until then.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use crate::flux::{At, Reach, Value, View, Watched, watching_field};
use crate::migrations::watchers::{self, obstacle};
use crate::yaml::{Edit, Error, Node};

/// An Alert or a Receiver that would lose sight of something.
pub(super) struct Watch<'v> {
    pub(super) at: &'v At,
    pub(super) reach: &'v Reach,
    /// Why it is not changed, if so.
    pub(super) obstacle: Option<String>,
    /// The new entries: behind which, and for which namespace.
    pub(super) entries: BTreeSet<(usize, String)>,
    /// What it would lose sight of.
    pub(super) watched: BTreeSet<At>,
}

/// All that would lose sight of some Flux Kustomizations on their way to other namespaces.
pub(super) fn watches<'v>(view: &'v View, movers: &[(&Candidate, &str)]) -> Vec<Watch<'v>> {
    let mut found: BTreeMap<&'v At, Watch<'v>> = BTreeMap::new();
    for (at, reaches) in view.graph().reached() {
        let watchers = || reaches.iter().filter(|reach| watching_field(reach).is_some());
        for reach in watchers() {
            // Where the new namespace includes the same Component, its own Alert sees what comes there.
            let copies = watchers().filter(|other| other.cluster == reach.cluster);
            let seen: Vec<Watched> = copies.flat_map(|copy| entries(view, at, copy).unwrap_or_default()).collect();
            let Some((entries, watched)) = lost(view, at, reach, movers, &seen) else { continue };
            let obstacle = obstacle(view, at, reach);
            let watch = found.entry(at).or_insert_with(|| Watch {
                at,
                reach,
                obstacle,
                entries: BTreeSet::new(),
                watched: BTreeSet::new(),
            });
            watch.entries.extend(entries);
            watch.watched.extend(watched);
        }
    }
    found.into_values().collect()
}

type Lost = (BTreeSet<(usize, String)>, BTreeSet<At>);

/// The entries of an Alert or a Receiver for all Flux Kustomizations of a namespace; `None` if it is suspended.
fn entries(view: &View, at: &At, reach: &Reach) -> Option<Vec<Watched>> {
    let all = view.watched(at, reach)?;
    Some(all.into_iter().filter(|entry| entry.kind == "Kustomization" && entry.is_for_all()).collect())
}

/// What it would lose sight of, and the entries that it needs. `seen` are those of all that are made of the
/// same document.
fn lost(view: &View, at: &At, reach: &Reach, movers: &[(&Candidate, &str)], seen: &[Watched]) -> Option<Lost> {
    let all = entries(view, at, reach)?;
    let (mut entries, mut watched) = Lost::default();
    for (candidate, to) in movers {
        if !candidate.ids.iter().any(|id| view.graph().kustomizations[*id].cluster == reach.cluster) {
            continue;
        }
        let labels = labels_of(view, candidate);
        let sees = |entry: &Watched, namespace: &str| {
            entry.namespace == namespace && entry.labels.iter().all(|(key, value)| labels.contains(&(&**key, &**value)))
        };
        let Some(seeing) = all.iter().rfind(|entry| sees(entry, &candidate.from)) else { continue };
        if !seen.iter().any(|entry| sees(entry, to)) {
            // Behind the last of its kind, whatever namespace that is for.
            let last =
                all.iter().rfind(|entry| entry.labels == seeing.labels).map_or(seeing.number, |last| last.number);
            entries.insert((last, (*to).to_owned()));
            watched.insert(candidate.at.clone());
        }
    }
    (!entries.is_empty()).then_some((entries, watched))
}

fn labels_of<'v>(view: &'v View, candidate: &Candidate) -> BTreeSet<(&'v str, &'v str)> {
    view.object(&candidate.at).into_iter().flat_map(|object| &object.labels).collect()
}

/// Writes the entries.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn widen<'v>(edit: &mut Edit<'v>, root: Node<'v>, watch: &Watch<'_>) -> Result<(), Error> {
    let field = watching_field(watch.reach).unwrap_or_default();
    let stated = |number: usize| root.at(&["spec", field])?.items().nth(number).and_then(Value::of);
    let entries = watch.entries.iter().filter_map(|(number, namespace)| {
        let mut item = stated(*number)?;
        item.set("namespace", Value::string(namespace));
        Some((*number, item))
    });
    watchers::add(edit, root, field, entries)
}
