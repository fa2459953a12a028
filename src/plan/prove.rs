//! A part of the units is not the whole: where only some of those that touch a Flux Kustomization
//! land, a judge is asked again.

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
    let able = |id: &&UnitId| all.get(id).is_some_and(|unit| unit.safety.is_able());
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
    let of_some = Trial { view: start, units: some.to_vec(), migrations, settings };
    let units = of_some.to_judge();
    // What others need of them lands before, and is not judged.
    let mut needed: BTreeSet<&UnitId> = BTreeSet::new();
    let mut open = units.clone();
    while let Some(unit) = open.pop() {
        open.extend(
            unit.needs.iter().filter_map(|id| all.get(id)).filter(|needed_unit| needed.insert(&needed_unit.id)),
        );
    }
    let is_other = |unit: &&&Unit| needed.contains(&unit.id) && !units.iter().any(|chosen| chosen.id == unit.id);
    let others: Vec<&Unit> = some.iter().filter(is_other).copied().collect();
    let before = land(start, &ordered(&others)?, migrations, settings)?.view;
    let after = land(&before, &ordered(&units)?, migrations, settings)?.view;
    // Changed Flux Kustomizations that these apply are compared by their own builds.
    let touched = builds().filter(|(_, build)| build.units.iter().any(|id| ids.contains(id)));
    let verdicts = judge.compare(&before, &after, &touched.map(|(build, _)| build.clone()).collect());
    for (build, verdict) in verdicts.into_iter().filter(|(build, _)| parts.contains(build)) {
        // What another unit means to change in one of its objects is meant, whichever way it gets
        // there.
        if let Some(why) = surprise(&build, &verdict, &units) {
            return Err(LandError::Surprise(why));
        }
    }
    Ok(())
}
