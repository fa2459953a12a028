//! Routes that lead nowhere: without a backend, or to a port that the Service does not have.

use super::{Flaw, Matter, flaw};
use crate::charts::app_template::items::{as_it_is, enabled, switch};
use crate::charts::app_template::routes::{Port, port_at, port_named, port_numbers};
use crate::charts::app_template::{Deployed, Section, Version};
use crate::flux::Value;

pub(super) fn flaws(release: &Deployed<'_>) -> Vec<Flaw> {
    let mut found = Vec::new();
    for entry in release.entries(Section::Route) {
        if entry.values.text_at(&["kind"]).is_some_and(|kind| kind != "HTTPRoute") {
            continue;
        }
        let rules = entry.values.get("rules").map(Value::items).unwrap_or_default();
        let place = ["route", entry.identifier];
        if rules.is_empty() {
            found.extend(no_rules(release, entry.values).map(|matter| flaw(&place, matter)));
        }
        for (n, rule) in rules.iter().enumerate() {
            let n = n.to_string();
            let place = [&place[..], &["rules", &n]].concat();
            let backends = rule.get("backendRefs");
            // What 5.x makes of a rule without backends was not rendered.
            if release.numbers[0] < 5 && is_empty(backends) && is_empty(rule.get("filters")) {
                found.push(flaw(&place, Matter::NoBackend("its rule has neither backendRefs nor filters".to_owned())));
            }
            for (m, backend) in backends.map(Value::items).unwrap_or_default().iter().enumerate() {
                let m = m.to_string();
                let place = [&place[..], &["backendRefs", &m]].concat();
                found.extend(
                    of_backend(release, backend).map(|(key, matter)| flaw(&[&place[..], &[key]].concat(), matter)),
                );
            }
        }
    }
    found
}

fn is_empty(list: Option<&Value>) -> bool {
    list.is_none_or(|list| match list {
        Value::Sequence(items) => items.is_empty(),
        list => *list == Value::Null,
    })
}

/// From 4.1.1 on, the chart takes the Service of the release if there is only one.
fn no_rules(release: &Deployed<'_>, route: &Value) -> Option<Matter> {
    // What 5.x makes of a route without rules was not rendered.
    if !is_empty(route.get("rules")) || release.numbers[0] >= 5 {
        return None;
    }
    if release.numbers < [4, 1, 1] {
        return Some(Matter::NoBackend("it has no rules, and before 4.1.1 the chart adds none".to_owned()));
    }
    let services = enabled(release.chart.section(Section::Service));
    let number = services.len();
    let is_certain = services.iter().all(|service| service.identifier().is_ok());
    let why = || match number {
        0 => "it has no rules, and the release has no Service".to_owned(),
        _ => format!("it has no rules, and of {number} Services the chart chooses none"),
    };
    (is_certain && number != 1).then(|| Matter::NoBackend(why()))
}

/// What is wrong with a backend, and the key that it is about. Names and identifiers of Services that
/// are not there are found with all others.
fn of_backend(release: &Deployed<'_>, backend: &Value) -> Option<(&'static str, Matter)> {
    let is_other = |key: &str, own: &str| backend.text_at(&[key]).is_some_and(|text| text != own);
    if is_other("kind", "Service") || is_other("group", "") || backend.get("namespace").is_some() {
        return None;
    }
    let is_3 = release.chart.version.is_before_4();
    let text = |key: &str| backend.text_at(&[key]).filter(|text| !text.is_empty());
    let (name, identifier) = (text("name"), text("identifier"));
    if is_3 && name.is_none() && identifier.is_some() {
        let why = "before 4.0 the chart knows no identifier, and renders no name".to_owned();
        return Some(("identifier", Matter::DeadBackend(why)));
    }
    let key = if is_3 { name } else { identifier.filter(|_| name.is_none()) };
    let service = key.and_then(|key| {
        let services = enabled(release.chart.section(Section::Service));
        services.into_iter().find(|service| service.identifier == key && service.identifier().is_ok())
    });
    let stated = port_at(backend).ok()?;
    let is_stated = backend.get("port").is_some_and(|port| *port != Value::Null);
    let refuse = |why: String| Some(("port", Matter::DeadBackend(why)));
    let Some(service) = service else {
        // It is a name that the chart takes as it is: then the port must be stated.
        let is_literal = name.is_some_and(|name| as_it_is(name).is_ok()) && (!is_3 || key_is_free(release, name?));
        return match stated {
            None if is_literal && !is_stated => refuse("a backend by name needs a port".to_owned()),
            Some(Port::Name(port)) if is_literal && port.parse::<u32>().is_err() => {
                refuse(format!("the port of a backend is a number, not {port}"))
            }
            _ => None,
        };
    };
    let called = service.identifier;
    match stated? {
        // Before 3.7.3 the default port overrules what is stated.
        _ if is_3 && release.chart.version != Version::V3_7_3 => None,
        // Quoted digits.
        Port::Name(port) if port.parse::<u32>().is_ok() => None,
        Port::Name(port) if release.numbers < [4, 6, 1] => {
            refuse(format!("before 4.6.1 the chart hands on the name {port}, and the port of a backend is a number"))
        }
        Port::Name(port) => {
            let is_known = port_named(&service, &port).is_ok_and(|number| number.is_none());
            is_known.then(|| refuse(format!("Service {called} has no port {port}"))).flatten()
        }
        Port::Number(port) => {
            let ports = port_numbers(service.values).filter(|ports| !ports.is_empty())?;
            let others = ports.join(", ");
            (!ports.contains(&port))
                .then(|| refuse(format!("Service {called} has no port {port}, only {others}")))
                .flatten()
        }
    }
}

/// Whether no Service of the values, enabled or not, has this key: 3.x looks there first.
fn key_is_free(release: &Deployed<'_>, name: &str) -> bool {
    let services = release.chart.section(Section::Service).map(Value::entries).unwrap_or_default();
    services
        .iter()
        .all(|(key, values)| switch(values.get("enabled"), true) == Some(false) || key != name && as_it_is(key).is_ok())
}
