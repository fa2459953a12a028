//! The rules of Ingresses and routes that Helm rendered.

use serde_json::{Value as Json, json};

pub(super) fn items<'j>(json: &'j Json, pointer: &str) -> &'j [Json] {
    json.pointer(pointer).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Items, or nothing in their place.
fn or_nothing(items: &[Json]) -> &[Json] {
    if items.is_empty() { &[Json::Null] } else { items }
}

pub(super) fn of_kind<'j>(objects: &'j [Json], kind: &'j str) -> impl Iterator<Item = &'j Json> {
    objects.iter().filter(move |object| object["kind"] == kind)
}

/// A rule as the vectors have it: the name of the object, host, path, type, service, port.
pub(super) type Rule = Vec<String>;

fn rule(cells: [&Json; 6]) -> Rule {
    cells.map(Json::to_string).to_vec()
}

pub(super) fn rules_of_ingresses(objects: &[Json]) -> Vec<Rule> {
    let mut rules = Vec::new();
    for object in of_kind(objects, "Ingress") {
        for host in items(object, "/spec/rules") {
            for path in items(host, "/http/paths") {
                let service = &path["backend"]["service"];
                let (kind, port) = (&path["pathType"], &service["port"]["number"]);
                let name = &object["metadata"]["name"];
                rules.push(rule([name, &host["host"], &path["path"], kind, &service["name"], port]));
            }
        }
    }
    rules.sort();
    rules
}

pub(super) fn rules_of_routes(objects: &[Json]) -> Vec<Rule> {
    let (root, prefix) = (json!("/"), json!("PathPrefix"));
    let mut rules = Vec::new();
    for object in of_kind(objects, "HTTPRoute") {
        assert_eq!(object["apiVersion"], "gateway.networking.k8s.io/v1");
        for host in or_nothing(items(object, "/spec/hostnames")) {
            for of_route in items(object, "/spec/rules") {
                for backend in or_nothing(items(of_route, "/backendRefs")) {
                    for matches in or_nothing(items(of_route, "/matches")) {
                        let path = matches.pointer("/path/value").unwrap_or(&root);
                        let kind = matches.pointer("/path/type").unwrap_or(&prefix);
                        let name = &object["metadata"]["name"];
                        rules.push(rule([name, host, path, kind, &backend["name"], &backend["port"]]));
                    }
                }
            }
        }
    }
    rules.sort();
    rules
}

/// Rules without the name of their object.
pub(super) fn nameless(rules: Vec<Rule>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = rules.into_iter().map(|rule| rule[1..].to_vec()).collect();
    rules.sort();
    rules
}
