//! Second objects: what many depend on is there twice for a while.
//!
//! While a Flux Kustomization is deleted in one namespace and made in another, all that depends on it
//! waits. Where that is much, the new object comes first, beside the old one, and both apply the same.
//! What moves names the second from then on; what stays is switched to it; and once nothing names the first,
//! that goes. The first is never suspended: what depends on a suspended one waits from the next commit on.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use crate::flux::{At, KustomizationId, Value, View};

/// What gets a second object, and what has one.
#[derive(Debug, Default)]
pub(super) struct Seconds {
    /// The places of candidates that get one.
    wanted: BTreeSet<At>,
    /// The places of second objects, by those of the first.
    there: BTreeMap<At, At>,
}

impl Seconds {
    /// Of the candidates of a view: those that more than so many depend on directly.
    pub(super) fn of(view: &View, candidates: &[Candidate], limit: usize) -> Seconds {
        let mut seconds = Seconds::default();
        for (candidate, to) in candidates.iter().filter_map(|candidate| Some((candidate, candidate.to()?))) {
            let dependents = |id: &KustomizationId| view.graph().direct_dependents(*id).len();
            if let Some(second) = second_of(view, candidate, to) {
                seconds.there.insert(candidate.at.clone(), second.clone());
            } else if candidate.ids.iter().map(dependents).max() > Some(limit)
                && !is_in_circle(view, candidate)
                && !is_suspended(view, candidate)
            {
                seconds.wanted.insert(candidate.at.clone());
            }
        }
        seconds
    }

    /// Whether a candidate gets or has a second object.
    pub(super) fn has(&self, candidate: &Candidate) -> bool {
        self.wanted.contains(&candidate.at) || self.there.contains_key(&candidate.at)
    }

    /// Where the second object of a candidate is, if there is one.
    pub(super) fn of_first(&self, candidate: &Candidate) -> Option<&At> {
        self.there.get(&candidate.at)
    }

    /// Whether there is a second object at a place, and the first is still there.
    pub(super) fn has_first(&self, at: &At) -> bool {
        self.there.values().any(|second| second == at)
    }
}

/// Where the second object of a candidate is: in the same file, under its name after the move, and the same
/// but for that and what it names, in all clusters.
fn second_of<'v>(view: &'v View, candidate: &Candidate, to: &str) -> Option<&'v At> {
    let kustomizations = &view.graph().kustomizations;
    let second = |id: &KustomizationId| {
        let first = &kustomizations[*id];
        let mut all = kustomizations.iter();
        let found = all.find(|other| {
            other.cluster == first.cluster
                && other.namespace == to
                && other.name == candidate.called
                && other.lives_in.is_none()
        })?;
        found.is_second_of(first).then_some(&found.at)
    };
    let mut all = candidate.ids.iter().map(second);
    let first = all.next()??;
    all.all(|other| other == Some(first)).then_some(first)
}

/// Whether Flux does not reconcile a candidate: a second one would be suspended, too, and never Ready.
fn is_suspended(view: &View, candidate: &Candidate) -> bool {
    let mut all = candidate.ids.iter().map(|id| &view.graph().kustomizations[*id].object);
    all.any(|object| object.at(&["spec", "suspend"]).is_some_and(Value::is_true))
}

/// Whether a candidate depends on itself, through others.
fn is_in_circle(view: &View, candidate: &Candidate) -> bool {
    let graph = view.graph();
    let mut seen: BTreeSet<KustomizationId> = BTreeSet::new();
    let mut open: Vec<KustomizationId> = candidate.ids.clone();
    while let Some(id) = open.pop() {
        for dependent in graph.direct_dependents(id) {
            if candidate.ids.contains(dependent) {
                return true;
            }
            if seen.insert(*dependent) {
                open.push(*dependent);
            }
        }
    }
    false
}
