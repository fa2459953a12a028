//! Gateways that are written because the configuration asks for them.
//!
//! The class of Gateways is never written, nor is a controller installed: both are to be there.

use super::META;
use super::cluster::InCluster;
use super::codes;
use super::judge::Remark;
use super::new_file::{NewFile, place_for};
use super::settings::{ClassMap, Create, GatewayRoutesSettings};
use crate::flux::{ClusterId, Value, View};
use crate::gateway::{Gateway, object};
use crate::plan::{Finding, Subject, UnitId};

pub(super) const GATEWAY: &str = "gateway";

/// A Gateway that a cluster does not have yet, and that the configuration asks for.
pub(super) struct Creation {
    /// As it is going to arrive.
    pub(super) gateway: Gateway,
    pub(super) id: UnitId,
    /// Where it is written, or why it is not.
    pub(super) verdict: Result<NewFile, Vec<Finding>>,
    /// What there is to look at first.
    pub(super) findings: Vec<Finding>,
}

/// The Gateways that a cluster is to get.
pub(super) fn creations(
    view: &View,
    cluster: ClusterId,
    found: &InCluster,
    settings: &GatewayRoutesSettings,
) -> Vec<Creation> {
    let name = &view.graph().clusters[cluster].name;
    let mut all: Vec<Creation> = Vec::new();
    for map in settings.gateways.iter().filter(|map| map.is_of(name)) {
        let (namespace, gateway) = &map.gateway;
        let is_there = found.gateways.iter().any(|there| there.namespace == *namespace && there.name == *gateway);
        let is_known = all.iter().any(|known| known.gateway.namespace == *namespace && known.gateway.name == *gateway);
        let Some(create) = map.create.as_ref().filter(|_| !is_there && !is_known) else { continue };
        all.extend(creation(view, cluster, found, (map, create)));
    }
    all
}

/// A Gateway of the configuration; `None` if the cluster does not apply its directory.
fn creation(
    view: &View,
    cluster: ClusterId,
    found: &InCluster,
    (map, create): (&ClassMap, &Create),
) -> Option<Creation> {
    let (namespace, name) = &map.gateway;
    let place = place_for(view, cluster, &create.path, namespace)?;
    let error = |code, message: &str| Finding::error(code, message.to_owned()).at(&create.path, None);
    let id = UnitId::new(&META, GATEWAY, Subject::object("Gateway", namespace, name, &create.path));
    let mut findings = Vec::new();
    let mut errors = Vec::new();
    let ports = match found.is_of_traefik(&create.class) {
        true => found.ports_of_traefik(&create.class),
        false => Some(["80".to_owned(), "443".to_owned()]),
    };
    if ports.is_none() {
        let message = format!(
            "which release of Traefik serves the GatewayClass {}, and at which ports, is not seen",
            create.class
        );
        errors.push(error(codes::LISTENER_PORT, &message));
    }
    if let Some(twice) = found.traefik_twice().filter(|_| found.is_of_traefik(&create.class)) {
        errors.push(error(codes::TRAEFIK_TWICE, &twice.message));
    }
    if !found.gateway_classes.contains(&create.class) {
        let message = format!("GatewayClass {} is not in this repository", create.class);
        findings.push(Finding::warning(codes::CLASS_NOT_SEEN, message).at(&create.path, None));
    }
    if !found.has_gateway_api {
        let message = "nothing in this repository brings the custom resources of the Gateway API";
        findings.push(Finding::warning(codes::CRDS_NOT_SEEN, message.to_owned()).at(&create.path, None));
    }
    let redirect = (namespace.clone(), redirect_of(name));
    if found.routes.contains_key(&redirect) {
        errors
            .push(error(codes::NAME_TAKEN, &format!("there is an HTTPRoute {} in namespace {namespace}", redirect.1)));
    }
    let made = Made { found, map, create, ports: ports.unwrap_or_default() };
    let (object, remarks) = match made.gateway() {
        Ok(made) => made,
        Err(remark) => {
            errors.push(remark.at("", &create.path, 1));
            (made.with(Vec::new()), Vec::new())
        }
    };
    findings.extend(remarks.iter().map(|remark| remark.at("", &create.path, 1)));
    let gateway = Gateway::of(&object, namespace)?;
    let verdict = match place {
        Ok(place) if errors.is_empty() => {
            let states = |mut object: Value| {
                if !place.gives_namespace
                    && let Some(metadata) = object.get_mut("metadata")
                    && let Value::Mapping(entries) = metadata
                {
                    entries.insert(1, ("namespace".to_owned(), Value::string(namespace)));
                }
                object
            };
            let documents = vec![states(object), states(made.redirect())];
            Ok(NewFile { path: create.path.clone(), documents, listed_in: place.listed_in })
        }
        Ok(_) => Err(errors),
        Err(reason) => Err(errors.into_iter().chain([reason]).collect()),
    };
    Some(Creation { gateway, id, verdict, findings })
}

