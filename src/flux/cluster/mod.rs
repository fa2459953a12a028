//! Clusters: where they begin in a tree, which Flux Kustomizations they apply, and what each of these reaches.

mod entry_points;
mod flags;
mod flux_kustomization;
mod following;
mod given;
mod graph;
mod releases_roots;
mod templates;
#[cfg(test)]
mod tests;

pub use flags::{ControllerFlag, Flag};
pub(super) use flux_kustomization::effective;
pub use flux_kustomization::{FluxKustomization, SubstituteFrom};
pub use following::{Checkout, Followed, FollowedBranch, Following, Position, States};
pub use given::GivenCluster;
pub use graph::{Graph, Reach};
pub use releases_roots::ReleasesRoot;
pub(super) use templates::entry_templates;
pub use templates::{EntryTemplate, KustomizationTemplate};

use crate::flux::files::{At, FluxVersion, SourceRef};
use crate::repo::RepoPath;
use crate::yaml::Node;

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

/// Where Flux starts in a repository, before anything is built from there.
#[derive(Clone, Debug)]
pub(in crate::flux) struct EntryPoint {
    pub(in crate::flux) path: RepoPath,
    pub(in crate::flux) stated_at: At,
    pub(in crate::flux) source: SourceRef,
    pub(in crate::flux) branch: Option<String>,
    pub(in crate::flux) url: Option<String>,
    pub(in crate::flux) flux: Option<FluxVersion>,
    /// The Flux Kustomization that applies itself from there; `None` where a FluxInstance makes it.
    pub(in crate::flux) kustomization: Option<At>,
}

impl EntryPoint {
    /// The entry point that a document states as a FluxInstance, as the values of the `flux-instance` chart in a HelmRelease, or as
    /// those values in a file of their own.
    pub(in crate::flux) fn of_flux_instance(at: &At, root: Node<'_>) -> Option<EntryPoint> {
        let spec = instance_spec(root)?;
        let sync = spec.get("sync")?;
        let path = RepoPath::root().join(sync.text_at(&["path"])?)?;
        // The operator names the source after the instance's namespace unless told otherwise.
        let source = SourceRef {
            kind: sync.text_at(&["kind"]).unwrap_or("GitRepository").to_owned(),
            name: sync.text_at(&["name"]).unwrap_or("flux-system").to_owned(),
            namespace: Some("flux-system".to_owned()),
        };
        let branch = sync.text_at(&["ref"]).and_then(|name| name.strip_prefix("refs/heads/")).map(str::to_owned);
        let url = sync.text_at(&["url"]).map(str::to_owned);
        let flux = spec.text_at(&["distribution", "version"]).and_then(FluxVersion::parse);
        Some(EntryPoint { path, stated_at: at.clone(), source, branch, url, flux, kustomization: None })
    }
}

/// What a document states as a FluxInstance, in the document itself or as values of the `flux-instance` chart.
pub(in crate::flux) fn instance_spec(root: Node<'_>) -> Option<Node<'_>> {
    match root.text_at(&["kind"]) {
        Some("FluxInstance") => root.get("spec"),
        Some("HelmRelease") => root.at(&["spec", "values", "instance"]),
        Some(_) => None,
        None => root.get("instance"),
    }
}

/// The branch that a GitRepository follows; Flux takes `master` where it names nothing.
pub(in crate::flux) fn branch_of(git_repository: Node<'_>) -> Option<String> {
    let Some(reference) = git_repository.at(&["spec", "ref"]) else { return Some("master".to_owned()) };
    let by_name = reference.text_at(&["name"]).and_then(|name| name.strip_prefix("refs/heads/"));
    by_name.or(reference.text_at(&["branch"])).map(str::to_owned)
}

/// The name of the cluster whose entry point this is: the first part of the path that is not about how repositories are laid out.
pub(in crate::flux) fn name_of(path: &RepoPath) -> String {
    const LAYOUT: [&str; 14] = [
        "kubernetes",
        "k8s",
        "cluster",
        "clusters",
        "flux",
        "flux-system",
        "config",
        "apps",
        "bootstrap",
        "setup",
        "gitops",
        "fleet",
        "kubernetes-manifests",
        "infrastructure",
    ];
    path.as_str().split('/').find(|part| !part.is_empty() && !LAYOUT.contains(part)).unwrap_or("cluster").to_owned()
}

/// The version of Flux that reached objects state: the tag of Flux's own manifests, or the header of `gotk-components.yaml`.
pub(in crate::flux) fn version_stated(reaches: &[(&Reach, Node<'_>, &str)]) -> Option<FluxVersion> {
    let manifests = |node: &Node<'_>| {
        let url = node.text_at(&["spec", "url"])?;
        let tag = node.text_at(&["spec", "ref", "tag"])?;
        FluxVersion::parse(tag).filter(|_| url.ends_with("/flux-manifests"))
    };
    let header = |text: &str| {
        let line = text.lines().take(10).find_map(|line| line.strip_prefix("# Flux Version:"))?;
        FluxVersion::parse(line)
    };
    reaches.iter().find_map(|(_, node, text)| manifests(node).or_else(|| header(text)))
}
