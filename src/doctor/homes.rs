//! Where charts were published, and are no longer (`src/charts/homes/left.tsv`).

use std::collections::{BTreeMap, BTreeSet};

use super::codes::CHART_HOME;
use super::dependencies::place;
use super::finding;
use crate::charts::homes::{State, left};
use crate::finding::{Finding, Severity};
use crate::flux::{At, Name, View};

/// One finding for each HelmRepository or OCIRepository that releases of a cluster use.
pub(super) fn findings(view: &View) -> Vec<Finding> {
    let mut used: BTreeMap<At, BTreeSet<Name>> = BTreeMap::new();
    for (at, reaches) in view.graph().reached() {
        for reach in reaches.iter().filter(|reach| reach.kind == "HelmRelease") {
            let Some(source) = view.installed(at, reach).and_then(|release| release.chart?.at) else { continue };
            used.entry(source).or_default().insert(reach.name);
        }
    }
    used.iter().filter_map(|(source, releases)| of_source(view, source, releases.len())).collect()
}

fn of_source(view: &View, source: &At, releases: usize) -> Option<Finding> {
    let url = match (view.helm_repository(source), view.oci_repository(source)) {
        (Some(repository), _) => repository.url.as_str(),
        // The last part is the chart.
        (None, Some(repository)) => repository.url.rsplit_once('/')?.0,
        (None, None) => return None,
    };
    let host = left(url)?;
    let severity = if host.state == State::Dead { Severity::Warning } else { Severity::Note };
    let users = match releases {
        1 => "1 release takes its chart".to_owned(),
        several => format!("{several} releases take their charts"),
    };
    // What was published at a frozen address is still there, and maybe nowhere else.
    let are = if host.state == State::Frozen { "newer ones are" } else { "they are" };
    let home = host.home.map(|home| format!("; {are} at {home}")).unwrap_or_default();
    let message = format!("{users} from {url}, where {}: seen on {}, {}{home}", host.state, host.seen, host.source);
    Some(finding(severity, CHART_HOME, &source.path, place(view, source, &["spec", "url"]), message))
}
