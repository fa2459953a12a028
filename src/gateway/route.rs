//! What is written: rules and parents of an HTTPRoute, their keys in the order that people use.

use super::{GROUP, ListenerRef};
use crate::flux::Value;

/// A rule of an HTTPRoute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteRule {
    /// What requests must match one of; all match if there is none.
    pub matches: Vec<Value>,
    /// What is done to them, in order.
    pub filters: Vec<Value>,
    /// Where they are sent; nowhere where a filter redirects.
    pub backends: Vec<Value>,
}

impl RouteRule {
    /// The rule as a value: `matches`, `filters`, `backendRefs`, each only if there is one.
    pub fn to_value(&self) -> Value {
        let lists = [("matches", &self.matches), ("filters", &self.filters), ("backendRefs", &self.backends)];
        let stated = lists.into_iter().filter(|(_, items)| !items.is_empty());
        Value::mapping(stated.map(|(key, items)| (key, Value::Sequence(items.clone()))))
    }
}

/// An object of the Gateway API: a Gateway, an HTTPRoute.
pub fn object(kind: &str, metadata: Value, spec: Value) -> Value {
    Value::mapping([
        ("apiVersion", Value::string(&format!("{GROUP}/v1"))),
        ("kind", Value::string(kind)),
        ("metadata", metadata),
        ("spec", spec),
    ])
}

/// The `parentRefs` of a route.
pub fn parent_refs(parents: &[ListenerRef]) -> Value {
    let parent = |parent: &ListenerRef| {
        let section = parent.section.as_deref().map(|section| ("sectionName", Value::string(section)));
        let names = [("name", Value::string(&parent.name)), ("namespace", Value::string(&parent.namespace))];
        Value::mapping(names.into_iter().chain(section))
    };
    Value::Sequence(parents.iter().map(parent).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::Router;
    use crate::gateway::testing::value;

    #[test]
    fn a_rule_has_only_the_lists_that_say_something() {
        let backend = value("{identifier: app, port: 8080}");
        let all = Router::of_match("Host(`a.example.org`) && PathPrefix(`/`)").unwrap();
        let rule = RouteRule { matches: all.matches(), filters: Vec::new(), backends: vec![backend.clone()] };
        assert_eq!(rule.to_value(), value("backendRefs: [{identifier: app, port: 8080}]"));
        let hook = Router::of_match("PathPrefix(`/hook/`)").unwrap();
        let filter = value("{type: URLRewrite, urlRewrite: {hostname: b.example.org}}");
        let rule = RouteRule { matches: hook.matches(), filters: vec![filter], backends: vec![backend] };
        assert_eq!(
            rule.to_value(),
            value(
                "matches: [{path: {type: PathPrefix, value: /hook/}}]\n\
                 filters: [{type: URLRewrite, urlRewrite: {hostname: b.example.org}}]\n\
                 backendRefs: [{identifier: app, port: 8080}]\n"
            )
        );
    }

    #[test]
    fn parents_name_a_listener_only_where_one_is_meant() {
        let parent = |section: Option<&str>| ListenerRef {
            namespace: "network".to_owned(),
            name: "internal".to_owned(),
            section: section.map(str::to_owned),
        };
        assert_eq!(
            parent_refs(&[parent(None), parent(Some("https"))]),
            value("[{name: internal, namespace: network}, {name: internal, namespace: network, sectionName: https}]")
        );
    }
}
