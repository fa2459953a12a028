//! `charts::app_template::Serving` against what real Helm made of ingresses and routes, where it is at hand.

use std::collections::BTreeMap;

use crate::support::vectors;
use flux_codemod::charts::app_template::{NotRouted, NotServed, Port, Served, Serving};
use flux_codemod::flux::Value;
use flux_codemod::yaml::Stream;

/// One cell of a rule, such that no text looks like a number and neither like nothing.
fn cell(value: &Value) -> String {
    match value {
        Value::Scalar { text, string: true } => format!("{text:?}"),
        Value::Scalar { text, string: false } => text.clone(),
        _ => "null".to_owned(),
    }
}

fn text(text: &str) -> String {
    format!("{text:?}")
}

/// The cells of a rule; `has_object` where its object is one of them.
pub(crate) fn cells(served: &Served, has_object: bool) -> Vec<String> {
    let nothing = || "null".to_owned();
    let port = served.port.as_ref().map_or_else(nothing, |port| match port {
        Port::Number(number) => number.clone(),
        Port::Name(name) => text(name),
    });
    let mut cells = if has_object { vec![text(&served.object)] } else { Vec::new() };
    cells.extend([
        served.host.as_deref().map_or_else(nothing, text),
        text(&served.path),
        text(&served.path_type),
        served.service.as_deref().map_or_else(nothing, text),
        port,
    ]);
    cells
}

/// What is wrong with the rules of one side of a line; `wanted` is `None` where Helm failed.
fn wrong(line: &Value, side: &str, is_route: bool, wanted: Option<&Value>) -> Option<String> {
    let at = |key: &str| line.text_at(&[key]).unwrap();
    let serving = Serving::of(at("chart"), at("release"), at("namespace"), line.get(side).unwrap()).unwrap();
    let found = if is_route { serving.route_rules() } else { serving.ingress_rules() };
    let wanted = wanted.filter(|wanted| **wanted != Value::Null).map(|wanted| {
        let rows = wanted.items().iter().map(|row| row.items().iter().map(cell).collect::<Vec<_>>());
        let mut rows: Vec<_> = rows.collect();
        rows.sort();
        rows
    });
    let is_right = match (&found, &wanted) {
        (Err(NotServed::Fails(_)), None) => true,
        // The crate says less than Helm does, as the specification asks.
        (Err(NotServed::Open(_)), _) => line.text_at(&["code"]) == Some("switch-unknown"),
        (Ok(found), Some(wanted)) => {
            let mut found: Vec<_> = found.iter().map(|served| cells(served, is_route)).collect();
            found.sort();
            found == *wanted
        }
        _ => false,
    };
    (!is_right).then(|| format!("{} {side}:\n  ours {found:?}\n  Helm {wanted:?}", at("id")))
}

#[test]
fn rules_of_ingresses_and_routes_are_those_of_helm() {
    let Some(lines) = vectors("gateway-routes.jsonl") else { return };
    let (mut wrongs, mut judged) = (Vec::new(), 0);
    for line in lines.lines() {
        let line = Value::of(Stream::parse(line).unwrap().documents().next().unwrap()).unwrap();
        let has = |key: &str| line.get(key).is_some();
        let mut judge = |side, is_route, wanted| {
            judged += 1;
            wrongs.extend(wrong(&line, side, is_route, wanted));
        };
        if has("before_fails") || has("ingress") {
            judge("before", false, line.get("ingress").filter(|_| !has("before_fails")));
        }
        if has("routes_before") {
            judge("before", true, line.get("routes_before"));
        }
        if has("after_fails") || has("route") && has("after") {
            judge("after", true, line.get("route").filter(|_| !has("after_fails")));
        }
    }
    assert!(wrongs.is_empty(), "{} of {judged}:\n{}", wrongs.len(), wrongs.join("\n"));
    assert!(judged >= 190, "only {judged} judged");
}

/// `BackendNotFound` as `backend-not-found`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for sign in name.chars() {
        if sign.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(sign.to_lowercase());
    }
    kebab
}

/// The code of a refusal.
pub(crate) fn not_routed(not: &NotRouted) -> String {
    kebab(&format!("{:?}", not.why))
}

/// Values with the routes that stand for `ingress` beside it; or the code of the refusal.
pub(crate) fn beside(serving: &Serving<'_>, values: &Value) -> Result<Value, String> {
    let routed = serving.routed(values).map_err(|not| not_routed(&not))?;
    let parents = "- {name: internal, namespace: network, sectionName: https}\n";
    let parents = Value::of(Stream::parse(parents).unwrap().documents().next().unwrap()).unwrap();
    let mut new = values.clone();
    for (route, field, text) in &routed.kept {
        new.set_at(&["route", route, field], Value::string(text));
    }
    for route in &routed.routes {
        new.set_at(&["route", &route.key], route.value(&parents, Vec::new()));
    }
    Ok(new)
}

/// Values without the enabled entries of `ingress`.
pub(crate) fn without_ingresses(values: &Value) -> Value {
    let mut new = values.clone();
    for (name, enabled) in entries(values, "ingress") {
        if enabled {
            new.remove_at(&["ingress", &name]);
        }
    }
    new
}

fn entries(values: &Value, section: &str) -> Vec<(String, bool)> {
    let entries = values.get(section).map(Value::entries).unwrap_or_default().iter();
    entries.map(|(name, entry)| (name.clone(), entry.text_at(&["enabled"]) != Some("false"))).collect()
}

/// A value without what the conversion leaves to the migration.
fn bare(values: &Value) -> Value {
    let mut values = values.clone();
    for (route, _) in entries(&values, "route") {
        values.remove_at(&["route", &route, "annotations"]);
        values.remove_at(&["route", &route, "labels"]);
    }
    values
}

#[test]
fn entries_of_ingress_become_the_routes_that_helm_found_equal() {
    let Some(lines) = vectors("gateway-routes.jsonl") else { return };
    let (mut wrongs, mut counts) = (Vec::new(), BTreeMap::new());
    for line in lines.lines() {
        let line = Value::of(Stream::parse(line).unwrap().documents().next().unwrap()).unwrap();
        let at = |key: &str| line.text_at(&[key]).unwrap();
        let before = line.get("before").unwrap();
        let serving = Serving::of(at("chart"), at("release"), at("namespace"), before).unwrap();
        let beside = beside(&serving, before);
        if let Ok(beside) = &beside {
            assert!(serving.is_served_by(&serving.with(beside)), "{}: {beside:?}", at("id"));
        }
        let found = beside.map(|beside| without_ingresses(&beside));
        let is_right = match (at("expect"), &found) {
            ("equal", Ok(after)) => bare(after).same_as(&bare(line.get("after").unwrap())),
            ("refused", Err(code)) => code == at("code"),
            ("untouched", Ok(after)) => after == before,
            // What people wrote; what we write must be right whatever they did.
            ("trap", _) => true,
            _ => false,
        };
        *counts.entry(at("expect").to_owned()).or_insert(0) += 1;
        if !is_right {
            wrongs.push(format!("{} {} {}: {found:?}", at("id"), at("chart"), at("expect")));
        }
    }
    assert!(wrongs.is_empty(), "{}:\n{}", wrongs.len(), wrongs.join("\n"));
    assert!(counts["equal"] >= 108 && counts["refused"] >= 41, "{counts:?}");
}
