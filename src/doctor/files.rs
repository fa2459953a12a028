//! Files that nothing applies.

use std::collections::{BTreeMap, BTreeSet};

use super::codes::NOT_APPLIED;
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{FluxKustomization, View, is_kustomization_file};
use crate::repo::RepoPath;

/// One finding for each directory with objects that no cluster applies. It includes the directories
/// below it.
pub(super) fn findings(view: &View) -> Vec<Finding> {
    let graph = view.graph();
    // What is copied into an artifact, and not followed, may be any of these files.
    let is_unclear = |flux: &FluxKustomization| flux.path.is_none() && flux.source.kind == "ExternalArtifact";
    if graph.clusters.iter().all(|cluster| !cluster.in_tree) || graph.kustomizations.iter().any(is_unclear) {
        return Vec::new();
    }
    let used = used(view);
    let mut idle: BTreeMap<RepoPath, Vec<(&RepoPath, usize)>> = BTreeMap::new();
    for (path, file) in view.files().filter(|(path, _)| !used.contains(*path) && !is_kustomization_file(path)) {
        let is_manifest =
            |object: &&crate::flux::Object| object.api_version.contains('/') || object.api_version == "v1";
        if let Some(first) = file.objects.iter().find(is_manifest) {
            idle.entry(path.dir()).or_default().push((path, first.line));
        }
    }
    let dirs: BTreeSet<RepoPath> = idle.keys().cloned().collect();
    // If nothing below a directory is applied, the topmost such directory is reported for all below
    // it.
    let is_dead = |dir: &RepoPath| !used.iter().any(|path| path.is_in(dir));
    let top = |dir: &RepoPath| {
        let above = dir.ancestors().skip(1).take_while(|above| is_dead(above));
        above.filter(|above| dirs.contains(above)).last()
    };
    let mut reported: BTreeMap<RepoPath, Vec<(&RepoPath, usize)>> = BTreeMap::new();
    for (dir, files) in &idle {
        reported.entry(top(dir).unwrap_or_else(|| dir.clone())).or_default().extend(files.iter().copied());
    }
    reported
        .into_iter()
        .map(|(dir, files)| {
            let (path, line) = files[0];
            let names = listed(files.iter().map(|(path, _)| path.seen_from(&dir).trim_start_matches("./").to_owned()));
            let message = format!("no cluster applies the objects in {dir}: {names}");
            finding(Severity::Note, NOT_APPLIED, path, line, message)
        })
        .collect()
}

/// The files whose content reaches a cluster: objects, and what kustomizations read on their way.
fn used(view: &View) -> BTreeSet<RepoPath> {
    let graph = view.graph();
    let mut used = BTreeSet::new();
    for (at, reaches) in graph.reached() {
        used.insert(at.path.clone());
        used.extend(reaches.iter().flat_map(|reach| reach.through.iter().cloned()));
    }
    used.extend(graph.clusters.iter().map(|cluster| cluster.stated_at.path.clone()));
    // Patches, and what generators read, count wherever they are listed.
    for kustomization in view.kustomizations() {
        let inputs = kustomization.inputs.iter().chain(&kustomization.configurations);
        used.extend(inputs.filter_map(|entry| view.resolve(kustomization, &entry.text)));
    }
    used
}
