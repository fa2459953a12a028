//! Recipes as migrations: what people write in YAML ([`crate::recipe`]) is planned, proven and
//! written as any other migration is.
//!
//! Every stage is a step of units, one for each document. Units of a stage whose gate is not open
//! are there and never land, so that nothing is planned on what may come much later.

#[cfg(test)]
mod accidents_tests;
#[cfg(test)]
mod anchors_tests;
mod built;
mod case;
#[cfg(test)]
mod case_tests;
#[cfg(test)]
mod comments_tests;
#[cfg(test)]
mod defaults_tests;
mod documents;
mod effects;
mod funnel;
mod gates;
mod kinds;
mod library;
mod matches;
#[cfg(test)]
mod matches_tests;
mod mentions;
#[cfg(test)]
mod merges_tests;
mod mistakes;
#[cfg(test)]
mod mistakes_tests;
mod names;
#[cfg(test)]
mod names_tests;
#[cfg(test)]
mod page_tests;
mod patches;
#[cfg(test)]
mod patches_tests;
mod promises;
#[cfg(test)]
mod references_tests;
mod registry;
mod runbook;
#[cfg(test)]
mod skip_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod texts_tests;
mod variables;
#[cfg(test)]
mod variables_tests;
mod work;
mod write;

pub use case::{Case, CaseResult, cases, run as run_case, updated};
pub use gates::Gates;
pub use library::LIBRARY;
use registry::file_of;
pub use registry::{DIRECTORY, Extra, Registry, RegistryError, TESTS, names_in};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::config::Settings;
use crate::flux::{Value, View};
use crate::plan::runbook::Runbook;
use crate::plan::{
    Batch, Definition, Detail, Differing, Edited, Finding, Meta, Migration, OutOfScope, Phase, Survey, Unit,
};
use crate::recipe::fields::{TABLES, Tables};
use crate::recipe::language::RecipeSettings;
use crate::recipe::{Recipe, Stage};
use crate::repo::RepoPath;
use crate::yaml::Stream;
use documents::Found;
use work::Work;

/// Where a definition comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The program brings it.
    BuiltIn,
    /// A file of the repository.
    Repository(RepoPath),
    /// A file that an option names.
    Given(String),
}

/// A recipe as a migration.
///
/// A process reads its recipes once: their names live as long as it does, as those of the other
/// migrations do, so that ids of units are cheap to copy.
#[derive(Debug)]
pub struct RecipeMigration {
    pub(crate) recipe: &'static Recipe,
    pub(crate) meta: &'static Meta,
    /// The definition and its parameters, as 16 hexadecimal digits.
    pub digest: &'static str,
    /// Where it comes from.
    pub origin: Origin,
    settings: Option<RecipeSettings>,
    /// The stages whose questions are answered.
    confirmed: BTreeSet<String>,
    /// What gates of stages say.
    gates: Gates,
    /// The schemas that the configuration names.
    schemas: Arc<Tables>,
}

impl RecipeMigration {
    fn new(recipe: Recipe, origin: Origin, settings: Option<RecipeSettings>, confirmed: BTreeSet<String>) -> Self {
        let recipe: &'static Recipe = Box::leak(Box::new(recipe));
        let digest: &'static str = Box::leak(digest_of(recipe).into_boxed_str());
        let readme: &'static str = Box::leak(runbook::readme(recipe, &origin).into_boxed_str());
        let meta: &'static Meta = Box::leak(Box::new(Meta {
            id: &recipe.name,
            aliases: &[],
            version: recipe.version,
            phase: Phase::of(recipe.phase),
            summary: &recipe.summary,
            readme,
            // They are among the general ones.
            codes: &[],
        }));
        RecipeMigration {
            recipe,
            meta,
            digest,
            origin,
            settings,
            confirmed,
            gates: Gates::default(),
            schemas: Arc::default(),
        }
    }

    /// This recipe, with what the gates of its stages say.
    pub fn with_gates(&self, gates: Gates) -> RecipeMigration {
        RecipeMigration {
            gates,
            origin: self.origin.clone(),
            settings: self.settings.clone(),
            confirmed: self.confirmed.clone(),
            schemas: self.schemas.clone(),
            ..*self
        }
    }

    /// This recipe, which knows fields by the schemas of the configuration, too.
    fn with_schemas(self, schemas: Arc<Tables>) -> RecipeMigration {
        RecipeMigration { schemas, ..self }
    }

    /// Whether a stage has a gate.
    pub fn has_gates(&self) -> bool {
        self.recipe.stages.iter().any(|stage| !stage.gate.is_empty())
    }

    /// The stages that are not over: those before one that somebody answered for would undo it.
    fn stages(&self) -> impl Iterator<Item = &'static Stage> {
        let is_answered = |stage: &Stage| {
            let asks = |condition: &_| matches!(condition, crate::recipe::gate::Condition::Confirm(_));
            stage.gate.iter().any(asks) && self.confirmed.contains(&stage.name)
        };
        let over = self.recipe.stages.iter().rposition(is_answered).unwrap_or_default();
        self.recipe.stages.iter().skip(over)
    }

    /// The stage of a unit.
    fn stage_of(&self, unit: &Unit) -> Option<&'static Stage> {
        self.recipe.stages.iter().find(|stage| stage.name == unit.id.step)
    }
}

