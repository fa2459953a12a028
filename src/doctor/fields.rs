//! Patches of HelmReleases: the fields that they set exist.

use std::collections::BTreeSet;

use super::codes::UNKNOWN_FIELD;
use super::finding;
use crate::finding::{Finding, Severity};
use crate::flux::{Patch, Value, View};

/// What installs and upgrades have in common.
const OF_BOTH: &str = "timeout remediation strategy disableTakeOwnership disableWait disableWaitForJobs disableHooks \
                       disableOpenAPIValidation disableSchemaValidation crds serverSideApply";
const OF_BOTH_REMEDIATIONS: &str = "retries ignoreTestFailures remediateLastFailure";

/// The fields of a HelmRelease by the path of what they are in (helm-controller, `api/v2`, 2.7).
const FIELDS: [(&str, [&str; 2]); 8] = [
    (
        "spec",
        [
            "chart chartRef interval kubeConfig suspend releaseName targetNamespace storageNamespace dependsOn timeout \
             maxHistory serviceAccountName persistentClient driftDetection",
            "install upgrade test rollback uninstall commonMetadata valuesFrom values postRenderers",
        ],
    ),
    ("spec.install", [OF_BOTH, "replace skipCRDs createNamespace"]),
    ("spec.install.remediation", [OF_BOTH_REMEDIATIONS, ""]),
    ("spec.upgrade", [OF_BOTH, "force preserveValues cleanupOnFail"]),
    ("spec.upgrade.remediation", [OF_BOTH_REMEDIATIONS, "strategy"]),
    (
        "spec.rollback",
        ["timeout disableWait disableWaitForJobs disableHooks", "recreate force cleanupOnFail serverSideApply"],
    ),
    ("spec.uninstall", ["timeout disableHooks keepHistory disableWait deletionPropagation", ""]),
    ("spec.driftDetection", ["mode ignore", ""]),
];

/// The single fields of an entry of [`FIELDS`].
fn each(known: [&'static str; 2]) -> impl Iterator<Item = &'static str> {
    known.into_iter().flat_map(str::split_whitespace)
}

pub(super) fn findings(view: &View) -> Vec<Finding> {
    let reaches = view.graph().reached().flat_map(|(_, reaches)| reaches);
    let releases = reaches.filter(|reach| reach.kind == "HelmRelease");
    let mut seen = BTreeSet::new();
    let patches = releases.flat_map(|reach| &reach.patches).filter(|patch| patch.merges().is_some());
    let new = patches.filter(|patch| seen.insert((&patch.path, patch.line, patch.merges().map(Value::to_flow))));
    new.flat_map(|patch| of_patch(patch)).collect()
}

fn of_patch(patch: &Patch) -> Vec<Finding> {
    let mut found = Vec::new();
    for (place, known) in FIELDS {
        let path: Vec<&str> = place.split('.').collect();
        let fields = patch.merges().and_then(|value| value.at(&path)).map_or(&[][..], Value::entries);
        for (field, _) in fields.iter().filter(|(field, _)| !each(known).any(|one| one == field)) {
            // A field that is like no other may be one of a newer Flux.
            let elsewhere = FIELDS.iter().find(|(_, known)| each(*known).any(|one| one == field));
            let meant = match elsewhere {
                Some((other, _)) => format!("{other}.{field}"),
                None => match each(known).find(|one| is_like(one, field)) {
                    Some(near) => format!("{place}.{near}"),
                    None => continue,
                },
            };
            let message =
                format!("this patch sets {place}.{field}, which a HelmRelease does not have; did you mean {meant}?");
            found.push(finding(Severity::Error, UNKNOWN_FIELD, &patch.path, patch.line, message));
        }
    }
    found
}

/// Whether two names differ in case alone, or in one letter that is missing, added or another one.
fn is_like(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || strsim::levenshtein(one, other) == 1
}
