//! Planning: what migrations find to do, landed on trial.

use std::collections::{BTreeMap, BTreeSet};

use super::clusters::about_clusters;
use super::foreseen::foreseen;
use super::land::LandError;
use super::lines;
use super::names::refuse_invalid;
use super::round::{Found, Round};
use super::sharing::{Applied, after_others};
use super::tree::{about_tree, untouchable};
use super::unnamed::after_what_named_them;
use super::{
    Finding, Funnel, Judge, Judged, Lane, Migration, OutOfScope, Safety, Scope, Subject, Survey, Unit, UnitId, codes,
};
use crate::activity::{self, Activity};
use crate::config::Settings;
use crate::flux::{Radius, Radiuses, View};
use crate::repo::RepoPath;

/// Everything that is to be done in a repository, before a selection.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The units, in an order in which each comes after what it needs.
    pub units: Vec<Unit>,
    /// Findings about the tree.
    pub findings: Vec<Finding>,
    /// What each migration leaves alone.
    pub out_of_scope: BTreeMap<&'static str, OutOfScope>,
    /// How the documents of recipes were found, by recipe.
    pub funnels: BTreeMap<&'static str, Vec<Funnel>>,
    /// Which files are out of scope.
    pub scope: Scope,
    /// How builds compare; `None` if no unit promises that they stay the same.
    pub judged: Option<Judged>,
    /// The opt-outs that keep something from being done: migration, file, line of the comment.
    pub(super) met: BTreeSet<(&'static str, RepoPath, usize)>,
}

impl Plan {
    /// Takes in what a round found.
    fn take(&mut self, found: Found) {
        self.units.extend(found.units);
        self.met.extend(found.met);
        if let Some(judged) = found.judged {
            self.judged.get_or_insert_default().extend(judged);
        }
    }

    /// The units by their ids.
    pub fn by_id(&self) -> BTreeMap<&UnitId, &Unit> {
        self.units.iter().map(|unit| (&unit.id, unit)).collect()
    }

    /// Whether the opt-out on a line of a file keeps something of a migration from being done, or
    /// may: of a unit that is not done for another reason it is not known what it would touch.
    pub(super) fn is_met(&self, migration: &str, path: &RepoPath, line: usize) -> bool {
        let elsewhere = |unit: &Unit| {
            let is_here = |finding: &Finding| finding.code == codes::OPTED_OUT && finding.path.as_ref() == Some(path);
            let unknown = unit.safety == Safety::Refused || !unit.findings.iter().any(is_here);
            !unit.is_able() && unknown && unit.id.migration == migration && unit.touches.contains(path)
        };
        self.met.iter().any(|(id, file, met_at)| *id == migration && file == path && *met_at == line)
            || self.units.iter().any(elsewhere)
    }
}

/// How often a tree is surveyed again for what the landing of all units leaves to be done.
const ROUNDS: usize = 3;

/// Plans the migrations, in the order given, on a tree.
///
/// Each migration surveys the tree in which the units of the earlier ones have landed, and every
/// unit is landed on trial: one that cannot be proven now is refused now, not when it is written.
/// Surveys repeat until they find nothing new.
///
/// What rules of `doctor` would say of the tree with all units, and do not say now, are findings of the plan. A unit
/// that can have caused an error is for review.
///
/// Units of migrations that keep builds as they are go before a judge, if there is one: those that
/// it finds to change what they should not are refused, too.
///
/// # Errors
/// [`LandError`], if a migration breaks its promises, or the tree cannot be read.
pub fn plan(
    start: &View,
    migrations: &[&dyn Migration],
    settings: &Settings,
    judge: Option<&dyn Judge>,
) -> Result<Plan, LandError> {
    let scope = Scope::of(start, settings);
    let findings = [about_tree(start), untouchable(start), about_clusters(start), scope.findings()].concat();
    let mut plan = Plan { findings, scope, ..Plan::default() };
    let mut view = start.clone();
    let mut seen: BTreeSet<UnitId> = BTreeSet::new();
    for round in 0..ROUNDS {
        let before = plan.units.len();
        for migration in migrations {
            let mut survey = surveyed(*migration, &view, settings);
            plan.scope.reduce(&mut survey.drafts, &mut seen, &mut survey.out_of_scope);
            if round == 0 {
                lines::point_into(start, &view, survey.findings.iter_mut());
                plan.findings.extend(survey.findings);
                plan.out_of_scope.insert(migration.meta().id, survey.out_of_scope);
                plan.funnels.insert(migration.meta().id, survey.funnels);
            }
            let drafts = survey.drafts.into_iter().filter(|draft| seen.insert(draft.id.clone()));
            let mut new: Vec<Unit> = drafts.map(Unit::of).collect();
            refuse_invalid(&mut new);
            let mut round = Round::of(&view, new, migrations, settings, judge)?;
            let landed = round.land()?;
            let mut found = round.finish(&landed)?;
            after_others(&mut found.units, &plan.units);
            after_what_named_them(&mut found.units, &plan.units, start, &view);
            lines::point_into(start, &view, found.units.iter_mut().flat_map(Unit::findings_mut));
            plan.take(found);
            view = landed.view;
        }
        if plan.units.len() == before {
            break;
        }
    }
    measure(start, &mut plan.units);
    plan.findings.extend(foreseen(start, &view, &mut plan.units));
    plan.findings.extend(plan.judged.iter().flat_map(|judged| judged.findings(start)));
    plan.findings.retain(|finding| plan.scope.holds(finding));
    Ok(plan)
}

