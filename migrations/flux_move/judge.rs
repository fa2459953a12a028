//! Which candidates can move: each by itself, then all of them at once, on the tree with what comes before.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::carriers::include;
use super::check::differing;
use super::codes;
use super::find::Found;
use super::mentions::{Mentions, Texts};
use super::needs::Needs;
use super::references::{Put, Step};
use super::scope;
use super::target;
use super::watch::Watch;
use crate::flux::{At, View};
use crate::plan::author::Edits;
use crate::plan::{Finding, Safety, Severity};
use crate::repo::RepoPath;

/// A candidate that is to move, and what is known of it.
pub(super) struct Judged<'f> {
    pub(super) candidate: &'f Candidate,
    pub(super) to: &'f str,
    pub(super) needs: Needs,
    /// The claims that are not protected yet.
    pub(super) claims: BTreeSet<At>,
    /// The files that the move changes.
    pub(super) touches: BTreeSet<RepoPath>,
    /// How many depend on it directly.
    pub(super) dependents: usize,
    pub(super) findings: Vec<Finding>,
}

impl Judged<'_> {
    /// Whether it may move.
    pub(super) fn is_able(&self) -> bool {
        Safety::of(&self.findings).is_able()
    }
}

/// Judges all candidates.
pub(super) fn judge<'f>(found: &'f Found<'_>, watches: &[Watch<'_>]) -> Vec<Judged<'f>> {
    let texts = Texts::of(found.view, &found.candidates);
    let mut all: Vec<Judged<'f>> = found.movers().map(|(candidate, to)| alone(found, watches, candidate, to)).collect();
    all.iter_mut().for_each(|judged| judged.findings.extend(named_in(&texts, judged.candidate)));
    let scoped = match scoped(found, &all) {
        Ok(view) => view.whole(),
        Err(reason) => {
            all.iter_mut().filter(|judged| judged.is_able()).for_each(|judged| judged.findings.push(reason.clone()));
            return all;
        }
    };
    let on_scoped = found.of_other(&scoped);
    loop {
        let offending = together(&on_scoped, &all);
        let errors = offending.iter().filter(|(_, finding)| finding.severity == Severity::Error);
        let mut is_refused = false;
        for (at, reason) in errors {
            for judged in all.iter_mut().filter(|judged| judged.is_able() && is_about(found, judged, at)) {
                judged.findings.push(reason.clone());
                is_refused = true;
            }
        }
        if is_refused {
            continue;
        }
        // A difference that nobody is to blame for keeps everything where it is.
        if let Some((_, reason)) = offending.iter().find(|(_, finding)| finding.severity == Severity::Error) {
            all.iter_mut().filter(|judged| judged.is_able()).for_each(|judged| judged.findings.push(reason.clone()));
            return all;
        }
        // Nothing more is refused: what else there is to say holds.
        for (at, note) in offending {
            let about = all.iter_mut().filter(|judged| judged.is_able() && is_about(found, judged, &at));
            about.for_each(|judged| judged.findings.push(note.clone()));
        }
        return all;
    }
}

/// Where texts name a candidate that are not changed.
fn named_in(texts: &Texts, candidate: &Candidate) -> Vec<Finding> {
    let name = &candidate.name;
    let of = |all: &Mentions| all.get(name).cloned().unwrap_or_default();
    let templates = of(&texts.templates).into_iter().map(|(path, line)| {
        Finding::error(codes::IN_TEMPLATE, format!("{path} names {name}, and is a template")).at(&path, line)
    });
    let others = of(&texts.others).into_iter().map(|(path, line)| {
        Finding::note(codes::MENTIONED, format!("{path} names {name}, and is not changed")).at(&path, line)
    });
    templates.chain(others).collect()
}

/// Whether a difference at a document is because of a candidate: it is its own, or names it.
fn is_about(found: &Found<'_>, judged: &Judged<'_>, at: &At) -> bool {
    let candidate = judged.candidate;
    let here = found.view.graph().kustomizations.iter().filter(|one| one.at == *at);
    let mut names = here.flat_map(|one| &one.depends_on);
    candidate.at == *at
        || names.any(|(namespace, name)| *namespace == candidate.from && *name == candidate.name)
        || judged.touches.contains(&at.path)
}

