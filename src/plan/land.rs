use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::lines;
use super::sharing::is_in_own_document;
use super::skip::{self, OptOut};
use super::wave::{Together, wave};
use super::{Edited, Finding, Migration, Unit, UnitId, codes};
use crate::activity::{self, Activity};
use crate::config::Settings;
use crate::flux::View;
use crate::repo::{RepoPath, TreeError};
use crate::yaml::CommentFate;

/// A comment in what a unit removed, and what was done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The unit.
    pub unit: UnitId,
    /// The file.
    pub path: RepoPath,
    /// The comment and its fate.
    pub comment: CommentFate,
}

/// A tree on which units have landed.
pub struct Landed {
    /// The tree, understood.
    pub view: View,
    /// The units that changed it, in the order in which they landed.
    pub units: Vec<UnitId>,
    /// Those of them that changed nothing but their own document in the file of their subject.
    pub in_own_document: BTreeSet<UnitId>,
    /// The comments in what they removed.
    pub comments: Vec<Dropped>,
    /// The units that could not land on this tree, with the reason.
    pub refused: BTreeMap<UnitId, Finding>,
    /// The units that a comment in the repository opts out, or something that they need.
    pub opted_out: BTreeMap<UnitId, OptOut>,
}

impl Landed {
    /// This, if everything that was to land did.
    ///
    /// # Errors
    /// [`LandError::DoesNotLand`] for the first unit that did not.
    pub fn complete(self) -> Result<Landed, LandError> {
        let opted_out = self.opted_out.iter().map(|(unit, opt_out)| (unit, &opt_out.finding));
        match self.refused.iter().chain(opted_out).next() {
            None => Ok(self),
            Some((unit, reason)) => {
                let (unit, reason) = (Box::new(unit.clone()), Box::new(reason.clone()));
                Err(LandError::DoesNotLand { unit, reason })
            }
        }
    }
}

/// Why landing failed: an error of the program or of its surroundings, not of the repository.
#[derive(Debug, Error)]
pub enum LandError {
    /// A tree could not be read, or changes did not fit it.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A unit touched a file that it had not named.
    #[error("{unit} changes {path}, which it had not declared; this is a bug in flux-codemod, please report it")]
    Undeclared {
        /// The unit.
        unit: Box<UnitId>,
        /// The file.
        path: RepoPath,
    },
    /// A unit that was planned does not land.
    #[error("{unit} was planned, but cannot be written: {}; this is a bug in flux-codemod, please report it", reason.message)]
    DoesNotLand {
        /// The unit.
        unit: Box<UnitId>,
        /// Why.
        reason: Box<Finding>,
    },
    /// Of the units that touch a Flux Kustomization only some are selected, and these change what
    /// is built.
    #[error("{0} if only the selected units are written; select all units that change it, or none of them")]
    Surprise(String),
    /// A unit names a migration that is not among the given ones.
    #[error("{0} belongs to a migration that is not planned; this is a bug in flux-codemod, please report it")]
    NoSuchMigration(Box<UnitId>),
    /// Units need each other in a circle, or one that is not among them nor in the tree.
    #[error("{0} needs a unit that does not exist; this is a bug in flux-codemod, please report it")]
    Needs(Box<UnitId>),
}

/// The units in an order in which each comes after what it needs: first those that need nothing, by
/// name, then those that need these. A removal comes as late as it can, as its batch does: where a new item goes in
/// a list that nobody has sorted can depend on the items that are still there.
///
/// # Errors
/// [`LandError::Needs`] if there is no such order. Needs that are not among the units are taken to
/// be in the tree.
pub fn ordered<'u>(units: &[&'u Unit]) -> Result<Vec<&'u Unit>, LandError> {
    let mut waiting: BTreeMap<&UnitId, &Unit> = units.iter().map(|unit| (&unit.id, *unit)).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let is_ready = |unit: &Unit| unit.needs.iter().all(|need| !waiting.contains_key(need));
        let ready = waiting.values().copied().filter(|unit| is_ready(unit));
        let (removals, others): (Vec<&Unit>, Vec<&Unit>) = ready.partition(|unit| unit.is_removal());
        let ready = if others.is_empty() { removals } else { others };
        if ready.is_empty() {
            let stuck = waiting.into_keys().next().cloned();
            return Err(LandError::Needs(Box::new(stuck.expect("something is waiting"))));
        }
        for unit in &ready {
            waiting.remove(&unit.id);
        }
        order.extend(ready);
    }
    Ok(order)
}

