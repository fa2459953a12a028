//! The units: what comes before a move, the move, and what comes after it.

use std::collections::{BTreeMap, BTreeSet};

use super::META;
use super::beside::Beside;
use super::candidate::{Candidate, Verdict};
use super::codes;
use super::find::Found;
use super::guard::obstacle;
use super::judge::{Judged, judge};
use super::objects;
use super::settings::KUSTOMIZATION;
use super::watch::Watch;
use crate::flux::{FluxKustomization, View};
use crate::migrations::watchers::subject_of;
use crate::plan::author::{other_names, subject_of_flux};
use crate::plan::codes::GUARD_NOT_LIVE;
use crate::plan::{Apart, Class, Draft, Finding, Impact, OutOfScope, Subject, Survey, UnitId};
use crate::repo::RepoPath;

pub(super) const WATCH: &str = "watch";
pub(super) const SCOPE: &str = "scope";
pub(super) const PROTECT: &str = "protect";
pub(super) const GUARD: &str = "guard";
pub(super) const MOVE: &str = "move";
pub(super) const UNGUARD: &str = "unguard";

const SCOPES: Class =
    Class::new(11, "scopes", "Flux Kustomizations", "Flux Kustomization").apart_from(Apart::Dependents);
const CLAIMS: Class = Class::new(12, "claims", "claims", "file").apart_from(Apart::Dependents);
const GUARDS: Class = Class::new(13, "guards", "guards", "guard").apart_from(Apart::Dependents);
const MOVES: Class = Class::new(70, "moves", "moves", "move").apart_from(Apart::Needs);
const GUARDS_OFF: Class = Class::new(85, "guards-off", "guards that are removed", "guard").apart_from(Apart::Needs);

pub(super) fn survey(found: &Found<'_>) -> Survey {
    let watches = found.watches();
    let judged = judge(found, &watches);
    let beside = Beside::of(found, &judged);
    let of_mover = |judged| of_mover(found, judged, &watches, &beside);
    let mut drafts: Vec<Draft> = judged.iter().flat_map(of_mover).collect();
    drafts.extend(claims(found, &judged));
    drafts.extend(includes(&judged));
    drafts.extend(beside.switches());
    let able: BTreeSet<_> =
        judged.iter().filter(|judged| judged.is_able()).map(|judged| &judged.candidate.at).collect();
    let is_wanted = |watch: &&Watch<'_>| watch.obstacle.is_none() && watch.watched.iter().any(|at| able.contains(at));
    drafts.extend(watches.iter().filter(is_wanted).map(watch_draft));
    drafts.extend(refused(found));
    drafts.extend(found.repairs().drafts(found));
    drafts.extend(found.tidy().drafts(found.view));
    drafts.extend(found.guarded().iter().map(|guarded| unguard_draft(found.view, guarded.one)));
    drafts.extend(objects::drafts(found));
    Survey { drafts, findings: [stays(found), asked(found)].concat(), ..Survey::default() }
}

/// What a unit about a Flux Kustomization is about.
pub(super) fn subject(candidate: &Candidate) -> Subject {
    Subject::object("Kustomization", &candidate.from, &candidate.name, &candidate.at.path)
}

pub(super) fn id(step: &'static str, candidate: &Candidate) -> UnitId {
    UnitId::new(&META, step, subject(candidate))
}

