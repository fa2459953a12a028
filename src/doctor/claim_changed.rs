//! Claims whose spec differs from what the cluster has: a bound claim is immutable but for its size
//! (Kubernetes 1.34, `ValidatePersistentVolumeClaimUpdate`), and with `force` Flux replaces it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::codes::CLAIM_CHANGED;
use super::finding;
use super::owners::line;
use crate::finding::{Finding, Severity};
use crate::flux::{At, Name, Value, View};

const KIND: &str = "PersistentVolumeClaim";
/// The fields that never change.
const FIXED: [&str; 7] =
    ["accessModes", "dataSource", "dataSourceRef", "selector", "storageClassName", "volumeMode", "volumeName"];
const SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
const FORCE: &str = "kustomize.toolkit.fluxcd.io/force";

/// A claim of a cluster.
struct Claim<'v> {
    at: &'v At,
    object: Arc<Value>,
    /// Whether its Flux Kustomization replaces what it cannot change.
    is_forced: bool,
}

/// Compares the claims of a cluster with those of the tree that it applies.
pub(super) fn findings(view: &View, followed: &View, cluster: &str) -> Vec<Finding> {
    let before = claims(followed, cluster);
    let mut found = Vec::new();
    for (name, claim) in claims(view, cluster) {
        let Some(was) = before.get(&name) else { continue };
        let fields = changed(&was.object, &claim.object);
        if fields.is_empty() || is_left_alone(&claim.object) {
            continue;
        }
        let then = match claim.is_forced || annotation(&claim.object, FORCE) == Some("enabled") {
            true => "Flux deletes it and makes it again: its data is lost",
            false => "the API server refuses it, and nothing of its Kustomization is applied",
        };
        let (namespace, name) = name;
        let message =
            format!("{namespace}/{name} has another {} on the branch of cluster {cluster}: {then}", fields.join(", "));
        found.push(finding(Severity::Error, CLAIM_CHANGED, &claim.at.path, line(view, claim.at), message));
    }
    found
}

/// The claims of a cluster that are known: no patch may change them, and no variable is open.
fn claims<'v>(view: &'v View, cluster: &str) -> BTreeMap<(Name, Name), Claim<'v>> {
    let graph = view.graph();
    let mut found = BTreeMap::new();
    for (at, reaches) in graph.reached() {
        let here = reaches.iter().filter(|reach| reach.kind == KIND && graph.clusters[reach.cluster].name == cluster);
        for reach in here.filter(|_| view.object(at).is_some_and(|object| !view.may_patch(KIND, &object.name))) {
            let flux = &graph.kustomizations[reach.kustomization];
            let Some(object) = view.effective(at, reach).filter(|_| flux.remote_cluster().is_none()) else { continue };
            let mut texts = Vec::new();
            object.texts(&mut texts);
            if texts.iter().any(|text| text.contains("${")) {
                continue;
            }
            let name = (reach.namespace.unwrap_or_default(), reach.name);
            let is_forced = flux.object.at(&["spec", "force"]).is_some_and(Value::is_true);
            found.insert(name, Claim { at, object, is_forced });
        }
    }
    found
}

fn annotation<'o>(object: &'o Value, key: &str) -> Option<&'o str> {
    object.text_at(&["metadata", "annotations", key])
}

/// Whether Flux does not change what is there.
fn is_left_alone(object: &Value) -> bool {
    annotation(object, SSA)
        .is_some_and(|value| ["IfNotPresent", "Ignore"].iter().any(|one| value.eq_ignore_ascii_case(one)))
}

/// The fields that cannot become what they are to be.
fn changed(was: &Value, is: &Value) -> Vec<&'static str> {
    let at = |object: &Value, field: &str| object.at(&["spec", field]).cloned();
    let mut fields: Vec<&'static str> =
        FIXED.into_iter().filter(|field| differs(at(was, field), at(is, field))).collect();
    let size = |object: &Value| bytes(object.text_at(&["spec", "resources", "requests", "storage"])?);
    if let (Some(was), Some(is)) = (size(was), size(is))
        && is < was
    {
        fields.push("resources.requests (it is smaller)");
    }
    fields
}

