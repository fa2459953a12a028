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
    let has_gateway = all.iter().any(|one| one.kind.is_gateway());
    let what = if has_gateway {
        of_gateway(is(SECOND), is(FIRST_OUT))
    } else if is(SECOND) {
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
    let ready = if has_gateway { "PROGRAMMED is True, and there is an ADDRESS" } else { "Ready" };
    let mut runbook = Runbook::reconcile_only(found.view, batch, what);
    if has_gateway {
        runbook.before.extend(before_gateway(is(SECOND), is(FIRST_OUT)).map(|text| Step::new(text, Vec::new())));
    }
    if is(SECOND) {
        runbook
            .after
            .push(Step::new(format!("The second ones are there: {ready}. If one is not, stop here."), seconds));
        return Some(runbook);
    }
    runbook
        .before
        .push(Step::new(format!("The second ones are there: {ready}. If one is not, do not merge."), seconds));
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
    if has_gateway {
        let words = ["kubectl", "get", "httproutes.gateway.networking.k8s.io", "--all-namespaces"];
        let routes = vec![command_about(&words, &[], &["--output", "yaml"])];
        runbook
            .after
            .push(Step::new("In the status of each route the second Gateway is its parent, and Accepted.", routes));
    }
    if all.iter().any(|one| one.kind.is_store()) {
        let words = ["kubectl", "get", "externalsecrets.external-secrets.io", "--all-namespaces"];
        let secrets = vec![command_about(&words, &[], &[])];
        runbook.after.push(Step::new("Every ExternalSecret is Ready: SecretSynced.", secrets));
    }
    Some(runbook)
}

/// What a batch with a Gateway does.
fn of_gateway(is_second: bool, is_first_out: bool) -> &'static str {
    match (is_second, is_first_out) {
        (true, _) => {
            "A second Gateway beside the first, with another address, and policies for both. Nothing leads there yet."
        }
        (false, true) => "The first Gateway is removed, and its address with it. What still leads there leads nowhere.",
        (false, false) => {
            "Routes go to the second Gateway, and so does external-dns, if it names one. Requests have to go there, too."
        }
    }
}

/// What is to be seen to before that.
fn before_gateway(is_second: bool, is_first_out: bool) -> Option<&'static str> {
    match (is_second, is_first_out) {
        (true, _) => None,
        (false, true) => {
            Some("No router, firewall, tunnel or DNS name leads to the address of the first Gateway any more.")
        }
        (false, false) => Some(
            "Routers, firewalls, tunnels and DNS records written by hand are ready to lead to the second Gateway. Keep the TTL \
             of DNS records short until this is done.",
        ),
    }
}
