//! Rules about HTTPRoutes: objects, and values of app-template.

use super::*;

pub(super) const ROUTE: (&str, &str) = ("gateway.networking.k8s.io/v1", "HTTPRoute");

/// A file with an HTTPRoute `media/plex` of this spec.
pub(super) fn route(spec: &str) -> String {
    format!("//- apps/route.yaml\n{}", object(ROUTE.0, ROUTE.1, "plex", "media", &format!("spec: {spec}")))
}

/// A file with a Service that has the port 80, called `http`.
pub(super) fn service(name: &str) -> String {
    let ports = "spec: {ports: [{name: http, port: 80}]}";
    format!("//- apps/{name}-service.yaml\n{}", object("v1", "Service", name, "media", ports))
}

/// Findings of a code, without the path.
#[track_caller]
pub(super) fn says(code: &str, files: &str, wanted: &[&str]) {
    let found = found(code, files);
    let messages: Vec<&str> = found.iter().filter_map(|found| Some(found.split_once(": ")?.1)).collect();
    assert_eq!(messages, wanted, "{files}");
}

#[test]
fn annotations_that_nobody_reads_on_routes() {
    let code = "annotation-ignored-on-route";
    let annotated = |key: &str| {
        let route = route("{rules: [{backendRefs: [{name: plex, port: 80}]}]}");
        route.replace("namespace: media}", &format!("namespace: media, annotations: {{{key}: x}}}}"))
    };
    let values = |key: &str| {
        let values = format!("{{service: {{web: {{}}}}, route: {{r: {{annotations: {{{key}: x}}}}}}}}");
        format!("//- apps/plex.yaml\n{}", app("plex", &values))
    };
    for (key, reader) in [
        ("external-dns.alpha.kubernetes.io/target", "external-dns reads it on the Gateway"),
        ("external-dns.kubernetes.io/target", "external-dns reads it on the Gateway"),
        ("cert-manager.io/cluster-issuer", "cert-manager reads it on Gateways and Ingresses"),
        ("kubernetes.io/tls-acme", "cert-manager reads it on Ingresses"),
        ("nginx.ingress.kubernetes.io/auth-url", "ingress-nginx reads it on Ingresses"),
        ("traefik.ingress.kubernetes.io/router.tls", "Traefik reads it on Ingresses and Services"),
    ] {
        let message = format!("nobody reads {key} on routes: {reader}");
        says(code, &annotated(key), &[&format!("HTTPRoute media/plex: {message}")]);
        says(code, &values(key), &[&format!("plex, route.r: {message}")]);
    }
    for key in [
        "external-dns.alpha.kubernetes.io/hostname",
        "external-dns.alpha.kubernetes.io/targets",
        "kubernetes.io/ingress.class",
        "gethomepage.dev/enabled",
    ] {
        says(code, &annotated(key), &[]);
        says(code, &values(key), &[]);
    }
    let target = "external-dns.kubernetes.io/target";
    let disabled = values(target).replace("r: {", "r: {enabled: false, ");
    says(code, &disabled, &[]);
    let filter = release("dns", "external-dns", &format!("{{annotationFilter: {target}=x}}"));
    says(code, &format!("{}//- apps/dns.yaml\n{filter}", annotated(target)), &[]);
    let patch = "//- apps/kustomization.yaml\nresources: [cluster.yaml, route.yaml]\npatches:\n- target: {kind: HTTPRoute}\n  \
                 patch: '[{op: remove, path: /metadata/annotations}]'\n";
    says(code, &format!("{}{patch}", annotated(target)), &[]);
    let replaced =
        "//- apps/kustomization.yaml\nresources: [cluster.yaml, route.yaml]\nreplacements: [{path: x.yaml}]\n";
    says(code, &format!("{}{replaced}", annotated(target)), &[]);
}

#[test]
fn a_path_type_that_routes_do_not_have() {
    let code = "route-path-type";
    let rules =
        |text: &str| format!("{{rules: [{{}}, {{matches: [{{path: {{value: /x}}}}, {{path: {{type: {text}}}}}]}}]}}");
    let message = "the Gateway API has no path type Prefix, only Exact, PathPrefix, RegularExpression";
    says(code, &route(&rules("Prefix")), &[&format!("HTTPRoute media/plex: {message}")]);
    let values = |text: &str| {
        let values = format!("{{route: {{r: {}}}}}", rules(text));
        format!("//- apps/plex.yaml\n{}", app("plex", &values))
    };
    says(code, &values("Prefix"), &[&format!("plex, route.r: {message}")]);
    for text in ["PathPrefix", "Exact", "RegularExpression", "'${TYPE}'"] {
        says(code, &route(&rules(text)), &[]);
        says(code, &values(text), &[]);
    }
    says(code, &values("Prefix").replace("r: {", "r: {kind: GRPCRoute, "), &[]);
}

