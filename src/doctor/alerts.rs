//! Alerts and Receivers: what they are about exists, and what they are meant to watch is watched.

use std::collections::BTreeSet;

use super::applied::{Applied, goes_elsewhere};
use super::codes::{UNWATCHED, WATCHES_NOTHING};
use super::dependencies::{place, place_of_item};
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{At, ById, ClusterId, Reach, View, Watched, watching_field};

/// The kinds that people watch as a whole.
const WATCHED: [&str; 2] = ["Kustomization", "HelmRelease"];

/// An Alert or Receiver in a cluster.
struct Watcher<'v> {
    at: &'v At,
    reach: &'v Reach,
    entries: Vec<Watched>,
    /// The field that they are in.
    field: &'static str,
}

/// Whether something that an entry is for is there, or may be.
fn is_there(entry: &Watched, applied: &Applied) -> bool {
    match &entry.name {
        // One is made for each HelmRelease, without a file.
        _ if entry.kind == "HelmChart" => true,
        None => applied.has_any(&entry.kind, &entry.namespace),
        Some(name) => applied.has(&entry.kind, &entry.namespace, name),
    }
}

pub(super) fn findings(view: &View, applied: &ById<ClusterId, Applied>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (cluster, applied) in applied.entries() {
        let watchers = watchers(view, cluster);
        found.extend(watchers.iter().flat_map(|watcher| idle(view, watcher, applied)));
        let alerts: Vec<Watcher<'_>> = watchers.into_iter().filter(|watcher| watcher.reach.kind == "Alert").collect();
        found.extend(WATCHED.iter().filter_map(|kind| unwatched(view, cluster, applied, &alerts, kind)));
    }
    found
}

/// Those that a cluster has, and that are not suspended.
fn watchers(view: &View, cluster: ClusterId) -> Vec<Watcher<'_>> {
    let here = view.graph().each_reach().filter(|(_, reach)| reach.cluster == cluster && !goes_elsewhere(view, reach));
    let watcher =
        |(at, reach)| Some(Watcher { at, reach, field: watching_field(reach)?, entries: view.watched(at, reach)? });
    here.filter_map(watcher).collect()
}

/// What is named and not there. Entries for all of a kind come from Components that many namespaces
/// share, so they may match nothing, as long as another one matches something.
fn idle(view: &View, watcher: &Watcher<'_>, applied: &Applied) -> Vec<Finding> {
    let Watcher { at, reach, entries, field } = watcher;
    let called = reach.shown();
    if !entries.is_empty() && !entries.iter().any(|entry| is_there(entry, applied)) {
        let name = |entry: &Watched| entry.name.clone().unwrap_or_else(|| "*".to_owned());
        let what = entries.iter().map(|entry| format!("{} {}/{}", entry.kind, entry.namespace, name(entry)));
        let message = format!("{called} watches nothing: the cluster does not apply {}", listed(what));
        let line = place(view, at, &["spec", field]);
        return vec![finding(Severity::Warning, WATCHES_NOTHING, &at.path, line, message)];
    }
    let missing = entries.iter().filter(|entry| !is_there(entry, applied));
    missing
        .filter_map(|entry| Some((&entry.kind, &entry.namespace, entry.name.as_ref()?)))
        .map(|(kind, namespace, name)| {
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
    let of_kind = |alert: &Watcher<'_>| alert.entries.iter().any(|entry| entry.kind == kind && entry.is_for_all());
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
        "cluster {}: {} of {all} {kind}s without an Alert, in {} {}",
        view.graph().clusters[cluster].name,
        missed.len(),
        if namespaces.len() == 1 { "namespace" } else { "namespaces" },
        listed(namespaces.iter().map(|namespace| (*namespace).to_owned())),
    );
    let line = place(view, first.at, &["spec", "eventSources"]);
    (!missed.is_empty()).then(|| finding(Severity::Warning, UNWATCHED, &first.at.path, line, message))
}
