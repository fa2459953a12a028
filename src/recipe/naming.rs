//! Where objects name other objects: by which keys, of which kind, and whether with a namespace.
//!
//! The keys of Kubernetes and of the usual operators are those of [`crate::flux::View::mentions`]. The
//! others are fields of Flux, Gateway API, External Secrets and cert-manager, as their API references
//! have them.

use crate::flux::{Value, kinds_by_key};
use crate::recipe::select::GroupKind;

/// A key below which other objects are named.
struct Key {
    key: &'static str,
    /// The group of what is named, if neither `apiVersion` nor `group` is stated.
    group: &'static str,
    /// The kind, if it is not stated.
    kind: Option<&'static str>,
    /// Whether `namespace` can stand beside the name.
    takes_namespace: bool,
}

const fn key(key: &'static str, group: &'static str, kind: Option<&'static str>, takes_namespace: bool) -> Key {
    Key { key, group, kind, takes_namespace }
}

/// The kind is that of the object itself.
pub(super) const DEPENDS_ON: &str = "dependsOn";
/// Any group of Flux.
const FLUX: &str = "toolkit.fluxcd.io";
const SOURCE: &str = "source.toolkit.fluxcd.io";

const KEYS: [Key; 15] = [
    key("sourceRef", SOURCE, None, true),
    key("chartRef", SOURCE, None, true),
    key(DEPENDS_ON, FLUX, None, true),
    key("secretStoreRef", "external-secrets.io", Some("SecretStore"), false),
    key("parentRefs", "gateway.networking.k8s.io", Some("Gateway"), true),
    key("targetRef", "", None, false),
    key("targetRefs", "", None, false),
    key("providerRef", "notification.toolkit.fluxcd.io", Some("Provider"), false),
    key("eventSources", FLUX, None, true),
    key("resources", FLUX, None, true),
    key("healthChecks", "", None, true),
    key("substituteFrom", "", None, false),
    key("valuesFrom", "", None, false),
    key("issuerRef", "cert-manager.io", Some("Issuer"), false),
    key("dataSourceRef", "", None, false),
];

/// Kinds that are no part of the core, among those that keys mean.
const GROUPS: [(&str, &str); 3] =
    [("Role", "rbac.authorization.k8s.io"), ("ClusterRole", "rbac.authorization.k8s.io"), ("Deployment", "apps")];

/// Keys of the core with a namespace beside the name.
const WITH_NAMESPACE: [&str; 3] = ["backendRefs", "backendRef", "subjects"];

/// Whether the text of a key is the name of an object of a kind: `secretName: x`.
pub(super) fn is_name(key: &str, wanted: &GroupKind) -> bool {
    kinds_by_key(key).is_some_and(|kinds| kinds.contains(&&*wanted.kind) && group_of(&wanted.kind) == wanted.group)
}

/// Whether a mapping below a key names an object of a kind, and, if it does, whether a namespace can
/// stand beside the name. `own` is the kind of the object around it.
pub(super) fn names(key: &str, mapping: &Value, wanted: &GroupKind, own: Option<&GroupKind>) -> Option<bool> {
    mapping.text_at(&["name"])?;
    let known = KEYS.iter().find(|known| known.key == key);
    let by_key = kinds_by_key(key).unwrap_or_default();
    let stated = mapping.text_at(&["kind"]);
    let is_kind = match (stated, known) {
        _ if key == DEPENDS_ON => return own.filter(|own| *own == wanted).map(|_| true),
        (Some(kind), _) => kind == wanted.kind && (known.is_some() || by_key.contains(&kind)),
        (None, Some(known)) => known.kind == Some(&wanted.kind),
        (None, None) => by_key.contains(&&*wanted.kind),
    };
    let version =
        mapping.text_at(&["apiVersion"]).map(|version| version.rsplit_once('/').map_or("", |(group, _)| group));
    let group = version.or_else(|| mapping.text_at(&["group"])).or_else(|| mapping.text_at(&["apiGroup"]));
    let is_group = match (group, known) {
        (Some(group), _) => group == wanted.group,
        (None, Some(known)) if known.group == FLUX => wanted.group.ends_with(FLUX),
        (None, Some(known)) => known.group == wanted.group,
        (None, None) => group_of(&wanted.kind) == wanted.group,
    };
    let takes_namespace = known.map_or(WITH_NAMESPACE.contains(&key), |known| known.takes_namespace);
    (is_kind && is_group).then_some(takes_namespace)
}

fn group_of(kind: &str) -> &'static str {
    GROUPS.iter().find(|(other, _)| *other == kind).map_or("", |(_, group)| group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn named(key: &str, mapping: &str, wanted: &str) -> Option<bool> {
        let stream = Stream::parse(mapping).unwrap();
        let value = Value::of(stream.documents().next().unwrap()).unwrap();
        let own = GroupKind::parse("HelmRelease.helm.toolkit.fluxcd.io");
        names(key, &value, &GroupKind::parse(wanted).unwrap(), own.as_ref())
    }

    #[test]
    fn keys_name_kinds() {
        for (key, mapping, wanted, takes_namespace) in [
            ("sourceRef", "{kind: HelmRepository, name: x}", "HelmRepository.source.toolkit.fluxcd.io", Some(true)),
            ("sourceRef", "{kind: GitRepository, name: x}", "HelmRepository.source.toolkit.fluxcd.io", None),
            ("dependsOn", "{name: x}", "HelmRelease.helm.toolkit.fluxcd.io", Some(true)),
            ("dependsOn", "{name: x}", "Kustomization.kustomize.toolkit.fluxcd.io", None),
            ("secretStoreRef", "{name: x}", "SecretStore.external-secrets.io", Some(false)),
            ("secretStoreRef", "{name: x}", "ClusterSecretStore.external-secrets.io", None),
            (
                "secretStoreRef",
                "{kind: ClusterSecretStore, name: x}",
                "ClusterSecretStore.external-secrets.io",
                Some(false),
            ),
            ("parentRefs", "{name: x, namespace: y}", "Gateway.gateway.networking.k8s.io", Some(true)),
            ("parentRefs", "{name: x, group: '', kind: Service}", "Service.core", Some(true)),
            ("issuerRef", "{name: x, group: example.org, kind: Issuer}", "Issuer.cert-manager.io", None),
            ("healthChecks", "{apiVersion: apps/v1, kind: Deployment, name: x}", "Deployment.apps", Some(true)),
            ("eventSources", "{kind: HelmRelease, name: x}", "HelmRelease.helm.toolkit.fluxcd.io", Some(true)),
            ("secretRef", "{name: x}", "Secret.core", Some(false)),
            ("backendRefs", "{name: x, port: 80}", "Service.core", Some(true)),
            ("roleRef", "{kind: ClusterRole, name: x}", "ClusterRole.rbac.authorization.k8s.io", Some(false)),
            ("metadata", "{name: x}", "Secret.core", None),
            ("target", "{name: x, kind: Secret}", "Secret.core", None),
        ] {
            assert_eq!(named(key, mapping, wanted), takes_namespace, "{key} {mapping} {wanted}");
        }
        let secret = GroupKind::parse("Secret.core").unwrap();
        assert!(is_name("existingSecretName", &secret) && !is_name("claimName", &secret) && !is_name("name", &secret));
    }
}
