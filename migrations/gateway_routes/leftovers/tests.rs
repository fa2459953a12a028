//! Trees in which all Ingresses are cut, and what they leave behind.

use super::super::GatewayRoutes;
use super::super::fixtures::{GATEWAY, ROUTE};
use crate::plan::author::testing::{Planned, check};

/// A release of external-dns that reads routes, and these besides.
fn dns(besides: &str) -> String {
    format!(
        "//- apps/dns.yaml\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n\
         metadata: {{name: external-dns, namespace: network}}\nspec:\n  chart: {{spec: {{chart: external-dns, version: 1.19.0, \
         sourceRef: {{kind: HelmRepository, name: external-dns}}}}}}\n  values:\n    policy: sync\n    sources:\n      - crd\n\
         {besides}      - gateway-httproute\n"
    )
}

fn kustomization(resources: &[&str]) -> String {
    let resources: String = resources.iter().map(|path| format!("  - ./{path}\n")).collect();
    format!("//- apps/kustomization.yaml\nresources:\n{resources}")
}

/// One of the Middlewares, which something may name.
const LIMITS: &str = "\
# The others name it.
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: limits, namespace: network}
spec: {rateLimit: {average: 1}}
";

const OTHERS: &str = "\
//- apps/compress.yaml
# Small is quick.
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: compress, namespace: network}
spec: {compress: {}}
//- apps/values.toml
middlewares = [\"network-limits@kubernetescrd\"]
";

/// A cluster with a Gateway, an external-dns and a Traefik that once served IngressRoutes.
fn network() -> String {
    let list =
        kustomization(&["network.yaml", "dns.yaml", "middlewares.yaml", "compress.yaml", "site/ingressroute.yaml"]);
    let dns = dns("      - ingress # before the Gateway\n      - traefik-proxy\n");
    let headers = "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: headers, namespace: network}\n\
                   spec: {headers: {frameDeny: true}}\n";
    format!(
        "{list}//- apps/network.yaml\n{GATEWAY}{dns}//- apps/middlewares.yaml\n{headers}---\n{LIMITS}{OTHERS}\
         //- apps/site/ingressroute.yaml\n{ROUTE}"
    )
}

/// What is left of the route and of external-dns.
fn after() -> String {
    format!("{}//- apps/site/ingressroute.yaml\n//- apps/site/httproute.yaml\n{ROUTE}", dns(""))
}

#[test]
fn what_nothing_needs_is_removed_and_what_is_named_stays() {
    let list = kustomization(&["network.yaml", "dns.yaml", "middlewares.yaml", "site/httproute.yaml"]);
    let files = format!("{list}{}//- apps/middlewares.yaml\n---\n{LIMITS}//- apps/compress.yaml\n", after());
    let planned = check(&GatewayRoutes, &network(), &files);
    assert_eq!(
        planned.units(),
        [
            "safe none file apps/site/ingressroute.yaml: renamed to httproute.yaml",
            "review restart release network/external-dns: external-dns no longer reads ingress and traefik-proxy",
            "safe none Middleware network/compress: removed: nothing names it",
            "safe none Middleware network/headers: removed: nothing names it",
        ]
    );
}

/// The units of the tree with one more file.
fn with(file: &str) -> Vec<String> {
    let list = "  - ./site/ingressroute.yaml\n";
    let name = file.lines().next().unwrap_or_default().trim_start_matches("//- apps/");
    let before = network().replacen(list, &format!("{list}  - ./{name}\n"), 1) + file;
    Planned::of(&GatewayRoutes, "", &before).units()
}

fn has(units: &[String], subject: &str) -> bool {
    units.iter().any(|unit| unit.contains(subject) && !unit.starts_with("refused"))
}

#[test]
fn nothing_is_removed_while_something_is_served_the_old_way() {
    let tcp = with(
        "\
//- apps/tcp.yaml
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {name: tcp, namespace: apps}
spec: {routes: []}
",
    );
    assert!(!has(&tcp, "Middleware") && !has(&tcp, "file "), "{tcp:#?}");
    assert!(tcp.iter().any(|unit| unit.ends_with("no longer reads ingress")), "{tcp:#?}");
    let chart = with(
        "\
//- apps/chart.yaml
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: traefik, namespace: network}
spec:
  chart: {spec: {chart: traefik, version: 37.0.0, sourceRef: {kind: HelmRepository, name: traefik}}}
  values: {ingressRoute: {dashboard: {enabled: true}}}
",
    );
    assert!(!has(&chart, "Middleware") && chart.iter().any(|unit| unit.ends_with("reads ingress")), "{chart:#?}");
    let solver = with(
        "\
//- apps/issuer.yaml
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: acme}
spec:
  acme:
    solvers:
      - http01:
          ingress:
            ingressClassName: inside
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: inside}
spec: {controller: traefik.io/ingress-controller}
",
    );
    assert!(!has(&solver, "Middleware"), "made in the running cluster (G21): {solver:#?}");
    assert!(solver.iter().any(|unit| unit.ends_with("no longer reads traefik-proxy")), "{solver:#?}");
}

#[test]
fn what_names_something_keeps_it() {
    let route = with(
        "\
//- apps/other.yaml
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: other, namespace: network}
spec:
  parentRefs: [{name: internal}]
  rules: [{filters: [{type: ExtensionRef, extensionRef: {group: traefik.io, kind: Middleware, name: headers}}]}]
",
    );
    assert!(!has(&route, "Middleware network/headers") && has(&route, "Middleware network/compress"), "{route:#?}");
    let service = with(
        "\
//- apps/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: x
  namespace: apps
  annotations: {traefik.ingress.kubernetes.io/router.middlewares: network-compress@kubernetescrd}
",
    );
    assert!(!has(&service, "Middleware network/compress"), "{service:#?}");
    let patched = with(
        "\
//- apps/site/kustomization.yaml
resources: []
patches: [{path: ingressroute.yaml}]
",
    );
    assert!(!has(&patched, "file apps/site"), "{patched:#?}");
}

#[test]
fn the_last_one_takes_its_file_along() {
    let before = network().replace("name: limits, namespace", "name: other, namespace");
    let list = kustomization(&["network.yaml", "dns.yaml", "site/httproute.yaml"]);
    let files = format!("{list}{}//- apps/middlewares.yaml\n//- apps/compress.yaml\n", after());
    let planned = check(&GatewayRoutes, &before, &files);
    assert_eq!(planned.units().iter().filter(|unit| unit.contains("Middleware")).count(), 3, "{:#?}", planned.units());
}

#[test]
fn values_that_are_not_seen_may_make_an_ingress() {
    for values in
        ["  values: {ingress: {main: {enabled: true, hosts: []}}}\n", "  valuesFrom: [{kind: ConfigMap, name: x}]\n"]
    {
        let units = with(&format!(
            "//- apps/chart.yaml\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n\
             metadata: {{name: x, namespace: apps}}\nspec:\n  chartRef: {{kind: OCIRepository, name: elsewhere}}\n{values}"
        ));
        assert!(!has(&units, "Middleware"), "{values}: {units:#?}");
        assert!(units.iter().any(|unit| unit.ends_with("no longer reads traefik-proxy")), "{values}: {units:#?}");
    }
}
