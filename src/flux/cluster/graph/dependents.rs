//! Which Flux Kustomizations wait for which.

use std::collections::BTreeSet;

use super::Graph;
use crate::flux::cluster::by_id::KustomizationId;

impl Graph {
    /// The Flux Kustomizations that depend on one, transitively.
    pub fn dependents_of(&self, kustomization: KustomizationId) -> BTreeSet<KustomizationId> {
        let mut found = BTreeSet::new();
        let mut open = vec![kustomization];
        while let Some(next) = open.pop() {
            open.extend(self.direct_dependents(next).iter().filter(|dependent| found.insert(**dependent)));
        }
        found.remove(&kustomization);
        found
    }

    /// The Flux Kustomizations that apply no new revision while something that this one applies is
    /// not ready: those that depend on it, or on a Kustomization above that waits for it,
    /// transitively. None if this one does not wait for what it applies.
    pub fn held_up_by(&self, kustomization: KustomizationId) -> BTreeSet<KustomizationId> {
        let waits = |id: KustomizationId| self.kustomizations[id].waits();
        let mut held_up = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut not_ready = if waits(kustomization) { vec![kustomization] } else { Vec::new() };
        while let Some(next) = not_ready.pop() {
            if !seen.insert(next) {
                continue;
            }
            held_up.extend(self.direct_dependents(next));
            not_ready.extend(self.direct_dependents(next));
            not_ready.extend(self.kustomizations[next].parent.filter(|parent| waits(*parent)));
        }
        held_up.remove(&kustomization);
        held_up
    }
}
