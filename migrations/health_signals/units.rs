//! The units: entries of Alerts, checks, and what waits no longer.

use std::collections::{BTreeMap, BTreeSet};

use super::alerts::{Missing, Watch, Why, missing};
use super::checks::{Becomes, Change};
use super::find::Found;
use super::{META, codes};
use crate::flux::{ClusterId, View};
use crate::migrations::watchers::subject_of;
use crate::plan::author::{other_names, subject_of_flux};
use crate::plan::{Class, Draft, Finding, Impact, OutOfScope, Subject, Survey, UnitId};
use crate::repo::RepoPath;

pub(super) const WATCH: &str = "watch";
pub(super) const CHECK: &str = "check";
pub(super) const UNWAIT: &str = "unwait";

const ALERTS: Class = Class::new(10, "alerts", "Alerts", "Alert");
const CHECKS: Class = Class::new(16, "checks", "health checks", "Flux Kustomization");
const WAITS: Class = Class::new(17, "waits", "waits that are removed", "Flux Kustomization");

pub(super) fn survey(found: &Found<'_>) -> Survey {
    let mut drafts: Vec<Draft> = found.watches.iter().map(|watch| watch_draft(found, watch)).collect();
    drafts.extend(unheard(found));
    drafts.extend(found.changes.iter().map(|change| change_draft(found, change)));
    Survey { drafts, ..Survey::default() }
}

/// The step of a change.
pub(super) fn step_of(change: &Change<'_>) -> &'static str {
    if change.becomes == Becomes::WaitsNot { UNWAIT } else { CHECK }
}

fn watch_id(watch: &Watch<'_>) -> UnitId {
    UnitId::new(&META, WATCH, subject_of(watch.at, watch.reach))
}

fn watch_draft(found: &Found<'_>, watch: &Watch<'_>) -> Draft {
    Draft {
        impact: Impact::Reconcile,
        class: Some(ALERTS),
        namespace: Some(String::new()),
        also: other_names(found.view, watch.at),
        ..Draft::new(watch_id(watch), format!("watches {}", counted(watch.heard.iter())), [watch.at.path.clone()])
    }
}

/// `3 Kustomizations in media; 1 HelmRelease in media`.
fn counted<'m>(missing: impl Iterator<Item = &'m Missing>) -> String {
    let mut kinds: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for one in missing {
        let (count, namespaces) = kinds.entry(one.kind).or_default();
        *count += one.count;
        namespaces.insert(&one.namespace);
    }
    let part = |(kind, (count, namespaces)): (&str, (usize, BTreeSet<&str>))| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {kind}{plural} in {}", namespaces.into_iter().collect::<Vec<_>>().join(", "))
    };
    kinds.into_iter().map(part).collect::<Vec<_>>().join("; ")
}

/// What no Alert can be told to watch: one refused unit for each cluster.
fn unheard(found: &Found<'_>) -> Vec<Draft> {
    let mut clusters: BTreeMap<(ClusterId, Why), Vec<&Missing>> = BTreeMap::new();
    for one in &found.unheard {
        clusters.entry((one.missing.cluster, one.why)).or_default().push(&one.missing);
    }
    let draft = |((cluster, why), missing): ((ClusterId, Why), Vec<&Missing>)| {
        let cluster = &found.view.graph().clusters[cluster];
        let path: &RepoPath = &cluster.stated_at.path;
        let code = if why == Why::NoProvider { codes::NO_PROVIDER } else { codes::NO_ALERT };
        let message = format!("no Alert of cluster {} watches {}", cluster.name, counted(missing.into_iter()));
        let id = UnitId::new(&META, WATCH, Subject::object("Cluster", "", &cluster.name, path));
        let error = Finding::error(code, message).at(path, None);
        Draft { findings: vec![error], ..Draft::new(id, "stays unwatched", [path.clone()]) }
    };
    clusters.into_iter().map(draft).collect()
}

fn change_draft(found: &Found<'_>, change: &Change<'_>) -> Draft {
    let line = found.view.object(change.at).map(|object| object.line);
    let at = |finding: Finding| finding.at(&change.at.path, line);
    let name = change.one().full_name();
    let depend = if change.dependents == 1 {
        "1 depends on it".to_owned()
    } else {
        format!("{} depend on it", change.dependents)
    };
    let title = match &change.becomes {
        Becomes::Checks(list) => {
            let names: Vec<&str> = list.iter().map(|one| one.name.as_str()).collect();
            format!("is Ready when {} {}: {depend}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
        }
        Becomes::Waits => format!("is Ready when all that it applies is: {depend}"),
        Becomes::WaitsNot => "waits no longer: nothing depends on it".to_owned(),
    };
    let mut findings = Vec::new();
    if change.is_elsewhere {
        let message = format!("{name}: a parent's patch, or another use of its file, decides whether it waits");
        findings.push(at(Finding::error(codes::NOT_HERE, message)));
    }
    if let Some(why) = &change.deadlock {
        findings.push(at(Finding::error(codes::DEADLOCK, format!("{name}: {why}"))));
    }
    if step_of(change) == CHECK {
        findings.push(at(Finding::warning(codes::HOLDS_UP, format!("{name}: {depend}, and will wait for it"))));
    }
    // Once it waits no longer, only events of its releases say that one fails.
    let is_of = |missing: &Missing| match missing.kind {
        "HelmRelease" => change.releases_in.contains(&(missing.cluster, missing.namespace.clone())),
        _ => change.all.iter().any(|one| one.cluster == missing.cluster && one.namespace == missing.namespace),
    };
    let mut needs = BTreeSet::new();
    if step_of(change) == UNWAIT {
        if let Some(Missing { kind, namespace, .. }) = found.silent.iter().find(|one| is_of(one)) {
            let message = format!("no Alert watches every {kind} of {namespace}");
            findings.push(at(Finding::error(codes::NOBODY_HEARS, message)));
        }
        // Somebody has to hear of it first.
        needs.extend(found.watches.iter().filter(|watch| watch.heard.iter().any(is_of)).map(watch_id));
    }
    let id = UnitId::new(&META, step_of(change), subject_of_flux(change.one()));
    Draft {
        impact: Impact::Reconcile,
        class: Some(if step_of(change) == CHECK { CHECKS } else { WAITS }),
        namespace: Some(String::new()),
        also: other_names(found.view, change.at),
        needs,
        findings,
        ..Draft::new(id, title, [change.at.path.clone()])
    }
}

/// What no Alert watches, where nothing is configured.
pub(super) fn not_asked_for(view: &View) -> OutOfScope {
    let missing = missing(view);
    let count = missing.iter().map(|one| one.count).sum();
    let what = match count {
        0 => String::new(),
        _ => format!("objects without an Alert: {count}: not configured"),
    };
    OutOfScope { count, what }
}
