//! HelmReleases: each has one chart, and installs its own Helm release.

use std::collections::BTreeMap;

use super::codes::{CHART_TWICE, RELEASE_TWICE};
use super::finding;
use super::owners::{Place, line};
use crate::finding::{Finding, Severity};
use crate::flux::{At, Reach, Value, View, remote_cluster};

pub(super) fn findings(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut installed: BTreeMap<(Place, String, String), (&At, String)> = BTreeMap::new();
    for (at, reaches) in view.graph().reached() {
        for reach in reaches.iter().filter(|reach| reach.kind == "HelmRelease") {
            let Some(release) = view.installed(at, reach) else { continue };
            found.extend(chart_twice(view, at, reach, &release.object));
            if !release.is_known() {
                continue;
            }
            let (namespace, name) = (release.storage_namespace, release.release);
            let called = format!("{}/{}", reach.namespace.as_deref().unwrap_or_default(), reach.name);
            let message = format!("{called} installs Helm release {namespace}/{name}");
            let owner = &view.graph().kustomizations[reach.kustomization];
            let here = owner.remote_cluster();
            let namespace_here = reach.namespace.as_deref().unwrap_or_default();
            let cluster = (reach.cluster, remote_cluster(&release.object, namespace_here, here.as_deref()));
            let place = (cluster, namespace, name);
            match installed.get(&place) {
                // The same object, applied twice, is reported as such.
                Some((_, other)) if *other == called => {}
                Some((first, other)) => {
                    let message = format!("{message}, and so does {other} at {}:{}", first.path, line(view, first));
                    found.push(finding(Severity::Error, RELEASE_TWICE, &at.path, line(view, at), message));
                }
                None => drop(installed.insert(place, (at, called))),
            }
        }
    }
    found
}

fn chart_twice(view: &View, at: &At, reach: &Reach, object: &Value) -> Option<Finding> {
    let both = ["chart", "chartRef"].iter().all(|field| object.at(&["spec", field]).is_some());
    let line = view
        .node(at)
        .and_then(|root| root.at(&["spec", "chartRef"]))
        .map_or_else(|| line(view, at), |node| node.line());
    let message = format!("{} sets spec.chart and spec.chartRef", reach.name);
    both.then(|| finding(Severity::Error, CHART_TWICE, &at.path, line, message))
}
