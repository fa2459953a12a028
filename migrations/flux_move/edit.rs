//! The text of each unit, on the tree where it lands.

use super::beside::{FIRST_OUT, SECOND, SWITCH, switched};
use super::candidate::Candidate;
use super::carriers::include;
use super::claims::{in_file, protect};
use super::codes::{MOVE_NOT_LIVE, STILL_NAMED};
use super::find::Found;
use super::guard::{guard, unguard};
use super::objects;
use super::repair::{REPAIR, places};
use super::scope;
use super::tidy::{INHERIT, PARENT, TIDY};
use super::units::{GUARD, MOVE, PROTECT, SCOPE, UNGUARD, WATCH, subject};
use super::watch::widen;
use super::write::write;
use crate::flux::FluxKustomization;
use crate::migrations::watchers::subject_of;
use crate::plan::author::{Edits, Written, edited};
use crate::plan::codes::GUARD_NOT_LIVE;
use crate::plan::{Edited, Finding, Unit};
use crate::yaml::Fate;

/// What a unit changes on this tree.
pub(super) fn edit(found: &Found<'_>, unit: &Unit) -> Edited {
    if objects::is_of_objects(&unit.id) {
        return objects::edit(found, unit);
    }
    match unit.id.step {
        WATCH => edited(watch(found, unit)),
        PROTECT => edited(claims(found, unit)),
        SCOPE if unit.id.subject.is_path() => edited(included(found, unit)),
        SWITCH => edited(switch(found, unit)),
        PARENT | INHERIT | TIDY => edited(found.tidy().written(found.view, &unit.id)),
        REPAIR => edited(repaired(found, unit)),
        UNGUARD => edited(remove_guard(found, unit)),
        step => match found.movers().find(|(candidate, _)| subject(candidate) == unit.id.subject) {
            Some((candidate, to)) if step == SCOPE => edited(scoped(found, candidate, to)),
            Some((candidate, _)) if step == GUARD => edited(guarded(found, candidate)),
            Some((candidate, to)) if step == SECOND => edited(second(found, candidate, to)),
            Some((candidate, to)) if step == MOVE => edited(moved(found, candidate, to)),
            Some((candidate, to)) if step == FIRST_OUT => edited(first_out(found, candidate, to)),
            _ => gone(found, unit),
        },
    }
}

/// A unit that has landed already, or whose Flux Kustomization is not there.
fn gone(found: &Found<'_>, unit: &Unit) -> Edited {
    let is_there = |one: &FluxKustomization| {
        one.at.path == *unit.id.subject.path() && unit.also.contains(&format!("{}/{}", one.namespace, one.name))
    };
    if found.view.graph().kustomizations.iter().any(is_there) {
        return Edited::Already;
    }
    Edited::gone(unit)
}

fn watch(found: &Found<'_>, unit: &Unit) -> Result<Written, Finding> {
    let mut edits = Edits::of(found.view);
    let watches = found.watches();
    let mut of_unit = watches.iter().filter(|watch| subject_of(watch.at, watch.reach) == unit.id.subject);
    if let Some(watch) = of_unit.next().filter(|watch| watch.obstacle.is_none()) {
        edits.object(watch.at, |edit, root| widen(edit, root, watch))?;
    }
    edits.finish()
}

fn claims(found: &Found<'_>, unit: &Unit) -> Result<Written, Finding> {
    let mut edits = Edits::of(found.view);
    for object in in_file(found.view, unit.id.subject.path()) {
        edits.object(&object.at, |edit, root| protect(edit, root))?;
    }
    edits.finish()
}

/// What acts is stated, here and by all that names it.
fn repaired(found: &Found<'_>, unit: &Unit) -> Result<Written, Finding> {
    let repairs = found.repairs();
    let all = places(repairs, &unit.id.subject).into_iter().flat_map(|at| repairs.puts(found, at)).collect();
    found.written(&all)
}

/// The Components that some of what moves needs, and that this kustomization is to include.
fn included(found: &Found<'_>, unit: &Unit) -> Result<Written, Finding> {
    let all = found.movers().flat_map(|(candidate, to)| found.needs(candidate, to).includes);
    let of_unit = all.filter(|include| include.by == *unit.id.subject.path()).collect();
    let mut edits = Edits::of(found.view);
    include(&mut edits, found.view, &of_unit)?;
    edits.finish()
}

