//! What is to be known before each step of a Gateway; no option makes it safe.

use std::collections::BTreeSet;

use super::gateways::{TARGETS, instances};
use super::moved::Moved;
use crate::flux::{Named, View};
use crate::migrations::flux_move::codes;
use crate::plan::Finding;
use crate::repo::RepoPath;

/// Labels by which controllers say of which Gateway something is.
const LABELS: [&str; 3] = [
    "gateway.networking.k8s.io/gateway-name",
    "gateway.envoyproxy.io/owning-gateway-name",
    "io.cilium.gateway/owning-gateway",
];

/// What there is to say of each step; nothing of what is no Gateway.
#[derive(Default)]
pub(super) struct Reviews {
    pub(super) second: Vec<Finding>,
    pub(super) switch: Vec<Finding>,
    pub(super) first_out: Vec<Finding>,
}

impl Reviews {
    pub(super) fn of(view: &View, one: &Moved<'_>) -> Reviews {
        if !one.kind.is_gateway() {
            return Reviews::default();
        }
        let (old, new) = (one.old_name(), one.new_name());
        let say = |message: String| one.finding(view, Finding::warning(codes::GATEWAY_REVIEW, message));
        let objects: Vec<_> = instances(view, one).map(|(_, object)| object).collect();
        let annotation =
            |key: &str| objects.iter().find_map(|object| object.text_at(&["metadata", "annotations", key]));
        let mut second = vec![say(format!(
            "Gateway {new} gets an address of its own, and nothing leads there yet: no DNS name, no router, no firewall; \
             what depends on its Flux Kustomization waits for that address"
        ))];
        if objects.iter().any(|object| {
            object.at(&["spec", "listeners"]).is_some_and(|listeners| listeners.has_key("certificateRefs"))
        }) {
            second.push(say(format!(
                "its certificates have to be in the Secrets that it names, as those of {old} are; a Certificate that \
                 cert-manager makes from annotations belongs to one of the two"
            )));
        }
        let mut switch = vec![say(format!(
            "from then on requests have to go to the address of {new}: routers, firewalls, tunnels and DNS records written \
             by hand still lead to {old}, which has these routes no more"
        ))];
        for (key, target) in TARGETS.iter().filter_map(|key| Some((key, annotation(key)?))) {
            switch.push(say(format!(
                "routes are published under {target} ({key}), which leads to {old} until somebody changes it"
            )));
        }
        let first_out = vec![say(format!(
            "the address of {old} is gone then, and so is all that its controller has made for it: what still leads there leads nowhere"
        ))];
        let otherwise = named_otherwise(view, one);
        let with = |findings: Vec<Finding>| findings.into_iter().chain(otherwise.iter().cloned()).collect();
        Reviews { second, switch: with(switch), first_out: with(first_out) }
    }
}

/// Where texts name what the controller of a Gateway makes of it: its Service, or its labels.
fn named_otherwise(view: &View, one: &Moved<'_>) -> Vec<Finding> {
    let (namespace, name) = &one.from;
    let class =
        instances(view, one).find_map(|(_, object)| object.text_at(&["spec", "gatewayClassName"]).map(str::to_owned));
    // Cilium, Istio, and Envoy Gateway where it makes them beside the Gateway.
    let services = [format!("cilium-gateway-{name}"), format!("{name}-{}", class.unwrap_or_default()), name.clone()];
    let wanted = services.map(|service| {
        let named = Named { kind: "Service".to_owned(), namespace: Some(namespace.clone()), name: service };
        (named, BTreeSet::new())
    });
    let mut places: BTreeSet<(RepoPath, usize, String)> = BTreeSet::new();
    for (named, mentions) in view.mentions(&wanted.into()) {
        places.extend(
            mentions.into_iter().map(|mention| (mention.at.path, mention.line, format!("Service {}", named.name))),
        );
    }
    for label in LABELS {
        let all = view.selectors_on(label).into_iter().filter(|selector| selector.values.contains(name));
        places.extend(all.map(|selector| (selector.at.path, selector.line, format!("the label {label}"))));
    }
    // Envoy Gateway makes its own in one namespace, with a hash behind the name.
    let envoy = format!("envoy-{namespace}-{name}-");
    for (path, file) in view.files_with(&envoy) {
        for root in file.stream.iter().flat_map(|stream| stream.documents()) {
            root.scalars(&mut |scalar| {
                if scalar.text().is_some_and(|text| text.contains(&envoy)) {
                    places.insert((path.clone(), scalar.line(), format!("Service {envoy}…")));
                }
            });
        }
    }
    let finding = |(path, line, what): (RepoPath, usize, String)| {
        let message = format!("{path} names {what}, which is of {} and is removed with it", one.old_name());
        Finding::warning(codes::GATEWAY_NAMED, message).at(&path, Some(line))
    };
    places.into_iter().map(finding).collect()
}
