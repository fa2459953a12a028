//! Rules on a tree that is made of another one: what is different, and which findings are new.
//!
//! To run all rules on both trees costs a third of a plan, and most plans change little: where charts come from,
//! how often Flux looks, what is listed where. So what Flux Kustomizations build is compared first, object by
//! object, and the rules look at what differs ([`Scope::Changed`]). What is the same in both trees has the same
//! findings in both. Only if that shows anything new, all rules run on all of both trees, and say what it is.
//!
//! What is looked at may be too much, never too little:
//!
//! | rules | what they look at |
//! |---|---|
//! | variables, claims, owners, names | objects of builds that differ |
//! | decryption | Flux Kustomizations with such objects, and those that are stated otherwise |
//! | names in the namespace of a Flux Kustomization | those that are stated otherwise |
//! | fields and versions of Flux objects | objects that differ |
//! | lists of kustomizations | files that differ, and those that list what is new or gone |
//! | routes, values of app-template, inputs and tokens of pods, selectors, prefixes of external-dns | nothing, if nothing that they read differs ([`arrivals`]); or else everything |
//! | all others | everything: they are cheap, or ask who else applies or names an object |
//!
//! The next to last line cannot be done in part: an object that is gone, or has another name, may have been what
//! any object of the cluster names. That an opt-out skips nothing any more is not asked.

mod arrivals;
mod difference;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::difference::{Built, Difference};
use crate::finding::{Finding, Severity};
use crate::flux::{At, FluxKustomization, InCluster, Kustomization, Reach, Rendered, View};
use crate::repo::RepoPath;

/// What rules look at.
pub(super) enum Scope<'d> {
    Everything,
    /// What differs from another tree.
    Changed(&'d Difference),
}

impl Scope<'_> {
    /// Whether a Flux Kustomization builds or states anything that differs.
    pub(super) fn has(&self, view: &View, one: &FluxKustomization) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Changed(difference) => difference.kustomizations.contains(&name_of(view, one)),
        }
    }

    /// Whether a Flux Kustomization is stated otherwise, or what others make may be.
    pub(super) fn has_statement(&self, view: &View, one: &FluxKustomization) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Changed(difference) => difference.stated.contains(&name_of(view, one)),
        }
    }

    /// The objects of a build that differ.
    pub(super) fn objects<'b>(
        &self,
        view: &View,
        one: &FluxKustomization,
        build: &'b [Rendered],
    ) -> impl Iterator<Item = &'b Rendered> {
        let different = match self {
            Scope::Everything => None,
            Scope::Changed(difference) => Some(difference.objects.get(&name_of(view, one))),
        };
        build.iter().filter(move |object| different.is_none_or(|some| some.is_some_and(|some| some.has(object))))
    }

    /// Whether only a part is looked at, and only for errors and warnings.
    pub(super) fn is_part(&self) -> bool {
        matches!(self, Scope::Changed(_))
    }

    /// Whether the source of a release's chart differs.
    pub(super) fn has_source_of(&self, view: &View, at: &At, reach: &Reach) -> bool {
        let Scope::Changed(difference) = self else { return true };
        view.effective(at, reach).is_some_and(|object| difference.has_source_of(&object))
    }

    /// Whether an object of Flux differs, wherever it is applied.
    pub(super) fn has_at(&self, at: &At) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Changed(difference) => difference.files.contains(&at.path) || difference.ats.contains(at),
        }
    }

    /// Whether a kustomization file differs, or what it lists is new or gone.
    pub(super) fn has_kustomization(&self, kustomization: &Kustomization) -> bool {
        let Scope::Changed(Difference { files, new_or_gone, .. }) = self else { return true };
        let dir = kustomization.dir();
        let Kustomization { resources, components, inputs, configurations, .. } = kustomization;
        let mut listed = resources.iter().chain(components).chain(inputs).chain(configurations);
        let is_new_or_gone = |path: RepoPath| {
            let from_here = new_or_gone.range(path.clone()..);
            let mut alike = from_here.take_while(|other| other.as_str().starts_with(path.as_str()));
            alike.any(|other| other.is_in(&path))
        };
        files.contains(&kustomization.path)
            || !new_or_gone.is_empty() && listed.any(|entry| dir.join(&entry.text).is_some_and(is_new_or_gone))
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
