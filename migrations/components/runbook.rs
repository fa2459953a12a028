//! The steps around the landing of a batch, with real names; README.md has the same without.

use super::ids::{PROMOTE, PROTECT, RENAME, SWITCH};
use crate::flux::View;
use crate::plan::runbook::{Runbook, Step, command, get_not_ready, reconcile};
use crate::plan::{Batch, Impact, REMOVE};

/// Shows which claims Flux never deletes.
const CLAIMS: [&str; 5] = [
    "kubectl",
    "get",
    "persistentvolumeclaims",
    "--all-namespaces",
    r"--output=custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,STATUS:.status.phase,VOLUME:.spec.volumeName,PRUNE:.metadata.annotations.kustomize\.toolkit\.fluxcd\.io/prune",
];

pub(super) fn runbook(view: &View, batch: &Batch<'_>) -> Runbook {
    let has = |step: &str| batch.units.iter().any(|unit| unit.id.step == step);
    let claims = |what: &str| Step::new(what, vec![command(CLAIMS)]);
    let is_changed = batch.units.iter().any(|unit| unit.impact > Impact::None);
    let mut before = vec![Step::new(
        "No Kustomization of this batch is failing or stuck: these print none of them.",
        get_not_ready("kustomizations"),
    )];
    let mut after = vec![reconcile(view, batch)];
    if batch.units.iter().flat_map(|unit| &unit.needs).any(|need| need.step == PROTECT) {
        before.push(claims(
            "The batch 12-claims is merged and reconciled: in the cluster, not only in the repository, the claims \
             show `disabled` in the last column.",
        ));
    }
    if has(PROTECT) {
        after.push(claims("The claims show `disabled` in the last column. Only then merge the next batch."));
    }
    if batch.units.iter().any(|unit| unit.impact == Impact::Data) {
        before.push(claims(
            "A PersistentVolumeClaim is among the objects that change. **Merge first**: do not delete a claim before \
             Flux has applied the new objects, or it is restored from the old ones. Keep this list: it shows which \
             volume each claim has.",
        ));
        after.push(claims(
            "Every claim is still Bound to the same volume. **Point of no return**: once a claim is deleted, only a \
             restore brings its data back.",
        ));
    }
    let back = if has(PROTECT) {
        "Revert the merge. A claim that still has the annotation when its manifest is removed stays in the cluster: \
         delete it by hand if you do not want it."
    } else if is_changed {
        "Revert the merge: Flux applies what it applied before. What was deleted in between stays deleted."
    } else {
        "Revert the merge. There is no point of no return: the objects are the same before and after."
    };
    let what = if has(PROTECT) {
        "Annotates PersistentVolumeClaims `kustomize.toolkit.fluxcd.io/prune: disabled`, so that Flux does not delete \
         them. Nothing else changes yet."
    } else if has(RENAME) {
        "Renames directories, with everything that names them."
    } else if has(PROMOTE) {
        "Templates become Components where they are, each with all its consumers: neither builds without the other."
    } else if has(SWITCH) {
        "Kustomizations use Components instead of the templates that they listed."
    } else if has(REMOVE) {
        "Removes templates that nothing names any more."
    } else {
        "Adds Components that render the same as templates. Nothing uses them yet."
    };
    let same = if !is_changed {
        "What Flux applies stays the same."
    } else if has(PROTECT) {
        "In the cluster, only an annotation changes."
    } else {
        "Objects change where the units say so."
    };
    Runbook { what: format!("{what} {same}"), before, after, back: vec![Step::new(back, Vec::new())] }
}
