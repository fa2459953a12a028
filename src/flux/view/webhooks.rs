//! What gives Flux Kustomizations variables in the cluster.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::{Installed, View};
use crate::flux::cluster::{ClusterId, Reach};
use crate::flux::files::At;
use crate::flux::value::Value;

/// Charts of webhooks that add to `spec.postBuild` of every Flux Kustomization: the name, when that
/// was seen, and where.
const CHARTS: [(&str, &str, &str); 2] = [
    (
        "kustomize-mutating-webhook",
        "2026-11-28",
        "https://github.com/xunholy/fluxcd-kustomize-mutating-webhook/blob/main/kustomize-mutating-webhook/internal/handlers/mutate.go",
    ),
    (
        "fluxcd-mutating-webhook",
        "2026-11-28",
        "https://github.com/xunholy/fluxcd-kustomize-mutating-webhook/tree/main/deploy/chart/fluxcd-mutating-webhook",
    ),
];

/// What fills variables in each cluster: where it is, and what it is. Made when it is first asked for.
pub(super) type Filling = Arc<OnceLock<BTreeMap<ClusterId, (At, String)>>>;

impl View {
    /// What may give Flux Kustomizations of a cluster more variables than the tree shows: where it
    /// is, and what it is.
    pub fn fills_variables(&self, cluster: ClusterId) -> Option<&(At, String)> {
        self.filling.get_or_init(|| filling(self)).get(&cluster)
    }
}

fn filling(view: &View) -> BTreeMap<ClusterId, (At, String)> {
    let mut found = BTreeMap::new();
    for (at, reaches) in view.graph().reached() {
        for reach in reaches {
            if let Some(what) = what_fills(view, at, reach) {
                found.entry(reach.cluster).or_insert_with(|| (at.clone(), what));
            }
        }
    }
    // What no cluster applies, such as a release that a bootstrap installs, may be in any.
    for release in view.releases().iter().filter(|release| view.graph().reaches(&release.at).is_empty()) {
        let Some(chart) = view.node(&release.at).and_then(Value::of).as_ref().and_then(chart_in) else { continue };
        for cluster in view.graph().clusters.ids() {
            found.entry(cluster).or_insert_with(|| (release.at.clone(), format!("the chart {chart}")));
        }
    }
    found
}

fn what_fills(view: &View, at: &At, reach: &Reach) -> Option<String> {
    match reach.kind.as_str() {
        "HelmRelease" => {
            let release = view.installed(at, reach)?;
            let chart = chart_in(&release.object).or_else(|| chart_of_source(view, &release))?;
            Some(format!("the chart {chart}"))
        }
        "MutatingWebhookConfiguration" => {
            let object = view.effective(at, reach)?;
            let webhooks = object.get("webhooks").map(Value::items).unwrap_or_default();
            let mut rules =
                webhooks.iter().flat_map(|webhook| webhook.get("rules").map(Value::items).unwrap_or_default());
            let has = |rule: &Value, field: &str, wanted: &str| {
                let listed = rule.get(field).map(Value::items).unwrap_or_default();
                listed.iter().filter_map(Value::text).any(|text| text == wanted || text.starts_with('*'))
            };
            let of_flux = |rule: &Value| {
                has(rule, "apiGroups", "kustomize.toolkit.fluxcd.io") && has(rule, "resources", "kustomizations")
            };
            rules.any(of_flux).then(|| format!("MutatingWebhookConfiguration {}", reach.name))
        }
        "ClusterPolicy" | "Policy" | "MutatingPolicy" if reach.api_version.contains("kyverno.io/") => {
            let object = view.effective(at, reach)?;
            let changes = object.has_key("mutate") || reach.kind == "MutatingPolicy";
            (changes && names_text(&object, "Kustomization")).then(|| format!("{} {}", reach.kind, reach.name))
        }
        _ => None,
    }
}

/// The chart that a HelmRelease names.
fn chart_in(release: &Value) -> Option<&'static str> {
    known(release.text_at(&["spec", "chart", "spec", "chart"])?)
}

/// The chart of the OCIRepository that a HelmRelease names.
fn chart_of_source(view: &View, release: &Installed) -> Option<&'static str> {
    known(&view.oci_repository(release.chart.as_ref()?.at.as_ref()?)?.url)
}

/// The chart of this name, address or path.
fn known(text: &str) -> Option<&'static str> {
    let last = text.trim_end_matches('/').rsplit('/').next()?;
    CHARTS.iter().map(|(name, ..)| *name).find(|name| *name == last)
}

/// Whether a text in an object has a word.
fn names_text(value: &Value, word: &str) -> bool {
    match value {
        Value::Null => false,
        Value::Scalar { text, .. } => text.contains(word),
        Value::Sequence(items) => items.iter().any(|item| names_text(item, word)),
        Value::Mapping(entries) => entries.iter().any(|(_, value)| names_text(value, word)),
    }
}
