//! Rules on a tree that is made of another one: what they look at, and which of their findings are new.
//!
//! To run all rules twice costs a quarter of a plan, and most plans change little. So:
//!
//! | rules | what they look at |
//! |---|---|
//! | variables, decryption, fields | Flux Kustomizations that read a changed file, in either tree |
//! | routes, values of app-template, inputs and tokens of pods, selectors, prefixes of external-dns | everything, and only if something arrives differently in a cluster that they read ([`arrivals`]) |
//! | all others | everything: they are cheap, or ask who else applies or names an object |
//!
//! The second line cannot be run in part: an object that is gone, or has another name, may have been what any
//! object of the cluster names. That an opt-out skips nothing any more is not asked.

mod arrivals;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Severity};
use crate::flux::{FluxKustomization, InCluster, Radiuses, Reach, View};
use crate::repo::RepoPath;

/// What rules look at.
pub(super) enum Scope {
    Everything,
    Changed {
        /// The Flux Kustomizations that read a changed file.
        kustomizations: BTreeSet<InCluster>,
        /// Whether something other than what Flux needs for itself arrives differently.
        has_arrivals: bool,
    },
}

impl Scope {
    /// Whether a Flux Kustomization is looked at.
    pub(super) fn has(&self, view: &View, one: &FluxKustomization) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Changed { kustomizations, .. } => kustomizations.contains(&name_of(view, one)),
        }
    }

    /// Whether an object as a Flux Kustomization applies it is looked at.
    pub(super) fn has_reach(&self, view: &View, reach: &Reach) -> bool {
        matches!(self, Scope::Everything) || self.has(view, &view.graph().kustomizations[reach.kustomization])
    }

    /// Whether the rules look at all objects of clusters that ask for one object beside another.
    pub(super) fn has_arrivals(&self) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Changed { has_arrivals, .. } => *has_arrivals,
        }
    }
}

fn name_of(view: &View, one: &FluxKustomization) -> InCluster {
    InCluster { cluster: view.graph().clusters[one.cluster].name.clone(), name: one.full_name() }
}

/// The files that differ. What cannot be read was reported where it was needed.
pub(super) fn files(before: &View, after: &View) -> BTreeSet<RepoPath> {
    let changed = after.tree().changed_since(before.tree()).unwrap_or_default();
    changed.into_iter().map(|change| change.path).collect()
}

/// What rules look at in two trees that differ in these files.
pub(super) fn scope(before: &View, after: &View, files: &BTreeSet<RepoPath>) -> Scope {
    if facts(before) != facts(after) {
        return Scope::Everything;
    }
    let (old, new) = (Radiuses::of(before), Radiuses::of(after));
    let mut kustomizations = BTreeSet::new();
    let mut releases = BTreeSet::new();
    for path in files {
        for radius in [old.of_file(path), new.of_file(path)] {
            kustomizations.extend(radius.kustomizations.iter().cloned());
            releases.extend(radius.releases.iter().cloned());
        }
    }
    let has_arrivals = arrivals::differ(before, after, files, &kustomizations, &releases);
    Scope::Changed { kustomizations, has_arrivals }
}

/// What all objects of a cluster are judged by: its name, its Flux, and flags of its controllers.
fn facts(view: &View) -> Vec<String> {
    let fact = |cluster: &crate::flux::Cluster| {
        format!("{} {:?} {:?} {:?}", cluster.name, cluster.flux, cluster.controller_flags, cluster.in_tree)
    };
    view.graph().clusters.iter().map(fact).collect()
}

/// The findings that were not there before, wherever their lines are now.
///
/// A warning may count and list objects, and tell of the same ones otherwise where files are renamed or become
/// one. So of a code there are no more new warnings than there are more of them. Each error counts.
pub(super) fn new(before: Vec<Finding>, after: Vec<Finding>) -> Vec<Finding> {
    let mut known: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &before {
        *known.entry((finding.code.id, without_numbers(&finding.message))).or_default() += 1;
        *left.entry(finding.code.id).or_default() += 1;
    }
    let mut take = |finding: &Finding| {
        let count = known.get_mut(&(finding.code.id, without_numbers(&finding.message))).filter(|count| **count > 0);
        let is_known = count.is_some();
        count.into_iter().for_each(|count| *count -= 1);
        is_known
    };
    let mut unknown = Vec::new();
    for finding in after {
        match take(&finding) {
            true => *left.entry(finding.code.id).or_default() -= 1,
            false => unknown.push(finding),
        }
    }
    let mut is_told_otherwise = |finding: &Finding| {
        let count = left.get_mut(finding.code.id).filter(|count| **count > 0 && finding.severity != Severity::Error);
        let is_one = count.is_some();
        count.into_iter().for_each(|count| *count -= 1);
        is_one
    };
    unknown.retain(|finding| !is_told_otherwise(finding));
    unknown
}

/// A message without line numbers and counts.
fn without_numbers(message: &str) -> String {
    message.chars().filter(|sign| !sign.is_ascii_digit()).collect()
}
