//! The steps around the landing of a batch, with real names; README.md has the same without.

use std::collections::BTreeSet;

use super::release::Candidate;
use super::strategy::Home;
use super::survey::Found;
use super::unit::{release_id, removal_id};
use crate::charts::app_template::{Chart};
use crate::flux::WorkloadKind;
use crate::flux::View;
use crate::migrations::app_template_v4::runbook::{Moved, about_hooks, runbook as to_4};
use crate::migrations::sources::remove::{self, Removal, Words, users};
use crate::plan::runbook::{Runbook, Step, command, get, get_releases, reconcile};
use crate::plan::{Batch, Impact, Subject, Unit};

const NO_CROSS_NAMESPACE: &str =
    "kubectl --namespace flux-system get deployment helm-controller --output yaml | grep no-cross-namespace-refs=true";

pub(super) fn runbook(found: &Found<'_>, view: &View, batch: &Batch<'_>) -> Runbook {
    let (releases, others): (Vec<&Unit>, Vec<&Unit>) =
        batch.units.iter().partition(|unit| matches!(unit.id.subject, Subject::Release { .. }));
    if releases.is_empty() {
        let removed = |unit: &Unit| found.removals.all.iter().find(|own| removal_id(own) == unit.id);
        let removed: Vec<&Removal> = others.iter().filter_map(|unit| removed(unit)).collect();
        return if removed.is_empty() { of_sources(view, batch, &others) } else { of_removals(view, batch, &removed) };
    }
    let (mut needed, mut own) = (BTreeSet::new(), BTreeSet::new());
    for unit in &releases {
        let Some(candidate) = of_release(found, unit) else { continue };
        let Some(source) = found.source_of(candidate) else { continue };
        let namespace = source.namespace.as_deref().unwrap_or(&candidate.namespace);
        let is_new = source.home == Home::App && source.new.is_some();
        let name = if source.name.contains("${") { &*candidate.name } else { &*source.name };
        if is_new { &mut own } else { &mut needed }.insert((namespace, name));
    }
    let mut before = get_releases(&releases);
    before.extend(get("ocirepositories", needed.iter().copied()));
    let converted: Vec<_> = releases.iter().filter_map(|unit| of_release(found, unit)).collect();
    if let Some(target) = converted.iter().find_map(|own| own.conversion.as_ref()).map(|own| own.target.clone()) {
        let moved: Vec<Moved<'_>> = converted.iter().filter_map(|own| moved(own)).collect();
        let mut runbook = to_4(view, batch, &target, &moved);
        runbook.what =
            format!("HelmReleases name their chart by spec.chartRef, no longer by spec.chart. {}", runbook.what);
        if !needed.is_empty() {
            let sources = get("ocirepositories", needed.iter().copied());
            runbook.before.insert(0, Step::new("The sources of this batch are Ready.", sources));
        }
        return runbook;
    }
    let mut steps = if needed.is_empty() {
        vec![Step::new("No release of this batch is failing now: what fails before fails after.", before)]
    } else {
        let at_work =
            "No release of this batch is failing now, and its sources are Ready: what fails before fails after.";
        vec![Step::new(at_work, before)]
    };
    steps.extend(about_hooks(batch));
    let version = match releases.iter().filter(|unit| unit.impact > Impact::Upgrade).count() {
        0 => "The version of the chart stays; Flux runs one Helm upgrade of each release.",
        _ => "The version of the chart changes where the units say so; Flux runs one Helm upgrade of each release.",
    };
    let mut after = vec![reconcile(view, batch)];
    if !own.is_empty() {
        after.push(Step::new("Their sources, which come with them, get Ready.", get("ocirepositories", own)));
    }
    after.push(Step::new(
        "Judge by the HelmReleases, not by the Kustomizations: with `wait: false` these stay green while a release rolls back.",
        get_releases(&releases),
    ));
    let restarts: Vec<Vec<String>> =
        releases.iter().filter(|unit| unit.hooks).flat_map(|unit| restarts(view, found, unit)).collect();
    if !restarts.is_empty() {
        let text =
            "If the hook took away something that they need, make the pods anew: the upgrade by itself does not.";
        after.push(Step::new(text, restarts));
    }
    let hooked = releases.iter().any(|unit| unit.hooks);
    Runbook {
        what: format!("HelmReleases name their chart by spec.chartRef, no longer by spec.chart. {version}"),
        before: steps,
        after,
        back: vec![Step::new(
            if hooked {
                "Revert the merge: Flux makes a HelmChart of spec.chart again and runs one more upgrade, and with it the hook once more. What \
                 the hook did cannot be taken back: for that, the merge is the point of no return."
            } else {
                "Revert the merge: Flux makes a HelmChart of spec.chart again and runs one more upgrade. There is no point of no return."
            },
            Vec::new(),
        )],
    }
}

fn of_release<'f, 'v>(found: &'f Found<'v>, unit: &Unit) -> Option<&'f Candidate<'v>> {
    found.candidates.iter().find(|candidate| release_id(candidate) == unit.id)
}

/// The commands that restart the workloads of a release, with `rollout status` behind each.
fn restarts(view: &View, found: &Found<'_>, unit: &Unit) -> Vec<Vec<String>> {
    let Some(candidate) = of_release(found, unit) else { return Vec::new() };
    let at = &candidate.release.at;
    let installed = view.graph().reaches(at).iter().filter_map(|reach| view.installed(at, reach));
    let mut lines = Vec::new();
    for installed in installed {
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

/// A release that goes to 4.x with its reference.
fn moved<'c>(candidate: &'c Candidate<'_>) -> Option<Moved<'c>> {
    let own = (candidate.namespace.as_str(), candidate.name.as_str());
    let also = candidate.also.iter().filter_map(|name| name.split_once('/'));
    Some(Moved { names: also.chain([own]).collect(), effect: &candidate.conversion.as_ref()?.effect })
}

fn of_sources(view: &View, batch: &Batch<'_>, sources: &[&Unit]) -> Runbook {
    let names = sources.iter().map(|unit| (unit.id.subject.namespace(), unit.id.subject.name()));
    Runbook {
        what: "Sources of charts (OCIRepository) that releases will name by spec.chartRef. Nothing uses them yet.".to_owned(),
        before: vec![Step {
            what: "helm-controller runs without --no-cross-namespace-refs, which would forbid to name them: this prints nothing."
                .to_owned(),
            commands: vec![NO_CROSS_NAMESPACE.to_owned()],
        }],
        after: vec![
            reconcile(view, batch),
            Step::new("They are Ready before a release that needs them lands.", get("ocirepositories", names)),
        ],
        back: vec![Step::new(
            "Revert the merge, as long as no release names them.",
            Vec::new(),
        )],
    }
}

fn of_removals(view: &View, batch: &Batch<'_>, removed: &[&Removal]) -> Runbook {
    let words = Words {
        what: "HelmRepositories that nothing in the repository names any more. Flux deletes them (prune); no release is touched.",
        before: "No HelmChart and no HelmRelease of the cluster uses them, those of other repositories included: these print nothing, or what \
                 uses a HelmRepository of the same name in another namespace.",
        back: "Revert the merge: Flux makes them again, and what names them goes on. Nothing that runs is touched in between.",
    };
    let charts = removed.iter().map(|own| users("helmcharts.source.toolkit.fluxcd.io", "sourceRef", &own.name));
    let releases =
        removed.iter().map(|own| users("helmreleases.helm.toolkit.fluxcd.io", "chart.spec.sourceRef", &own.name));
    remove::runbook(view, batch, removed, &words, charts.chain(releases).collect())
}
