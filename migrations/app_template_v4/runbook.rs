//! The steps around the landing of a batch, with real names; README.md has the same without.

use std::collections::BTreeSet;

use super::impact::{Effect, Named};
use crate::flux::View;
use crate::migrations::sources::codes::HOOK;
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
    let stopped: BTreeSet<&Named> = moved.iter().flat_map(|own| &own.effect.stopped).collect();
    let listed = || get("helmreleases", names.iter().copied());
    let mut before = vec![Step::new(
        "No release of this batch is failing now: what fails before fails after, and a change of its spec wakes it up.",
        listed(),
    )];
    before.extend(about_hooks(batch));
    before.extend(about_claims(moved));
    let mut after = Vec::new();
    let what = if stopped.is_empty() {
        after.push(reconcile(view, batch));
        match moved.iter().any(|own| own.effect.keeps_selectors) {
            true => {
                "Pods are made anew, once; nothing has to be deleted, because a post-renderer keeps the old selectors, and stays in the release."
            }
            false => "Nothing that is immutable changes.",
        }
    } else {
        before.extend(about_waiting(batch));
        before.push(Step::new(
            "Suspend the releases, so that no upgrade is tried while a workload is in its way.",
            flux("suspend", &names, &[]),
        ));
        after.extend(past_immutable(view, batch, &names, &stopped, moved));
        "The label by which pods are selected changes, which Kubernetes forbids in a workload that is there: each is deleted once."
    };
    after.push(Step::new(
        "Judge by the HelmReleases, not by the Kustomizations: with `wait: false` these stay green while a release rolls back.",
        listed(),
    ));
    if !stopped.is_empty() {
        let rolled = stopped.iter().filter(|own| ["deployment", "statefulset", "daemonset"].contains(&&*own.kind));
        let lines = rolled.map(|own| own.command(&["rollout", "status"], &format!("{}/{}", own.kind, own.name)));
        after.push(Step::new("The new workloads are there, and Services find their pods again.", lines.collect()));
        let mut again = reconcile(view, batch);
        again.what = "Have the Kustomizations see that all is well.".to_owned();
        again.commands.retain(|line| line.starts_with("flux reconcile kustomization"));
        after.push(again);
    }
    after.extend(about_cron_jobs(moved));
    Runbook {
        what: format!(
            "app-template goes to {target}: the values are converted so that every object keeps its name, and every pod its service account. \
             {what}"
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

/// `flux VERB helmrelease` of each release.
fn flux(verb: &str, names: &BTreeSet<(&str, &str)>, more: &[&str]) -> Vec<Vec<String>> {
    let line = |(namespace, name): &(&str, &str)| {
        let words = ["flux", verb, "helmrelease", name, "--namespace", namespace];
        command(words.into_iter().chain(more.iter().copied()))
    };
    names.iter().map(line).collect()
}

/// What hooks do, and what to restart afterwards.
pub(in crate::migrations) fn about_hooks(batch: &Batch<'_>) -> Vec<Step> {
    let hooks = batch.units.iter().flat_map(|unit| unit.findings.iter().map(move |finding| (unit, finding)));
    let hooks = hooks.filter(|(_, finding)| finding.code == HOOK);
    let step = |(unit, finding): (&&crate::plan::Unit, &crate::plan::Finding)| {
        let text = format!(
            "A Helm hook of {} runs when this lands: {}. Be ready to restart what it takes away; what it did stays done.",
            unit.id.subject, finding.message
        );
        Step::new(text, Vec::new())
    };
    hooks.map(step).collect()
}

/// Who stops while releases are not Ready.
fn about_waiting(batch: &Batch<'_>) -> Option<Step> {
    let held_up: BTreeSet<&str> =
        batch.units.iter().flat_map(|unit| &unit.radius.held_up).map(|own| &*own.name).collect();
    let names = held_up.iter().copied().collect::<Vec<_>>().join(", ");
    let text = format!(
        "While these releases are not Ready, these Kustomizations stop applying new revisions, because they depend on one that waits for them: \
         {names}. Land this when nothing of theirs has to move."
    );
    (!held_up.is_empty()).then(|| Step::new(text, Vec::new()))
}

/// The claims that StatefulSets made: those that stay, and those that go with them.
fn about_claims(moved: &[Moved<'_>]) -> Vec<Step> {
    let mut steps = Vec::new();
    let at_risk: BTreeSet<&Named> = moved.iter().flat_map(|own| &own.effect.at_risk).collect();
    if !at_risk.is_empty() {
        let policy = |own: &&Named| {
            let words = ["kubectl", "--namespace", &own.namespace, "get", &own.kind, &own.name];
            command(words.into_iter().chain(["--output", "jsonpath={.spec.persistentVolumeClaimRetentionPolicy}"]))
        };
        steps.push(Step::new(
            "DATA AT RISK: deleting these StatefulSets deletes the claims that they made, unless whenDeleted is Retain on the cluster. Set \
             persistentVolumeClaimRetentionPolicy.whenDeleted to Retain in the values, in a change of its own that is landed first, and go on \
             only when this says Retain. Have a backup.",
            at_risk.iter().map(policy).collect(),
        ));
    }
    let claims: BTreeSet<&Named> = moved.iter().flat_map(|own| &own.effect.claims).collect();
    if !claims.is_empty() {
        let first: Vec<String> = claims.iter().map(|own| format!("{}-0", own.name)).collect();
        let names = claims.iter().zip(&first).map(|(own, name)| (own.namespace.as_str(), name.as_str()));
        steps.push(Step::new(
            "The claims that StatefulSets made, one for each of their pods (here the first, -0), are Bound now; the same ones must be Bound \
             afterwards.",
            get("persistentvolumeclaims", names),
        ));
    }
    steps
}

/// The steps that get past fields that are immutable.
fn past_immutable(
    view: &View,
    batch: &Batch<'_>,
    names: &BTreeSet<(&str, &str)>,
    stopped: &BTreeSet<&Named>,
    moved: &[Moved<'_>],
) -> Vec<Step> {
    let mut take_in = reconcile(view, batch);
    take_in.what = "Have Flux take it in now. A Kustomization that waits for its release does not get Ready while that is suspended, and the \
                    command stands still: stop it (Ctrl-C) and go on."
        .to_owned();
    let selected = names.iter().map(|(namespace, name)| {
        let label = format!("helm.toolkit.fluxcd.io/name={name}");
        command(["kubectl", "--namespace", namespace, "get", "deploy,sts,ds,cronjob", "-l", &label])
    });
    let get = selected.chain(stopped.iter().map(|own| own.command(&["get"], "")));
    let claims = if moved.iter().any(|own| !own.effect.at_risk.is_empty()) {
        "The claims of the StatefulSets above go with them unless their policy says Retain by now."
    } else {
        "Claims stay."
    };
    let delete = format!(
        "Delete them, pods and all (never with --cascade=orphan: the new selector does not find old pods). This is the point of no return: \
         from here on the applications are down until the upgrade is through. {claims} One release after the other, through this step and the \
         two below, keeps each of them down for less."
    );
    vec![
        take_in,
        Step::new("See what there is. What the last lines name, and nothing else, will be deleted.", get.collect()),
        Step::new(delete, stopped.iter().map(|own| own.command(&["delete"], "")).collect()),
        Step::new("Let the releases go on.", flux("resume", names, &[])),
        Step::new("Upgrade them now.", flux("reconcile", names, &["--with-source"])),
    ]
}

/// How a CronJob that is stuck all the same gets free.
fn about_cron_jobs(moved: &[Moved<'_>]) -> Option<Step> {
    let with: Vec<&Moved<'_>> = moved.iter().filter(|own| !own.effect.cron_jobs.is_empty()).collect();
    if with.is_empty() {
        return None;
    }
    let names: BTreeSet<(&str, &str)> = with.iter().flat_map(|own| own.names.iter().copied()).collect();
    let deleted = with.iter().flat_map(|own| &own.effect.cron_jobs).map(|own| own.command(&["delete"], ""));
    let lines = flux("suspend", &names, &[]).into_iter().chain(deleted);
    let lines = lines.chain(flux("resume", &names, &[])).chain(flux("reconcile", &names, &["--with-source"]));
    let text = "CronJobs have no immutable field, and need nothing. Only if the upgrade of one is stuck all the same: these, in this order. Jobs that \
                run at that moment are lost, their schedule is not.";
    Some(Step::new(text, lines.collect()))
}

impl Named {
    /// `kubectl --namespace NAMESPACE VERB`, of this object or of another way to name it.
    fn command(&self, verb: &[&str], named: &str) -> Vec<String> {
        let words = ["kubectl", "--namespace", &self.namespace].into_iter().chain(verb.iter().copied());
        match named {
            "" => command(words.chain([self.kind.as_str(), self.name.as_str()])),
            named => command(words.chain([named])),
        }
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
