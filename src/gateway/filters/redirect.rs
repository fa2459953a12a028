//! Redirections: by scheme, by pattern, and to a URL.

use super::{Link, Listens, NoteKind, Parts, Refusal};
use crate::flux::Value;
use crate::gateway::router::is_host;
use crate::gateway::{PathKind, PathMatch};

/// A filter that redirects. What it does not name stays as it is.
#[derive(Default)]
struct Redirect<'t> {
    scheme: Option<&'t str>,
    hostname: Option<&'t str>,
    port: Option<&'t str>,
    path: Option<&'t str>,
    is_permanent: bool,
}

impl Redirect<'_> {
    fn to_filter(&self) -> Value {
        let path = self.path.map(|path| {
            let parts = [("type", "ReplaceFullPath"), ("replaceFullPath", path)];
            Value::mapping(parts.map(|(key, text)| (key, Value::string(text))))
        });
        let parts = [
            ("scheme", self.scheme.map(Value::string)),
            ("hostname", self.hostname.map(Value::string)),
            ("port", self.port.map(Value::plain)),
            ("path", path),
            ("statusCode", Some(Value::plain(if self.is_permanent { "301" } else { "302" }))),
        ];
        let parts = parts.into_iter().filter_map(|(key, value)| Some((key, value?)));
        Value::mapping([("type", Value::string("RequestRedirect")), ("requestRedirect", Value::mapping(parts))])
    }
}

/// Whether a port is the one that a scheme has anyway.
fn is_usual(scheme: &str, port: &str) -> bool {
    matches!((scheme, port), (_, "") | ("http", "80") | ("https", "443"))
}

fn is_port(port: &str) -> bool {
    port.parse::<u16>().is_ok_and(|number| number > 0)
}

/// Adds a redirection of Traefik, whose status depends on the method.
fn add(parts: &mut Parts<'_>, link: &Link<'_>, redirect: &Redirect<'_>) -> Result<(), Refusal> {
    let [of_get, of_others] = if redirect.is_permanent { ["301", "308"] } else { ["302", "307"] };
    let message = format!("redirections of requests other than GET are {of_get} instead of {of_others}");
    parts.note(NoteKind::DefaultDiffers, message);
    parts.add(link, redirect.to_filter())
}

/// Whether options of `redirectScheme` mean HTTPS at its usual port.
pub(super) fn is_to_https(options: &Value) -> bool {
    options.text_at(&["scheme"]) == Some("https") && is_usual("https", options.text_at(&["port"]).unwrap_or_default())
}

/// `redirectScheme`: nothing where the route has that scheme already.
pub(super) fn of_scheme(parts: &mut Parts<'_>, link: &Link<'_>, options: &Value) -> Result<(), Refusal> {
    let scheme = options.text_at(&["scheme"]).unwrap_or_default();
    let port = options.text_at(&["port"]).unwrap_or_default();
    match (parts.around.listens, scheme) {
        (Listens::Https, _) if is_to_https(options) => {
            parts.note(
                NoteKind::NotNeeded,
                format!("{} is not needed: the route listens to HTTPS alone", link.described()),
            );
            Ok(())
        }
        (Listens::Http, "https") if is_usual(scheme, port) || is_port(port) => {
            let port = Some(port).filter(|port| !is_usual(scheme, port));
            let is_permanent = options.get("permanent").is_some_and(Value::is_true);
            add(parts, link, &Redirect { scheme: Some(scheme), port, is_permanent, ..Redirect::default() })
        }
        _ => Err(link
            .refusal("is converted only to https, and only where the route listens to HTTP or to HTTPS, not to both")),
    }
}

/// `redirectRegex`: from all of the rule's only host to the same path of another one.
pub(super) fn of_regex(parts: &mut Parts<'_>, link: &Link<'_>, options: &Value) -> Result<(), Refusal> {
    let around = parts.around;
    let refuse = |why: &str| {
        let form = "^https?://HOST/(.*) to https://OTHER/${1}, with the only host of the rule, is converted";
        Err(link.refusal(&format!("{why}: {form}")))
    };
    let regex = options.text_at(&["regex"]).unwrap_or_default();
    let replacement = options.text_at(&["replacement"]).unwrap_or_default();
    let [host] = around.hosts else { return refuse("is in a rule of several hosts or of none") };
    let Some((from, pattern)) = regex.strip_prefix('^').and_then(|regex| regex.split_once("://")) else {
        return refuse("has another regex");
    };
    let pattern = pattern.strip_suffix('$').unwrap_or(pattern).strip_suffix("/(.*)");
    if pattern.map(|pattern| pattern.replace("\\.", ".")).as_ref() != Some(host) {
        return refuse("has another regex");
    }
    let always_matches = match from {
        "https?" => true,
        "https" => around.listens == Listens::Https,
        "http" => around.listens == Listens::Http,
        _ => false,
    };
    if !always_matches {
        return refuse("does not match all requests of the route");
    }
    // Flux puts variables in first, and makes one dollar sign of two.
    let braces = if around.substitutes { "/$${1}" } else { "/${1}" };
    let target = replacement.strip_suffix(braces).or_else(|| replacement.strip_suffix("/$1"));
    let Some((scheme @ ("http" | "https"), hostname)) = target.and_then(|target| target.split_once("://")) else {
        return refuse("has another replacement");
    };
    if !is_host(hostname) {
        return refuse("has another replacement");
    }
    let leaves = match around.listens {
        Listens::Https => scheme == "http",
        Listens::Http => scheme == "https",
        Listens::Both => false,
    };
    if hostname == host && !leaves {
        return refuse("redirects to where it is");
    }
    let is_permanent = options.get("permanent").is_some_and(Value::is_true);
    let redirect = Redirect { scheme: Some(scheme), hostname: Some(hostname), is_permanent, ..Redirect::default() };
    add(parts, link, &redirect)
}

/// The redirection to a URL: to its path, or to that of the request where the URL ends in
/// `$request_uri`. `None` if it is another expression.
pub(in super::super) fn redirect_of_url(url: &str, is_permanent: bool) -> Option<Value> {
    let (scheme @ ("http" | "https"), rest) = url.split_once("://")? else { return None };
    let (rest, keeps_path) = match rest.strip_suffix("$request_uri") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let (hostname, port) = authority.split_once(':').unwrap_or((authority, ""));
    let path_is_said = if keeps_path { !rest.contains('/') } else { PathMatch::new(PathKind::Exact, path).is_ok() };
    if !is_host(hostname) || !path_is_said || !(port.is_empty() || is_port(port)) {
        return None;
    }
    let port = Some(port).filter(|port| !is_usual(scheme, port));
    let path = Some(path).filter(|_| !keeps_path);
    let redirect = Redirect { scheme: Some(scheme), hostname: Some(hostname), port, path, is_permanent };
    Some(redirect.to_filter())
}

/// The redirection to another path of the same host, for the time being.
pub(in super::super) fn redirect_to_path(path: &PathMatch) -> Value {
    Redirect { path: Some(&path.value), ..Redirect::default() }.to_filter()
}