impl Migration for RecipeMigration {
    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn definition(&self) -> Option<Definition> {
        let origin = match &self.origin {
            Origin::BuiltIn => "built-in".to_owned(),
            Origin::Repository(path) => path.to_string(),
            Origin::Given(file) => file.clone(),
        };
        Some(Definition { digest: self.digest, origin })
    }

    fn stage_names(&self) -> Vec<&str> {
        let stages = self.recipe.stages.iter().filter(|_| self.recipe.has_stages);
        stages.map(|stage| stage.name.as_str()).collect()
    }

    fn keeps_builds(&self, unit: &Unit) -> bool {
        self.stage_of(unit).is_some_and(promises::is_judged)
    }

    fn means(&self, unit: &Unit, cluster: &str, differing: &Differing) -> bool {
        promises::means(self, unit, cluster, differing)
    }

    fn detail(&self) -> Detail {
        Detail::Fields
    }

    fn survey(&self, view: &View, _: &Settings) -> Survey {
        let all = view.whole();
        let mut survey = Survey::default();
        let mut found: Vec<(&'static Stage, Found<'_>)> = Vec::new();
        for stage in self.stages() {
            found.push((stage, Found::of(self, &all, stage)));
        }
        let changed = found.iter().flat_map(|(_, found)| found.open.values().flatten());
        let tables = kinds::fields(self, &all, changed);
        for (stage, of_stage) in &found {
            let work = Work { migration: self, view: &all, stage, tables: &tables };
            survey.drafts.extend(work.drafts(of_stage));
            survey.findings.extend(of_stage.remarks.iter().cloned());
            let to_change = of_stage.open.values().map(Vec::len).sum();
            survey.funnels.push(of_stage.funnel.shown(self.recipe, stage, to_change));
        }
        survey.findings.extend(matches::nothing(self, &all, &found, &tables));
        survey.findings.extend(mistakes::unknown_fields(self, &tables));
        survey.findings.extend(mistakes::went_back(self, &found));
        survey.findings.extend(self.gates.remarks.iter().cloned());
        survey.findings.extend(mentions::left(self, &all));
        let not_known: BTreeSet<&str> =
            found.iter().flat_map(|(_, found)| &found.not_known).map(|(place, _)| place.as_str()).collect();
        if !not_known.is_empty() {
            let list = not_known.iter().copied().collect::<Vec<_>>().join(", ");
            survey.out_of_scope =
                OutOfScope { count: not_known.len(), what: format!("objects of which it is not known: {list}") };
        }
        survey
    }

    fn edit(&self, view: &View, units: &[&Unit], _: &Settings) -> Vec<Edited> {
        write::edit(self, &view.whole(), units)
    }

    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], _: &Settings) -> Vec<Runbook> {
        batches.iter().map(|batch| runbook::of(self, view, batch)).collect()
    }
}

/// What stands for a definition, the values of its parameters and the tables that it goes by.
fn digest_of(recipe: &Recipe) -> String {
    let definition = Stream::sound(recipe.text.as_str()).ok();
    let definition = definition.as_ref().and_then(|stream| Value::of(stream.documents().next()?));
    let params = recipe.params.iter().map(|param| (param.name.clone(), canonical(&param.value)));
    let whole = serde_json::json!({
        "definition": definition.as_ref().map(canonical),
        "params": params.collect::<serde_json::Map<_, _>>(),
        "tables": TABLES,
    });
    let mut hash = Sha256::new();
    hash.update(whole.to_string().as_bytes());
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A value as JSON with its keys in order: comments, layout and the order of keys make no difference.
fn canonical(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Scalar { text, string: true } => text.as_str().into(),
        // `1.10` is not `1.1`, and neither is the text.
        Value::Scalar { text, string: false } => serde_json::json!({ "plain": text }),
        Value::Sequence(items) => items.iter().map(canonical).collect(),
        Value::Mapping(entries) => {
            let entries: BTreeMap<&str, serde_json::Value> =
                entries.iter().map(|(key, value)| (key.as_str(), canonical(value))).collect();
            serde_json::json!({ "mapping": entries })
        }
    }
}

/// A finding about a recipe as a whole, in its file.
fn about(migration: &RecipeMigration, finding: Finding, line: Option<usize>) -> Finding {
    match &migration.origin {
        Origin::Repository(path) => finding.at(path, line),
        Origin::BuiltIn | Origin::Given(_) => finding,
    }
}
