//! `sync: adopt`: the FluxInstance makes what Flux starts with, too.
//!
//! ```yaml
//! kind: GitRepository                   kind: FluxInstance
//! metadata:                             spec:
//!   name: home-ops                        sync:
//! spec:                                     kind: GitRepository
//!   url: https://example.org/home-ops       url: https://example.org/home-ops
//!   ref:                                    ref: refs/heads/main
//!     branch: main                 →        path: ./kubernetes/main/flux
//!   ignore: ...                             name: home-ops
//! ---                                     kustomize:
//! kind: Kustomization                       patches:
//! metadata:                                   - target:
//!   name: cluster                                 kind: GitRepository
//! spec:                                         patch: |
//!   path: ./kubernetes/main/flux                  - op: add
//!   decryption: ...                                 path: /spec/ignore
//! ```
//!
//! The source keeps its name, so no `sourceRef` changes. The operator makes a Kustomization of that name: the
//! root of today itself, or a second one beside it, over the same path. Whatever the two have that the operator
//! does not write by itself becomes a patch, so that nothing is lost (`docs/hazards.md#f8`). Then the root of
//! today goes. It deletes nothing: it is `Orphan` by then, and the operator has marked its source. The new
//! root is `Orphan`, too: without `sync` the operator deletes it.

mod convert;
mod edit;
mod follow;
mod runbook;
#[cfg(test)]
mod tests;

use crate::flux::{At, ClusterId, FluxKustomization, Value, View};
use crate::plan::{Code, Finding};

use super::NAMESPACE;
use super::codes;
use super::find::Instance;
use super::versions::Version;
use convert::Sync;
use follow::Follower;

pub(super) use edit::{guard, out, sync};
pub(super) use runbook::runbook;

/// What Flux starts with in a cluster, as files state it.
pub(super) struct Start {
    pub(super) cluster: ClusterId,
    /// The root Kustomization of today.
    pub(super) root: FluxKustomization,
    /// Its source.
    pub(super) source: At,
    /// The document of the FluxInstance.
    pub(super) instance: At,
    /// What becomes of both.
    pub(super) sync: Sync,
    /// What names the root, where the new one has another name.
    pub(super) followers: Vec<Follower>,
    /// Why nothing is written.
    pub(super) problems: Vec<Finding>,
}

impl Start {
    /// That of a cluster whose root is in the tree; `None` if there is none, or none any more.
    pub(super) fn of(view: &View, cluster: ClusterId, instance: &Instance) -> Option<Start> {
        let graph = view.graph();
        let of = &graph.clusters[cluster];
        let mut roots = roots(view, cluster, instance);
        let root = roots.pop()?;
        let mut problems = Problems { view, at: root.at.clone(), found: Vec::new() };
        if !roots.is_empty() {
            problems.refuse(codes::FIELD, format!("several Kustomizations build {}", of.path));
        }
        if root.namespace != NAMESPACE || view.graph().clusters_of(&root.at).len() > 1 {
            problems.refuse(codes::FIELD, format!("{} is not of this cluster and {NAMESPACE} alone", root.full_name()));
        }
        if let Some(why) = instance.elsewhere {
            problems.refuse(codes::FIELD, format!("the FluxInstance: {why}"));
        }
        let (kind, name) = (root.source.kind.as_str(), root.source.name.as_str());
        let mut sources: Vec<&At> =
            graph.flux_objects_in((cluster, None), kind, root.source.namespace.as_deref(), name).collect();
        sources.retain(|at| view.object(at).is_some_and(|object| object.is_source(kind)));
        let source = match (kind, sources.as_slice()) {
            ("GitRepository", [source]) => (*source).clone(),
            ("GitRepository", _) => {
                problems.refuse(
                    codes::FIELD,
                    format!("{kind} {name} is in no file that the cluster applies, or in several"),
                );
                root.at.clone()
            }
            _ => {
                problems.refuse(
                    codes::REF,
                    format!("{} builds from {kind} {name}, not from a GitRepository", root.full_name()),
                );
                root.at.clone()
            }
        };
        let reach = graph.reaches(&source).first();
        let object = reach.and_then(|reach| view.effective(&source, reach));
        let sync = Sync::of(&root, object.as_deref().unwrap_or(&Value::Null), &mut problems);
        let is_taken = |other: &FluxKustomization| {
            let has_name = other.cluster == cluster && other.namespace == NAMESPACE && other.name == name;
            has_name && other.at != root.at && other.at != instance.at
        };
        if graph.kustomizations.iter().any(is_taken) {
            problems.refuse(codes::FIELD, format!("there is a Kustomization {NAMESPACE}/{name} already"));
        }
        let followers = match root.name == name {
            true => Vec::new(),
            false => follow::followers(view, cluster, &root, &mut problems),
        };
        if instance.sync.is_some() && !sync.is_stated_by(instance) {
            problems.refuse(codes::FIELD, "the FluxInstance has another `sync` than what Flux starts with".to_owned());
        } else if instance.sync.is_some() && root.keeps_on_deletion() && !sync.is_patched_by(instance) {
            let message = "the FluxInstance has `sync`, and not all patches for fields that Flux starts with";
            problems.refuse(codes::FIELD, message.to_owned());
        }
        let found = problems.found;
        Some(Start { cluster, root, source, instance: instance.at.clone(), sync, followers, problems: found })
    }

