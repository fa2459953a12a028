//! What the values of a proxy's chart say: its ingress classes, its Service, its redirections.

use std::collections::BTreeSet;

use crate::flux::{Installed, Value};

/// `name.namespace` of the Service of a proxy (`_helpers.tpl` of its chart, `fullname`).
pub(super) fn proxy(chart: &str, installed: &Installed) -> Option<String> {
    let full = if installed.release.contains(chart) {
        installed.release.clone()
    } else {
        format!("{}-{chart}", installed.release)
    };
    let service = match chart {
        "traefik" => full,
        "ingress-nginx" => format!("{full}-controller"),
        _ => return None,
    };
    Some(format!("{service}.{}", installed.namespace))
}

/// The label `app.kubernetes.io/instance` of the pods of a proxy (`_helpers.tpl` of its chart).
pub(super) fn pods(chart: &str, installed: &Installed) -> Option<String> {
    match chart {
        "traefik" => Some(format!("{}-{}", installed.release, installed.namespace)),
        "ingress-nginx" => Some(installed.release.clone()),
        _ => None,
    }
}

/// The texts below keys that are about an ingress class.
pub(super) fn classes_in(value: &Value, is_about: bool, found: &mut BTreeSet<String>) {
    match value {
        Value::Scalar { text, string: true } if is_about && !text.is_empty() => drop(found.insert(text.clone())),
        Value::Mapping(entries) => {
            for (key, value) in entries {
                let key = key.to_lowercase();
                // `ingressClassResource` has a name and other texts.
                let is_about = key == "ingressclass" || is_about && key == "name";
                let is_resource = key == "ingressclassresource";
                match value {
                    Value::Mapping(_) if is_resource => {
                        found.extend(value.text_at(&["name"]).map(str::to_owned));
                    }
                    Value::Mapping(entries) if key == "ingressclass" => {
                        found.extend(
                            entries
                                .iter()
                                .filter(|(key, _)| key == "name")
                                .filter_map(|(_, name)| name.text().filter(|name| !name.is_empty()).map(str::to_owned)),
                        );
                    }
                    _ => classes_in(value, is_about, found),
                }
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| classes_in(item, is_about, found)),
        _ => {}
    }
}

/// Whether a Traefik claims all Gateways of its controller: its provider is on, and selects no GatewayClasses.
pub(super) fn claims_all_gateways(values: &Value) -> bool {
    let provider = |key: &str| values.text_at(&["providers", "kubernetesGateway", key]).unwrap_or_default();
    let selects = ["labelSelector", "labelselector"].iter().any(|key| !provider(key).is_empty());
    provider("enabled") == "true" && !selects
}

/// What a proxy asks of all requests, whatever an Ingress says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ForAll {
    /// The middlewares of the entry points of Traefik.
    pub(super) middlewares: Vec<String>,
    /// The URL that ingress-nginx asks who somebody is.
    pub(super) login: Option<String>,
    /// The addresses to which ingress-nginx keeps, each by the key that says so.
    pub(super) limits: Vec<(&'static str, String)>,
}

/// What ingress-nginx keeps to, and what an annotation of an Ingress takes the place of.
pub(super) const ALLOWED: &str = "whitelist-source-range";
/// What no annotation takes the place of.
const BLOCKED: [&str; 2] = ["denylist-source-range", "block-cidrs"];

impl ForAll {
    /// What the values of a chart say.
    pub(super) fn of(chart: &str, values: &Value) -> ForAll {
        let config = |key: &str| {
            let text = values.text_at(&["controller", "config", key]).filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        match chart {
            "traefik" => ForAll { middlewares: of_entry_points(values), ..ForAll::default() },
            "ingress-nginx" => ForAll {
                login: config("global-auth-url"),
                limits: [ALLOWED].into_iter().chain(BLOCKED).filter_map(|key| Some((key, config(key)?))).collect(),
                ..ForAll::default()
            },
            _ => ForAll::default(),
        }
    }
}

/// The middlewares of `websecure`, and of `web` unless that only redirects: of the chart's `ports`, and of arguments.
fn of_entry_points(values: &Value) -> Vec<String> {
    let entries: &[&str] = if redirects(values) { &["websecure"] } else { &["websecure", "web"] };
    let mut found = Vec::new();
    for entry in entries {
        for path in [&["ports", entry, "middlewares"][..], &["ports", entry, "http", "middlewares"]] {
            let items = values.at(path).map(Value::items).unwrap_or_default();
            found.extend(items.iter().filter_map(Value::text).map(str::to_owned));
        }
        let argument = format!("--entrypoints.{entry}.http.middlewares=");
        let arguments = values.get("additionalArguments").map(Value::items).unwrap_or_default().iter();
        for text in arguments.filter_map(Value::text).filter(|text| text.to_lowercase().starts_with(&argument)) {
            found.extend(text[argument.len()..].split(',').map(|id| id.trim().to_owned()));
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|id| !id.is_empty() && seen.insert(id.clone()));
    found
}

/// A release of Traefik, as far as it serves Gateways.
pub(super) struct Traefik {
    /// The GatewayClass that its chart makes, if its provider is on.
    pub(super) class: Option<String>,
    /// The ports of `web` and `websecure` in its container (`docs/gateway.md#traefik-and-gateways`).
    pub(super) ports: [String; 2],
}

impl Traefik {
    pub(super) fn of(values: &Value) -> Traefik {
        let is_on = values.text_at(&["providers", "kubernetesGateway", "enabled"]) == Some("true");
        let makes_class = values.text_at(&["gatewayClass", "enabled"]) != Some("false");
        let name = values.text_at(&["gatewayClass", "name"]).filter(|name| !name.is_empty()).unwrap_or("traefik");
        let port = |entry: &str, usual: &str| values.text_at(&["ports", entry, "port"]).unwrap_or(usual).to_owned();
        Traefik {
            class: (is_on && makes_class).then(|| name.to_owned()),
            ports: [port("web", "8000"), port("websecure", "8443")],
        }
    }
}

/// Whether the values of Traefik redirect its entry point `web` (`docs/gateway.md#entry-points`).
pub(super) fn redirects(values: &Value) -> bool {
    let web = values.at(&["ports", "web"]);
    let stated = |path: &[&str]| web.and_then(|web| web.at(path)).is_some_and(|to| *to != Value::Null);
    stated(&["redirectTo"])
        || stated(&["redirections", "entryPoint"])
        || stated(&["http", "redirections", "entryPoint"])
}

#[cfg(test)]
mod tests {
    use super::super::GatewayRoutes;
    use super::super::fixtures::{GATEWAY, INGRESS, traefik};
    use crate::plan::author::testing::Planned;

    /// Two Traefiks, a Gateway of theirs, and an Ingress.
    fn planned(outside: &str) -> Planned {
        let inside = "{ingressClass: {name: inside}, providers: {kubernetesGateway: {enabled: true}}}";
        let gateway = GATEWAY.replace("envoy", "traefik").replace("443", "8443");
        let files = format!(
            "//- apps/kustomization.yaml\nresources: [./gateway.yaml, ./inside.yaml, ./outside.yaml, ./site.yaml]\n\
             //- apps/gateway.yaml\n{gateway}//- apps/site.yaml\n{INGRESS}\
             //- apps/inside.yaml\n{}//- apps/outside.yaml\n{}",
            traefik("inside", inside),
            traefik("outside", outside)
        );
        let settings = "gateway-routes: {gateways: [{class: inside, gateway: network/internal}]}";
        Planned::of(&GatewayRoutes, settings, &files)
    }

    #[test]
    fn two_traefiks_that_claim_one_gateway() {
        let on = "{ingressClass: {name: outside}, providers: {kubernetesGateway: {enabled: true}}}";
        let twice = planned(on);
        assert_eq!(twice.findings(), ["traefik-twice apps/site.yaml:1"], "{:#?}", twice.units());
        let codes: Vec<_> = twice.plan.findings.iter().map(|finding| finding.code.id).collect();
        assert!(codes.contains(&"traefik-twice"), "{codes:?}");
        for one in [
            "{ingressClass: {name: outside}}",
            "{ingressClass: {name: outside}, providers: {kubernetesGateway: {enabled: true, labelSelector: a=b}}}",
        ] {
            let findings = planned(one).findings();
            assert!(!findings.iter().any(|line| line.starts_with("traefik-twice")), "{findings:#?}");
        }
    }

    /// `docs/hazards.md#g9`: what a proxy asks of all stands in no Ingress.
    #[test]
    fn what_a_proxy_asks_of_all_is_asked_of_routes() {
        let planned = |values: &str, configured: &str| {
            let chart = |chart: &str| traefik("proxy", values).replace("chart: traefik", &format!("chart: {chart}"));
            let proxy = chart(if values.contains("controller") { "ingress-nginx" } else { "traefik" });
            let files = format!(
                "//- apps/kustomization.yaml\nresources: [./proxy.yaml, ./site.yaml]\n\
                 //- apps/proxy.yaml\n{proxy}---\n{GATEWAY}//- apps/site.yaml\n{INGRESS}"
            );
            let settings = format!(
                "gateway-routes: {{gateways: [{{class: inside, gateway: network/internal}}], middlewares: {{{configured}}}}}"
            );
            Planned::of(&GatewayRoutes, &settings, &files).findings()
        };
        let nginx =
            |config: &str| format!("{{controller: {{ingressClassResource: {{name: inside}}, config: {{{config}}}}}}}");
        let entry = |ports: &str| format!("{{ingressClass: {{name: inside}}, ports: {{{ports}}}}}");
        for (values, code) in [
            (nginx("global-auth-url: 'https://login.example.org/verify'"), "auth-would-be-lost"),
            (nginx("whitelist-source-range: 10.0.0.0/8"), "access-would-widen"),
            (nginx("block-cidrs: 10.0.0.0/8"), "access-would-widen"),
            (entry("websecure: {middlewares: [network-login@kubernetescrd]}"), "auth-would-be-lost"),
            (entry("websecure: {http: {middlewares: [network-login@kubernetescrd]}}"), "auth-would-be-lost"),
        ] {
            let findings = planned(&values, "");
            assert!(findings.iter().any(|line| line.starts_with(&format!("{code} apps/site.yaml"))), "{findings:?}");
        }
        let redirected = "web: {middlewares: [network-login@kubernetescrd], redirectTo: {port: websecure}}";
        let findings = planned(&entry(redirected), "");
        assert!(!findings.iter().any(|line| line.starts_with("auth-would-be-lost")), "{findings:?}");
    }
}
