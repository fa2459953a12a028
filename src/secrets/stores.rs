//! Stores of External Secrets, and what has to be there before each of them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::shown;
use crate::flux::{At, ClusterId, KustomizationId, Reach, Value, View};

/// A SecretStore or ClusterSecretStore of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Store {
    /// The cluster.
    pub cluster: String,
    /// `SecretStore` or `ClusterSecretStore`.
    pub kind: String,
    /// Of a SecretStore.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The field of `spec.provider`: `onepassword`.
    pub provider: String,
}

/// What decides whether a store can make a Secret.
pub(super) struct Needs {
    pub(super) cluster: ClusterId,
    /// The Flux Kustomization that applies it.
    pub(super) by: KustomizationId,
    /// Those that are there before it: itself, what applies it, and what these depend on.
    pub(super) before: BTreeSet<KustomizationId>,
    /// The namespaces that it serves; `None` for all.
    serves: Option<Vec<String>>,
}

/// Providers whose data come from the cluster itself, or from the store.
const INSIDE: [&str; 2] = ["fake", "kubernetes"];

impl Store {
    /// `ClusterSecretStore onepassword`.
    pub fn shown(&self) -> String {
        shown(&self.kind, self.namespace.as_deref(), &self.name)
    }

    /// Whether it can make a Secret in a namespace of its cluster.
    pub(super) fn serves(&self, needs: &Needs, namespace: &str) -> bool {
        let is_served = |all: &Vec<String>| all.iter().any(|one| one == namespace);
        !INSIDE.contains(&self.provider.as_str()) && needs.serves.as_ref().is_none_or(is_served)
    }
}

/// The stores of all clusters.
pub(super) fn stores(view: &View) -> Vec<(Store, Needs)> {
    let reached = view.graph().each_reach();
    let mut found: Vec<_> = reached.filter_map(|(at, reach)| store(view, at, reach)).collect();
    found.sort_by(|(a, _), (b, _)| (&a.cluster, a.shown()).cmp(&(&b.cluster, b.shown())));
    found
}

fn store(view: &View, at: &At, reach: &Reach) -> Option<(Store, Needs)> {
    let of_group = reach.api_version.starts_with("external-secrets.io/");
    if !of_group || !matches!(reach.kind.as_str(), "SecretStore" | "ClusterSecretStore") {
        return None;
    }
    let graph = view.graph();
    let object = view.effective(at, reach)?;
    let provider = object.at(&["spec", "provider"]).map_or(&[][..], Value::entries).first();
    let namespace = reach.namespace.map(String::from).filter(|_| reach.kind == "SecretStore");
    let needs = Needs {
        cluster: reach.cluster,
        by: reach.kustomization,
        before: before(view, reach.kustomization),
        serves: match &namespace {
            Some(own) => Some(vec![own.into()]),
            None => conditions(&object),
        },
    };
    let store = Store {
        cluster: graph.clusters[reach.cluster].name.clone(),
        kind: reach.kind.into(),
        namespace,
        name: reach.name.into(),
        provider: provider.map(|(key, _)| key.clone()).unwrap_or_default(),
    };
    Some((store, needs))
}

/// The namespaces that `spec.conditions` of a ClusterSecretStore names; those that it selects otherwise are
/// not certain. `None` if there is no condition.
fn conditions(object: &Value) -> Option<Vec<String>> {
    let conditions = object.at(&["spec", "conditions"])?.items();
    let named = conditions.iter().flat_map(|one| one.get("namespaces").map_or(&[][..], Value::items));
    (!conditions.is_empty()).then(|| named.filter_map(|name| name.text().map(str::to_owned)).collect())
}

/// A Flux Kustomization, with all that has to be there before it: what applies it, and what it depends on.
pub(super) fn before(view: &View, id: KustomizationId) -> BTreeSet<KustomizationId> {
    let graph = view.graph();
    let mut found = BTreeSet::new();
    let mut open = vec![id];
    while let Some(next) = open.pop() {
        if !found.insert(next) {
            continue;
        }
        let one = &graph.kustomizations[next];
        open.extend(one.parent);
        let is_named = |(_, other): &(KustomizationId, &crate::flux::FluxKustomization)| {
            other.cluster == one.cluster
                && other.lives_in == one.lives_in
                && one.depends_on.contains(&(other.namespace.clone(), other.name.clone()))
        };
        open.extend(graph.kustomizations.entries().filter(is_named).map(|(id, _)| id));
    }
    found
}
