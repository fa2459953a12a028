//! What is true of Gateways alone: another one has another address, and DNS, certificates and policies know
//! the first one (`docs/gateway.md#a-second-gateway`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::dns::Arguments;
use super::grants::needed;
use super::kinds::Kind;
use super::may_mean;
use super::moved::{Moved, Objects, refused};
use super::uses::Use;
use crate::flux::{At, ClusterId, Reach, Value, View};
use crate::gateway::Gateway;
use crate::migrations::flux_move::codes;
use crate::migrations::flux_move::find::Found;
use crate::migrations::flux_move::settings::Name;
use crate::migrations::flux_move::write::mapping_at;
use crate::plan::{Code, Finding};

/// Annotations with what only one can have: an address, or a name that leads to it.
const OF_ONE: [&str; 10] = [
    "external-dns.alpha.kubernetes.io/hostname",
    "external-dns.kubernetes.io/hostname",
    "io.cilium/lb-ipam-ips",
    "kube-vip.io/loadbalancerIPs",
    "lbipam.cilium.io/ips",
    "metallb.io/loadBalancerIPs",
    "metallb.universe.tf/loadBalancerIPs",
    "purelb.io/addresses",
    "tailscale.com/hostname",
    "tailscale.com/tailnet-ip",
];

/// The name under which external-dns publishes all routes of a Gateway: before 0.22, and since.
pub(super) const TARGETS: [&str; 2] = ["external-dns.alpha.kubernetes.io/target", "external-dns.kubernetes.io/target"];

/// What only one Gateway can have, as it is shown: in its own object, and in the parameters that it names.
pub(super) fn of_one(view: &View, cluster: ClusterId, object: &Value, namespace: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let addresses = object.at(&["spec", "addresses"]).map_or(&[][..], Value::items);
    found.extend(
        addresses.iter().filter_map(|address| address.text_at(&["value"])).map(|text| format!("address {text}")),
    );
    annotated(object, &mut found);
    if let Some(parameters) = parameters(view, cluster, object, namespace) {
        annotated(&parameters, &mut found);
        named_by(&parameters, &mut found);
    }
    found
}

/// Adds what annotations state, wherever they are.
fn annotated(object: &Value, found: &mut BTreeSet<String>) {
    for (key, value) in object.entries() {
        if let Some(text) = value.text().filter(|_| OF_ONE.contains(&&**key)) {
            found.insert(format!("{key}: {text}"));
        }
        annotated(value, found);
    }
    object.items().iter().for_each(|item| annotated(item, found));
}

/// Adds the names and addresses of what parameters have a controller make: EnvoyProxy of Envoy Gateway.
fn named_by(object: &Value, found: &mut BTreeSet<String>) {
    for (key, value) in object.entries() {
        let name = value.text_at(&["name"]).filter(|_| key.starts_with("envoy"));
        found.extend(name.map(|name| format!("{key}.name: {name}")));
        let address = value.text().filter(|_| key == "loadBalancerIP");
        found.extend(address.map(|address| format!("{key}: {address}")));
        named_by(value, found);
    }
    object.items().iter().for_each(|item| named_by(item, found));
}

/// The object that a Gateway names as its parameters; that is in its own namespace.
fn parameters(view: &View, cluster: ClusterId, object: &Value, namespace: &str) -> Option<Arc<Value>> {
    let reference = object.at(&["spec", "infrastructure", "parametersRef"])?;
    let (kind, name) = (reference.text_at(&["kind"])?, reference.text_at(&["name"])?);
    let (at, reach) = applied(view, cluster, kind, (namespace, name))?;
    view.effective(at, reach)
}

/// An object that a cluster applies.
pub(super) fn applied<'v>(
    view: &'v View,
    cluster: ClusterId,
    kind: &str,
    (namespace, name): (&str, &str),
) -> Option<(&'v At, &'v Reach)> {
    view.graph().each_reach().find(|(_, reach)| {
        let is_called = reach.kind == kind && reach.name == name;
        is_called && reach.cluster == cluster && reach.namespace.as_deref() == Some(namespace)
    })
}

/// What two Gateways may have otherwise and are still one and its second: what only one can have, and the
/// parameters with it.
pub(super) fn without_own(mut object: Value) -> Value {
    object.remove_at(&["spec", "addresses"]);
    object.remove_at(&["spec", "infrastructure", "parametersRef"]);
    for annotations in [&["metadata", "annotations"][..], &["spec", "infrastructure", "annotations"]] {
        for key in OF_ONE.iter().chain(&TARGETS) {
            object.remove_at(&[annotations, &[key]].concat());
        }
    }
    object
}

