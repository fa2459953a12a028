//! A recipe as data: what `language` reads, and `stage` and `select` act on.

use std::collections::BTreeSet;

use super::gate::Condition;
use super::path::Path;
use super::promise::Promise;
use super::select::{Select, Where};
use super::verb::Verb;
use crate::flux::Value;

/// A recipe.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Its name, in kebab case.
    pub name: String,
    /// Raised whenever it writes something else.
    pub version: u32,
    /// What it does, in a line.
    pub summary: String,
    /// Where it comes among migrations and other recipes: 0 to 99.
    pub phase: u32,
    /// How its units are divided among batches. If that is not stated, by class where nothing changes
    /// on the cluster, else by namespace.
    pub batch: Option<Batching>,
    /// Whether it may match nothing.
    pub optional: bool,
    /// Why every unit is to be reviewed, if so.
    pub review: Option<String>,
    /// The least impact that its units have.
    pub impact: Option<LeastImpact>,
    /// Its parameters.
    pub params: Vec<Param>,
    /// What all its stages are about.
    pub select: Select,
    /// Its stages, in order; of a recipe without stages, one that is called `apply`.
    pub stages: Vec<Stage>,
    /// Whether it says so itself that it has stages.
    pub has_stages: bool,
    /// Its file, as it is written.
    pub text: String,
}

/// How units are divided among batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    /// By class and namespace.
    Namespace,
    /// By class alone.
    Cluster,
    /// By class, namespace and name.
    App,
}

/// The least impact that a recipe states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeastImpact {
    /// An object of Flux is read again.
    Reconcile,
    /// A Helm upgrade, or changed objects.
    Upgrade,
    /// Pods are replaced.
    Restart,
    /// A workload must be deleted first.
    Recreate,
    /// A volume is at risk.
    Data,
}

/// A parameter, with the value that it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub about: Option<String>,
    /// Its value.
    pub value: Value,
    /// Whether the configuration gives the value.
    pub is_given: bool,
}

/// A stage of a recipe.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What its steps are about, beside what the recipe says.
    pub select: Select,
    /// What has to hold before it is written.
    pub gate: Vec<Condition>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// Whether all its documents change in one unit.
    pub together: bool,
    /// What builds may change.
    pub promise: Promise,
}

/// A step of a stage.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is about, beside what recipe and stage say.
    pub select: Select,
    /// Where it looks beside objects in files, by what recipe, stage and step say.
    pub places: BTreeSet<Where>,
    /// On which values it acts.
    pub guards: Guards,
    /// What it does.
    pub verb: Verb,
    /// The line in the file of the recipe, from 1.
    pub line: usize,
}

/// The values on which a step acts.
#[derive(Clone, Debug, Default)]
pub struct Guards {
    /// The value is this.
    pub if_equal: Option<Value>,
    /// The value is not this.
    pub unless_equal: Option<Value>,
    /// The value is a text that matches.
    pub if_matches: Option<super::pattern::Pattern>,
}

impl Guards {
    /// Whether a step acts on a value.
    pub fn hold(&self, value: &Value) -> bool {
        self.if_equal.as_ref().is_none_or(|wanted| wanted.same_as(value))
            && self.unless_equal.as_ref().is_none_or(|other| !other.same_as(value))
            && self.if_matches.as_ref().is_none_or(|pattern| value.text().is_some_and(|text| pattern.is_match(text)))
    }
}

impl Recipe {
    /// A stage by its name.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// The longest text that a file must have for a step that reaches everything.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.stages.iter().flat_map(|stage| &stage.steps).flat_map(|step| step.verb.paths())
    }
}
