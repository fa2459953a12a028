//! HTTPRoutes as their spec states them: parents, hosts, rules (`docs/gateway.md#httproutes`).

use super::ListenerRef;
use super::listener::{GROUP, is_of_gateway_api};
use crate::flux::Value;

/// What the spec of an HTTPRoute states. Nothing is inferred but what the API has by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRoute {
    /// The parents that it names.
    pub parents: Vec<ParentRef>,
    /// The hosts that it is for; all of its parents if there is none.
    pub hosts: Vec<String>,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// A parent of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentRef {
    /// The group of the parent: that of Gateways unless it is stated.
    pub group: String,
    /// The kind of the parent: `Gateway` unless it is stated.
    pub kind: String,
    /// Its name, and the listener.
    pub listener: ListenerRef,
    /// The port that its listeners must have, where one is stated.
    pub port: Option<String>,
}

/// A rule of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How each of its matches compares paths, where that is stated.
    pub path_types: Vec<Option<String>>,
    /// Whether it has filters: one may answer in the place of a backend.
    pub has_filters: bool,
    /// Where its requests go.
    pub backends: Vec<ObjectRef>,
}

/// An object that another one of the Gateway API names: a backend, the target of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRef {
    /// The group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: Option<String>,
    /// The port, as it is written.
    pub port: Option<String>,
}

impl HttpRoute {
    /// Reads an HTTPRoute that is applied to a namespace. `None` for other objects.
    pub fn of(object: &Value, namespace: &str) -> Option<HttpRoute> {
        let is_route = object.text_at(&["kind"]) == Some("HTTPRoute")
            && object.text_at(&["apiVersion"]).is_some_and(is_of_gateway_api);
        is_route.then(|| HttpRoute::read(object.get("spec").unwrap_or(&Value::Null), namespace))
    }

    /// Reads the spec of an HTTPRoute in a namespace. The values of charts have it, too.
    pub fn read(spec: &Value, namespace: &str) -> HttpRoute {
        HttpRoute {
            parents: items(spec, "parentRefs").filter_map(|parent| ParentRef::of(parent, namespace)).collect(),
            hosts: items(spec, "hostnames").filter_map(Value::text).map(str::to_owned).collect(),
            rules: items(spec, "rules").map(|rule| Rule::of(rule, namespace)).collect(),
        }
    }
}

impl ParentRef {
    fn of(value: &Value, namespace: &str) -> Option<ParentRef> {
        let text = |key: &str| value.text_at(&[key]).map(str::to_owned);
        Some(ParentRef {
            group: text("group").unwrap_or_else(|| GROUP.to_owned()),
            kind: text("kind").unwrap_or_else(|| "Gateway".to_owned()),
            listener: ListenerRef {
                namespace: text("namespace").unwrap_or_else(|| namespace.to_owned()),
                name: text("name")?,
                section: text("sectionName"),
            },
            port: text("port"),
        })
    }

    /// Whether it is a Gateway of this API.
    pub fn is_gateway(&self) -> bool {
        self.kind == "Gateway" && self.group == GROUP
    }
}

impl Rule {
    fn of(value: &Value, namespace: &str) -> Rule {
        let path_type = |one: &Value| one.text_at(&["path", "type"]).map(str::to_owned);
        Rule {
            path_types: items(value, "matches").map(path_type).collect(),
            has_filters: items(value, "filters").next().is_some(),
            backends: items(value, "backendRefs").map(|backend| ObjectRef::of(backend, namespace)).collect(),
        }
    }
}

impl ObjectRef {
    /// Reads a reference in an object of a namespace; it is a Service by default.
    pub fn of(value: &Value, namespace: &str) -> ObjectRef {
        let text = |key: &str| value.text_at(&[key]).map(str::to_owned);
        ObjectRef {
            group: text("group").unwrap_or_default(),
            kind: text("kind").unwrap_or_else(|| "Service".to_owned()),
            namespace: text("namespace").unwrap_or_else(|| namespace.to_owned()),
            name: text("name"),
            port: text("port"),
        }
    }

    /// Whether a Service is meant.
    pub fn is_service(&self) -> bool {
        self.kind == "Service" && self.group.is_empty()
    }
}

fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).map(Value::items).unwrap_or_default().iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::testing::value;

    fn route(spec: &str) -> HttpRoute {
        let object = value(&format!("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec: {spec}\n"));
        HttpRoute::of(&object, "media").unwrap()
    }

    #[test]
    fn a_parent_is_by_default_a_gateway_in_the_same_namespace() {
        let route = route("{parentRefs: [{name: internal}, {name: plex, kind: Service, group: '', namespace: home}]}");
        let named = |parent: &ParentRef| (parent.is_gateway(), parent.listener.namespace.clone());
        assert_eq!(
            route.parents.iter().map(named).collect::<Vec<_>>(),
            [(true, "media".to_owned()), (false, "home".to_owned())]
        );
    }

    #[test]
    fn a_backend_is_by_default_a_service() {
        let route = route(
            "{rules: [{filters: [{type: X}]}, {matches: [{path: {type: Exact}}, {}], \
             backendRefs: [{name: plex, port: 80}, {name: out, kind: Backend, group: gateway.envoyproxy.io}]}]}",
        );
        let [redirect, served] = route.rules.as_slice() else { panic!("{route:?}") };
        assert_eq!((redirect.has_filters, redirect.backends.len(), redirect.path_types.len()), (true, 0, 0));
        assert_eq!(served.path_types, [Some("Exact".to_owned()), None]);
        let backend = &served.backends[0];
        assert_eq!((backend.name.as_deref(), backend.port.as_deref()), (Some("plex"), Some("80")));
        assert_eq!(served.backends.iter().map(ObjectRef::is_service).collect::<Vec<_>>(), [true, false]);
    }
}
