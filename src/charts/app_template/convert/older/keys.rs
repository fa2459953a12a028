//! Keys that the schema of an older 3.x takes and its templates do not read
//! (`docs/app-template.md#keys-that-do-nothing`).

use super::{Older, path};
use crate::charts::app_template::items::switch;
use crate::charts::app_template::{Chart, Section, Version};
use crate::flux::Value;

/// The sections whose entries have labels and annotations.
pub(super) const LABELLED: [Section; 12] = [
    Section::Controllers,
    Section::Service,
    Section::Ingress,
    Section::Route,
    Section::ServiceMonitor,
    Section::NetworkPolicies,
    Section::Persistence,
    Section::ConfigMaps,
    Section::Secrets,
    Section::RawResources,
    Section::Roles,
    Section::Bindings,
];

pub(super) fn find(chart: &Chart<'_>, older: &mut Older) {
    whole_sections(chart, older);
    zeros(chart, older);
    node_ports(chart, older);
    null_labels(chart, older);
}

fn is_zero(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Scalar { text, string: false }) if text == "0")
}

fn whole_sections(chart: &Chart<'_>, older: &mut Older) {
    for (keys, since) in [
        (&["rawResources"][..], Version::v3(3, 0)),
        (&["rbac"], Version::v3(5, 0)),
        (&["global", "propagateGlobalMetadataToPods"], Version::v3(6, 0)),
        (&["configMapsFromFolder", "enabled"], Version::v3(7, 0)),
    ] {
        let says_something = |value: &Value| !matches!(value, Value::Null) && *value != Value::Mapping(Vec::new());
        if chart.version < since && chart.values.at(keys).is_some_and(says_something) {
            let why = format!("{} ignores it, {since} and later act on it; it is removed", chart.version);
            older.remove(path(keys), why);
        }
    }
    if chart.version < Version::v3(2, 0) && chart.values.get("networkPolicy").is_some() {
        let why = "no version makes anything of it; it is removed. The key of policies is networkpolicies";
        older.remove(path(&["networkPolicy"]), why.to_owned());
    }
}

/// In 3.0 zero is nothing to the chart, and the default applies; in 2.x that is so of weights alone.
fn zeros(chart: &Chart<'_>, older: &mut Older) {
    if chart.version >= Version::v3(1, 0) {
        return;
    }
    let mut found = Vec::new();
    let controllers = chart.section(Section::Controllers).filter(|_| chart.version != Version::V2);
    for (id, controller) in controllers.map(Value::entries).unwrap_or_default() {
        for keys in [
            &["revisionHistoryLimit"][..],
            &["cronjob", "successfulJobsHistory"],
            &["cronjob", "failedJobsHistory"],
            &["cronjob", "startingDeadlineSeconds"],
            &["cronjob", "backoffLimit"],
            &["job", "backoffLimit"],
        ] {
            if is_zero(controller.at(keys)) {
                found.push(path(&[&["controllers", id.as_str()], keys].concat()));
            }
        }
        for (kind, name, container) in containers(controller) {
            for (probe, values) in container.get("probes").map(Value::entries).unwrap_or_default() {
                // Of a custom probe nothing has a default, and the default of the first is zero.
                let is_custom = switch(values.get("custom"), false) != Some(false);
                for key in ["failureThreshold", "timeoutSeconds", "periodSeconds"] {
                    if !is_custom && is_zero(values.at(&["spec", key])) {
                        found.push(path(&["controllers", id, kind, name, "probes", probe, "spec", key]));
                    }
                }
            }
        }
    }
    for (route, n, m, backend) in backends(chart) {
        if is_zero(backend.get("weight")) {
            let [n, m] = [n, m].map(|n| n.to_string());
            found.push(path(&["route", route, "rules", &n, "backendRefs", &m, "weight"]));
        }
    }
    for at in found {
        let why = format!("{} takes 0 for nothing and uses the default, 4.x obeys it; it is removed", chart.version);
        older.remove(at, why);
    }
}

/// The containers of a controller: the key of their mapping, their key, their values.
pub(super) fn containers(controller: &Value) -> impl Iterator<Item = (&'static str, &str, &Value)> {
    ["containers", "initContainers"].into_iter().flat_map(move |kind| {
        let all = controller.get(kind).map(Value::entries).unwrap_or_default();
        all.iter().map(move |(name, container)| (kind, name.as_str(), container))
    })
}

/// The backends of all routes: the route, the position of the rule, that of the backend.
pub(super) fn backends<'v>(chart: &Chart<'v>) -> Vec<(&'v str, usize, usize, &'v Value)> {
    let mut found = Vec::new();
    for (route, values) in chart.section(Section::Route).map(Value::entries).unwrap_or_default() {
        for (n, rule) in values.get("rules").map(Value::items).unwrap_or_default().iter().enumerate() {
            for (m, backend) in rule.get("backendRefs").map(Value::items).unwrap_or_default().iter().enumerate() {
                found.push((route.as_str(), n, m, backend));
            }
        }
    }
    found
}

/// 2.x takes any key, and from 3.0.3 the schema takes `nodePort`; until 3.3.0 a LoadBalancer does not
/// have it.
fn node_ports(chart: &Chart<'_>, older: &mut Older) {
    let is_taken = chart.version == Version::V2 || chart.version >= Version::v3(0, 3);
    if !is_taken || chart.version >= Version::v3(3, 0) {
        return;
    }
    for (id, service) in chart.section(Section::Service).map(Value::entries).unwrap_or_default() {
        if service.text_at(&["type"]) != Some("LoadBalancer") {
            continue;
        }
        for (port, values) in service.get("ports").map(Value::entries).unwrap_or_default() {
            if values.get("nodePort").is_some_and(|port| *port != Value::Null) {
                let why = format!("{} ignores it on a LoadBalancer, 4.x uses it; it is removed", chart.version);
                older.remove(path(&["service", id, "ports", port, "nodePort"]), why);
            }
        }
    }
}

/// Where labels and annotations stand: the keys to the mapping, and the mapping.
pub(super) fn labels<'v>(chart: &Chart<'v>) -> Vec<(Section, Vec<String>, &'v Value)> {
    let mut found = Vec::new();
    for key in ["labels", "annotations"] {
        for section in LABELLED {
            for (id, item) in chart.section(section).map(Value::entries).unwrap_or_default() {
                let at = path(&[section.path(), &[id, key]].concat());
                found.extend(item.get(key).map(|labels| (section, at, labels)));
            }
        }
        let own = chart.section(Section::ServiceAccount).and_then(|account| account.get(key));
        found.extend(own.map(|labels| (Section::ServiceAccount, path(&["serviceAccount", key]), labels)));
    }
    found
}

/// A label that is null is none, and fails from 3.2.0 on.
fn null_labels(chart: &Chart<'_>, older: &mut Older) {
    for (_, at, labels) in labels(chart) {
        for (label, _) in labels.entries().iter().filter(|(_, value)| *value == Value::Null) {
            let at = at.iter().chain([label]).cloned().collect();
            older.remove(at, "it is null, on which 4.x fails; it is removed".to_owned());
        }
    }
}
