//! Clusters: where they begin in a tree, which Flux Kustomizations they apply, and what each of these reaches.

mod effective;
mod entry_point;
mod entry_points;
mod flag;
mod flags;
mod flux_kustomization;
mod following;
mod given;
mod graph;
mod reach;
mod releases_root;
mod releases_roots;
mod templates;
#[cfg(test)]
mod tests;

pub(super) use effective::effective;
pub use flag::{ControllerFlag, Flag};
pub use flux_kustomization::{FluxKustomization, SubstituteFrom};
pub use following::{Checkout, Followed, FollowedBranch, Following, Position, States};
pub use given::GivenCluster;
pub use graph::Graph;
pub use reach::Reach;
pub use releases_root::ReleasesRoot;
pub use templates::{EntryTemplate, KustomizationTemplate};
pub(super) use templates::{entry_templates, kustomization_templates};

use self::entry_point::name_of;
use crate::flux::files::{At, FluxVersion, SourceRef};
use crate::repo::RepoPath;

/// A cluster as Flux sees it: the entry point in the tree, and the git branch that its GitRepository follows.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its name: the one given, else from the path of its entry point: `edge` for `kubernetes/edge/flux`.
    pub name: String,
    /// The path that Flux starts from.
    pub path: RepoPath,
    /// Where the entry point is stated.
    pub stated_at: At,
    /// Whether that path is in this tree at all.
    pub in_tree: bool,
    /// The branch that it follows, if it follows one.
    pub branch: Option<String>,
    /// The version of Flux that it runs, as its branch states it; as this tree does, where its branch was not looked up or says nothing.
    pub flux: Option<FluxVersion>,
    /// The version of Flux that this tree states for it.
    pub flux_here: Option<FluxVersion>,
    /// The source that its own Kustomizations build from.
    pub source: SourceRef,
    /// Where that source comes from: the address of the git repository.
    pub url: Option<String>,
    /// Where to state what is to hold for all its releases.
    pub releases_roots: Vec<ReleasesRoot>,
    /// Flags of its controllers that matter, as its branch shows them; as this tree does, where its branch was not looked up.
    pub controller_flags: Vec<ControllerFlag>,
}

impl Cluster {
    /// Whether a variable without value is an error in it; `None` where flags contradict each other, or neither they nor the
    /// version of Flux tell.
    pub fn substitutes_strictly(&self) -> Option<bool> {
        let says = |on| self.controller_flags.iter().any(|own| own.flag == Flag::StrictPostBuildSubstitutions(on));
        match (says(true), says(false)) {
            (true, true) => None,
            (false, false) => self.flux.map(|flux| flux.is_at_least(9)),
            (strict, _) => Some(strict),
        }
    }

    /// Whether a controller refuses references to sources in other namespaces.
    pub fn refuses_cross_namespace_refs(&self, controller: &str) -> bool {
        self.controller_flags
            .iter()
            .any(|own| own.controller == controller && own.flag == Flag::NoCrossNamespaceRefs(true))
    }
}

impl Cluster {
    /// The name that the path of its entry point gives it, where nothing else does.
    pub fn name_by_path(&self) -> String {
        name_of(&self.path)
    }
}
