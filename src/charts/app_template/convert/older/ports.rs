//! Ports that an older 3.x overrules, or draws at random (`docs/app-template.md#default-ports`).

use super::keys::{backends, containers};
use super::{Matter, Older, path};
use crate::charts::app_template::items::{Item, enabled, switch};
use crate::charts::app_template::{Chart, Section, Version};
use crate::flux::Value;

/// The port of a service that is used where none is named.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Primary<'v> {
    /// This one; its number, if the values state it.
    One(Option<&'v str>),
    /// One of several, another on each render.
    Random(Vec<&'v str>),
    /// There is none, or the values leave it open.
    Open,
}

pub(super) fn find(chart: &Chart<'_>, older: &mut Older) {
    if chart.version >= Version::V3_7_3 {
        return;
    }
    let services = enabled(chart.section(Section::Service));
    let mut random: Vec<&str> = Vec::new();
    for (route, n, m, backend) in backends(chart) {
        let named = |service: &&Item<'_>| Some(service.identifier) == backend.text_at(&["name"]);
        let Some(service) = services.iter().find(named) else { continue };
        let port = backend.get("port").filter(|port| **port != Value::Null);
        match (primary(chart, service), port) {
            (Primary::One(Some(number)), Some(port)) if port.text() != Some(number) => {
                let [n, m] = [n, m].map(|n| n.to_string());
                let why = format!(
                    "{} uses port {number} of service {} whatever it says, 4.x would obey it; it is removed",
                    chart.version, service.identifier
                );
                older.remove(path(&["route", route, "rules", &n, "backendRefs", &m, "port"]), why);
            }
            (Primary::Random(_), _) => random.push(service.identifier),
            _ => {}
        }
    }
    if chart.version < Version::v3(7, 2) {
        random.extend(by_ingresses(chart));
        random.extend(by_probes(chart, &services, older));
    }
    for service in &services {
        if let Primary::Random(ports) = primary(chart, service)
            && random.contains(&service.identifier)
        {
            let what = random_default(chart, "its default port", ports);
            older.say(path(&["service", service.identifier]), Matter::Drawn(what));
        }
    }
}

/// What there is to say of a default that is drawn at random.
fn random_default(chart: &Chart<'_>, what: &str, mut of: Vec<&str>) -> String {
    // The order of the chart.
    of.sort_unstable();
    format!(
        "{} draws {what} at random ({}), 4.x takes {}; state `primary: true` at the one that is live",
        chart.version,
        of.join(", "),
        of.first().copied().unwrap_or_default()
    )
}

fn primary<'v>(chart: &Chart<'v>, service: &Item<'v>) -> Primary<'v> {
    let ports = enabled(service.values.get("ports"));
    if ports.iter().any(|port| !port.is_certain) {
        return Primary::Open;
    }
    let is_marked = |port: &Item<'v>| switch(port.values.get("primary"), false);
    let marked: Vec<_> = ports.iter().filter(|port| is_marked(port) != Some(false)).collect();
    let number = |port: &Item<'v>| Primary::One(port.values.text_at(&["port"]));
    match (marked.as_slice(), ports.as_slice()) {
        // Of several the last one wins.
        ([_, ..], _) if marked.iter().all(|port| is_marked(port) == Some(true)) => {
            marked.iter().max_by_key(|port| port.identifier).map_or(Primary::Open, |port| number(port))
        }
        ([], [only]) => number(only),
        ([], several) if several.len() > 1 && chart.version < Version::v3(7, 2) => {
            Primary::Random(several.iter().map(|port| port.identifier).collect())
        }
        ([], several) => several.iter().min_by_key(|port| port.identifier).map_or(Primary::Open, number),
        _ => Primary::Open,
    }
}

/// The services whose default port ingresses use.
fn by_ingresses<'v>(chart: &Chart<'v>) -> Vec<&'v str> {
    let mut found = Vec::new();
    for ingress in enabled(chart.section(Section::Ingress)) {
        for host in ingress.values.get("hosts").map(Value::items).unwrap_or_default() {
            for path in host.get("paths").map(Value::items).unwrap_or_default() {
                if path.at(&["service", "port"]).is_none() {
                    found.extend(path.text_at(&["service", "identifier"]));
                }
            }
        }
    }
    found
}

/// The services whose default port probes use: the primary one of their controller, which is drawn
/// at random as well where there are several.
fn by_probes<'v>(chart: &Chart<'v>, services: &[Item<'v>], older: &mut Older) -> Vec<&'v str> {
    let mut found = Vec::new();
    let controllers = enabled(chart.section(Section::Controllers));
    for controller in &controllers {
        let asks = |probe: &Value| {
            switch(probe.get("enabled"), false) != Some(false)
                && switch(probe.get("custom"), false) == Some(false)
                && probe.get("port").is_none_or(|port| *port == Value::Null)
        };
        let mut probes = containers(controller.values)
            .flat_map(|(_, _, container)| container.get("probes").map(Value::entries).unwrap_or_default());
        if !probes.any(|(_, probe)| asks(probe)) {
            continue;
        }
        let is_its = |service: &&Item<'v>| {
            let stated = service.values.text_at(&["controller"]);
            stated == Some(controller.identifier) || stated.is_none() && controllers.len() == 1
        };
        let its: Vec<&Item<'v>> = services.iter().filter(is_its).collect();
        let primary: Vec<_> =
            its.iter().filter(|service| switch(service.values.get("primary"), false) == Some(true)).collect();
        match (primary.as_slice(), its.as_slice()) {
            ([one], _) => found.push(one.identifier),
            (_, [only]) => found.push(only.identifier),
            ([], several) if several.len() > 1 => {
                let names: Vec<_> = several.iter().map(|service| service.identifier).collect();
                let what = random_default(chart, "the service that its probes ask", names.clone());
                older.say(path(&["controllers", controller.identifier]), Matter::Drawn(what));
                found.extend(names);
            }
            _ => {}
        }
    }
    found
}
