//! What units come to on a tree: their text, and the proof that all builds stay what they are.

use std::collections::BTreeMap;

use super::copy::make;
use super::proof::{Difference, outcome};
use super::removal::remove;
use super::survey::{Found, component_id, consumer_id, removal_id};
use super::switch::switch;
use super::template::Consumer;
use super::{codes, finding};
use crate::plan::{Edited, Finding, Severity, Subject, Unit};
use crate::repo::{Changes, RepoPath};
use crate::yaml::{CommentFate, Error};

/// What the text of a unit comes to: the changes, and the fate of comments.
pub(super) type Written = (Changes, Vec<(RepoPath, CommentFate)>);

/// Makes the text of units, then builds the tree with and without all of it: a unit that changes what is built, and is not known to, is
/// refused.
pub(super) fn edit(found: &Found<'_>, units: &[&Unit]) -> Vec<Edited> {
    let mut edited: Vec<Edited> = units.iter().map(|unit| one(found, unit)).collect();
    let is_change = |number: &usize| matches!(edited[*number], Edited::Changes(..));
    let all: Vec<usize> = (0..units.len()).filter(is_change).collect();
    let together = surprises(found, units, &edited, &all);
    if together.is_empty() {
        return edited;
    }
    // Of several that share a Flux Kustomization, those are to blame that are also surprising alone.
    let alone = together.keys().flat_map(|number| surprises(found, units, &edited, &[*number]));
    let mut refused: BTreeMap<usize, String> = alone.collect();
    let rest: Vec<usize> = all.into_iter().filter(|number| !refused.contains_key(number)).collect();
    refused.extend(surprises(found, units, &edited, &rest));
    for (number, message) in refused {
        let path = units[number].id.subject.path();
        edited[number] = Edited::Refused(finding(Severity::Error, codes::NOT_PROVEN, path, None, message));
    }
    edited
}

/// What some of the units change that they should not, landed together, by their numbers.
fn surprises(found: &Found<'_>, units: &[&Unit], edited: &[Edited], some: &[usize]) -> BTreeMap<usize, String> {
    let mut all = Changes::new();
    for number in some {
        if let Edited::Changes(changes, _) = &edited[*number] {
            changes.iter().for_each(|(path, change)| all.set(path.clone(), change.clone()));
        }
    }
    if all.is_empty() {
        return BTreeMap::new();
    }
    let consumers: BTreeMap<RepoPath, &Consumer<'_>> = some
        .iter()
        .filter_map(|number| found.consumers.iter().find(|own| consumer_id(own) == units[*number].id))
        .map(|own| (own.kustomization.path.clone(), own))
        .collect();
    let outcome = match outcome(found.view, &all, &consumers.keys().cloned().collect()) {
        Ok(outcome) => outcome,
        Err(error) => return some.iter().map(|number| (*number, error.to_string())).collect(),
    };
    let is_surprise = |own: &&Difference| !consumers.values().any(|consumer| is_expected(found, consumer, own));
    let of = |number: &usize| {
        let path = units[*number].id.subject.path();
        let differences = match consumers.contains_key(path) {
            true => outcome.of.get(path).map_or(&[][..], Vec::as_slice),
            // Components and removals change nothing; where consumers land with them, these are to blame.
            false if consumers.is_empty() => &outcome.applied[..],
            false => &[],
        };
        let mut surprises = differences.iter().filter(is_surprise);
        let first = surprises.next()?.shown();
        let more = surprises.count();
        Some((*number, if more == 0 { first } else { format!("{first}, and {more} more") }))
    };
    some.iter().filter_map(of).collect()
}

/// Whether a difference is one between a template and the Component that takes its place, of which the units say so.
fn is_expected(found: &Found<'_>, consumer: &Consumer<'_>, difference: &Difference) -> bool {
    let known = consumer.references.iter().filter_map(|own| Some((own, found.counterpart(own).ok()?)));
    known.filter(|(_, own)| !own.differs.is_empty()).any(|(reference, own)| {
        let before = difference.before.as_ref().is_none_or(|at| at.path.is_in(&reference.target));
        before && difference.after.as_ref().is_none_or(|at| at.path.is_in(&own.dir))
    })
}

fn one(found: &Found<'_>, unit: &Unit) -> Edited {
    let written = match &unit.id.subject {
        Subject::Consumer { kustomization } => {
            let consumer = found.consumers.iter().find(|own| own.kustomization.path == *kustomization);
            match consumer.filter(|own| !own.references.is_empty()) {
                Some(consumer) => switch(found, consumer),
                None => return Edited::Already,
            }
        }
        _ if unit.is_removal() => {
            let template = found.templates.iter().find(|own| removal_id(found.view, own) == unit.id);
            match template {
                Some(template) => remove(found, template),
                None => return Edited::Already,
            }
        }
        _ => {
            let all = found.counterparts.values().filter_map(|own| own.as_ref().ok());
            let new = all.filter_map(|own| Some((own, own.made_from.as_ref()?)));
            match new.into_iter().find(|(own, from)| component_id(own, from, found.view) == unit.id) {
                Some((counterpart, from)) => make(found.view, counterpart, from),
                None => return Edited::Already,
            }
        }
    };
    match written {
        Ok((changes, comments)) => Edited::Changes(changes, comments),
        Err(reason) => Edited::Refused(reason),
    }
}

/// What the YAML editor refused, in a file.
pub(super) fn refused_edit(path: &RepoPath, error: &Error) -> Finding {
    finding(Severity::Error, error.problem.code(), path, Some(error.at.line), error.to_string())
}
