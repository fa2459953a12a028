//! Ingresses: their class and their backends are there. Of values of app-template the class alone; what
//! their backends name is with what else is wrong with values.

use super::objects::Objects;
use super::services::Services;
use crate::charts::app_template::{Deployed, Section, line_of};
use crate::doctor::codes::{INGRESS_BACKEND_UNKNOWN, INGRESS_CLASS_UNKNOWN};
use crate::doctor::dependencies::place;
use crate::doctor::finding;
use crate::doctor::installed;
use crate::doctor::makers::{Asked, Makers};
use crate::doctor::names::is_literal;
use crate::doctor::owners::line;
use crate::finding::{Finding, Severity};
use crate::flux::{At, ClusterId, Reach, Value};

const GROUP: &str = "networking.k8s.io";

pub(super) fn findings(objects: &Objects<'_>, makers: &Makers<'_>, services: &Services<'_, '_>) -> Vec<Finding> {
    let view = objects.view;
    let ingresses = objects.here(GROUP, "Ingress");
    let mut found: Vec<Finding> =
        ingresses.flat_map(|(at, reach)| of_object(objects, makers, services, at, reach)).collect();
    for release in installed::releases(view).filter(|release| !release.is_remote(view)) {
        let Some(deployed) = Deployed::installed(view, &release.installed) else { continue };
        for entry in deployed.entries(Section::Ingress) {
            let class = entry.values.text_at(&["className"]).unwrap_or_default();
            let Some(message) = missing_class(makers, release.reach.cluster, class) else { continue };
            let line = release.line_of(view, &["ingress", entry.identifier, "className"]);
            let message = format!("{}, ingress.{}: {message}", release.reach.name, entry.identifier);
            found.push(finding(Severity::Warning, INGRESS_CLASS_UNKNOWN, &release.at.path, line, message));
        }
    }
    found
}

fn of_object(
    objects: &Objects<'_>,
    makers: &Makers<'_>,
    services: &Services<'_, '_>,
    at: &At,
    reach: &Reach,
) -> Vec<Finding> {
    let (view, Some(object)) = (objects.view, objects.arriving(at, reach)) else { return Vec::new() };
    let namespace = reach.namespace.as_deref().unwrap_or_default();
    let called = format!("Ingress {namespace}/{}", reach.name);
    let mut found = Vec::new();
    let class = object.text_at(&["spec", "ingressClassName"]).unwrap_or_default();
    if let Some(message) = missing_class(makers, reach.cluster, class) {
        let line = place(view, at, &["spec", "ingressClassName"]);
        found.push(finding(Severity::Warning, INGRESS_CLASS_UNKNOWN, &at.path, line, format!("{called}: {message}")));
    }
    let missing = |backend: &Value| {
        let service = backend.get("service")?;
        let port = ["number", "name"].iter().find_map(|key| service.text_at(&["port", key]));
        services.missing(reach.cluster, (namespace, service.text_at(&["name"])?), port)
    };
    for (keys, backend) in backends(&object) {
        let Some(message) = missing(backend) else { continue };
        let line = view.node(at).map_or_else(|| line(view, at), |root| line_of(root, &keys));
        found.push(finding(Severity::Warning, INGRESS_BACKEND_UNKNOWN, &at.path, line, format!("{called}: {message}")));
    }
    found
}

/// The backends of an Ingress, each with the keys to it.
fn backends(ingress: &Value) -> Vec<(Vec<String>, &Value)> {
    let keys = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
    let by_default = ingress.at(&["spec", "defaultBackend"]);
    let mut found: Vec<_> =
        by_default.map(|backend| (keys(&["spec", "defaultBackend"]), backend)).into_iter().collect();
    for (n, rule) in ingress.at(&["spec", "rules"]).map(Value::items).unwrap_or_default().iter().enumerate() {
        for (m, path) in rule.at(&["http", "paths"]).map(Value::items).unwrap_or_default().iter().enumerate() {
            let Some(backend) = path.get("backend") else { continue };
            let (n, m) = (n.to_string(), m.to_string());
            found.push((keys(&["spec", "rules", &n, "http", "paths", &m, "backend", "service", "name"]), backend));
        }
    }
    found
}

/// What is to be said of a class that nothing makes.
fn missing_class(makers: &Makers<'_>, cluster: ClusterId, class: &str) -> Option<String> {
    if class.is_empty() || !is_literal(class) {
        return None;
    }
    let asked = Asked { cluster, group: GROUP, kind: "IngressClass", namespace: "", name: class };
    makers.find(&asked).filter(|_| !makers.is_in_a_file(&asked))?;
    Some(format!("nothing in this repository makes its class {class}"))
}
