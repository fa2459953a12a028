//! Today's installation of Flux in a cluster, as its files state it.

use std::collections::BTreeSet;

use super::distribution::{components, identities};
use super::patches::{Carried, Entry, Today};
use super::settings::FluxOperatorSettings;
use super::versions::Version;
use super::{NAMESPACE, codes};
use crate::flux::{At, ClusterId, FluxKustomization, KustomizationId, OciRepository, Value, View};
use crate::migrations::sources::codes::FLUX_UNKNOWN;
use crate::plan::Finding;
use crate::plan::author::arriving;
use crate::repo::RepoPath;

/// Where the manifests of Flux itself are.
const MANIFESTS: &str = "oci://ghcr.io/fluxcd/flux-manifests";

/// Fields of the old Kustomization that the operator needs nothing for.
const NOT_NEEDED: [&str; 9] = [
    "interval",
    "retryInterval",
    "timeout",
    "wait",
    "force",
    "dependsOn",
    "healthChecks",
    "healthCheckExprs",
    "ignoreMissingComponents",
];

/// The same for its source.
const NOT_NEEDED_OF_SOURCE: [&str; 5] = ["interval", "timeout", "verify", "ignore", "layerSelector"];

/// Today's installation.
pub(super) struct Install<'v> {
    pub(super) cluster: ClusterId,
    pub(super) cluster_name: String,
    /// The namespace of the controllers.
    pub(super) namespace: String,
    /// What installs it.
    pub(super) old: Old<'v>,
    /// The version of Flux, if it is exact.
    pub(super) version: Option<Version>,
    /// The controllers that the FluxInstance gets.
    pub(super) components: Vec<String>,
    /// Those of today that it does not get.
    pub(super) orphaned: Vec<String>,
    /// Today's patches.
    pub(super) carried: Carried,
    /// `spec.commonMetadata`.
    pub(super) common_metadata: Option<Value>,
    /// Why nothing is written.
    pub(super) problems: Vec<Finding>,
    /// What is not carried, and need not be.
    pub(super) listed: Vec<Finding>,
}

/// What installs Flux today.
#[derive(Clone)]
pub(super) enum Old<'v> {
    /// A Flux Kustomization over the artifact flux-manifests.
    Oci { flux: &'v FluxKustomization, source: At },
    /// A kustomization that lists `gotk-components.yaml`.
    Gotk {
        file: RepoPath,
        kustomization: RepoPath,
        /// The Flux Kustomization that applies it: namespace and name.
        flux: (String, String),
        /// Whether a patch there keeps Flux from deleting what it has.
        guarded: bool,
    },
}

impl Old<'_> {
    /// Where it is stated.
    pub(super) fn place(&self) -> (&RepoPath, Option<usize>) {
        match self {
            Old::Oci { flux, .. } => (&flux.at.path, None),
            Old::Gotk { kustomization, .. } => (kustomization, None),
        }
    }
}

impl Install<'_> {
    pub(super) fn entries(&self) -> &[Entry] {
        &self.carried.entries
    }

    pub(super) fn network_policy(&self) -> bool {
        self.carried.network_policy
    }
}

/// The Flux of a cluster. Where it follows another branch than the one at hand, that knows better.
pub(super) fn version_of(view: &View, cluster: ClusterId, stated: Option<Version>) -> Option<Version> {
    let cluster = &view.graph().clusters[cluster];
    let is_elsewhere = view.followed().is_some_and(|following| following.elsewhere(cluster).is_some());
    if is_elsewhere { cluster.flux.and_then(Version::of_flux) } else { stated }
}

/// The Flux Kustomizations of a cluster over an artifact of Flux's own manifests, with their sources.
pub(super) fn over_manifests<'v>(
    view: &'v View,
    cluster: ClusterId,
) -> Vec<(KustomizationId, &'v FluxKustomization, &'v OciRepository)> {
    let graph = view.graph();
    let here = graph.kustomizations.entries().filter(|(_, flux)| flux.cluster == cluster && flux.lives_in.is_none());
    let with_source = |(id, flux): (KustomizationId, &'v FluxKustomization)| {
        let source = &flux.source;
        let mut named = graph.flux_objects_in((cluster, None), &source.kind, source.namespace.as_deref(), &source.name);
        let source = view.oci_repository(named.next()?)?;
        source.url.trim_end_matches('/').ends_with("/flux-manifests").then_some((id, flux, source))
    };
    here.filter(|(_, flux)| flux.source.kind == "OCIRepository").filter_map(with_source).collect()
}

