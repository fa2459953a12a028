//! What units are called.

use super::pair::Counterpart;
use super::template::Consumer;
use crate::flux::{Object, View};
use crate::plan::{REMOVE, Subject, UnitId};
use crate::repo::RepoPath;

/// A consumer names Components where it named templates.
pub(super) const SWITCH: &str = "switch";
/// A Component is made of a template.
pub(super) const COMPONENT: &str = "component";
/// A template becomes a Component where it stands, with all its consumers.
pub(super) const PROMOTE: &str = "promote";
/// A claim is kept from being pruned.
pub(super) const PROTECT: &str = "protect";
/// A directory gets another name.
pub(super) const RENAME: &str = "rename";

const CLAIM: &str = "PersistentVolumeClaim";

fn id(step: &'static str, subject: Subject) -> UnitId {
    UnitId { migration: "components", step, subject }
}

fn of_dir(step: &'static str, kind: &str, dir: &RepoPath, path: &RepoPath) -> UnitId {
    let (kind, name) = (kind.to_owned(), dir.as_str().to_owned());
    id(step, Subject::Object { kind, namespace: String::new(), name, path: path.clone() })
}

pub(super) fn consumer_id(consumer: &Consumer<'_>) -> UnitId {
    id(SWITCH, Subject::Consumer { kustomization: consumer.kustomization.path.clone() })
}

/// The unit that makes a Component. Its file is called as that of its template.
pub(super) fn component_id(counterpart: &Counterpart, from: &RepoPath, view: &View) -> UnitId {
    let file = view.kustomization(from).map_or("kustomization.yaml", |own| own.path.name());
    let path = counterpart.dir.join(file).expect("a path in the repository");
    of_dir(COMPONENT, "Component", &counterpart.dir, &path)
}

/// The unit that makes a template a Component where it stands.
pub(super) fn promotion_id(view: &View, template: &RepoPath) -> UnitId {
    of_dir(PROMOTE, "Component", template, file_of(view, template))
}

pub(super) fn removal_id(view: &View, template: &RepoPath) -> UnitId {
    of_dir(REMOVE, "Kustomization", template, file_of(view, template))
}

/// The unit that gives a directory another name.
pub(super) fn rename_id(view: &View, from: &RepoPath) -> UnitId {
    of_dir(RENAME, "Directory", from, file_of(view, from))
}

/// The unit that protects a claim.
pub(super) fn protection_id(claim: &Object) -> UnitId {
    let (kind, namespace) = (CLAIM.to_owned(), claim.namespace.clone().unwrap_or_default());
    id(PROTECT, Subject::Object { kind, namespace, name: claim.name.clone(), path: claim.at.path.clone() })
}

/// The kustomization file of a directory, or the directory itself.
fn file_of<'v>(view: &'v View, dir: &'v RepoPath) -> &'v RepoPath {
    view.kustomization(dir).map_or(dir, |own| &own.path)
}

/// Whether an object is a PersistentVolumeClaim.
pub(super) fn is_claim(kind: &str) -> bool {
    kind == CLAIM
}
