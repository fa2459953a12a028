use std::collections::{BTreeMap, BTreeSet};

use super::clusters::about_clusters;
use super::land::{LandError, land, ordered};
use super::lines;
use super::skip::{self, OptOut};
use super::trial::Trial;
use super::{Finding, Judge, Judged, Migration, OutOfScope, Safety, Severity, Subject, Unit, UnitId, codes};
use crate::config::Settings;
use crate::flux::{Barred, Kustomization, Radiuses, View};
use crate::repo::RepoPath;
use crate::yaml::Fate;

/// All that is to be done in a repository, before anybody selects from it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The units, in an order in which each comes after what it needs.
    pub units: Vec<Unit>,
    /// What there is to say beyond them.
    pub findings: Vec<Finding>,
    /// What each migration leaves alone.
    pub out_of_scope: BTreeMap<&'static str, OutOfScope>,
    /// What a judge said of builds; `None` where no unit promises to leave them as they are.
    pub judged: Option<Judged>,
    /// The opt-outs that keep something from being done: migration, file, line of the comment.
    met: BTreeSet<(&'static str, RepoPath, usize)>,
}

impl Plan {
    /// A unit by its name.
    pub fn unit(&self, id: &UnitId) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.id == *id)
    }

    /// Whether the opt-out on a line of a file keeps something of a migration from being done, or may: of a unit that is not done for
    /// another reason it is not known what it would touch.
    pub(super) fn is_met(&self, migration: &str, path: &RepoPath, line: usize) -> bool {
        let elsewhere = |unit: &Unit| {
            let is_here = |finding: &Finding| finding.code == codes::OPTED_OUT && finding.path.as_ref() == Some(path);
            let unknown = unit.safety == Safety::Refused || !unit.findings.iter().any(is_here);
            !unit.safety.is_able() && unknown && unit.id.migration == migration && unit.touches.contains(path)
        };
        self.met.iter().any(|(id, file, own)| *id == migration && file == path && *own == line)
            || self.units.iter().any(elsewhere)
    }
}

/// How often a tree is surveyed again for what the landing of all units leaves to be done.
const ROUNDS: usize = 3;

/// Plans the migrations, in the order given, on a tree.
///
/// Each migration surveys the tree in which the units of the earlier ones have landed, and every unit is landed on trial: one
/// that cannot be proven now is refused now, not when it is written. Surveys repeat until they find nothing new.
///
/// Units of migrations that keep builds as they are go before a judge, if there is one: those that it finds to change what they should not
/// are refused, too.
///
/// # Errors
/// [`LandError`], if a migration breaks its promises, or the tree cannot be read.
pub fn plan(
    start: &View,
    migrations: &[&dyn Migration],
    settings: &Settings,
    judge: Option<&dyn Judge>,
) -> Result<Plan, LandError> {
    let mut plan =
        Plan { findings: [about_tree(start), untouchable(start), about_clusters(start)].concat(), ..Plan::default() };
    let mut view = start.clone();
    let mut seen: BTreeSet<UnitId> = BTreeSet::new();
    for round in 0..ROUNDS {
        let before = plan.units.len();
        for migration in migrations {
            let mut survey = migration.survey(&view, settings);
            if round == 0 {
                lines::point_into(start, &view, survey.findings.iter_mut());
                plan.findings.extend(survey.findings);
                plan.out_of_scope.insert(migration.meta().id, survey.out_of_scope);
            }
            let mut new: Vec<_> = survey.units.into_iter().filter(|unit| seen.insert(unit.id.clone())).collect();
            after_others(&mut new, &plan.units);
            let first = plan.units.len();
            let landed = on_trial(&view, new, migrations, settings, judge, &mut plan)?;
            lines::point_into(start, &view, plan.units[first..].iter_mut().flat_map(|unit| &mut unit.findings));
            view = landed;
        }
        if plan.units.len() == before {
            break;
        }
    }
    measure(start, &mut plan.units);
    plan.findings.extend(plan.judged.iter().flat_map(|judged| judged.findings(start)));
    Ok(plan)
}

