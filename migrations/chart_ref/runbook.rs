//! The steps around the landing of a batch, with real names; README.md has the same without.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::find::Found;
use super::home::Home;
use super::origin::compared;
use super::source::Source;
use super::units::{include_ids, release_id, removal_id, source_id};
use crate::charts::app_template::Chart;
use crate::flux::{View, WorkloadKind};
use crate::migrations::app_template::runbook::{Upgraded, about_hooks, of_upgrade};
use crate::migrations::sources::remove::{self, Removal, Words, users};
use crate::plan::runbook::{Runbook, Step, command, get, get_releases, reconcile};
use crate::plan::{Batch, Impact, Subject, Unit};

const WHAT: &str = "HelmReleases reference their chart by spec.chartRef instead of spec.chart.";
const OCI_REPOSITORIES: &str = "ocirepositories";
const NO_CROSS_NAMESPACE: &str =
    "kubectl --namespace flux-system get deployment helm-controller --output yaml | grep no-cross-namespace-refs=true";

pub(super) fn runbook(found: &Found<'_>, view: &View, batch: &Batch<'_>) -> Runbook {
    let (releases, others): (Vec<&Unit>, Vec<&Unit>) =
        batch.units.iter().partition(|unit| matches!(unit.id.subject, Subject::Release { .. }));
    let removal = |unit: &&Unit| found.removals.all.iter().find(|removal| removal_id(removal) == unit.id);
    let removals: Vec<&Removal> = others.iter().filter_map(removal).collect();
    if !releases.is_empty() {
        of_releases(found, view, batch, &releases)
    } else if removals.is_empty() {
        of_sources(found, view, batch, &others)
    } else {
        of_removals(view, batch, &removals)
    }
}

fn of_releases(found: &Found<'_>, view: &View, batch: &Batch<'_>, releases: &[&Unit]) -> Runbook {
    let candidate = |unit: &&Unit| found.candidates.iter().find(|candidate| release_id(candidate) == unit.id);
    let candidates: Vec<&Candidate<'_>> = releases.iter().filter_map(candidate).collect();
    let (mut existing, mut new) = (BTreeSet::new(), BTreeSet::new());
    for candidate in &candidates {
        let Some(source) = found.source_of(candidate) else { continue };
        let namespace = source.namespace.as_deref().unwrap_or(&candidate.namespace);
        let is_new = source.group.home == Home::PerApp && source.new.is_some();
        let name = if source.name.contains("${") { &*candidate.name } else { &*source.name };
        if is_new { &mut new } else { &mut existing }.insert((namespace, name));
    }
    let existing = get(OCI_REPOSITORIES, existing);
    if let Some(target) = candidates.iter().find_map(|candidate| Some(&candidate.conversion()?.target)) {
        let upgraded: Vec<Upgraded<'_>> = candidates.iter().filter_map(|candidate| upgraded(candidate)).collect();
        let mut runbook = of_upgrade(view, batch, target, &upgraded);
        runbook.what = format!("{WHAT} {}", runbook.what);
        if !existing.is_empty() {
            runbook.before.insert(0, Step::new("The sources of this batch are ready.", existing));
        }
        return runbook;
    }
    let sources = if existing.is_empty() { "" } else { ", and its sources are ready" };
    let what = format!(
        "No release of this batch is failing{sources}: a release that is failing now will still be failing afterwards."
    );
    let mut before = vec![Step::new(what, [get_releases(releases), existing].concat())];
    before.extend(compared(candidates.iter().copied()));
    before.extend(about_hooks(batch));
    let mut after = vec![reconcile(view, batch)];
    if !new.is_empty() {
        after.push(Step::new("The sources of the releases, which are new, become ready.", get(OCI_REPOSITORIES, new)));
    }
    let what = "Every release is ready. Look at the HelmReleases, not at the Kustomizations: with `wait: false`, a \
                Kustomization is ready while its release rolls back.";
    after.push(Step::new(what, get_releases(releases)));
    let hooked = || releases.iter().filter(|unit| unit.hooks);
    let restarts: Vec<Vec<String>> = hooked().filter_map(candidate).flat_map(|one| restarts(view, one)).collect();
    if !restarts.is_empty() {
        let what = "If the hook removed something that the pods need, restart them: the upgrade does not.";
        after.push(Step::new(what, restarts));
    }
    let changes_version = releases.iter().any(|unit| unit.impact > Impact::Upgrade);
    let version = if changes_version { "changes where the units say so" } else { "stays the same" };
    let mut back =
        "Revert the merge: Flux creates a HelmChart for spec.chart again and runs another upgrade.".to_owned();
    back.push_str(if hooked().next().is_some() {
        " The hook runs again, too. What the hook did cannot be undone: for that, the merge is the point of no return."
    } else {
        " There is no point of no return."
    });
    Runbook {
        what: format!("{WHAT} The version of the chart {version}; Flux runs one Helm upgrade of each release."),
        before,
        after,
        back: vec![Step::new(back, Vec::new())],
    }
}

