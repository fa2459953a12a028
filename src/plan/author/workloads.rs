//! What an upgrade of a release does, as far as it follows from the values of a known chart.

use std::collections::BTreeSet;

use crate::charts::app_template::{self, Chart, Hook};
use crate::flux::{At, View, WorkloadKind};

/// The kinds of the workloads that a HelmRelease makes, in all clusters that apply it. None where
/// its chart is not one that the program knows.
pub fn workloads(view: &View, at: &At) -> BTreeSet<WorkloadKind> {
    let installed = view.graph().reaches(at).iter().filter_map(|reach| view.installed(at, reach));
    let charts = installed.filter_map(|installed| {
        let chart = Chart::installed(view, &installed)?;
        Some(chart.workloads().into_iter().filter_map(|workload| workload.kind).collect::<Vec<_>>())
    });
    charts.flatten().collect()
}

/// The Helm hooks in the values of a HelmRelease that run whenever it is upgraded.
pub fn hooks(view: &View, at: &At) -> Vec<Hook> {
    let values = view.node(at).and_then(|root| root.at(&["spec", "values"]));
    values.into_iter().flat_map(app_template::hooks).filter(Hook::runs_on_changes).collect()
}
