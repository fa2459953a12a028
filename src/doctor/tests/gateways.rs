//! Rules about Gateways and what is attached to them.

use super::routes::{ROUTE, route, says, service};
use super::*;

const GATEWAY: (&str, &str) = ("gateway.networking.k8s.io/v1", "Gateway");

/// A file with Gateway `network/internal`: HTTPS for `*.example.org` from all namespaces, and HTTP for
/// its own.
fn gateway() -> String {
    let listeners = "spec: {gatewayClassName: envoy, listeners: [\
         {name: http, port: 80, protocol: HTTP}, \
         {name: https, port: 443, protocol: HTTPS, hostname: '*.example.org', \
          tls: {certificateRefs: [{name: wildcard}]}, allowedRoutes: {namespaces: {from: All}}}]}";
    format!("//- apps/gateway.yaml\n{}", object(GATEWAY.0, GATEWAY.1, "internal", "network", listeners))
}

/// A route of namespace `media` with this parent and host.
fn attached(parent: &str, host: &str) -> String {
    let rules = "rules: [{backendRefs: [{name: plex, port: 80}]}]";
    format!("{}{}", service("plex"), route(&format!("{{parentRefs: [{parent}], hostnames: [{host}], {rules}}}")))
}

/// The same in values of app-template.
fn in_values(parent: &str, host: &str) -> String {
    let route =
        format!("{{parentRefs: [{parent}], hostnames: ['{host}'], rules: [{{backendRefs: [{{identifier: web}}]}}]}}");
    format!("//- apps/plex.yaml\n{}", app("plex", &format!("{{service: {{web: {{}}}}, route: {{r: {route}}}}}")))
}

const PARENT: &str = "{name: internal, namespace: network}";

#[test]
fn a_parent_that_is_not_there() {
    let code = "route-parent-unknown";
    let none = "nothing in this repository makes its parent, Gateway network/internal";
    says(code, &attached(PARENT, "a.example.org"), &[&format!("HTTPRoute media/plex: {none}")]);
    says(code, &in_values(PARENT, "a.example.org"), &[&format!("plex, route.r: {none}")]);
    let elsewhere = gateway().replace("namespace: network", "namespace: home");
    let instead = format!("HTTPRoute media/plex: {none}; there is one in namespace home");
    says(code, &format!("{}{elsewhere}", attached(PARENT, "a.example.org")), &[&instead]);
    let other_group = "{name: internal, namespace: network, group: networking.k8s.io}";
    let message = "its parent is of the group \"networking.k8s.io\", and Gateways are of gateway.networking.k8s.io";
    let files = format!("{}{}", attached(other_group, "a.example.org"), gateway());
    says(code, &files, &[&format!("HTTPRoute media/plex: {message}")]);
    let in_network = |more: &str| {
        format!("//- apps/more.yaml\n{}", more.replace("namespace: media}\nspec", "namespace: network}\nspec"))
    };
    for more in [
        gateway(),
        // It may be made.
        in_network(&release("anything", "traefik", "{}")),
        format!(
            "//- apps/more.yaml\n{}",
            release("anything", "traefik", "{gateway: {name: internal, namespace: network}}")
        ),
        in_network(&app("gate", "{rawResources: {r: {manifest: {kind: Gateway, metadata: {name: internal}}}}}")),
        gateway().replace("apps/gateway", "by-hand/gateway"),
        gateway().replace("name: internal", "name: '${NAME}'"),
        format!(
            "//- apps/more.yaml\n{}",
            object(
                "kustomize.toolkit.fluxcd.io/v1",
                "Kustomization",
                "foreign",
                "flux-system",
                "spec: {path: ./x, sourceRef: {kind: GitRepository, name: foreign}}",
            )
        ),
    ] {
        says(code, &format!("{}{more}", attached(PARENT, "a.example.org")), &[]);
    }
    for parent in ["{name: '${GATE}', namespace: network}", "{name: plex, kind: Service, group: ''}"] {
        says(code, &attached(parent, "a.example.org"), &[]);
    }
}

