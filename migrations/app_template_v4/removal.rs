//! Sources of 3.x that nothing of any cluster names any more.

use super::release::{Candidate, Way};
use super::source::{CHART, is_of_3};
use crate::flux::{At, Chart, View};
use crate::migrations::sources::names::Names;
use crate::migrations::sources::remove::{self, Removal, Removals, Words, removal, users};
use crate::plan::Batch;
use crate::plan::runbook::Runbook;

const KIND: &str = "OCIRepository";

/// The sources of app-template 3.x that nothing names but releases that move to another one.
pub(super) fn of(view: &View, candidates: &[Candidate<'_>]) -> Removals {
    let mut sources = view.oci_repositories().iter().filter(|source| is_of_3(source)).peekable();
    let mut found = Removals::default();
    if sources.peek().is_none() {
        return found;
    }
    let names = Names::of(view, KIND);
    let leaves =
        |candidate: &&Candidate<'_>| candidate.verdict.as_ref().is_ok_and(|step| matches!(step.way, Way::Second(_)));
    // Releases that are still on spec.chart may come to use it, if they do not get their new version there.
    let awaiting = |version: Option<&str>| {
        let releases = view.releases().iter().filter(move |release| match &release.chart {
            Chart::Spec(spec) => spec.chart == CHART && spec.version.as_deref() == version,
            Chart::Ref(_) | Chart::Invalid => false,
        });
        releases.map(|release| release.at.clone()).collect::<Vec<At>>()
    };
    let stays = |at: &At| {
        let own = candidates.iter().find(|candidate| candidate.release.at == *at);
        !own.is_some_and(|own| own.verdict.as_ref().is_ok_and(|step| matches!(step.way, Way::InPlace { .. })))
    };
    let moves = |at: &At| candidates.iter().filter(leaves).any(|candidate| candidate.release.at == *at);
    for source in sources {
        let awaiting = awaiting(source.tag.as_deref());
        if awaiting.iter().any(stays) {
            continue;
        }
        match removal(&names, view, KIND, &source.at, &moves) {
            Ok(removal) => found.all.extend(removal.map(|mut removal| {
                removal.named_by.extend(awaiting);
                removal
            })),
            Err(finding) => found.findings.push(finding),
        }
    }
    found
}

/// The steps around the removal of sources.
pub(super) fn runbook(view: &View, batch: &Batch<'_>, removed: &[&Removal]) -> Runbook {
    let words = Words {
        what: "Sources of app-template 3.x that nothing in the repository names any more. Flux deletes them (prune); no release is touched.",
        before: "No HelmRelease of the cluster uses them, those of other repositories included: these print nothing, or what uses a source of \
                 the same name in another namespace.",
        back: "Revert the merge: Flux makes them again. Nothing that runs is touched in between.",
    };
    let users = removed.iter().map(|own| users("helmreleases.helm.toolkit.fluxcd.io", "chartRef", &own.name));
    remove::runbook(view, batch, removed, &words, users.collect())
}
