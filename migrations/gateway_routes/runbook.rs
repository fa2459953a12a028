//! The steps around the merge of a batch, with real names; README.md has the same without.

use std::collections::BTreeSet;

use super::create::GATEWAY;
use super::find::Found;
use super::grant::GRANT;
use super::leftovers::{RENAME, SOURCES_OUT};
use super::policy::POLICY;
use super::units::{CUT, DNS_SOURCE, SWAP};
use crate::gateway::Gateway;
use crate::plan::runbook::{Runbook, Step, command, command_about, get, get_releases, reconcile};
use crate::plan::{Batch, REMOVE, Unit};

/// Whether Gateways take routes, and whether their Services are there.
const STATUS: &str = r#"custom-columns=NAME:.metadata.name,ACCEPTED:.status.parents[*].conditions[?(@.type=="Accepted")].status,REFS:.status.parents[*].conditions[?(@.type=="ResolvedRefs")].status"#;

pub(super) fn runbook(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let is = |step: &str| batch.units.iter().any(|unit| unit.id.step == step);
    if is(POLICY) {
        of_policies(found, batch)
    } else if is(GATEWAY) || is(GRANT) {
        of_gateways(found, batch)
    } else if is(DNS_SOURCE) {
        of_dns(found, batch)
    } else if is(CUT) {
        of_cuts(found, batch)
    } else if is(SWAP) {
        of_swaps(found, batch)
    } else if is(SOURCES_OUT) {
        of_sources_out(found, batch)
    } else if is(RENAME) || is(REMOVE) {
        of_files(found, batch)
    } else {
        of_routes(found, batch)
    }
}

fn crds() -> Step {
    let names = command([
        "kubectl",
        "get",
        "crd",
        "gateways.gateway.networking.k8s.io",
        "httproutes.gateway.networking.k8s.io",
    ]);
    Step::new("The cluster knows Gateways and routes.", vec![names])
}

fn of_gateways(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let created: Vec<&Gateway> = {
        let all = found.clusters.iter().flat_map(|cluster| &cluster.created);
        all.filter(|created| batch.units.iter().any(|unit| unit.id == created.id))
            .map(|created| &created.gateway)
            .collect()
    };
    let classes: BTreeSet<&str> = created.iter().map(|gateway| gateway.class.as_str()).collect();
    let class = |class: &&str| command_about(&["kubectl", "get", "gatewayclass"], &[class], &[]);
    let mut before = vec![crds()];
    if !classes.is_empty() {
        let what = "The class is there, and its controller has accepted it: ACCEPTED is True.";
        before.push(Step::new(what, classes.iter().map(class).collect()));
    }
    let mut after = vec![reconcile(found.view, batch)];
    if !created.is_empty() {
        after.push(Step::new("Every Gateway is ready.", created.iter().map(is_programmed).collect()));
        after.push(Step::new("It has an address.", created.iter().map(address).collect()));
    }
    let what = match created.is_empty() {
        true => "Routes may name Services of other namespaces. Nothing that runs changes.",
        false => "New Gateways stand beside the old proxies. They serve nothing but a redirection to TLS yet.",
    };
    Runbook { what: what.to_owned(), before, after, back: vec![Step::new("Revert the merge.", Vec::new())] }
}

fn of_policies(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let policies = command(["kubectl", "get", "securitypolicies.gateway.envoyproxy.io", "--all-namespaces"]);
    let what = "They are there, if the Gateway is one of Envoy. Until their routes are, they say that the target is not \
                found.";
    Runbook {
        what: "Policies of routes that come later. Nothing that runs changes.".to_owned(),
        before: Vec::new(),
        after: vec![reconcile(found.view, batch), Step::new(what, vec![policies])],
        back: vec![Step::new("Revert the merge, unless their routes have landed.", Vec::new())],
    }
}

/// Waits until a Gateway is ready.
fn is_programmed(gateway: &&Gateway) -> Vec<String> {
    let name = format!("gateway/{}", gateway.name);
    let options = ["--for", "condition=Programmed", "--timeout", "2m"];
    command_about(&["kubectl", "--namespace", &gateway.namespace, "wait"], &[&name], &options)
}

