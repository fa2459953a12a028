//! Alerts and Receivers: what they are about exists, and what they are meant to watch is watched.
//!
//! An entry matches kind and namespace exactly, by default the namespace of the Alert; `*` stands for
//! names only (notification-controller, `eventMatchesAlertSource`).

use std::collections::BTreeSet;

use super::applied::{Applied, goes_elsewhere};
use super::codes::{UNWATCHED, WATCHES_NOTHING};
use super::dependencies::{place, place_of_item};
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{At, ById, ClusterId, Reach, Value, View};

/// The kinds that people watch as a whole.
const WATCHED: [&str; 2] = ["Kustomization", "HelmRelease"];

/// An Alert or Receiver in a cluster.
struct Watcher<'v> {
    at: &'v At,
    reach: &'v Reach,
    entries: Vec<Entry>,
}

/// What it watches.
struct Entry {
    kind: String,
    namespace: String,
    /// `*` for all.
    name: String,
}

impl Entry {
    fn of(item: &Value, own_namespace: &str) -> Option<Entry> {
        let text = |key: &str| item.text_at(&[key]).map(str::to_owned);
        let namespace = text("namespace").unwrap_or_else(|| own_namespace.to_owned());
        // A Receiver may select by labels alone.
        let name = text("name").unwrap_or_else(|| "*".to_owned());
        Some(Entry { kind: text("kind")?, namespace, name })
    }

    fn is_there(&self, applied: &Applied) -> bool {
        match self.name.as_str() {
            // One is made for each HelmRelease, without a file.
            _ if self.kind == "HelmChart" => true,
            "*" => applied.has_any(&self.kind, &self.namespace),
            name => applied.has(&self.kind, &self.namespace, name),
        }
    }
}

pub(super) fn findings(view: &View, applied: &ById<ClusterId, Applied>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (cluster, applied) in applied.entries() {
        let alerts = watchers(view, cluster, "Alert", "eventSources");
        let receivers = watchers(view, cluster, "Receiver", "resources");
        found.extend(alerts.iter().flat_map(|alert| idle(view, alert, applied, "eventSources")));
        found.extend(receivers.iter().flat_map(|receiver| idle(view, receiver, applied, "resources")));
        found.extend(WATCHED.iter().filter_map(|kind| unwatched(view, cluster, applied, &alerts, kind)));
    }
    found
}

/// Those of a kind that a cluster has, and that are not suspended.
fn watchers<'v>(view: &'v View, cluster: ClusterId, kind: &str, field: &str) -> Vec<Watcher<'v>> {
    let is_it = |reach: &&Reach| {
        reach.cluster == cluster
            && reach.kind == kind
            && reach.api_version.starts_with("notification.toolkit.fluxcd.io/")
            && !goes_elsewhere(view, reach)
    };
    let reached = view.graph().each_reach();
    let watcher = |(at, reach): (&'v At, &'v Reach)| {
        let object = view.effective(at, reach)?;
        if object.at(&["spec", "suspend"]).is_some_and(Value::is_true) {
            return None;
        }
        let own = reach.namespace.as_deref().unwrap_or_default();
        let items = object.at(&["spec", field]).map_or(&[][..], Value::items);
        let entries = items.iter().filter_map(|item| Entry::of(item, own)).collect();
        Some(Watcher { at, reach, entries })
    };
    reached.filter(|(_, reach)| is_it(reach)).filter_map(watcher).collect()
}

/// What is named and not there. Entries for all of a kind come from Components that many namespaces
/// share, so they may match nothing, as long as another one matches something.
fn idle(view: &View, watcher: &Watcher<'_>, applied: &Applied, field: &str) -> Vec<Finding> {
    let Watcher { at, reach, entries } = watcher;
    let called = format!("{} {}/{}", reach.kind, reach.namespace.as_deref().unwrap_or_default(), reach.name);
    if !entries.is_empty() && !entries.iter().any(|entry| entry.is_there(applied)) {
        let what = entries.iter().map(|entry| format!("{} {}/{}", entry.kind, entry.namespace, entry.name));
        let message = format!("{called} watches nothing: the cluster does not apply {}", listed(what));
        let line = place(view, at, &["spec", field]);
        return vec![finding(Severity::Warning, WATCHES_NOTHING, &at.path, line, message)];
    }
    let missing = entries.iter().filter(|entry| entry.name != "*" && !entry.is_there(applied));
    missing
        .map(|Entry { kind, namespace, name }| {
            let instead = applied.elsewhere(kind, name);
            let line = place_of_item(view, at, &["spec", field], name);
            let message =
                format!("{called} names {kind} {namespace}/{name}, which the cluster does not apply{instead}");
            finding(Severity::Warning, WATCHES_NOTHING, &at.path, line, message)
        })
        .collect()
}

/// The objects of a kind in namespaces that no Alert names, if there is an Alert for all of the kind.
fn unwatched(
    view: &View,
    cluster: ClusterId,
    applied: &Applied,
    alerts: &[Watcher<'_>],
    kind: &str,
) -> Option<Finding> {
    let of_kind = |alert: &Watcher<'_>| alert.entries.iter().any(|entry| entry.kind == kind && entry.name == "*");
    let first = alerts.iter().find(|alert| of_kind(alert))?;
    let entries = || alerts.iter().flat_map(|alert| &alert.entries).filter(|entry| entry.kind == kind);
    // Who watches more may be elsewhere, or only known on the cluster.
    if applied.is_partial || entries().any(|entry| entry.namespace.contains("${")) {
        return None;
    }
    let watched: BTreeSet<&str> = entries().map(|entry| entry.namespace.as_str()).collect();
    let all = applied.namespaces_of(kind).count();
    let missed: Vec<&str> = applied.namespaces_of(kind).filter(|namespace| !watched.contains(namespace)).collect();
    let namespaces: BTreeSet<&str> = missed.iter().copied().collect();
    let message = format!(
        "no Alert of cluster {} watches {} of its {all} {kind}s: those in {} {}",
        view.graph().clusters[cluster].name,
        missed.len(),
        if namespaces.len() == 1 { "namespace" } else { "namespaces" },
        listed(namespaces.iter().map(|namespace| (*namespace).to_owned())),
    );
    let line = place(view, first.at, &["spec", "eventSources"]);
    (!missed.is_empty()).then(|| finding(Severity::Warning, UNWATCHED, &first.at.path, line, message))
}
