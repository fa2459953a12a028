//! What units come to on a tree: their text, and the proof that all builds stay what they are.

use std::collections::{BTreeMap, BTreeSet};

use super::copy::make;
use super::promote::{consumers_of, promote};
use super::proof::{Difference, outcome};
use super::protect::protect;
use super::removal::remove;
use super::rename::{rename, renamed_in_flux, watched};
use super::survey::Found;
use super::switch::move_entries;
use super::unit::{COMPONENT, PROMOTE, PROTECT, RENAME, SWITCH, component_id, consumer_id, removal_id};
use super::{codes, finding};
use crate::flux::At;
use crate::plan::{Edited, Severity, Unit};
use crate::repo::{Changes, RepoPath};

/// Makes the text of units, then builds the tree with and without all of it: a unit that changes what is built, and is not known to, is
/// refused.
pub(super) fn edit(found: &Found<'_>, units: &[&Unit]) -> Vec<Edited> {
    let mut edited: Vec<Edited> = units.iter().map(|unit| one(found, unit)).collect();
    let is_change = |number: &usize| matches!(edited[*number], Edited::Changes(..));
    let mut rest: Vec<usize> = (0..units.len()).filter(is_change).collect();
    let mut refused: BTreeMap<usize, String> = BTreeMap::new();
    loop {
        let together = surprises(found, units, &edited, &rest);
        if together.is_empty() {
            break;
        }
        // Of several that share a Flux Kustomization, those are to blame that are also surprising alone.
        let alone = together.keys().flat_map(|number| surprises(found, units, &edited, &[*number]));
        let alone: BTreeMap<usize, String> = alone.collect();
        let to_blame = if alone.is_empty() { together } else { alone };
        rest.retain(|number| !to_blame.contains_key(number));
        refused.extend(to_blame);
    }
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
    let aims: BTreeMap<usize, Aim> = some.iter().map(|number| (*number, Aim::of(found, units[*number]))).collect();
    let watched = aims.values().flat_map(|aim| &aim.watched).map(|(path, alone)| (path.clone(), *alone)).collect();
    let outcome = match outcome(found.view, &all, &watched) {
        Ok(outcome) => outcome,
        Err(error) => return some.iter().map(|number| (*number, error.to_string())).collect(),
    };
    let is_surprise =
        |own: &&Difference| !aims.values().flat_map(|aim| &aim.expected).any(|expected| expected.holds(own));
    let consumers_take_part = aims.values().any(|aim| aim.is_switch);
    let of = |(number, aim): (&usize, &Aim)| {
        let through = aim.watched.keys().filter_map(|path| outcome.of.get(path)).flatten();
        // What no consumer comes through is told by what clusters apply; where consumers land with it, these are to blame.
        let applied = outcome.applied.iter().filter(|_| !aim.is_switch && !consumers_take_part);
        let surprises: BTreeSet<String> = through.chain(applied).filter(is_surprise).map(Difference::shown).collect();
        let more = surprises.len().saturating_sub(1);
        let first = surprises.into_iter().next()?;
        Some((*number, if more == 0 { first } else { format!("{first}, and {more} more") }))
    };
    aims.iter().filter_map(of).collect()
}

/// What a unit is to change, and where it is seen.
#[derive(Default)]
struct Aim {
    /// The kustomization files whose objects it moves, and whether each of them builds the same by itself, too.
    watched: BTreeMap<RepoPath, bool>,
    /// What becomes different on purpose.
    expected: Vec<Expected>,
    /// Whether it moves entries of consumers.
    is_switch: bool,
}

/// A difference that is meant.
enum Expected {
    /// One between a template and the Component that takes its place, of which the unit says so.
    Pair(RepoPath, RepoPath),
    /// One of a single object that stays where it is.
    Object(At),
}

impl Expected {
    fn holds(&self, difference: &Difference) -> bool {
        match self {
            Expected::Pair(template, component) => {
                let before = difference.before.as_ref().is_none_or(|at| at.path.is_in(template));
                before && difference.after.as_ref().is_none_or(|at| at.path.is_in(component))
            }
            Expected::Object(at) => difference.before.as_ref() == Some(at) && difference.after.as_ref() == Some(at),
        }
    }
}

impl Aim {
    fn of(found: &Found<'_>, unit: &Unit) -> Aim {
        let path = unit.id.subject.path();
        let consumers = match unit.id.step {
            SWITCH => found.consumers.iter().filter(|own| consumer_id(own) == unit.id).collect(),
            PROMOTE => consumers_of(found, &path.dir()).into_iter().map(|(own, _)| own).collect(),
            _ => Vec::new(),
        };
        let mut aim = Aim { is_switch: !consumers.is_empty(), ..Aim::default() };
        for consumer in consumers {
            // Where Flux names the Components, the file builds less by itself.
            let owners = found.named_by(consumer);
            aim.watched.insert(consumer.kustomization.path.clone(), owners.is_empty());
            aim.expected.extend(owners.into_iter().map(|own| Expected::Object(own.at.clone())));
            let known = consumer.references.iter().filter_map(|own| Some((own, found.counterpart(own).ok()?)));
            let differing = known.filter(|(_, own)| !own.differs.is_empty());
            aim.expected.extend(differing.map(|(own, other)| Expected::Pair(own.target.clone(), other.dir.clone())));
        }
        match unit.id.step {
            RENAME => {
                let from = renamed(unit);
                aim.watched.extend(watched(found, &from).into_iter().map(|path| (path, true)));
                // A Flux Kustomization says where it builds from, and is no longer what it was.
                aim.expected.extend(renamed_in_flux(found, &from).into_iter().map(Expected::Object));
            }
            PROTECT => aim.expected.extend(found.claims().remove(&unit.id).map(|own| Expected::Object(own.at.clone()))),
            _ => {}
        }
        aim
    }
}

/// The directory that a unit renames.
fn renamed(unit: &Unit) -> RepoPath {
    RepoPath::new(unit.id.subject.name()).expect("it was made of a path")
}

fn one(found: &Found<'_>, unit: &Unit) -> Edited {
    let view = found.view;
    let written = match unit.id.step {
        SWITCH => {
            let consumer = found.consumers.iter().find(|own| consumer_id(own) == unit.id);
            let moves = consumer.map(|own| (own, found.switched(own))).filter(|(_, own)| !own.is_empty());
            moves.map(|own| move_entries(found, &[own]))
        }
        PROMOTE => {
            let dir = unit.id.subject.path().dir();
            let is_there = found.counterparts.get(&dir).is_some_and(|own| own.as_ref().is_ok_and(|own| own.in_place));
            is_there.then(|| promote(found, &dir))
        }
        PROTECT => found.claims().remove(&unit.id).map(|claim| protect(view, claim)),
        RENAME => {
            let from = renamed(unit);
            view.tree().holds(&from).then(|| rename(found, &from))
        }
        COMPONENT => {
            let all = found.counterparts.values().filter_map(|own| own.as_ref().ok());
            let mut new = all.filter_map(|own| Some((own, own.made_from.as_ref()?)));
            let own = new.find(|(own, from)| component_id(own, from, view) == unit.id);
            own.map(|(counterpart, from)| make(view, counterpart, from))
        }
        _ => {
            let template = found.templates.iter().find(|own| removal_id(view, own) == unit.id);
            template.map(|template| remove(found, template))
        }
    };
    match written {
        None => Edited::Already,
        Some(Ok((changes, comments))) => Edited::Changes(changes, comments),
        Some(Err(reason)) => Edited::Refused(reason),
    }
}