fn surveyed(migration: &dyn Migration, view: &View, settings: &Settings) -> Survey {
    let _activity = activity::begin(Activity::Surveying(migration.meta().id));
    migration.survey(view, settings)
}

/// Whether a unit may be about objects that this view does not know: it knows those of Flux alone.
fn is_of_another_kind(view: &View, unit: &Unit) -> bool {
    let path = unit.id.subject.path();
    let is_there = || view.file(path).is_some_and(|file| !file.objects.is_empty());
    let is_known = || view.graph().reached().any(|(at, _)| at.path == *path);
    unit.recipe.is_some() || matches!(unit.id.subject, Subject::Object { .. }) && is_there() && !is_known()
}

/// Fills in what the units reach, in the tree as it is, and with it their lanes.
fn measure(view: &View, units: &mut [Unit]) {
    if units.is_empty() {
        return;
    }
    let _activity = activity::begin(Activity::Measuring);
    let whole = if units.iter().any(|unit| is_of_another_kind(view, unit)) { view.whole() } else { view.clone() };
    let view = &whole;
    let (radiuses, applied) = (Radiuses::of(view), Applied::of(view));
    for unit in &mut *units {
        let own = if unit.is_in_own_document { applied.objects_of(&unit.id.subject) } else { Vec::new() };
        let mut radius: Radius = Radius::default();
        own.iter().for_each(|at| radius.extend(radiuses.of_object(at)));
        // What else is in the file of its object stays as it is.
        let is_known = |path: &&RepoPath| !own.is_empty() && *path == unit.id.subject.path();
        for path in unit.touches.iter().filter(|path| !is_known(path)) {
            radius.extend((*radiuses.of_file(path)).clone());
        }
        unit.radius = radius;
        let entries = view.graph().clusters.iter().filter(|cluster| unit.touches.contains(&cluster.stated_at.path));
        let begun: BTreeSet<String> = entries.map(|cluster| cluster.name.clone()).collect();
        unit.lane.clusters.extend(unit.radius.clusters.iter().cloned().chain(begun));
        unit.dependents = dependents(view, &unit.id.subject, &applied);
    }
    // What is new, or only listed by what is new, reaches nothing yet: it is there for the units
    // that need it.
    let places: BTreeMap<UnitId, usize> =
        units.iter().enumerate().map(|(place, unit)| (unit.id.clone(), place)).collect();
    for number in (0..units.len()).rev() {
        let user = &units[number];
        let of_user = user.lane.clone();
        let needs = user.needs.iter().filter_map(|need| places.get(need).copied());
        let following: Vec<usize> = needs.filter(|place| *place < number && units[*place].follows(user)).collect();
        for place in following {
            units[place].lane.clusters.extend(of_user.clusters.iter().cloned());
        }
    }
    let all = view.graph().clusters.len();
    units.iter_mut().for_each(|unit| unit.lane = Lane::of(std::mem::take(&mut unit.lane.clusters), all));
}

/// How many Flux Kustomizations depend on the one that applies an object, transitively.
fn dependents(view: &View, subject: &Subject, applied: &Applied<'_>) -> usize {
    let reaches = applied.objects_of(subject).into_iter().flat_map(|at| view.graph().reaches(at));
    let of_subject = reaches.filter(|reach| reach.kind == subject.kind() && reach.name == subject.name());
    of_subject.map(|reach| view.graph().dependents_of(reach.kustomization).len()).max().unwrap_or_default()
}
