//! The parents of routes: they are there, and a listener takes the route
//! (`docs/gateway.md#listeners`).

use super::gateways::Gateways;
use super::stated::Stated;
use crate::doctor::codes::{ROUTE_NOT_ADMITTED, ROUTE_PARENT_UNKNOWN, ROUTE_SECTION_UNKNOWN};
use crate::doctor::listed;
use crate::doctor::makers::{Asked, Makers};
use crate::doctor::names::is_literal;
use crate::finding::{Finding, Severity};
use crate::gateway::{GROUP, Gateway, Listener, ParentRef};

pub(super) fn findings(makers: &Makers<'_>, gateways: &Gateways<'_>, routes: &[Stated<'_>]) -> Vec<Finding> {
    let mut found = Vec::new();
    for route in routes {
        for (n, parent) in route.route.parents.iter().enumerate() {
            found.extend(of_parent(makers, gateways, route, &n.to_string(), parent));
        }
    }
    found
}

fn of_parent(
    makers: &Makers<'_>,
    gateways: &Gateways<'_>,
    route: &Stated<'_>,
    n: &str,
    parent: &ParentRef,
) -> Option<Finding> {
    let named = &parent.listener;
    if ![&parent.group, &parent.kind, &named.namespace, &named.name].into_iter().all(|text| is_literal(text)) {
        return None;
    }
    if parent.kind == "Gateway" && parent.group != GROUP {
        let message = format!("its parent is of the group {:?}, and Gateways are of {GROUP}", parent.group);
        return Some(route.finding(Severity::Warning, ROUTE_PARENT_UNKNOWN, &["parentRefs", n, "group"], &message));
    }
    if !parent.is_gateway() || route.is_remote {
        return None;
    }
    let called = format!("Gateway {}/{}", named.namespace, named.name);
    let Some(gateway) = gateways.get(route.cluster, named) else {
        let (namespace, name) = (&*named.namespace, &*named.name);
        let asked = Asked { cluster: route.cluster, group: GROUP, kind: "Gateway", namespace, name };
        let absent = makers.find(&asked).filter(|_| !makers.is_in_a_file(&asked))?;
        let message = format!("nothing in this repository makes its parent, {called}{}", absent.instead());
        return Some(route.finding(Severity::Warning, ROUTE_PARENT_UNKNOWN, &["parentRefs", n, "name"], &message));
    };
    let gateway = gateway?;
    if let Some(section) = named.section.as_deref().filter(|section| is_literal(section))
        && gateway.listener(section).is_none()
    {
        let names = gateway.listeners.iter().map(|listener| listener.name.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("{called} has no listener {section}, only {names}");
        let keys = ["parentRefs", n, "sectionName"];
        return Some(route.finding(Severity::Warning, ROUTE_SECTION_UNKNOWN, &keys, &message));
    }
    let why = refusal(gateway, route, parent)?;
    let message = format!("{called} does not take it: {why}");
    Some(route.finding(Severity::Warning, ROUTE_NOT_ADMITTED, &["parentRefs", n], &message))
}

/// Why no listener takes a route; `None` if one does, or may.
fn refusal(gateway: &Gateway, route: &Stated<'_>, parent: &ParentRef) -> Option<String> {
    let stated = |stated: Option<&str>, own: &str| stated.is_none_or(|stated| stated == own || !is_literal(stated));
    let hosts = &route.route.hosts;
    let takes_host = |listener: &Listener| {
        hosts.is_empty() || hosts.iter().any(|host| !is_literal(host) || listener.takes_host(host))
    };
    let is_in_section = |listener: &&Listener| stated(parent.listener.section.as_deref(), &listener.name);
    let mut listeners: Vec<&Listener> = gateway.listeners.iter().filter(is_in_section).collect();
    let mut none_left = |takes: &dyn Fn(&Listener) -> bool| {
        listeners.retain(|listener| takes(listener));
        listeners.is_empty()
    };
    if none_left(&|listener| stated(parent.port.as_deref(), &listener.port)) {
        return Some("no listener has this port".to_owned());
    }
    if none_left(&|listener| listener.takes_routes()) {
        return Some("no listener takes HTTPRoutes".to_owned());
    }
    if none_left(&|listener| listener.takes_namespace(&gateway.namespace, &route.namespace) != Some(false)) {
        return Some(format!("no listener takes routes of namespace {}", route.namespace));
    }
    none_left(&takes_host).then(|| format!("no listener is for {}", listed(hosts.iter().cloned())))
}
