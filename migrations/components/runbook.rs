//! The steps around the landing of a batch, with real names; README.md has the same without.

use super::unit::{PROMOTE, PROTECT, RENAME, SWITCH};
use crate::flux::View;
use crate::plan::runbook::{Runbook, Step, command, reconcile};
use crate::plan::{Batch, Impact, REMOVE};

/// Shows which claims Flux leaves alone.
const CLAIMS: [&str; 5] = [
    "kubectl",
    "get",
    "persistentvolumeclaims",
    "--all-namespaces",
    r"--output=custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,STATUS:.status.phase,VOLUME:.spec.volumeName,PRUNE:.metadata.annotations.kustomize\.toolkit\.fluxcd\.io/prune",
];

pub(super) fn runbook(view: &View, batch: &Batch<'_>) -> Runbook {
    let is = |step: &str| batch.units.iter().any(|unit| unit.id.step == step);
    let what = match () {
        () if is(PROTECT) => "Claims get a word by which Flux never deletes them. Nothing else moves yet.",
        () if is(RENAME) => "Directories get another name, and all that names them follows.",
        () if is(PROMOTE) => {
            "Templates become Components where they stand, each with all its consumers: neither builds without the other."
        }
        () if is(SWITCH) => "Kustomizations take in Components where they listed templates.",
        () if is(REMOVE) => "Templates go that nothing names any more.",
        () => "Components that render what templates do. Nothing takes them in yet.",
    };
    let changes = batch.units.iter().any(|unit| unit.impact > Impact::None);
    let same = match changes {
        true if is(PROTECT) => "An annotation is all that changes in the cluster.",
        true => "Objects change where the units say so.",
        false => "What Flux applies stays the same.",
    };
    let mut before = vec![Step::new(
        "Nothing of this batch is failing now: this prints no Kustomization that is not Ready.",
        vec![command(["flux", "get", "kustomizations", "--all-namespaces", "--status-selector", "ready=false"])],
    )];
    let waits = batch.units.iter().flat_map(|unit| &unit.needs).any(|need| need.step == PROTECT);
    if waits {
        before.push(Step::new(
            "The batch 12-claims is merged and reconciled: the claims show `disabled` in the last column, in the cluster, not in the repository.",
            vec![command(CLAIMS)],
        ));
    }
    let mut after = vec![reconcile(view, batch)];
    if is(PROTECT) {
        after.push(Step::new(
            "The claims show `disabled` in the last column. Only then go on to the next batch.",
            vec![command(CLAIMS)],
        ));
    }
    let at_stake = batch.units.iter().any(|unit| unit.impact == Impact::Data);
    if at_stake {
        before.push(Step::new(
            "A PersistentVolumeClaim is among what changes. **Merge first**: do not delete any claim before Flux has the new objects; what is \
             restored before that comes from the old ones. Keep this list: it says which volume each claim has.",
            vec![command(CLAIMS)],
        ));
        after.push(Step::new(
            "Every claim is still Bound to the volume that it had. **Point of no return**: from the moment a claim is deleted there is no way \
             back but a restore.",
            vec![command(CLAIMS)],
        ));
    }
    Runbook {
        what: format!("{what} {same}"),
        before,
        after,
        back: vec![Step::new(
            match () {
                () if is(PROTECT) => {
                    "Revert the merge. A claim that carries the word stays when its manifest goes: delete it by hand if that is wanted."
                }
                () if changes => {
                    "Revert the merge: Flux applies what it applied before. What was deleted in between stays deleted."
                }
                () => "Revert the merge. There is no point of no return: the objects are the same on both sides.",
            },
            Vec::new(),
        )],
    }
}
