//! The steps around the merge of a batch, with real names.

use super::moved::Moved;
use super::units::{SWITCH_ROOT, id_of, is_of_objects, places, switches};
use crate::migrations::flux_move::beside::{FIRST_OUT, SECOND};
use crate::migrations::flux_move::find::Found;
use crate::plan::Batch;
use crate::plan::runbook::{Runbook, Step, command_about, get_not_ready};

/// The runbook of a batch that is about sources and stores.
pub(in crate::migrations::flux_move) fn runbook(found: &Found<'_>, batch: &Batch<'_>) -> Option<Runbook> {
    let objects = found.objects();
    if !batch.units.iter().any(|unit| is_of_objects(&unit.id)) {
        return None;
    }
    let is_about = |one: &&Moved<'_>| {
        let is_it = |step| id_of(step, one).is_some_and(|id| batch.units.iter().any(|unit| unit.id == id));
        let mut switches = switches(found, objects, one).into_iter();
        is_it(SECOND) || is_it(FIRST_OUT) || switches.any(|switch| batch.units.iter().any(|unit| unit.id == switch.id))
    };
    let all: Vec<&Moved<'_>> = objects.all.iter().filter(is_about).collect();
    let is = |step: &str| batch.units.iter().any(|unit| unit.id.step == step);
    let what = if is(SECOND) {
        "Second sources and stores beside the first. Nothing names them yet, and nothing is deleted."
    } else if is(FIRST_OUT) {
        "The first sources and stores go: nothing names them any more. What was made from them stays."
    } else if is(SWITCH_ROOT) {
        "The entry point of the cluster is built from the second source. If that is not Ready, the cluster applies \
         nothing new."
    } else {
        "What names the first sources and stores names the second ones: the same artifacts, charts and Secrets."
    };
    let get = |one: &&Moved<'_>, (namespace, name): &(String, String)| {
        let words = ["kubectl", "--namespace", namespace, "get"];
        let resource = one.kind.resource();
        match one.kind.is_namespaced {
            true => command_about(&[&words[..], &[&resource]].concat(), &[name], &[]),
            false => command_about(&["kubectl", "get", &resource], &[name], &[]),
        }
    };
    let seconds: Vec<_> = all.iter().map(|one| get(one, &one.to)).collect();
    let mut runbook = Runbook::reconcile_only(found.view, batch, what);
    if is(SECOND) {
        runbook.after.push(Step::new("The second ones are Ready. If one is not, stop here.", seconds));
        return Some(runbook);
    }
    runbook.before.push(Step::new("The second ones are Ready. If one is not, do not merge.", seconds));
    if is(FIRST_OUT) {
        let firsts = all.iter().map(|one| get(one, &one.from)).collect();
        runbook.after.push(Step::new("The first ones are gone: NotFound.", firsts));
        return Some(runbook);
    }
    let of_batch = all.iter().flat_map(|one| switches(found, objects, one));
    let of_batch = of_batch.filter(|switch| batch.units.iter().any(|unit| unit.id == switch.id));
    let changed: Vec<String> = of_batch.flat_map(|switch| places(found.view, &switch, objects)).collect();
    if !changed.is_empty() {
        runbook.before.push(Step::new(format!("What changes: {}.", changed.join(", ")), Vec::new()));
    }
    for kind in ["kustomizations", "helmreleases"] {
        runbook.after.push(Step::new("All of these are Ready: nothing is printed.", get_not_ready(kind)));
    }
    if all.iter().any(|one| !one.kind.is_source()) {
        let words = ["kubectl", "get", "externalsecrets.external-secrets.io", "--all-namespaces"];
        let secrets = vec![command_about(&words, &[], &[])];
        runbook.after.push(Step::new("Every ExternalSecret is Ready: SecretSynced.", secrets));
    }
    Some(runbook)
}
