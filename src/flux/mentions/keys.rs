//! Which keys name an object, of which kind.

use super::place::Place;

/// What a scalar names, if that is an object: the kinds that it can be of, and the namespace that stands beside it.
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
        // Restic and rclone of VolSync keep where they back up to in a Secret.
        "repository" if of_volsync(place) => vec!["Secret"],
        key => of_key(key)?.to_vec(),
    };
    Some(Reference { kinds, namespace: text("namespace") })
}

/// Kinds of Kubernetes' core that are looked for.
const CORE: [&str; 5] = ["ConfigMap", "Secret", "PersistentVolumeClaim", "Service", "ServiceAccount"];

/// The kinds that a mapping with a `name` can mean.
fn named<'a>(mapping: &Place<'a>, kind: Option<&'a str>, of_type: Option<&str>) -> Option<Vec<&'a str>> {
    if let Some(kind) = kind {
        return Some(vec![kind]);
    }
    if let ("metadata", Some(object)) = (mapping.key()?, mapping.mapping()) {
        let version = object.node.text_at(&["apiVersion"])?;
        // Others have a ServiceAccount of their own, too.
        let is_meant = |kind: &&str| !CORE.contains(kind) || version == "v1";
        return object.node.text_at(&["kind"]).filter(is_meant).map(|kind| vec![kind]);
    }
    // `persistence` of app-template.
    match of_type {
        Some("configMap") => Some(vec!["ConfigMap"]),
        Some("secret") => Some(vec!["Secret"]),
        _ => of_key(mapping.key()?).map(<[&str]>::to_vec),
    }
}

fn of_volsync(place: &Place<'_>) -> bool {
    let is_it = |place: Place<'_>| {
        matches!(place.node.text_at(&["kind"]), Some("ReplicationSource" | "ReplicationDestination"))
    };
    place.up().any(is_it)
}

/// Ends of keys, in lower case, that say of which kind the object is that the text, or the `name` below, means: of Kubernetes, Flux, Gateway API,
/// VolSync, cert-manager, External Secrets, CloudNativePG and of most charts.
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
    // KEDA takes a Deployment where no kind stands.
    ("scaletargetref", &["Deployment"]),
    ("secret.reloader.stakater.com/reload", &["Secret"]),
    ("configmap.reloader.stakater.com/reload", &["ConfigMap"]),
];

fn of_key(key: &str) -> Option<&'static [&'static str]> {
    // Environment variables hold what they are called after, not its name.
    let is_variable = key.len() > 1 && !key.contains(|c: char| c.is_ascii_lowercase());
    let key = key.to_ascii_lowercase();
    // Of the ends that fit, the longest: `serviceAccount` is no `account`.
    let fits = ENDS.iter().filter(|(end, _)| !is_variable && key.ends_with(end));
    fits.max_by_key(|(end, _)| end.len()).map(|(_, kinds)| *kinds)
}

/// Whether a key takes the name of a host: a Service of the same namespace, maybe.
pub(super) fn is_host(key: &str) -> bool {
    const ENDS: [&str; 7] = ["host", "hostname", "server", "address", "addr", "endpoint", "url"];
    let key = key.to_ascii_lowercase();
    ENDS.iter().any(|end| key.ends_with(end))
}
