//! Annotations of ingress-nginx.

use std::time::Duration;

use super::super::filters::{prefix_replaced, redirect_of_url, redirect_to_path, with_hostname};
use super::super::router::is_host;
use super::{Change, Controller, Entry, Fate, Note, NoteKind, PathMatch, RefusalKind, RouteRule, refused, unknown};
use crate::gateway::{Configured, PathKind, host_of_route};

/// The prefix of the keys.
const GROUP: &str = "nginx.ingress.kubernetes.io/";

/// Whether an annotation is one of ingress-nginx.
pub fn is_of_nginx(key: &str) -> bool {
    key.starts_with(GROUP)
}

/// What Envoy waits for a response, unless a policy of the Gateway sets something else.
const USUAL_TIMEOUT: Duration = Duration::from_secs(15);

/// How the proxy treats connections and bodies, which a route does not say.
const DEFAULTS: &[&str] = &[
    "custom-http-errors",
    "enable-access-log",
    "enable-rewrite-log",
    "proxy-body-size",
    "proxy-http-version",
    "proxy-request-buffering",
    "service-upstream",
    "websocket-services",
    "x-forwarded-prefix",
];

/// The same, by the beginning of their names.
const DEFAULTS_BEGIN: &[&str] =
    &["client-", "proxy-buffer", "proxy-busy-", "proxy-cookie-", "proxy-max-temp", "proxy-next-upstream"];

/// Authentication that has no `auth-url`: passwords of a Secret, certificates of clients.
const OWN_AUTHENTICATION: &[&str] = &["auth-realm", "auth-secret", "auth-secret-type", "auth-type"];

/// What becomes of an annotation by its name.
pub(super) fn fate(name: &str, value: &str, entry: &Entry<'_>) -> Fate {
    let value = value.trim();
    let is_default = DEFAULTS.contains(&name) || DEFAULTS_BEGIN.iter().any(|begin| name.starts_with(begin));
    match name {
        "satisfy" | "enable-global-auth" => of_authentication(name, value, entry),
        _ if name.starts_with("auth-") => of_authentication(name, value, entry),
        "whitelist-source-range" | "allowlist-source-range" | "denylist-source-range" => {
            if entry.limits_are_mapped {
                Fate::Limit
            } else {
                refused(RefusalKind::AccessWouldWiden, "limits addresses, and no Gateway is mapped for that")
            }
        }
        "backend-protocol" if value.eq_ignore_ascii_case("http") => Fate::Gone(None),
        "ssl-passthrough" if value == "false" => Fate::Gone(None),
        "backend-protocol" | "ssl-passthrough" => {
            refused(RefusalKind::BackendTls, &format!("is {value}: a route speaks plain HTTP"))
        }
        _ if name.starts_with("proxy-ssl-") => refused(RefusalKind::BackendTls, "is about TLS to the backend"),
        "ssl-redirect" | "force-ssl-redirect" => of_redirect_to_https(name, value),
        "use-regex" if value == "false" => Fate::Gone(None),
        "permanent-redirect" | "temporal-redirect" | "app-root" | "upstream-vhost" | "server-alias"
        | "rewrite-target" | "use-regex"
            if entry.controller != Controller::Nginx =>
        {
            unknown("is for ingress-nginx, which does not serve this class")
        }
        "permanent-redirect" => of_url(value, true),
        "temporal-redirect" => of_url(value, false),
        "app-root" => match PathMatch::new(PathKind::Exact, value) {
            Ok(path) => app_root(&path),
            Err(_) => unknown(&format!("is {value}, which is no path of the Gateway API")),
        },
        "upstream-vhost" if is_host(value) => Fate::Becomes(Change::Filter(with_hostname(value))),
        "server-alias" => aliases(value),
        "rewrite-target" => rewritten(value, entry),
        "use-regex" if stated("rewrite-target", entry).is_some() => Fate::Used,
        "use-regex" => refused(RefusalKind::PathPattern, "makes patterns of all paths"),
        _ if is_default || name.ends_with("-timeout") => listed(name, value, entry),
        _ => unknown("has no equal in a route"),
    }
}

fn stated<'a>(name: &str, entry: &Entry<'a>) -> Option<&'a str> {
    let key = format!("{GROUP}{name}");
    entry.annotations.iter().find(|(own, _)| *own == key).map(|(_, value)| value.trim())
}