fn address(gateway: &&Gateway) -> Vec<String> {
    let options = ["--output", "jsonpath={.status.addresses[0].value}"];
    command_about(&["kubectl", "--namespace", &gateway.namespace, "get", "gateway"], &[&gateway.name], &options)
}

fn of_dns(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    Runbook {
        what: "external-dns reads HTTPRoutes beside Ingresses. It restarts; no record changes.".to_owned(),
        before: vec![crds()],
        after: vec![
            reconcile(found.view, batch),
            Step::new("Every release is ready.", get_releases(&batch.units)),
            Step::new("Its log names no error about routes.", batch.units.iter().map(log).collect()),
        ],
        back: vec![Step::new("Revert the merge. Records of routes that are there by then go.", Vec::new())],
    }
}

fn of_sources_out(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let left = command(["kubectl", "get", "ingresses,ingressroutes.traefik.io", "--all-namespaces"]);
    Runbook {
        what: "external-dns no longer reads what this repository has none of. It restarts. With `policy: sync` it deletes the record of an Ingress that is in no file.".to_owned(),
        before: vec![Step::new("The cluster has none that needs a record.", vec![left])],
        after: vec![
            reconcile(found.view, batch),
            Step::new("Every release is ready.", get_releases(&batch.units)),
            Step::new("Its log deletes no record.", batch.units.iter().map(log).collect()),
        ],
        back: vec![Step::new("Revert the merge: external-dns makes the records again.", Vec::new())],
    }
}

fn of_files(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let is_removed = batch.units.iter().any(|unit| unit.id.step == REMOVE);
    let what = match is_removed {
        true => "What nothing names any more is deleted: Middlewares and ServersTransports of Traefik.",
        false => "Files get the name of what they hold. Nothing in the cluster changes.",
    };
    let back = vec![Step::new("Revert the merge.", Vec::new())];
    Runbook { what: what.to_owned(), before: Vec::new(), after: vec![reconcile(found.view, batch)], back }
}

/// The last lines of the log of a release of external-dns.
fn log(unit: &&Unit) -> Vec<String> {
    let subject = &unit.id.subject;
    let deployment = format!("deployment/{}", subject.name());
    command_about(&["kubectl", "--namespace", subject.namespace(), "logs"], &[&deployment], &["--tail", "50"])
}

/// The namespaces of some units.
fn namespaces<'u>(units: &[&'u Unit]) -> BTreeSet<&'u str> {
    units.iter().map(|unit| unit.namespace()).filter(|namespace| !namespace.is_empty()).collect()
}

fn status_of_routes(units: &[&Unit]) -> Vec<Vec<String>> {
    let get = |namespace| command(["kubectl", "--namespace", namespace, "get", "httproutes", "--output", STATUS]);
    namespaces(units).into_iter().map(get).collect()
}

/// The hosts that units are about.
fn hosts<'u>(units: &[&'u Unit]) -> BTreeSet<&'u str> {
    let effects = units.iter().flat_map(|unit| &unit.effects);
    effects.filter_map(|effect| effect.object.strip_prefix("host ")).filter(|host| !host.starts_with('*')).collect()
}

/// The Gateways that units lead to.
fn gateways<'f>(found: &'f Found<'_>, units: &[&Unit]) -> Vec<&'f Gateway> {
    let effects: Vec<_> = units.iter().flat_map(|unit| &unit.effects).collect();
    let is_named = |gateway: &&Gateway| {
        let named = format!("Gateway {}/{}", gateway.namespace, gateway.name);
        effects.iter().any(|effect| effect.after.ends_with(&named))
    };
    let in_clusters = found
        .clusters
        .iter()
        .flat_map(|cluster| cluster.gateways.iter().chain(cluster.created.iter().map(|created| &created.gateway)));
    let mut all: Vec<&Gateway> = in_clusters.filter(is_named).collect();
    all.sort_by_key(|gateway| (&gateway.namespace, &gateway.name));
    all.dedup_by_key(|gateway| (&gateway.namespace, &gateway.name));
    all
}

