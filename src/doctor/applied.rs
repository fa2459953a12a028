//! The objects of Flux that a cluster has: what others of its objects may name.

use std::collections::BTreeSet;

use super::listed;
use crate::flux::{ById, ClusterId, FluxKustomization, Reach, SourceRef, View};

/// Kind, namespace and name.
type Name = (String, String, String);

/// The objects of Flux in a cluster.
pub(super) struct Applied {
    names: BTreeSet<Name>,
    /// Those of them whose name or namespace is only known on the cluster.
    unclear: Vec<Name>,
    /// Whether something that is applied is not in this tree, so that what is missing may be there.
    pub(super) is_partial: bool,
}

/// Whether an object is applied to another cluster, by a Kustomization with `spec.kubeConfig`.
pub(super) fn goes_elsewhere(view: &View, reach: &Reach) -> bool {
    view.graph().kustomizations[reach.kustomization].remote_cluster().is_some()
}

impl Applied {
    /// Those of each cluster.
    pub(super) fn of(view: &View) -> ById<ClusterId, Applied> {
        view.graph().clusters.ids().map(|cluster| Applied::by(view, cluster)).collect()
    }

    fn by(view: &View, cluster: ClusterId) -> Applied {
        let graph = view.graph();
        let reaches = graph.reached().flat_map(|(_, reaches)| reaches).filter(|reach| reach.cluster == cluster);
        let is_flux = |reach: &&Reach| reach.api_version.contains(".fluxcd.");
        let mut names: BTreeSet<Name> = reaches
            .filter(is_flux)
            .filter(|reach| !goes_elsewhere(view, reach))
            .map(|reach| {
                (reach.kind.to_string(), reach.namespace.unwrap_or_default().to_string(), reach.name.to_string())
            })
            .collect();
        let is_here = |of: &&FluxKustomization| of.cluster == cluster && of.lives_in.is_none();
        let kustomizations = graph.kustomizations.iter().filter(is_here);
        let name = |of: &FluxKustomization| ("Kustomization".to_owned(), of.namespace.clone(), of.name.clone());
        names.extend(kustomizations.clone().map(name));
        // What a FluxInstance or a bootstrap creates is in no file.
        let source = &graph.clusters[cluster].source;
        let namespace = source.namespace.clone().unwrap_or_else(|| "flux-system".to_owned());
        names.insert((source.kind.clone(), namespace, source.name.clone()));
        // Another repository may contain anything; Flux's own manifests contain no source.
        let is_elsewhere = |kustomization: &FluxKustomization| {
            let SourceRef { kind, name, namespace } = &kustomization.source;
            let source = (kind.clone(), namespace.clone().unwrap_or_default(), name.clone());
            let applies_here = kustomization.remote_cluster().is_none();
            applies_here && kustomization.path.is_none() && name != "flux-manifests" && names.contains(&source)
        };
        let is_partial = kustomizations.clone().any(is_elsewhere) || !graph.clusters[cluster].in_tree;
        let is_unclear = |(_, namespace, name): &&Name| namespace.contains("${") || name.contains("${");
        Applied { unclear: names.iter().filter(is_unclear).cloned().collect(), names, is_partial }
    }

    /// Whether it is not known what there is of a kind under a name with these parts.
    fn is_open(&self, kind: &str, asked: &[&str]) -> bool {
        // An ArtifactGenerator or another controller makes an ExternalArtifact.
        self.is_partial || kind == "ExternalArtifact" || asked.iter().any(|text| text.contains("${"))
    }

    /// Whether one is applied, or may be.
    pub(super) fn has(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.is_open(kind, &[namespace, name])
            || self.names.contains(&(kind.to_owned(), namespace.to_owned(), name.to_owned()))
            || self.unclear.iter().any(|(of, in_namespace, called)| {
                let may_be = |known: &str, asked: &str| known == asked || known.contains("${");
                of == kind && may_be(in_namespace, namespace) && may_be(called, name)
            })
    }

    /// Where something of this kind and name is instead.
    pub(super) fn elsewhere(&self, kind: &str, name: &str) -> String {
        let other = self.names.iter().filter(|(of, _, called)| of == kind && called == name);
        let namespaces: Vec<_> =
            other.map(|(_, namespace, _)| namespace.clone()).filter(|namespace| !namespace.is_empty()).collect();
        if namespaces.is_empty() {
            String::new()
        } else {
            format!("; there is one in namespace {}", listed(namespaces))
        }
    }

    /// Whether one of this kind in a namespace is applied, or may be, whatever its name is.
    pub(super) fn has_any(&self, kind: &str, namespace: &str) -> bool {
        self.is_open(kind, &[namespace])
            || self.names.iter().any(|(of, there, _)| of == kind && (there == namespace || there.contains("${")))
    }

    /// The namespace of each one of a kind; those that are only known on the cluster are left out.
    pub(super) fn namespaces_of(&self, kind: &str) -> impl Iterator<Item = &str> {
        let of_kind = self.names.iter().filter(move |(of, namespace, _)| of == kind && !namespace.contains("${"));
        of_kind.map(|(_, namespace, _)| namespace.as_str())
    }
}
