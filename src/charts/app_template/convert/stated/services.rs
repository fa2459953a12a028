//! Services, and what leads to them: ingresses, routes, monitors, policies.

use super::{MAIN, Place, Stating, Step, path, yes};
use crate::charts::app_template::Chart;
use crate::charts::app_template::items::switch;
use crate::flux::Value;

const HTTP: &str = "http";

pub(super) fn state(stating: &mut Stating) {
    if stating.values.at(&["service", MAIN]).is_some() {
        main(stating);
    }
    identifiers(stating);
}

/// The Service `main`, which has a controller, and a port `http`, by default.
fn main(stating: &mut Stating) {
    let at = ["service", MAIN];
    let why = "2.x has the Service `main` lead to the controller `main`, in later versions it states its controller";
    stating.state(&[at[0], at[1], "controller"], Value::string(MAIN), Place::Head, why);
    let others = stating.values.get("service").map(Value::entries).unwrap_or_default().iter();
    let controller = stating.values.text_at(&[at[0], at[1], "controller"]);
    let is_alone = others.filter(|(_, service)| service.text_at(&["controller"]) == controller).count() < 2;
    if !is_alone {
        let why = "it is the primary Service of its controller, which probes ask";
        stating.state(&[at[0], at[1], "primary"], yes(), Place::Head, why);
    }
    let http = [at[0], at[1], "ports", HTTP];
    if stating.values.at(&http[..3]).is_some_and(|ports| ports.get(HTTP).is_none()) && !stating.was_removed(&http) {
        let why = "2.x has a port `http` here unless it is disabled, and it has no number";
        return stating.open(&http[..3], why);
    }
    if stating.values.at(&http).is_none() {
        return;
    }
    if stating.keys(&http[..3]).len() > 1 {
        let why = "it is the default port of the Service `main`";
        stating.state(&[&http[..], &["primary"]].concat(), yes(), Place::End, why);
    }
    if asks_by_protocol(&stating.values) {
        let why = "a probe of type AUTO asks by it";
        stating.state(&[&http[..], &["protocol"]].concat(), Value::string("HTTP"), Place::End, why);
    }
}

/// Whether a probe takes its type from the port that it asks.
fn asks_by_protocol(values: &Value) -> bool {
    let controllers = values.get("controllers").map(Value::entries).unwrap_or_default().iter();
    let mut containers = controllers.flat_map(|(_, controller)| {
        ["containers", "initContainers"]
            .into_iter()
            .flat_map(|kind| controller.get(kind).map(Value::entries).unwrap_or_default())
    });
    containers.any(|(_, container)| {
        let probes = container.get("probes").map(Value::entries).unwrap_or_default();
        probes.iter().any(|(_, probe)| probe.text_at(&["type"]) == Some("AUTO"))
    })
}

/// In 2.x the `service.name` of a path is looked up as an identifier first.
fn identifiers(stating: &mut Stating) {
    let services = stating.keys(&["service"]);
    for ingress in stating.keys(&["ingress"]) {
        let at = ["ingress", ingress.as_str()];
        if stating.values.at(&[at[0], at[1], "primary"]).is_some() {
            stating.remove(&[at[0], at[1], "primary"], "no version makes anything of it; it is removed");
        }
        let hosts = stating.values.at(&[at[0], at[1], "hosts"]).map(Value::items).unwrap_or_default();
        let mut named = Vec::new();
        for (n, host) in hosts.iter().enumerate() {
            for (m, of_path) in host.get("paths").map(Value::items).unwrap_or_default().iter().enumerate() {
                let name = of_path.text_at(&["service", "name"]);
                if name.is_some_and(|name| services.iter().any(|service| service == name)) {
                    let [n, m] = [n, m].map(|n| n.to_string());
                    named.push(path(&[at[0], at[1], "hosts", &n, "paths", &m, "service", "name"]));
                }
            }
        }
        named.into_iter().for_each(|at| stating.do_it(Step::Rename(at, "identifier")));
    }
}

