//! The names of units: step and subject.

use super::roots::{Child, Root};
use super::survey::Candidate;
use crate::plan::{Subject, UnitId};
use crate::repo::RepoPath;

/// Stage A: the label of a Flux Kustomization that says otherwise.
pub(super) const KUSTOMIZATION_OPT_OUT: &str = "kustomization-opt-out";
/// Stage A: defaults of Flux Kustomizations.
pub(super) const KUSTOMIZATION_DEFAULTS: &str = "kustomization-defaults";
/// Stage B: a Flux Kustomization with a list of patches of its own.
pub(super) const OWN_PATCHES: &str = "own-patches";
/// Stage B: the label of a release that says otherwise.
pub(super) const OPT_OUT: &str = "opt-out";
/// Stage B: defaults of releases.
pub(super) const INJECT: &str = "inject";
/// Stage B: the label of a release that gets the defaults.
pub(super) const OPT_IN: &str = "opt-in";
/// Stage C: fields of a release go.
pub(super) const SUBTRACT: &str = "subtract";
/// Stage C: fields of a Flux Kustomization go.
pub(super) const SUBTRACT_KUSTOMIZATION: &str = "subtract-kustomization";

fn id(step: &'static str, subject: Subject) -> UnitId {
    UnitId { migration: "remediation-defaults", step, subject }
}

pub(super) fn kustomization(step: &'static str, namespace: &str, name: &str, path: &RepoPath) -> UnitId {
    let (kind, namespace, name) = ("Kustomization".to_owned(), namespace.to_owned(), name.to_owned());
    id(step, Subject::Object { kind, namespace, name, path: path.clone() })
}

pub(super) fn root_id(step: &'static str, root: &Root) -> UnitId {
    kustomization(step, &root.namespace, &root.name, &root.at.path)
}

pub(super) fn child_id(step: &'static str, child: &Child) -> UnitId {
    kustomization(step, &child.namespace, &child.name, &child.at.path)
}

pub(super) fn release_id(step: &'static str, candidate: &Candidate<'_>) -> UnitId {
    let (namespace, name) = (candidate.namespace.clone(), candidate.name.clone());
    id(step, Subject::Release { namespace, name, path: candidate.release.at.path.clone() })
}
