//! What becomes of each annotation of an Ingress or IngressRoute: exactly one fate
//! (`docs/gateway.md#annotations`).

mod ledger;
mod nginx;
#[cfg(test)]
mod tests;
mod traefik;

pub use ledger::{Changes, Ledger};
pub use nginx::is_of_nginx;

use super::{AllConfigured, MiddlewareName, Middlewares, Note, NoteKind, PathMatch, Refusal, RefusalKind, RouteRule};
use crate::flux::Value;

/// What serves the class of an Ingress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// ingress-nginx.
    Nginx,
    /// Traefik.
    Traefik,
    /// Something else.
    Other,
}

/// An entry with its annotations, and what there is around it.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// All of its annotations, in their order.
    pub annotations: &'a [(String, String)],
    /// What serves its class.
    pub controller: Controller,
    /// The paths of its rules, each with its type.
    pub paths: &'a [(String, String)],
    /// Whether certificates of the listeners cover all of its hosts.
    pub certificate_covers: bool,
    /// Whether another entry of one of its hosts authenticates.
    pub is_authenticated_elsewhere: bool,
    /// Whether the Gateway was chosen because of a limit of addresses.
    pub limits_are_mapped: bool,
    /// Whether a policy of the Gateway sets timeouts.
    pub has_timeout_policy: bool,
    /// Keys that filters of external-dns name.
    pub dns_filters: &'a [String],
    /// Keys that the configuration keeps; a star at the end stands for any text.
    pub keep: &'a [String],
    /// Keys that the configuration drops.
    pub drop: &'a [String],
    /// The Middlewares of the tree.
    pub middlewares: &'a Middlewares,
    /// What the configuration says about middlewares and about texts of `auth-url`.
    pub configured: &'a AllConfigured,
}

/// What becomes of an annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The Gateway says it for all routes. A filter of external-dns may want it on the route, too.
    OnGateway {
        /// Whether the route has it, too.
        stays: bool,
    },
    /// The route has it as it is.
    Kept,
    /// The route has it under another key.
    KeptAs(String),
    /// It speaks to somebody who reads routes: it moves when the entry is cut.
    Moved(Option<Note>),
    /// Nothing: something else does it.
    Gone(Option<Note>),
    /// It is read where parents and rules of the route are made.
    Used,
    /// The Gateway has a default of its own.
    Listed {
        /// The key with its value.
        note: Note,
        /// Whether somebody must look.
        review: bool,
    },
    /// Middlewares of all rules, in their order.
    Middlewares(Vec<MiddlewareName>),
    /// A priority of all rules.
    Priority(i64),
    /// Something of a route, for review.
    Becomes(Change),
    /// Authentication by a component of the configuration: its path.
    Authentication {
        /// The text of the `auth-url`.
        id: String,
        /// The path of the component.
        component: String,
    },
    /// A limit of addresses, for which the Gateway was chosen.
    Limit,
    /// It has no equal.
    Refused(Refusal),
}

/// What an annotation of nginx changes in a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A filter of all rules.
    Filter(Value),
    /// Each path, in the order of the entry, with its filter.
    Paths(Vec<(PathMatch, Value)>),
    /// A rule before the others.
    Rule(RouteRule),
    /// More hosts.
    Hosts(Vec<String>),
}

/// What becomes of one annotation of an entry.
pub fn fate(key: &str, value: &str, entry: &Entry<'_>) -> Fate {
    let (group, name) = key.split_once('/').unwrap_or(("", key));
    let by_key = match group {
        "external-dns.alpha.kubernetes.io" | "external-dns.kubernetes.io" => of_dns(group, name),
        "nginx.ingress.kubernetes.io" => nginx::fate(name, value, entry),
        "traefik.ingress.kubernetes.io" => traefik::fate(name, value, entry),
        "kubernetes.io" if name == "ingress.class" => Fate::Used,
        "kubernetes.io" if name == "tls-acme" => of_certificate(key, entry),
        "cert-manager.io" => of_certificate(key, entry),
        "acme.cert-manager.io" => {
            refused(RefusalKind::CertificatePerApp, "is about the certificate of this Ingress alone")
        }
        "kustomize.toolkit.fluxcd.io" | "helm.sh" => Fate::Kept,
        "hajimari.io" | "forecastle.stakater.com" => {
            let message = format!("{key} moves; nobody is known to read it on routes");
            Fate::Moved(Some(Note::new(NoteKind::NotReadOnRoutes, message)))
        }
        _ if speaks(group, name) => Fate::Moved(None),
        _ => unknown("is not known"),
    };
    settled(key, by_key, entry)
}

/// What the fate of a key is after external-dns and the configuration have been asked.
fn settled(key: &str, by_key: Fate, entry: &Entry<'_>) -> Fate {
    let is_in = |keys: &[String]| {
        keys.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => key.starts_with(beginning),
            None => pattern == key,
        })
    };
    let is_filtered = entry.dns_filters.iter().any(|filtered| filtered == key);
    match by_key {
        Fate::OnGateway { .. } => Fate::OnGateway { stays: is_filtered },
        // A record would go with the key that a filter asks for.
        Fate::Moved(_) | Fate::Gone(_) | Fate::Used | Fate::KeptAs(_) if is_filtered => Fate::Kept,
        Fate::Refused(refusal) if refusal.kind == RefusalKind::AnnotationNotKnown => {
            if is_filtered || is_in(entry.keep) {
                Fate::Kept
            } else if is_in(entry.drop) {
                Fate::Gone(Some(Note::new(NoteKind::NotNeeded, format!("{key} is dropped by the configuration"))))
            } else {
                Fate::Refused(Refusal { message: format!("{key} {}", refusal.message), ..refusal })
            }
        }
        Fate::Refused(refusal) => Fate::Refused(Refusal { message: format!("{key} {}", refusal.message), ..refusal }),
        other => other,
    }
}

/// A refusal whose message continues the key.
fn refused(kind: RefusalKind, why: &str) -> Fate {
    Fate::Refused(Refusal::new(kind, why))
}

/// A refusal that the configuration can overrule.
fn unknown(why: &str) -> Fate {
    refused(RefusalKind::AnnotationNotKnown, why)
}

/// Annotations of external-dns. Of a route it reads all but the target, which it takes from the
/// Gateway.
fn of_dns(group: &str, name: &str) -> Fate {
    match name {
        "target" => Fate::OnGateway { stays: false },
        "hostname" | "ttl" | "controller" | "set-identifier" => Fate::Kept,
        "ingress-hostname-source" => Fate::KeptAs(format!("{group}/gateway-hostname-source")),
        _ if name.starts_with("cloudflare-") || name.starts_with("aws-") => Fate::Kept,
        _ => unknown("is not known to work on routes"),
    }
}

/// Certificates are for listeners of Gateways.
fn of_certificate(key: &str, entry: &Entry<'_>) -> Fate {
    if !entry.certificate_covers {
        return refused(
            RefusalKind::CertificatePerApp,
            "makes a certificate, and that of the listener does not cover all hosts",
        );
    }
    let message = format!("{key}: the listener has a certificate; the Secret of the Ingress is no longer renewed");
    Fate::Gone(Some(Note::new(NoteKind::NotNeeded, message)))
}

/// Whether a key speaks to a dashboard or a monitor.
fn speaks(group: &str, name: &str) -> bool {
    let first = group.split('.').next().unwrap_or_default();
    group == "gethomepage.dev"
        || matches!(first, "gatus" | "glance" | "link" | "icon")
        || matches!(name, "icon" | "link")
}
