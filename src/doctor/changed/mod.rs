//! Rules on a tree that is made of another one: what is different, and which findings are new.
//!
//! To run all rules on both trees costs a third of a plan, and most plans change little: where charts come from,
//! how often Flux looks, what is listed where. So what Flux Kustomizations build is compared first, object by
//! object, and the rules look at what differs ([`Scope::Changed`]). What is the same in both trees has the same
//! findings in both. The rules to which that shows anything new run on all of both trees, and say what it is.
//!
//! The part may be too large, never too small. Which rules look at what is in `docs/doctor.md#planned-trees`.
//!
//! Rules that look for one object beside another, anywhere in a cluster, cannot look at a part: an object that is gone,
//! or has another name, may have been what any other names. They do not run if nothing that they read differs
//! ([`arrivals`]). That an opt-out skips nothing any more is not asked.

mod arrivals;
mod difference;
mod meaning;
mod releases;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::difference::{Built, Difference};
use crate::finding::{Finding, Severity};
use crate::flux::{
    At, FluxKustomization, InCluster, Kustomization, Object, Reach, Rendered, Value, View, is_kustomization_file,
};
use crate::repo::RepoPath;
use crate::yaml::SCHEMA_MARK;

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
            || new_or_gone.contains(&kustomization.path)
            || !new_or_gone.is_empty() && listed.any(|entry| dir.join(&entry.text).is_some_and(is_new_or_gone))
    }
}

fn name_of(view: &View, one: &FluxKustomization) -> InCluster {
    InCluster { cluster: view.graph().clusters[one.cluster].name.clone(), name: one.full_name() }
}

/// The files that differ in what rules read. What cannot be read was reported where it was needed.
pub(super) fn files(before: &View, after: &View) -> BTreeSet<RepoPath> {
    let changed = after.tree().changed_since(before.tree()).unwrap_or_default();
    let mut files: BTreeSet<RepoPath> = changed.into_iter().map(|change| change.path).collect();
    files.retain(|path| !differ_for_editors(before, after, path));
    files
}

/// Whether a file differs in nothing but the comments that tell editors its schema.
fn differ_for_editors(before: &View, after: &View, path: &RepoPath) -> bool {
    let [before, after] = [before, after].map(|view| view.file(path)?.stream.as_ref().map(|stream| stream.text()));
    let (Some(before), Some(after)) = (before, after) else { return false };
    let is_read = |line: &&str| !line.starts_with(SCHEMA_MARK);
    before.lines().filter(is_read).eq(after.lines().filter(is_read))
}

/// Whether these files are nothing but releases, sources and what watches them, and lists of such files. Then all other
/// objects are the same in both trees, and so is what Flux Kustomizations state: the files of others need not be
/// parsed.
pub(super) fn are_of_releases(before: &View, after: &View, files: &BTreeSet<RepoPath>) -> bool {
    files.iter().all(|path| match is_kustomization_file(path) {
        true => lists_otherwise(before, after, path),
        false => [before, after].into_iter().all(|view| is_release_or_source(view, path)),
    })
}

/// Whether a kustomization file differs only in files of Flux that it lists.
fn lists_otherwise(before: &View, after: &View, path: &RepoPath) -> bool {
    let read = |view: &View| {
        let mut value = view.file(path)?.stream.as_ref()?.documents().next().and_then(Value::of)?;
        let listed = view.kustomization(&path.dir())?.resources.iter().map(|entry| path.dir().join(&entry.text));
        value.remove("resources");
        Some((value, listed.collect::<Option<BTreeSet<RepoPath>>>()?))
    };
    let (Some((rest, old)), Some((same_rest, new))) = (read(before), read(after)) else { return false };
    let is_like_them = |(view, path): (&View, &RepoPath)| path.is_yaml() && is_release_or_source(view, path);
    rest == same_rest
        && old
            .difference(&new)
            .map(|path| (before, path))
            .chain(new.difference(&old).map(|path| (after, path)))
            .all(is_like_them)
}

fn is_release_or_source(view: &View, path: &RepoPath) -> bool {
    let objects = view.file(path).into_iter().flat_map(|file| &file.objects);
    arrivals::is_of_flux(view, path) && !objects.flat_map(Object::expanded).any(Object::is_flux_kustomization)
}

/// The findings that were not there before, wherever their lines are now.
///
/// A warning may count and list objects, and say of the same ones something else where files are renamed, become one, or
/// are two from now on. So of a code there are no more new warnings than there are more of them, and a warning that says
/// less than one that was there is not new. Each error counts.
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
    let is_part_of_one = |finding: &Finding| {
        let part = words(&finding.message);
        before
            .iter()
            .filter(|old| old.code.id == finding.code.id)
            .map(|old| words(&old.message))
            .any(|old| old.len() > part.len() && part.is_subset(&old))
    };
    let mut is_one_of_them = |finding: &Finding| {
        let count = left.get_mut(finding.code.id).filter(|count| **count > 0);
        let is_one = count.is_some();
        count.into_iter().for_each(|count| *count -= 1);
        is_one
    };
    unknown
        .retain(|finding| finding.severity == Severity::Error || !is_part_of_one(finding) && !is_one_of_them(finding));
    unknown
}

/// The words of a message, without line numbers and counts.
fn words(message: &str) -> BTreeSet<String> {
    let words = message.split([' ', ',', ':']).map(without_numbers);
    words.filter(|word| !word.is_empty()).collect()
}

/// A message without line numbers and counts.
fn without_numbers(message: &str) -> String {
    message.chars().filter(|sign| !sign.is_ascii_digit()).collect()
}
