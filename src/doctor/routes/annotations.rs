//! Annotations that nobody reads on routes.

use super::stated::Stated;
use crate::doctor::codes::ANNOTATION_IGNORED;
use crate::finding::{Finding, Severity};
use crate::flux::{Value, View};

/// The beginnings of keys, and who reads them where: the documentation of external-dns 0.23
/// (annotations, `target`), cert-manager 1.19 (annotated Gateway), ingress-nginx 1.14 (annotations of
/// Ingresses), Traefik 3.6 (routing configuration of Ingresses and Services), seen on 2026-11-29.
const READ_ELSEWHERE: [(&str, &str); 7] = [
    ("external-dns.alpha.kubernetes.io/target", "external-dns reads it on the Gateway"),
    ("external-dns.kubernetes.io/target", "external-dns reads it on the Gateway"),
    ("cert-manager.io/", "cert-manager reads it on Gateways and Ingresses"),
    ("acme.cert-manager.io/", "cert-manager reads it on Gateways and Ingresses"),
    ("kubernetes.io/tls-acme", "cert-manager reads it on Ingresses"),
    ("nginx.ingress.kubernetes.io/", "ingress-nginx reads it on Ingresses"),
    ("traefik.ingress.kubernetes.io/", "Traefik reads it on Ingresses and Services"),
];

pub(super) fn findings(view: &View, routes: &[Stated<'_>]) -> Vec<Finding> {
    let mut found = Vec::new();
    for route in routes {
        for key in &route.annotations {
            let reader = READ_ELSEWHERE.iter().find(|(start, _)| is_it(key, start));
            let Some((_, reader)) = reader.filter(|_| !is_filter(view, key)) else { continue };
            let message = format!("nobody reads {key} on routes: {reader}");
            found.push(route.at_annotation(Severity::Warning, ANNOTATION_IGNORED, key, &message));
        }
    }
    found
}

/// A start that ends in a slash is for all of its keys.
fn is_it(key: &str, start: &str) -> bool {
    key == start || start.ends_with('/') && key.starts_with(start)
}

/// Whether a controller may choose objects by this annotation, as `--annotation-filter` of external-dns
/// does: a text of a release or a Deployment names it.
fn is_filter(view: &View, key: &str) -> bool {
    let mut texts = view.files_with(key).flat_map(|(_, file)| &file.objects).filter(|object| {
        matches!(object.kind.as_str(), "HelmRelease" | "Deployment") && !view.graph().reaches(&object.at).is_empty()
    });
    texts.any(|object| view.node(&object.at).and_then(Value::of).is_none_or(|value| is_in_a_text(&value, key)))
}

/// Whether a text of a value has a key in it; keys of mappings are none.
fn is_in_a_text(value: &Value, key: &str) -> bool {
    match value {
        Value::Null => false,
        Value::Scalar { text, .. } => text.contains(key),
        Value::Sequence(items) => items.iter().any(|item| is_in_a_text(item, key)),
        Value::Mapping(entries) => entries.iter().any(|(_, value)| is_in_a_text(value, key)),
    }
}
