//! Where HelmReleases take their charts from: kinds and addresses that cannot work.

use super::changed::Scope;
use super::codes::{CHART_IN_URL, CHART_SOURCE_KIND};
use super::finding;
use crate::finding::{Finding, Severity};
use crate::flux::{At, Reach, View};

/// The kinds that each reference to a source can name (helm-controller, `api/v2`).
const KINDS: [(&[&str], &[&str]); 2] = [
    (&["spec", "chart", "spec", "sourceRef"], &["HelmRepository", "GitRepository", "Bucket"]),
    (&["spec", "chartRef"], &["OCIRepository", "HelmChart", "ExternalArtifact"]),
];

pub(super) fn findings(view: &View, scope: &Scope<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, reaches) in view.graph().reached() {
        for reach in reaches.iter().filter(|reach| reach.kind == "HelmRelease") {
            if scope.has_at(at) || scope.has_source_of(view, at, reach) {
                found.extend(source_kind(view, at, reach));
                found.extend(chart_in_url(view, at, reach));
            }
        }
    }
    found
}

fn source_kind(view: &View, at: &At, reach: &Reach) -> Option<Finding> {
    let object = view.effective(at, reach)?;
    KINDS.iter().find_map(|(path, kinds)| {
        let kind = object.at(path)?.text_at(&["kind"])?;
        let is_known = kinds.contains(&kind) || kind.contains("${");
        let field = path.join(".");
        let message = format!("{} has {field}.kind {kind}; it can be {}", reach.name, kinds.join(", "));
        let line = super::dependencies::place(view, at, path);
        (!is_known).then(|| finding(Severity::Error, CHART_SOURCE_KIND, &at.path, line, message))
    })
}

/// The chart's name is looked up below the URL of a HelmRepository.
fn chart_in_url(view: &View, at: &At, reach: &Reach) -> Option<Finding> {
    let chart = view.installed(at, reach)?.chart?;
    let repository = view.helm_repository(chart.at.as_ref()?).filter(|repository| repository.oci)?;
    let name = chart.name?;
    let is_in_it = repository.url.rsplit('/').next() == Some(&name);
    let message = format!(
        "{} asks for chart {name} of the HelmRepository in {}, whose URL ends in {name}: Flux looks for {}/{name}",
        reach.name, repository.at, repository.url
    );
    let line = super::dependencies::place(view, at, &["spec", "chart", "spec", "chart"]);
    is_in_it.then(|| finding(Severity::Error, CHART_IN_URL, &at.path, line, message))
}
