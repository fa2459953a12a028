//! What installs Flux on a fresh cluster: listed, and left as it is.

use super::codes;
use super::find::Found;
use crate::flux::{Kustomization, View};
use crate::plan::Finding;
use crate::repo::RepoPath;

/// What a kustomization lists that installs Flux from its repository.
const INSTALL: &str = "fluxcd/flux2/manifests/install";

/// Files of programs that install a cluster, by name.
const PROGRAMS: [&str; 7] = ["Taskfile", "taskfile", "justfile", "Justfile", ".justfile", "Makefile", "helmfile"];

/// A finding for each kustomization that no cluster builds and that installs Flux, and for what names
/// its folder.
pub(super) fn listed(found: &Found<'_>) -> Vec<Finding> {
    let view = found.view;
    let is_pending = found.clusters.iter().any(|standing| standing.install.is_some() || standing.has_instance(None));
    if !is_pending {
        return Vec::new();
    }
    let folders: Vec<(&Kustomization, Finding)> =
        view.kustomizations().filter_map(|file| of_folder(view, file)).collect();
    let mut all: Vec<Finding> = folders.iter().map(|(_, finding)| finding.clone()).collect();
    let dirs: Vec<RepoPath> = folders.iter().map(|(file, _)| file.dir()).collect();
    all.extend(view.tree().entries().filter_map(|(path, _)| of_program(view, &path, &dirs)));
    all
}

/// The kustomizations that clusters build and that take Flux from its repository.
pub(super) fn applied(view: &View) -> impl Iterator<Item = (&Kustomization, Finding)> {
    let built = view.kustomizations().filter(|file| view.graph().built.contains(&file.path));
    built.filter_map(|file| {
        let entry = file.resources.iter().find(|entry| entry.text.contains(INSTALL))?;
        let message = format!("{} gives the objects of Flux other names than the operator does", entry.text);
        Some((file, Finding::error(codes::FIELD, message).at(&file.path, entry.line)))
    })
}

fn of_folder<'v>(view: &View, file: &'v Kustomization) -> Option<(&'v Kustomization, Finding)> {
    let entry = file.resources.iter().find(|entry| entry.text.contains(INSTALL))?;
    if view.graph().built.contains(&file.path) {
        return None;
    }
    let version = entry.text.split_once("ref=").map_or("no version", |(_, version)| version);
    let message = format!("installs Flux {version} with {} patches, and no cluster applies it", file.patches.len());
    Some((file, Finding::note(codes::BOOTSTRAP, message).at(&file.path, entry.line)))
}

fn of_program(view: &View, path: &RepoPath, dirs: &[RepoPath]) -> Option<Finding> {
    let name = path.name();
    let is_program = PROGRAMS.iter().any(|program| name.starts_with(program))
        || name.ends_with(".sh")
        || path.as_str().split('/').any(|part| part == ".taskfiles" || part == ".just");
    if !is_program {
        return None;
    }
    let file = view.tree().read(path).ok().flatten()?;
    let text = std::str::from_utf8(&file.bytes).ok()?;
    let tail = |dir: &RepoPath| {
        let parts: Vec<&str> = dir.as_str().rsplit('/').take(2).collect();
        parts.into_iter().rev().collect::<Vec<_>>().join("/")
    };
    let tails: Vec<String> = dirs.iter().map(tail).collect();
    let installs = |line: &str| {
        tails.iter().any(|tail| line.contains(tail.as_str()))
            || line.contains("flux bootstrap ")
            || line.contains("flux install")
    };
    let line = text.lines().position(installs)? + 1;
    let message = "it installs Flux on a fresh cluster";
    Some(Finding::note(codes::BOOTSTRAP, message).at(path, line))
}