/// What can be said of a candidate by itself.
fn alone<'f>(found: &'f Found<'_>, watches: &[Watch<'_>], candidate: &'f Candidate, to: &'f str) -> Judged<'f> {
    let view = found.view;
    let mut findings = target::findings(found.world(), candidate, found.seconds.of_first(candidate), to);
    let needs = found.needs(candidate, to);
    findings.extend(needs.findings.clone());
    if candidate.from != to && states_another(view, candidate) {
        let message = format!("its file states another namespace than {}", candidate.from);
        findings.push(candidate.finding(view, || Finding::error(codes::SET_ABOVE, message)));
    }
    if candidate.is_renamed() {
        findings.extend(other_name(view, candidate));
    }
    let mut others =
        found.movers().filter(|(other, _)| other.at != candidate.at && shares_cluster(found, candidate, other));
    if let Some((other, _)) = others.find(|(other, to_other)| other.becomes(to_other) == candidate.becomes(to)) {
        let message = format!("{}/{} becomes {}, too", other.from, other.name, candidate.new_name(to));
        findings.push(candidate.finding(view, || Finding::error(codes::TARGET_TAKEN, message)));
    }
    let blind = watches.iter().filter(|watch| watch.watched.contains(&candidate.at));
    for (watch, why) in blind.filter_map(|watch| Some((watch, watch.obstacle.as_ref()?))) {
        let namespace = watch.reach.namespace.as_deref().unwrap_or_default();
        let message = format!("{} {namespace}/{} would not see it any more: {why}", watch.reach.kind, watch.reach.name);
        findings.push(candidate.finding(view, || Finding::warning(codes::ALERT_LOSES_SIGHT, message)));
    }
    let moving = found.moving_alone(candidate, to);
    let mut touches: BTreeSet<RepoPath> = [candidate.at.path.clone()].into();
    match found.puts(&moving).and_then(|puts| found.written(&puts).map(|_| puts)) {
        // What names one that gets a second object is changed by itself. A patch has to select both.
        Ok(puts) if found.seconds.has(candidate) => {
            let is_target = |put: &Put| put.within.is_some() || put.path.last() == Some(&Step::Key("target"));
            let is_of_patch =
                |(at, puts): (&At, &Vec<Put>)| view.patch_files().contains(&at.path) || puts.iter().any(is_target);
            if puts.iter().any(is_of_patch) {
                let message = format!("a patch selects {}/{} by its namespace", candidate.from, candidate.name);
                findings.push(candidate.finding(view, || Finding::error(codes::PATCH_SELECTS, message)));
            }
        }
        Ok(puts) => touches.extend(puts.into_keys().map(|at| at.path)),
        Err(reason) => findings.push(reason),
    }
    let dependents = candidate.ids.iter().map(|id| view.graph().direct_dependents(*id).len()).max();
    let (claims, dependents) = (found.claims(candidate), dependents.unwrap_or_default());
    Judged { candidate, to, needs, claims, touches, dependents, findings }
}

/// Whether the namespace in the file of a candidate is not the one that is effective.
fn states_another(view: &View, candidate: &Candidate) -> bool {
    let stated = view.node(&candidate.at).and_then(|root| root.text_at(&["metadata", "namespace"]));
    stated != Some(&*candidate.from)
}

/// Why a name is not changed where the file of a candidate states it.
fn other_name(view: &View, candidate: &Candidate) -> Option<Finding> {
    let stated = view.node(&candidate.at).and_then(|root| root.text_at(&["metadata", "name"])).unwrap_or_default();
    let refuse = |code, message| Some(candidate.finding(view, || Finding::error(code, message)));
    if stated.contains("${") {
        return refuse(codes::BY_VARIABLE, format!("its name, {stated}, is made of a variable"));
    }
    if stated != candidate.name {
        return refuse(codes::NOT_MODELLED, format!("its file states {stated}, and its name is made on the way"));
    }
    None
}

/// Whether some cluster has both.
fn shares_cluster(found: &Found<'_>, one: &Candidate, other: &Candidate) -> bool {
    found.instances(one).any(|one| found.instances(other).any(|other| one.cluster == other.cluster))
}

/// The tree in which all that is able has what it needs.
fn scoped(found: &Found<'_>, all: &[Judged<'_>]) -> Result<View, Finding> {
    let mut edits = Edits::of(found.view);
    let able = || all.iter().filter(|judged| judged.is_able());
    for judged in able().filter(|judged| !judged.needs.is_own_met()) {
        edits.object(&judged.candidate.at, |edit, root| scope::write(edit, root, &judged.needs))?;
    }
    let includes = able().flat_map(|judged| judged.needs.includes.clone()).collect();
    include(&mut edits, found.view, &includes)?;
    let (changes, _) = edits.finish()?;
    found.view.with(&changes).map_err(|error| Finding::error(codes::GRAPH_DIFFERS, error.to_string()))
}

/// What differs by more than names once all that is able has moved.
fn together(scoped: &Found<'_>, all: &[Judged<'_>]) -> Vec<(At, Finding)> {
    let able: BTreeSet<&At> = all.iter().filter(|judged| judged.is_able()).map(|judged| &judged.candidate.at).collect();
    let moving = scoped.moving(scoped.movers().filter(|(candidate, _)| able.contains(&candidate.at)));
    let after = scoped.puts(&moving).and_then(|puts| scoped.written(&puts)).and_then(|(changes, _)| {
        scoped.view.with(&changes).map_err(|error| Finding::error(codes::GRAPH_DIFFERS, error.to_string()))
    });
    match after {
        Ok(after) => differing(scoped.view, &after.whole(), &moving),
        Err(reason) => able.into_iter().map(|at| (at.clone(), reason.clone())).collect(),
    }
}
