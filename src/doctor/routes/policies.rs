//! Policies of the Gateway API and of Envoy Gateway: what they are attached to is there.

use super::objects::Objects;
use crate::doctor::codes::POLICY_TARGET_UNKNOWN;
use crate::doctor::dependencies::{place, place_of_item};
use crate::doctor::finding;
use crate::doctor::makers::{Asked, Makers};
use crate::doctor::names::is_literal;
use crate::finding::{Finding, Severity};
use crate::flux::{At, Reach, Value};
use crate::gateway::GROUP;

/// The kinds of policies, by their group, that name objects of their own namespace by `targetRef` or
/// `targetRefs`: of Gateway API 1.4 and Envoy Gateway 1.6.
const POLICIES: [(&str, &[&str]); 2] = [
    (GROUP, &["BackendTLSPolicy"]),
    (
        "gateway.envoyproxy.io",
        &["BackendTrafficPolicy", "ClientTrafficPolicy", "EnvoyExtensionPolicy", "EnvoyPatchPolicy", "SecurityPolicy"],
    ),
];

/// Group and kind of the targets that are looked at.
const TARGETS: [(&str, &str); 3] = [(GROUP, "HTTPRoute"), (GROUP, "Gateway"), ("", "Service")];

pub(super) fn findings(objects: &Objects<'_>, makers: &Makers<'_>) -> Vec<Finding> {
    let kinds = POLICIES.iter().flat_map(|(group, kinds)| kinds.iter().map(move |kind| (group, kind)));
    let policies = kinds.flat_map(|(group, kind)| objects.here(group, kind));
    policies.flat_map(|(at, reach)| of_policy(objects, makers, at, reach)).collect()
}

fn of_policy(objects: &Objects<'_>, makers: &Makers<'_>, at: &At, reach: &Reach) -> Vec<Finding> {
    let (view, Some(object)) = (objects.view, objects.arriving(at, reach)) else { return Vec::new() };
    let namespace = reach.namespace.as_deref().unwrap_or_default();
    let mut found = Vec::new();
    let listed = object.at(&["spec", "targetRefs"]).map(Value::items).unwrap_or_default().iter();
    for target in listed.chain(object.at(&["spec", "targetRef"])) {
        let text = |key: &str| target.text_at(&[key]).filter(|text| is_literal(text));
        let (Some(kind), Some(name)) = (text("kind"), text("name")) else { continue };
        let group = text("group").unwrap_or_default();
        let is_elsewhere = text("namespace").is_some_and(|of| of != namespace) || !is_literal(namespace);
        if is_elsewhere || !TARGETS.contains(&(group, kind)) {
            continue;
        }
        let asked = Asked { cluster: reach.cluster, group, kind, namespace, name };
        let Some(absent) = makers.find(&asked).filter(|_| !makers.is_in_a_file(&asked)) else { continue };
        let message = format!(
            "{} {namespace}/{} is attached to {kind} {name}, which nothing in this repository makes{}",
            reach.kind,
            reach.name,
            absent.instead()
        );
        let line = match object.at(&["spec", "targetRef"]) {
            Some(_) => place(view, at, &["spec", "targetRef"]),
            None => place_of_item(view, at, &["spec", "targetRefs"], name),
        };
        found.push(finding(Severity::Warning, POLICY_TARGET_UNKNOWN, &at.path, line, message));
    }
    found
}
