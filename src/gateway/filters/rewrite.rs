//! Rewrites of paths and hosts.

use super::{Link, NoteKind, Parts, Refusal};
use crate::flux::Value;
use crate::gateway::{PathKind, PathMatch};

fn rewrite(key: &str, value: Value) -> Value {
    Value::mapping([("type", Value::string("URLRewrite")), ("urlRewrite", Value::mapping([(key, value)]))])
}

fn path_replaced(kind: &str, key: &str, path: &str) -> Value {
    rewrite("path", Value::mapping([("type", Value::string(kind)), (key, Value::string(path))]))
}

/// The filter that replaces the matched prefix.
pub(in super::super) fn prefix_replaced(by: &str) -> Value {
    path_replaced("ReplacePrefixMatch", "replacePrefixMatch", by)
}

/// The filter that sends requests under the name of another host.
pub(in super::super) fn with_hostname(host: &str) -> Value {
    rewrite("hostname", Value::string(host))
}

/// Adds a rewrite of Traefik, which says in a header what it did.
fn add(parts: &mut Parts<'_>, link: &Link<'_>, header: Option<&str>, filter: Value) -> Result<(), Refusal> {
    if let Some(header) = header {
        parts.note(NoteKind::DefaultDiffers, format!("{}: {header} is no longer sent", link.described()));
    }
    parts.add(link, filter)
}

/// `stripPrefix` of the very prefix of the rule.
pub(super) fn of_strip(parts: &mut Parts<'_>, link: &Link<'_>, options: &Value) -> Result<(), Refusal> {
    let prefixes = options.get("prefixes").map(Value::items).unwrap_or_default();
    match (prefixes, parts.around.path) {
        ([prefix], Some(path)) if path.kind == PathKind::Prefix && prefix.text() == Some(&path.value) => {
            add(parts, link, Some("X-Forwarded-Prefix"), prefix_replaced("/"))
        }
        _ => Err(link.refusal("is converted only if it strips the one prefix that the rule matches")),
    }
}

/// `addPrefix` where the rule takes all paths.
pub(super) fn of_add(parts: &mut Parts<'_>, link: &Link<'_>, options: &Value) -> Result<(), Refusal> {
    let prefix = options.text_at(&["prefix"]).unwrap_or_default();
    let takes_all = parts.around.path.is_none_or(PathMatch::is_all);
    // With a slash at the end there would be two for Traefik, and one for a Gateway.
    if !takes_all || prefix.ends_with('/') || PathMatch::new(PathKind::Prefix, prefix).is_err() {
        return Err(link.refusal("is converted only if the rule takes all paths, and the prefix ends without a slash"));
    }
    add(parts, link, None, prefix_replaced(prefix))
}

/// `replacePath`.
pub(super) fn of_replace(parts: &mut Parts<'_>, link: &Link<'_>, options: &Value) -> Result<(), Refusal> {
    let path = options.text_at(&["path"]).unwrap_or_default();
    if PathMatch::new(PathKind::Exact, path).is_err() {
        return Err(link.refusal(&format!("has the path {path:?}, which the Gateway API does not take")));
    }
    add(parts, link, Some("X-Replaced-Path"), path_replaced("ReplaceFullPath", "replaceFullPath", path))
}
