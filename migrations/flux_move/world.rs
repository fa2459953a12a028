//! What the clusters of a tree build: Namespaces, and the Secrets, ConfigMaps and ServiceAccounts that a
//! namespace has.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::namespace;
use crate::flux::{ById, ClusterId, FluxKustomization, KustomizationId, Rendered, Value, View};

/// Namespaces that every cluster has.
const ALWAYS: [&str; 3] = ["default", "kube-public", "kube-system"];

/// By which reflector copies an object to other namespaces.
const REFLECTOR: &str = "reflector.v1.k8s.emberstack.com/reflection";

/// Cluster, kind, namespace and name.
type Made = (ClusterId, String, String, String);

/// What the clusters of a tree build.
pub(super) struct World<'v> {
    pub(super) view: &'v View,
    builds: ById<KustomizationId, Vec<Rendered>>,
    /// Who makes each object.
    made: BTreeMap<Made, BTreeSet<KustomizationId>>,
    /// Copies, by cluster, kind and name: the namespaces, or all of them.
    copied: BTreeMap<(ClusterId, String, String), Option<BTreeSet<String>>>,
    namespaces: BTreeMap<(ClusterId, String), BTreeSet<KustomizationId>>,
    /// What ConfigMaps and Secrets have in them, by key.
    data: BTreeMap<Made, BTreeMap<String, String>>,
    /// Who applies each object that several apply.
    owners: BTreeMap<Made, BTreeSet<KustomizationId>>,
    /// The Flux Kustomizations, by cluster, namespace and name.
    kustomizations: BTreeMap<(ClusterId, &'v str, &'v str), KustomizationId>,
}

