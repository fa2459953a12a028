//! Where HTTPRoutes send requests. Of values of app-template, the chart's own rules are with its flaws.

use super::services::Services;
use super::stated::{Origin, Stated};
use crate::doctor::codes::{ROUTE_BACKEND_UNKNOWN, ROUTE_WITHOUT_BACKEND};
use crate::doctor::names::is_literal;
use crate::finding::{Finding, Severity};
use crate::gateway::ObjectRef;

pub(super) fn findings(services: &Services<'_, '_>, routes: &[Stated<'_>]) -> Vec<Finding> {
    let mut found = Vec::new();
    for route in routes {
        if route.origin == Origin::Object {
            found.extend(without_backend(route));
        }
        for (n, rule) in route.route.rules.iter().enumerate() {
            for (m, backend) in rule.backends.iter().enumerate() {
                let Some(message) = of_backend(services, route, backend) else { continue };
                let keys = ["rules", &n.to_string(), "backendRefs", &m.to_string()];
                found.push(route.finding(Severity::Warning, ROUTE_BACKEND_UNKNOWN, &keys, &message));
            }
        }
    }
    found
}

fn without_backend(route: &Stated<'_>) -> Vec<Finding> {
    let rules = &route.route.rules;
    let finding = |keys: &[&str], message: &str| route.finding(Severity::Warning, ROUTE_WITHOUT_BACKEND, keys, message);
    if rules.is_empty() {
        return vec![finding(&[], "it has no rules, so every request is answered with 500")];
    }
    let empty = rules.iter().enumerate().filter(|(_, rule)| rule.backends.is_empty() && !rule.has_filters);
    let message = "its rule has neither backendRefs nor filters, so its requests are answered with 500";
    empty.map(|(n, _)| finding(&["rules", &n.to_string()], message)).collect()
}

/// Why a backend is not there.
fn of_backend(services: &Services<'_, '_>, route: &Stated<'_>, backend: &ObjectRef) -> Option<String> {
    let name = backend.name.as_deref().filter(|name| backend.is_service() && is_literal(name))?;
    let port = backend.port.as_deref().filter(|port| !port.is_empty());
    let is_number = |port: &str| !is_literal(port) || port.parse::<u32>().is_ok();
    let service = (&*backend.namespace, name);
    match (&route.origin, port) {
        _ if route.is_remote => None,
        (Origin::Object, None) => Some(format!("its backend Service {}/{name} needs a port", backend.namespace)),
        (Origin::Object, Some(port)) if !is_number(port) => {
            Some(format!("the port of its backend Service {}/{name} is a number, not {port}", backend.namespace))
        }
        (Origin::Keys(keys), _) if keys.iter().any(|key| key == name) => None,
        (_, Some(port)) if !is_number(port) => None,
        (Origin::Object | Origin::Keys(_), _) => services.missing(route.cluster, service, port),
        (Origin::Values, _) => services.missing_port(route.cluster, service, port),
    }
}