/// Authentication by a request to an `auth-url` becomes a component of the configuration. All that
/// shapes the request is for the component to say.
fn of_authentication(name: &str, value: &str, entry: &Entry<'_>) -> Fate {
    let refuse = |why: &str| refused(RefusalKind::AuthWouldBeLost, why);
    if name == "enable-global-auth" {
        return match value {
            "false" if !entry.is_authenticated_elsewhere => Fate::Gone(None),
            "false" => refuse("opens this entry, and another one of the host authenticates"),
            _ => refuse("relies on authentication that the controller does for all"),
        };
    }
    if OWN_AUTHENTICATION.contains(&name) || name.starts_with("auth-tls-") {
        return refuse("authenticates in nginx itself, which has no component");
    }
    let url = if name == "auth-url" { Some(value) } else { stated("auth-url", entry) };
    let Some(url) = url else { return refuse("is about authentication without an auth-url") };
    match entry.configured.get(url) {
        Some(Configured::Component(component)) if name == "auth-url" => {
            Fate::Authentication { id: url.to_owned(), component: component.clone() }
        }
        Some(Configured::Component(component)) => {
            let message = format!("{GROUP}{name}: the component {component} says it");
            Fate::Gone(Some(Note::new(NoteKind::NotNeeded, message)))
        }
        _ => refuse("authenticates, and has no component"),
    }
}

/// HTTP is redirected by the Gateway for all routes.
fn of_redirect_to_https(name: &str, value: &str) -> Fate {
    match value {
        "true" => Fate::Used,
        "false" => {
            let message = format!("{GROUP}{name} is false: HTTP is answered today, and will be redirected");
            Fate::Gone(Some(Note::new(NoteKind::HttpRedirected, message)))
        }
        other => unknown(&format!("is {other}, which is neither true nor false")),
    }
}

fn of_url(url: &str, is_permanent: bool) -> Fate {
    match redirect_of_url(url, is_permanent) {
        Some(filter) => Fate::Becomes(Change::Filter(filter)),
        None => unknown(&format!("is {url}, which is no URL that a route can redirect to")),
    }
}

/// `/` alone is redirected, in front of all other rules.
fn app_root(path: &PathMatch) -> Fate {
    let root = PathMatch { kind: PathKind::Exact, value: "/".to_owned() };
    let rule = RouteRule {
        matches: vec![crate::flux::Value::mapping([("path", root.to_value())])],
        filters: vec![redirect_to_path(path)],
        backends: Vec::new(),
    };
    Fate::Becomes(Change::Rule(rule))
}

fn aliases(list: &str) -> Fate {
    let hosts: Vec<_> = list.split(',').map(str::trim).filter(|host| !host.is_empty()).collect();
    let wrong =
        hosts.iter().find(|host| !is_host(host.strip_prefix("*.").unwrap_or(host)) || host_of_route(host).is_err());
    match wrong {
        Some(host) => refused(RefusalKind::HostWildcard, &format!("has {host}, which is no host of the Gateway API")),
        None => Fate::Becomes(Change::Hosts(hosts.into_iter().map(str::to_owned).collect())),
    }
}

/// The one form of a rewrite with an equal: what follows the prefix stays. Without groups nginx
/// replaces the whole path.
fn rewritten(target: &str, entry: &Entry<'_>) -> Fate {
    let prefix = |(path, path_type): &(String, String)| {
        let prefix = path.strip_suffix("(/|$)(.*)").filter(|_| target == "/$2" && path_type != "Exact")?;
        Some((PathMatch::new(PathKind::Prefix, prefix).ok()?, prefix_replaced("/")))
    };
    match entry.paths.iter().map(prefix).collect::<Option<Vec<_>>>() {
        Some(paths) if !paths.is_empty() => Fate::Becomes(Change::Paths(paths)),
        _ => refused(
            RefusalKind::PathPattern,
            &format!("is {target}: only /$2 with paths like /x(/|$)(.*) has an equal"),
        ),
    }
}

/// What the Gateway decides by itself. A timeout that is longer than its usual one wants a look.
fn listed(name: &str, value: &str, entry: &Entry<'_>) -> Fate {
    let is_long =
        name.ends_with("-timeout") && duration(value).is_none_or(|stated| stated.is_zero() || stated > USUAL_TIMEOUT);
    let note = Note::new(NoteKind::DefaultDiffers, format!("{GROUP}{name}: {value}"));
    Fate::Listed { note, review: is_long && !entry.has_timeout_policy }
}

/// A duration of nginx: seconds, or with a unit.
fn duration(text: &str) -> Option<Duration> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let number: u64 = number.parse().ok()?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        _ => return None,
    };
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}
