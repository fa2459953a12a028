//! A Flux Kustomization as it arrives in a cluster.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::arrived::{Arrived, Way};
use super::by_id::{ClusterId, KustomizationId};
use super::effective::effective;
use crate::flux::files::{At, FileView, SourceRef};
use crate::flux::kustomize::{Artifact, Overlay, Patch, Patches, Rendered};
use crate::flux::value::{Value, Variables};
use crate::repo::RepoPath;
use crate::yaml::Node;

/// A Flux Kustomization as it arrives in a cluster, with the patches and variables of its parents.
#[derive(Clone, Debug)]
pub struct FluxKustomization {
    /// Where it is; if an operator creates it, where the FluxInstance is.
    pub at: At,
    /// The cluster; none of the graph for one that is only [stated](crate::flux::View::stated).
    pub cluster: ClusterId,
    /// Its effective name.
    pub name: String,
    /// Its effective namespace.
    pub namespace: String,
    /// The other cluster where it is itself, if one with `spec.kubeConfig` applies it there.
    pub lives_in: Option<String>,
    /// The Flux Kustomization that applies it; `None` for the entry point.
    pub parent: Option<KustomizationId>,
    /// `spec.path`, if it builds from this repository and the path is in it.
    pub path: Option<RepoPath>,
    /// `spec.sourceRef`, with its namespace.
    pub source: SourceRef,
    /// What of this repository that source holds.
    pub artifact: Arc<Artifact>,
    /// `spec.targetNamespace`.
    pub target_namespace: Option<String>,
    /// The directories of `spec.components`.
    pub components: Vec<RepoPath>,
    /// `spec.dependsOn`: namespace and name.
    pub depends_on: BTreeSet<(String, String)>,
    /// `spec.wait`.
    pub wait: bool,
    /// `spec.prune`.
    pub prune: bool,
    /// `spec.postBuild`.
    pub variables: Arc<Variables>,
    /// The ConfigMaps and Secrets that `spec.postBuild.substituteFrom` names, in order.
    pub substitute_from: Vec<SubstituteFrom>,
    /// `spec.patches`.
    pub patches: Patches,
    /// The whole object.
    pub object: Value,
}

/// An entry of `substituteFrom`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubstituteFrom {
    /// `ConfigMap` or `Secret`.
    pub kind: String,
    /// Its name, in the namespace of the Kustomization.
    pub name: String,
    /// Whether Flux goes on without it.
    pub optional: bool,
}

/// The path of a Flux Kustomization: relative to the root of its source, even if it begins with
/// `/`.
pub(super) fn path_of(spec_path: Option<&str>) -> Option<RepoPath> {
    RepoPath::root().join(spec_path.unwrap_or("./").trim_start_matches('/'))
}

/// A reference to a source, as an object has it where it arrives. `None` if kind or name is missing.
pub(in crate::flux) fn source_of(reference: &Value) -> Option<SourceRef> {
    let text = |key: &str| reference.text_at(&[key]).map(str::to_owned);
    Some(SourceRef { kind: text("kind")?, name: text("name")?, namespace: text("namespace") })
}

impl FluxKustomization {
    /// The fields of `spec` that say when and how it applies something, and not what.
    pub const WHEN_AND_HOW: [&str; 10] = [
        "deletionPolicy",
        "dependsOn",
        "force",
        "healthCheckExprs",
        "healthChecks",
        "interval",
        "prune",
        "retryInterval",
        "timeout",
        "wait",
    ];

    /// One of which only the path and the source are known.
    pub(super) fn unknown(at: &At, cluster: ClusterId, path: &RepoPath, source: &SourceRef) -> FluxKustomization {
        FluxKustomization {
            at: at.clone(),
            cluster,
            name: source.name.clone(),
            namespace: "flux-system".to_owned(),
            lives_in: None,
            parent: None,
            path: Some(path.clone()),
            source: source.clone(),
            artifact: Arc::default(),
            target_namespace: None,
            components: Vec::new(),
            depends_on: BTreeSet::new(),
            wait: false,
            prune: true,
            variables: Arc::default(),
            substitute_from: Vec::new(),
            patches: Vec::new(),
            object: Value::Null,
        }
    }

    /// The one that flux-operator makes for a FluxInstance; `patches` are those that changed it.
    pub(super) fn made(
        at: &At,
        object: &Value,
        patches: &[Arc<Patch>],
        cluster: ClusterId,
    ) -> Option<FluxKustomization> {
        let own = stated_patches(at, None, patches, object);
        FluxKustomization::of(at, object.clone(), own, cluster, None)
    }

