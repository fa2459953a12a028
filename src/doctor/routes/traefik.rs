//! Releases of Traefik that serve Gateways.

use std::collections::BTreeMap;

use super::gateways::{Found, Gateways};
use super::objects::Objects;
use crate::doctor::codes::{GATEWAY_CLASS_SHARED, LISTENER_PORT_UNKNOWN};
use crate::doctor::dependencies::place;
use crate::doctor::installed::{self, Release};
use crate::doctor::names::is_literal;
use crate::doctor::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{ClusterId, Reach, Value, View};
use crate::gateway::GROUP;

/// The ports of the entry points that the chart has by default: `web`, `websecure`, `traefik` and
/// `metrics` of its values; that of `traefik` was 9000 before 34.0.
const BY_DEFAULT: [(&str, &str); 5] =
    [("web", "8000"), ("websecure", "8443"), ("traefik", "8080"), ("traefik", "9000"), ("metrics", "9100")];

const CONTROLLER: &str = "traefik.io/gateway-controller";

/// A release with the provider of Gateways on.
struct Traefik<'v> {
    release: Release<'v>,
    called: String,
}

pub(super) fn findings(objects: &Objects<'_>, gateways: &Gateways<'_>) -> Vec<Finding> {
    let view = objects.view;
    let mut by_cluster: BTreeMap<ClusterId, Vec<Release<'_>>> = BTreeMap::new();
    for release in installed::releases(view).filter(|release| !release.is_remote(view)) {
        if view.chart_name(&release.installed) == Some("traefik") {
            by_cluster.entry(release.reach.cluster).or_default().push(release);
        }
    }
    let mut found = Vec::new();
    for (cluster, releases) in by_cluster {
        if releases.iter().any(is_open) {
            continue;
        }
        let serving: Vec<Traefik<'_>> = releases.into_iter().filter_map(Traefik::of).collect();
        found.extend(shared_classes(view, &serving));
        if let [only] = serving.as_slice() {
            let of_cluster = gateways.all().filter(|one| one.cluster == cluster);
            found.extend(of_cluster.flat_map(|one| ports(objects, only, one)));
        }
    }
    found
}

/// Whether not all of its values are known, or arguments and variables of the environment may add entry
/// points.
fn is_open(release: &Release<'_>) -> bool {
    let mut texts = Vec::new();
    release.installed.object.get("spec").into_iter().for_each(|spec| spec.texts(&mut texts));
    let adds_one = |text: &str| text.contains("entrypoints") && text.contains("address");
    release.installed.object.at(&["spec", "valuesFrom"]).is_some()
        || texts.into_iter().any(|text| adds_one(&text.to_ascii_lowercase()) || text.contains("${"))
}

impl<'v> Traefik<'v> {
    fn of(release: Release<'v>) -> Option<Traefik<'v>> {
        values(&release, &["providers", "kubernetesGateway", "enabled"]).filter(|enabled| enabled.is_true())?;
        Some(Traefik { called: format!("{}/{}", release.installed.namespace, release.reach.name), release })
    }
}

fn values<'r>(release: &'r Release<'_>, path: &[&str]) -> Option<&'r Value> {
    release.installed.object.at(&["spec", "values"])?.at(path)
}

/// Without a selector, each takes all classes of its controller.
fn shared_classes(view: &View, releases: &[Traefik<'_>]) -> Vec<Finding> {
    let selects = |one: &&Traefik<'_>| {
        let of_key = |key: &&str| values(&one.release, &["providers", "kubernetesGateway", key]).and_then(Value::text);
        ["labelSelector", "labelselector"].iter().filter_map(of_key).any(|text| !text.is_empty())
    };
    let claiming: Vec<&Traefik<'_>> = releases.iter().filter(|one| !selects(one)).collect();
    if claiming.len() < 2 {
        return Vec::new();
    }
    let of_release = |one: &&Traefik<'_>| {
        let others = claiming.iter().filter(|other| other.called != one.called).map(|other| other.called.clone());
        let message = format!("{} claims all Gateways of Traefik, and so does {}", one.called, listed(others));
        let line = one.release.line_of(view, &["providers", "kubernetesGateway", "enabled"]);
        finding(Severity::Warning, GATEWAY_CLASS_SHARED, &one.release.at.path, line, message)
    };
    claiming.iter().map(of_release).collect()
}

/// Listeners at ports that no entry point has.
fn ports(objects: &Objects<'_>, traefik: &Traefik<'_>, one: &Found<'_>) -> Vec<Finding> {
    if !is_of_traefik(objects, traefik, one) {
        return Vec::new();
    }
    let stated = values(&traefik.release, &["ports"]).map(Value::entries).unwrap_or_default();
    let number = |entry: &Value| entry.text_at(&["port"]).map(str::to_owned);
    let mut known: Vec<(String, String)> =
        stated.iter().filter_map(|(name, entry)| Some((name.clone(), number(entry)?))).collect();
    let is_stated = |name: &str| stated.iter().any(|(own, entry)| own == name && number(entry).is_some());
    let default = BY_DEFAULT.iter().filter(|(name, _)| !is_stated(name));
    known.extend(default.map(|(name, port)| ((*name).to_owned(), (*port).to_owned())));
    let called = format!("Gateway {}/{}", one.gateway.namespace, one.gateway.name);
    let missing = one.gateway.listeners.iter().filter(|listener| known.iter().all(|(_, port)| *port != listener.port));
    missing
        .map(|listener| {
            let points =
                known.iter().filter(|(name, _)| name.starts_with("web")).map(|(name, port)| format!("{name} {port}"));
            let message = format!(
                "{called}: {} has no entry point at port {} of listener {}, but {}",
                traefik.called,
                listener.port,
                listener.name,
                listed(points)
            );
            let line = place(objects.view, one.at, &["spec", "listeners"]);
            finding(Severity::Warning, LISTENER_PORT_UNKNOWN, &one.at.path, line, message)
        })
        .collect()
}

/// Whether the class of a Gateway is that of the release: an object of the cluster says so, or the chart
/// makes it and no object of that name is there.
fn is_of_traefik(objects: &Objects<'_>, traefik: &Traefik<'_>, one: &Found<'_>) -> bool {
    let class = &one.gateway.class;
    let may_be_it = |reach: &Reach| reach.cluster == one.cluster && (reach.name == *class || !is_literal(&reach.name));
    let mut classes = objects.here(GROUP, "GatewayClass").filter(|(_, reach)| may_be_it(reach)).peekable();
    if classes.peek().is_some() {
        let is_of_controller = |object: &Value| object.text_at(&["spec", "controllerName"]) == Some(CONTROLLER);
        return classes.all(|(at, reach)| objects.arriving(at, reach).is_some_and(|object| is_of_controller(&object)));
    }
    let of_chart = |key: &str| values(&traefik.release, &["gatewayClass", key]);
    let is_off = of_chart("enabled").is_some_and(|enabled| !enabled.is_true());
    !is_off && of_chart("name").and_then(Value::text).filter(|name| !name.is_empty()).unwrap_or("traefik") == class
}
