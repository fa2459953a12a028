//! The text of each unit, on the tree where it lands.

use super::candidate::Candidate;
use super::claims::{in_file, protect};
use super::codes::MOVE_NOT_LIVE;
use super::find::Found;
use super::guard::{guard, unguard};
use super::scope;
use super::units::{GUARD, MOVE, PROTECT, SCOPE, UNGUARD, WATCH, subject, watch_subject};
use super::watch::widen;
use crate::flux::FluxKustomization;
use crate::plan::author::{Edits, Written, edited};
use crate::plan::codes::{GONE, GUARD_NOT_LIVE};
use crate::plan::{Edited, Finding, Unit};

/// What a unit changes on this tree.
pub(super) fn edit(found: &Found<'_>, unit: &Unit) -> Edited {
    match unit.id.step {
        WATCH => edited(watch(found, unit)),
        PROTECT => edited(claims(found, unit)),
        UNGUARD => edited(remove_guard(found, unit)),
        step => match found.movers().find(|(candidate, _)| subject(candidate) == unit.id.subject) {
            Some((candidate, to)) if step == SCOPE => edited(scoped(found, candidate, to)),
            Some((candidate, _)) if step == GUARD => edited(guarded(found, candidate)),
            Some((candidate, to)) if step == MOVE => edited(moved(found, candidate, to)),
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
    let message = format!("{} is not in {} any more", unit.id.subject, unit.id.subject.path());
    Edited::Refused(Finding::error(GONE, message).at(unit.id.subject.path(), None))
}

fn watch(found: &Found<'_>, unit: &Unit) -> Result<Written, Finding> {
    let mut edits = Edits::of(found.view);
    let watches = found.watches();
    let mut of_unit = watches.iter().filter(|watch| watch_subject(watch) == unit.id.subject);
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

/// A move is never written on a tree in which its guard is not.
fn moved(found: &Found<'_>, candidate: &Candidate, to: &str) -> Result<Written, Finding> {
    if !found.is_guarded(candidate) {
        let message = format!("{}/{} is not guarded in this tree", candidate.from, candidate.name);
        return Err(candidate.finding(found.view, || Finding::error(GUARD_NOT_LIVE, message)));
    }
    found.puts(&found.moving([(candidate, to)])).and_then(|puts| found.written(&puts))
}

fn remove_guard(found: &Found<'_>, unit: &Unit) -> Result<Written, Finding> {
    let mut edits = Edits::of(found.view);
    let subject = &unit.id.subject;
    let candidate = found.candidates.iter().find(|candidate| {
        candidate.at.path == *subject.path() && candidate.name == subject.name() && candidate.to().is_some()
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
