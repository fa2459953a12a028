//! What units make of a tree: their text, and the proof that all builds stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::copy::copy;
use super::find::Found;
use super::ids::{self, COMPONENT, PROMOTE, PROTECT, RENAME, SWITCH};
use super::promote::promote;
use super::proof::{Difference, compared};
use super::protect::protect;
use super::removal::remove;
use super::rename::Rename;
use super::switch::move_entries;
use super::template::Consumer;
use crate::flux::At;
use crate::plan::author::{Edits, Written, edited};
use crate::plan::{Edited, Finding, Unit};
use crate::repo::{Changes, RepoPath};

/// Makes the text of units, then builds the tree with and without all of it. A unit that makes
/// builds differ where that is not its purpose is refused.
pub(super) fn edit(found: &Found<'_>, units: &[&Unit]) -> Vec<Edited> {
    let texts = units.iter().map(|unit| written(found, unit).map_or(Edited::Already, edited));
    let mut trial = Trial { found, units, texts: texts.collect() };
    let is_changed = |index: &usize| matches!(trial.texts[*index], Edited::Changes(..));
    let mut able: Vec<usize> = (0..units.len()).filter(is_changed).collect();
    let mut refused: BTreeMap<usize, String> = BTreeMap::new();
    loop {
        let together = trial.surprises(&able);
        if together.is_empty() {
            break;
        }
        // Of several that share a Flux Kustomization, blame those that are surprising alone, too.
        let alone: BTreeMap<_, _> = together.keys().flat_map(|index| trial.surprises(&[*index])).collect();
        let to_blame = if alone.is_empty() { together } else { alone };
        able.retain(|index| !to_blame.contains_key(index));
        refused.extend(to_blame);
    }
    for (index, message) in refused {
        let reason = Finding::error(codes::NOT_PROVEN, message).at(units[index].id.subject.path(), None);
        trial.texts[index] = Edited::Refused(reason);
    }
    trial.texts
}

/// The text of a unit; `None` where there is nothing left to do.
fn written(found: &Found<'_>, unit: &Unit) -> Option<Result<Written, Finding>> {
    let (view, id) = (found.view, &unit.id);
    match id.step {
        SWITCH => {
            let consumer = found.consumers.iter().find(|consumer| ids::switch(consumer) == *id)?;
            let references = found.switched(consumer);
            (!references.is_empty()).then(|| move_entries(found, &[(consumer, references)], Edits::of(view)))
        }
        PROMOTE => {
            let dir = id.subject.path().dir();
            let counterpart = found.counterparts.get(&dir)?.as_ref().ok()?;
            counterpart.in_place.then(|| promote(found, &dir))
        }
        PROTECT => found.claims().remove(id).map(|claim| protect(view, claim)),
        RENAME => renamed(found, unit).filter(|rename| view.tree().holds(rename.from)).map(Rename::written),
        COMPONENT => {
            let mut counterparts = found.counterparts.values().flatten();
            let new = counterparts.find(|new| ids::component(view, new).as_ref() == Some(id))?;
            Some(copy(view, new, new.made_from.as_ref()?))
        }
        _ => {
            let template = found.templates.iter().find(|template| ids::removal(view, template) == *id)?;
            Some(remove(found, template))
        }
    }
}

/// What a unit renames.
fn renamed<'v>(found: &Found<'v>, unit: &Unit) -> Option<Rename<'v>> {
    Rename::of(found, &RepoPath::new(unit.id.subject.name()).ok()?)
}

/// Units and their text, to be built with and without.
struct Trial<'f, 'v> {
    found: &'f Found<'v>,
    units: &'f [&'f Unit],
    texts: Vec<Edited>,
}

