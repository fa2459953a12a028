//! Gateways, and which routes their listeners take (`docs/gateway.md#listeners`).

use crate::flux::Value;

/// The group of Gateways and routes.
pub const GROUP: &str = "gateway.networking.k8s.io";

/// A Gateway, as it arrives in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// Its listeners, in their order.
    pub listeners: Vec<Listener>,
    /// Its annotations.
    pub annotations: Vec<(String, String)>,
}

/// A listener of a Gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its name: the `sectionName` of routes.
    pub name: String,
    /// Its port.
    pub port: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// The hosts that it takes; all if there is none.
    pub hostname: Option<String>,
    /// The names of the Secrets with its certificates, each with a namespace.
    pub certificates: Vec<(String, String)>,
    /// From which namespaces it takes routes.
    from: From,
    /// The kinds of routes that it takes, where they are stated.
    kinds: Vec<String>,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// Plain HTTP.
    Http,
    /// HTTP behind TLS that ends here.
    Https,
    /// Something that takes no HTTPRoutes.
    Other,
}

/// The namespaces whose routes a listener takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    All,
    Same,
    None,
    /// By labels of namespaces, which Kubernetes sets, too.
    Selector,
}

/// A parent that a route names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListenerRef {
    /// The namespace of the Gateway.
    pub namespace: String,
    /// The name of the Gateway.
    pub name: String,
    /// The listener; all of them if there is none.
    pub section: Option<String>,
}

impl Gateway {
    /// Reads a Gateway that is applied to a namespace. `None` for other objects.
    pub fn of(object: &Value, namespace: &str) -> Option<Gateway> {
        let is_gateway = object.text_at(&["kind"]) == Some("Gateway")
            && object.text_at(&["apiVersion"]).is_some_and(is_of_gateway_api);
        if !is_gateway {
            return None;
        }
        let listeners = object.at(&["spec", "listeners"]).map(Value::items).unwrap_or_default();
        let annotations = object.at(&["metadata", "annotations"]).map(Value::entries).unwrap_or_default();
        let text = |(key, value): &(String, Value)| Some((key.clone(), value.text()?.to_owned()));
        Some(Gateway {
            namespace: namespace.to_owned(),
            name: object.text_at(&["metadata", "name"])?.to_owned(),
            class: object.text_at(&["spec", "gatewayClassName"]).unwrap_or_default().to_owned(),
            listeners: listeners.iter().filter_map(|listener| Listener::of(listener, namespace)).collect(),
            annotations: annotations.iter().filter_map(text).collect(),
        })
    }

    /// The listener with a name.
    pub fn listener(&self, name: &str) -> Option<&Listener> {
        self.listeners.iter().find(|listener| listener.name == name)
    }

    /// Its annotation with a key.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.iter().find(|(own, _)| own == key).map(|(_, text)| text.as_str())
    }

    /// The listeners that take an HTTPRoute of a namespace for a host.
    pub fn taking<'g>(&'g self, namespace: &'g str, host: &'g str) -> impl Iterator<Item = &'g Listener> {
        let takes = move |listener: &&Listener| {
            listener.takes_routes()
                && listener.takes_host(host)
                && listener.takes_namespace(&self.namespace, namespace) != Some(false)
        };
        self.listeners.iter().filter(takes)
    }
}

impl Listener {
    fn of(value: &Value, namespace: &str) -> Option<Listener> {
        let certificates = value.at(&["tls", "certificateRefs"]).map(Value::items).unwrap_or_default();
        let certificate = |secret: &Value| {
            let in_namespace = secret.text_at(&["namespace"]).unwrap_or(namespace);
            Some((in_namespace.to_owned(), secret.text_at(&["name"])?.to_owned()))
        };
        let kinds = value.at(&["allowedRoutes", "kinds"]).map(Value::items).unwrap_or_default();
        let terminates = value.text_at(&["tls", "mode"]).is_none_or(|mode| mode == "Terminate");
        Some(Listener {
            name: value.text_at(&["name"])?.to_owned(),
            port: value.text_at(&["port"])?.to_owned(),
            protocol: match value.text_at(&["protocol"])? {
                "HTTP" => Protocol::Http,
                "HTTPS" if terminates => Protocol::Https,
                _ => Protocol::Other,
            },
            hostname: value.text_at(&["hostname"]).filter(|host| !host.is_empty()).map(str::to_owned),
            certificates: certificates.iter().filter_map(certificate).collect(),
            from: match value.text_at(&["allowedRoutes", "namespaces", "from"]).unwrap_or("Same") {
                "All" => From::All,
                "None" => From::None,
                "Selector" => From::Selector,
                _ => From::Same,
            },
            kinds: kinds.iter().filter_map(|kind| kind.text_at(&["kind"]).map(str::to_owned)).collect(),
        })
    }

