//! What a plan has of a recipe: its stages, what their gates wait for, and how its documents were found.

use schemars::JsonSchema;
use serde::Serialize;

use super::Layout;
use super::json::FindingEntry;
use crate::plan::{Finding, Funnel, Migration, Plan, State, Unit};

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RecipeEntry {
    /// Stands for the definition and its parameters; the commits have it, too.
    digest: String,
    /// Where its definition is: a file, or `built-in`.
    origin: String,
    /// Its stages that are not over, in their order; one without a name, if it has no stages.
    stages: Vec<StageEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StageEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// How many units it has.
    units: usize,
    /// How many of them are held.
    held: usize,
    /// What its gate waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gates: Vec<FindingEntry>,
    /// How many documents there are, how many each condition leaves, and how many change.
    funnel: Vec<CountEntry>,
}

/// A number of documents, and what they have in common.
#[derive(Debug, Serialize, JsonSchema)]
struct CountEntry {
    count: usize,
    what: String,
}

/// What a plan has of a recipe; `None` for another migration.
pub(super) fn recipe_entry(plan: &Plan, migration: &dyn Migration) -> Option<RecipeEntry> {
    let definition = migration.definition()?;
    let stages = funnels(plan, migration).iter().map(|funnel| stage_entry(plan, migration, funnel));
    Some(RecipeEntry { digest: definition.digest.to_owned(), origin: definition.origin, stages: stages.collect() })
}

fn stage_entry(plan: &Plan, migration: &dyn Migration, funnel: &Funnel) -> StageEntry {
    let is_of_stage = |unit: &&Unit| unit.id.migration == migration.meta().id && unit.stage() == funnel.stage;
    let units: Vec<&Unit> = plan.units.iter().filter(is_of_stage).collect();
    let mut gates: Vec<&Finding> = Vec::new();
    for finding in units.iter().flat_map(|unit| &unit.held) {
        if !gates.contains(&finding) {
            gates.push(finding);
        }
    }
    let counts = funnel.counts.iter().map(|count| CountEntry { count: count.number, what: count.what.clone() });
    StageEntry {
        name: funnel.stage.map(str::to_owned),
        units: units.len(),
        held: units.iter().filter(|unit| unit.state() == State::Held).count(),
        gates: gates.into_iter().map(FindingEntry::from).collect(),
        funnel: counts.collect(),
    }
}

/// How the documents of a recipe were found, a line for each stage.
pub(super) fn funnels_as_text(plan: &Plan, migration: &dyn Migration, indent: &str, layout: &Layout) -> String {
    let line = |funnel: &Funnel| {
        let stage = funnel.stage.map(|stage| format!("{stage}: ")).unwrap_or_default();
        format!("{}\n", layout.fold_deeper(indent, &format!("{indent}  "), &format!("{stage}{funnel}")))
    };
    funnels(plan, migration).iter().map(line).collect()
}

fn funnels<'p>(plan: &'p Plan, migration: &dyn Migration) -> &'p [Funnel] {
    plan.funnels.get(migration.meta().id).map_or(&[], Vec::as_slice)
}