impl Trial<'_, '_> {
    /// What some of the units, landed together, change that they should not, by their indices.
    fn surprises(&self, some: &[usize]) -> BTreeMap<usize, String> {
        let mut all = Changes::new();
        for index in some {
            if let Edited::Changes(changes, _) = &self.texts[*index] {
                changes.iter().for_each(|(path, change)| all.set(path.clone(), change.clone()));
            }
        }
        if all.is_empty() {
            return BTreeMap::new();
        }
        let purposes: Vec<(usize, Purpose)> =
            some.iter().map(|index| (*index, Purpose::of(self.found, self.units[*index]))).collect();
        let watched = purposes.iter().flat_map(|(_, purpose)| purpose.watched.clone()).collect();
        let compared = match compared(self.found.view, &all, &watched) {
            Ok(compared) => compared,
            Err(error) => return some.iter().map(|index| (*index, error.to_string())).collect(),
        };
        let meant: Vec<&Meant> = purposes.iter().flat_map(|(_, purpose)| &purpose.meant).collect();
        let is_surprise = |difference: &&Difference| !meant.iter().any(|meant| meant.holds(difference));
        let any_moves_entries = purposes.iter().any(|(_, purpose)| purpose.moves_entries);
        let message = |(index, purpose): &(usize, Purpose)| {
            let watched = purpose.watched.keys().filter_map(|path| compared.watched.get(path)).flatten();
            // A unit without consumers is judged by what clusters apply. If consumers land with it,
            // these are to blame.
            let applied = compared.applied.iter().filter(|_| !any_moves_entries);
            let surprises: BTreeSet<String> =
                watched.chain(applied).filter(is_surprise).map(Difference::shown).collect();
            let more = surprises.len().saturating_sub(1);
            let first = surprises.into_iter().next()?;
            Some((*index, if more == 0 { first } else { format!("{first}, and {more} more") }))
        };
        purposes.iter().filter_map(message).collect()
    }
}

/// What a unit is meant to change, and where that is seen.
#[derive(Default)]
struct Purpose {
    /// The kustomization files whose objects it moves, and whether each alone builds the same.
    watched: BTreeMap<RepoPath, bool>,
    /// What becomes different on purpose.
    meant: Vec<Meant>,
    /// Whether it moves entries of consumers.
    moves_entries: bool,
}

/// A difference that is meant.
enum Meant {
    /// One between a template and the Component that takes its place, which the unit reports.
    Pair(RepoPath, RepoPath),
    /// One of a single object that stays where it is.
    Object(At),
}

impl Meant {
    fn holds(&self, difference: &Difference) -> bool {
        let Difference { before, after, .. } = difference;
        match self {
            Meant::Pair(template, component) => {
                let is_in = |at: &Option<At>, dir: &RepoPath| at.as_ref().is_none_or(|at| at.path.is_in(dir));
                is_in(before, template) && is_in(after, component)
            }
            Meant::Object(at) => before.as_ref() == Some(at) && after.as_ref() == Some(at),
        }
    }
}

impl Purpose {
    fn of(found: &Found<'_>, unit: &Unit) -> Purpose {
        let id = &unit.id;
        let consumers: Vec<&Consumer<'_>> = match id.step {
            SWITCH => found.consumers.iter().filter(|consumer| ids::switch(consumer) == *id).collect(),
            PROMOTE => {
                found.promoted_with(&id.subject.path().dir()).into_iter().map(|(consumer, _)| consumer).collect()
            }
            _ => Vec::new(),
        };
        let mut purpose = Purpose { moves_entries: !consumers.is_empty(), ..Purpose::default() };
        for consumer in consumers {
            // Where Flux names the Components, the file builds less by itself.
            let named_by = found.named_by(consumer);
            purpose.watched.insert(consumer.kustomization.path.clone(), named_by.is_empty());
            purpose.meant.extend(named_by.into_iter().map(|flux| Meant::Object(flux.at.clone())));
            for reference in &consumer.references {
                if let Ok(counterpart) = found.counterpart(reference)
                    && !counterpart.differs.is_empty()
                {
                    purpose.meant.push(Meant::Pair(reference.target.clone(), counterpart.dir.clone()));
                }
            }
        }
        match id.step {
            RENAME => {
                let rename = renamed(found, unit);
                purpose
                    .watched
                    .extend(rename.iter().flat_map(|rename| rename.kustomizations()).map(|path| (path, true)));
                // A Flux Kustomization states where it builds from, so it does not stay the same.
                let flux = rename.iter().flat_map(|rename| rename.flux_kustomizations());
                purpose.meant.extend(flux.map(Meant::Object));
            }
            PROTECT => purpose.meant.extend(found.claims().remove(id).map(|claim| Meant::Object(claim.at.clone()))),
            _ => {}
        }
        purpose
    }
}
