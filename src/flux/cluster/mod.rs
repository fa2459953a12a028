//! Clusters: where they begin in a tree, which Flux Kustomizations they apply, and what each of
//! these applies ([`Graph`]).
//!
//! A cluster begins at an [entry point](entry_points): the `sync.path` of a FluxInstance, or a Flux
//! Kustomization that applies itself together with its GitRepository. From there, the graph follows
//! each Flux Kustomization among the objects that are applied, with patches and variables filled
//! in. Read off the graph are the [releases roots](ReleasesRoot) and the [flags](ControllerFlag) of
//! the controllers. What branches of git state of a cluster comes from outside ([`Following`]).
//!
//! The singular files have the data, the plural ones find it in a tree.

mod address;
mod arrived;
#[cfg(test)]
mod artifact_tests;
mod artifacts;
mod by_id;
mod effective;
mod entry_point;
mod entry_points;
mod external_artifacts;
mod flag;
mod flags;
mod flux_kustomization;
mod following;
mod given;
mod graph;
#[cfg(test)]
mod instance_tests;
mod instances;
mod pushed;
mod reach;
mod releases_root;
mod releases_roots;
mod repositories;
mod templates;
#[cfg(test)]
mod tests;
mod this_repository;

pub use address::address;
pub(super) use arrived::arriving;
pub use by_id::{ById, ClusterId, KustomizationId};
pub use effective::{SUBSTITUTE, excludes_substitution, is_disabled, survives_pruning};
pub(super) use effective::{built, effective};
pub use entry_point::instance_spec;
pub(super) use entry_point::states_entry_point;
pub use flag::{ControllerFlag, Flag};
pub(super) use flux_kustomization::source_of;
pub use flux_kustomization::{FluxKustomization, SubstituteFrom, remote_cluster};
pub use following::{Checkout, Followed, FollowedBranch, Following, OnBranch, Position, States};
pub use given::{Given, GivenCluster};
pub use graph::Graph;
pub(super) use graph::states_version;
pub use reach::Reach;
pub use releases_root::ReleasesRoot;
pub use templates::{EntryTemplate, KustomizationTemplate};
pub(super) use templates::{entry_templates, kustomization_templates};

use std::sync::Arc;

use self::entry_point::name_of;
use crate::flux::files::{At, FluxVersion, SourceRef};
use crate::flux::kustomize::Artifact;
use crate::repo::RepoPath;

/// A cluster: its entry point in the tree, and the git branch that its GitRepository follows.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its name: from the configuration, or else from the path of its entry point: `edge` for
    /// `kubernetes/edge/flux`.
    pub name: String,
    /// The path that Flux starts with.
    pub path: RepoPath,
    /// Where the entry point is stated.
    pub stated_at: At,
    /// Whether the path is in this tree.
    pub in_tree: bool,
    /// The branch that it follows, if any.
    pub branch: Option<String>,
    /// The version of Flux that it runs: the one that its branch states, or else this tree.
    pub flux: Option<FluxVersion>,
    /// The version of Flux that this tree states for it.
    pub flux_here: Option<FluxVersion>,
    /// The source from which its Flux Kustomizations build this repository.
    pub source: SourceRef,
    /// Whether that is only assumed, because no file states the source.
    pub source_is_assumed: bool,
    /// The address of the git repository of that source.
    pub url: Option<String>,
    /// What of this repository the source holds.
    pub artifact: Arc<Artifact>,
    /// Where to state what applies to all its releases.
    pub releases_roots: Vec<ReleasesRoot>,
    /// The flags of its controllers that matter: those that its branch shows, or else this tree.
    pub controller_flags: Vec<ControllerFlag>,
}

impl Cluster {
    /// Whether a variable without value is an error; `None` if flags contradict each other, or if
    /// neither flags nor the version of Flux decide it.
    pub fn substitutes_strictly(&self) -> Option<bool> {
        let shows = |on| self.controller_flags.iter().any(|shown| shown.flag == Flag::StrictPostBuildSubstitutions(on));
        match (shows(true), shows(false)) {
            (true, true) => None,
            (false, false) => self.flux.map(|flux| flux.is_at_least(9)),
            (strict, _) => Some(strict),
        }
    }

    /// Whether a controller refuses references to sources in other namespaces.
    pub fn refuses_cross_namespace_refs(&self, controller: &str) -> bool {
        self.controller_flags
            .iter()
            .any(|shown| shown.controller == controller && shown.flag == Flag::NoCrossNamespaceRefs(true))
    }

    /// The name from the path of its entry point.
    pub fn name_by_path(&self) -> String {
        name_of(&self.path)
    }
}
