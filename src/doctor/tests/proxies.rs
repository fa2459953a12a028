//! Rules about Ingresses, and about Traefik as the controller of Gateways.

use super::routes::{says, service};
use super::*;

const INGRESS: (&str, &str) = ("networking.k8s.io/v1", "Ingress");

/// A file with an Ingress `media/plex` of a class, to a Service.
fn ingress(class: &str, service: &str) -> String {
    let path = format!("{{path: /, pathType: Prefix, backend: {{service: {service}}}}}");
    let spec = format!("spec: {{ingressClassName: {class}, rules: [{{host: a.b, http: {{paths: [{path}]}}}}]}}");
    format!("//- apps/ingress.yaml\n{}", object(INGRESS.0, INGRESS.1, "plex", "media", &spec))
}

fn class(name: &str) -> String {
    format!("//- apps/class.yaml\n{}", object("networking.k8s.io/v1", "IngressClass", name, "x", "spec: {}"))
}

#[test]
fn a_class_that_is_not_there() {
    let code = "ingress-class-unknown";
    let plain = |class: &str| ingress(class, "{name: plex, port: {number: 80}}");
    let message = "nothing in this repository makes its class internal";
    for more in [String::new(), class("external")] {
        says(code, &format!("{}{more}", plain("internal")), &[&format!("Ingress media/plex: {message}")]);
        let values = "{service: {web: {}}, ingress: {i: {className: internal, hosts: [{host: a.b}]}}}";
        let files = format!("//- apps/plex.yaml\n{}{more}", app("plex", values));
        says(code, &files, &[&format!("plex, ingress.i: {message}")]);
    }
    for more in [
        class("internal"),
        class("'${CLASS}'"),
        class("internal").replace("apps/", "by-hand/"),
        // Any chart in any namespace may make it.
        format!("//- apps/x.yaml\n{}", release("x", "grafana", "{}").replace("namespace: media}", "namespace: home}")),
    ] {
        says(code, &format!("{}{more}", plain("internal")), &[]);
    }
    for open in ["'${CLASS}'", "''"] {
        says(code, &plain(open), &[]);
    }
}

#[test]
fn a_backend_of_an_ingress_that_is_not_there() {
    let code = "ingress-backend-unknown";
    let to = |service: &str| ingress("internal", service);
    let says_of = |wanted: &str, files: String| says(code, &files, &[&format!("Ingress media/plex: {wanted}")]);
    says_of("nothing in this repository makes Service media/plex", to("{name: plex, port: {number: 80}}"));
    let by_default = "spec: {defaultBackend: {service: {name: plex, port: {number: 80}}}}";
    let files = format!("//- apps/i.yaml\n{}", object(INGRESS.0, INGRESS.1, "plex", "media", by_default));
    says_of("nothing in this repository makes Service media/plex", files);
    for port in ["number: 81", "name: https"] {
        let files = format!("{}{}", to(&format!("{{name: plex, port: {{{port}}}}}")), service("plex"));
        let stated = port.split(' ').next_back().unwrap();
        says_of(&format!("Service media/plex has no port {stated}, only 80"), files);
    }
    let values = format!("//- apps/plex.yaml\n{}", app("plex", "{service: {web: {ports: {http: {port: 80}}}}}"));
    for (port, more) in [
        ("number: 80", service("plex")),
        ("name: http", service("plex")),
        ("name: anything", values),
        ("number: 80", format!("//- apps/x.yaml\n{}", release("x", "grafana", "{}"))),
    ] {
        says(code, &format!("{}{more}", to(&format!("{{name: plex, port: {{{port}}}}}"))), &[]);
    }
    // Flux itself makes it.
    says(code, &to("{name: webhook-receiver, port: {number: 80}}"), &[]);
}

/// A release of Traefik in namespace `network`.
fn traefik(name: &str, values: &str) -> String {
    let in_network = release(name, "traefik", values).replace("namespace: media}", "namespace: network}");
    format!("//- apps/{name}.yaml\n{in_network}")
}

const ON: &str = "kubernetesGateway: {enabled: true}";

#[test]
fn two_releases_of_traefik_for_all_classes() {
    let code = "gateway-class-shared";
    let on = format!("{{providers: {{{ON}}}}}");
    let both = |other: &str| format!("{}{}", traefik("inside", &on), traefik("outside", other));
    let claims =
        |one: &str, other: &str| format!("network/{one} claims all Gateways of Traefik, and so does network/{other}");
    says(code, &both(&on), &[&claims("inside", "outside"), &claims("outside", "inside")]);
    for other in [
        "{}",
        "{providers: {kubernetesGateway: {enabled: false}}}",
        "{providers: {kubernetesGateway: {enabled: true, labelSelector: app=outside}}}",
        "{providers: {kubernetesGateway: {enabled: true, labelselector: app=outside}}}",
        "{providers: {kubernetesGateway: {enabled: '${ON}'}}}",
    ] {
        says(code, &both(other), &[]);
    }
    let from = both(&on).replace("  values: {", "  valuesFrom: [{kind: ConfigMap, name: x}]\n  values: {");
    says(code, &from, &[]);
    says(code, &both(&on).replace("chart: traefik", "chart: other"), &[]);
}

#[test]
fn a_listener_where_traefik_does_not_listen() {
    let code = "listener-port-unknown";
    let gateway = |class: &str, port: &str| {
        let spec =
            format!("spec: {{gatewayClassName: {class}, listeners: [{{name: https, port: {port}, protocol: HTTPS}}]}}");
        format!(
            "//- apps/gateway.yaml\n{}",
            object("gateway.networking.k8s.io/v1", "Gateway", "inside", "network", &spec)
        )
    };
    let on = |more: &str| traefik("inside", &format!("{{providers: {{{ON}}}, {more}}}"));
    let message = |points: &str| {
        format!("Gateway network/inside: network/inside has no entry point at port 443 of listener https, but {points}")
    };
    let files = |more: &str, class: &str, port: &str| format!("{}{}", on(more), gateway(class, port));
    says(code, &files("ports: {}", "traefik", "443"), &[&message("web 8000, websecure 8443")]);
    says(code, &files("ports: {websecure: {port: 9443}}", "traefik", "443"), &[&message("websecure 9443, web 8000")]);
    says(code, &files("gatewayClass: {name: inside}", "inside", "443"), &[&message("web 8000, websecure 8443")]);
    let object_of = |controller: &str| {
        let spec = format!("spec: {{controllerName: {controller}}}");
        format!("//- apps/class.yaml\n{}", object("gateway.networking.k8s.io/v1", "GatewayClass", "mine", "x", &spec))
    };
    let mine = files("gatewayClass: {enabled: false}", "mine", "443");
    says(
        code,
        &format!("{mine}{}", object_of("traefik.io/gateway-controller")),
        &[&message("web 8000, websecure 8443")],
    );
    says(code, &format!("{mine}{}", object_of("example.org/controller")), &[]);
    says(code, &mine, &[]);
    for (more, class, port) in [
        ("ports: {}", "traefik", "8443"),
        ("ports: {}", "envoy", "443"),
        ("ports: {websecure: {port: 443}}", "traefik", "443"),
        ("ports: {websecure: {port: '${PORT}'}}", "traefik", "443"),
        ("additionalArguments: ['--entryPoints.more.address=:443']", "traefik", "443"),
    ] {
        says(code, &files(more, class, port), &[]);
    }
    let off = traefik("inside", "{providers: {kubernetesGateway: {enabled: false}}}");
    says(code, &format!("{off}{}", gateway("traefik", "443")), &[]);
}