/// The route `main` leads to the Service `main`, whatever the path.
pub(super) fn state_routes(stating: &mut Stating) {
    let at = ["route", MAIN];
    let Some(route) = stating.values.at(&at) else { return };
    if route.get("rules").is_some() {
        return;
    }
    if route.text_at(&["kind"]).is_some_and(|kind| kind != "HTTPRoute") {
        return stating.open(&at, "it has the rules of an HTTPRoute by default, and is of another kind");
    }
    let matches = Value::Sequence(vec![Value::mapping(vec![(
        "path",
        Value::mapping(vec![("type", Value::string("PathPrefix")), ("value", Value::string("/"))]),
    )])]);
    let backends = Value::Sequence(vec![Value::mapping(vec![("identifier", Value::string(MAIN))])]);
    let rules = Value::Sequence(vec![Value::mapping(vec![("backendRefs", backends), ("matches", matches)])]);
    stating.state(&[at[0], at[1], "rules"], rules, Place::End, "they are the default of 2.x");
}

/// The monitor `main` asks the default port of the Service with the name of the release.
pub(super) fn state_monitor(stating: &mut Stating, chart: &Chart<'_>) {
    let at = ["serviceMonitor", MAIN];
    let Some(monitor) = stating.values.at(&at) else { return };
    let selects = monitor.get("selector").is_some_and(|selector| !selector.entries().is_empty());
    if !selects {
        let is_release = chart.fullname().is_ok_and(|full| full == chart.release);
        let name = if is_release {
            "{{ .Release.Name }}"
        } else {
            "{{ include \"bjw-s.common.lib.chart.names.fullname\" $ }}"
        };
        let why = "it selects the Service with the name of the release by default";
        stating.state(&[at[0], at[1], "serviceName"], Value::string(name), Place::Head, why);
    }
    let texts = [("port", HTTP), ("scheme", HTTP), ("path", "/metrics"), ("interval", "1m"), ("scrapeTimeout", "10s")];
    let endpoint = Value::mapping(texts.map(|(key, text)| (key, Value::string(text))).to_vec());
    let why = "they are the default of 2.x";
    stating.state(&[at[0], at[1], "endpoints"], Value::Sequence(vec![endpoint]), Place::End, why);
}

/// The policy `main` is about the controller `main`, and allows everything.
pub(super) fn state_policy(stating: &mut Stating) {
    let at = ["networkpolicies", MAIN];
    let Some(policy) = stating.values.at(&at) else { return };
    let why = "it is the default of 2.x";
    if policy.get("podSelector").is_none() {
        stating.state(&[at[0], at[1], "controller"], Value::string(MAIN), Place::Head, why);
    }
    let types = Value::Sequence(["Ingress", "Egress"].map(Value::string).to_vec());
    stating.state(&[at[0], at[1], "policyTypes"], types, Place::End, why);
    for direction in ["ingress", "egress"] {
        let all = Value::Sequence(vec![Value::mapping(Vec::new())]);
        stating.state(&[at[0], at[1], "rules", direction], all, Place::End, why);
    }
}

/// Whether an enabled Service with a port leads to a controller.
pub(super) fn has_service(values: &Value, controller: &str) -> bool {
    let services = values.get("service").map(Value::entries).unwrap_or_default();
    services.iter().any(|(_, service)| {
        let ports = service.get("ports").map(Value::entries).unwrap_or_default();
        service.text_at(&["controller"]) == Some(controller)
            && ports.iter().any(|(_, port)| switch(port.get("enabled"), true) != Some(false))
    })
}

/// The numbers of a probe, as 2.x has them by default for the startup of the container `main`.
pub(super) fn startup() -> Vec<(&'static str, Value)> {
    vec![("failureThreshold", Value::plain("30")), ("periodSeconds", Value::plain("5"))]
}
