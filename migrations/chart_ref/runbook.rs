//! The steps around the landing of a batch, with real names; README.md has the same without.

use std::collections::BTreeSet;

use super::survey::Found;
use super::unit::release_id;
use crate::flux::View;
use crate::plan::runbook::{Runbook, Step, get, get_releases, reconcile};
use crate::plan::{Batch, Subject, Unit};

const NO_CROSS_NAMESPACE: &str =
    "kubectl --namespace flux-system get deployment helm-controller --output yaml | grep no-cross-namespace-refs=true";

pub(super) fn runbook(found: &Found<'_>, view: &View, batch: &Batch<'_>) -> Runbook {
    let (releases, sources): (Vec<&Unit>, Vec<&Unit>) =
        batch.units.iter().partition(|unit| matches!(unit.id.subject, Subject::Release { .. }));
    if releases.is_empty() {
        return of_sources(view, batch, &sources);
    }
    let of_unit = |unit: &&Unit| found.candidates.iter().find(|candidate| release_id(candidate) == unit.id);
    let needed: BTreeSet<&str> =
        releases.iter().filter_map(of_unit).filter_map(|own| found.source_of(own)).map(|own| &*own.name).collect();
    let namespace = &*found.settings.source_namespace;
    let at_work = "No release of this batch is failing now, and its sources are Ready: what fails before fails after.";
    let mut before = get_releases(&releases);
    before.extend(get("ocirepositories", needed.into_iter().map(|name| (namespace, name))));
    let mut steps = vec![Step::new(at_work, before)];
    if releases.iter().any(|unit| unit.hooks) {
        let text = "A Helm hook runs when this lands: read what it does in the findings, and be ready to restart what it takes away.";
        steps.push(Step::new(text, Vec::new()));
    }
    Runbook {
        what: "HelmReleases name their chart by spec.chartRef, no longer by spec.chart. The version of the chart stays; Flux runs one Helm \
               upgrade of each release."
            .to_owned(),
        before: steps,
        after: vec![
            reconcile(view, batch),
            Step::new(
                "Judge by the HelmReleases, not by the Kustomizations: with `wait: false` these stay green while a release rolls back.",
                get_releases(&releases),
            ),
        ],
        back: vec![Step::new(
            "Revert the merge: Flux makes a HelmChart of spec.chart again and runs one more upgrade. There is no point of no return; a hook \
             that ran has run.",
            Vec::new(),
        )],
    }
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
