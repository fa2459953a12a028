//! Waves: units that are edited together, on one tree.

use std::collections::{BTreeMap, BTreeSet};

use super::Unit;
use crate::flux::{View, is_kustomization_file};
use crate::repo::{Change, Changes, RepoPath};
use crate::text::{Splice, Splices};

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
    others: Changes,
    edits: BTreeMap<RepoPath, Edit<'v>>,
}

/// What is edited in a file, and in which of its documents.
struct Edit<'v> {
    text: &'v str,
    splices: Vec<Splice>,
    documents: Option<BTreeSet<usize>>,
}

impl<'v> Together<'v> {
    /// No changes yet, to files of this view.
    pub(super) fn on(view: &'v View) -> Together<'v> {
        Together { view, others: Changes::new(), edits: BTreeMap::new() }
    }

    /// Takes in the changes of a unit. False, and nothing is taken in, if they are to a document
    /// that another unit edits: it comes after that one.
    pub(super) fn take(&mut self, changes: &Changes) -> bool {
        let mut edits = Vec::new();
        for (path, change) in changes.iter() {
            let edit = match change {
                Change::Edit(splices) => self.edit(path, splices),
                _ => None,
            };
            let is_apart = match (self.edits.get(path), &edit) {
                (None, _) => true,
                (Some(before), Some(edit)) => match (&before.documents, &edit.documents) {
                    (Some(before), Some(now)) => before.is_disjoint(now),
                    _ => false,
                },
                (Some(_), None) => false,
            };
            if !is_apart || self.others.paths().any(|other| other == path) {
                return false;
            }
            edits.extend(edit.map(|edit| (path.clone(), edit)));
        }
        let edited: BTreeSet<&RepoPath> = edits.iter().map(|(path, _)| path).collect();
        for (path, change) in changes.iter().filter(|(path, _)| !edited.contains(path)) {
            self.others.set(path.clone(), change.clone());
        }
        for (path, edit) in edits {
            match self.edits.get_mut(&path) {
                None => drop(self.edits.insert(path, edit)),
                Some(before) => {
                    before.splices.extend(edit.splices);
                    before.documents.iter_mut().zip(edit.documents).for_each(|(all, now)| all.extend(now));
                }
            }
        }
        true
    }

    fn edit(&self, path: &RepoPath, splices: &Splices) -> Option<Edit<'v>> {
        let stream = self.view.file(path)?.stream.as_deref()?;
        let documents = stream.edited_alone(splices);
        Some(Edit { text: stream.text(), splices: splices.iter().cloned().collect(), documents })
    }

    /// All changes.
    pub(super) fn finish(self) -> Changes {
        let mut changes = self.others;
        for (path, edit) in self.edits {
            let splices = Splices::new(edit.text, edit.splices).expect("edits of different documents do not overlap");
            changes.set(path, Change::Edit(splices));
        }
        changes
    }
}
