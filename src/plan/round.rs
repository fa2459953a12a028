//! A round of planning: new units are landed on trial, and what does not land is refused now, not
//! when it is written.

use std::collections::{BTreeMap, BTreeSet};

use super::land::{LandError, Landed, land, ordered};
use super::skip::{self, OptOut};
use super::trial::Trial;
use super::{Finding, Judge, Judged, Migration, Unit, UnitId, codes};
use crate::config::Settings;
use crate::flux::View;
use crate::repo::RepoPath;
use crate::yaml::Fate;

/// New units on the tree on which they were found.
pub(super) struct Round<'r> {
    view: &'r View,
    units: Vec<Unit>,
    migrations: &'r [&'r dyn Migration],
    settings: &'r Settings,
    judge: Option<&'r dyn Judge>,
    /// Those that their survey refused, or that wait for another migration.
    declined: BTreeSet<UnitId>,
    /// Those that did not land.
    refused: BTreeMap<UnitId, Finding>,
    /// Those that an opt-out covers.
    opted_out: BTreeMap<UnitId, OptOut>,
    judged: Option<Judged>,
}

/// What a round found.
pub(super) struct Found {
    /// The units, in an order in which each comes after what it needs.
    pub(super) units: Vec<Unit>,
    /// What a judge said of builds, if it was asked.
    pub(super) judged: Option<Judged>,
    /// The opt-outs that keep something from being done: migration, file, line of the comment.
    pub(super) met: Vec<(&'static str, RepoPath, usize)>,
}

impl<'r> Round<'r> {
    pub(super) fn of(
        view: &'r View,
        units: Vec<Unit>,
        migrations: &'r [&'r dyn Migration],
        settings: &'r Settings,
        judge: Option<&'r dyn Judge>,
    ) -> Result<Round<'r>, LandError> {
        let is_declined = |unit: &&Unit| !unit.is_able();
        let declined: BTreeSet<_> = units.iter().filter(is_declined).map(|unit| unit.id.clone()).collect();
        let mut opted_out: BTreeMap<UnitId, OptOut> = BTreeMap::new();
        for unit in ordered(&units.iter().collect::<Vec<_>>())? {
            let of_needs = || unit.needs.iter().find_map(|need| opted_out.get(need)).cloned();
            let migration = migrations.iter().find(|migration| migration.meta().id == unit.id.migration);
            let meta = migration.map(|migration| migration.meta()).filter(|_| declined.contains(&unit.id));
            let met = meta.and_then(|meta| skip::refused_there(view, meta, unit));
            opted_out.extend(met.or_else(of_needs).map(|opt_out| (unit.id.clone(), opt_out)));
        }
        let (refused, judged) = (BTreeMap::new(), None);
        Ok(Round { view, units, migrations, settings, judge, declined, refused, opted_out, judged })
    }

    /// Lands them on trial, again and again until all that is left lands and passes the judge.
    ///
    /// # Errors
    /// As [`land`].
    pub(super) fn land(&mut self) -> Result<Landed, LandError> {
        loop {
            let able: Vec<&Unit> = self.units.iter().filter(|unit| !self.stays(&unit.id)).collect();
            let landed = land(self.view, &ordered(&able)?, self.migrations, self.settings)?;
            self.refused.extend(landed.refused.clone());
            self.opted_out.extend(landed.opted_out.clone());
            // What is not needed must not stay in the tree on which others are planned.
            if self.drop_unneeded() | self.drop_too_early() {
                continue;
            }
            let surprises = self.surprises(&landed)?;
            if surprises.is_empty() {
                return Ok(landed);
            }
            self.refused.extend(surprises);
        }
    }

    /// Whether a unit is not written: refused, or opted out.
    fn stays(&self, id: &UnitId) -> bool {
        self.declined.contains(id) || self.refused.contains_key(id) || self.opted_out.contains_key(id)
    }

    /// The units that change builds which they should not change, each with the reason.
    fn surprises(&mut self, landed: &Landed) -> Result<BTreeMap<UnitId, Finding>, LandError> {
        let units = self.units.iter().filter(|unit| landed.units.contains(&unit.id)).collect();
        let trial = Trial { view: self.view, units, migrations: self.migrations, settings: self.settings };
        if trial.to_judge().is_empty() {
            return Ok(BTreeMap::new());
        }
        let Some((judge, name)) = self.judge.and_then(|judge| Some((judge, judge.name()?))) else {
            self.judged = Some(Judged::default());
            return Ok(BTreeMap::new());
        };
        let before = trial.without_them()?;
        let trial = Trial { view: &before, units: trial.to_judge(), ..trial };
        let (judged, surprises) = trial.judged(&landed.view, judge, name)?;
        self.judged = Some(judged);
        Ok(surprises)
    }

    /// Drops removals of what is still named by something that stays.
    fn drop_too_early(&mut self) -> bool {
        let stay: BTreeSet<UnitId> =
            self.units.iter().map(|unit| &unit.id).filter(|id| self.stays(id)).cloned().collect();
        self.keep(|unit| !unit.is_removal() || unit.needs.is_disjoint(&stay))
    }

    /// Drops units that exist for others, if none of those can land. A unit that is useful by
    /// itself stays.
    fn drop_unneeded(&mut self) -> bool {
        let needs = |unit: &Unit| unit.needs.clone();
        let wanted: BTreeSet<UnitId> = self.units.iter().flat_map(needs).collect();
        let needed: BTreeSet<UnitId> = self.units.iter().filter(|unit| !self.stays(&unit.id)).flat_map(needs).collect();
        self.keep(|unit| !unit.is_for_others() || !wanted.contains(&unit.id) || needed.contains(&unit.id))
    }

    /// Keeps some of the units, and says whether any was dropped.
    fn keep(&mut self, is_kept: impl Fn(&Unit) -> bool) -> bool {
        let before = self.units.len();
        self.units.retain(is_kept);
        self.units.len() != before
    }

    /// The units with what their landing found out. What is already as it should be is none.
    ///
    /// # Errors
    /// [`LandError::Needs`] if units need each other in a circle.
    pub(super) fn finish(mut self, landed: &Landed) -> Result<Found, LandError> {
        // All opt-outs that are met, also by units that are not needed in the end.
        let places = |(id, opt_out): (&UnitId, &OptOut)| {
            let migration = id.migration;
            opt_out.met.iter().map(move |(path, line)| (migration, path.clone(), *line)).collect::<Vec<_>>()
        };
        let met = self.opted_out.iter().flat_map(places).collect();
        let changed: BTreeSet<&UnitId> = landed.units.iter().collect();
        let mut units = std::mem::take(&mut self.units);
        units.retain(|unit| self.stays(&unit.id) || changed.contains(&unit.id));
        let mut notes = notes_about_comments(landed);
        for unit in &mut units {
            if let Some(opt_out) = self.opted_out.get(&unit.id) {
                unit.opt_out(opt_out.finding.clone());
            } else if let Some(reason) = self.refused.get(&unit.id) {
                unit.refuse(reason.clone());
            }
            unit.is_in_own_document = landed.in_own_document.contains(&unit.id);
            unit.report_notes(notes.remove(&unit.id).unwrap_or_default());
        }
        let all: Vec<&Unit> = units.iter().collect();
        let units = ordered(&all)?.into_iter().cloned().collect();
        Ok(Found { units, judged: self.judged, met })
    }
}

/// Notes about the comments in what units remove.
fn notes_about_comments(landed: &Landed) -> BTreeMap<&UnitId, Vec<Finding>> {
    let mut notes: BTreeMap<&UnitId, Vec<Finding>> = BTreeMap::new();
    for dropped in &landed.comments {
        let text = &dropped.comment.text;
        let finding = match &dropped.comment.fate {
            // The diff shows it, and it says what it said before.
            Fate::Stays | Fate::Rewritten => continue,
            Fate::Taken => Finding::note(codes::COMMENT_MOVED, format!("`{text}` moves with its entry")),
            Fate::Moved => Finding::note(codes::COMMENT_MOVED, format!("`{text}` is kept, above the replacement")),
            Fate::Dropped(reason) => Finding::note(codes::COMMENT_DROPPED, format!("`{text}` is removed: {reason}")),
        };
        notes.entry(&dropped.unit).or_default().push(finding.at(&dropped.path, dropped.comment.line));
    }
    notes
}
