//! The steps around the merge of a batch, with real names; README.md has the same without.

use std::collections::BTreeSet;

use super::find::Found;
use super::impact::{Effect, ObjectName};
use super::release::Candidate;
use super::removal;
use super::units::{releases_of, removal_of};
use crate::flux::View;
use crate::migrations::sources::codes::HOOK;
use crate::migrations::sources::remove::Removal;
use crate::plan::runbook::{Runbook, Step, command, command_about, get, reconcile};
use crate::plan::{Batch, Subject};

/// Releases, as namespace and name.
type Names<'n> = BTreeSet<(&'n str, &'n str)>;

/// A release that moves to 4.x: the names under which clusters apply it, and what the move does.
pub(in crate::migrations) struct Upgraded<'c> {
    pub(in crate::migrations) names: Vec<(&'c str, &'c str)>,
    pub(in crate::migrations) effect: &'c Effect,
}

/// The steps around the merge of a batch.
pub(super) fn runbook(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let removed: Vec<&Removal> = batch.units.iter().filter_map(|unit| removal_of(found, unit)).collect();
    if !removed.is_empty() {
        return removal::runbook(found.view, batch, &removed);
    }
    let releases = batch.units.iter().flat_map(|unit| releases_of(found, unit));
    let upgraded: Vec<Upgraded<'_>> = releases.map(upgraded).collect();
    if upgraded.is_empty() {
        return of_sources(found.view, batch);
    }
    of_upgrade(found.view, batch, &found.settings.target, &upgraded)
}

fn upgraded<'c>(candidate: &'c Candidate<'_>) -> Upgraded<'c> {
    let identity = &candidate.identity;
    let also = identity.also.iter().filter_map(|name| name.split_once('/'));
    Upgraded { names: also.chain([(&*identity.namespace, &*identity.name)]).collect(), effect: &candidate.effect }
}

/// The steps around the merge of sources of 4.x.
fn of_sources(view: &View, batch: &Batch<'_>) -> Runbook {
    let sources = batch.units.iter().filter(|unit| matches!(unit.id.subject, Subject::Object { .. }));
    let names = sources.map(|unit| (unit.id.subject.namespace(), unit.id.subject.name()));
    Runbook {
        what: "Adds a second source of app-template, of the new version, beside the old one, which stays for the releases that have not moved. \
               Nothing uses the new one yet."
            .to_owned(),
        before: Vec::new(),
        after: vec![
            reconcile(view, batch),
            Step::new("See that it is ready before you merge a release that needs it.", get("ocirepositories", names)),
        ],
        back: vec![Step::new("Revert the merge, as long as no release names the source.", Vec::new())],
    }
}