impl<'v> World<'v> {
    /// `view` is a whole one.
    pub(super) fn of(view: &'v View) -> World<'v> {
        let builds: ById<KustomizationId, Vec<Rendered>> =
            view.builds(&view.graph().kustomizations).into_iter().collect();
        let all = view.graph().kustomizations.entries().filter(|(_, one)| one.lives_in.is_none());
        let kustomizations = all.map(|(id, one)| ((one.cluster, &*one.namespace, &*one.name), id)).collect();
        let (made, copied, namespaces, data, owners) = Default::default();
        let mut world = World { view, builds: ById::default(), made, copied, namespaces, data, owners, kustomizations };
        let here = view.graph().kustomizations.entries().filter(|(_, one)| one.remote_cluster().is_none());
        for (id, one) in here {
            builds[id].iter().for_each(|object| world.take(id, one, object));
        }
        world.builds = builds;
        world.owners.retain(|_, owners| owners.len() > 1);
        world
    }

    /// What a Flux Kustomization builds.
    pub(super) fn built_by(&self, id: KustomizationId) -> &[Rendered] {
        &self.builds[id]
    }

    fn take(&mut self, id: KustomizationId, by: &FluxKustomization, object: &Rendered) {
        let cluster = by.cluster;
        let name = by.variables.substitute(&object.name);
        let namespace = namespace(by, object).unwrap_or_default();
        let root = self.view.node(&object.at).filter(|_| object.generated_texts().is_none());
        let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
        let whole = (cluster, format!("{group} {}", object.kind), namespace.clone(), name.clone());
        self.owners.entry(whole).or_default().insert(id);
        match object.kind.as_str() {
            "Namespace" => drop(self.namespaces.entry((cluster, name)).or_default().insert(id)),
            "ExternalSecret" => {
                let target = root.and_then(|root| root.text_at(&["spec", "target", "name"]));
                let target = target.map_or(name, |target| by.variables.substitute(target));
                self.made.entry((cluster, "Secret".to_owned(), namespace, target)).or_default().insert(id);
            }
            kind @ ("Secret" | "ConfigMap" | "ServiceAccount") => {
                let made = (cluster, kind.to_owned(), namespace, name.clone());
                if let Some(data) = self.data_of(object) {
                    self.data.entry(made.clone()).or_default().extend(data);
                }
                self.made.entry(made).or_default().insert(id);
                if let Some(to) = copied_to(object) {
                    self.copied.insert((cluster, kind.to_owned(), name), to);
                }
            }
            _ => {}
        }
    }

    /// Whether a namespace has an object, made by a file, an ExternalSecret or reflector, and not only by
    /// what needs it itself.
    pub(super) fn has(
        &self,
        (cluster, asking): (ClusterId, KustomizationId),
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> bool {
        let made = self.made.get(&(cluster, kind.to_owned(), namespace.to_owned(), name.to_owned()));
        let is_made = made.is_some_and(|makers| makers.iter().any(|maker| *maker != asking));
        is_made || self.is_copied(cluster, kind, namespace, name)
    }

    /// Whether a namespace has an object, whoever makes it.
    pub(super) fn has_any(&self, cluster: ClusterId, kind: &str, namespace: &str, name: &str) -> bool {
        let made = (cluster, kind.to_owned(), namespace.to_owned(), name.to_owned());
        self.made.contains_key(&made) || self.is_copied(cluster, kind, namespace, name)
    }

    /// Whether a namespace gets an object by reflector.
    fn is_copied(&self, cluster: ClusterId, kind: &str, namespace: &str, name: &str) -> bool {
        let to = self.copied.get(&(cluster, kind.to_owned(), name.to_owned()));
        to.is_some_and(|to| to.as_ref().is_none_or(|to| to.contains(namespace)))
    }

    /// What a ConfigMap or Secret has in it, by key; `None` if it is not in this tree.
    pub(super) fn data(
        &self,
        cluster: ClusterId,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<&BTreeMap<String, String>> {
        self.data.get(&(cluster, kind.to_owned(), namespace.to_owned(), name.to_owned()))
    }

    /// What an object of a file has in it, by key.
    pub(super) fn data_of(&self, object: &Rendered) -> Option<BTreeMap<String, String>> {
        let root = self.view.node(&object.at).filter(|_| object.generated_texts().is_none())?;
        let fields = ["data", "stringData", "binaryData"].into_iter().filter_map(|key| root.get(key));
        let pairs = fields.flat_map(|data| data.entries());
        Some(pairs.filter_map(|(key, value)| Some((key.text()?.to_owned(), value.text()?.to_owned()))).collect())
    }

    /// Whether the same ConfigMap or Secret has the same in it in two namespaces, as far as can be read: what
    /// is encrypted counts by its keys.
    pub(super) fn is_same(&self, cluster: ClusterId, (kind, name): (&str, &str), one: &str, other: &str) -> bool {
        match (self.data(cluster, kind, one, name), self.data(cluster, kind, other, name)) {
            (Some(one), Some(other)) if kind == "ConfigMap" => one == other,
            (Some(one), Some(other)) => one.keys().eq(other.keys()),
            _ => true,
        }
    }

    /// A Flux Kustomization of a cluster.
    pub(super) fn kustomization(&self, cluster: ClusterId, namespace: &str, name: &str) -> Option<KustomizationId> {
        self.kustomizations.get(&(cluster, namespace, name)).copied()
    }

    /// An object that a Flux Kustomization applies together with another one that counts.
    pub(super) fn shared_by(
        &self,
        id: KustomizationId,
        is_left_out: impl Fn(KustomizationId) -> bool,
    ) -> Option<(String, KustomizationId)> {
        let shared = self.owners.iter().filter(|(_, owners)| owners.contains(&id));
        let mut others = shared.filter_map(|(made, owners)| {
            Some((made, *owners.iter().find(|other| **other != id && !is_left_out(**other))?))
        });
        let ((_, kind, namespace, name), other) = others.next()?;
        let kind = kind.split_once(' ').map_or("", |(_, kind)| kind);
        Some((format!("{kind} {namespace}/{name}"), other))
    }

    /// Whether every cluster has a Namespace.
    pub(super) fn is_always_there(namespace: &str) -> bool {
        ALWAYS.contains(&namespace)
    }

    /// The Flux Kustomizations that apply a Namespace.
    pub(super) fn makers_of(&self, cluster: ClusterId, namespace: &str) -> BTreeSet<KustomizationId> {
        self.namespaces.get(&(cluster, namespace.to_owned())).cloned().unwrap_or_default()
    }

    /// The Namespaces that a cluster applies.
    pub(super) fn namespaces(&self, cluster: ClusterId) -> impl Iterator<Item = &str> {
        self.namespaces.keys().filter(move |(of, _)| *of == cluster).map(|(_, name)| name.as_str())
    }

    /// Whether a HelmRelease of a cluster makes a Namespace when it is installed.
    pub(super) fn is_made_by_release(&self, cluster: ClusterId, namespace: &str) -> bool {
        let graph = self.view.graph();
        let reached = graph.each_reach();
        let mut releases = reached.filter(|(_, reach)| reach.cluster == cluster && reach.kind == "HelmRelease");
        releases.any(|(at, reach)| {
            let Some(release) = self.view.effective(at, reach) else { return false };
            let own = reach.namespace.as_deref();
            let into = release.text_at(&["spec", "targetNamespace"]).or(own);
            into == Some(namespace) && release.at(&["spec", "install", "createNamespace"]).is_some_and(Value::is_true)
        })
    }
}

/// The namespaces to which reflector copies an object without being asked there; `None` within for all.
fn copied_to(object: &Rendered) -> Option<Option<BTreeSet<String>>> {
    let says = |key: &str| object.annotations.get(&format!("{REFLECTOR}-{key}"));
    if says("allowed") != Some("true") || says("auto-enabled") != Some("true") {
        return None;
    }
    let list =
        |text: &str| text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let allowed = says("allowed-namespaces").filter(|text| !text.is_empty()).map(list);
    let automatic = says("auto-namespaces").filter(|text| !text.is_empty()).map(list);
    Some(match (allowed, automatic) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one),
        (Some(one), Some(other)) => Some(BTreeSet::intersection(&one, &other).cloned().collect()),
    })
}
