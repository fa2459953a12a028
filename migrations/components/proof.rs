//! Whether a tree builds the same objects after a change, contents included.
//!
//! An object counts as the same if its file states the same and the same is done to it in the same
//! order ([`Traced`]): what a stage makes of an object need not be known for that. What cannot be
//! compared counts as different.

use std::collections::{BTreeMap, BTreeSet};

use super::protect::is_claim;
use crate::flux::{At, FieldDifference, FluxKustomization, Traced, View};
use crate::repo::{Changes, RepoPath, TreeError};

/// An object that is not the same in two builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// `Kind namespace/name`.
    pub(super) object: String,
    /// Where it was; `None` where it is new.
    pub(super) before: Option<At>,
    /// Where it is; `None` where it is missing.
    pub(super) after: Option<At>,
    /// The fields that differ. Empty where they are not known, or only what is done to it differs.
    pub(super) fields: Vec<FieldDifference>,
    /// Whether it is a PersistentVolumeClaim.
    pub(super) is_claim: bool,
}

impl Difference {
    /// What would happen to it, in a few words.
    pub(super) fn shown(&self) -> String {
        let Difference { object, before, after, .. } = self;
        match (before, after) {
            (Some(_), None) => format!("{object} would be missing"),
            (None, Some(_)) => format!("{object} would be new"),
            _ => format!("{object} would differ, or cannot be compared"),
        }
    }
}

/// How two builds differ, by object. Empty if they are certainly the same.
pub(super) fn differences(before: &[Traced], after: &[Traced]) -> Vec<Difference> {
    let mut all: BTreeMap<_, (Vec<&Traced>, Vec<&Traced>)> = BTreeMap::new();
    before.iter().for_each(|object| all.entry(&object.id).or_default().0.push(object));
    after.iter().for_each(|object| all.entry(&object.id).or_default().1.push(object));
    // What is there twice cannot be built; if it was there twice before, that is no difference.
    let is_among = |object: &Traced, others: &[&Traced]| others.iter().any(|other| object.is_same(other));
    let differs = |(old, new): &(Vec<&Traced>, Vec<&Traced>)| {
        old.len() != new.len()
            || !old.iter().all(|object| is_among(object, new))
            || !new.iter().all(|object| is_among(object, old))
    };
    let difference = |(old, new): (Vec<&Traced>, Vec<&Traced>)| {
        let either = old.first().or(new.first()).expect("one of them has it");
        Difference {
            object: either.shown(),
            before: old.first().map(|object| object.at.clone()),
            after: new.first().map(|object| object.at.clone()),
            fields: fields(&old, &new),
            is_claim: is_claim(&either.id.1),
        }
    };
    all.into_values().filter(differs).map(difference).collect()
}

/// The fields in which an object of two builds differs, as their files state them.
fn fields(old: &[&Traced], new: &[&Traced]) -> Vec<FieldDifference> {
    match (old, new) {
        ([Traced { stated: Some(old), .. }], [Traced { stated: Some(new), .. }]) => old.differences(new),
        ([_], []) => vec![whole("there", "removed")],
        ([], [_]) => vec![whole("absent", "new")],
        _ => vec![whole("as it is", "different, or not comparable")],
    }
}

fn whole(before: &str, after: &str) -> FieldDifference {
    FieldDifference { field: String::new(), before: Some(before.to_owned()), after: Some(after.to_owned()) }
}

/// How a change makes builds differ.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// What becomes different where a watched kustomization file is part of the build, by its path.
    pub(super) watched: BTreeMap<RepoPath, Vec<Difference>>,
    /// Everything that becomes different in what clusters apply.
    pub(super) applied: Vec<Difference>,
}

/// Builds every Flux Kustomization with and without a change, and the watched kustomization files
/// that are marked to build the same by themselves, too. `view` is a [`View::whole`].
///
/// # Errors
/// If the change does not fit the tree.
pub(super) fn compared(
    view: &View,
    changes: &Changes,
    watched: &BTreeMap<RepoPath, bool>,
) -> Result<Compared, TreeError> {
    let trial = view.with(changes)?;
    let mut compared = Compared::default();
    let alone: Vec<&RepoPath> = watched.iter().filter(|(_, alone)| **alone).map(|(path, _)| path).collect();
    let dirs: Vec<RepoPath> = alone.iter().map(|path| path.dir()).collect();
    let (before, after) = (view.traced_directories(&dirs), trial.traced_directories(&dirs));
    for ((path, before), after) in alone.into_iter().zip(&before).zip(&after) {
        compared.add(path, differences(before, after));
    }
    let (before, after, none) = (applied(view), applied(&trial), Vec::new());
    for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (old, new) = (before.get(name).unwrap_or(&none), after.get(name).unwrap_or(&none));
        let found = differences(old, new);
        if !found.is_empty() {
            for path in watched.keys().filter(|path| old.iter().any(|object| object.through.contains(path))) {
                compared.add(path, found.clone());
            }
            compared.applied.extend(found);
        }
    }
    Ok(compared)
}

impl Compared {
    fn add(&mut self, path: &RepoPath, found: Vec<Difference>) {
        if !found.is_empty() {
            let all = self.watched.entry(path.clone()).or_default();
            let new: Vec<_> = found.into_iter().filter(|difference| !all.contains(difference)).collect();
            all.extend(new);
        }
    }
}

/// What each Flux Kustomization of each cluster builds, by the names of both.
fn applied(view: &View) -> BTreeMap<(String, String), Vec<Traced>> {
    let graph = view.graph();
    let name = |applied: &FluxKustomization| (graph.clusters[applied.cluster].name.clone(), applied.full_name());
    graph.kustomizations.iter().map(name).zip(view.traced(&graph.kustomizations)).collect()
}