#[test]
fn other_releases_in_other_namespaces_make_no_parent() {
    let names_it =
        release("grafana", "grafana", "{route: {main: {parentRefs: [{name: internal, namespace: network}]}}}");
    let files = format!("{}//- apps/grafana.yaml\n{names_it}", attached(PARENT, "a.example.org"));
    assert_eq!(found("route-parent-unknown", &files).len(), 1);
}

#[test]
fn a_listener_that_is_not_there() {
    let code = "route-section-unknown";
    let parent = |section: &str| format!("{{name: internal, namespace: network, sectionName: {section}}}");
    let message = "Gateway network/internal has no listener tls, only http, https";
    let with_gateway = |files: String| format!("{files}{}", gateway());
    says(
        code,
        &with_gateway(attached(&parent("tls"), "a.example.org")),
        &[&format!("HTTPRoute media/plex: {message}")],
    );
    says(code, &with_gateway(in_values(&parent("tls"), "a.example.org")), &[&format!("plex, route.r: {message}")]);
    for section in ["https", "'${SECTION}'"] {
        says(code, &with_gateway(attached(&parent(section), "a.example.org")), &[]);
    }
    let patch = "//- apps/kustomization.yaml\nresources: [cluster.yaml, gateway.yaml, route.yaml, plex-service.yaml]\n\
                 patches: [{target: {kind: Gateway}, patch: '[{op: add, path: /spec/listeners/-, value: {name: tls}}]'}]\n";
    says(code, &format!("{}{patch}", with_gateway(attached(&parent("tls"), "a.example.org"))), &[]);
    let open = with_gateway(attached(&parent("tls"), "a.example.org")).replace("name: https", "name: '${NAME}'");
    says(code, &open, &[]);
}

#[test]
fn a_route_that_no_listener_takes() {
    let code = "route-not-admitted";
    let takes_not = |why: &str| format!("HTTPRoute media/plex: Gateway network/internal does not take it: {why}");
    let files = |parent: &str, host: &str| format!("{}{}", attached(parent, host), gateway());
    says(code, &files(PARENT, "a.example.com"), &[&takes_not("no listener is for a.example.com")]);
    let http = "{name: internal, namespace: network, sectionName: http}";
    says(code, &files(http, "a.example.org"), &[&takes_not("no listener takes routes of namespace media")]);
    let port = "{name: internal, namespace: network, port: 8443}";
    says(code, &files(port, "a.example.org"), &[&takes_not("no listener has this port")]);
    let tcp = files(PARENT, "a.example.org")
        .replace("protocol: HTTPS", "protocol: TCP")
        .replace("protocol: HTTP}", "protocol: UDP}");
    says(code, &tcp, &[&takes_not("no listener takes HTTPRoutes")]);
    for (parent, host) in [
        (PARENT, "a.example.org"),
        (PARENT, "a.example.com, a.example.org"),
        (PARENT, "'${HOST}'"),
        ("{name: internal, namespace: network, port: 443}", "a.example.org"),
    ] {
        says(code, &files(parent, host), &[]);
    }
    says(code, &format!("{}{}", in_values(PARENT, "{{ .Release.Name }}.example.com"), gateway()), &[]);
}

