//! What an older 3.x takes and later versions reject, and what they render otherwise whatever is
//! done (`docs/app-template.md#older-3x`).

use super::keys::labels;
use super::{Matter, Older, path};
use crate::charts::app_template::items::{claims, enabled};
use crate::charts::app_template::{Chart, Section, Version};
use crate::flux::Value;

pub(super) fn find(chart: &Chart<'_>, older: &mut Older) {
    let version = chart.version;
    if version < Version::v3(1, 0) {
        monitors(chart, older);
    }
    if version < Version::v3(2, 0) {
        for (_, at, labels) in labels(chart) {
            for (label, _) in labels.entries().iter().filter(|(_, value)| !is_text(value)) {
                let at = at.iter().chain([label]).cloned().collect();
                older.say(at, Matter::Rejected("it is no text, on which 4.x fails".to_owned()));
            }
        }
    }
    if version < Version::v3(5, 0) {
        for item in enabled(chart.section(Section::ConfigMaps)) {
            let is_full = |key: &str| item.values.get(key).is_some_and(|data| !data.entries().is_empty());
            if !is_full("data") && !is_full("binaryData") {
                let why = "4.x makes no ConfigMap without data".to_owned();
                older.say(path(&["configMaps", item.identifier]), Matter::Rejected(why));
            }
        }
    }
    if version < Version::v3(6, 1) {
        for item in enabled(chart.section(Section::Ingress)) {
            if item.values.get("defaultBackend").is_some_and(is_string) {
                let why = "4.x takes a mapping for the default backend".to_owned();
                older.say(path(&["ingress", item.identifier, "defaultBackend"]), Matter::Rejected(why));
            }
        }
    }
    if version == Version::v3(6, 0) {
        let what = "3.6.0 prints `hostUsers: true` in every pod, later versions only what is stated; it is the default";
        older.say(Vec::new(), Matter::Changes(what.to_owned()));
    }
    if version >= Version::v3(0, 2) && version < Version::v3(4, 0) {
        claims_apart(chart, older);
    }
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Scalar { string: true, .. })
}

fn is_string(value: &Value) -> bool {
    matches!(value, Value::Scalar { .. })
}

fn monitors(chart: &Chart<'_>, older: &mut Older) {
    for item in enabled(chart.section(Section::ServiceMonitor)) {
        let at = ["serviceMonitor", item.identifier];
        let selector = item.values.get("selector");
        let has = |key: &str, is_old: fn(&Value) -> bool| selector.and_then(|of| of.get(key)).is_some_and(is_old);
        if has("matchLabels", |labels| matches!(labels, Value::Sequence(_))) {
            let why = "4.x takes a mapping for matchLabels".to_owned();
            older.say(path(&[at[0], at[1], "selector", "matchLabels"]), Matter::Rejected(why));
        }
        if has("matchExpressions", |expressions| matches!(expressions, Value::Mapping(_))) {
            let why = "4.x takes a list for matchExpressions".to_owned();
            older.say(path(&[at[0], at[1], "selector", "matchExpressions"]), Matter::Rejected(why));
        }
        let what = "4.x also states jobLabel and namespaceSelector; what it selects stays the same";
        older.say(path(&at), Matter::Changes(what.to_owned()));
    }
}

/// A claim that is named like the release: the chart makes `full`, and pods mount `full-full`.
fn claims_apart(chart: &Chart<'_>, older: &mut Older) {
    let Ok(full) = chart.fullname() else { return };
    for item in claims(chart.section(Section::Persistence)) {
        if item.identifier == full && item.values.get("nameOverride").is_none() {
            let matter = Matter::ClaimApart { made: full.clone(), mounted: format!("{full}-{full}") };
            older.say(path(&["persistence", item.identifier]), matter);
        }
    }
}
