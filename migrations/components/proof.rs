//! Whether a tree builds the same objects after a change, contents included.
//!
//! An object is taken to be the same if its file says the same of it and the same is done to it in the same order ([`Traced`]): what a stage makes
//! of an object need not be known for that. What cannot be told so counts as different.

use std::collections::{BTreeMap, BTreeSet};

use super::unit::is_claim;
use crate::flux::{At, FieldDifference, FluxKustomization, Traced, View};
use crate::repo::{Changes, RepoPath, TreeError};

/// An object that is not the same in two builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// `Kind namespace/name`.
    pub(super) object: String,
    /// Where it stood; `None` where it is new.
    pub(super) before: Option<At>,
    /// Where it stands; `None` where it is gone.
    pub(super) after: Option<At>,
    /// The fields that differ; none where it is not known, or in what is done to it.
    pub(super) fields: Vec<FieldDifference>,
    /// Whether it is a PersistentVolumeClaim.
    pub(super) is_claim: bool,
}

impl Difference {
    /// What happened to it, in a few words.
    pub(super) fn shown(&self) -> String {
        match (&self.before, &self.after) {
            (Some(_), None) => format!("{} would be gone", self.object),
            (None, Some(_)) => format!("{} would be new", self.object),
            _ => format!("{} would not be the same, as far as can be told", self.object),
        }
    }
}

/// How two builds differ, by object. Nothing, if they are the same for sure.
pub(super) fn differences(before: &[Traced], after: &[Traced]) -> Vec<Difference> {
    let mut all: BTreeMap<_, (Vec<&Traced>, Vec<&Traced>)> = BTreeMap::new();
    before.iter().for_each(|own| all.entry(&own.id).or_default().0.push(own));
    after.iter().for_each(|own| all.entry(&own.id).or_default().1.push(own));
    // What stands twice cannot be built; if it stood twice before, that is no difference.
    let differs = |(old, new): &(Vec<&Traced>, Vec<&Traced>)| {
        let is_among = |own: &&Traced, others: &[&Traced]| others.iter().any(|other| own.is_same(other));
        old.len() != new.len() || !old.iter().all(|own| is_among(own, new)) || !new.iter().all(|own| is_among(own, old))
    };
    let all = all.into_values().filter(differs);
    let difference = |(old, new): (Vec<&Traced>, Vec<&Traced>)| {
        let one = old.first().or(new.first()).expect("one of them has it");
        Difference {
            object: one.shown(),
            before: old.first().map(|own| own.at.clone()),
            after: new.first().map(|own| own.at.clone()),
            fields: fields(&old, &new),
            is_claim: is_claim(&one.id.1),
        }
    };
    all.map(difference).collect()
}

/// The fields in which an object of two builds differs, as their files have them.
fn fields(old: &[&Traced], new: &[&Traced]) -> Vec<FieldDifference> {
    match (old, new) {
        ([Traced { stated: Some(old), .. }], [Traced { stated: Some(new), .. }]) => old.differences(new),
        ([_], []) => vec![whole("there", "gone")],
        ([], [_]) => vec![whole("absent", "new")],
        _ => vec![whole("as it is", "another, as far as can be told")],
    }
}

fn whole(before: &str, after: &str) -> FieldDifference {
    FieldDifference { field: String::new(), before: Some(before.to_owned()), after: Some(after.to_owned()) }
}

/// What a change comes to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What becomes different where a consumer takes part, by its file.
    pub(super) of: BTreeMap<RepoPath, Vec<Difference>>,
    /// All that becomes different in what clusters apply.
    pub(super) applied: Vec<Difference>,
}

/// Builds what all Flux Kustomizations build, and the watched kustomization files that are to build the same by themselves, before and after a
/// change.
///
/// `view` is a [`View::whole`].
///
/// # Errors
/// If the change does not fit the tree.
pub(super) fn outcome(
    view: &View,
    changes: &Changes,
    watched: &BTreeMap<RepoPath, bool>,
) -> Result<Outcome, TreeError> {
    let trial = view.with(changes)?;
    let mut outcome = Outcome::default();
    let alone: Vec<&RepoPath> = watched.iter().filter(|(_, alone)| **alone).map(|(path, _)| path).collect();
    let dirs: Vec<RepoPath> = alone.iter().map(|path| path.dir()).collect();
    let (before, after) = (view.traced_directories(&dirs), trial.traced_directories(&dirs));
    for ((consumer, before), after) in alone.into_iter().zip(&before).zip(&after) {
        outcome.add(consumer, differences(before, after));
    }
    let (before, after) = (applied(view), applied(&trial));
    for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let none = Vec::new();
        let (old, new) = (before.get(name).unwrap_or(&none), after.get(name).unwrap_or(&none));
        let found = differences(old, new);
        if found.is_empty() {
            continue;
        }
        for consumer in watched.keys().filter(|own| old.iter().any(|object| object.through.contains(own))) {
            outcome.add(consumer, found.clone());
        }
        outcome.applied.extend(found);
    }
    Ok(outcome)
}

impl Outcome {
    fn add(&mut self, consumer: &RepoPath, found: Vec<Difference>) {
        if !found.is_empty() {
            let all = self.of.entry(consumer.clone()).or_default();
            let new: Vec<_> = found.into_iter().filter(|own| !all.contains(own)).collect();
            all.extend(new);
        }
    }
}

/// What each Flux Kustomization of each cluster builds, by the names of both.
fn applied(view: &View) -> BTreeMap<(String, String), Vec<Traced>> {
    let graph = view.graph();
    let name = |own: &FluxKustomization| (graph.clusters[own.cluster].name.clone(), own.full_name());
    graph.kustomizations.iter().map(name).zip(view.traced(&graph.kustomizations)).collect()
}
