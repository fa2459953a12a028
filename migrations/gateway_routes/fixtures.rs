//! Objects that the fixtures of several tests have.

/// A Gateway that takes all routes over TLS.
pub(super) const GATEWAY: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: internal, namespace: network}
spec:
  gatewayClassName: envoy
  listeners: [{name: https, port: 443, protocol: HTTPS, allowedRoutes: {namespaces: {from: All}}}]
";

/// An Ingress of the class `inside`.
pub(super) const INGRESS: &str = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: site, namespace: apps}
spec:
  ingressClassName: inside
  rules:
    - host: www.example.org
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: site, port: {number: 80}}}}]}
";

/// The route that serves the same.
pub(super) const ROUTE: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: site, namespace: apps}
spec:
  hostnames: [www.example.org]
  parentRefs: [{name: internal, namespace: network}]
  rules: [{backendRefs: [{name: site, port: 80}]}]
";

/// A Traefik in namespace `network`, with these values.
pub(super) fn traefik(name: &str, values: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: network}}\n\
         spec:\n  chart: {{spec: {{chart: traefik, version: 37.0.0, sourceRef: {{kind: HelmRepository, name: traefik}}}}}}\n  \
         values: {values}\n"
    )
}

/// An ingress class that a controller serves.
pub(super) fn class(name: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: {name}}}\n\
         spec: {{controller: example.org/ingress}}\n"
    )
}
