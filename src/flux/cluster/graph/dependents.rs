//! Who waits for whom.

use std::collections::BTreeSet;

use super::Graph;
use crate::flux::cluster::FluxKustomization;

impl Graph {
    /// The Flux Kustomizations that depend on one, transitively.
    pub fn dependents_of(&self, kustomization: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = vec![kustomization];
        while let Some(number) = open.pop() {
            open.extend(self.direct_dependents(number).filter(|dependent| found.insert(*dependent)));
        }
        found.remove(&kustomization);
        found
    }

    /// The Flux Kustomizations that name one in `dependsOn`.
    fn direct_dependents(&self, kustomization: usize) -> impl Iterator<Item = usize> {
        let own = &self.kustomizations[kustomization];
        let depends = move |other: &FluxKustomization| {
            other.cluster == own.cluster
                && other.depends_on.iter().any(|(namespace, name)| *namespace == own.namespace && *name == own.name)
        };
        self.kustomizations.iter().enumerate().filter(move |(_, other)| depends(other)).map(|(number, _)| number)
    }

    /// The Flux Kustomizations that stop applying new revisions while one is not ready because of what it applies: those that depend on it,
    /// or on a Kustomization above it that waits for it, transitively. None where it does not wait for what it applies.
    pub fn held_up_by(&self, kustomization: usize) -> BTreeSet<usize> {
        let waits = |number: usize| self.kustomizations[number].waits();
        let mut held_up = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut not_ready = if waits(kustomization) { vec![kustomization] } else { Vec::new() };
        while let Some(number) = not_ready.pop() {
            if !seen.insert(number) {
                continue;
            }
            for dependent in self.direct_dependents(number) {
                held_up.insert(dependent);
                not_ready.push(dependent);
            }
            not_ready.extend(self.kustomizations[number].parent.filter(|parent| waits(*parent)));
        }
        held_up.remove(&kustomization);
        held_up
    }
}