/// The units of one Flux Kustomization.
fn of_mover(found: &Found<'_>, judged: &Judged<'_>, watches: &[Watch<'_>], beside: &Beside<'_, '_>) -> Vec<Draft> {
    let Judged { candidate, to, .. } = judged;
    let path = candidate.at.path.clone();
    let also: BTreeSet<String> = [candidate.new_name(to)].into();
    // What comes before a move is in one batch, whatever the namespace.
    let before = |step, title: String, class| Draft {
        impact: Impact::Reconcile,
        class: Some(class),
        namespace: Some(String::new()),
        also: also.clone(),
        ..Draft::new(id(step, candidate), title, [path.clone()])
    };
    let mut drafts = Vec::new();
    if !judged.is_able() {
        let title = match candidate.from == *to {
            true => "keeps its name".to_owned(),
            false => format!("stays in {}", candidate.from),
        };
        let draft = Draft::new(id(MOVE, candidate), title, [path]);
        return vec![Draft { findings: judged.findings.clone(), namespace: Some((*to).to_owned()), also, ..draft }];
    }
    let mut needs = BTreeSet::new();
    if !judged.needs.is_own_met() {
        let of_scope = judged.findings.iter().filter(|finding| finding.code == codes::SUBSTITUTION_ENDS);
        let title = match judged.needs.labels.iter().next() {
            Some((key, value)) => format!("the label {key}: {value}: its parent's patch leaves it out"),
            None if !judged.needs.inlined.is_empty() => "it states the variables that it uses itself".to_owned(),
            None if judged.needs.uses_global_key => "it uses the key that the controller has".to_owned(),
            None => format!("what it does not use is removed: {to} does not have it"),
        };
        drafts.push(Draft { findings: of_scope.cloned().collect(), ..before(SCOPE, title, SCOPES) });
        needs.insert(id(SCOPE, candidate));
    }
    needs.extend(judged.needs.includes.iter().map(|include| include_id(&include.by)));
    if !found.is_guarded(candidate) {
        let orphan = found.guards_by_orphan(candidate);
        let title = if orphan { "what it applies stays if it is deleted" } else { "it prunes nothing for now" };
        let obstacles = found.instances(candidate).filter_map(|one| obstacle(&one.object, orphan));
        let error = |why| candidate.finding(found.view, || Finding::error(GUARD_NOT_LIVE, why));
        drafts.push(Draft { findings: obstacles.map(error).collect(), ..before(GUARD, title.to_owned(), GUARDS) });
        needs.insert(id(GUARD, candidate));
    }
    needs.extend(judged.claims.iter().map(|at| protect_id(&at.path)));
    let seeing = watches.iter().filter(|watch| watch.obstacle.is_none() && watch.watched.contains(&candidate.at));
    needs.extend(seeing.map(|watch| UnitId::new(&META, WATCH, subject_of(watch.at, watch.reach))));
    if beside.has(candidate) {
        drafts.extend(beside.of_candidate(judged, needs));
        return drafts;
    }
    needs.extend(beside.needs(&candidate.at));
    drafts.push(Draft {
        impact: Impact::Reconcile,
        class: Some(MOVES),
        namespace: Some((*to).to_owned()),
        needs,
        findings: judged.findings.clone(),
        also,
        alone: judged.dependents > found.alone_above,
        ..Draft::new(id(MOVE, candidate), title_of_move(candidate, to), judged.touches.clone())
    });
    drafts
}

fn title_of_move(candidate: &Candidate, to: &str) -> String {
    match (candidate.is_renamed(), candidate.from == to) {
        (true, true) => format!("is called {}", candidate.called),
        (true, false) => format!("moves to {to} and is called {} there", candidate.called),
        (false, _) => format!("moves to {to}"),
    }
}

fn protect_id(path: &RepoPath) -> UnitId {
    UnitId::new(&META, PROTECT, Subject::File { path: path.clone() })
}

fn include_id(path: &RepoPath) -> UnitId {
    UnitId::new(&META, SCOPE, Subject::consumer(path))
}

/// One unit for each kustomization that includes what new namespaces need.
fn includes(judged: &[Judged<'_>]) -> Vec<Draft> {
    let able = judged.iter().filter(|judged| judged.is_able());
    let all: BTreeSet<_> = able.flat_map(|judged| &judged.needs.includes).collect();
    let files: BTreeSet<&RepoPath> = all.iter().map(|include| &include.by).collect();
    let draft = |path: &RepoPath| {
        let components = all.iter().filter(|include| include.by == *path).map(|include| include.component.as_str());
        let title = format!("includes {}", components.collect::<Vec<_>>().join(", "));
        let draft = Draft::new(include_id(path), title, [path.clone()]);
        Draft { impact: Impact::Reconcile, class: Some(SCOPES), namespace: Some(String::new()), ..draft }
    };
    files.into_iter().map(draft).collect()
}

/// One unit for each file that makes claims of what moves.
fn claims(found: &Found<'_>, judged: &[Judged<'_>]) -> Vec<Draft> {
    let mut files: BTreeMap<&RepoPath, BTreeSet<String>> = BTreeMap::new();
    for judged in judged.iter().filter(|judged| judged.is_able()) {
        for at in &judged.claims {
            files.entry(&at.path).or_default().insert(judged.candidate.new_name(judged.to));
        }
    }
    let draft = |(path, also): (&RepoPath, BTreeSet<String>)| {
        let count = super::claims::in_file(found.view, path).len();
        let title = if count == 1 {
            "the claim stays when Flux prunes".to_owned()
        } else {
            format!("{count} claims stay when Flux prunes")
        };
        Draft {
            impact: Impact::Reconcile,
            class: Some(CLAIMS),
            also,
            ..Draft::new(protect_id(path), title, [path.clone()])
        }
    };
    files.into_iter().map(draft).collect()
}

fn watch_draft(watch: &Watch<'_>) -> Draft {
    let id = UnitId::new(&META, WATCH, subject_of(watch.at, watch.reach));
    let count = watch.entries.len();
    let title =
        if count == 1 { "watches one more namespace".to_owned() } else { format!("watches {count} more namespaces") };
    Draft {
        impact: Impact::Reconcile,
        class: Some(Class::SOURCES),
        namespace: Some(String::new()),
        ..Draft::new(id, title, [watch.at.path.clone()])
    }
}

fn unguard_draft(view: &View, one: &FluxKustomization) -> Draft {
    let id = UnitId::new(&META, UNGUARD, subject_of_flux(one));
    let draft = Draft::new(id, "its guard is removed", [one.at.path.clone()]);
    let also = other_names(view, &one.at);
    Draft { impact: Impact::Reconcile, class: Some(GUARDS_OFF), also, ..draft }
}

/// What should move, and has no namespace to go to.
fn refused(found: &Found<'_>) -> impl Iterator<Item = Draft> {
    found.candidates.iter().filter_map(|candidate| match &candidate.verdict {
        Verdict::Refused(reason) => {
            let title = format!("stays in {}", candidate.from);
            let draft = Draft::new(id(MOVE, candidate), title, [candidate.at.path.clone()]);
            Some(Draft { findings: vec![reason.clone()], ..draft })
        }
        Verdict::Moves(_) | Verdict::Stays(_) => None,
    })
}

/// Those that stay, in one note for each cluster.
fn stays(found: &Found<'_>) -> Vec<Finding> {
    let mut by_cluster: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for candidate in &found.candidates {
        let Verdict::Stays(why) = &candidate.verdict else { continue };
        for one in found.instances(candidate) {
            let cluster = &found.view.graph().clusters[one.cluster].name;
            by_cluster.entry(cluster).or_default().entry(why).or_default().insert(&candidate.name);
        }
    }
    let note = |(cluster, reasons): (&str, BTreeMap<&str, BTreeSet<&str>>)| {
        let shown = reasons
            .into_iter()
            .map(|(why, names)| format!("{} ({why})", names.into_iter().collect::<Vec<_>>().join(", ")));
        let message = format!("on {cluster} these stay: {}", shown.collect::<Vec<_>>().join("; "));
        Finding::note(codes::STAYS, message)
    };
    by_cluster.into_iter().map(note).collect()
}

/// Entries of the configuration that name nothing, or ask for what is not done here.
fn asked(found: &Found<'_>) -> Vec<Finding> {
    let is_there = |namespace: &str, name: &str| {
        found.view.graph().kustomizations.iter().any(|one| one.namespace == namespace && one.name == name)
    };
    let mut findings = found.objects().findings.clone();
    for asked in found.settings.moves.iter().filter(|asked| objects::kind(&asked.kind).is_none()) {
        let (from, to) = (&asked.from, &asked.to);
        if asked.kind != KUSTOMIZATION {
            let message = format!(
                "{} {}/{} is not moved: only Flux Kustomizations, sources, stores and Gateways are",
                asked.kind, from.0, from.1
            );
            findings.push(Finding::error(codes::NOT_MOVABLE, message));
        } else if !is_there(&from.0, &from.1) && !is_there(&to.0, &to.1) {
            let message = format!("`moves` names {}/{}, which no cluster applies", from.0, from.1);
            findings.push(Finding::warning(codes::NOT_FOUND, message));
        }
    }
    for (namespace, name) in found.settings.stay.iter().filter(|(namespace, name)| !is_there(namespace, name)) {
        let message = format!("`stay` names {namespace}/{name}, which no cluster applies");
        findings.push(Finding::warning(codes::NOT_FOUND, message));
    }
    findings
}

/// How many Flux Kustomizations could move, where nothing is configured.
pub(super) fn proposal(view: &View) -> OutOfScope {
    let could = |one: &&FluxKustomization| {
        let target = one.target_namespace.as_deref();
        one.namespace == "flux-system" && one.parent.is_some() && target.is_some_and(|target| target != one.namespace)
    };
    let count = view.graph().kustomizations.iter().filter(could).count();
    let what = match count {
        0 => String::new(),
        _ => format!("Kustomizations in flux-system: {count}: not configured"),
    };
    OutOfScope { count, what }
}