/// Lands units on a tree, each after what it needs, migration after migration. The only place where text is
/// made: `diff`, `apply` and `branch` differ in what they do with the trees.
///
/// Units that touch different files, or different documents of one, and do not need each other are edited
/// together on one tree. What cannot be done on this tree is in [`Landed::refused`], what would touch an
/// opted-out place in [`Landed::opted_out`], together with everything that needs it.
///
/// # Errors
/// [`LandError`], if a migration breaks its own promises, or the tree cannot be read.
pub fn land(
    start: &View,
    units: &[&Unit],
    migrations: &[&dyn Migration],
    settings: &Settings,
) -> Result<Landed, LandError> {
    let _activity = activity::begin(Activity::Landing);
    let mut landed = Landed {
        view: start.clone(),
        units: Vec::new(),
        in_own_document: BTreeSet::new(),
        comments: Vec::new(),
        refused: BTreeMap::new(),
        opted_out: BTreeMap::new(),
    };
    let mut rest = units.to_vec();
    while !rest.is_empty() {
        let (mut now, later) = wave(&rest);
        rest = later;
        while !now.is_empty() {
            now = land_wave(start, &mut landed, &now, migrations, settings)?;
        }
    }
    Ok(landed)
}

/// The first of some files that is never changed, as a finding in it: encrypted, a template, a
/// link.
pub fn never_changed<'p>(view: &View, paths: impl IntoIterator<Item = &'p RepoPath>) -> Option<Finding> {
    paths.into_iter().find_map(|path| {
        if let Some(barred) = view.barred(path) {
            let message = format!("{path} is never changed ({})", codes::code_of_barred(barred).id);
            return Some(Finding::error(codes::UNTOUCHABLE_FILE, message).at(path, None));
        }
        let nameless = view.file(path)?.nameless()?;
        let message = format!("{path} has an object without a name, which Kustomize refuses");
        Some(Finding::error(codes::UNTOUCHABLE_FILE, message).at(path, Some(nameless.line)))
    })
}

/// A new file that a cluster whose objects change would not see, as a finding.
fn unseen<'p>(view: &View, unit: &Unit, paths: impl IntoIterator<Item = &'p RepoPath>) -> Option<Finding> {
    let mut new = paths.into_iter().filter(|path| view.tree().entry(path).is_none());
    new.find_map(|path| {
        let cluster = view.graph().blind_to(path).find(|cluster| unit.lane.clusters.contains(&cluster.name))?;
        let message = format!("{path} would not be in the artifact of cluster {}", cluster.name);
        Some(Finding::error(codes::NOT_IN_ARTIFACT, message).at(path, None))
    })
}

/// Lands units on one tree, and returns those that have to land on the next: they edit a document
/// that another one edits.
fn land_wave<'u>(
    start: &View,
    landed: &mut Landed,
    units: &[&'u Unit],
    migrations: &[&dyn Migration],
    settings: &Settings,
) -> Result<Vec<&'u Unit>, LandError> {
    let id = units[0].id.migration;
    let migration = migrations.iter().find(|migration| migration.meta().id == id);
    let migration = migration.ok_or_else(|| LandError::NoSuchMigration(Box::new(units[0].id.clone())))?;
    let mut able = Vec::new();
    for unit in units {
        let refused = unit.needs.iter().find_map(|need| landed.refused.get(need)).cloned();
        let opted_out = unit.needs.iter().find_map(|need| landed.opted_out.get(need)).cloned();
        match (refused, opted_out) {
            (Some(reason), _) => drop(landed.refused.insert(unit.id.clone(), reason)),
            (None, Some(opt_out)) => drop(landed.opted_out.insert(unit.id.clone(), opt_out)),
            (None, None) => able.push(*unit),
        }
    }

    let mut later = Vec::new();
    let mut together = Together::on(&landed.view);
    for (unit, edited) in able.iter().zip(migration.edit(&landed.view, &able, settings)) {
        match edited {
            Edited::Already => {}
            Edited::Refused(mut finding) => {
                lines::point_into(start, &landed.view, [&mut finding].into_iter());
                landed.refused.insert(unit.id.clone(), finding);
            }
            Edited::Changes(edits, comments) => {
                if let Some(path) = edits.paths().find(|path| !unit.touches.contains(path)) {
                    return Err(LandError::Undeclared { unit: Box::new(unit.id.clone()), path: path.clone() });
                }
                // Whatever the migration forgot.
                let unseen = || unseen(&landed.view, unit, edits.paths());
                if let Some(finding) = never_changed(&landed.view, edits.paths()).or_else(unseen) {
                    landed.refused.insert(unit.id.clone(), finding);
                    continue;
                }
                if let Some(opt_out) = skip::touched(&landed.view, migration.meta(), unit, &edits) {
                    landed.opted_out.insert(unit.id.clone(), opt_out.pointing_into(start, &landed.view));
                    continue;
                }
                if !together.take(&edits) {
                    later.push(*unit);
                    continue;
                }
                let dropped = |(path, mut comment): (RepoPath, CommentFate)| {
                    comment.line = lines::old_line(start, &landed.view, &path, comment.line);
                    Dropped { unit: unit.id.clone(), path, comment }
                };
                landed.comments.extend(comments.into_iter().map(dropped));
                landed.units.push(unit.id.clone());
                if is_in_own_document(&landed.view, &unit.id.subject, &edits) {
                    landed.in_own_document.insert(unit.id.clone());
                }
            }
        }
    }
    let changes = together.finish();
    if !changes.is_empty() {
        landed.view = landed.view.with(&changes)?;
    }
    Ok(later)
}