    /// Whether the new root has the name of the one of today.
    pub(super) fn is_in_place(&self) -> bool {
        self.root.name == self.root.source.name
    }

    /// Whether an object is the root of today or its source.
    fn is_removed(&self, kind: &str, namespace: Option<&str>, name: &str) -> bool {
        let is_root = kind == "Kustomization" && name == self.root.name;
        let is_source = kind == self.root.source.kind && name == self.root.source.name;
        namespace == Some(&*self.root.namespace) && (is_root || is_source)
    }

    /// Whether the FluxInstance states what is to become of them, patches included.
    pub(super) fn is_synced(&self, instance: &Instance) -> bool {
        self.sync.is_stated_by(instance) && self.sync.is_patched_by(instance)
    }

    /// Why the root cannot have the guard, by the Flux of its cluster.
    pub(super) fn check_version(&mut self, view: &View, version: Option<Version>) {
        if !version.is_some_and(|version| version.is_at_least(5)) && !self.root.keeps_on_deletion() {
            let mut problems = Problems { view, at: self.root.at.clone(), found: Vec::new() };
            problems.refuse(codes::FIELD, "only Flux 2.5 and later has deletionPolicy: Orphan".to_owned());
            self.problems.extend(problems.found);
        }
    }
}

/// The Kustomizations that files state and that build the path of a cluster. Where the FluxInstance makes one
/// of the same name already, it is that one for the graph, and the file is only among what is applied.
fn roots(view: &View, cluster: ClusterId, instance: &Instance) -> Vec<FluxKustomization> {
    let graph = view.graph();
    let path = Some(&graph.clusters[cluster].path);
    let is_stated =
        |at: &At| *at != instance.at && view.object(at).is_some_and(|object| object.is_flux_kustomization());
    let known = graph.kustomizations.iter().filter(|one| one.cluster == cluster && one.lives_in.is_none());
    let mut found: Vec<FluxKustomization> = known.filter(|one| is_stated(&one.at)).cloned().collect();
    let applied = graph.reached().filter(|(_, reaches)| reaches.iter().any(|reach| reach.cluster == cluster));
    let others = applied.map(|(at, _)| at).filter(|at| is_stated(at) && graph.kustomizations_at(at).next().is_none());
    found.extend(others.filter_map(|at| view.stated(at)));
    found.retain(|one| one.path.as_ref() == path);
    found.dedup_by(|a, b| a.at == b.at);
    found
}

/// What is in the way, each at the document that it is about.
pub(super) struct Problems<'v> {
    view: &'v View,
    at: At,
    found: Vec<Finding>,
}

impl Problems<'_> {
    pub(super) fn refuse(&mut self, code: &'static Code, message: String) {
        let line = self.view.object(&self.at).map(|object| object.line);
        self.found.push(Finding::error(code, message).at(&self.at.path, line));
    }
}
