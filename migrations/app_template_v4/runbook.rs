//! The steps around the landing of a batch, with real names; README.md has the same without.

use std::collections::BTreeSet;

use super::impact::{Effect, Named};
use crate::flux::View;
use crate::plan::runbook::{Runbook, Step, command, get, reconcile};
use crate::plan::{Batch, Subject};

/// A release that goes to 4.x: the names under which clusters apply it, namespace and name, and what it comes to.
pub(in crate::migrations) struct Moved<'c> {
    pub(in crate::migrations) names: Vec<(&'c str, &'c str)>,
    pub(in crate::migrations) effect: &'c Effect,
}

/// The steps around the landing of releases that go to 4.x.
pub(in crate::migrations) fn runbook(view: &View, batch: &Batch<'_>, target: &str, moved: &[Moved<'_>]) -> Runbook {
    let names: BTreeSet<(&str, &str)> = moved.iter().flat_map(|own| own.names.iter().copied()).collect();
    let stopped: BTreeSet<_> = moved.iter().flat_map(|own| &own.effect.stopped).collect();
    let of_kind = |verb: &'static str| {
        let line = |own: &&Named| {
            let words = ["kubectl", "--namespace", &own.namespace, verb, &own.kind, &own.name];
            command(words.into_iter().chain((verb == "delete").then_some("--wait=true")))
        };
        stopped.iter().map(move |own| line(own)).collect::<Vec<_>>()
    };
    let flux = |verb: &'static str, more: &[&'static str]| -> Vec<Vec<String>> {
        let more = more.to_vec();
        let line = |(namespace, name): &(&str, &str)| {
            let words = ["flux", verb, "helmrelease", name, "--namespace", namespace];
            command(words.into_iter().chain(more.iter().copied()))
        };
        names.iter().map(line).collect()
    };
    let listed = || get("helmreleases", names.iter().copied());

    let mut before = vec![Step::new(
        "No release of this batch is failing now: what fails before fails after, and a change of its spec wakes it up.",
        listed(),
    )];
    if moved.iter().any(|own| own.effect.hooks) {
        let text = "A Helm hook runs when this lands: read what it does in the findings, and be ready to restart what it takes away.";
        before.push(Step::new(text, Vec::new()));
    }
    let held_up: BTreeSet<&str> =
        batch.units.iter().flat_map(|unit| &unit.radius.held_up).map(|own| &*own.name).collect();
    if !held_up.is_empty() && !stopped.is_empty() {
        let names = held_up.into_iter().collect::<Vec<_>>().join(", ");
        let text = format!(
            "While these releases are not Ready, these Kustomizations stop applying new revisions, because they depend on one that waits for \
             them: {names}. Land it when nothing of theirs has to move."
        );
        before.push(Step::new(text, Vec::new()));
    }
    let claims: Vec<_> = moved.iter().flat_map(|own| &own.effect.claims).collect();
    if !claims.is_empty() {
        let text = "The claims that StatefulSets made, each with the number of its pod behind it: all are Bound now, and the same ones are Bound \
                    afterwards.";
        let each = claims.iter().map(|own| (own.namespace.as_str(), "")).collect::<BTreeSet<_>>();
        let lines = each
            .iter()
            .map(|(namespace, _)| command(["kubectl", "--namespace", namespace, "get", "persistentvolumeclaims"]));
        before.push(Step::new(text, lines.collect()));
    }
    let mut after = Vec::new();
    if stopped.is_empty() {
        after.push(reconcile(view, batch));
    } else {
        before.push(Step::new(
            "Suspend the releases, so that no upgrade is tried while a workload is in its way.",
            flux("suspend", &[]),
        ));
        after.push(reconcile(view, batch));
        after.push(Step::new("See what there is: these, and nothing else, will be deleted.", of_kind("get")));
        after.push(Step::new(
            "Delete them, pods and all (never with --cascade=orphan: the new selector does not find old pods). This is the point of no \
             return: from here on the applications are down until the upgrade is through. Claims stay, unless the findings say otherwise.",
            of_kind("delete"),
        ));
        after.push(Step::new("Let the releases go on.", flux("resume", &[])));
        after.push(Step::new("Upgrade them now.", flux("reconcile", &["--with-source"])));
    }
    after.push(Step::new(
        "Judge by the HelmReleases, not by the Kustomizations: with `wait: false` these stay green while a release rolls back.",
        listed(),
    ));
    if !stopped.is_empty() {
        let rollout = |own: &&Named| ["deployment", "statefulset", "daemonset"].contains(&own.kind.as_str());
        let lines = stopped.iter().filter(|own| rollout(own)).map(|own| {
            let what = format!("{}/{}", own.kind, own.name);
            command(["kubectl", "--namespace", &own.namespace, "rollout", "status", &what])
        });
        after.push(Step::new("The new workloads are there, and Services find their pods again.", lines.collect()));
        let mut again = reconcile(view, batch);
        again.what = "Have the Kustomizations see that all is well.".to_owned();
        again.commands.retain(|line| line.starts_with("flux reconcile kustomization"));
        after.push(again);
    }
    let cron_jobs: BTreeSet<_> = moved.iter().flat_map(|own| &own.effect.cron_jobs).collect();
    if !cron_jobs.is_empty() {
        let lines = cron_jobs
            .iter()
            .map(|own| command(["kubectl", "--namespace", &own.namespace, "get", "cronjob", &own.name]));
        after.push(Step::new(
            "CronJobs have no immutable field and need nothing. If one is stuck all the same: suspend its release, delete the CronJob, resume, \
             reconcile with source, as above; jobs that run at that moment are lost, their schedule is not.",
            lines.collect(),
        ));
    }
    Runbook {
        what: format!(
            "app-template goes to {}: the values are converted so that every object keeps its name, and every pod its service account. {}",
            target,
            if stopped.is_empty() {
                "Nothing that is immutable changes."
            } else {
                "The label by which pods are selected changes, which Kubernetes forbids in a workload that is there: each is deleted once."
            }
        ),
        before,
        after,
        back: vec![Step::new(
            if stopped.is_empty() {
                "Revert the merge: Flux runs one more upgrade."
            } else {
                "Before the deletion: revert the merge, and resume the releases. After it: revert the merge, and go through the same steps again, \
                 because the old selector is as immutable as the new one. Helm's own rollback fails for the same reason."
            },
            Vec::new(),
        )],
    }
}

/// The steps around the landing of sources of 4.x.
pub(super) fn of_sources(view: &View, batch: &Batch<'_>) -> Runbook {
    let names = batch.units.iter().filter(|unit| matches!(unit.id.subject, Subject::Object { .. }));
    let names = names.map(|unit| (unit.id.subject.namespace(), unit.id.subject.name()));
    Runbook {
        what: "A second source of app-template, of 4.x, beside the one of 3.x, which goes on serving the releases that have not moved. Nothing \
               uses it yet."
            .to_owned(),
        before: Vec::new(),
        after: vec![
            reconcile(view, batch),
            Step::new("It is Ready before a release that needs it lands.", get("ocirepositories", names)),
        ],
        back: vec![Step::new("Revert the merge, as long as no release names it.", Vec::new())],
    }
}
