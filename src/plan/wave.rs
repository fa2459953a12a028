//! Waves: units that are edited together, on one tree.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::Unit;
use crate::flux::{View, is_kustomization_file};
use crate::repo::{Change, Changes, RepoPath};
use crate::text::Splice;
use crate::yaml::Stream;

/// How many units at the front can be edited on one tree: they are of one migration, need nothing
/// of each other, and touch different files, or the file that each is about, where each has an
/// object of its own.
pub(super) fn wave(units: &[&Unit]) -> usize {
    let mut touched: BTreeMap<&RepoPath, bool> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let migration = units[0].id.migration;
    let is_about = |unit: &Unit, path: &RepoPath| unit.id.subject.path() == path && !is_kustomization_file(path);
    units
        .iter()
        .take_while(|unit| {
            let can_share = |path| touched.get(path).is_none_or(|by_object| *by_object && is_about(unit, path));
            let apart = unit.touches.iter().all(can_share);
            let independent = unit.needs.iter().all(|need| !ids.contains(need));
            for path in &unit.touches {
                let by_object = touched.entry(path).or_insert(true);
                *by_object &= is_about(unit, path);
            }
            ids.insert(&unit.id);
            apart && independent && unit.id.migration == migration
        })
        .count()
}

/// The changes that units of a wave make together.
pub(super) struct Together<'v> {
    view: &'v View,
    edits: BTreeMap<RepoPath, Edit<'v>>,
    /// Changes that are no edits of YAML, and their paths.
    others: Changes,
    taken: BTreeSet<RepoPath>,
}

/// What is edited in a file, and in which of its parts; `None` if that cannot be told apart.
struct Edit<'v> {
    stream: &'v Stream,
    splices: Vec<Splice>,
    parts: Option<BTreeSet<usize>>,
}

impl Edit<'_> {
    fn is_apart_from(&self, other: &Edit<'_>) -> bool {
        matches!((&self.parts, &other.parts), (Some(parts), Some(others)) if parts.is_disjoint(others))
    }

    /// Adds an edit that is apart from this one.
    fn join(&mut self, other: Edit<'_>) {
        self.splices.extend(other.splices);
        self.parts.iter_mut().zip(other.parts).for_each(|(all, more)| all.extend(more));
    }
}

impl<'v> Together<'v> {
    /// No changes yet, to files of this view.
    pub(super) fn on(view: &'v View) -> Together<'v> {
        Together { view, edits: BTreeMap::new(), others: Changes::new(), taken: BTreeSet::new() }
    }

    /// Takes in the changes of a unit. False, and nothing is taken in, if they are to a document
    /// that another unit edits: it comes after that one.
    pub(super) fn take(&mut self, changes: &Changes) -> bool {
        let edits = changes.iter().filter_map(|(path, change)| Some((path, self.edit(path, change)?)));
        let edits: BTreeMap<&RepoPath, Edit<'v>> = edits.collect();
        let is_apart = |path: &RepoPath| {
            let before = self.edits.get(path);
            let joins = before.is_none_or(|before| edits.get(path).is_some_and(|edit| before.is_apart_from(edit)));
            joins && !self.taken.contains(path)
        };
        if !changes.paths().all(is_apart) {
            return false;
        }
        for (path, change) in changes.iter().filter(|(path, _)| !edits.contains_key(path)) {
            self.others.set(path.clone(), change.clone());
        }
        self.taken.extend(changes.paths().filter(|path| !edits.contains_key(path)).cloned());
        for (path, edit) in edits {
            match self.edits.entry(path.clone()) {
                Entry::Vacant(place) => drop(place.insert(edit)),
                Entry::Occupied(mut before) => before.get_mut().join(edit),
            }
        }
        true
    }

    fn edit(&self, path: &RepoPath, change: &Change) -> Option<Edit<'v>> {
        let Change::Edit(splices) = change else { return None };
        let stream = self.view.file(path)?.stream.as_deref()?;
        Some(Edit { stream, splices: splices.iter().cloned().collect(), parts: stream.edited_alone(splices) })
    }

    /// All changes.
    pub(super) fn finish(self) -> Changes {
        let mut changes = self.others;
        for (path, Edit { stream, splices, .. }) in self.edits {
            let splices = stream.splices(splices).expect("edits of different parts do not overlap");
            changes.set(path, Change::Edit(splices));
        }
        changes
    }
}
