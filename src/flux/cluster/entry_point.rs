//! Where Flux starts in a repository, as one document states it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::address::address;
use super::flux_kustomization::{path_of, source_of};
use super::instances::{Instance, may_be_instance};
use crate::flux::files::{At, FluxVersion, SourceRef};
use crate::flux::kustomize::{Artifact, Patch, Patches, Rendered};
use crate::flux::value::Value;
use crate::repo::{RepoPath, Tree};
use crate::yaml::Node;

/// Where Flux starts in a repository.
#[derive(Clone, Debug)]
pub(super) struct EntryPoint {
    pub(super) path: RepoPath,
    pub(super) stated_at: At,
    pub(super) source: SourceRef,
    pub(super) branch: Option<String>,
    pub(super) url: Option<String>,
    pub(super) artifact: Artifact,
    /// The directory of this tree that is the root of the artifact.
    pub(super) top: RepoPath,
    pub(super) flux: Option<FluxVersion>,
    /// The Flux Kustomization of the path.
    pub(super) root: Root,
    /// The FluxInstance that states all this.
    pub(super) instance: Option<Arc<Instance>>,
}

/// The Flux Kustomization with which a cluster begins.
#[derive(Clone, Debug)]
pub(super) enum Root {
    /// One that applies itself, with what its build makes of it.
    Stated(At, Option<Arc<Rendered>>),
    /// One that flux-operator makes for a FluxInstance, patched as that says, with the patches that
    /// change it.
    Made(Box<Value>, Patches),
    /// None that is in the tree.
    Unknown,
}

impl EntryPoint {
    /// The entry point that a FluxInstance states; `stated` is its document.
    pub(super) fn of_instance(instance: &Instance, stated: Option<Node<'_>>) -> Option<EntryPoint> {
        let Instance { at, namespace, spec } = instance;
        let sync = spec.get("sync")?;
        sync.text_at(&["path"])?;
        let lines = stated.and_then(instance_spec).and_then(|spec| spec.at(&["kustomize", "patches"]));
        let lines: Vec<_> = lines.into_iter().flat_map(Node::items).map(Node::line).collect();
        let line = |index: usize| lines.get(index).copied().or(stated.map(|root| root.line())).unwrap_or_default();
        let patches = spec.at(&["kustomize", "patches"]).map(|list| Patch::of_flux(&at.path, list, line));
        let patches = patches.unwrap_or_default();
        let (source, _) = made_for(sync, namespace, &patches, source_made);
        let (kustomization, patches) = made_for(sync, namespace, &patches, kustomization_made);
        let path = path_of(kustomization.text_at(&["spec", "path"]))?;
        let flux = spec.text_at(&["distribution", "version"]).and_then(FluxVersion::parse);
        Some(EntryPoint {
            path,
            stated_at: at.clone(),
            branch: source.at(&["spec", "ref"]).and_then(|_| branch_of(&source)),
            url: source.text_at(&["spec", "url"]).map(str::to_owned),
            artifact: Artifact::of(&source),
            top: RepoPath::root(),
            source: SourceRef {
                namespace: Some(namespace.clone()),
                ..source_of(kustomization.at(&["spec", "sourceRef"])?)?
            },
            flux,
            root: Root::Made(Box::new(kustomization), patches),
            instance: Some(Arc::new(instance.clone())),
        })
    }
}

/// An object that flux-operator makes for a FluxInstance, patched, with the patches that change it.
fn made_for(
    sync: &Value,
    namespace: &str,
    patches: &Patches,
    made: impl Fn(&Value, &str, &str) -> Value,
) -> (Value, Patches) {
    let name = sync.text_at(&["name"]).unwrap_or("flux-system");
    let mut object = made(sync, name, namespace);
    let applied: Patches = patches.iter().filter(|patch| patch.selects_value(&object)).cloned().collect();
    for patch in &applied {
        patch.apply(&mut object);
    }
    (object, applied)
}

fn object(api_version: &str, kind: &str, name: &str, namespace: &str, spec: Vec<(&str, Value)>) -> Value {
    let mut object = Value::Mapping(Vec::new());
    object.set("apiVersion", Value::string(api_version));
    object.set("kind", Value::string(kind));
    object.set_at(&["metadata", "name"], Value::string(name));
    object.set_at(&["metadata", "namespace"], Value::string(namespace));
    spec.into_iter().for_each(|(key, value)| object.set_at(&["spec", key], value));
    object
}

