//! Templates that become Components where they are, with all consumers: one builds with the other.

use super::codes;
use super::copy::become_component;
use super::find::Found;
use super::switch::move_entries;
use crate::flux::At;
use crate::plan::Finding;
use crate::plan::author::{Edits, Written};
use crate::repo::RepoPath;

/// What else names a template, and would not build with a Component in its place.
pub(super) fn obstacles(found: &Found<'_>, dir: &RepoPath) -> Vec<Finding> {
    let message = |what: &str| format!("{what} names {dir}, and would not build with a Component there");
    let others = found.elsewhere.iter().filter(|other| other.target == *dir);
    let others = others.map(|other| (message(other.field), &other.path, Some(other.line)));
    let templates = found.among_themselves.get(dir).into_iter().flatten();
    let templates = templates.map(|path| (message("another template"), path, None));
    let all = others.chain(templates);
    all.map(|(message, path, line)| Finding::error(codes::ELSEWHERE, message).at(path, line)).collect()
}

/// The text of the template and its consumers.
pub(super) fn promote(found: &Found<'_>, dir: &RepoPath) -> Result<Written, Finding> {
    if let Some(reason) = obstacles(found, dir).into_iter().next() {
        return Err(reason);
    }
    let kustomization = found.view.kustomization(dir).expect("what becomes a Component has a kustomization");
    let mut edits = Edits::of(found.view);
    edits.object(&At::document(&kustomization.path, 0), become_component)?;
    move_entries(found, &found.promoted_with(dir), edits)
}