/// Has new units need what other migrations have landed in the files that they touch: it is on that tree that they were found. Lists of
/// kustomizations do not count: an entry has its place whatever else is listed.
fn after_others(new: &mut [Unit], landed: &[Unit]) {
    let own = |unit: &Unit| -> BTreeSet<RepoPath> {
        unit.touches.iter().filter(|path| !Kustomization::is_named_so(path)).cloned().collect()
    };
    for unit in new {
        let others = landed.iter().filter(|other| other.safety.is_able() && other.id.migration != unit.id.migration);
        let touched = own(unit);
        let before =
            others.filter(|other| !own(other).is_disjoint(&touched) || unit.reads.contains(other.id.subject.path()));
        unit.needs.extend(before.map(|other| other.id.clone()));
    }
}

/// Fills in what the units can reach, on the tree as it stands, and with it their lanes.
fn measure(view: &View, units: &mut [Unit]) {
    if units.is_empty() {
        return;
    }
    let radiuses = Radiuses::of(view);
    for unit in units {
        for path in &unit.touches {
            unit.radius.extend(radiuses.of_file(path));
        }
        // Whatever a migration says: who is reached is changed.
        unit.lane.0.extend(unit.radius.clusters.iter().cloned());
        unit.dependents = dependents(view, &unit.id.subject);
    }
}

/// How many Flux Kustomizations depend on the one that applies an object, transitively.
fn dependents(view: &View, subject: &Subject) -> usize {
    let objects = view.file(subject.path()).map_or(&[][..], |file| &file.objects);
    let reaches = objects.iter().flat_map(|object| view.graph().reaches(&object.at));
    let own = reaches.filter(|reach| reach.kind == subject.kind() && reach.name == subject.name());
    own.map(|reach| view.graph().dependents_of(reach.kustomization).len()).max().unwrap_or_default()
}

/// Lands new units on trial and takes them into the plan. What is already as it should be is no unit, nor is what nobody needs.
fn on_trial(
    view: &View,
    mut new: Vec<Unit>,
    migrations: &[&dyn Migration],
    settings: &Settings,
    judge: Option<&dyn Judge>,
    plan: &mut Plan,
) -> Result<View, LandError> {
    let declined: BTreeSet<_> =
        new.iter().filter(|unit| unit.safety == Safety::Refused).map(|unit| unit.id.clone()).collect();
    let mut opted_out: BTreeMap<UnitId, OptOut> = BTreeMap::new();
    for unit in ordered(&new.iter().collect::<Vec<_>>())? {
        let of_needs = || unit.needs.iter().find_map(|need| opted_out.get(need)).cloned();
        let own = if declined.contains(&unit.id) { skip::refused_there(view, unit) } else { None };
        opted_out.extend(own.or_else(of_needs).map(|opt_out| (unit.id.clone(), opt_out)));
    }
    let mut refused: BTreeMap<UnitId, Finding> = BTreeMap::new();
    let mut judged: Option<Judged> = None;
    let landed = loop {
        let is_out = |id: &UnitId| declined.contains(id) || refused.contains_key(id) || opted_out.contains_key(id);
        let able: Vec<_> = new.iter().filter(|unit| !is_out(&unit.id)).collect();
        let landed = land(view, &ordered(&able)?, migrations, settings)?;
        let before = new.len();
        refused.extend(landed.refused.clone());
        opted_out.extend(landed.opted_out.clone());
        let is_able =
            |unit: &Unit| unit.safety.is_able() && !refused.contains_key(&unit.id) && !opted_out.contains_key(&unit.id);
        drop_unneeded(&mut new, &is_able);
        drop_too_early(&mut new, &is_able);
        // What nobody needs must not stay in the tree that others are planned on.
        if new.len() != before {
            continue;
        }
        let units = new.iter().filter(|unit| landed.units.contains(&unit.id)).collect();
        let trial = Trial { view, units, migrations, settings };
        if trial.to_judge().is_empty() {
            break landed;
        }
        let before = trial.without_them()?;
        let trial = Trial { view: &before, units: trial.to_judge(), migrations, settings };
        let (builds, surprises) = trial.judged(&landed.view, judge)?;
        judged = Some(builds);
        if surprises.is_empty() {
            break landed;
        }
        refused.extend(surprises);
    };
    if let Some(judged) = judged {
        plan.judged.get_or_insert_default().extend(judged);
    }
    // All that are met, also by what is not planned in the end because nobody needs it.
    plan.met.extend(
        opted_out.iter().flat_map(|(id, own)| own.met.iter().map(|(path, line)| (id.migration, path.clone(), *line))),
    );
    let changed: BTreeSet<_> = landed.units.iter().collect();
    let stays = |id: &UnitId| declined.contains(id) || refused.contains_key(id) || opted_out.contains_key(id);
    new.retain(|unit| stays(&unit.id) || changed.contains(&unit.id));
    for unit in &mut new {
        if let Some(opt_out) = opted_out.get(&unit.id) {
            unit.safety = Safety::OptedOut;
            unit.findings = vec![opt_out.finding.clone()];
        } else if let Some(reason) = refused.get(&unit.id) {
            unit.safety = Safety::Refused;
            unit.findings.push(reason.clone());
        }
        let comments = landed.comments.iter().filter(|dropped| dropped.unit == unit.id);
        unit.findings.extend(comments.map(|dropped| {
            let text = &dropped.comment.text;
            let (code, message) = match &dropped.comment.fate {
                Fate::Moved => (codes::COMMENT_MOVED, format!("`{text}` is kept, above what takes its place")),
                Fate::Dropped(reason) => (codes::COMMENT_DROPPED, format!("`{text}` goes: {reason}")),
            };
            Finding {
                severity: Severity::Note,
                code,
                path: Some(dropped.path.clone()),
                line: Some(dropped.comment.line),
                message,
            }
        }));
    }
    let all: Vec<_> = new.iter().collect();
    plan.units.extend(ordered(&all)?.into_iter().cloned());
    Ok(landed.view)
}