fn differs(was: Option<Value>, is: Option<Value>) -> bool {
    match (was, is) {
        (None, None) => false,
        (Some(was), Some(is)) => !was.same_as(&is),
        _ => true,
    }
}

/// A quantity of Kubernetes in bytes, if it is a whole number with one of the usual units.
fn bytes(text: &str) -> Option<u128> {
    let end = text.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit: u128 = match unit {
        "" => 1,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        _ => return None,
    };
    Some(number.parse::<u128>().ok()? * unit)
}

#[cfg(test)]
mod tests {
    use crate::doctor::compare;
    use crate::doctor::tests::{cluster, in_memory};

    fn claim(annotations: &str, spec: &str) -> String {
        format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: plex, namespace: media, annotations: \
             {{{annotations}}}}}\nspec: {{accessModes: [ReadWriteOnce], {spec}}}\n"
        )
    }

    fn compared(before: &str, after: &str, force: &str) -> Vec<String> {
        let apps = cluster().replace("path: ./apps,", &format!("path: ./apps, {force}"));
        let [before, after] =
            [before, after].map(|text| in_memory(&[("apps/cluster.yaml", &apps), ("apps/a.yaml", text)]));
        compare(&after, &before, "cluster").into_iter().map(|finding| finding.message).collect()
    }

    const VOLSYNC: &str =
        "resources: {requests: {storage: 5Gi}}, dataSourceRef: {kind: ReplicationDestination, name: plex}";

    #[test]
    fn a_claim_that_cannot_become_what_it_is_to_be() {
        let kopiur = VOLSYNC.replace("ReplicationDestination", "Restore");
        let expected = "media/plex has another dataSourceRef on the branch of cluster cluster: the API server refuses it, and \
                        nothing of its Kustomization is applied";
        assert_eq!(compared(&claim("", VOLSYNC), &claim("", &kopiur), ""), [expected]);
        let forced = compared(&claim("", VOLSYNC), &claim("", &kopiur), "force: true, ");
        assert!(forced[0].ends_with("its data is lost"), "{forced:?}");
        let annotated = claim("kustomize.toolkit.fluxcd.io/force: enabled", &kopiur);
        assert!(compared(&claim("", VOLSYNC), &annotated, "")[0].ends_with("its data is lost"));
        let smaller = compared(&claim("", VOLSYNC), &claim("", &VOLSYNC.replace("5Gi", "4096Mi")), "");
        assert!(smaller[0].contains("it is smaller"), "{smaller:?}");
        let without = "resources: {requests: {storage: 5Gi}}";
        assert_eq!(compared(&claim("", VOLSYNC), &claim("", without), "").len(), 1);
    }

    #[test]
    fn what_may_change() {
        for (annotations, spec) in [
            ("", VOLSYNC.to_owned()),
            ("", VOLSYNC.replace("5Gi", "5120Mi")),
            ("", VOLSYNC.replace("5Gi", "6Gi")),
            ("", format!("{VOLSYNC}, volumeAttributesClassName: fast")),
            ("kustomize.toolkit.fluxcd.io/ssa: IfNotPresent", VOLSYNC.replace("name: plex", "name: other")),
            ("kustomize.toolkit.fluxcd.io/ssa: Ignore", VOLSYNC.replace("name: plex", "name: other")),
            ("", VOLSYNC.replace("name: plex", "name: '${X}'")),
        ] {
            assert_eq!(compared(&claim("", VOLSYNC), &claim(annotations, &spec), ""), [""; 0], "{annotations} {spec}");
        }
        let other = claim("", "storageClassName: x").replace("name: plex", "name: new");
        assert_eq!(compared(&claim("", VOLSYNC), &other, ""), [""; 0], "it is another claim");
    }
}
