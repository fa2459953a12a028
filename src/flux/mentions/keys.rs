//! Which keys name an object, and of which kind.
//!
//! The keys are those of Kubernetes, Flux and common operators and charts. One convention is that
//! of app-template: items of `persistence` with `type: configMap` or `type: secret`.

use super::place::Place;

/// The object that a scalar names: the kinds that it can have, and the namespace beside it.
pub(super) struct Reference<'a> {
    pub(super) kinds: Vec<&'a str>,
    pub(super) namespace: Option<&'a str>,
}

/// Reads a scalar as the name of an object.
pub(super) fn reference<'a>(place: &Place<'a>) -> Option<Reference<'a>> {
    let key = place.key()?;
    let mapping = place.mapping()?;
    let text = |key: &str| mapping.node.text_at(&[key]);
    let kinds = match key {
        "name" if place.is_value() => named(&mapping, text("kind"), text("type"))?,
        // VolSync: restic and rclone have the address of their backup in a Secret.
        "repository" if of_volsync(place) => vec!["Secret"],
        key => of_key(key)?.to_vec(),
    };
    Some(Reference { kinds, namespace: text("namespace") })
}

/// The kinds of the core of Kubernetes that are searched for.
const CORE: [&str; 5] = ["ConfigMap", "Secret", "PersistentVolumeClaim", "Service", "ServiceAccount"];

/// The kinds that a mapping with a `name` can mean.
fn named<'a>(mapping: &Place<'a>, kind: Option<&'a str>, of_type: Option<&str>) -> Option<Vec<&'a str>> {
    if let Some(kind) = kind {
        return Some(vec![kind]);
    }
    if let ("metadata", Some(object)) = (mapping.key()?, mapping.mapping()) {
        let version = object.node.text_at(&["apiVersion"])?;
        // Other groups have kinds with these names, too, such as ServiceAccount.
        let is_meant = |kind: &&str| !CORE.contains(kind) || version == "v1";
        return object.node.text_at(&["kind"]).filter(is_meant).map(|kind| vec![kind]);
    }
    // By convention of app-template: `persistence`.
    match of_type {
        Some("configMap") => Some(vec!["ConfigMap"]),
        Some("secret") => Some(vec!["Secret"]),
        _ => of_key(mapping.key()?).map(<[&str]>::to_vec),
    }
}

fn of_volsync(place: &Place<'_>) -> bool {
    let is_backup = |place: Place<'_>| {
        matches!(place.node.text_at(&["kind"]), Some("ReplicationSource" | "ReplicationDestination"))
    };
    place.up().any(is_backup)
}

/// Ends of keys, in lower case, and the kinds of the object that the text, or the `name` below it,
/// means: in Kubernetes, Flux, Gateway API, VolSync, cert-manager, External Secrets, CloudNativePG
/// and most charts.
const ENDS: [(&str, &[&str]); 32] = [
    ("configmap", &["ConfigMap"]),
    ("configmapref", &["ConfigMap"]),
    ("configmapname", &["ConfigMap"]),
    ("configmapkeyref", &["ConfigMap"]),
    ("secret", &["Secret"]),
    ("secretref", &["Secret"]),
    ("secretname", &["Secret"]),
    ("secretkeyref", &["Secret"]),
    ("secretkeyselector", &["Secret"]),
    ("imagepullsecrets", &["Secret"]),
    ("existingsecretname", &["Secret"]),
    ("claim", &["PersistentVolumeClaim"]),
    ("claimname", &["PersistentVolumeClaim"]),
    ("claimref", &["PersistentVolumeClaim"]),
    ("persistentvolumeclaimname", &["PersistentVolumeClaim"]),
    ("pvc", &["PersistentVolumeClaim"]),
    ("pvcname", &["PersistentVolumeClaim"]),
    ("pvcref", &["PersistentVolumeClaim"]),
    ("serviceaccount", &["ServiceAccount"]),
    ("serviceaccountname", &["ServiceAccount"]),
    ("serviceaccountref", &["ServiceAccount"]),
    ("subjects", &["ServiceAccount"]),
    ("roleref", &["Role", "ClusterRole"]),
    ("service", &["Service"]),
    ("services", &["Service"]),
    ("servicename", &["Service"]),
    ("serviceref", &["Service"]),
    ("backendref", &["Service"]),
    ("backendrefs", &["Service"]),
    // KEDA takes a Deployment if there is no kind.
    ("scaletargetref", &["Deployment"]),
    ("secret.reloader.stakater.com/reload", &["Secret"]),
    ("configmap.reloader.stakater.com/reload", &["ConfigMap"]),
];

/// The kinds of the object that the text of a key, or the `name` below it, means.
pub fn of_key(key: &str) -> Option<&'static [&'static str]> {
    // Environment variables have the content of a Secret or ConfigMap, not its name.
    let is_variable = key.len() > 1 && !key.contains(|c: char| c.is_ascii_lowercase());
    let key = key.to_ascii_lowercase();
    // The longest end that fits: `serviceAccountName` is not a `name`.
    let fits = ENDS.iter().filter(|(end, _)| !is_variable && key.ends_with(end));
    fits.max_by_key(|(end, _)| end.len()).map(|(_, kinds)| *kinds)
}

/// Whether the value of a key is a host: perhaps a Service of the same namespace.
pub(super) fn is_host(key: &str) -> bool {
    const ENDS: [&str; 7] = ["host", "hostname", "server", "address", "addr", "endpoint", "url"];
    let key = key.to_ascii_lowercase();
    ENDS.iter().any(|end| key.ends_with(end))
}
