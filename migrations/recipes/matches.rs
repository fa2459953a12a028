//! That a recipe matches nothing, which is most likely a mistake in it.

use super::documents::{Found, Funnel};
use super::{RecipeMigration, about, mistakes};
use crate::plan::Finding;
use crate::recipe::fields::Tables;
use crate::recipe::verb::{Items, Verb, What};
use crate::recipe::{Stage, codes};

/// The conditions in the order in which they are asked.
const ORDER: [&str; 19] = [
    "param",
    "in",
    "kind",
    "file",
    "api-version",
    "reached",
    "renders",
    "variables",
    "where",
    "unless",
    "name",
    "namespace",
    "labels",
    "annotations",
    "cluster",
    "rendered-by",
    "flux",
    "chart",
    "runs",
];

/// Errors where a recipe selects nothing, or a step has never seen what it is about.
pub(super) fn nothing(migration: &RecipeMigration, found: &[(&Stage, Found<'_>)], tables: &Tables) -> Vec<Finding> {
    let recipe = migration.recipe;
    if recipe.optional {
        return Vec::new();
    }
    if let Some((_, first)) = found.first().filter(|_| found.iter().all(|(_, found)| found.funnel.selected == 0)) {
        let message = format!("{} selects nothing: {}", recipe.name, first.funnel);
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
                    let message =
                        format!("{what} has seen neither what it changes nor its result: {}", found_by_stage.funnel);
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

impl std::fmt::Display for Funnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} documents", self.all)?;
        let mut left = self.all;
        for condition in ORDER {
            if let Some(out) = self.left_out.get(condition) {
                left -= out;
                write!(f, ", {left} by `{condition}`")?;
            }
        }
        Ok(())
    }
}