#[test]
fn a_route_without_a_backend() {
    let code = "route-without-backend";
    let none = "HTTPRoute media/plex: it has no rules, so every request is answered with 500";
    says(code, &route("{hostnames: [a.b]}"), &[none]);
    let rule =
        "HTTPRoute media/plex: its rule has neither backendRefs nor filters, so its requests are answered with 500";
    says(code, &route("{rules: [{backendRefs: [{name: x, port: 1}]}, {}]}"), &[rule]);
    says(code, &route("{rules: [{filters: [{type: RequestRedirect}]}]}"), &[]);
    let values = format!("//- apps/plex.yaml\n{}", app("plex", "{service: {a: {}, b: {}}, route: {r: {}}}"));
    says(code, &values, &["plex, route.r: it has no rules, and of 2 Services the chart chooses none"]);
    let of_3 = values.replace("b: {}", "b: {enabled: false}");
    says(code, &of_3, &[]);
    let none = "plex, route.r: it has no rules, and before 4.1.1 the chart adds none";
    says(code, &of_3.replace("4.6.2", "3.7.3"), &[none]);
}

#[test]
fn a_backend_that_is_not_there() {
    let code = "route-backend-unknown";
    let backend = |backend: &str| route(&format!("{{rules: [{{backendRefs: [{backend}]}}]}}"));
    let says_of = |wanted: &[&str], backend: &str, more: &str| {
        let wanted: Vec<String> = wanted.iter().map(|message| format!("HTTPRoute media/plex: {message}")).collect();
        says(code, &format!("{backend}{more}"), &wanted.iter().map(String::as_str).collect::<Vec<_>>());
    };
    let plex = backend("{name: plex, port: 80}");
    let nothing = "nothing in this repository makes Service media/plex";
    says_of(&[nothing], &plex, "");
    says_of(&[nothing], &plex, &service("other"));
    let elsewhere = format!("//- apps/home.yaml\n{}", object("v1", "Service", "plex", "home", ""));
    says_of(&[&format!("{nothing}; there is one in namespace home")], &plex, &elsewhere);
    for more in [
        service("plex"),
        format!("//- apps/plex.yaml\n{}", app("plex", "{service: {web: {ports: {http: {port: 80}}}}}")),
        // Something may make it.
        format!("//- apps/x.yaml\n{}", release("anything", "grafana", "{}")),
        format!("//- apps/x.yaml\n{}", object("serving.example.org/v1", "App", "other", "media", "")),
        format!("//- apps/x.yaml\n{}", object("fluxcd.controlplane.io/v1", "ResourceSet", "all", "x", "spec: {}")),
    ] {
        says_of(&[], &plex, &more);
    }
    for open in ["{name: '${APP}', port: 80}", "{name: plex, kind: Backend, group: gateway.envoyproxy.io}"] {
        says_of(&[], &backend(open), "");
    }
    // Its port.
    let port = |port: &str| backend(&format!("{{name: plex, {port}}}"));
    let lacks = "Service media/plex has no port 81, only 80";
    says_of(&[lacks], &port("port: 81"), &service("plex"));
    let values = format!("//- apps/plex.yaml\n{}", app("plex", "{service: {web: {ports: {http: {port: 80}}}}}"));
    says_of(&[lacks], &port("port: 81"), &values);
    says_of(&["its backend Service media/plex needs a port"], &port("weight: 1"), &service("plex"));
    says_of(
        &["the port of its backend Service media/plex is a number, not http"],
        &port("port: http"),
        &service("plex"),
    );
    says_of(&[], &port("port: '${PORT}'"), &service("plex"));
    says_of(&[], &port("port: 81"), &service("plex").replace("port: 80", "port: '${PORT}'"));
    says_of(&[], &port("port: 81"), &service("plex").replace("{ports", "{type: ExternalName, ports"));
    let of_values = "{service: {web: {ports: {http: {port: 80}}}}, route: {r: {rules: [{backendRefs: [{identifier: web, port: 81}]}]}}}";
    let message = "plex, route.r.rules.0.backendRefs.0.port: Service web has no port 81, only 80";
    says(code, &format!("//- apps/plex.yaml\n{}", app("plex", of_values)), &[message]);
}
