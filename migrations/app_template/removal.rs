//! Sources of 3.x that nothing of any cluster names any more.

use super::release::{Candidate, Way};
use super::settings::AppTemplateSettings;
use super::source::is_before;
use crate::charts::homes::APP_TEMPLATE;
use crate::flux::{At, Chart, SourceNames, View};
use crate::migrations::sources::remove::{self, Removal, Removals, Words, removal, users};
use crate::plan::Batch;
use crate::plan::runbook::Runbook;

const KIND: &str = "OCIRepository";

/// The sources of app-template, of a version from which releases move, that only releases name which
/// move to another source.
pub(super) fn find(view: &View, candidates: &[Candidate<'_>], settings: &AppTemplateSettings) -> Removals {
    let mut sources = view.oci_repositories().iter().filter(|source| is_before(source, settings)).peekable();
    let mut found = Removals::default();
    if sources.peek().is_none() {
        return found;
    }
    let names = SourceNames::of(view, KIND);
    let candidate = |at: &At| candidates.iter().find(|candidate| candidate.release.at == *at);
    let moves = |at: &At| candidate(at).is_some_and(|candidate| candidate.second_beside().is_some());
    let moves_in_place =
        |at: &At| candidate(at).is_some_and(|candidate| matches!(candidate.way(), Some(Way::InPlace { .. })));
    for source in sources {
        // Releases that are still on spec.chart will use it, unless they get 4.x there.
        let on_chart: Vec<&At> = on_chart(view, source.tag.as_deref()).collect();
        if !on_chart.iter().all(|at| moves_in_place(at)) {
            continue;
        }
        match removal(&names, view, KIND, &source.at, &moves) {
            Ok(removal) => found.all.extend(removal.map(|mut removal| {
                removal.named_by.extend(on_chart.into_iter().cloned());
                removal
            })),
            Err(finding) => found.findings.push(finding),
        }
    }
    found.proven(view)
}

/// The releases of the chart that are on `spec.chart`, in this version.
fn on_chart<'v>(view: &'v View, version: Option<&str>) -> impl Iterator<Item = &'v At> {
    let is_it = move |chart: &Chart| match chart {
        Chart::Spec(spec) => spec.chart == APP_TEMPLATE && spec.version.as_deref() == version,
        Chart::Ref(_) | Chart::Invalid => false,
    };
    view.releases().iter().filter(move |release| is_it(&release.chart)).map(|release| &release.at)
}

/// The steps around the removal of sources.
pub(super) fn runbook(view: &View, batch: &Batch<'_>, removed: &[&Removal]) -> Runbook {
    let words = Words {
        what: "Removes sources of older versions of app-template that nothing in the repository names any more. Flux deletes them (prune); no release changes.",
        before: "No HelmRelease on the cluster uses them, including releases from other repositories. This must print nothing, or only \
                 releases that use a source of the same name in another namespace.",
        back: "Revert the merge: Flux creates them again. Nothing that runs is affected.",
    };
    let users = removed.iter().map(|removal| users("helmreleases.helm.toolkit.fluxcd.io", "chartRef", &removal.name));
    remove::runbook(view, batch, removed, &words, users.collect())
}
