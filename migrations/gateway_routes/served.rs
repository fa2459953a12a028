//! What routes serve, as texts that compare.

use std::collections::BTreeSet;

use crate::flux::Value;

/// Requests that a route takes, and where they are sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Served {
    pub(super) host: String,
    pub(super) matched: String,
    sent: String,
}

impl Served {
    /// Whether it takes the very requests of another one, and sends them elsewhere.
    pub(super) fn is_instead_of(&self, other: &Served) -> bool {
        self != other && self.host == other.host && self.matched == other.matched
    }
}

/// Requests that a route takes of a Gateway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Taken {
    pub(super) cluster: String,
    pub(super) gateway: String,
    pub(super) host: String,
    pub(super) matched: String,
}

/// What rules serve for hosts: host, matches, filters and backends as texts that compare.
pub(super) fn serving(namespace: &str, hosts: &[String], rules: impl Iterator<Item = Value>) -> BTreeSet<Served> {
    let mut served = BTreeSet::new();
    for rule in rules {
        let all = [Value::Null];
        let matches = rule.get("matches").map(Value::items).filter(|matches| !matches.is_empty()).unwrap_or(&all);
        let filters = rule.get("filters").map(Value::to_flow).unwrap_or_default();
        let backends = rule.get("backendRefs").map(Value::items).unwrap_or_default().iter();
        let backend = |backend: &Value| {
            let text = |key: &str, default: &str| backend.text_at(&[key]).unwrap_or(default).to_owned();
            [text("namespace", namespace), text("name", ""), text("port", ""), text("weight", "1")].join("/")
        };
        let sent = backends.map(backend).collect::<Vec<_>>().join(" ");
        for (host, matched) in hosts.iter().flat_map(|host| matches.iter().map(move |matched| (host, matched))) {
            let sent = format!("{filters} {sent}");
            served.insert(Served { host: host.clone(), matched: matched_as(matched), sent });
        }
    }
    served
}

/// A match as text; that of everything is empty.
fn matched_as(matched: &Value) -> String {
    let path = matched.at(&["path", "value"]).and_then(Value::text).unwrap_or("/");
    let kind = matched.text_at(&["path", "type"]).unwrap_or("PathPrefix");
    let rest = matched.entries().iter().filter(|(key, _)| key != "path");
    let rest: BTreeSet<String> = rest.map(|(key, value)| format!("{key}={}", value.to_flow())).collect();
    format!("{kind} {path} {}", rest.into_iter().collect::<Vec<_>>().join(" ")).trim_end().to_owned()
}

/// What an HTTPRoute serves.
pub(super) fn serving_of(namespace: &str, route: &Value) -> BTreeSet<Served> {
    let hosts = route.at(&["spec", "hostnames"]).map(Value::items).unwrap_or_default().iter();
    let hosts: Vec<String> = hosts.filter_map(|host| host.text().map(str::to_owned)).collect();
    let rules = route.at(&["spec", "rules"]).map(Value::items).unwrap_or_default().iter().cloned();
    serving(namespace, &hosts, rules)
}
