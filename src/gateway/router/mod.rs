//! Which requests a rule takes: hosts, path, method, headers, query
//! (`docs/gateway.md#rules-of-traefik`).

mod grammar;
mod order;
mod path;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub(super) use grammar::{is_header_name, is_host};
pub use order::{Ranked, order_is_kept};
pub use path::{PathKind, PathMatch};

use super::{Note, NoteKind, Refusal, RefusalKind};
use crate::flux::Value;

/// The requests that a rule takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Router {
    /// The hosts, in their order; all if there is none.
    pub hosts: Vec<String>,
    /// The path; `None` for all.
    pub path: Option<PathMatch>,
    /// The method, in upper case; `None` for all.
    pub method: Option<String>,
    /// The headers that must be there, with their values.
    pub headers: Vec<(String, String)>,
    /// The parameters of the query that must be there, with their values.
    pub query: Vec<(String, String)>,
}

impl Router {
    /// Reads a rule of an IngressRoute: `match`, with `kind` and `syntax`.
    ///
    /// # Errors
    /// If a condition is not read, with its place.
    pub fn of_rule(rule: &Value) -> Result<Router, Refusal> {
        let not_read = |message: String| Refusal::new(RefusalKind::MatchNotRead, message);
        if let Some(kind) = rule.text_at(&["kind"]).filter(|kind| *kind != "Rule") {
            return Err(not_read(format!("the kind of the rule is {kind}, and only Rule is read")));
        }
        if let Some(syntax) = rule.text_at(&["syntax"]).filter(|syntax| !matches!(*syntax, "v3" | "default")) {
            return Err(not_read(format!("the rule has the syntax {syntax}, and only v3 is read")));
        }
        match rule.text_at(&["match"]) {
            Some(text) => Router::of_match(text),
            None => Err(not_read("the rule has no match".to_owned())),
        }
    }

    /// Reads the `match` of a rule of an IngressRoute.
    ///
    /// # Errors
    /// If a condition is not read, with its place.
    pub fn of_match(text: &str) -> Result<Router, Refusal> {
        grammar::read(text)
    }

    /// The `matches` of a rule of an HTTPRoute; none where it takes all paths and methods.
    pub fn matches(&self) -> Vec<Value> {
        let texts = |pairs: &[(String, String)]| {
            let item = |(name, value): &(String, String)| {
                Value::mapping([("name", Value::string(name)), ("value", Value::string(value))])
            };
            (!pairs.is_empty()).then(|| Value::Sequence(pairs.iter().map(item).collect()))
        };
        let path = self.path.as_ref().filter(|path| !path.is_all());
        let parts = [
            ("path", path.map(PathMatch::to_value)),
            ("headers", texts(&self.headers)),
            ("queryParams", texts(&self.query)),
            ("method", self.method.as_deref().map(Value::string)),
        ];
        let parts: Vec<_> = parts.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        if parts.is_empty() { Vec::new() } else { vec![Value::mapping(parts)] }
    }
}

/// Whether a route can have a host of an Ingress, and what is different then. A variable or a
/// template counts as a label.
///
/// # Errors
/// If there is none, or a star elsewhere than in place of the first label.
pub fn host_of_route(host: &str) -> Result<Option<Note>, Refusal> {
    if host.is_empty() {
        let message = "there is no host: the route would take all hosts of its Gateway";
        return Err(Refusal::new(RefusalKind::HostEmpty, message));
    }
    let behind = host.strip_prefix("*.");
    if behind.unwrap_or(host).contains('*') || behind == Some("") {
        let message = format!("{host}: a star can only be the whole first label of a host");
        return Err(Refusal::new(RefusalKind::HostWildcard, message));
    }
    let wider = |rest: &str| format!("{host} takes a.b.{rest}, too: on an Ingress the star is one label");
    Ok(behind.map(|rest| Note::new(NoteKind::WildcardWider, wider(rest))))
}
