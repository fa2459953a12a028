//! Whether what a judge sees is what a stage promises.

use super::RecipeMigration;
use super::effects::is_of_data;
use crate::flux::FieldDifference;
use crate::plan::{Differing, Effect, How, Outcome, Unit, says};
use crate::recipe::Stage;
use crate::recipe::promise::{At, Differs, Promise};
use crate::recipe::select::{Select, Selector};
use crate::recipe::verb::Verb;

/// Whether the builds of a stage are to be compared: comments are in none.
pub(super) fn is_judged(stage: &Stage) -> bool {
    stage.steps.iter().any(|step| step.verb.changes_values())
}

/// Whether a stage promises that an object differs in this way.
pub(super) fn means(migration: &RecipeMigration, unit: &Unit, cluster: &str, differing: &Differing) -> bool {
    let Some(stage) = migration.stage_of(unit) else { return false };
    let none = Differs::default();
    let differs = match &stage.promise {
        Promise::Nothing => return false,
        Promise::Steps => &none,
        Promise::Differs(differs) => differs,
    };
    let (kind, namespace, name) = differing.identity();
    let is_one = |one: &Selector| one.names(&differing.api_version, kind, namespace, name);
    let made = made_by(unit, cluster);
    let is_made = made.iter().any(|object| is_called(object, kind, namespace, name));
    let is_of = |select: &Option<Select>| select.as_ref().is_some_and(|select| select.0.iter().any(is_one));
    match differing.how {
        How::New => is_of(&differs.new) || is_made,
        How::Gone => is_of(&differs.gone) || is_made,
        How::Changed if is_made => true,
        How::Changed => {
            let is_meant = |field: &FieldDifference| match &differs.at {
                None => is_of_steps(stage, unit, cluster, differing, field),
                Some(all) => all.iter().any(|at| is_at(at, unit, cluster, differing, field)),
            };
            // What names an object by the hash of its data follows.
            let names_made = |field: &FieldDifference| {
                let has = |text: &Option<String>, name: &str| text.as_ref().is_some_and(|text| text.contains(name));
                let mut names = made.iter().filter_map(|object| object.rsplit(['/', ' ']).next());
                names.any(|name| has(&field.before, name) && has(&field.after, name))
            };
            let is_meant = |field: &FieldDifference| is_meant(field) || names_made(field);
            !differing.fields.is_empty() && differing.fields.iter().all(is_meant)
        }
    }
}

/// Whether a field of an object that the unit is about is one that its steps name.
fn is_of_steps(stage: &Stage, unit: &Unit, cluster: &str, differing: &Differing, field: &FieldDifference) -> bool {
    if stage.steps.iter().any(|step| step.verb.means(&field.field, field.after.as_deref())) {
        return true;
    }
    // What the unit itself says was measured field by field.
    let is_said = unit
        .effects
        .iter()
        .any(|effect| effect.cluster == cluster && effect.outcome == Outcome::Changes && effect.field == field.field);
    let mut verbs = stage.steps.iter().map(|step| &step.verb);
    let is_named = |verb: &Verb| verb.paths().iter().any(|path| path.may_name(&field.field)) || verb.is_by_itself();
    says(unit, cluster, differing) && (is_said || verbs.any(is_named))
}

/// Whether a field is at a place that a promise names: a path alone is one of what the unit is about.
fn is_at(at: &At, unit: &Unit, cluster: &str, differing: &Differing, field: &FieldDifference) -> bool {
    let (kind, _, name) = differing.identity();
    let is_it = match &at.object {
        Some((wanted, names)) => {
            wanted.is(&differing.api_version, kind) && names.as_ref().is_none_or(|names| names.is_match(name))
        }
        None => says(unit, cluster, differing),
    };
    is_it && at.paths.iter().any(|path| path.may_name(&field.field))
}

/// The objects that generators make of what a unit changes, as effects name them.
fn made_by<'u>(unit: &'u Unit, cluster: &str) -> Vec<&'u str> {
    let is_data = |effect: &&'u Effect| effect.cluster == cluster && is_of_data(&effect.field);
    let is_made = |effect: &&'u Effect| ["ConfigMap ", "Secret "].iter().any(|kind| effect.object.starts_with(kind));
    unit.effects.iter().filter(is_data).filter(is_made).map(|effect| effect.object.as_str()).collect()
}

/// Whether an object is the one of that name, be it with the hash of its data behind it.
fn is_called(object: &str, kind: &str, namespace: Option<&str>, name: &str) -> bool {
    const HASH: usize = 10;
    let Some((of_kind, rest)) = object.split_once(' ') else { return false };
    let (stated, base) = rest.split_once('/').map_or((None, rest), |(namespace, base)| (Some(namespace), base));
    let is_hash = |rest: &str| rest.strip_prefix('-').is_some_and(|hash| hash.len() == HASH);
    of_kind == kind
        && (stated.is_none() || stated == namespace)
        && name.strip_prefix(base).is_some_and(|rest| rest.is_empty() || is_hash(rest))
}