#[test]
fn a_policy_without_its_target() {
    let code = "policy-target-unknown";
    let policy = |kind: &str, target: &str| {
        let target = format!("spec: {{targetRefs: [{target}]}}");
        format!("//- apps/policy.yaml\n{}", object("gateway.envoyproxy.io/v1alpha1", kind, "auth", "media", &target))
    };
    let to = |name: &str| format!("{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: {name}}}");
    let missing = |kind: &str, name: &str| {
        format!("{kind} media/auth is attached to HTTPRoute {name}, which nothing in this repository makes")
    };
    for kind in ["SecurityPolicy", "BackendTrafficPolicy"] {
        says(code, &policy(kind, &to("plex")), &[&missing(kind, "plex")]);
    }
    let one = policy("SecurityPolicy", &to("plex")).replace("targetRefs: [", "targetRef: ").replace("}]}", "}}");
    says(code, &one, &[&missing("SecurityPolicy", "plex")]);
    // The name of the release, but for several routes.
    let values = |routes: &str| format!("//- apps/plex.yaml\n{}", app("plex", &format!("{{route: {routes}}}")));
    let files = |name: &str, routes: &str| format!("{}{}", policy("SecurityPolicy", &to(name)), values(routes));
    says(code, &files("plex", "{web: {}}"), &[]);
    says(code, &files("plex", "{web: {}, api: {}}"), &[&missing("SecurityPolicy", "plex")]);
    says(code, &files("plex-api", "{web: {}, api: {}}"), &[]);
    says(code, &files("plex-api", "{web: {}, api: {enabled: false}}"), &[&missing("SecurityPolicy", "plex-api")]);
    for more in [
        format!("//- apps/x.yaml\n{}", object(ROUTE.0, ROUTE.1, "plex", "media", "spec: {}")),
        // A chart of which nothing is known may make it.
        format!("//- apps/x.yaml\n{}", release("plex", "grafana", "{}")),
        format!("//- apps/x.yaml\n{}", release("other", "grafana", "{}")),
        format!("//- by-hand/x.yaml\n{}", object(ROUTE.0, ROUTE.1, "plex", "media", "spec: {}")),
    ] {
        says(code, &format!("{}{more}", policy("SecurityPolicy", &to("plex"))), &[]);
    }
    for open in [to("'${APP}'"), "{group: gateway.networking.k8s.io, kind: TCPRoute, name: plex}".to_owned()] {
        says(code, &policy("SecurityPolicy", &open), &[]);
    }
    says(code, &policy("EnvoyProxy", &to("plex")), &[]);
}

#[test]
fn what_no_grant_allows() {
    let code = "grant-missing";
    let backend = |more: &str| {
        let spec = format!("{{rules: [{{backendRefs: [{{name: web, namespace: home, port: 80}}{more}]}}]}}");
        let home = service("web").replace("namespace: media", "namespace: home");
        format!("{}{home}", route(&spec))
    };
    let message = "HTTPRoute media/plex: no ReferenceGrant in namespace home lets HTTPRoutes of media name Service web";
    says(code, &backend(""), &[message]);
    let grant = |from: &str, to: &str| {
        let spec = format!("spec: {{from: [{{group: gateway.networking.k8s.io, {from}}}], to: [{{group: '', {to}}}]}}");
        let version = "gateway.networking.k8s.io/v1beta1";
        format!("//- apps/grant.yaml\n{}", object(version, "ReferenceGrant", "g", "home", &spec))
    };
    let from_media = "kind: HTTPRoute, namespace: media";
    for (from, to) in [
        (from_media, "kind: Secret"),
        (from_media, "kind: Service, name: other"),
        ("kind: HTTPRoute, namespace: home", "kind: Service"),
        ("kind: Gateway, namespace: media", "kind: Service"),
    ] {
        says(code, &format!("{}{}", backend(""), grant(from, to)), &[message]);
    }
    for more in [
        grant(from_media, "kind: Service"),
        grant(from_media, "kind: Service, name: web"),
        grant("kind: HTTPRoute, namespace: '${FROM}'", "kind: Service"),
        format!("//- apps/x.yaml\n{}", release("x", "grafana", "{}").replace("namespace: media}", "namespace: home}")),
    ] {
        says(code, &format!("{}{more}", backend("")), &[]);
    }
    let secret = gateway().replace("{name: wildcard}", "{name: wildcard, namespace: cert-manager}");
    let message = "Gateway network/internal: no ReferenceGrant in namespace cert-manager lets Gateways of network name Secret wildcard";
    says(code, &secret, &[message]);
    says(code, &gateway(), &[]);
}
