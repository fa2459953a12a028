//! The steps around the landing of a batch, with real names; README.md has the same without.

use super::entry::{DISABLED, ENABLED};
use super::fields::ObjectKind;
use super::find::Found;
use super::findings::agreement;
use super::roots::Root;
use super::settings::Scope;
use super::units::{INJECT, KUSTOMIZATION_DEFAULTS, KUSTOMIZATION_OPT_OUT, OPT_IN, OPT_OUT, OWN_PATCHES};
use crate::plan::runbook::{Runbook, Step, command_about, get_not_ready, get_releases, get_with, reconcile};
use crate::plan::{Batch, Impact, Unit};

pub(super) fn runbook(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    match batch.units.first().map_or("", |unit| unit.id.step) {
        INJECT => of_root(found, batch, ObjectKind::Release),
        KUSTOMIZATION_DEFAULTS => of_root(found, batch, ObjectKind::Kustomization),
        OPT_IN => of_opt_in(found, batch),
        KUSTOMIZATION_OPT_OUT | OWN_PATCHES | OPT_OUT => of_labels(found, batch),
        _ => of_removal(found, batch),
    }
}

/// `kubectl get` of the objects of a batch that are of a kind, with options.
fn show(batch: &Batch<'_>, kind: &str, words: &[&str]) -> Vec<Vec<String>> {
    let resource = if kind == "HelmRelease" { "helmreleases" } else { "kustomizations.kustomize.toolkit.fluxcd.io" };
    let subjects = batch.units.iter().map(|unit| &unit.id.subject).filter(|subject| subject.kind() == kind);
    get_with(resource, subjects.map(|subject| (subject.namespace(), subject.name())), words)
}

/// The fields of releases that defaults set.
const VALUES: [&str; 2] = ["--output", "custom-columns=:.metadata.name,:.spec.install,:.spec.upgrade,:.spec.rollback"];

const FAILING: &str = "No release is failing or stuck (these print none): a changed spec resets its failure counters and retries a failed one.";

/// The defaults of a root: what is set, why, and how to opt out.
fn of_root(found: &Found<'_>, batch: &Batch<'_>, kind: ObjectKind) -> Runbook {
    let is_release = kind == ObjectKind::Release;
    let is_here = |root: &&Root| batch.units.iter().any(|unit| unit.id.subject == root.subject);
    let set = match agreement(found) {
        lines if is_release && !lines.is_empty() => lines,
        _ => found.roots.iter().find(is_here).map(|root| root.of(kind).set.lines()).unwrap_or_default(),
    };
    let label = found.settings.label_of(kind);
    let who = match found.settings.scope_of(kind) {
        Scope::OptIn => format!("only those with the label `{label}: {ENABLED}`; remove it to opt one out"),
        Scope::OptOut => format!("all except those with the label `{label}: {DISABLED}`"),
    };
    let what = if is_release { "HelmReleases" } else { "Flux Kustomizations" };
    let mut before = vec![Step::new(FAILING, get_not_ready("helmreleases"))];
    let exceptions = found.members.iter().filter(|member| member.kind == kind && found.stays_out(member));
    let exceptions = exceptions.filter(|member| found.roots_of(member).any(|root| is_here(&root)));
    let exceptions: Vec<String> = exceptions.map(|member| member.subject.to_string()).collect();
    if !exceptions.is_empty() {
        let text = format!("Exceptions stay as they are; the plan shows why: {}.", exceptions.join(", "));
        before.push(Step::new(text, Vec::new()));
    }
    let apply = |unit: &&Unit| {
        let (namespace, name) = (unit.id.subject.namespace(), unit.id.subject.name());
        command_about(&["flux", "reconcile", "kustomization"], &[name], &["--namespace", namespace])
    };
    let patches = show(batch, "Kustomization", &["--output", "custom-columns=:.metadata.name,:.spec.patches"]);
    let mut after = vec![
        reconcile(found.view, batch),
        Step::new("Apply the root's patch to what the root renders.", batch.units.iter().map(apply).collect()),
        Step::new("The root has the patch, beside those that it had.", patches),
        Step::new("No Flux Kustomization is failing or stuck: these print none.", get_not_ready("kustomizations")),
    ];
    if is_release && batch.units.iter().any(|unit| unit.impact > Impact::None) {
        after.push(Step::new("No release is failing or stuck: these print none.", get_not_ready("helmreleases")));
    }
    let what = format!("Defaults of {what}, stated once at the root: {}. They are for {who}.", set.join("; "));
    let back = "Revert the merge. If fields have been removed as redundant, revert that first.";
    Runbook { what, before, after, back: vec![Step::new(back, Vec::new())] }
}

fn of_opt_in(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let changes = match batch.units.iter().filter(|unit| unit.impact > Impact::None).count() {
        0 => "They state all of it already: only the label changes.".to_owned(),
        some => format!("Values change for {some} of them; these are reconciled once, and their pods stay."),
    };
    let (label, releases) = (&found.settings.label, get_releases(&batch.units));
    let back = "Revert the merge, or remove the label from one release. If fields of it have been removed as \
                redundant, revert that first.";
    Runbook {
        what: format!("These releases get the defaults of the root, by the label `{label}: {ENABLED}`. {changes}"),
        before: vec![Step::new(FAILING, releases.clone())],
        after: vec![
            reconcile(found.view, batch),
            Step::new("They are ready.", releases),
            Step::new("They have the defaults.", show(batch, "HelmRelease", &VALUES)),
        ],
        back: vec![Step::new(back, Vec::new())],
    }
}

fn of_labels(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let labels = ["Kustomization", "HelmRelease"].map(|kind| show(batch, kind, &["--show-labels"])).concat();
    let [of_releases, of_kustomizations] = ObjectKind::ALL.map(|kind| found.settings.label_of(kind));
    Runbook {
        what: format!(
            "Objects that state other values than the defaults, or have their own list of patches, get a label \
             (`{of_releases}`, `{of_kustomizations}`) before the defaults land."
        ),
        before: Vec::new(),
        after: vec![reconcile(found.view, batch), Step::new("The labels are there before the defaults land.", labels)],
        back: vec![Step::new("Revert the merge, as long as the defaults have not landed.", Vec::new())],
    }
}

fn of_removal(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let same = "Nothing changed: the releases have the values that they had.";
    Runbook {
        what: "Removes fields that repeat the defaults. Each object arrives in the cluster as it did before, which \
               was computed for every place that applies it."
            .to_owned(),
        before: vec![Step::new("The batches before this one are merged and reconciled.", Vec::new())],
        after: vec![reconcile(found.view, batch), Step::new(same, show(batch, "HelmRelease", &VALUES))],
        back: vec![Step::new("Revert the merge: the fields are back.", Vec::new())],
    }
}