/// What is still named by something that stays is not to be taken away.
fn drop_too_early(units: &mut Vec<Unit>, can: &dyn Fn(&Unit) -> bool) {
    let stay: BTreeSet<UnitId> = units.iter().filter(|unit| !can(unit)).map(|unit| unit.id.clone()).collect();
    units.retain(|unit| !unit.is_removal() || unit.needs.is_disjoint(&stay));
}

/// What others were to need, and none can have, is not to be done at all. What is done for its own sake is, whoever else needs it.
fn drop_unneeded(units: &mut Vec<Unit>, can: &dyn Fn(&Unit) -> bool) {
    let wanted: BTreeSet<UnitId> = units.iter().flat_map(|unit| unit.needs.clone()).collect();
    let needed: BTreeSet<UnitId> = units.iter().filter(|unit| can(unit)).flat_map(|unit| unit.needs.clone()).collect();
    units.retain(|unit| !unit.is_for_others() || !wanted.contains(&unit.id) || needed.contains(&unit.id));
}

/// What is the matter with the tree, whatever the migration: files that cannot be read, names that cannot be used.
pub fn about_tree(view: &View) -> Vec<Finding> {
    let odd = view.tree().left_out().iter().map(|left_out| Finding {
        severity: Severity::Warning,
        code: codes::ODD_PATH,
        path: None,
        line: None,
        message: format!("`{}` is left out: its name is not UTF-8 or holds control characters", left_out.name),
    });
    let broken = view.files().filter_map(|(path, file)| {
        let broken = file.broken.as_ref()?;
        Some(Finding {
            severity: Severity::Warning,
            code: codes::BROKEN_YAML,
            path: Some(path.clone()),
            line: Some(broken.line),
            message: format!("this is no YAML: {}", broken.message),
        })
    });
    odd.chain(broken).collect()
}

/// What is never touched, and why.
fn untouchable(view: &View) -> Vec<Finding> {
    let links = view.links().iter().map(|path| (path, Barred::Link));
    let barred =
        view.files().filter_map(|(path, file)| Some((path, file.barred?))).chain(links).map(|(path, barred)| Finding {
            severity: Severity::Note,
            code: codes::code_of_barred(barred),
            path: Some(path.clone()),
            line: None,
            message: "never touched".to_owned(),
        });
    barred.collect()
}