/// All Gateways of a cluster.
pub(super) fn gateways(view: &View, cluster: ClusterId, kind: &Kind) -> BTreeSet<Name> {
    let of_cluster = view.graph().each_reach().filter(|(_, reach)| reach.cluster == cluster && kind.is(reach));
    of_cluster.map(|(_, reach)| kind.name_of(reach)).collect()
}

/// A finding about a Gateway: what keeps it where it is, or what is to be said of it.
pub(super) type Say<'s> = &'s mut dyn FnMut(Finding);

/// What is true of a Gateway by itself.
pub(super) fn alone(found: &Found<'_>, objects: &Objects<'_>, one: &Moved<'_>) -> Vec<Finding> {
    let view = found.view;
    let mut findings = Vec::new();
    let say: Say<'_> = &mut |finding: Finding| findings.push(finding);
    twice(view, one, say);
    parents(view, objects, one, say);
    of_policies(view, objects, one, say);
    of_dns(view, objects, one, say);
    if one.from.0 != one.to.0 {
        not_admitted(view, objects, one, say);
        needed(view, found.world(), one, say);
    }
    findings
}

/// The object as a cluster applies it, under both names.
pub(super) fn instances<'m, 'v>(
    view: &'m View,
    one: &'m Moved<'v>,
) -> impl Iterator<Item = (ClusterId, Arc<Value>)> + use<'m, 'v> {
    let (at, reaches) = one.first.unzip();
    let reaches = reaches.unwrap_or_default().iter();
    reaches.filter_map(move |reach| Some((reach.cluster, view.effective(at?, reach)?)))
}

/// What only one of two Gateways can have.
fn twice(view: &View, one: &Moved<'_>, say: Say<'_>) {
    for (cluster, object) in instances(view, one) {
        let mut both = of_one(view, cluster, &object, &one.from.0);
        let second = one.second.and_then(|_| {
            let (at, reach) = applied(view, cluster, one.kind.name, (&one.to.0, &one.to.1))?;
            view.effective(at, reach)
        });
        if let Some(second) = second {
            let own = of_one(view, cluster, &second, &one.to.0);
            both.retain(|stated| own.contains(stated));
        }
        if let Some(stated) = both.first() {
            let message = format!("{} {} has `{stated}`, and two cannot", one.kind.name, one.old_name());
            say(one.finding(view, Finding::error(codes::GATEWAY_TWICE, message)));
        }
    }
}

/// Parents that are made of variables or templates, or have both in one list: each is listed once (Gateway API,
/// `CommonRouteSpec.parentRefs`).
fn parents(view: &View, objects: &Objects<'_>, one: &Moved<'_>, say: Say<'_>) {
    let (namespace, name) = &one.from;
    let is_here = |user: &&Use<'_>| user.named.kind == one.kind && one.clusters.contains(&user.reach.cluster);
    for user in objects.uses.iter().filter(is_here) {
        let (of, called) = user.target();
        if (of, called) != one.from && may_mean(&user.target().0, namespace) && may_mean(&user.named.name, name) {
            let message = format!("{} may name {}", user.shown(), one.old_name());
            say(refused(view, user, Finding::error(codes::BY_VARIABLE, message)));
        }
        let is_beside = |other: &Use<'_>| {
            let list = |one: &Use<'_>| one.named.way.split_last().map(|(_, list)| list.to_vec());
            // Health checks may be there twice.
            let is_checked = user.reach.kind == "Kustomization";
            other.at == user.at && other.target() == one.to && list(other) == list(user) && !is_checked
        };
        if user.target() == one.from && objects.uses.iter().any(is_beside) {
            let message = format!("{} names {} beside {}", user.shown(), one.new_name(), one.old_name());
            say(refused(view, user, Finding::error(codes::NOT_MODELLED, message)));
        }
    }
}