/// The route that sends plain HTTP of a Gateway to TLS.
fn redirect_of(gateway: &str) -> String {
    format!("{gateway}-https-redirect")
}

struct Made<'a> {
    found: &'a InCluster,
    map: &'a ClassMap,
    create: &'a Create,
    /// Those for plain HTTP and for TLS.
    ports: [String; 2],
}

impl Made<'_> {
    /// The Gateway: one listener for plain HTTP, which only its own redirection uses; one for TLS
    /// without a hostname, as today's proxies answer any name; one for each name of a further certificate.
    fn gateway(&self) -> Result<(Value, Vec<Remark>), Remark> {
        let mut remarks = Vec::new();
        let [http, https] = &self.ports;
        let mut listeners = vec![listener("http", None, http, "HTTP", None)];
        for (index, secret) in self.create.certificates.iter().enumerate() {
            let of = (self.map.gateway.0.clone(), secret.clone());
            let names = self.found.names_of(&of);
            if names.is_none() && !self.found.secrets.contains(&of) {
                let message = format!("nothing in this repository makes the Secret {} in namespace {}", of.1, of.0);
                remarks.push(Remark::warning(codes::CERTIFICATE_NOT_SEEN, message));
            }
            if index == 0 {
                listeners.push(listener("https", None, https, "HTTPS", Some(secret)));
                continue;
            }
            let Some(names) = names.filter(|names| !names.iter().any(|name| name.contains("${"))) else {
                let message = format!("which names the certificate {secret} has is not known: its listeners need them");
                return Err(Remark::error((codes::CERTIFICATE_NOT_SEEN, message)));
            };
            for name in names {
                let label = name.trim_start_matches("*.").replace('.', "-");
                let label = if name.starts_with("*.") { label } else { format!("{label}-apex") };
                listeners.push(listener(&format!("https-{label}"), Some(name), https, "HTTPS", Some(secret)));
            }
        }
        Ok((self.with(listeners), remarks))
    }

    fn with(&self, listeners: Vec<Value>) -> Value {
        let mut metadata = vec![("name".to_owned(), Value::string(&self.map.gateway.1))];
        if let Some(target) = &self.map.target {
            let key = format!("{}/target", self.found.dns_prefix());
            metadata.push(("annotations".to_owned(), Value::mapping([(key.as_str(), Value::string(target))])));
        }
        let spec = [("gatewayClassName", Value::string(&self.create.class)), ("listeners", Value::Sequence(listeners))];
        object("Gateway", Value::Mapping(metadata), Value::mapping(spec))
    }

    /// The route that sends plain HTTP to TLS. It needs no record.
    fn redirect(&self) -> Value {
        let name = &self.map.gateway.1;
        let controller = format!("{}/controller", self.found.dns_prefix());
        let to_https = Value::mapping([
            ("type", Value::string("RequestRedirect")),
            (
                "requestRedirect",
                Value::mapping([
                    ("scheme", Value::string("https")),
                    ("statusCode", Value::Scalar { text: "301".to_owned(), string: false }),
                ]),
            ),
        ]);
        let parent = Value::mapping([("name", Value::string(name)), ("sectionName", Value::string("http"))]);
        let metadata = Value::mapping([
            ("name", Value::string(&redirect_of(name))),
            ("annotations", Value::mapping([(controller.as_str(), Value::string("none"))])),
        ]);
        let rule = Value::mapping([("filters", Value::Sequence(vec![to_https]))]);
        let spec = [("parentRefs", Value::Sequence(vec![parent])), ("rules", Value::Sequence(vec![rule]))];
        object("HTTPRoute", metadata, Value::mapping(spec))
    }
}

fn listener(name: &str, host: Option<&str>, port: &str, protocol: &str, secret: Option<&str>) -> Value {
    let from = if secret.is_some() { "All" } else { "Same" };
    let mut entries = vec![("name", Value::string(name))];
    entries.extend(host.map(|host| ("hostname", Value::string(host))));
    entries.push(("port", Value::Scalar { text: port.to_owned(), string: false }));
    entries.push(("protocol", Value::string(protocol)));
    entries.push(("allowedRoutes", Value::mapping([("namespaces", Value::mapping([("from", Value::string(from))]))])));
    if let Some(secret) = secret {
        let reference = Value::mapping([("name", Value::string(secret))]);
        entries.push(("tls", Value::mapping([("certificateRefs", Value::Sequence(vec![reference]))])));
    }
    Value::mapping(entries)
}