/// Reads an installation from an artifact.
pub(super) fn of_artifact<'v>(
    view: &'v View,
    (flux, source): (&'v FluxKustomization, &'v OciRepository),
    settings: &FluxOperatorSettings,
) -> Install<'v> {
    let graph = view.graph();
    let cluster = &graph.clusters[flux.cluster];
    let old = Old::Oci { flux, source: source.at.clone() };
    let mut reader = Reader {
        path: &flux.at.path,
        line: view.object(&flux.at).map(|object| object.line),
        problems: Vec::new(),
        listed: Vec::new(),
    };
    reader.kustomization(flux);
    reader.source(view, source);
    let is_same = |other: &&FluxKustomization| {
        other.cluster == flux.cluster && !std::ptr::eq(*other, flux) && other.source == flux.source
    };
    if let Some(other) = graph.kustomizations.iter().find(is_same) {
        reader.refuse(format!("OCIRepository {} is the source of {}, too", source.name, other.full_name()));
    }
    reader.used_by_others(view, flux);
    let version = version_of(view, flux.cluster, source.tag.as_deref().and_then(Version::exact));
    let mut install = Install {
        cluster: flux.cluster,
        cluster_name: cluster.name.clone(),
        namespace: NAMESPACE.to_owned(),
        old,
        version,
        components: Vec::new(),
        orphaned: Vec::new(),
        carried: Carried::default(),
        common_metadata: flux.object.at(&["spec", "commonMetadata"]).cloned(),
        problems: reader.problems,
        listed: reader.listed,
    };
    let of_artifact = version.map(components).unwrap_or_default();
    install.choose_components(of_artifact.into_iter().map(str::to_owned).collect(), settings);
    let stream = view.file(&flux.at.path).and_then(|file| file.stream.as_deref());
    let list = view.node(&flux.at).and_then(|root| root.at(&["spec", "patches"]));
    let stated = list.and_then(Value::of);
    let effective = flux.object.at(&["spec", "patches"]);
    if stated.as_ref() != effective {
        let message = "spec.patches does not arrive in the cluster as it is written".to_owned();
        install.problems.push(Finding::error(codes::PATCH, message).at(&flux.at.path, reader.line));
    }
    if let (Some(version), Some(stream)) = (version, stream) {
        let today: Vec<String> = install.components.iter().chain(&install.orphaned).cloned().collect();
        let all = identities(version, &today, NAMESPACE);
        let path = &flux.at.path;
        let namespace = NAMESPACE;
        let today =
            Today { path, stream, list, namespace, version, identities: &all, among_others: false, guard: None };
        install.take_patches(today.carried());
    }
    install.check_version(settings);
    install
}

impl Install<'_> {
    /// Takes over patches, or the reasons why not.
    pub(super) fn take_patches(&mut self, carried: Result<Carried, Vec<Finding>>) {
        match carried {
            Ok(carried) => self.carried = carried,
            Err(problems) => self.problems.extend(problems),
        }
    }

    /// The controllers: those of today, or those that are configured.
    pub(super) fn choose_components(&mut self, today: Vec<String>, settings: &FluxOperatorSettings) {
        self.components = settings.components.clone().unwrap_or_else(|| today.clone());
        self.orphaned = today.into_iter().filter(|name| !self.components.contains(name)).collect();
    }

    /// Refuses a version that is not exact, or that the operator does not have.
    pub(super) fn check_version(&mut self, settings: &FluxOperatorSettings) {
        let (path, line) = self.old.place();
        let (path, line) = (path.clone(), line);
        let Some(version) = self.version else {
            let message = format!(
                "which Flux {} runs is not stated exactly: a FluxInstance needs one version",
                self.cluster_name
            );
            self.problems.push(Finding::error(FLUX_UNKNOWN, message).at(&path, line));
            return;
        };
        let message = match version.operator_having() {
            Some(needed) if needed <= settings.operator => return,
            Some(needed) => {
                format!("Flux {version} is in Flux Operator {needed} and later, and {} is stated", settings.operator)
            }
            None => format!("which Flux Operator has Flux {version} is not known here"),
        };
        self.problems.push(Finding::error(codes::OPERATOR_TOO_OLD, message).at(&path, line));
    }
}