/// The commands that restart the workloads of a release, each with its `rollout status`.
fn restarts(view: &View, candidate: &Candidate<'_>) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    for installed in candidate.reaches.iter().filter_map(|reach| view.installed(&candidate.release.at, reach)) {
        let workloads = Chart::installed(view, &installed).map(|chart| chart.workloads()).unwrap_or_default();
        for workload in workloads.iter().filter(|workload| !workload.is_hook) {
            let (Some(kind), Ok(name)) = (workload.kind, &workload.name) else { continue };
            if matches!(kind, WorkloadKind::CronJob | WorkloadKind::Job) {
                continue;
            }
            let what = format!("{}/{name}", kind.to_string().to_lowercase());
            for verb in ["restart", "status"] {
                lines.push(command(["kubectl", "--namespace", &installed.namespace, "rollout", verb, &what]));
            }
        }
    }
    lines
}

/// A release that moves to 4.x together with its reference.
fn upgraded<'c>(candidate: &'c Candidate<'_>) -> Option<Upgraded<'c>> {
    let first = (candidate.namespace.as_str(), candidate.name.as_str());
    let also = candidate.also.iter().filter_map(|name| name.split_once('/'));
    Some(Upgraded { names: also.chain([first]).collect(), effect: &candidate.conversion()?.effect })
}

fn of_sources(found: &Found<'_>, view: &View, batch: &Batch<'_>, sources: &[&Unit]) -> Runbook {
    let names = sources.iter().map(|unit| (unit.id.subject.namespace(), unit.id.subject.name()));
    let what = "helm-controller runs without --no-cross-namespace-refs, which forbids a chartRef to another namespace. \
                This command prints nothing.";
    let is_here = |source: &&Source| {
        let new = source.new.as_ref().map(source_id).into_iter();
        new.chain(include_ids(source).map(|(id, _)| id)).any(|id| sources.iter().any(|unit| unit.id == id))
    };
    let users = found.sources.iter().filter(is_here).flat_map(|source| &source.group.users);
    let mut before = vec![Step { what: what.to_owned(), commands: vec![NO_CROSS_NAMESPACE.to_owned()] }];
    before.extend(compared(users.map(|user| &found.candidates[*user])));
    Runbook {
        what: "Sources of charts (OCIRepository) that releases will name by spec.chartRef. Nothing uses them yet."
            .to_owned(),
        before,
        after: vec![
            reconcile(view, batch),
            Step::new("They are ready before a release that needs them lands.", get(OCI_REPOSITORIES, names)),
        ],
        back: vec![Step::new("Revert the merge, as long as no release names them.", Vec::new())],
    }
}

fn of_removals(view: &View, batch: &Batch<'_>, removals: &[&Removal]) -> Runbook {
    let words = Words {
        what: "HelmRepositories that nothing in the repository names any more. Flux deletes them (prune); no release \
               is touched.",
        before: "No HelmChart and no HelmRelease on the cluster uses them, those of other repositories included. These \
                 commands print nothing, or only what uses a HelmRepository of the same name in another namespace.",
        back: "Revert the merge: Flux creates them again, and whatever names them works again. Nothing that runs is \
               touched in between.",
    };
    let users_of = |kind, at| removals.iter().map(move |removal| users(kind, at, &removal.name));
    let charts = users_of("helmcharts.source.toolkit.fluxcd.io", "sourceRef");
    let releases = users_of("helmreleases.helm.toolkit.fluxcd.io", "chart.spec.sourceRef");
    remove::runbook(view, batch, removals, &words, charts.chain(releases).collect())
}
