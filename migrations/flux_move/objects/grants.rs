//! What a Gateway names in its own namespace, and what lets it name Secrets of others.

use super::gateways::{Say, applied, instances};
use super::moved::Moved;
use crate::flux::{ClusterId, Value, View, group_of};
use crate::gateway::GROUP;
use crate::migrations::flux_move::codes;
use crate::migrations::flux_move::world::World;
use crate::plan::Finding;

/// Certificates and parameters that the new namespace does not have, or must not use.
pub(super) fn needed(view: &View, world: &World<'_>, one: &Moved<'_>, say: Say<'_>) {
    let to = &*one.to.0;
    for (cluster, object) in instances(view, one) {
        let annotations = object.at(&["metadata", "annotations"]).map_or(&[][..], Value::entries);
        let makes_certificates = annotations.iter().any(|(key, _)| key.starts_with("cert-manager.io/"));
        let mut references = Vec::new();
        references_in(object.get("spec").unwrap_or(&Value::Null), &mut references);
        for (key, reference) in references {
            let default = if key == "parametersRef" { "" } else { "Secret" };
            let kind = reference.text_at(&["kind"]).unwrap_or(default);
            let Some(name) = reference.text_at(&["name"]) else { continue };
            let has = || match kind {
                "Secret" => {
                    world.has_any(cluster, kind, to, name) || certifies(view, cluster, to, name) || makes_certificates
                }
                "ConfigMap" => world.has_any(cluster, kind, to, name),
                _ => applied(view, cluster, kind, (to, name)).is_some(),
            };
            let finding = match reference.text_at(&["namespace"]) {
                None if has() => continue,
                None => {
                    let message =
                        format!("{} {} needs {kind} {name}, which {to} does not have", one.kind.name, one.old_name());
                    Finding::error(codes::NEEDS_SECRET, message)
                }
                Some(namespace) if namespace == to || grants(view, cluster, (to, namespace), (kind, name)) => continue,
                Some(namespace) => {
                    let message = format!("no ReferenceGrant of {namespace} lets a Gateway of {to} use {kind} {name}");
                    Finding::error(codes::NEEDS_GRANT, message)
                }
            };
            say(one.finding(view, finding));
        }
    }
}

/// The keys of what a Gateway names: certificates, of its own and of clients, and parameters.
fn references_in<'o>(value: &'o Value, found: &mut Vec<(&'o str, &'o Value)>) {
    for (key, below) in value.entries() {
        if key.ends_with("Refs") {
            found.extend(below.items().iter().map(|item| (&**key, item)));
        } else if key.ends_with("Ref") {
            found.push((key, below));
        }
        references_in(below, found);
    }
    value.items().iter().for_each(|item| references_in(item, found));
}

/// Whether a Certificate of cert-manager makes a Secret.
fn certifies(view: &View, cluster: ClusterId, namespace: &str, secret: &str) -> bool {
    let makes = |object: &Value| object.text_at(&["spec", "secretName"]) == Some(secret);
    has(view, cluster, ("cert-manager.io", "Certificate"), namespace, makes)
}

/// Whether a ReferenceGrant lets Gateways of a namespace use an object of another one.
fn grants(view: &View, cluster: ClusterId, (from, namespace): (&str, &str), (kind, name): (&str, &str)) -> bool {
    let is_from = |item: &Value| {
        let of_gateways = item.text_at(&["group"]) == Some(GROUP) && item.text_at(&["kind"]) == Some("Gateway");
        of_gateways && item.text_at(&["namespace"]) == Some(from)
    };
    let is_to = |item: &Value| {
        item.text_at(&["kind"]) == Some(kind) && item.text_at(&["name"]).is_none_or(|stated| stated == name)
    };
    let any = |object: &Value, key: &str, is_it: &dyn Fn(&Value) -> bool| {
        object.at(&["spec", key]).is_some_and(|list| list.items().iter().any(is_it))
    };
    let lets = |object: &Value| any(object, "from", &is_from) && any(object, "to", &is_to);
    has(view, cluster, (GROUP, "ReferenceGrant"), namespace, lets)
}

/// Whether a cluster applies such an object of a group and kind in a namespace.
fn has(
    view: &View,
    cluster: ClusterId,
    (group, kind): (&str, &str),
    namespace: &str,
    is_it: impl Fn(&Value) -> bool,
) -> bool {
    view.graph().each_reach().any(|(at, reach)| {
        let is_of_kind = reach.kind == kind && group_of(&reach.api_version) == group;
        let is_there = reach.cluster == cluster && reach.namespace.as_deref() == Some(namespace);
        is_of_kind && is_there && view.effective(at, reach).is_some_and(|object| is_it(&object))
    })
}