fn scoped(found: &Found<'_>, candidate: &Candidate, to: &str) -> Result<Written, Finding> {
    let needs = found.needs(candidate, to);
    let mut edits = Edits::of(found.view);
    edits.object(&candidate.at, |edit, root| scope::write(edit, root, &needs))?;
    edits.finish()
}

fn guarded(found: &Found<'_>, candidate: &Candidate) -> Result<Written, Finding> {
    let mut edits = Edits::of(found.view);
    if !found.is_guarded(candidate) {
        let orphan = found.guards_by_orphan(candidate);
        edits.object(&candidate.at, |edit, root| guard(edit, root, orphan))?;
    }
    edits.finish()
}

/// What needs a guard is never written on a tree in which that is not.
fn require_guard(found: &Found<'_>, candidate: &Candidate) -> Result<(), Finding> {
    if found.is_guarded(candidate) {
        return Ok(());
    }
    let message = format!("{}/{} is not guarded in this tree", candidate.from, candidate.name);
    Err(candidate.finding(found.view, || Finding::error(GUARD_NOT_LIVE, message)))
}

fn moved(found: &Found<'_>, candidate: &Candidate, to: &str) -> Result<Written, Finding> {
    require_guard(found, candidate)?;
    found.puts(&found.moving_alone(candidate, to)).and_then(|puts| found.written(&puts))
}

/// The document once more behind itself, as it would move.
fn second(found: &Found<'_>, candidate: &Candidate, to: &str) -> Result<Written, Finding> {
    require_guard(found, candidate)?;
    let mut edits = Edits::of(found.view);
    if found.seconds.of_first(candidate).is_none() {
        let puts = found.puts(&found.moving_alone(candidate, to))?.remove(&candidate.at).unwrap_or_default();
        edits.object(&candidate.at, |edit, root| edit.repeat_document(root, |edit, root| write(edit, root, &puts)))?;
    }
    edits.finish()
}

/// What stays names second objects where there are any.
fn switch(found: &Found<'_>, unit: &Unit) -> Result<Written, Finding> {
    let mut edits = Edits::of(found.view);
    let firsts = found.movers().filter(|(candidate, _)| found.seconds.of_first(candidate).is_some());
    for (at, puts) in found.renamed(firsts)? {
        if switched(found.view, &at) == unit.id.subject {
            edits.object(&at, |edit, root| write(edit, root, &puts))?;
        }
    }
    edits.finish()
}

/// The first object goes once nothing names it.
fn first_out(found: &Found<'_>, candidate: &Candidate, to: &str) -> Result<Written, Finding> {
    require_guard(found, candidate)?;
    let refuse = |code, message| Err(candidate.finding(found.view, || Finding::error(code, message)));
    let name = format!("{}/{}", candidate.from, candidate.name);
    if found.seconds.of_first(candidate).is_none() {
        return refuse(MOVE_NOT_LIVE, format!("{name} has no second object in this tree"));
    }
    if let Some(at) = found.renamed([(candidate, to)])?.keys().next() {
        return refuse(STILL_NAMED, format!("{} names {name}", at.path));
    }
    let mut edits = Edits::of(found.view);
    let fate = |_: &str| Fate::Dropped(format!("the object in {to} has it, too"));
    edits.object(&candidate.at, |edit, root| edit.remove_document(root, fate))?;
    edits.finish()
}

fn remove_guard(found: &Found<'_>, unit: &Unit) -> Result<Written, Finding> {
    let mut edits = Edits::of(found.view);
    let subject = &unit.id.subject;
    let candidate = found.candidates.iter().find(|candidate| {
        candidate.at.path == *subject.path() && candidate.called == subject.name() && candidate.to().is_some()
    });
    if let Some(candidate) = candidate {
        let message = format!("{}/{} has not moved in this tree", candidate.from, candidate.name);
        return Err(candidate.finding(found.view, || Finding::error(MOVE_NOT_LIVE, message)));
    }
    let is_it = |one: &FluxKustomization| {
        one.at.path == *subject.path() && one.namespace == subject.namespace() && one.name == subject.name()
    };
    for guarded in found.guarded().iter().filter(|guarded| is_it(guarded.one)) {
        let stream = found.view.file(&guarded.at.path).and_then(|file| file.stream.as_deref());
        if let Some(stream) = stream {
            edits.object(guarded.at, |edit, root| unguard(edit, stream, root))?;
        }
    }
    edits.finish()
}