/// The steps around the merge of releases that move to 4.x.
pub(in crate::migrations) fn of_upgrade(
    view: &View,
    batch: &Batch<'_>,
    target: &str,
    upgraded: &[Upgraded<'_>],
) -> Runbook {
    let names: Names<'_> = upgraded.iter().flat_map(|release| release.names.iter().copied()).collect();
    let objects = |of: fn(&Effect) -> &BTreeSet<ObjectName>| -> BTreeSet<&ObjectName> {
        upgraded.iter().flat_map(|release| of(release.effect)).collect()
    };
    let blocking = objects(|effect| &effect.blocking);
    let at_risk = objects(|effect| &effect.at_risk);
    let mut before = vec![Step::new(
        "See that no release of this batch is failing. One that is failing now will still be failing afterwards, and the change starts a new \
         attempt.",
        get("helmreleases", names.iter().copied()),
    )];
    before.extend(about_5(target));
    before.extend(about_hooks(batch));
    before.extend(about_risk(&at_risk));
    before.extend(about_claims(&objects(|effect| &effect.claims)));
    let mut after = Vec::new();
    let what = if !blocking.is_empty() {
        before.extend(about_waiting(batch));
        before.push(Step::new(
            "Suspend the releases, so that Flux does not try the upgrade before the workloads are deleted.",
            flux("suspend", &names, &[]),
        ));
        after.extend(past_immutable(view, batch, &names, &blocking, !at_risk.is_empty()));
        "The label that selects pods changes, which Kubernetes does not allow in an existing workload: each workload must be deleted once."
    } else {
        after.push(reconcile(view, batch));
        if upgraded.iter().any(|release| release.effect.keeps_selectors) {
            "Pods are replaced once. Nothing has to be deleted, because a post-renderer keeps the old selectors; it stays in the release."
        } else {
            "No immutable field changes."
        }
    };
    after.push(Step::new(
        "Look at the HelmReleases, not at the Kustomizations: with `wait: false` those stay ready while a release is rolled back.",
        get("helmreleases", names.iter().copied()),
    ));
    if !blocking.is_empty() {
        after.extend(see_workloads(view, batch, &blocking));
    }
    after.extend(about_cron_jobs(upgraded));
    let back = if blocking.is_empty() {
        "Revert the merge: Flux runs one more upgrade."
    } else {
        "Before you delete anything: revert the merge and resume the releases. Afterwards: revert the merge and take the same steps again, because \
         the old selector is as immutable as the new one. Helm's own rollback fails for the same reason."
    };
    Runbook {
        what: format!(
            "app-template moves to {target}. The values are converted, so that every object keeps its name and every pod its service account. {what}"
        ),
        before,
        after,
        back: vec![Step::new(back, Vec::new())],
    }
}

/// What to check before releases move to 5.x.
fn about_5(target: &str) -> Vec<Step> {
    if !target.starts_with("5.") {
        return Vec::new();
    }
    let what =
        "5.x needs Kubernetes 1.31 or later, and Helm 3.18 or later in helm-controller. See what the cluster has.";
    let compare = "What keeps the releases as they are is pinned by rule: nothing here has rendered 5.x. Render each release with the old version \
                   and values and with the new ones (`helm template`) and compare: only the label helm.sh/chart should differ.";
    let see = vec![command(["kubectl", "version"]), command(["flux", "version"])];
    vec![Step::new(what, see), Step::new(compare, Vec::new())]
}

/// `flux VERB helmrelease` of each release.
fn flux(verb: &str, names: &Names<'_>, options: &[&str]) -> Vec<Vec<String>> {
    let line = |(namespace, name): &(&str, &str)| {
        command_about(&["flux", verb, "helmrelease"], &[name], &[&["--namespace", namespace], options].concat())
    };
    names.iter().map(line).collect()
}

/// `kubectl --namespace NAMESPACE WORDS`.
fn kubectl(namespace: &str, words: &[&str]) -> Vec<String> {
    command(["kubectl", "--namespace", namespace].into_iter().chain(words.iter().copied()))
}

fn kubectl_of_each<'o>(verb: &str, objects: impl IntoIterator<Item = &'o ObjectName>) -> Vec<Vec<String>> {
    let line = |object: &ObjectName| {
        command_about(&["kubectl", "--namespace", &object.namespace, verb], &[&object.kind, &object.name], &[])
    };
    objects.into_iter().map(line).collect()
}

/// What hooks do, and what to restart afterwards.
pub(in crate::migrations) fn about_hooks(batch: &Batch<'_>) -> Vec<Step> {
    let findings = batch.units.iter().flat_map(|unit| unit.findings.iter().map(move |finding| (unit, finding)));
    let step = |(unit, finding): (&&crate::plan::Unit, &crate::plan::Finding)| {
        let text = format!(
            "A Helm hook of {} runs after the merge: {}. Be ready to restart what it deletes; what it does cannot be undone.",
            unit.id.subject, finding.message
        );
        Step::new(text, Vec::new())
    };
    findings.filter(|(_, finding)| finding.code == HOOK).map(step).collect()
}

/// Who applies nothing new while the releases are not ready.
fn about_waiting(batch: &Batch<'_>) -> Option<Step> {
    let held_up = batch.units.iter().flat_map(|unit| &unit.radius.held_up);
    let names: BTreeSet<&str> = held_up.map(|kustomization| &*kustomization.name).collect();
    let text = format!(
        "While these releases are not ready, these Kustomizations apply no new revision, because they depend on one that waits for them: {}. \
         Merge this when none of them has to change.",
        names.iter().copied().collect::<Vec<_>>().join(", ")
    );
    (!names.is_empty()).then(|| Step::new(text, Vec::new()))
}

/// The StatefulSets whose claims are deleted with them.
fn about_risk(at_risk: &BTreeSet<&ObjectName>) -> Option<Step> {
    const POLICY: &str = "jsonpath={.spec.persistentVolumeClaimRetentionPolicy}";
    let policy = |set: &&ObjectName| {
        let words = ["kubectl", "--namespace", &set.namespace, "get"];
        command_about(&words, &[&set.kind, &set.name], &["--output", POLICY])
    };
    let step = Step::new(
        "DATA AT RISK: if you delete these StatefulSets, Kubernetes deletes their claims, unless whenDeleted is Retain on the cluster. First set \
         persistentVolumeClaimRetentionPolicy.whenDeleted to Retain in the values, in a change of its own, and merge that. Continue only when \
         this prints Retain. Have a backup.",
        at_risk.iter().map(policy).collect(),
    );
    (!at_risk.is_empty()).then_some(step)
}

