//! Clusters whose artifact is pushed to a registry or a bucket: they begin at a Flux Kustomization
//! that its own path holds, counted from the directory that is pushed (`flux push artifact --path`).

use std::collections::BTreeSet;

use super::entry_point::EntryPoint;
use super::entry_points::{Candidate, Candidates};
use super::repositories::Repositories;
use crate::flux::files::At;
use crate::flux::kustomize::{Builder, ParsedTree};
use crate::repo::RepoPath;

/// The entry points of sources that are no GitRepository. A Kustomization of somebody else's
/// artifact is none: its path does not lead to its own file. One without a path says nothing.
pub(super) fn pushed(
    parsed: &ParsedTree<'_>,
    builder: &mut Builder<'_>,
    candidates: &Candidates<'_>,
    repositories: &Repositories,
) -> Vec<EntryPoint> {
    let mut found: Vec<(EntryPoint, BTreeSet<At>)> = Vec::new();
    let is_pushed = |one: &&Candidate<'_>| matches!(one.source.kind.as_str(), "OCIRepository" | "Bucket");
    for candidate in candidates.values().filter(is_pushed) {
        let Some(top) = top(candidate) else { continue };
        let Some(path) = top.join(candidate.path.as_str()) else { continue };
        let built = builder.flux_path(&path);
        if !built.iter().any(|rendered| rendered.at == candidate.object.at) {
            continue;
        }
        let Some(entry) = candidate.entry_point(parsed, repositories, candidates, &built) else { continue };
        let below = below(candidate, &top, builder, candidates);
        // Neither has a branch, and its address is not that of a git repository.
        found.push((EntryPoint { path, top, branch: None, url: None, ..entry }, below));
    }
    let is_applied = |entry: &EntryPoint| {
        found.iter().any(|(other, below)| other.stated_at != entry.stated_at && below.contains(&entry.stated_at))
    };
    found.iter().map(|(entry, _)| entry).filter(|entry| !is_applied(entry)).cloned().collect()
}

/// The directory from which the path of a Kustomization leads to its own file, if there is one such.
fn top(candidate: &Candidate<'_>) -> Option<RepoPath> {
    if candidate.path.as_str().is_empty() {
        return None;
    }
    let file = &candidate.object.at.path;
    let is_above = |dir: &RepoPath| dir.join(candidate.path.as_str()).is_some_and(|path| file.is_in(&path));
    let mut tops = file.dir().ancestors().filter(is_above).collect::<BTreeSet<_>>().into_iter();
    tops.next().filter(|_| tops.next().is_none())
}

/// The Kustomizations of the same source that one applies, through whatever others.
fn below(
    candidate: &Candidate<'_>,
    top: &RepoPath,
    builder: &mut Builder<'_>,
    candidates: &Candidates<'_>,
) -> BTreeSet<At> {
    let (mut open, mut seen) = (vec![candidate.path.clone()], BTreeSet::new());
    let mut found = BTreeSet::new();
    while let Some(path) = open.pop() {
        let Some(in_tree) = top.join(path.as_str()).filter(|_| seen.insert(path.clone())) else { continue };
        for rendered in builder.flux_path(&in_tree).iter().filter(|rendered| rendered.kind == "Kustomization") {
            let Some(next) = candidates.get(&rendered.at) else { continue };
            if next.source.is_like(&candidate.source) && rendered.at != candidate.object.at {
                found.insert(rendered.at.clone());
                open.push(next.path.clone());
            }
        }
    }
    found
}
