//! What the Component of a template is made of: which files are copied, and where they arrive.

use std::collections::BTreeSet;

use super::codes;
use super::files::{entries_in, files_in, is_readable, relocated};
use super::pair::Lacking;
use crate::flux::{Kustomization, Listed, View, is_kustomization_file};
use crate::repo::{EntryKind, RepoPath};

/// The files that are copied, each with its new path.
pub(super) fn copied(view: &View, template: &RepoPath, dir: &RepoPath) -> Vec<(RepoPath, RepoPath)> {
    if is_file(view, template) {
        return vec![(template.clone(), dir.join(template.name()).expect("a file name is valid in a path"))];
    }
    files_of(view, template).map(|path| (path.clone(), relocated(&path, template, dir))).collect()
}

/// All files of the Component, the kustomization file among them.
pub(super) fn files(view: &View, template: &RepoPath, dir: &RepoPath) -> BTreeSet<RepoPath> {
    let copies = copied(view, template, dir).into_iter().map(|(_, to)| to);
    copies.chain([kustomization(view, template, dir)]).collect()
}

/// The kustomization file of the Component, called as that of the template.
pub(super) fn kustomization(view: &View, template: &RepoPath, dir: &RepoPath) -> RepoPath {
    let name = view.kustomization(template).map_or("kustomization.yaml", |there| there.path.name());
    dir.join(name).expect("a file name is valid in a path")
}

/// Whether a template is a single file.
pub(super) fn is_file(view: &View, template: &RepoPath) -> bool {
    matches!(view.tree().entry(template), Some(EntryKind::File { .. }))
}

/// Whether anything of a template is in directories with kustomizations of their own.
pub(super) fn is_nested(view: &View, template: &RepoPath) -> bool {
    reached(view, template).len() > 1
}

/// The directories of a template that have kustomizations and are part of it: its own, and what
/// that lists below it.
pub(super) fn reached(view: &View, template: &RepoPath) -> BTreeSet<RepoPath> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![template.clone()];
    while let Some(dir) = waiting.pop() {
        let Some(kustomization) = view.kustomization(&dir).filter(|_| dir.is_in(template)) else { continue };
        if found.insert(dir) {
            waiting.extend(listed(kustomization).filter_map(|entry| view.resolve(kustomization, &entry.text)));
        }
    }
    found
}

fn listed(kustomization: &Kustomization) -> impl Iterator<Item = &Listed> {
    kustomization.resources.iter().chain(&kustomization.components)
}

/// The files of a template: not those of other templates below it.
fn files_of<'v>(view: &'v View, template: &'v RepoPath) -> impl Iterator<Item = RepoPath> + 'v {
    let reached = reached(view, template);
    let is_its = move |path: &RepoPath| {
        let mut above = path.ancestors().skip(1).take_while(|dir| dir.is_in(template));
        above.find(|dir| view.kustomization(dir).is_some()).is_none_or(|dir| reached.contains(&dir))
    };
    files_in(view, template).filter(is_its)
}

/// Checks that a copy would build the same: it names nothing outside of itself, and all of it can be
/// copied.
///
/// # Errors
/// What is in the way.
pub(super) fn check_can_be_copied(view: &View, template: &RepoPath) -> Result<(), Lacking> {
    if is_file(view, template) {
        let has_name = template.name().rsplit_once('.').is_some_and(|(stem, _)| !stem.is_empty());
        if is_kustomization_file(template) || !has_name {
            return Err((codes::SINGLE_FILE, format!("{template} cannot be in a Component of its own")));
        }
        return check_files(view, [template.clone()]);
    }
    let (reached, files): (_, BTreeSet<RepoPath>) = (reached(view, template), files_of(view, template).collect());
    for kustomization in reached.iter().filter_map(|dir| view.kustomization(dir)) {
        let path = &kustomization.path;
        for entry in listed(kustomization).chain(&kustomization.inputs).chain(&kustomization.configurations) {
            let target = view.resolve(kustomization, &entry.text).filter(|_| !entry.is_remote());
            let is_copied = |target: &RepoPath| {
                files.contains(target)
                    || reached.contains(target)
                    || target.is_in(template) && view.tree().entry(target).is_none() && !view.tree().holds(target)
            };
            if !target.is_some_and(|target| is_copied(&target)) {
                let message = format!("{path}:{} names {}, which is outside of its directory", entry.line, entry.text);
                return Err((codes::NOT_COPIED, message));
            }
        }
    }
    // Links, too: whatever is there besides files.
    let is_other = |(_, kind): &(RepoPath, EntryKind)| !matches!(kind, EntryKind::File { .. });
    if let Some((path, _)) = entries_in(view, template).find(is_other) {
        return Err((codes::NOT_COPIED, format!("{path} cannot be copied")));
    }
    check_files(view, files)
}

fn check_files(view: &View, files: impl IntoIterator<Item = RepoPath>) -> Result<(), Lacking> {
    for path in files {
        if !view.tree().entry(&path).is_some_and(|kind| is_readable(view, &path, &kind)) {
            return Err((codes::NOT_COPIED, format!("{path} cannot be copied")));
        }
    }
    Ok(())
}

/// Whether a Component cannot be made in a directory, because of what is there. Directories below
/// it may hold other Components.
pub(super) fn is_taken(view: &View, template: &RepoPath, dir: &RepoPath) -> bool {
    let is_there = |path: &RepoPath| view.tree().entry(path).is_some() || view.tree().holds(path);
    view.tree().entry(dir).is_some()
        || view.tree().below(dir).any(|path| path.dir() == *dir)
        || files(view, template, dir).iter().any(is_there)
}
