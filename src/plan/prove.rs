//! A part of the units is not the whole: where only some of those that touch a Flux Kustomization
//! land, a judge is asked again, and of a selection no more is judged than it reaches.

use std::collections::BTreeSet;

use super::judge::surprise;
use super::land::{LandError, land, ordered};
use super::trial::Trial;
use super::{Judge, Migration, Plan, Unit, UnitId};
use crate::config::Settings;
use crate::flux::{InCluster, View};

/// Has a judge compare what some of the units of a plan touch, where they land without others that
/// touch the same. What all of them touch was judged when it was planned.
///
/// # Errors
/// [`LandError::Surprise`], if something would not build the same; else as [`land`].
pub fn prove(
    start: &View,
    plan: &Plan,
    some: &[&Unit],
    migrations: &[&dyn Migration],
    settings: &Settings,
    judge: &dyn Judge,
) -> Result<(), LandError> {
    let ids: BTreeSet<&UnitId> = some.iter().map(|unit| &unit.id).collect();
    let all = plan.by_id();
    let able = |id: &&UnitId| all.get(id).is_some_and(|unit| unit.is_able());
    let is_part = |units: &BTreeSet<UnitId>| {
        let (in_it, not) = units.iter().filter(able).partition::<Vec<_>, _>(|id| ids.contains(id));
        !in_it.is_empty() && !not.is_empty()
    };
    let builds = || plan.judged.iter().flat_map(|judged| &judged.builds);
    let parts: BTreeSet<&InCluster> =
        builds().filter(|(_, build)| is_part(&build.units)).map(|(build, _)| build).collect();
    if parts.is_empty() {
        return Ok(());
    }
    let trial = Trial { view: start, units: some.to_vec(), migrations, settings };
    let (units, detail) = (trial.to_judge(), trial.detail());
    let before = with_needed(start, plan, some, &units, migrations, settings)?;
    let after = land(&before, &ordered(&units)?, migrations, settings)?.view;
    // Changed Flux Kustomizations that these apply are compared by their own builds.
    let touched = builds().filter(|(_, build)| build.units.iter().any(|id| ids.contains(id)));
    let verdicts = judge.compare(&before, &after, &touched.map(|(build, _)| build.clone()).collect(), detail);
    for (build, verdict) in verdicts.into_iter().filter(|(build, _)| parts.contains(build)) {
        // What another unit means to change in one of its objects is meant, whichever way it gets
        // there.
        if let Some(why) = surprise(&build, &verdict, &units, migrations) {
            return Err(LandError::Surprise(why));
        }
    }
    Ok(())
}

/// Plans as [`plan`](super::plan), and has the judge compare no more than some units reach: those
/// that `chosen` takes out of a plan, with what they need. They are judged as they land: without the
/// others.
///
/// If they change what they should not, everything is judged: which unit is to blame, and whether
/// another one makes up for it, is only seen in the whole.
///
/// # Errors
/// As [`plan`](super::plan).
pub fn plan_reached(
    start: &View,
    migrations: &[&dyn Migration],
    settings: &Settings,
    judge: &dyn Judge,
    chosen: &dyn Fn(&Plan) -> BTreeSet<UnitId>,
) -> Result<Plan, LandError> {
    let mut plan = super::plan(start, migrations, settings, None)?;
    let ids = chosen(&plan);
    let able = |unit: &&Unit| ids.contains(&unit.id) && unit.safety.is_able();
    let some: Vec<&Unit> = plan.units.iter().filter(able).collect();
    let units = Trial { view: start, units: some.clone(), migrations, settings }.to_judge();
    if units.is_empty() {
        // Nothing of what was chosen makes a promise that could be judged.
        plan.judged = None;
        return Ok(plan);
    }
    let Some(name) = judge.name() else { return Ok(plan) };
    let before = with_needed(start, &plan, &some, &units, migrations, settings)?;
    let after = land(&before, &ordered(&units)?, migrations, settings)?.view;
    let trial = Trial { view: &before, units, migrations, settings };
    match trial.compared(&after, judge, name) {
        Some(judged) => {
            plan.findings.extend(judged.findings(start));
            plan.judged = Some(judged);
            Ok(plan)
        }
        None => super::plan(start, migrations, settings, Some(judge)),
    }
}

/// The tree on which units are judged: with those of some others in it that they need. What others
/// need of them lands later.
fn with_needed(
    start: &View,
    plan: &Plan,
    some: &[&Unit],
    judged: &[&Unit],
    migrations: &[&dyn Migration],
    settings: &Settings,
) -> Result<View, LandError> {
    let all = plan.by_id();
    let mut needed: BTreeSet<&UnitId> = BTreeSet::new();
    let mut open = judged.to_vec();
    while let Some(unit) = open.pop() {
        open.extend(
            unit.needs.iter().filter_map(|id| all.get(id)).filter(|needed_unit| needed.insert(&needed_unit.id)),
        );
    }
    let is_other = |unit: &&&Unit| needed.contains(&unit.id) && !judged.iter().any(|chosen| chosen.id == unit.id);
    let others: Vec<&Unit> = some.iter().filter(is_other).copied().collect();
    Ok(land(start, &ordered(&others)?, migrations, settings)?.view)
}
