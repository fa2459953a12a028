//! Annotations of Traefik.

use super::{Controller, Entry, Fate, MiddlewareName, RefusalKind, refused, unknown};

/// What becomes of an annotation by its name.
pub(super) fn fate(name: &str, value: &str, entry: &Entry<'_>) -> Fate {
    if entry.controller != Controller::Traefik {
        return unknown("is for Traefik, which does not serve this class");
    }
    match (name, value.trim()) {
        ("router.entrypoints" | "router.tls", _) => Fate::Used,
        ("router.pathmatcher", "Path" | "PathPrefix") => Fate::Used,
        ("router.pathmatcher", other) => {
            refused(RefusalKind::PathTypeImplementation, &format!("is {other}, which is neither Path nor PathPrefix"))
        }
        ("router.middlewares", list) => Fate::Middlewares(MiddlewareName::of_annotation(list, entry.middlewares)),
        ("router.priority", number) => match number.parse() {
            Ok(priority) => Fate::Priority(priority),
            Err(_) => refused(RefusalKind::RouterPriority, &format!("is {number}, which is no number")),
        },
        // They can ask for certificates of clients.
        ("router.tls.options", _) => {
            refused(RefusalKind::AuthWouldBeLost, "names options of TLS, which may ask for certificates")
        }
        ("service.passhostheader", "true") => Fate::Used,
        ("service.serversscheme", "http") => Fate::Used,
        ("service.serversscheme" | "service.serverstransport", _) => {
            refused(RefusalKind::BackendTls, "says how Traefik speaks to the backend, which a route does not")
        }
        _ => unknown("has no equal in a route"),
    }
}
