//! That a recipe matches nothing, which is most likely a mistake in it.

use super::documents::{Extent, Found, asked};
use super::{RecipeMigration, about, funnel, mistakes};
use crate::flux::{Value, View};
use crate::plan::Finding;
use crate::recipe::fields::Tables;
use crate::recipe::select::{Instead, instead_of_path};
use crate::recipe::verb::{Items, Reach, Verb, What};
use crate::recipe::{Stage, Step, codes};

/// Errors where a recipe selects nothing, or a step has never seen what it is about.
pub(super) fn nothing(
    migration: &RecipeMigration,
    view: &View,
    found: &[(&Stage, Found<'_>)],
    tables: &Tables,
) -> Vec<Finding> {
    let recipe = migration.recipe;
    if recipe.optional {
        return Vec::new();
    }
    if let Some((stage, first)) = found.first().filter(|_| found.iter().all(|(_, found)| found.funnel.selected() == 0))
    {
        let extent = Extent::of(migration, stage);
        let why = funnel::nothing_left(&extent, &extent.conditions(), view).map(|why| format!("; {why}"));
        let funnel = first.funnel.sentence(recipe, stage);
        let message = format!("{} selects nothing: {funnel}{}", recipe.name, why.unwrap_or_default());
        return vec![about(migration, Finding::error(codes::MATCHES_NOTHING, message), None)];
    }
    let mut findings = Vec::new();
    for (stage, found_by_stage) in found {
        for (number, step) in stage.steps.iter().enumerate() {
            let seen = found_by_stage.seen[number];
            let is_off = step.select.0.iter().any(|one| one.params == Some(false));
            if seen.state || is_off {
                continue;
            }
            let path = step.verb.paths().first().map(|path| format!(" {}", path.text())).unwrap_or_default();
            let what = format!("`{}{path}` of {}", step.verb.word(), recipe.name);
            // What is removed is not seen any more, and what contained it may be gone with it.
            let removes = match &step.verb {
                Verb::Remove { .. } => true,
                Verb::List(list) => matches!(list.items, Items::Remove(_)),
                Verb::Keys(keys) => keys.what == What::Drop && keys.other.is_none(),
                _ => false,
            };
            let finding = match (removes, seen.parent) {
                (true, true) => continue,
                (true, false) if mistakes::names_a_field(recipe, stage, step, tables) => continue,
                (true, false) => {
                    let message = format!("{what}: neither it nor what should contain it is anywhere");
                    Finding::warning(codes::PATH_NOWHERE, message)
                }
                _ => {
                    let funnel = found_by_stage.funnel.sentence(recipe, stage);
                    let instead = instead(migration, view, stage, step);
                    let message = format!("{what} has seen neither what it changes nor its result: {funnel}{instead}");
                    Finding::error(codes::MATCHES_NOTHING, message)
                }
            };
            findings.push(about(migration, finding, Some(step.line)));
        }
        // What a later stage is about may only be there once this one has landed.
        if !found_by_stage.open.is_empty() {
            break;
        }
    }
    findings
}

/// Why a step has never met what it is about, as the end of a sentence: the condition that leaves
/// nothing, or what is there instead of its path or key.
fn instead(migration: &RecipeMigration, view: &View, stage: &Stage, step: &Step) -> String {
    let extent = Extent::of(migration, stage);
    let mut conditions = extent.conditions();
    conditions.push(&step.select);
    if let Some(why) = funnel::nothing_left(&extent, &conditions, view) {
        return format!("; {why}");
    }
    let looked_at = funnel::looked_at(&extent, view).into_iter();
    let selected = looked_at.filter(|(document, value)| asked(&conditions, document, value).is_yes());
    funnel::near(selected.flat_map(|(_, value)| instead_of(&step.verb, &value)))
}

/// What a value has instead of the path or key of a verb.
fn instead_of(verb: &Verb, value: &Value) -> Vec<Instead> {
    let of_paths = verb.paths().into_iter().take(1).flat_map(|path| instead_of_path(path, value));
    let keys = if let Verb::Keys(keys) = verb { Some(keys) } else { None };
    let of_keys = keys.into_iter().flat_map(|keys| match &keys.at {
        Reach::At(path) => path.all_values(value).into_iter().flat_map(Value::entries).collect::<Vec<_>>(),
        Reach::Anywhere => Vec::new(),
    });
    let of_keys = of_keys.map(|(found, _)| (found, keys.map_or("", |keys| keys.key.text())));
    of_paths.chain(of_keys.map(|(found, wanted)| Instead { wanted: wanted.to_owned(), found: found.clone() })).collect()
}