    /// Whether it takes HTTPRoutes.
    pub fn takes_routes(&self) -> bool {
        self.protocol != Protocol::Other && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == "HTTPRoute"))
    }

    /// Whether it takes routes of a namespace; `None` where labels of namespaces decide.
    pub fn takes_namespace(&self, own: &str, of_route: &str) -> Option<bool> {
        match self.from {
            From::All => Some(true),
            From::Same => Some(own == of_route),
            From::None => Some(false),
            From::Selector => None,
        }
    }

    /// Whether some request for a host of a route reaches it: one contains the other.
    pub fn takes_host(&self, host: &str) -> bool {
        self.hostname.as_deref().is_none_or(|own| own == host || covers(own, host) || covers(host, own))
    }
}

/// Whether an `apiVersion` is of the Gateway API.
pub(super) fn is_of_gateway_api(api_version: &str) -> bool {
    api_version.split_once('/').is_some_and(|(group, _)| group == GROUP)
}

/// Whether a host with `*.` in front stands for another one. The star is for one label or several.
fn covers(wildcard: &str, host: &str) -> bool {
    wildcard.strip_prefix('*').is_some_and(|rest| rest.starts_with('.') && host.ends_with(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn gateway(listeners: &str) -> Gateway {
        let text = format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: internal}}\n\
             spec:\n  gatewayClassName: envoy\n  listeners:\n{listeners}"
        );
        let stream = Stream::parse(text.as_str()).unwrap();
        let root = stream.documents().next().unwrap();
        Gateway::of(&Value::of(root).unwrap(), "network").unwrap()
    }

    fn taking(gateway: &Gateway, namespace: &str, host: &str) -> Vec<String> {
        gateway.taking(namespace, host).map(|listener| listener.name.clone()).collect()
    }

    #[test]
    fn a_listener_takes_hosts_that_its_own_contains_or_that_contain_it() {
        let gateway = gateway(
            "  - {name: any, port: 443, protocol: HTTPS, allowedRoutes: {namespaces: {from: All}}}\n\
             \x20 - {name: star, port: 443, protocol: HTTPS, hostname: '*.example.org', allowedRoutes: {namespaces: {from: All}}}\n\
             \x20 - {name: apex, port: 443, protocol: HTTPS, hostname: example.org, allowedRoutes: {namespaces: {from: All}}}\n",
        );
        assert_eq!(taking(&gateway, "media", "plex.example.org"), ["any", "star"]);
        assert_eq!(taking(&gateway, "media", "a.b.example.org"), ["any", "star"]);
        assert_eq!(taking(&gateway, "media", "example.org"), ["any", "apex"]);
        assert_eq!(taking(&gateway, "media", "*.example.org"), ["any", "star"]);
        assert_eq!(taking(&gateway, "media", "other.net"), ["any"]);
    }

    #[test]
    fn a_listener_takes_routes_of_its_own_namespace_unless_it_says_otherwise() {
        let gateway = gateway(
            "  - {name: same, port: 80, protocol: HTTP}\n\
             \x20 - {name: none, port: 81, protocol: HTTP, allowedRoutes: {namespaces: {from: None}}}\n\
             \x20 - {name: labels, port: 82, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector}}}\n\
             \x20 - {name: tcp, port: 83, protocol: TCP, allowedRoutes: {namespaces: {from: All}}}\n\
             \x20 - {name: through, port: 84, protocol: HTTPS, tls: {mode: Passthrough}, allowedRoutes: {namespaces: {from: All}}}\n\
             \x20 - {name: grpc, port: 85, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}], namespaces: {from: All}}}\n",
        );
        assert_eq!(taking(&gateway, "network", "plex.example.org"), ["same", "labels"]);
        assert_eq!(taking(&gateway, "media", "plex.example.org"), ["labels"]);
    }
}