/// Policies: what only names one Gateway, or is in another namespace then.
fn of_policies(view: &View, objects: &Objects<'_>, one: &Moved<'_>, say: Say<'_>) {
    let policies = &objects.policies;
    let is_there = one.from.0 == one.to.0;
    for target in policies.lacking(one) {
        let shown = target.reach.shown();
        let (code, message): (&'static Code, String) =
            if [&target.namespace, &target.name].iter().any(|text| text.contains("${")) {
                (codes::BY_VARIABLE, format!("{shown} may name {}", one.old_name()))
            } else if !is_there {
                (
                    codes::NOT_MODELLED,
                    format!("{shown} is for {}, and can only name what is in its own namespace", one.old_name()),
                )
            } else if !target.is_of_several {
                (
                    codes::NOT_MODELLED,
                    format!(
                        "{shown} is for {}, and is not known to be for two: one of them would be without it",
                        one.old_name()
                    ),
                )
            } else if !target.is_stated {
                (codes::NOT_MODELLED, format!("a patch or a variable may change what {shown} is for"))
            } else {
                continue;
            };
        say(Finding::error(code, message).at(&target.at.path, Some(target.line)));
    }
    // What names the second before it is there would be for that one alone.
    let first = one.second.is_none().then(|| policies.naming(one, (&one.to.0, &one.to.1)));
    let with_first: BTreeSet<&At> = policies.beside(one).map(|target| target.at).collect();
    for target in first.into_iter().flatten().filter(|target| !with_first.contains(target.at)) {
        let message = format!("{} is for {}, which is not there", target.reach.shown(), one.new_name());
        say(Finding::error(codes::NOT_MODELLED, message).at(&target.at.path, Some(target.line)));
    }
    if is_there {
        return;
    }
    for (cluster, object) in instances(view, one) {
        let selecting = policies.selectors.iter().filter(|selector| selector.reach.cluster == cluster);
        for selector in selecting.filter(|selector| selector.may_select(&object)) {
            let namespace = selector.reach.namespace.as_deref().unwrap_or_default();
            let shown = selector.reach.shown();
            let message = if namespace == one.from.0 {
                format!("{shown} selects {} by labels, and does so in its own namespace alone", one.old_name())
            } else if namespace == one.to.0 {
                format!("{shown} would select {}, too", one.new_name())
            } else {
                continue;
            };
            let line = view.node(selector.at).map(|root| root.line());
            say(Finding::error(codes::NOT_MODELLED, message).at(&selector.at.path, line));
        }
    }
}

/// external-dns: whose routes it reads must stay the same.
fn of_dns(view: &View, objects: &Objects<'_>, one: &Moved<'_>, say: Say<'_>) {
    let is_here = |arguments: &&Arguments<'_>| one.clusters.contains(&arguments.reach.cluster);
    for arguments in objects.arguments.iter().filter(is_here) {
        // What reads the second one already publishes nothing new once all routes name that.
        let is_named = objects.users_in(one, Some(arguments.reach.cluster)).next().is_some();
        let (reads_first, reads_second) = (arguments.may_read(&one.from), arguments.reads(&one.to) && is_named);
        let all = gateways(view, arguments.reach.cluster, one.kind);
        let shown = arguments.reach.shown();
        let message = if reads_first && !arguments.is_followed {
            format!("{shown} may read the routes of {} alone, and how is not followed", one.old_name())
        } else if reads_first && !arguments.reads(&one.from) {
            format!("{shown} may name {}", one.old_name())
        } else if !reads_first && reads_second {
            format!("{shown} would publish the routes of {}, and does not those of {}", one.new_name(), one.old_name())
        } else if let Some((namespace, name)) = arguments.differing(&one.from, &one.to, &all).filter(|_| reads_first) {
            format!("{shown} would not read the same routes of {namespace}/{name} any more")
        } else {
            continue;
        };
        let line = view.node(arguments.at).map(|root| root.line());
        say(Finding::error(codes::GATEWAY_DNS, message).at(&arguments.at.path, line));
    }
}

/// Listeners that take the routes of the Gateway's own namespace.
fn not_admitted(view: &View, objects: &Objects<'_>, one: &Moved<'_>, say: Say<'_>) {
    for (cluster, object) in instances(view, one) {
        let Some(gateway) = Gateway::of(&object, &one.from.0) else { continue };
        for user in objects.users_in(one, Some(cluster)) {
            let section =
                view.node(user.at).and_then(|root| mapping_at(root, &user.named.way)?.text_at(&["sectionName"]));
            let mut listeners =
                gateway.listeners.iter().filter(|listener| section.is_none_or(|name| name == listener.name));
            let changes = listeners.find(|listener| {
                listener.takes_namespace(&one.from.0, &user.own) != listener.takes_namespace(&one.to.0, &user.own)
            });
            if let Some(listener) = changes {
                let message = format!(
                    "listener {} of {} takes routes of its own namespace, and {} is in {}",
                    listener.name,
                    one.old_name(),
                    user.shown(),
                    user.own
                );
                say(refused(view, user, Finding::error(codes::NOT_ADMITTED, message)));
            }
        }
    }
}
