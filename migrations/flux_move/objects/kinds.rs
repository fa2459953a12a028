//! The kinds beside Flux Kustomizations that move, and the fields that name objects of these kinds
//! (`docs/flux-and-kustomize.md#what-names-sources-and-stores`, `docs/gateway.md#what-names-a-gateway`).

use crate::flux::{Reach, Value, group_of};
use crate::gateway::GROUP as GATEWAY;
use crate::migrations::flux_move::settings::Name;

const SOURCE: &str = "source.toolkit.fluxcd.io";
const STORE: &str = "external-secrets.io";

/// A kind that moves by a second object.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::migrations::flux_move) struct Kind {
    pub(in crate::migrations::flux_move) name: &'static str,
    group: &'static str,
    /// Whether its objects are in namespaces.
    pub(in crate::migrations::flux_move) is_namespaced: bool,
}

impl Kind {
    /// Whether an object that a cluster applies is of this kind.
    pub(super) fn is(&self, reach: &Reach) -> bool {
        reach.kind == self.name && group_of(&reach.api_version) == self.group
    }

    /// Namespace and name of an object of this kind, as a cluster applies it.
    pub(super) fn name_of(&self, reach: &Reach) -> Name {
        let namespace = reach.namespace.as_deref().filter(|_| self.is_namespaced).unwrap_or_default();
        (namespace.to_owned(), reach.name.into())
    }

    /// Whether it is a source of Flux.
    pub(super) fn is_source(&self) -> bool {
        self.group == SOURCE
    }

    /// Whether it is a store of External Secrets.
    pub(super) fn is_store(&self) -> bool {
        self.group == STORE
    }

    /// Whether it is the Gateway of the Gateway API.
    pub(super) fn is_gateway(&self) -> bool {
        self.group == GATEWAY
    }

    /// Whether a reference means this kind by its group, if it states one: Istio has a Gateway, too.
    pub(super) fn is_of_group(&self, reference: &Value) -> bool {
        let group = reference.text_at(&["group"]).or_else(|| reference.text_at(&["apiVersion"]).map(group_of));
        group.is_none_or(|group| group == self.group)
    }

    /// An object of this kind, as people name it.
    pub(super) fn shown(&self, (namespace, name): &Name) -> String {
        if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") }
    }

    /// Its resource, as `kubectl` names it.
    pub(super) fn resource(&self) -> String {
        format!("{}.{}", self.name.to_lowercase(), self.group)
    }
}

/// The kinds.
const KINDS: [Kind; 7] = [
    Kind { name: "GitRepository", group: SOURCE, is_namespaced: true },
    Kind { name: "OCIRepository", group: SOURCE, is_namespaced: true },
    Kind { name: "Bucket", group: SOURCE, is_namespaced: true },
    Kind { name: "HelmRepository", group: SOURCE, is_namespaced: true },
    Kind { name: "SecretStore", group: STORE, is_namespaced: true },
    Kind { name: "ClusterSecretStore", group: STORE, is_namespaced: false },
    Kind { name: "Gateway", group: GATEWAY, is_namespaced: true },
];

/// The kind of this name, if it moves.
pub(in crate::migrations::flux_move) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// A step to a field: a key, or every item of a list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Key(&'static str),
    Each,
}

/// A field that names a source or a store.
#[derive(Debug)]
pub(super) struct Field {
    group: &'static str,
    pub(super) kind: &'static str,
    pub(super) way: &'static [Part],
    /// The kind that it means where it states none.
    pub(super) default_kind: Option<&'static str>,
    /// Whether it may name a namespace; otherwise it means that of its own object.
    pub(super) has_namespace: bool,
}

/// The controller that reads the references of an object, and may refuse those to other namespaces.
pub(super) fn controller_of(reach: &Reach) -> Option<&'static str> {
    Some(match group_of(&reach.api_version) {
        "kustomize.toolkit.fluxcd.io" => "kustomize-controller",
        "helm.toolkit.fluxcd.io" => "helm-controller",
        "notification.toolkit.fluxcd.io" => "notification-controller",
        "image.toolkit.fluxcd.io" => "image-automation-controller",
        "source.extensions.fluxcd.io" => "source-watcher",
        _ => return None,
    })
}

