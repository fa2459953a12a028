//! What middlewares ask of the routes that take the place of an Ingress: policies in the cluster.

use super::codes;
use super::judge::Remark;
use super::serves::Around;
use crate::flux::Value;
use crate::gateway::Filters;

/// The fields by which policies ask who somebody is: of SecurityPolicies of Envoy Gateway 1.6,
/// AuthorizationPolicies of Istio 1.27 (a `provider` is asked), TrafficPolicies of kgateway 2.1.
const AUTHENTICATING: [&str; 8] =
    ["extAuth", "oidc", "jwt", "basicAuth", "apiKeyAuth", "provider", "jwtAuth", "oauth2"];

/// The fields by which they let in some clients only, by address or otherwise.
const LIMITING: [&str; 3] = ["authorization", "rules", "rbac"];

/// What a policy does with requests, as far as it matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Policy {
    authenticates: bool,
    limits: bool,
}

/// A policy of an HTTPRoute.
pub(super) struct RoutePolicy {
    /// Its kind and name.
    pub(super) kind: String,
    pub(super) name: String,
    /// The name of the route.
    pub(super) route: String,
    pub(super) policy: Policy,
    /// The namespaces of the Services that it asks who somebody is, where these are stated.
    pub(super) asks: Vec<String>,
}

/// What an object says of HTTPRoutes, if it is a policy: one for each route.
pub(super) fn policies_of(object: &Value) -> Vec<RoutePolicy> {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    // Policies of these kinds are about other things, too.
    let Some(policy) = Policy::of(spec) else { return Vec::new() };
    let mut asks = Vec::new();
    if let Some(asked) = spec.get("extAuth") {
        namespaces_in(asked, &mut asks);
    }
    let kind = object.text_at(&["kind"]).unwrap_or_default();
    let name = object.text_at(&["metadata", "name"]).unwrap_or_default();
    let one = spec.get("targetRef").into_iter();
    let targets = one.chain(spec.get("targetRefs").map(Value::items).unwrap_or_default());
    let routes = targets.filter(|target| target.text_at(&["kind"]) == Some("HTTPRoute"));
    let of_route = |target: &Value| {
        let route = target.text_at(&["name"])?.to_owned();
        Some(RoutePolicy { kind: kind.to_owned(), name: name.to_owned(), route, policy, asks: asks.clone() })
    };
    routes.filter_map(of_route).collect()
}

/// All `namespace` in a value.
fn namespaces_in(value: &Value, found: &mut Vec<String>) {
    found.extend(value.text_at(&["namespace"]).map(str::to_owned));
    value.entries().iter().for_each(|(_, value)| namespaces_in(value, found));
    value.items().iter().for_each(|value| namespaces_in(value, found));
}

/// The middlewares of an Ingress that only a policy can stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// Those that ask who somebody is.
    authentication: Vec<String>,
    /// Those that ask where from.
    limits: Vec<String>,
    /// The Components that the configuration has for them.
    components: Vec<String>,
}

impl Policy {
    /// What the spec of a policy says; `None` if it is about other things.
    pub(super) fn of(spec: &Value) -> Option<Policy> {
        let has = |keys: &[&str]| keys.iter().any(|key| spec.get(key).is_some());
        let policy = Policy { authenticates: has(&AUTHENTICATING), limits: has(&LIMITING) };
        (policy != Policy::default()).then_some(policy)
    }

    /// Both what it does and what another policy of the same route does.
    pub(super) fn and(self, other: Policy) -> Policy {
        Policy { authenticates: self.authenticates || other.authenticates, limits: self.limits || other.limits }
    }
}

impl Asked {
    /// What is left to policies of what middlewares become. A Gateway that is stated for the limit
    /// keeps addresses out by itself.
    pub(super) fn of(made: &Filters, around: &Around<'_>) -> Asked {
        let is_mapped = around.place.is_mapped_by_annotation(around.settings);
        let limits = if is_mapped { Vec::new() } else { made.limits.clone() };
        Asked { authentication: made.authentication.clone(), limits, components: made.components.clone() }
    }

    /// A login that the configuration has a Component for.
    pub(super) fn login(id: String, component: String) -> Asked {
        Asked { authentication: vec![id], limits: Vec::new(), components: vec![component] }
    }

    /// A limit of addresses that only a policy can stand for.
    pub(super) fn limit(id: String) -> Asked {
        Asked { limits: vec![id], ..Asked::default() }
    }

    /// Adds what other rules of the route ask.
    pub(super) fn add(&mut self, other: Asked) {
        self.authentication.extend(other.authentication);
        self.limits.extend(other.limits);
        self.components.extend(other.components);
    }

    /// The Components that the configuration has for what is asked.
    pub(super) fn components(&self) -> &[String] {
        &self.components
    }

    /// What there is to say if the policies of a route do not do it.
    pub(super) fn without_policy(&self, policy: Policy, route: &str) -> Option<Remark> {
        let remark = |code, asking: &[String], does: &str| {
            let listed = asking.join(", ");
            let message = format!("{listed} {does}, and no policy in this cluster that does targets HTTPRoute {route}");
            Some(Remark::error((code, message)))
        };
        if !self.authentication.is_empty() && !policy.authenticates {
            return remark(codes::AUTH_LOST, &self.authentication, "authenticates");
        }
        if !self.limits.is_empty() && !policy.limits {
            return remark(codes::ACCESS_WIDER, &self.limits, "keeps addresses out");
        }
        None
    }

    /// What there is to say of a route whose name is not known: whether a policy targets it is not seen.
    pub(super) fn of_unknown_route(&self) -> Option<Remark> {
        let (code, asking) = match (&self.authentication[..], &self.limits[..]) {
            ([], []) => return None,
            ([], limits) => (codes::ACCESS_WIDER, limits),
            (authentication, _) => (codes::AUTH_LOST, authentication),
        };
        let listed = asking.join(", ");
        let message = format!("a policy has to do what {listed} does, and the name of the chart's route is not known");
        Some(Remark::error((code, message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    #[test]
    fn a_limit_is_no_login() {
        let of = |text: &str| {
            let stream = Stream::parse(text).expect("sound");
            Policy::of(&stream.documents().next().and_then(Value::of).expect("a value"))
        };
        let login = Policy { authenticates: true, limits: false };
        let limit = Policy { authenticates: false, limits: true };
        assert_eq!(of("{extAuth: {}}"), Some(login));
        assert_eq!(of("{authorization: {rules: []}}"), Some(limit));
        assert_eq!(of("{action: CUSTOM, provider: {name: sso}, rules: []}"), Some(login.and(limit)));
        assert_eq!(of("{cors: {}}"), None);
    }
}
