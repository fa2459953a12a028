//! The steps around the landing of a batch, with real names; README.md has the same without.

use std::collections::BTreeSet;

use super::about::agreement;
use super::effect::stated_specs;
use super::entry::ENABLED;
use super::id::{INJECT, KUSTOMIZATION_DEFAULTS, KUSTOMIZATION_OPT_OUT, OPT_IN, OPT_OUT, OWN_PATCHES, root_id};
use super::settings::Scope;
use super::survey::Found;
use super::{DISABLED, Set, full_name};
use crate::flux::View;
use crate::plan::runbook::{Runbook, Step, command, get, get_releases, reconcile};
use crate::plan::{Batch, Impact, Unit};

pub(super) fn runbook(found: &Found<'_>, view: &View, batch: &Batch<'_>) -> Runbook {
    match batch.units.first().map_or("", |unit| unit.id.step) {
        KUSTOMIZATION_DEFAULTS => of_kustomizations(found, view, batch),
        INJECT => of_root(found, view, batch),
        OPT_IN => of_opt_in(found, view, batch),
        KUSTOMIZATION_OPT_OUT | OWN_PATCHES | OPT_OUT => of_labels(found, view, batch),
        _ => of_subtraction(view, batch),
    }
}

const READY: &str = "No release of the cluster is failing: this prints none. A change of its spec resets the failure counters of a release and \
                     wakes a failed one.";

fn none_is_failing() -> Step {
    let words = ["flux", "get", "helmreleases", "--all-namespaces", "--status-selector", "ready=false"];
    Step::new(READY, vec![command(words)])
}

fn kustomizations_are_ready() -> Step {
    let words = ["flux", "get", "kustomizations", "--all-namespaces", "--status-selector", "ready=false"];
    Step::new("No Flux Kustomization is failing afterwards either: this prints none.", vec![command(words)])
}

/// The step that has the roots render what they apply with their new patches.
fn render_anew(batch: &Batch<'_>) -> Step {
    let root = |unit: &&Unit| {
        let (namespace, name) = (unit.id.subject.namespace(), unit.id.subject.name());
        command(["flux", "reconcile", "kustomization", name, "--namespace", namespace])
    };
    Step::new("Have the root render what it applies with them.", batch.units.iter().map(root).collect())
}

/// Who stays as it is, and by which words.
fn who_stays(found: &Found<'_>, batch: &Batch<'_>) -> Option<Step> {
    let is_here = |own: &&super::survey::Candidate<'_>| {
        let mut roots = own.roots.iter().map(|number| &found.roots[*number]);
        found.leaves(own) && roots.any(|root| batch.units.iter().any(|unit| unit.id == root_id(INJECT, root)))
    };
    let told = found.candidates.iter().filter(is_here).map(|own| {
        let words = own.kept.iter().map(|kept| format!("`{}: {}`", kept.field.short(), kept.own));
        format!("{} ({})", full_name(&own.namespace, &own.name), words.collect::<Vec<_>>().join(", "))
    });
    let told: Vec<String> = told.collect();
    let text = format!("Know who says otherwise and stays as it is: {}.", told.join("; "));
    (!told.is_empty()).then(|| Step::new(text, Vec::new()))
}

/// How to see the patches that a Flux Kustomization has on the cluster.
fn patches_of(batch: &Batch<'_>) -> Vec<Vec<String>> {
    let show = |unit: &&Unit| {
        let subject = &unit.id.subject;
        let words =
            ["kubectl", "--namespace", subject.namespace(), "get", "kustomizations.kustomize.toolkit.fluxcd.io"];
        command(words.into_iter().chain([subject.name(), "--output", "jsonpath={.spec.patches}"]))
    };
    batch.units.iter().map(show).collect()
}

fn of_kustomizations(found: &Found<'_>, view: &View, batch: &Batch<'_>) -> Runbook {
    let set = &found.settings.kustomization;
    let key = found.settings.kustomization_label();
    Runbook {
        what: format!(
            "Defaults of the Flux Kustomizations that the root applies: {}. As configured. What says otherwise has the label `{key}: \
             {DISABLED}` and stays as it is; the same label leaves another one out.",
            listed(set)
        ),
        before: vec![none_is_failing()],
        after: vec![
            reconcile(view, batch),
            render_anew(batch),
            Step::new("The root has the patch, beside those that it had.", patches_of(batch)),
            kustomizations_are_ready(),
        ],
        back: vec![Step::new("Revert the merge: each Flux Kustomization has what it says itself again.", Vec::new())],
    }
}

