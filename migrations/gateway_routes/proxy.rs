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
}