/// The claims of StatefulSets.
fn about_claims(claims: &BTreeSet<&ObjectName>) -> Option<Step> {
    let first: Vec<String> = claims.iter().map(|claim| format!("{}-0", claim.name)).collect();
    let names = claims.iter().zip(&first).map(|(claim, name)| (&*claim.namespace, &**name));
    let step = Step::new(
        "See that the claims of the StatefulSets are Bound: one for each pod, here the first, -0. The same claims must be Bound afterwards.",
        get("persistentvolumeclaims", names),
    );
    (!claims.is_empty()).then_some(step)
}

/// The steps that get past immutable fields.
fn past_immutable(
    view: &View,
    batch: &Batch<'_>,
    names: &Names<'_>,
    blocking: &BTreeSet<&ObjectName>,
    claims_are_at_risk: bool,
) -> Vec<Step> {
    let apply = Step {
        what: "Have Flux apply the change. A Kustomization that waits for its release does not get ready while the release is suspended, and the \
               command does not return: stop it (Ctrl-C) and continue."
            .to_owned(),
        ..reconcile(view, batch)
    };
    let workloads = names.iter().map(|(namespace, name)| {
        let label = format!("helm.toolkit.fluxcd.io/name={name}");
        kubectl(namespace, &["get", "deploy,sts,ds,cronjob", "-l", &label])
    });
    let blocking = || blocking.iter().copied();
    let claims = if claims_are_at_risk {
        "The claims of the StatefulSets above are deleted with them, unless their policy says Retain by now."
    } else {
        "Claims stay."
    };
    let delete = format!(
        "Delete them with their pods. Never use --cascade=orphan: the new selector does not find old pods. This is the point of no return: from \
         here on the applications are down until the upgrade has succeeded. {claims} Take one release after the other through this step and the \
         two below, so that each is down for a shorter time."
    );
    vec![
        apply,
        Step::new(
            "See what will be deleted: only what the last lines name.",
            workloads.chain(kubectl_of_each("get", blocking())).collect(),
        ),
        Step::new(delete, kubectl_of_each("delete", blocking())),
        Step::new("Resume the releases.", flux("resume", names, &[])),
        Step::new("Upgrade them now.", flux("reconcile", names, &["--with-source"])),
    ]
}

/// The steps after workloads have been deleted.
fn see_workloads(view: &View, batch: &Batch<'_>, blocking: &BTreeSet<&ObjectName>) -> [Step; 2] {
    let status = |object: &&ObjectName| {
        let workload = format!("{}/{}", object.kind, object.name);
        kubectl(&object.namespace, &["rollout", "status", &workload])
    };
    let rolled = blocking.iter().filter(|object| ["deployment", "statefulset", "daemonset"].contains(&&*object.kind));
    let mut again = reconcile(view, batch);
    again.what = "Have the Kustomizations check again, so that they get ready.".to_owned();
    again.commands.retain(|line| line.starts_with("flux reconcile kustomization"));
    [
        Step::new(
            "See that the new workloads are there and Services find their pods again.",
            rolled.map(status).collect(),
        ),
        again,
    ]
}

/// What to do about a CronJob that is stuck.
fn about_cron_jobs(upgraded: &[Upgraded<'_>]) -> Option<Step> {
    let with: Vec<_> = upgraded.iter().filter(|release| !release.effect.cron_jobs.is_empty()).collect();
    let names: Names<'_> = with.iter().flat_map(|release| release.names.iter().copied()).collect();
    let cron_jobs = with.iter().flat_map(|release| &release.effect.cron_jobs);
    let commands = [
        flux("suspend", &names, &[]),
        kubectl_of_each("delete", cron_jobs),
        flux("resume", &names, &[]),
        flux("reconcile", &names, &["--with-source"]),
    ];
    let text = "CronJobs have no immutable field, so nothing has to be done. Only if the upgrade of one is stuck: run these, in this order. Jobs \
                that run at that moment are lost, their schedule is not.";
    (!with.is_empty()).then(|| Step::new(text, commands.concat()))
}
