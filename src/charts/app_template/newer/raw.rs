//! Raw resources: in 5.x all of one stands under `manifest`.
//!
//! ```yaml
//! rawResources:                        rawResources:
//!   feed:                                feed:
//!     apiVersion: example.org/v1           manifest:
//!     kind: Feed                             apiVersion: example.org/v1
//!     labels: {a: b}               →         kind: Feed
//!     spec:                                  metadata:
//!       spec:                                  labels: {a: b}
//!         url: ...                           spec:
//!                                              url: ...
//! ```
//!
//! In 4.x, `spec` is printed at the root of the object: what is called so has the object's own
//! `spec` in it, or `data`, or anything else.

use super::{Keeping, Keeps, Lost};
use crate::charts::app_template::{Chart, Section};
use crate::flux::Value;

/// The labels that the chart itself sets, beside `global.labels`.
const OF_THE_CHART: [&str; 5] = [
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "app.kubernetes.io/version",
    "helm.sh/chart",
];

/// The keys of a resource of 4.x that go into its manifest.
const MOVED: [&str; 5] = ["apiVersion", "kind", "labels", "annotations", "spec"];

/// The keys that mean something else in a manifest.
const RESERVED: [&str; 5] = ["apiVersion", "kind", "metadata", "name", "identifier"];

pub(super) fn keep(chart: &Chart<'_>, keeping: &mut Keeping) {
    // The schema rejects the old shape of those that are disabled, too.
    for (identifier, resource) in chart.section(Section::RawResources).map(Value::entries).unwrap_or_default() {
        let is_old = matches!(resource, Value::Mapping(_)) && resource.get("manifest").is_none();
        if !is_old || !MOVED.iter().any(|key| resource.get(key).is_some()) {
            continue;
        }
        let at = ["rawResources", identifier];
        let with = |key| ["rawResources", identifier, key];
        match resource.get("spec") {
            None | Some(Value::Null) => {}
            Some(Value::Mapping(body)) => {
                for (key, _) in body.iter().filter(|(key, _)| RESERVED.contains(&key.as_str())) {
                    keeping.lose(&with("spec"), Lost::Repeated(key.clone()));
                }
            }
            Some(_) => keeping.lose(&with("spec"), Lost::Body),
        }
        let global = chart.values.at(&["global", "labels"]);
        for (label, _) in resource.get("labels").map(Value::entries).unwrap_or_default() {
            if OF_THE_CHART.contains(&label.as_str()) || global.is_some_and(|global| global.get(label).is_some()) {
                keeping.lose(&with("labels"), Lost::Label(label.clone()));
            }
        }
        for key in ["labels", "annotations"] {
            let mut texts = Vec::new();
            if let Some(labels) = resource.get(key) {
                labels.texts(&mut texts);
            }
            if texts.iter().any(|text| text.contains("{{")) {
                keeping.lose(&with(key), Lost::Template);
            }
        }
        keeping.keep(&at, Keeps::Manifest);
    }
}

/// Puts a resource of 4.x into its manifest, which stands where `spec` did, so that the text of that
/// can stay.
pub(super) fn wrap(resource: &mut Value) {
    let Value::Mapping(entries) = resource else { return };
    let is_moved = |(key, _): &(String, Value)| MOVED.contains(&key.as_str());
    let is_body = |(key, value): &(String, Value)| key == "spec" && !value.entries().is_empty();
    let place = entries.iter().position(is_body).or_else(|| entries.iter().position(is_moved));
    let place = place.map_or(0, |place| entries[..place].iter().filter(|entry| !is_moved(entry)).count());
    let moved: Vec<(String, Value)> = entries.extract_if(.., |entry| is_moved(entry)).collect();
    let take = |wanted: &str| moved.iter().find(|(key, _)| key == wanted).cloned();
    let mut manifest: Vec<(String, Value)> = ["apiVersion", "kind"].into_iter().filter_map(take).collect();
    let metadata: Vec<(String, Value)> = ["labels", "annotations"].into_iter().filter_map(take).collect();
    if !metadata.is_empty() {
        manifest.push(("metadata".to_owned(), Value::Mapping(metadata)));
    }
    if let Some((_, Value::Mapping(body))) = take("spec") {
        manifest.extend(body);
    }
    entries.insert(place, ("manifest".to_owned(), Value::Mapping(manifest)));
}