/// The source of a FluxInstance (flux-operator, `internal/builder/sync.go`).
fn source_made(sync: &Value, name: &str, namespace: &str) -> Value {
    let kind = sync.text_at(&["kind"]).unwrap_or("GitRepository");
    let url = Value::string(sync.text_at(&["url"]).unwrap_or_default());
    let mut source = object("source.toolkit.fluxcd.io/v1", kind, name, namespace, vec![("url", url)]);
    let key = if kind == "GitRepository" { "name" } else { "tag" };
    if let Some(reference) = sync.text_at(&["ref"]) {
        source.set_at(&["spec", "ref", key], Value::string(reference));
    }
    source
}

/// The Flux Kustomization of a FluxInstance.
fn kustomization_made(sync: &Value, name: &str, namespace: &str) -> Value {
    let kind = sync.text_at(&["kind"]).unwrap_or("GitRepository");
    let spec = vec![
        ("path", Value::string(sync.text_at(&["path"]).unwrap_or_default())),
        ("prune", Value::Scalar { text: "true".to_owned(), string: false }),
    ];
    let mut made = object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, namespace, spec);
    made.set_at(&["spec", "sourceRef", "kind"], Value::string(kind));
    made.set_at(&["spec", "sourceRef", "name"], Value::string(name));
    made
}

impl EntryPoint {
    /// What is the same in all addresses of its repository, if it is stated.
    pub(super) fn address(&self) -> Option<String> {
        self.url.as_deref().and_then(address)
    }

    /// Its path as Flux has it, from the root of the artifact.
    pub(super) fn path_in_artifact(&self) -> RepoPath {
        let below = self.path.as_str().strip_prefix(self.top.as_str()).filter(|_| self.path.is_in(&self.top));
        below
            .and_then(|below| RepoPath::root().join(below.trim_start_matches('/')))
            .unwrap_or_else(|| self.path.clone())
    }

    /// The same, if its path is in this tree, or below the one directory whose content is pushed as
    /// an OCI artifact (`flux push artifact --path`).
    pub(super) fn found_in(self, tree: &Tree) -> EntryPoint {
        if self.source.kind != "OCIRepository" || tree.holds(&self.path) {
            return self;
        }
        const DEPTH: usize = 2;
        let dirs: BTreeSet<RepoPath> =
            tree.entries().flat_map(|(path, _)| path.dir().ancestors().collect::<Vec<_>>()).collect();
        let is_near = |dir: &&RepoPath| !dir.as_str().is_empty() && dir.as_str().split('/').count() <= DEPTH;
        let below = dirs.iter().filter(is_near).filter_map(|dir| Some((dir, dir.join(self.path.as_str())?)));
        let mut found = below.filter(|(_, path)| tree.holds(path));
        match (found.next(), found.next()) {
            (Some((top, path)), None) => EntryPoint { top: top.clone(), path, ..self },
            _ => self,
        }
    }
}

/// Whether a document may state where Flux starts.
pub(in crate::flux) fn states_entry_point(root: Node<'_>) -> bool {
    may_be_instance(root)
}

/// The `spec` of the FluxInstance that a document states, itself or as values of the
/// `flux-instance` chart.
pub fn instance_spec(root: Node<'_>) -> Option<Node<'_>> {
    match root.text_at(&["kind"]) {
        Some("FluxInstance") => root.get("spec"),
        Some("HelmRelease") => root.at(&["spec", "values", "instance"]),
        Some(_) => None,
        None => root.get("instance"),
    }
}

/// The branch that a GitRepository follows; without a `ref`, Flux takes `master`.
pub(super) fn branch_of(git_repository: &Value) -> Option<String> {
    let Some(reference) = git_repository.at(&["spec", "ref"]) else { return Some("master".to_owned()) };
    let by_name = reference.text_at(&["name"]).and_then(|name| name.strip_prefix("refs/heads/"));
    by_name.or(reference.text_at(&["branch"])).map(str::to_owned)
}

/// The name of the cluster with this entry point: the first part of the path that is not a usual
/// name of a directory in such repositories.
pub(super) fn name_of(path: &RepoPath) -> String {
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
