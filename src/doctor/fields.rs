//! Patches of HelmReleases and Flux Kustomizations: the fields that they set exist.

use std::collections::BTreeSet;

use super::codes::UNKNOWN_FIELD;
use super::finding;
use crate::finding::{Finding, Severity};
use crate::flux::{Patch, Value, View};

/// What installs and upgrades have in common.
const OF_BOTH: &str = "timeout remediation strategy disableTakeOwnership disableWait disableWaitForJobs disableHooks \
                       disableOpenAPIValidation disableSchemaValidation crds serverSideApply";
const OF_BOTH_REMEDIATIONS: &str = "retries ignoreTestFailures remediateLastFailure";

/// The fields of a kind by the path of what they are in.
type Fields = [(&'static str, [&'static str; 2])];

/// Those of a HelmRelease (helm-controller, `api/v2`, 2.9).
const OF_RELEASE: &Fields = &[
    (
        "spec",
        [
            "chart chartRef interval kubeConfig suspend releaseName targetNamespace storageNamespace dependsOn timeout \
             maxHistory serviceAccountName persistentClient driftDetection healthCheckExprs waitStrategy",
            "install upgrade test rollback uninstall commonMetadata valuesFrom values postRenderers postRenderStrategy",
        ],
    ),
    ("spec.install", [OF_BOTH, "replace skipCRDs createNamespace"]),
    ("spec.install.remediation", [OF_BOTH_REMEDIATIONS, ""]),
    ("spec.upgrade", [OF_BOTH, "force preserveValues cleanupOnFail chartNameChangeStrategy"]),
    ("spec.upgrade.remediation", [OF_BOTH_REMEDIATIONS, "strategy"]),
    (
        "spec.rollback",
        ["timeout disableWait disableWaitForJobs disableHooks", "recreate force cleanupOnFail serverSideApply"],
    ),
    ("spec.uninstall", ["timeout disableHooks keepHistory disableWait deletionPropagation", ""]),
    ("spec.driftDetection", ["mode ignore", ""]),
];

/// Those of a Flux Kustomization (kustomize-controller, `api/v1`, 2.9).
const OF_KUSTOMIZATION: &Fields = &[
    (
        "spec",
        [
            "commonMetadata components decryption deletionPolicy dependsOn force healthCheckExprs healthChecks ignore \
             ignoreMissingComponents images interval kubeConfig namePrefix nameSuffix patches path postBuild prune",
            "buildMetadata retryInterval serviceAccountName sourceRef suspend targetNamespace timeout wait",
        ],
    ),
    ("spec.postBuild", ["substitute substituteFrom substituteStrategy", ""]),
];

/// The single fields of an entry of [`Fields`].
fn each(known: [&'static str; 2]) -> impl Iterator<Item = &'static str> {
    known.into_iter().flat_map(str::split_whitespace)
}

pub(super) fn findings(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for (kind, called, fields) in
        [("HelmRelease", "HelmRelease", OF_RELEASE), ("Kustomization", "Flux Kustomization", OF_KUSTOMIZATION)]
    {
        let reaches = view.graph().reached().flat_map(|(_, reaches)| reaches);
        let of_kind = reaches.filter(|reach| reach.kind == kind && reach.api_version.contains(".toolkit.fluxcd.io/"));
        let mut seen = BTreeSet::new();
        for patch in of_kind.flat_map(|reach| &reach.patches) {
            for set in patch.sets() {
                if seen.insert((&patch.path, patch.line, set.to_flow())) {
                    found.extend(unknown(patch, &set, called, fields));
                }
            }
        }
    }
    found
}

/// The fields of what a patch sets that its kind does not have, and that are not those of a newer
/// Flux: another field is meant.
fn unknown(patch: &Patch, set: &Value, kind: &str, fields: &Fields) -> Vec<Finding> {
    let mut found = Vec::new();
    for (place, known) in fields {
        let path: Vec<&str> = place.split('.').collect();
        let entries = set.at(&path).map_or(&[][..], Value::entries);
        for (field, _) in entries.iter().filter(|(field, _)| !each(*known).any(|one| one == field)) {
            // A field that is like no other may be one of a newer Flux.
            let elsewhere = fields.iter().find(|(_, known)| each(*known).any(|one| one == field));
            let meant = match elsewhere {
                Some((other, _)) => format!("{other}.{field}"),
                None => match each(*known).find(|one| is_like(one, field)) {
                    Some(near) => format!("{place}.{near}"),
                    None => continue,
                },
            };
            let message =
                format!("this patch sets {place}.{field}, which a {kind} does not have; did you mean {meant}?");
            found.push(finding(Severity::Error, UNKNOWN_FIELD, &patch.path, patch.line, message));
        }
    }
    found
}

/// Whether two names differ in case alone, or in one letter that is missing, added or another one.
fn is_like(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || strsim::levenshtein(one, other) == 1
}
