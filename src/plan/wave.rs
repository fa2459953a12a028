//! Waves: units that are edited together, on one tree.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::Unit;
use crate::flux::{View, is_kustomization_file};
use crate::repo::{Change, Changes, RepoPath};
use crate::text::Splice;
use crate::yaml::Stream;

/// The units that can be edited on one tree, and all others in their order. They are of the migration of the
/// first, need nothing of each other nor of what comes later, and touch different files, or the file that
/// each is about, where each has an object of its own. What touches a file that is taken comes later: the
/// order of units makes no difference to the text.
pub(super) fn wave<'u>(units: &[&'u Unit]) -> (Vec<&'u Unit>, Vec<&'u Unit>) {
    let mut touched: BTreeMap<&RepoPath, bool> = BTreeMap::new();
    let mut passed = BTreeSet::new();
    let migration = units[0].id.migration;
    let is_about = |unit: &Unit, path: &RepoPath| unit.id.subject.path() == path && !is_kustomization_file(path);
    let of_migration = units.iter().take_while(|unit| unit.id.migration == migration).count();
    let (front, rest) = units.split_at(of_migration);
    let (mut now, mut later) = (Vec::new(), Vec::new());
    for unit in front {
        let can_share = |path| touched.get(path).is_none_or(|by_object| *by_object && is_about(unit, path));
        let apart = unit.touches.iter().all(can_share);
        let independent = unit.needs.iter().all(|need| !passed.contains(need));
        passed.insert(&unit.id);
        if !apart || !independent {
            later.push(*unit);
            continue;
        }
        for path in &unit.touches {
            let by_object = touched.entry(path).or_insert(true);
            *by_object &= is_about(unit, path);
        }
        now.push(*unit);
    }
    later.extend(rest);
    (now, later)
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
