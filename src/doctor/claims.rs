//! Claims that pruning could delete.

use std::collections::BTreeMap;

use super::builds::Builds;
use super::changed::Scope;
use super::codes::CLAIM;
use super::owners::line;
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{At, Rendered, View};

const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";

pub(super) fn findings(view: &View, builds: &Builds, scope: &Scope<'_>) -> Vec<Finding> {
    let mut unprotected: BTreeMap<&At, Vec<String>> = BTreeMap::new();
    for (id, kustomization) in view.graph().kustomizations.entries().filter(|(_, kustomization)| kustomization.prune) {
        let keeps = kustomization.object.text_at(&["spec", "deletionPolicy"]) == Some("Orphan");
        let objects = scope.objects(view, kustomization, builds.by(id));
        for claim in objects.filter(|object| is_claim(object) && !is_protected(object)) {
            let name = kustomization.variables.substitute(&claim.name);
            let kept = if keeps { ", which keeps it if the Kustomization itself is deleted" } else { "" };
            unprotected.entry(&claim.at).or_default().push(format!("{name} ({}{kept})", kustomization.full_name()));
        }
    }
    unprotected
        .into_iter()
        .map(|(at, claims)| {
            let number = claims.len();
            let claims = listed(claims);
            let message = if number == 1 {
                format!("pruning could delete the claim {claims}")
            } else {
                format!("pruning could delete {number} claims: {claims}")
            };
            finding(Severity::Warning, CLAIM, &at.path, line(view, at), message)
        })
        .collect()
}

fn is_claim(object: &Rendered) -> bool {
    object.kind == "PersistentVolumeClaim" && object.api_version == "v1"
}

/// Flux looks for the key among labels and annotations.
fn is_protected(object: &Rendered) -> bool {
    [&object.labels, &object.annotations].iter().any(|pairs| pairs.get(PRUNE).is_some_and(|value| value == "disabled"))
}
