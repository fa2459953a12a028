//! What an IngressRoute of Traefik serves, as routes.

use super::asked::Asked;
use super::codes;
use super::grant::GrantFor;
use super::ingress::backend;
use super::judge::{Remark, remark_of};
use super::serves::{Around, RouteOf, Serves};
use crate::flux::Value;
use crate::gateway::{
    Filters, MiddlewareName, PathMatch, Ranked, RouteRule, Router, Surroundings, filters_of, host_of_route,
    order_is_kept,
};

/// A rule of an IngressRoute, read.
struct Rule {
    router: Router,
    text: String,
    priority: Option<i64>,
}

/// The routes of an IngressRoute. Texts are taken from `stated`, the object as the file has it.
///
/// # Errors
/// The first thing that a route cannot say.
pub(super) fn serves(there: &Value, stated: &Value, around: &Around<'_>) -> Result<Serves, Remark> {
    let mut serves = Serves::default();
    let spec = |value: &Value, key: &str| value.at(&["spec", key]).cloned().unwrap_or(Value::Null);
    tls(&spec(there, "tls"), &mut serves.remarks)?;
    if spec(there, "parentRefs") != Value::Null {
        return Err(option("it has parentRefs"));
    }
    let (rules, written) = (spec(there, "routes"), spec(stated, "routes"));
    if rules.items().len() != written.items().len() {
        return Err(Remark::error((codes::INGRESS_PATCHED, "a patch changes its rules".to_owned())));
    }
    let mut read: Vec<Rule> = Vec::new();
    for (rule, written) in rules.items().iter().zip(written.items()) {
        let router = Router::of_rule(rule).map_err(|refusal| remark_of(&refusal))?;
        let stated_hosts = Router::of_rule(written).map_err(|refusal| remark_of(&refusal))?.hosts;
        if router.hosts.is_empty() {
            host_of_route("").map_err(|refusal| remark_of(&refusal))?;
        }
        if stated_hosts.len() != router.hosts.len() {
            return Err(Remark::error((codes::INGRESS_PATCHED, "a patch changes its hosts".to_owned())));
        }
        if let Some(note) = router.path.as_ref().and_then(|path| path.by_elements()) {
            serves.remarks.push(remark_of(&note));
        }
        let (made, asked) = rule_of(rule, &router, around, &mut serves.remarks)?;
        let services = rule.get("services").map(Value::items).unwrap_or_default();
        serves.grants.extend(services.iter().filter_map(|service| grant_for(service, around)));
        match serves.routes.iter_mut().find(|route| route.hosts == router.hosts) {
            Some(route) => {
                route.rules.push(made);
                route.asked.add(asked);
            }
            None => serves.routes.push(RouteOf {
                stated_hosts,
                hosts: router.hosts.clone(),
                rules: vec![made],
                asked,
                silenced: None,
            }),
        }
        let text = rule.text_at(&["match"]).unwrap_or_default().to_owned();
        let priority = rule.text_at(&["priority"]).and_then(|text| text.parse().ok());
        read.push(Rule { router, text, priority });
    }
    for (index, one) in read.iter().enumerate() {
        for other in &read[index + 1..] {
            order_is_kept(one.ranked(), other.ranked()).map_err(|refusal| remark_of(&refusal))?;
        }
    }
    if serves.routes.is_empty() {
        return Err(Remark::error((codes::NO_RULES, "it has no rule".to_owned())));
    }
    Ok(serves)
}

impl Rule {
    fn ranked(&self) -> Ranked<'_> {
        Ranked { router: &self.router, rule: &self.text, priority: self.priority }
    }
}

fn option(what: &str) -> Remark {
    Remark::error((codes::SERVICE_OPTION, what.to_owned()))
}

/// The certificate of the Gateway takes the place of the stated one.
fn tls(tls: &Value, remarks: &mut Vec<Remark>) -> Result<(), Remark> {
    if let Some((key, _)) = tls.entries().iter().find(|(key, _)| !matches!(key.as_str(), "secretName" | "domains")) {
        return Err(option(&format!("its tls has {key}")));
    }
    if let Some(secret) = tls.text_at(&["secretName"]) {
        let message = format!("the Secret {secret} is not named any more: the listener has the certificate");
        remarks.push(Remark::note(codes::NOT_NEEDED, message));
    }
    Ok(())
}

