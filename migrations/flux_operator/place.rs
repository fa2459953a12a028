//! Where operator and instance are written: below the releases root, beside the other Kustomizations
//! of the namespace.

use super::settings::FluxOperatorSettings;
use crate::flux::{ClusterId, FluxKustomization, Kustomization, KustomizationId, View};
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
    let sharing = |reach: &crate::flux::Reach| reach.cluster != cluster && reach.through.contains(&file);
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
    let selector = |entry: &crate::flux::Value| {
        let patches = crate::flux::Patch::of_entry(&root.at.path, 1, entry)?;
        let injects = patches.iter().any(|patch| {
            patch.is_for_named("Kustomization", "flux-operator") && patch.changes_fields(&["decryption", "postBuild"])
        });
        entry.text_at(&["target", "labelSelector"]).filter(|_| injects).map(str::to_owned)
    };
    entries.iter().filter_map(selector).find_map(|selector| leaving_out(&selector))
}

/// The label that a selector leaves out: `k notin (v)`, `k!=v` or `!k`.
fn leaving_out(selector: &str) -> Option<(String, String)> {
    let selector = selector.trim();
    if let Some((key, values)) = selector.split_once(" notin ") {
        let values = values.trim().strip_prefix('(')?.split_once(')')?.0;
        return Some((key.trim().to_owned(), values.split(',').next()?.trim().to_owned()));
    }
    let first = selector.split(',').next()?.trim();
    if let Some((key, value)) = first.split_once("!=") {
        return Some((key.trim().to_owned(), value.trim().to_owned()));
    }
    first.strip_prefix('!').map(|key| (key.trim().to_owned(), "true".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_leave_out() {
        for (selector, expected) in [
            ("example.org/off notin (true)", Some(("example.org/off", "true"))),
            ("example.org/off notin (yes, true)", Some(("example.org/off", "yes"))),
            ("off != true", Some(("off", "true"))),
            ("!example.org/plain", Some(("example.org/plain", "true"))),
            ("on in (true)", None),
            ("on=true", None),
        ] {
            let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
            assert_eq!(leaving_out(selector), expected, "{selector}");
        }
    }
}
