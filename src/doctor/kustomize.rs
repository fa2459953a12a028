//! Kustomization files: the entries exist, and are of the kind that their list takes.

use std::collections::BTreeSet;

use super::absent::absent;
use super::changed::Scope;
use super::codes::{
    IDLE_PATCH, LISTED_EMPTY, LISTED_MISSING, NOT_MODELLED, UNBUILDABLE_PATCH, WRONG_KIND, WRONG_VERSION,
};
use super::finding;
use crate::finding::{Finding, Severity};
use crate::flux::{Kustomization, Listed, View};
use crate::repo::EntryKind;

pub(super) fn findings(view: &View, scope: &Scope<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for kustomization in view.kustomizations().filter(|one| scope.has_kustomization(one)) {
        found.extend(kustomization.resources.iter().filter_map(|entry| resource(view, kustomization, entry)));
        found.extend(kustomization.components.iter().filter_map(|entry| component(view, kustomization, entry)));
        let files = kustomization.inputs.iter().chain(&kustomization.configurations);
        found.extend(files.filter_map(|entry| missing(view, kustomization, entry)));
        found.extend(version(kustomization));
        found.extend(unreadable_patches(kustomization));
    }
    // What no cluster builds, such as an archive, does no harm.
    for finding in &mut found {
        if finding.path.as_ref().is_none_or(|path| !view.graph().built.contains(path)) {
            finding.severity = Severity::Note;
        }
    }
    found.extend(idle_patches(view));
    found.extend(view.graph().unmodelled.iter().map(|unmodelled| {
        let message = format!("not followed: {}", unmodelled.what);
        finding(Severity::Note, NOT_MODELLED, &unmodelled.path, unmodelled.line, message)
    }));
    found
}

fn resource(view: &View, kustomization: &Kustomization, entry: &Listed) -> Option<Finding> {
    if let Some(missing) = missing(view, kustomization, entry) {
        return Some(missing);
    }
    let path = view.resolve(kustomization, &entry.text).filter(|_| !is_elsewhere(view, kustomization, entry))?;
    if is_file(view, kustomization, entry) {
        return None;
    }
    let Some(listed) = view.kustomization(&path) else {
        let message = format!("{} has no kustomization file", entry.text);
        return Some(finding(Severity::Error, LISTED_EMPTY, &kustomization.path, entry.line, message));
    };
    let message = format!("{} is a Component, but listed under resources", entry.text);
    listed.component.then(|| finding(Severity::Error, WRONG_KIND, &kustomization.path, entry.line, message))
}

fn component(view: &View, kustomization: &Kustomization, entry: &Listed) -> Option<Finding> {
    if let Some(missing) = missing(view, kustomization, entry) {
        return Some(missing);
    }
    let path = view.resolve(kustomization, &entry.text).filter(|_| !is_elsewhere(view, kustomization, entry))?;
    let at_entry = |code, message| Some(finding(Severity::Error, code, &kustomization.path, entry.line, message));
    if is_file(view, kustomization, entry) {
        return at_entry(WRONG_KIND, format!("{} is a file, but listed under components", entry.text));
    }
    match view.kustomization(&path) {
        None => at_entry(LISTED_EMPTY, format!("{} has no kustomization file", entry.text)),
        Some(listed) if !listed.component => {
            at_entry(WRONG_KIND, format!("{} is a Kustomization, but listed under components", entry.text))
        }
        Some(_) => None,
    }
}

/// An entry that points to nothing that a build finds.
fn missing(view: &View, kustomization: &Kustomization, entry: &Listed) -> Option<Finding> {
    if entry.is_remote() {
        return None;
    }
    let artifacts: Vec<_> = view.graph().artifacts_of(&kustomization.path).collect();
    let why = match kustomization.dir().join(&entry.text) {
        Some(path) => absent(view, &artifacts, &path)?,
        None => "does not exist",
    };
    let message = format!("{} {why}", entry.text);
    Some(finding(Severity::Error, LISTED_MISSING, &kustomization.path, entry.line, message))
}

/// Whether an entry is not in this tree because it comes from another repository.
fn is_elsewhere(view: &View, kustomization: &Kustomization, entry: &Listed) -> bool {
    let mut artifacts = view.graph().artifacts_of(&kustomization.path);
    let path = kustomization.dir().join(&entry.text);
    entry.is_remote() || path.is_some_and(|path| artifacts.any(|artifact| artifact.includes(&path)))
}

fn is_file(view: &View, kustomization: &Kustomization, entry: &Listed) -> bool {
    let path = view.resolve(kustomization, &entry.text);
    path.is_some_and(|path| matches!(view.tree().entry(&path), Some(EntryKind::File { .. })))
}

fn version(kustomization: &Kustomization) -> Option<Finding> {
    let wrong = |line, message| Some(finding(Severity::Error, WRONG_VERSION, &kustomization.path, line, message));
    if let Some(kind) =
        kustomization.kind.as_ref().filter(|kind| !["Kustomization", "Component"].contains(&&*kind.text))
    {
        return wrong(kind.line, format!("kind {} is neither Kustomization nor Component", kind.text));
    }
    let version = kustomization.api_version.as_ref()?;
    let (kind, right): (_, &[&str]) = match kustomization.component {
        true => ("Component", &["kustomize.config.k8s.io/v1alpha1"]),
        false => ("Kustomization", &["kustomize.config.k8s.io/v1beta1", "kustomize.config.k8s.io/v1"]),
    };
    if right.contains(&&*version.text) {
        return None;
    }
    wrong(version.line, format!("apiVersion {} is wrong for a {kind}, which has {}", version.text, right[0]))
}

fn unreadable_patches(kustomization: &Kustomization) -> impl Iterator<Item = Finding> {
    kustomization.patches.iter().filter(|patch| !patch.is_readable()).map(|patch| {
        let message = "the patch cannot be read".to_owned();
        finding(Severity::Error, UNBUILDABLE_PATCH, &patch.path, patch.line, message)
    })
}

/// Patches for HelmReleases and Flux Kustomizations that match nothing in any build.
fn idle_patches(view: &View) -> Vec<Finding> {
    let graph = view.graph();
    let flux = graph.kustomizations.iter().flat_map(|flux| &flux.patches);
    let kustomize = view.kustomizations().filter(|file| graph.built.contains(&file.path));
    let patches = flux.chain(kustomize.flat_map(|file| &file.patches));
    let used: BTreeSet<_> = graph
        .reached()
        .flat_map(|(_, reaches)| reaches)
        .flat_map(|reach| &reach.patches)
        .map(|patch| (&patch.path, patch.line))
        .collect();
    patches
        // One that selects by labels waits for objects that are labelled so.
        .filter(|patch| !patch.selects_by_labels() && !used.contains(&(&patch.path, patch.line)))
        .filter_map(|patch| {
            let kind = ["HelmRelease", "Kustomization"].into_iter().find(|kind| patch.is_only_for(kind))?;
            let message = format!("this patch matches no {kind} that is built here");
            Some(finding(Severity::Warning, IDLE_PATCH, &patch.path, patch.line, message))
        })
        .collect()
}