    /// Reads one, with what the build of its parent makes of it. `None` if it names no source.
    pub(in crate::flux) fn read(
        at: &At,
        root: Node<'_>,
        rendered: Option<&Rendered>,
        from_parent: &Variables,
        cluster: ClusterId,
        parent: Option<KustomizationId>,
    ) -> Option<FluxKustomization> {
        let patches = rendered.map_or(&[][..], |rendered| &rendered.patches);
        let identity = rendered.map(|rendered| (rendered.name.as_str(), rendered.namespace.as_deref()));
        let object = effective(root, patches, identity, from_parent)?;
        let own = stated_patches(at, Some(root), patches, &object);
        FluxKustomization::of(at, object, own, cluster, parent)
    }

    /// Reads one as it arrives.
    fn of(
        at: &At,
        object: Value,
        patches: Patches,
        cluster: ClusterId,
        parent: Option<KustomizationId>,
    ) -> Option<FluxKustomization> {
        let text = |path: &[&str]| object.text_at(path).map(str::to_owned);
        let is_set = |field: &str| object.at(&["spec", field]).is_some_and(Value::is_true);
        let list = |path: &[&str]| object.at(path).map_or(&[][..], Value::items).iter();
        let namespace = text(&["metadata", "namespace"]).unwrap_or_default();
        let path = path_of(object.text_at(&["spec", "path"]));
        let component = |item: &Value| path.as_ref()?.join(item.text()?);
        let depends_on = |item: &Value| {
            let namespace = item.text_at(&["namespace"]).unwrap_or(&namespace).to_owned();
            Some((namespace, item.text_at(&["name"])?.to_owned()))
        };
        let substitute_from = |item: &Value| {
            Some(SubstituteFrom {
                kind: item.text_at(&["kind"])?.to_owned(),
                name: item.text_at(&["name"])?.to_owned(),
                optional: item.get("optional").is_some_and(Value::is_true),
            })
        };
        let source = source_of(object.at(&["spec", "sourceRef"])?)?;
        Some(FluxKustomization {
            at: at.clone(),
            cluster,
            name: text(&["metadata", "name"])?,
            lives_in: None,
            parent,
            source: SourceRef { namespace: source.namespace.or_else(|| Some(namespace.clone())), ..source },
            artifact: Arc::default(),
            target_namespace: text(&["spec", "targetNamespace"]),
            components: list(&["spec", "components"]).filter_map(component).collect(),
            depends_on: list(&["spec", "dependsOn"]).filter_map(depends_on).collect(),
            wait: is_set("wait"),
            prune: is_set("prune"),
            variables: Arc::default(),
            substitute_from: list(&["spec", "postBuild", "substituteFrom"]).filter_map(substitute_from).collect(),
            patches,
            path,
            namespace,
            object,
        })
    }

    /// The same as [`FluxKustomization::read`] for one that its parent builds, read once for all
    /// views in which nothing of it differs.
    pub(super) fn built(
        file: &FileView,
        rendered: &Rendered,
        from_parent: &Arc<Variables>,
        cluster: ClusterId,
        parent: KustomizationId,
    ) -> Option<FluxKustomization> {
        let at = &rendered.at;
        let root = at.node(file.stream.as_ref()?)?;
        let way = Way {
            patches: rendered.patches.clone(),
            name: rendered.name,
            namespace: rendered.namespace,
            variables: from_parent.clone(),
        };
        let read =
            || FluxKustomization::read(at, root, Some(rendered), from_parent, ClusterId::NONE, None).map(Arc::new);
        let one = Arrived::of(file).kustomizations.end(at, way, read)?;
        Some(FluxKustomization { cluster, parent: Some(parent), ..(*one).clone() })
    }

    /// Whether it is ready only when what it applies is ready: `spec.wait`, or any
    /// `spec.healthChecks`.
    pub fn waits(&self) -> bool {
        self.wait || self.object.at(&["spec", "healthChecks"]).is_some_and(|list| !list.items().is_empty())
    }

    /// `spec.path` from the root of its source, whether or not that is this repository.
    pub fn stated_path(&self) -> Option<RepoPath> {
        path_of(self.object.text_at(&["spec", "path"]))
    }

    /// Whether what it applies stays when it is deleted itself: it is suspended, or its
    /// `deletionPolicy` is `Orphan`, or that mirrors `prune: false` (kustomize-controller,
    /// `finalize`; `docs/flux-and-kustomize.md#identity-and-deletion`). What is not certain does not count.
    pub fn keeps_on_deletion(&self) -> bool {
        let spec = |field: &str| self.object.at(&["spec", field]);
        let is_false = |value: &Value| matches!(value, Value::Scalar { text, string: false } if text.eq_ignore_ascii_case("false"));
        let mirrors = match spec("deletionPolicy").and_then(Value::text) {
            Some("Orphan") => return true,
            policy => policy.is_none_or(|policy| policy == "MirrorPrune"),
        };
        spec("suspend").is_some_and(Value::is_true) || mirrors && spec("prune").is_some_and(is_false)
    }

