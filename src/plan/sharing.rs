//! Units that share a file and have nothing to do with each other: each changes the document of its
//! own object, and no other.

use std::collections::{BTreeMap, BTreeSet};

use super::{Subject, Unit, UnitId};
use crate::flux::{At, Object, View, is_kustomization_file};
use crate::repo::{Change, Changes, RepoPath};

/// The objects that clusters apply, by their files, kinds and names.
pub(super) struct Applied<'v> {
    objects: BTreeMap<(&'v RepoPath, &'v str, &'v str), BTreeSet<&'v At>>,
}

impl<'v> Applied<'v> {
    pub(super) fn of(view: &'v View) -> Applied<'v> {
        let mut objects: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (at, reaches) in view.graph().reached() {
            for reach in reaches {
                objects.entry((&at.path, &*reach.kind, &*reach.name)).or_default().insert(at);
            }
        }
        Applied { objects }
    }

    /// Those that a subject names.
    pub(super) fn objects_of(&self, subject: &Subject) -> Vec<&'v At> {
        let named = self.objects.get(&(subject.path(), subject.kind(), subject.name()));
        named.into_iter().flatten().copied().collect()
    }
}

/// Whether what a unit changes in the file of its subject is in the document of its own object, and
/// nobody else's.
pub(super) fn is_in_own_document(view: &View, subject: &Subject, changes: &Changes) -> bool {
    let own = || {
        let file = view.file(subject.path())?;
        let Change::Edit(splices) = changes.get(subject.path())? else { return None };
        let documents = file.stream.as_ref()?.documents_edited_alone(splices)?;
        let is_own = |document: &usize| match file.object_in(*document).map(Object::expanded) {
            Some([object]) => {
                let mut reaches = view.graph().reaches(&object.at).iter();
                reaches.any(|reach| reach.kind == subject.kind() && reach.name == subject.name())
            }
            _ => false,
        };
        Some(documents.iter().all(is_own))
    };
    own().unwrap_or(false)
}

/// The units that touch each file: those that change their own document of it by its subject, and
/// all others.
#[derive(Default)]
struct Touching<'u> {
    in_own_document: BTreeMap<&'u Subject, Vec<&'u UnitId>>,
    others: Vec<&'u UnitId>,
}

/// Has new units need what other migrations have landed in the files that they touch: it is on that
/// tree that they were found. Lists of kustomizations do not count: an entry has its place whatever
/// else is listed. Nor do other documents of the file, where both change their own only.
pub(super) fn after_others(new: &mut [Unit], landed: &[Unit]) {
    let counts = |path: &&RepoPath| !is_kustomization_file(path);
    let mut touching: BTreeMap<&RepoPath, Touching<'_>> = BTreeMap::new();
    let mut about: BTreeMap<&RepoPath, Vec<&UnitId>> = BTreeMap::new();
    for other in landed.iter().filter(|other| other.is_able()) {
        let subject = &other.id.subject;
        for path in other.touches.iter().filter(counts) {
            let touching = touching.entry(path).or_default();
            match other.is_in_own_document && path == subject.path() {
                true => touching.in_own_document.entry(subject).or_default().push(&other.id),
                false => touching.others.push(&other.id),
            }
        }
        about.entry(subject.path()).or_default().push(&other.id);
    }
    for unit in new {
        let subject = &unit.id.subject;
        let mut before: Vec<&UnitId> =
            unit.reads.iter().filter_map(|path| about.get(path)).flatten().copied().collect();
        for path in unit.touches.iter().filter(counts) {
            let Some(touching) = touching.get(path) else { continue };
            before.extend(&touching.others);
            // Where nothing was written nothing is known of it but what it is about.
            let is_apart = path == subject.path() && (unit.is_in_own_document || !unit.is_able());
            match is_apart {
                true => before.extend(touching.in_own_document.get(subject).into_iter().flatten()),
                false => before.extend(touching.in_own_document.values().flatten()),
            }
        }
        let before = before.into_iter().filter(|other| other.migration != unit.id.migration);
        let before: Vec<UnitId> = before.cloned().collect();
        unit.need(before);
    }
}