/// The record of what is set, why, and how to opt out.
fn of_root(found: &Found<'_>, view: &View, batch: &Batch<'_>) -> Runbook {
    let roots = found.roots.iter().filter(|root| batch.units.iter().any(|unit| unit.id == root_id(INJECT, root)));
    let set = roots.map(|root| root.set.clone()).next().unwrap_or_default();
    let key = &found.settings.label;
    let why = if found.proposed {
        let specs = stated_specs(view, &found.roots);
        let one = |(field, value): &(&super::fields::Field, crate::flux::Value)| {
            format!(
                "`{}` is {}, as {}",
                field.name(),
                value.text().unwrap_or_default(),
                agreement(found, &specs, field, value)
            )
        };
        set.0.iter().map(one).collect::<Vec<_>>().join("; ")
    } else {
        format!("{}, as configured or as another root has them", listed(&set))
    };
    let who = match found.settings.scope {
        Scope::OptIn => format!(
            "Only releases with the label `{key}: {ENABLED}` get them, and none has it yet unless the plan says so: nothing that runs is \
             touched. To opt a release out later, take its label away"
        ),
        Scope::OptOut => {
            format!("All releases get them but those with the label `{key}: {DISABLED}`: that is how to opt one out")
        }
    };
    let changes = batch.units.iter().any(|unit| unit.impact > Impact::None);
    let mut after = vec![
        reconcile(view, batch),
        render_anew(batch),
        Step::new("The root has the patch, beside those that it had.", patches_of(batch)),
        kustomizations_are_ready(),
    ];
    if changes {
        after.push(Step::new("No release is failing.", vec![command(FAILING)]));
    }
    Runbook {
        what: format!("Defaults of releases, stated once at the root: {why}. {who}."),
        before: [none_is_failing()].into_iter().chain(who_stays(found, batch)).collect(),
        after,
        back: vec![Step::new(
            "Revert the merge, as long as no release has lost fields that the defaults made redundant; else revert that first.",
            Vec::new(),
        )],
    }
}

const FAILING: [&str; 6] = ["flux", "get", "helmreleases", "--all-namespaces", "--status-selector", "ready=false"];

fn of_opt_in(found: &Found<'_>, view: &View, batch: &Batch<'_>) -> Runbook {
    let changes = batch.units.iter().filter(|unit| unit.impact > Impact::None).count();
    let what = match changes {
        0 => "They say all of it themselves already: nothing changes but the label.".to_owned(),
        1 => "What holds changes for one of them, as listed; it is reconciled once, and its pods stay.".to_owned(),
        several => format!(
            "What holds changes for {several} of them, as listed; these are reconciled once, and their pods stay."
        ),
    };
    let releases = get_releases(&batch.units);
    Runbook {
        what: format!(
            "These releases get the defaults of the root, by the label `{}: {ENABLED}`. {what}",
            found.settings.label
        ),
        before: vec![Step::new(
            "No release of this batch is failing: a change of its spec resets the failure counters and wakes a failed one.",
            releases.clone(),
        )],
        after: vec![
            reconcile(view, batch),
            Step::new("They are Ready, and have what the defaults say.", releases),
            Step::new("What they have now:", specs_of(&batch.units)),
        ],
        back: vec![Step::new(
            "Revert the merge, or take the label off one release: it has what it says itself again, as long as no field of it has gone.",
            Vec::new(),
        )],
    }
}

/// How to see what releases have of the fields that defaults set.
fn specs_of(units: &[&Unit]) -> Vec<Vec<String>> {
    let names: BTreeSet<(&str, &str)> =
        units.iter().map(|unit| (unit.id.subject.namespace(), unit.id.subject.name())).collect();
    let lines = get("helmreleases", names);
    let query =
        "jsonpath={range .items[*]}{.metadata.name} {.spec.install} {.spec.upgrade} {.spec.rollback}{\"\\n\"}{end}";
    let all = |mut words: Vec<String>| {
        // One object alone is no list of items.
        if words.len() > 6 {
            words.extend(command(["--output", query]));
        } else {
            words.extend(command(["--output", "jsonpath={.spec.install} {.spec.upgrade} {.spec.rollback}"]));
        }
        words
    };
    lines.into_iter().map(all).collect()
}

fn of_labels(found: &Found<'_>, view: &View, batch: &Batch<'_>) -> Runbook {
    let names =
        batch.units.iter().map(|unit| (unit.id.subject.namespace(), unit.id.subject.name(), unit.id.subject.kind()));
    let of = |kind: &str, plural: &str| {
        get(plural, names.clone().filter(|(.., own)| *own == kind).map(|(namespace, name, _)| (namespace, name)))
    };
    let mut labels = of("Kustomization", "kustomizations.kustomize.toolkit.fluxcd.io");
    labels.extend(of("HelmRelease", "helmreleases"));
    labels.iter_mut().for_each(|words| words.push("--show-labels".to_owned()));
    Runbook {
        what: format!(
            "What says otherwise than the defaults, and what has a list of patches of its own, says so by a label (`{}`, `{}`) before the \
             defaults come. Nothing that runs is touched.",
            found.settings.label,
            found.settings.kustomization_label()
        ),
        before: Vec::new(),
        after: vec![reconcile(view, batch), Step::new("The labels are there before the defaults land.", labels)],
        back: vec![Step::new("Revert the merge, as long as the defaults have not landed.", Vec::new())],
    }
}

fn of_subtraction(view: &View, batch: &Batch<'_>) -> Runbook {
    Runbook {
        what: "Fields go that the defaults of the root say just so. Each of these objects arrives in the cluster as it did before, which was \
               computed for every place that applies it: nothing that runs is touched."
            .to_owned(),
        before: vec![Step::new(
            "The defaults are on the cluster, and these objects have them: the batches before this one are merged and reconciled.",
            Vec::new(),
        )],
        after: vec![
            reconcile(view, batch),
            Step::new("Nothing was reconciled anew: what they have is what they had.", specs_of(&releases_of(batch))),
        ],
        back: vec![Step::new("Revert the merge: the fields are back, and say what the defaults say.", Vec::new())],
    }
}

fn releases_of<'p>(batch: &Batch<'p>) -> Vec<&'p Unit> {
    batch.units.iter().filter(|unit| unit.id.subject.kind() == "HelmRelease").copied().collect()
}

fn listed(set: &Set) -> String {
    set.lines().iter().map(|line| format!("`{line}`")).collect::<Vec<_>>().join(", ")
}
