//! What an installation of Flux consists of: kinds and names, by version and controller.
//!
//! Read off the artifacts `flux-manifests` 2.7.5 and 2.9.4, and `config/data/flux` of flux-operator
//! 0.58.1 (2026-11).

use super::versions::Version;
use crate::flux::Value;

/// The controllers, in the order in which a FluxInstance lists them.
pub(super) const CONTROLLERS: [&str; 7] = [
    "source-controller",
    "kustomize-controller",
    "helm-controller",
    "notification-controller",
    "image-reflector-controller",
    "image-automation-controller",
    SOURCE_WATCHER,
];

const SOURCE_WATCHER: &str = "source-watcher";

/// CustomResourceDefinitions: the controller, the minor of Flux 2 that first has it, and its name.
const DEFINITIONS: [(&str, u32, &str); 15] = [
    ("source-controller", 0, "buckets.source.toolkit.fluxcd.io"),
    ("source-controller", 7, "externalartifacts.source.toolkit.fluxcd.io"),
    ("source-controller", 0, "gitrepositories.source.toolkit.fluxcd.io"),
    ("source-controller", 0, "helmcharts.source.toolkit.fluxcd.io"),
    ("source-controller", 0, "helmrepositories.source.toolkit.fluxcd.io"),
    ("source-controller", 0, "ocirepositories.source.toolkit.fluxcd.io"),
    ("kustomize-controller", 0, "kustomizations.kustomize.toolkit.fluxcd.io"),
    ("helm-controller", 0, "helmreleases.helm.toolkit.fluxcd.io"),
    ("notification-controller", 0, "alerts.notification.toolkit.fluxcd.io"),
    ("notification-controller", 0, "providers.notification.toolkit.fluxcd.io"),
    ("notification-controller", 0, "receivers.notification.toolkit.fluxcd.io"),
    ("image-reflector-controller", 0, "imagepolicies.image.toolkit.fluxcd.io"),
    ("image-reflector-controller", 0, "imagerepositories.image.toolkit.fluxcd.io"),
    ("image-automation-controller", 0, "imageupdateautomations.image.toolkit.fluxcd.io"),
    (SOURCE_WATCHER, 0, "artifactgenerators.source.extensions.fluxcd.io"),
];

/// Services: the controller, and the name.
const SERVICES: [(&str, &str); 4] = [
    ("source-controller", "source-controller"),
    ("notification-controller", "notification-controller"),
    ("notification-controller", "webhook-receiver"),
    (SOURCE_WATCHER, SOURCE_WATCHER),
];

/// Objects of all controllers whose names end in the namespace.
const SUFFIXED: [(&str, &str, &str); 6] = [
    ("rbac.authorization.k8s.io/v1", "ClusterRole", "crd-controller"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", "flux-edit"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", "flux-view"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "cluster-reconciler"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "crd-controller"),
    ("v1", "ResourceQuota", "critical-pods"),
];

/// An object of Flux.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) is_namespaced: bool,
    /// The controller that it belongs to, if it is one's.
    component: Option<&'static str>,
    /// Its name before the suffix with the namespace, if it has one: Kustomize finds it by both.
    bare: Option<&'static str>,
}

/// The controllers of the artifact flux-manifests of a version.
pub(super) fn components(version: Version) -> Vec<&'static str> {
    CONTROLLERS.into_iter().filter(|name| *name != SOURCE_WATCHER || version.has_source_watcher()).collect()
}

/// The objects of an installation in a namespace.
pub(super) fn identities(version: Version, components: &[String], namespace: &str) -> Vec<Identity> {
    let object = |api_version, kind, name: &str, is_namespaced, component| Identity {
        api_version,
        kind,
        name: name.to_owned(),
        is_namespaced,
        component,
        bare: None,
    };
    let mut found = vec![object("v1", "Namespace", namespace, false, None)];
    for (api_version, kind, bare) in SUFFIXED {
        let name = format!("{bare}-{namespace}");
        let of = object(api_version, kind, &name, kind == "ResourceQuota", None);
        found.push(Identity { bare: Some(bare), ..of });
    }
    for name in ["allow-egress", "allow-scraping", "allow-webhooks"] {
        found.push(object("networking.k8s.io/v1", "NetworkPolicy", name, true, None));
    }
    for controller in CONTROLLERS.into_iter().filter(|name| components.iter().any(|component| component == name)) {
        let of = Some(controller);
        let definitions = DEFINITIONS.iter().filter(|(of, since, _)| *of == controller && version.is_at_least(*since));
        let kind = "CustomResourceDefinition";
        found.extend(definitions.map(|(.., name)| object("apiextensions.k8s.io/v1", kind, name, false, of)));
        found.push(object("v1", "ServiceAccount", controller, true, of));
        let services = SERVICES.iter().filter(|(of, _)| *of == controller);
        found.extend(services.map(|(_, name)| object("v1", "Service", name, true, of)));
        found.push(object("apps/v1", "Deployment", controller, true, of));
    }
    found
}

impl Identity {
    /// The object as a patch of a Flux Kustomization over the artifact sees it.
    pub(super) fn installed(&self, namespace: &str, version: Version) -> Value {
        let version = format!("v{version}");
        let labels = [("instance", namespace), ("part-of", "flux"), ("version", &*version)];
        let mut object = self.value(&self.name, &labels);
        if self.is_namespaced {
            object.set_at(&["metadata", "namespace"], Value::string(namespace));
        }
        object
    }

    /// The object as patches of a FluxInstance see it: without a namespace yet, under each of its names.
    pub(super) fn in_instance(&self) -> Vec<Value> {
        let labels: &[(&str, &str)] = if self.component.is_some() { &[("part-of", "flux")] } else { &[] };
        let names = [Some(&*self.name), self.bare];
        names.into_iter().flatten().map(|name| self.value(name, labels)).collect()
    }

    fn value(&self, name: &str, labels: &[(&str, &str)]) -> Value {
        let mut object =
            Value::mapping([("apiVersion", Value::string(self.api_version)), ("kind", Value::string(self.kind))]);
        object.set_at(&["metadata", "name"], Value::string(name));
        for (key, value) in labels.iter().copied().chain(self.component.map(|component| ("component", component))) {
            object.set_at(&["metadata", "labels", &format!("app.kubernetes.io/{key}")], Value::string(value));
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As they were measured, with the three NetworkPolicies that a patch had removed there.
    #[test]
    fn as_many_objects_as_the_artifacts_have() {
        for (version, expected) in [(Version(2, 7, 5), 36 + 3), (Version(2, 9, 4), 40 + 3)] {
            let all: Vec<String> = components(version).into_iter().map(str::to_owned).collect();
            let found = identities(version, &all, "flux-system");
            assert_eq!(found.len(), expected, "{version}");
            assert_eq!(found.iter().filter(|one| one.bare.is_some()).count(), 6);
        }
        let four: Vec<String> = CONTROLLERS[..4].iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(identities(Version(2, 5, 1), &four, "flux-system").len(), 31);
        assert_eq!(components(Version(2, 9, 2)).len(), 6);
        assert_eq!(components(Version(2, 9, 3)).len(), 7);
    }
}
