//! What an Ingress serves, as routes.

use super::asked::Asked;
use super::codes;
use super::judge::{Remark, remark_of};
use super::nginx::with_prefixes;
use super::serves::{Around, RouteOf, Serves};
use crate::flux::Value;
use crate::gateway::{Changes, PathMatch, RouteRule, Router, host_of_route};

/// The routes of an Ingress. Texts are taken from `stated`, the object as the file has it.
///
/// # Errors
/// The first thing that a route cannot say.
pub(super) fn serves(there: &Value, stated: &Value, around: &Around<'_>, changes: &Changes) -> Result<Serves, Remark> {
    let mut serves = Serves::default();
    let spec = |value: &Value, key: &str| value.at(&["spec", key]).cloned().unwrap_or(Value::Null);
    if spec(there, "defaultBackend") != Value::Null {
        return Err(Remark::error((codes::DEFAULT_BACKEND, "it has a defaultBackend".to_owned())));
    }
    let (rules, written) = (spec(there, "rules"), spec(stated, "rules"));
    if rules.items().len() != written.items().len() {
        return Err(Remark::error((codes::INGRESS_PATCHED, "a patch changes its rules".to_owned())));
    }
    let mut meant = rules.clone();
    with_prefixes(Some(&mut meant), &["http", "paths"], changes);
    for (rule, written) in meant.items().iter().zip(written.items()) {
        let host = rule.text_at(&["host"]).unwrap_or_default();
        host_of_route(host).map_err(|refusal| remark_of(&refusal))?;
        let paths = rule.at(&["http", "paths"]).map(Value::items).unwrap_or_default();
        if paths.is_empty() {
            return Err(Remark::error((codes::NO_RULES, format!("{host} has no path"))));
        }
        let mut rules = Vec::new();
        for path in paths {
            rules.push(rule_of(path, around, changes, &mut serves.remarks)?);
        }
        let stated_host = written.text_at(&["host"]).unwrap_or_default().to_owned();
        match serves.routes.iter_mut().find(|route| route.rules == rules) {
            Some(route) => {
                route.stated_hosts.push(stated_host);
                route.hosts.push(host.to_owned());
            }
            None => serves.routes.push(RouteOf {
                stated_hosts: vec![stated_host],
                hosts: vec![host.to_owned()],
                rules,
                asked: Asked::default(),
                silenced: None,
            }),
        }
    }
    if serves.routes.is_empty() {
        return Err(Remark::error((codes::NO_RULES, "it has no rule".to_owned())));
    }
    serves.change(changes, around.cluster)?;
    Ok(serves)
}

/// The paths of an Ingress, each with its type.
pub(super) fn paths(there: &Value) -> Vec<(String, String)> {
    let rules = there.at(&["spec", "rules"]).map(Value::items).unwrap_or_default().iter();
    let paths = rules.flat_map(|rule| rule.at(&["http", "paths"]).map(Value::items).unwrap_or_default());
    let text = |path: &Value, key: &str| path.text_at(&[key]).unwrap_or_default().to_owned();
    paths.map(|path| (text(path, "path"), text(path, "pathType"))).collect()
}

fn rule_of(
    path: &Value,
    around: &Around<'_>,
    changes: &Changes,
    remarks: &mut Vec<Remark>,
) -> Result<RouteRule, Remark> {
    let text = path.text_at(&["path"]).unwrap_or("/");
    let kind = path.text_at(&["pathType"]).unwrap_or("ImplementationSpecific");
    let matched = PathMatch::of_ingress(text, kind).map_err(|refusal| remark_of(&refusal))?;
    if around.place.is_of_traefik() {
        remarks.extend(matched.by_elements().map(|note| remark_of(&note)));
    }
    let router = Router { path: Some(matched), ..Router::default() };
    if changes.replaces_backend {
        return Ok(RouteRule { matches: router.matches(), ..RouteRule::default() });
    }
    let service = path.at(&["backend", "service"]).filter(|service| **service != Value::Null);
    let Some(service) = service else {
        return Err(Remark::error((codes::BACKEND_KIND, format!("{text} leads to no Service"))));
    };
    let port = service.get("port").and_then(|port| port.text_at(&["number"]).or_else(|| port.text_at(&["name"])));
    let backend = backend(around, service.text_at(&["name"]).unwrap_or_default(), None, port, remarks)?;
    Ok(RouteRule { matches: router.matches(), filters: Vec::new(), backends: vec![backend] })
}

/// A Service of a namespace, by default that of the route, as the backend of a rule.
///
/// # Errors
/// If a Gateway would not send there what the proxy of today sends.
pub(super) fn backend(
    around: &Around<'_>,
    name: &str,
    namespace: Option<&str>,
    port: Option<&str>,
    remarks: &mut Vec<Remark>,
) -> Result<Value, Remark> {
    let service = around.cluster.service(namespace.unwrap_or(around.namespace), name);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = match (service, port) {
        (Some(service), _) if service.is_external_name => {
            let message = format!("the Service {name} is of type ExternalName");
            return Err(Remark::error((codes::EXTERNAL_NAME, message)));
        }
        (Some(service), Some(stated)) => match service.port(stated) {
            Some(port) => {
                if let Some(why) = port.speaks_tls() {
                    let message = format!("the Service {name} speaks TLS or gRPC: {why}");
                    return Err(Remark::error((codes::BACKEND_TLS, message)));
                }
                port.number.clone()
            }
            None => {
                let message = format!("the Service {name} has no port {stated}");
                return Err(Remark::error((codes::BACKEND_PORT, message)));
            }
        },
        (None, Some(stated)) if is_number(stated) => {
            if stated == "443" {
                let message = format!("the Service {name} speaks TLS: its port is 443");
                return Err(Remark::error((codes::BACKEND_TLS, message)));
            }
            let message = format!("the Service {name} is not in this repository");
            remarks.push(Remark::note(codes::BACKEND_NOT_IN_TREE, message));
            stated.to_owned()
        }
        (_, stated) => {
            let message = format!("the number of the port {} of {name} is not known", stated.unwrap_or("(none)"));
            return Err(Remark::error((codes::BACKEND_PORT, message)));
        }
    };
    if !is_number(&number) {
        return Err(Remark::error((codes::BACKEND_PORT, format!("the port {number} of {name} is no number"))));
    }
    let port = Value::Scalar { text: number, string: false };
    let namespace = namespace.filter(|namespace| *namespace != around.namespace);
    let namespace = namespace.map(|namespace| ("namespace", Value::string(namespace)));
    let name = [("name", Value::string(name))];
    Ok(Value::mapping(name.into_iter().chain(namespace).chain([("port", port)])))
}
