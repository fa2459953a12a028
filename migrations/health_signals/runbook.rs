//! The steps around the merge of a batch, with real names; README.md has the same without.

use super::units::{CHECK, UNWAIT};
use crate::flux::View;
use crate::plan::Batch;
use crate::plan::runbook::{Runbook, Step, command, get_not_ready};

pub(super) fn runbook(view: &View, batch: &Batch<'_>) -> Runbook {
    let is = |step: &str| batch.units.iter().any(|unit| unit.id.step == step);
    let not_ready = || [get_not_ready("kustomizations"), get_not_ready("helmreleases")].concat();
    if is(CHECK) {
        let what = "Flux Kustomizations that others depend on are Ready only when their releases are.";
        let mut runbook = Runbook::reconcile_only(view, batch, what);
        let before = "All is Ready: these print nothing. What is not would hold up all that depends on it.";
        runbook.before.push(Step::new(before, not_ready()));
        runbook.after.push(Step::new("All is Ready again: these print nothing.", not_ready()));
        return runbook;
    }
    if is(UNWAIT) {
        let what =
            "Flux Kustomizations that nothing depends on do not wait for what they apply: Alerts say what fails.";
        return Runbook::reconcile_only(view, batch, what);
    }
    let what = "Alerts watch what none watched. They send it where they send the rest.";
    let mut runbook = Runbook::reconcile_only(view, batch, what);
    let alerts = command(["kubectl", "get", "alerts.notification.toolkit.fluxcd.io", "--all-namespaces"]);
    runbook.after.push(Step::new("The Alerts are there.", vec![alerts]));
    runbook
}
