//! The steps around the landing of a batch, with real names; README.md has the same without.

use crate::flux::View;
use crate::plan::runbook::{Runbook, Step, command, reconcile};
use crate::plan::{Batch, Impact, Subject};

pub(super) fn runbook(view: &View, batch: &Batch<'_>) -> Runbook {
    let is_consumer = |unit: &&&crate::plan::Unit| matches!(unit.id.subject, Subject::Consumer { .. });
    let consumers = batch.units.iter().filter(is_consumer).count();
    let what = match () {
        () if consumers > 0 => "Kustomizations take in Components where they listed templates.",
        () if batch.units.iter().any(|unit| unit.is_removal()) => "Templates go that nothing names any more.",
        () => "Components that render what templates do. Nothing takes them in yet.",
    };
    let changes = batch.units.iter().any(|unit| unit.impact > Impact::None);
    let same = if changes { "Objects change where the units say so." } else { "What Flux applies stays the same." };
    let mut before = vec![Step::new(
        "Nothing of this batch is failing now: this prints no Kustomization that is not Ready.",
        vec![command(["flux", "get", "kustomizations", "--all-namespaces", "--status-selector", "ready=false"])],
    )];
    let mut after = vec![reconcile(view, batch)];
    if batch.units.iter().any(|unit| unit.impact == Impact::Data) {
        before.push(Step::new(
            "A PersistentVolumeClaim is among what changes. Do not delete any claim before the merge: what is restored before Flux has the \
             new objects comes from the old ones.",
            vec![command(["kubectl", "get", "persistentvolumeclaims", "--all-namespaces"])],
        ));
        after.push(Step::new(
            "Every claim is still Bound to the volume that it had. From the moment a claim is deleted there is no way back but a restore.",
            vec![command(["kubectl", "get", "persistentvolumeclaims", "--all-namespaces"])],
        ));
    }
    Runbook {
        what: format!("{what} {same}"),
        before,
        after,
        back: vec![Step::new(
            if changes {
                "Revert the merge: Flux applies what it applied before. What was deleted in between stays deleted."
            } else {
                "Revert the merge. There is no point of no return: the objects are the same on both sides."
            },
            Vec::new(),
        )],
    }
}