    /// Whether it stands in the same file as another one and is the same under another name or namespace, but for what
    /// it names: one takes the place of the other.
    pub fn is_second_of(&self, other: &FluxKustomization) -> bool {
        let rest = |one: &FluxKustomization| {
            let mut object = one.object.clone();
            for path in [
                ["metadata", "name"],
                ["metadata", "namespace"],
                ["spec", "sourceRef"],
                ["spec", "dependsOn"],
                ["spec", "healthChecks"],
            ] {
                object.remove_at(&path);
            }
            object
        };
        let is_beside = self.at.path == other.at.path && self.at != other.at;
        is_beside && self.source == other.source && rest(self).same_as(&rest(other))
    }

    /// Has it build from another path, where this tree has what its own path has.
    pub(super) fn move_to(&mut self, path: RepoPath) {
        let listed = self.object.at(&["spec", "components"]).map_or(&[][..], Value::items).iter();
        self.components = listed.filter_map(|item| path.join(item.text()?)).collect();
        self.path = Some(path);
    }

    /// The other cluster to which it applies everything; that where it is, unless it names one.
    pub fn remote_cluster(&self) -> Option<String> {
        remote_cluster(&self.object, &self.namespace, self.lives_in.as_deref())
    }

    /// What it adds to the kustomization of its path.
    pub(in crate::flux) fn overlay(&self) -> Overlay<'_> {
        Overlay {
            stated_in: &self.at.path,
            components: &self.components,
            patches: &self.patches,
            namespace: self.target_namespace.as_ref(),
        }
    }

    /// `namespace/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Reads the variables of `spec.postBuild`: those of ConfigMaps and Secrets, of which later
    /// ones win, then `substitute`, which wins over all. `look_up` returns the data of a ConfigMap
    /// or Secret, or `None` if it is not in this tree.
    pub(super) fn read_variables(&mut self, look_up: &mut dyn FnMut(&str, &str) -> Option<Data>) {
        let strategy = self.object.text_at(&["spec", "postBuild", "substituteStrategy"]);
        let mut variables = Variables::default();
        variables.any = strategy == Some("Always");
        for from in &self.substitute_from {
            variables.any = true;
            match look_up(&from.kind, &from.name) {
                Some(data) => data.iter().for_each(|(key, value)| variables.set(key, value.as_deref())),
                None => {
                    variables.elsewhere.insert(format!("{}/{}", from.kind, from.name));
                }
            }
        }
        let substitute = self.object.at(&["spec", "postBuild", "substitute"]).map_or(&[][..], Value::entries);
        for (key, value) in substitute {
            variables.any = true;
            variables.set(key, Some(value.text().unwrap_or_default()));
        }
        self.variables = Arc::new(variables);
    }
}

/// The other cluster on which an object works, as a text that is the same for the same one: the one
/// that its `spec.kubeConfig` names, or else the one where it is. The Secret or ConfigMap is in its
/// namespace.
pub fn remote_cluster(object: &Value, namespace: &str, lives_in: Option<&str>) -> Option<String> {
    match object.at(&["spec", "kubeConfig"]) {
        Some(named) => Some(format!("{} {namespace} {}", lives_in.unwrap_or_default(), named.to_flow())),
        None => lives_in.map(str::to_owned),
    }
}

/// The keys of a ConfigMap or Secret, with the values that can be read.
pub(super) type Data = Vec<(String, Option<String>)>;

/// The `spec.patches` of the effective object, each at its line; if a patch of a parent replaced
/// them, at that patch.
fn stated_patches(at: &At, root: Option<Node<'_>>, from_above: &[Arc<Patch>], object: &Value) -> Patches {
    let Some(list) = object.at(&["spec", "patches"]) else { return Vec::new() };
    if let Some(above) = from_above.iter().rev().find(|patch| patch.changes_fields(&["patches"])) {
        return Patch::of_flux(&above.path, list, |_| above.line);
    }
    let stated = root.and_then(|root| root.at(&["spec", "patches"]));
    let lines: Vec<_> = stated.into_iter().flat_map(Node::items).map(Node::line).collect();
    Patch::of_flux(&at.path, list, |index| lines.get(index).copied().unwrap_or_default())
}
