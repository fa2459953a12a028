//! Where HTTPRoutes send requests. Of values of app-template, the chart's own rules are with its flaws.

use super::services::Services;
use super::stated::Stated;
use crate::doctor::codes::{ROUTE_BACKEND_UNKNOWN, ROUTE_WITHOUT_BACKEND};
use crate::doctor::names::is_literal;
use crate::finding::{Finding, Severity};
use crate::gateway::ObjectRef;

pub(super) fn findings(services: &Services<'_>, routes: &[Stated<'_>]) -> Vec<Finding> {
    let objects = routes.iter().filter(|route| route.is_object);
    objects.flat_map(|route| of_route(services, route)).collect()
}

fn of_route(services: &Services<'_>, route: &Stated<'_>) -> Vec<Finding> {
    let rules = &route.route.rules;
    if rules.is_empty() {
        let message = "it has no rules, so every request is answered with 500";
        return vec![route.finding(Severity::Warning, ROUTE_WITHOUT_BACKEND, &[], message)];
    }
    let mut found = Vec::new();
    for (n, rule) in rules.iter().enumerate() {
        let n = n.to_string();
        if rule.backends.is_empty() && !rule.has_filters {
            let message = "its rule has neither backendRefs nor filters, so its requests are answered with 500";
            found.push(route.finding(Severity::Warning, ROUTE_WITHOUT_BACKEND, &["rules", &n], message));
        }
        for (m, backend) in rule.backends.iter().enumerate() {
            let keys = ["rules", &n, "backendRefs", &m.to_string()];
            let message = of_backend(services, route, backend);
            found.extend(
                message.map(|message| route.finding(Severity::Warning, ROUTE_BACKEND_UNKNOWN, &keys, &message)),
            );
        }
    }
    found
}

/// Why a backend is not there.
fn of_backend(services: &Services<'_>, route: &Stated<'_>, backend: &ObjectRef) -> Option<String> {
    let name = backend.name.as_deref().filter(|name| backend.is_service() && is_literal(name))?;
    let port = backend.port.as_deref().filter(|port| !port.is_empty());
    let called = format!("Service {}/{name}", backend.namespace);
    match port {
        None => return Some(format!("its backend {called} needs a port")),
        Some(port) if is_literal(port) && port.parse::<u32>().is_err() => {
            return Some(format!("the port of its backend {called} is a number, not {port}"));
        }
        Some(_) => {}
    }
    services.missing(route.cluster, (&backend.namespace, name), port).filter(|_| !route.is_remote)
}