/// Reads fields that a FluxInstance has none for.
struct Reader<'v> {
    path: &'v RepoPath,
    line: Option<usize>,
    problems: Vec<Finding>,
    listed: Vec<Finding>,
}

impl Reader<'_> {
    fn refuse(&mut self, message: String) {
        self.problems.push(Finding::error(codes::FIELD, message).at(self.path, self.line));
    }

    fn list(&mut self, message: String) {
        self.listed.push(Finding::note(codes::LISTED, message).at(self.path, self.line));
    }

    /// What the old Kustomization states.
    fn kustomization(&mut self, flux: &FluxKustomization) {
        let spec = flux.object.get("spec").map(Value::entries).unwrap_or_default();
        let mut not_needed = Vec::new();
        for (key, value) in spec {
            let text = value.text().unwrap_or_default();
            match key.as_str() {
                "prune" | "deletionPolicy" | "sourceRef" | "patches" | "commonMetadata" => {}
                "path" if matches!(text, "./" | "." | "/" | "") => {}
                "targetNamespace" if text == NAMESPACE => {}
                "suspend" if !value.is_true() => {}
                key if NOT_NEEDED.contains(&key) => not_needed.push(key.to_owned()),
                key => self.refuse(format!("spec.{key} of {} has no place in a FluxInstance", flux.full_name())),
            }
        }
        if !not_needed.is_empty() {
            self.list(format!("not carried: {} of {}", not_needed.join(", "), flux.full_name()));
        }
    }

    /// What its source states.
    fn source(&mut self, view: &View, source: &OciRepository) {
        if source.url.trim_end_matches('/') != MANIFESTS {
            self.refuse(format!(
                "the manifests come from {}: a mirror needs a variant, which is not chosen here",
                source.url
            ));
        }
        let reach = view.graph().reaches(&source.at).first();
        let object = reach.and_then(|reach| arriving(view, view.node(&source.at)?, reach));
        let Some(object) = object else { return self.refuse(format!("OCIRepository {} cannot be read", source.name)) };
        let mut not_needed = Vec::new();
        for (key, value) in object.get("spec").map(Value::entries).unwrap_or_default() {
            match key.as_str() {
                "url" => {}
                "ref" if value.get("semver").is_none() => {
                    not_needed.extend(value.get("digest").map(|_| "ref.digest".to_owned()));
                }
                "ref" => {}
                "provider" if value.text() == Some("generic") => {}
                "suspend" if !value.is_true() => {}
                key if NOT_NEEDED_OF_SOURCE.contains(&key) => not_needed.push(key.to_owned()),
                key => {
                    self.refuse(format!("spec.{key} of OCIRepository {} has no place in a FluxInstance", source.name))
                }
            }
        }
        if !not_needed.is_empty() {
            self.list(format!("not carried: {} of OCIRepository {}", not_needed.join(", "), source.name));
        }
    }

    /// What waits for the old Kustomization would wait for ever.
    fn used_by_others(&mut self, view: &View, flux: &FluxKustomization) {
        let name = (flux.namespace.clone(), flux.name.clone());
        let depends = |other: &&FluxKustomization| other.cluster == flux.cluster && other.depends_on.contains(&name);
        let waiting: BTreeSet<String> =
            view.graph().kustomizations.iter().filter(depends).map(FluxKustomization::full_name).collect();
        for other in waiting {
            self.refuse(format!("{other} depends on {}, which is removed", flux.full_name()));
        }
        if view.graph().clusters_of(&flux.at).len() > 1 {
            self.refuse("several clusters apply this file, and each of them has to go alone".to_owned());
        }
    }
}