#[cfg(test)]
mod tests {
    use super::super::GatewayRoutes;
    use super::super::fixtures::{INGRESS, traefik};
    use crate::plan::author::testing::Planned;

    const BEFORE: &str = "\
//- apps/kustomization.yaml
resources: [./ingress.yaml]
//- apps/ingress.yaml
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: inside}
spec: {controller: k8s.io/ingress-nginx}
---
";

    fn planned(create: &str, more: &str) -> Planned {
        let settings = format!(
            "gateway-routes: {{gateways: [{{class: inside, gateway: network/internal, create: {{class: envoy, {create}}}}}]}}\n"
        );
        Planned::of(
            &GatewayRoutes,
            &settings,
            &format!("{BEFORE}{INGRESS}  tls: [{{hosts: [www.example.org]}}]\n{more}"),
        )
    }

    /// `docs/hazards.md#g19`.
    #[test]
    fn g19_what_the_tree_does_not_show_is_for_review() {
        let planned = planned("path: apps/gateway.yaml, certificates: [wildcard-tls]", "");
        let codes = planned.findings();
        for code in ["gateway-class-not-seen", "gateway-crds-not-seen", "certificate-not-seen"] {
            let line = format!("{code} apps/gateway.yaml");
            assert!(codes.iter().any(|found| found.starts_with(&line)), "{code}: {codes:#?}");
        }
        let units = planned.units();
        assert!(units[0].starts_with("review none Gateway network/internal"), "{units:#?}");
    }

    #[test]
    fn a_gateway_that_cannot_be_written_takes_no_route() {
        for (create, more, code) in [
            ("path: apps/gateway.yaml, certificates: [a, b]", "", "certificate-not-seen"),
            ("path: apps/ingress.yaml, certificates: [a]", "", "gateway-file-taken"),
            (
                "path: apps/other/gateway.yaml, certificates: [a]",
                "//- apps/kustomization.yaml\nresources: [./ingress.yaml, ./other]\n\
                 //- apps/other/kustomization.yaml\nnamespace: another\nresources: [./a.yaml]\n\
                 //- apps/other/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
                "gateway-file-taken",
            ),
            ("path: elsewhere/gateway.yaml, certificates: [a]", "", "gateway-not-known"),
        ] {
            let planned = planned(create, more);
            assert!(planned.plan.units.iter().all(|unit| !unit.is_able()), "{create}: {:#?}", planned.units());
            let errors = planned.findings();
            assert!(errors.iter().any(|line| line.starts_with(&format!("{code} "))), "{create}: {errors:#?}");
        }
    }

    #[test]
    fn a_gateway_of_traefik_has_the_ports_of_its_entry_points() {
        let on = "ports: {websecure: {port: 443}}, providers: {kubernetesGateway: {enabled: true, labelSelector: a=b}}";
        let of = |name: &str, more: &str| {
            let values = format!("{{ingressClass: {{name: {name}}}, gatewayClass: {{name: gate}}, {more}}}");
            format!("---\n{}", traefik(name, &values))
        };
        let planned = |more: &str| {
            let settings = "gateway-routes: {gateways: [{class: inside, gateway: network/internal, \
                            create: {class: gate, path: apps/gateway.yaml, certificates: [tls]}}]}\n";
            Planned::of(&GatewayRoutes, settings, &format!("{BEFORE}{INGRESS}{more}"))
        };
        let one = planned(&of("one", on));
        let landed = one.text_after(&GatewayRoutes, "gateway", "apps/gateway.yaml").expect("it is written");
        for port in ["port: 8000", "port: 443"] {
            assert!(landed.contains(port), "{landed}");
        }
        for (more, code) in [
            (of("one", on) + &of("two", on), "listener-port apps/gateway.yaml"),
            (of("one", &on.replace("443", "https")), "listener-port apps/gateway.yaml"),
            (
                of("one", &on.replace(", labelSelector: a=b", ""))
                    + &of("two", &on.replace(", labelSelector: a=b", "")).replace("name: gate", "name: other"),
                "traefik-twice apps/gateway.yaml",
            ),
        ] {
            let findings = planned(&more).findings();
            assert!(findings.iter().any(|line| line.starts_with(code)), "{code}: {findings:#?}");
        }
    }
}
