//! Where operator and instance are written: below the releases root, beside the other Kustomizations
//! of the namespace.

use super::settings::FluxOperatorSettings;
use crate::flux::{ClusterId, FluxKustomization, Kustomization, KustomizationId, Patch, Reach, Value, View};
use crate::migrations::sources::codes::NO_PLACE;
use crate::plan::Finding;
use crate::plan::author::never_changed;
use crate::repo::RepoPath;

/// Where the two Flux Kustomizations are listed.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    /// The kustomization that lists them.
    pub(super) file: RepoPath,
    /// The Flux Kustomization that applies it.
    pub(super) root: KustomizationId,
    /// The label that keeps variables and decryption of the root away from a child, if it has one.
    pub(super) label: Option<(String, String)>,
}

impl Listing {
    pub(super) fn dir(&self) -> RepoPath {
        self.file.dir()
    }
}

/// The place in a cluster.
///
/// # Errors
/// A finding if no kustomization of the cluster is one.
pub(super) fn listing(
    view: &View,
    cluster: ClusterId,
    namespace: &str,
    settings: &FluxOperatorSettings,
) -> Result<Listing, Finding> {
    let graph = view.graph();
    let refuse = |message: String| Finding::error(NO_PLACE, message);
    let roots: Vec<KustomizationId> =
        graph.clusters[cluster].releases_roots.iter().map(|root| root.kustomization).collect();
    for root in roots {
        let flux = &graph.kustomizations[root];
        let Some(path) = &flux.path else { continue };
        let Some(file) = in_root(view, root, path, namespace, settings) else { continue };
        return check(view, cluster, namespace, file).map(|file| Listing { file, root, label: label(flux) });
    }
    let name = &graph.clusters[cluster].name;
    let wanted = settings.directory.as_deref().unwrap_or(namespace);
    Err(refuse(format!("no kustomization of {name} in a folder {wanted} can list Flux Operator; state `directory`")))
}

/// The kustomization below a root in which the Kustomizations of the namespace are listed.
fn in_root(
    view: &View,
    root: KustomizationId,
    path: &RepoPath,
    namespace: &str,
    settings: &FluxOperatorSettings,
) -> Option<RepoPath> {
    let through = |file: &RepoPath| {
        let mut reaches = view.graph().reached().flat_map(|(_, reaches)| reaches);
        reaches.any(|reach| reach.kustomization == root && reach.through.contains(file))
    };
    let is_listed = |dir: RepoPath| {
        let file = view.kustomization(&dir).filter(|file| !file.component)?.path.clone();
        through(&file).then_some(file)
    };
    if let Some(directory) = &settings.directory {
        let from = [Some(path.clone()), path.parent(), Some(RepoPath::root())];
        return from.into_iter().flatten().filter_map(|from| from.join(directory)).find_map(is_listed);
    }
    if let Some(file) = path.join(namespace).and_then(is_listed) {
        return Some(file);
    }
    let mut namespaces = view.graph().reached().flat_map(|(_, reaches)| reaches);
    let is_it = |kind: &str, name: &str| kind == "Namespace" && name == namespace;
    let of_namespace = namespaces.find(|reach| reach.kustomization == root && is_it(&reach.kind, &reach.name))?;
    of_namespace.through.last().cloned()
}

fn check(view: &View, cluster: ClusterId, namespace: &str, file: RepoPath) -> Result<RepoPath, Finding> {
    let refuse = |message: String| Err(Finding::error(NO_PLACE, message).at(&file, None));
    let of_file = view.kustomizations().find(|kustomization| kustomization.path == file);
    let Some(kustomization) = of_file else { return refuse(format!("{file} cannot be read")) };
    let sharing = |reach: &Reach| reach.cluster != cluster && reach.through.contains(&file);
    if view.graph().reached().flat_map(|(_, reaches)| reaches).any(sharing) {
        return refuse(format!("{file} is of several clusters, and each of them has to go alone"));
    }
    if changes_names(kustomization, namespace) {
        return refuse(format!("{file} changes namespaces or names of what it lists"));
    }
    match never_changed(view, [&file]) {
        Some(reason) => Err(reason),
        None => Ok(file),
    }
}

fn changes_names(kustomization: &Kustomization, namespace: &str) -> bool {
    let is_other = |given: &String| given != namespace;
    kustomization.namespace.as_ref().is_some_and(is_other)
        || !kustomization.prefix.is_empty()
        || !kustomization.suffix.is_empty()
        || kustomization.namespaces.iter().any(|given| is_other(&given.namespace))
}

/// A label with which a child is left out of what the root's patches inject: variables and decryption.
fn label(root: &FluxKustomization) -> Option<(String, String)> {
    let entries = root.object.at(&["spec", "patches"])?.items();
    let injects = |patch: &&Patch| {
        patch.is_for_named("Kustomization", "flux-operator") && patch.changes_fields(&["decryption", "postBuild"])
    };
    let label = |entry: &Value| {
        let patches = Patch::of_entry(&root.at.path, 1, entry)?;
        patches.iter().map(|patch| &**patch).find(injects)?.let_out_by()
    };
    entries.iter().find_map(label)
}
