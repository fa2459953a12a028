//! What is most likely a mistake, of a recipe or of those who did not know of it.

use super::documents::Found;
use super::{RecipeMigration, about};
use crate::plan::Finding;
use crate::recipe::fields::{Known, Tables};
use crate::recipe::path::Path;
use crate::recipe::select::GroupKind;
use crate::recipe::{Recipe, Stage, Step, codes};

/// Warnings about paths that no version of their kinds has.
pub(super) fn unknown_fields(migration: &RecipeMigration, tables: &Tables) -> Vec<Finding> {
    let recipe = migration.recipe;
    let mut findings = Vec::new();
    for stage in &recipe.stages {
        for step in &stage.steps {
            let kinds = kinds(recipe, stage, step);
            for path in step.verb.paths() {
                let Some(meant) = kinds.as_ref().and_then(|kinds| unknown(path, kinds, tables)) else { continue };
                let near = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
                let message =
                    format!("`{} {}` of {}: there is no such field{near}", step.verb.word(), path.text(), recipe.name);
                findings.push(about(migration, Finding::warning(codes::UNKNOWN_FIELD, message), Some(step.line)));
            }
        }
    }
    findings
}

/// The kinds that a step is about: the innermost condition says it best.
fn kinds<'r>(recipe: &'r Recipe, stage: &'r Stage, step: &'r Step) -> Option<Vec<&'r GroupKind>> {
    [&step.select, &stage.select, &recipe.select].into_iter().find_map(|select| select.kinds())
}

/// Whether a step names a field that a kind has which it is about.
pub(super) fn names_a_field(recipe: &Recipe, stage: &Stage, step: &Step, tables: &Tables) -> bool {
    let kinds = kinds(recipe, stage, step).unwrap_or_default();
    let mut tables = kinds.iter().flat_map(|kind| tables.of_kind(&kind.group, &kind.kind));
    let mut paths = step.verb.paths();
    paths.retain(|path| path.is_field());
    tables.any(|table| paths.iter().any(|path| matches!(table.at(&path.field_steps()), Known::Field { .. })))
}

/// The path that is meant by one which no version of any of some kinds has; `None` if one may have it.
fn unknown(path: &Path, kinds: &[&GroupKind], tables: &Tables) -> Option<Option<String>> {
    let steps = path.field_steps();
    let mut nearest = None;
    for kind in kinds {
        let tables = tables.of_kind(&kind.group, &kind.kind);
        let last = tables.len().checked_sub(1)?;
        for (at, table) in tables.iter().enumerate() {
            match table.at(&steps) {
                Known::Unknown { meant } if at == last => nearest = nearest.or(meant),
                Known::Unknown { .. } => {}
                Known::Field { .. } | Known::NotListed => return None,
            }
        }
    }
    Some(nearest)
}

/// A warning where all later stages have landed, and an earlier one has something to do: what is new
/// since then is in the old form.
pub(super) fn went_back(migration: &RecipeMigration, found: &[(&Stage, Found<'_>)]) -> Option<Finding> {
    let open = found.iter().position(|(_, found)| !found.open.is_empty())?;
    let (stage, of_stage) = &found[open];
    let later = &found[open + 1..];
    let has_landed = |found: &Found<'_>| found.open.is_empty() && found.seen.iter().any(|seen| seen.after);
    let (last, _) = later.last().filter(|_| later.iter().all(|(_, found)| has_landed(found)))?;
    let first = of_stage.open.values().flatten().next()?;
    let message =
        format!("{}: `{}` has landed, and `{}` has something to do again", migration.meta.id, last.name, stage.name);
    Some(Finding::warning(codes::GATE_WENT_BACK, message).at(first.document.path, first.document.root.line()))
}
