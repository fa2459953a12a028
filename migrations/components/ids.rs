//! What units are called.

use super::META;
use super::made;
use super::pair::Counterpart;
use super::template::Consumer;
use crate::flux::{Object, View};
use crate::plan::{REMOVE, Subject, UnitId};
use crate::repo::RepoPath;

/// A consumer names Components where it named templates.
pub(super) const SWITCH: &str = "switch";
/// A Component is made of a template.
pub(super) const COMPONENT: &str = "component";
/// A template becomes a Component where it is, with all its consumers.
pub(super) const PROMOTE: &str = "promote";
/// A claim is protected from pruning.
pub(super) const PROTECT: &str = "protect";
/// A directory is renamed.
pub(super) const RENAME: &str = "rename";

pub(super) fn switch(consumer: &Consumer<'_>) -> UnitId {
    UnitId::new(&META, SWITCH, Subject::consumer(&consumer.kustomization.path))
}

/// The unit that makes a Component of a template. Its file is called as that of the template.
pub(super) fn component(view: &View, counterpart: &Counterpart) -> Option<UnitId> {
    let path = made::kustomization(view, counterpart.made_from.as_ref()?, &counterpart.dir);
    Some(directory(COMPONENT, "Component", &counterpart.dir, &path))
}

pub(super) fn promotion(view: &View, template: &RepoPath) -> UnitId {
    directory(PROMOTE, "Component", template, file_of(view, template))
}

pub(super) fn removal(view: &View, template: &RepoPath) -> UnitId {
    let kind = if made::is_file(view, template) { "File" } else { "Kustomization" };
    directory(REMOVE, kind, template, file_of(view, template))
}

pub(super) fn rename(view: &View, from: &RepoPath) -> UnitId {
    directory(RENAME, "Directory", from, file_of(view, from))
}

pub(super) fn protection(claim: &Object) -> UnitId {
    let namespace = claim.namespace.as_deref().unwrap_or_default();
    UnitId::new(&META, PROTECT, Subject::object(&claim.kind, namespace, &claim.name, &claim.at.path))
}

fn directory(step: &'static str, kind: &str, dir: &RepoPath, path: &RepoPath) -> UnitId {
    UnitId::new(&META, step, Subject::object(kind, "", dir.as_str(), path))
}

/// The kustomization file of a directory, or the directory itself.
fn file_of<'v>(view: &'v View, dir: &'v RepoPath) -> &'v RepoPath {
    view.kustomization(dir).map_or(dir, |kustomization| &kustomization.path)
}
