//! The steps around the merge of a batch, and what `explain` prints, made from a recipe.

use std::fmt::Write as _;

use super::{Origin, RecipeMigration};
use crate::flux::View;
use crate::plan::Batch;
use crate::plan::runbook::{Runbook, Step};
use crate::recipe::gate::Condition;
use crate::recipe::promise::Promise;
use crate::recipe::{Recipe, Stage};

/// The steps around the merge of a batch.
pub(super) fn of(migration: &RecipeMigration, view: &View, batch: &Batch<'_>) -> Runbook {
    let recipe = migration.recipe;
    let what = match batch.stage {
        Some(stage) => format!("{}. Stage `{stage}` of the recipe {}.", recipe.summary, recipe.name),
        None => format!("{}. By the recipe {}.", recipe.summary, recipe.name),
    };
    let mut runbook = Runbook::reconcile_only(view, batch, what);
    let stage = batch.units.first().and_then(|unit| recipe.stage(unit.id.step));
    let asked: Vec<String> = stage.into_iter().flat_map(|stage| &stage.gate).map(shown).collect();
    if !asked.is_empty() {
        runbook
            .before
            .push(Step::new(format!("These conditions hold on each cluster: {}.", asked.join("; ")), Vec::new()));
    }
    let next = stage.and_then(|stage| recipe.stages.iter().skip_while(|other| other.name != stage.name).nth(1));
    if let Some(next) = next {
        let conditions: Vec<String> = next.gate.iter().map(shown).collect();
        let message = format!("The next stage is `{}`. It waits for this: {}.", next.name, conditions.join("; "));
        runbook.after.push(Step::new(message, Vec::new()));
    }
    runbook
}

/// A condition, in a few words.
fn shown(condition: &Condition) -> String {
    match condition {
        Condition::Landed(stage) => format!("`{stage}` has landed"),
        Condition::Every { .. } => "every object that the gate names is as it asks".to_owned(),
        Condition::None(_) => "no object that the gate names is there".to_owned(),
        Condition::Flux(range) => format!("Flux is {}", range.text()),
        Condition::Earlier => "it has landed on all earlier clusters".to_owned(),
        Condition::Confirm(text) => format!("somebody confirms: {text}"),
    }
}

/// What `explain` prints: what it does, its parameters, stages and gates, then the file.
pub(super) fn readme(recipe: &Recipe, origin: &Origin) -> String {
    let from = match origin {
        Origin::BuiltIn => "It is built in.".to_owned(),
        Origin::Repository(path) => format!("It is in `{path}`."),
        Origin::Given(file) => format!("It is in `{file}`, which `--recipe` names."),
    };
    let mut out = format!("# `{}`\n\n{}. {from}\n", recipe.name, recipe.summary.trim_end_matches('.'));
    if !recipe.params.is_empty() {
        out.push_str("\n## Parameters\n\n");
    }
    for param in &recipe.params {
        let origin = if param.is_given { "configured" } else { "default" };
        let about = param.about.as_deref().map(|about| format!(": {about}")).unwrap_or_default();
        let _ = writeln!(out, "- `{}`{about} (`{}`, {origin})", param.name, param.value.shown());
    }
    if recipe.has_stages {
        out.push_str("\n## Stages\n\n");
        recipe.stages.iter().for_each(|stage| about_stage(stage, &mut out));
    } else if let [stage] = recipe.stages.as_slice() {
        let _ = writeln!(out, "\n{}", promised(&stage.promise));
    }
    let _ = write!(out, "\n## The recipe\n\n```yaml\n{}\n```\n", recipe.text.trim_end());
    out
}

fn about_stage(stage: &Stage, out: &mut String) {
    let conditions: Vec<String> = stage.gate.iter().map(shown).collect();
    let gate =
        if conditions.is_empty() { "no gate".to_owned() } else { format!("waits until {}", conditions.join("; ")) };
    let _ = writeln!(out, "- `{}`: {gate}. {}", stage.name, promised(&stage.promise));
}

fn promised(promise: &Promise) -> &'static str {
    match promise {
        Promise::Steps => "Objects differ only at the paths that the steps name.",
        Promise::Nothing => "No object of any cluster differs.",
        Promise::Differs(_) => "Objects differ only where `promise` says so.",
    }
}