fn rule_of(
    rule: &Value,
    router: &Router,
    around: &Around<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<(RouteRule, Asked), Remark> {
    const READ: [&str; 7] = ["kind", "match", "syntax", "priority", "middlewares", "services", "observability"];
    if let Some((key, _)) = rule.entries().iter().find(|(key, _)| !READ.contains(&key.as_str())) {
        return Err(option(&format!("a rule has {key}")));
    }
    let cluster = around.cluster;
    let names = rule.get("middlewares").map(Value::items).unwrap_or_default().iter();
    let names = names.map(|name| MiddlewareName::of_rule(name, around.namespace, &cluster.middlewares));
    let own: Vec<MiddlewareName> = names.collect::<Result<_, _>>().map_err(|refusal| remark_of(&refusal))?;
    let names: Vec<MiddlewareName> = around.place.of_entry_points(cluster).into_iter().chain(own).collect();
    let made = filters(&names, (&router.hosts, router.path.as_ref()), around, remarks)?;
    let services = rule.get("services").map(Value::items).unwrap_or_default();
    let mut backends = Vec::new();
    for service in services.iter().filter(|_| !made.replaces_backend) {
        backends.push(backend_of(service, around, remarks)?);
    }
    if backends.is_empty() && !made.replaces_backend {
        return Err(Remark::error((codes::BACKEND_NOT_FOUND, "a rule names no Service".to_owned())));
    }
    let asked = Asked::of(&made, around);
    Ok((RouteRule { matches: router.matches(), filters: made.filters, backends }, asked))
}

/// What the middlewares of a rule become.
///
/// # Errors
/// If one of them has no equal.
pub(super) fn filters(
    names: &[MiddlewareName],
    (hosts, path): (&[String], Option<&PathMatch>),
    around: &Around<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<Filters, Remark> {
    let surroundings = Surroundings {
        namespace: around.namespace,
        hosts,
        path,
        listens: around.place.listens(),
        // Middlewares are read as they arrive.
        substitutes: false,
        limits_are_mapped: around.place.is_mapped_by_annotation(around.settings),
        is_traefik: around.place.chosen.is_served_by_traefik(),
        middlewares: &around.cluster.middlewares,
        configured: &around.settings.middlewares,
    };
    let made = filters_of(names, &surroundings).map_err(|refusal| remark_of(&refusal))?;
    if made.has_variables {
        let message = "a middleware has variables, which may have another value where the route is".to_owned();
        return Err(Remark::error((codes::MIDDLEWARE, message)));
    }
    remarks.extend(made.notes.iter().map(remark_of));
    if made.review {
        let listed: Vec<_> = names.iter().map(|name| name.id.as_str()).collect();
        let what = if made.filters.is_empty() { "has a counterpart" } else { "becomes filters of the route" };
        remarks.push(Remark::warning(codes::FILTERS, format!("{} {what}", listed.join(", "))));
    }
    Ok(made)
}

/// The grant that a Service of another namespace needs, and does not have; `None` where it needs none,
/// or what makes the Service is not in this repository.
fn grant_for(service: &Value, around: &Around<'_>) -> Option<GrantFor> {
    let (name, to) = (service.text_at(&["name"])?, service.text_at(&["namespace"])?);
    if to == around.namespace || around.cluster.grants(around.namespace, to) {
        return None;
    }
    let maker = around.cluster.maker_of(to, name)?.clone();
    Some(GrantFor { cluster: around.cluster.id, from: around.namespace.to_owned(), to: to.to_owned(), maker })
}

/// The API and dashboard of Traefik itself.
const DASHBOARD: &str = "api@internal";

/// The dashboard as a backend, which Traefik takes in routes of its own Gateways
/// (`isInternalService` in its `pkg/provider/kubernetes/gateway/kubernetes.go`).
fn dashboard(service: &Value, remarks: &mut Vec<Remark>) -> Result<Value, Remark> {
    if let Some((key, _)) = service.entries().iter().find(|(key, _)| !matches!(key.as_str(), "kind" | "name")) {
        return Err(option(&format!("{DASHBOARD} has {key}")));
    }
    let message = format!("{DASHBOARD} is a TraefikService: see that Traefik accepts the route before the cut");
    remarks.push(Remark::warning(codes::BACKEND_KIND, message));
    let stated = [("group", "traefik.io"), ("kind", "TraefikService"), ("name", DASHBOARD)];
    Ok(Value::mapping(stated.map(|(key, text)| (key, Value::string(text)))))
}

fn backend_of(service: &Value, around: &Around<'_>, remarks: &mut Vec<Remark>) -> Result<Value, Remark> {
    let name = service.text_at(&["name"]).unwrap_or_default();
    match service.text_at(&["kind"]) {
        None | Some("Service") => {}
        Some("TraefikService") if name == DASHBOARD && around.place.chosen.is_served_by_traefik() => {
            return dashboard(service, remarks);
        }
        Some(kind) => return Err(Remark::error((codes::BACKEND_KIND, format!("{name} is a {kind}")))),
    }
    let scheme = service.text_at(&["scheme"]).filter(|scheme| *scheme != "http");
    if let Some(scheme) = scheme {
        return Err(Remark::error((codes::BACKEND_TLS, format!("{name} is asked by {scheme}"))));
    }
    const READ: [&str; 6] = ["name", "namespace", "kind", "port", "scheme", "weight"];
    let is_default = |key: &str, value: &Value| key == "passHostHeader" && value.is_true();
    let other = service.entries().iter().find(|(key, value)| !READ.contains(&key.as_str()) && !is_default(key, value));
    if let Some((key, _)) = other {
        return Err(option(&format!("{name} has {key}")));
    }
    let namespace = service.text_at(&["namespace"]).filter(|namespace| *namespace != around.namespace);
    let is_missing = |namespace: &&str| !around.cluster.grants(around.namespace, namespace);
    if let Some(namespace) = namespace.filter(is_missing).filter(|_| grant_for(service, around).is_none()) {
        let message = format!(
            "{name} is in namespace {namespace}, and no ReferenceGrant there admits HTTPRoutes of {}",
            around.namespace
        );
        return Err(Remark::error((codes::GRANT_MISSING, message)));
    }
    let mut made = backend(around, name, namespace, service.text_at(&["port"]), remarks)?;
    if let Some(weight) = service.get("weight") {
        made.set("weight", weight.clone());
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::super::GatewayRoutes;
    use super::super::fixtures::{GATEWAY, traefik};
    use crate::plan::author::testing::Planned;

    /// The findings about an IngressRoute to the dashboard, and its file with the route.
    fn dashboard(class: &str) -> (Vec<String>, String) {
        let gateway = GATEWAY.replace("envoy", class);
        let router = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: dashboard, namespace: network}\n\
                      spec:\n  entryPoints: [websecure]\n  routes:\n    - kind: Rule\n      match: Host(`proxy.example.org`)\n      \
                      services: [{name: api@internal, kind: TraefikService}]\n";
        let values = "{ingressClass: {isDefaultClass: true}}";
        let fixture = format!(
            "//- apps/network.yaml\n{gateway}---\n{}//- apps/dashboard.yaml\n{router}//- apps/kustomization.yaml\n\
             resources: [network.yaml, dashboard.yaml]\n",
            traefik("traefik", values)
        );
        let planned = Planned::of(&GatewayRoutes, "", &fixture);
        let text = planned.text_after(&GatewayRoutes, super::super::units::ROUTE, "apps/dashboard.yaml");
        (planned.findings(), text.unwrap_or_default())
    }

    #[test]
    fn a_gateway_of_traefik_takes_its_dashboard() {
        let (findings, text) = dashboard("traefik");
        assert!(findings.contains(&"backend-not-service apps/dashboard.yaml:1".to_owned()), "{findings:?}");
        let backend = "    - backendRefs:\n        - group: traefik.io\n          kind: TraefikService\n          name: api@internal\n";
        assert!(text.ends_with(backend), "{text}");
        let (findings, text) = dashboard("envoy");
        assert!(findings.contains(&"backend-not-service apps/dashboard.yaml:1".to_owned()), "{findings:?}");
        assert!(!text.contains("HTTPRoute"), "{text}");
    }
}