/// Asks each host on the address of the Gateway that takes it over.
fn asked(gateways: &[&Gateway], units: &[&Unit]) -> Step {
    let ask = |host: &&str| {
        let (resolve, url) = (format!("{host}:443:ADDRESS"), format!("https://{host}/"));
        command([
            "curl",
            "--silent",
            "--insecure",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code} %{url}\\n",
            "--resolve",
            &resolve,
            &url,
        ])
    };
    let what = "Ask the Gateway itself, with the address that the first commands print. It answers as the old proxy \
                does; a protected host answers 302 or 401 without a cookie, never 200.";
    Step::new(what, gateways.iter().map(address).chain(hosts(units).iter().map(ask)).collect())
}

/// What has to hold before routes land.
fn before_routes(gateways: &[&Gateway], units: &[&Unit]) -> Vec<Step> {
    let mut before = vec![crds()];
    before.push(Step::new("The Gateways are ready.", gateways.iter().map(is_programmed).collect()));
    before.push(Step::new("No release of this batch is failing.", get_releases(units)));
    before.retain(|step| !step.commands.is_empty());
    before
}

/// Flux applies routes, and Gateways accept them.
fn accepted(found: &Found<'_>, batch: &Batch<'_>) -> Vec<Step> {
    let what = "Every route is accepted, and its references are resolved: ACCEPTED and REFS are True.";
    let releases = get_releases(&batch.units);
    let ready = (!releases.is_empty()).then(|| Step::new("Every release is ready.", releases));
    let status = Step::new(what, status_of_routes(&batch.units));
    [reconcile(found.view, batch)].into_iter().chain(ready).chain([status]).collect()
}

fn of_swaps(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let gateways = gateways(found, &batch.units);
    let digs = digs(&batch.units);
    let mut before = before_routes(&gateways, &batch.units);
    before.push(Step::new("These are the records now.", digs.clone()));
    let mut after = accepted(found, batch);
    after.push(asked(&gateways, &batch.units));
    after.push(Step::new("Every host has a record, and it leads to the Gateway.", digs));
    Runbook {
        what: "Routes take the place of Ingresses in one merge. A host is down until its route is accepted, and until \
               its record leads to the Gateway."
            .to_owned(),
        before,
        after,
        back: vec![Step::new(
            "Revert the merge: Ingresses and their records come back; external-dns needs a sync for it.",
            Vec::new(),
        )],
    }
}

fn of_routes(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let gateways = gateways(found, &batch.units);
    let mut after = accepted(found, batch);
    after.push(asked(&gateways, &batch.units));
    after.push(Step::new(
        "Point tunnels and port forwards at the Service of the Gateway. Both proxies serve the hosts from now on.",
        Vec::new(),
    ));
    Runbook {
        what: "Routes of the Gateway API stand beside Ingresses. Both serve the hosts; no record changes.".to_owned(),
        before: before_routes(&gateways, &batch.units),
        after,
        back: vec![Step::new("Revert the merge. The Ingresses have never stopped serving.", Vec::new())],
    }
}

/// Asks for the record of each host.
fn digs(units: &[&Unit]) -> Vec<Vec<String>> {
    hosts(units).iter().map(|host| command(["dig", "+short", host])).collect()
}

fn of_cuts(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let digs = digs(&batch.units);
    let left = |namespace| get("ingresses,ingressroutes.traefik.io", [(namespace, "")]);
    let left = namespaces(&batch.units).into_iter().flat_map(left).map(|mut words| {
        words.retain(|word| !word.is_empty());
        words
    });
    Runbook {
        what: "Ingresses go whose routes run in the cluster. The record of each host passes to its route.".to_owned(),
        before: vec![
            Step::new("Every route is accepted: ACCEPTED and REFS are True.", status_of_routes(&batch.units)),
            Step::new("These are the records now.", digs.clone()),
        ],
        after: vec![
            reconcile(found.view, batch),
            Step::new("Every host has a record, and it leads to the Gateway.", digs),
            Step::new("These Ingresses are left in the namespaces.", left.collect()),
        ],
        back: vec![Step::new(
            "Revert the merge: the Ingresses come back, but not their records. external-dns leaves a record with the \
             route, which serves. For the records to go back, revert the merge of the routes as well; there is no \
             record until external-dns has synced. The point of no return is the removal of the old proxy.",
            Vec::new(),
        )],
    }
}