/// The fields of an object that name sources or stores.
pub(super) fn fields_of(reach: &Reach) -> impl Iterator<Item = &'static Field> {
    let group = group_of(&reach.api_version);
    FIELDS.iter().filter(move |field| field.group == group && field.kind == reach.kind)
}

const fn field(group: &'static str, kind: &'static str, way: &'static [Part]) -> Field {
    Field { group, kind, way, default_kind: None, has_namespace: true }
}

/// A field for a store: of the own namespace, and a SecretStore if it states no kind.
const fn of_store(kind: &'static str, way: &'static [Part]) -> Field {
    Field { group: STORE, kind, way, default_kind: Some("SecretStore"), has_namespace: false }
}

/// The parents of a route: Gateways, if they state no kind.
const fn of_route(kind: &'static str) -> Field {
    let way = &[Key("spec"), Key("parentRefs"), Each];
    Field { group: GATEWAY, kind, way, default_kind: Some("Gateway"), has_namespace: true }
}

/// `parentRefs` anywhere in the values of a HelmRelease. Charts write them into routes as they are.
pub(super) const IN_VALUES: Field = Field {
    group: "helm.toolkit.fluxcd.io",
    kind: "HelmRelease",
    way: &[Key("spec"), Key("values")],
    default_kind: Some("Gateway"),
    has_namespace: true,
};

use Part::{Each, Key};

const FIELDS: [Field; 23] = [
    field("kustomize.toolkit.fluxcd.io", "Kustomization", &[Key("spec"), Key("sourceRef")]),
    field("kustomize.toolkit.fluxcd.io", "Kustomization", &[Key("spec"), Key("healthChecks"), Each]),
    field("helm.toolkit.fluxcd.io", "HelmRelease", &[Key("spec"), Key("chartRef")]),
    field("helm.toolkit.fluxcd.io", "HelmRelease", &[Key("spec"), Key("chart"), Key("spec"), Key("sourceRef")]),
    Field { has_namespace: false, ..field(SOURCE, "HelmChart", &[Key("spec"), Key("sourceRef")]) },
    Field {
        default_kind: Some("GitRepository"),
        has_namespace: false,
        ..field(SOURCE, "GitRepository", &[Key("spec"), Key("include"), Each, Key("repository")])
    },
    field("image.toolkit.fluxcd.io", "ImageUpdateAutomation", &[Key("spec"), Key("sourceRef")]),
    field("notification.toolkit.fluxcd.io", "Alert", &[Key("spec"), Key("eventSources"), Each]),
    field("notification.toolkit.fluxcd.io", "Receiver", &[Key("spec"), Key("resources"), Each]),
    field("source.extensions.fluxcd.io", "ArtifactGenerator", &[Key("spec"), Key("sources"), Each]),
    of_store("ExternalSecret", &[Key("spec"), Key("secretStoreRef")]),
    of_store("ExternalSecret", &[Key("spec"), Key("data"), Each, Key("sourceRef"), Key("storeRef")]),
    of_store("ExternalSecret", &[Key("spec"), Key("dataFrom"), Each, Key("sourceRef"), Key("storeRef")]),
    of_store("ClusterExternalSecret", &[Key("spec"), Key("externalSecretSpec"), Key("secretStoreRef")]),
    of_store(
        "ClusterExternalSecret",
        &[Key("spec"), Key("externalSecretSpec"), Key("data"), Each, Key("sourceRef"), Key("storeRef")],
    ),
    of_store(
        "ClusterExternalSecret",
        &[Key("spec"), Key("externalSecretSpec"), Key("dataFrom"), Each, Key("sourceRef"), Key("storeRef")],
    ),
    of_store("PushSecret", &[Key("spec"), Key("secretStoreRefs"), Each]),
    of_store("ClusterPushSecret", &[Key("spec"), Key("pushSecretSpec"), Key("secretStoreRefs"), Each]),
    of_route("HTTPRoute"),
    of_route("GRPCRoute"),
    of_route("TLSRoute"),
    of_route("TCPRoute"),
    of_route("UDPRoute"),
];
