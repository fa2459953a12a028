//! References into other namespaces: a ReferenceGrant there allows them (Gateway API, `ReferenceGrant`).

use std::collections::BTreeSet;

use super::gateways::Gateways;
use super::objects::Objects;
use super::stated::Stated;
use crate::doctor::codes::GRANT_MISSING;
use crate::doctor::dependencies::place;
use crate::doctor::finding;
use crate::doctor::makers::Makers;
use crate::doctor::names::is_literal;
use crate::finding::{Finding, Severity};
use crate::flux::{ClusterId, Value};
use crate::gateway::GROUP;

/// What a ReferenceGrant allows: `from` and `to`.
struct Grant {
    cluster: ClusterId,
    namespace: String,
    /// Group, kind and namespace.
    from: Vec<[String; 3]>,
    /// Group, kind, and name or nothing for all.
    to: Vec<[String; 3]>,
}

/// The Grants of all clusters.
struct Grants<'a, 'm> {
    makers: &'a Makers<'m>,
    grants: Vec<Grant>,
    /// Where one is not certain.
    open: BTreeSet<(ClusterId, String)>,
}

pub(super) fn findings(
    objects: &Objects<'_>,
    makers: &Makers<'_>,
    gateways: &Gateways<'_>,
    routes: &[Stated<'_>],
) -> Vec<Finding> {
    let grants = Grants::of(objects, makers);
    let mut found = Vec::new();
    for route in routes.iter().filter(|route| !route.is_remote) {
        let from = [GROUP, "HTTPRoute", &route.namespace];
        for (n, rule) in route.route.rules.iter().enumerate() {
            for (m, backend) in rule.backends.iter().enumerate() {
                let Some(name) = backend.name.as_deref() else { continue };
                let to = [&*backend.group, &*backend.kind, name];
                let Some(message) = grants.missing(route.cluster, from, to, &backend.namespace) else { continue };
                let keys = ["rules", &n.to_string(), "backendRefs", &m.to_string()];
                found.push(route.finding(Severity::Warning, GRANT_MISSING, &keys, &message));
            }
        }
    }
    for one in gateways.all() {
        let from = [GROUP, "Gateway", &one.gateway.namespace];
        for (namespace, secret) in one.gateway.listeners.iter().flat_map(|listener| &listener.certificates) {
            let Some(message) = grants.missing(one.cluster, from, ["", "Secret", secret], namespace) else { continue };
            let message = format!("Gateway {}/{}: {message}", one.gateway.namespace, one.gateway.name);
            let line = place(objects.view, one.at, &["spec", "listeners"]);
            found.push(finding(Severity::Warning, GRANT_MISSING, &one.at.path, line, message));
        }
    }
    found
}

impl<'a, 'm> Grants<'a, 'm> {
    fn of(objects: &Objects<'_>, makers: &'a Makers<'m>) -> Grants<'a, 'm> {
        let mut grants = Grants { makers, grants: Vec::new(), open: BTreeSet::new() };
        for (at, reach) in objects.here(GROUP, "ReferenceGrant") {
            let namespace = reach.namespace.unwrap_or_default();
            let object = objects.arriving(at, reach);
            let lists =
                object.and_then(|object| Some((list(&object, "from", "namespace")?, list(&object, "to", "name")?)));
            let Some((from, to)) = lists else {
                grants.open.insert((reach.cluster, namespace.into()));
                continue;
            };
            grants.grants.push(Grant { cluster: reach.cluster, namespace: namespace.into(), from, to });
        }
        grants
    }

    /// What is to be said of a reference from something to an object in another namespace; `None` if it
    /// is allowed, or may be.
    fn missing(&self, cluster: ClusterId, from: [&str; 3], to: [&str; 3], namespace: &str) -> Option<String> {
        let is_clear = from.iter().chain(&to).all(|text| is_literal(text)) && is_literal(namespace);
        if namespace == from[2] || !is_clear || self.open.contains(&(cluster, namespace.to_owned())) {
            return None;
        }
        let mut here = self.grants.iter().filter(|grant| grant.cluster == cluster && grant.namespace == namespace);
        let allows = |grant: &Grant| {
            let is_to = |one: &[String; 3]| one[..2] == to[..2] && (one[2].is_empty() || one[2] == to[2]);
            grant.from.iter().any(|one| *one == from) && grant.to.iter().any(is_to)
        };
        if here.any(allows) || self.makers.may_make_any(cluster, GROUP, "ReferenceGrant", namespace) {
            return None;
        }
        let [_, kind, name] = to;
        Some(format!("no ReferenceGrant in namespace {namespace} lets {}s of {} name {kind} {name}", from[1], from[2]))
    }
}

/// The entries of a list of a ReferenceGrant; `None` where a variable leaves one open.
fn list(grant: &Value, key: &str, last: &str) -> Option<Vec<[String; 3]>> {
    let items = grant.at(&["spec", key]).map(Value::items).unwrap_or_default().iter();
    let text = |item: &Value, key: &str| item.text_at(&[key]).unwrap_or_default().to_owned();
    let entry = |item: &Value| [text(item, "group"), text(item, "kind"), text(item, last)];
    items.map(entry).map(|entry| entry.iter().all(|text| is_literal(text)).then_some(entry)).collect()
}
