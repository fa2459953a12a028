//! Selectors: which documents a recipe is about.

mod chart;
mod document;
mod flux;
mod generated;
mod labels;
mod near;
mod object;
mod patches;
mod value;
mod variables;

pub use chart::{ChartTest, Runs, Stated};
pub use document::{Document, Where};
pub use flux::{flux_of, in_range};
pub use generated::restated;
pub use labels::Labels;
pub use near::{Instead, instead_of_path};
pub use object::{ApiVersions, Files, GroupKind};
pub use patches::{Entry, is_only_patch};
pub use value::{Check, Test};
pub use value::{comments_of, node_at};
pub use variables::{Unresolved, VariablesTest};

use std::collections::BTreeSet;

use super::pattern::Patterns;
use super::version::Range;
use crate::flux::{Reach, Value};

/// Conditions of which one holds; everything is selected where there is none.
#[derive(Clone, Debug, Default)]
pub struct Select(pub Vec<Selector>);

/// Conditions that all hold.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// One of these groups and kinds.
    pub kinds: Vec<GroupKind>,
    /// One of these files.
    pub files: Option<Files>,
    /// Such a version of its API.
    pub api_version: Option<ApiVersions>,
    /// Such an effective name.
    pub name: Option<Patterns>,
    /// Such an effective namespace.
    pub namespace: Option<Patterns>,
    /// Such labels.
    pub labels: Option<Labels>,
    /// Such annotations.
    pub annotations: Option<Labels>,
    /// Applied by these clusters, and by no other.
    pub clusters: BTreeSet<String>,
    /// Whether a cluster applies it.
    pub reached: Option<bool>,
    /// Applied by such a Flux Kustomization.
    pub rendered_by: Option<Patterns>,
    /// A Flux Kustomization that applies something of this.
    pub renders: Option<Box<Select>>,
    /// A HelmRelease of this chart.
    pub chart: Option<ChartTest>,
    /// What it runs.
    pub runs: Option<Runs>,
    /// Tests of which all hold.
    pub all: Vec<Test>,
    /// Tests of which none holds.
    pub unless: Vec<Test>,
    /// Such a version of Flux, on all its clusters.
    pub flux: Option<Range>,
    /// What is asked of its variables.
    pub variables: Option<VariablesTest>,
    /// Where to look; objects in files, if nothing says so.
    pub places: Option<BTreeSet<Where>>,
    /// Whether the parameters have the values that are asked for. Known when the recipe is read.
    pub params: Option<bool>,
}

/// Whether something is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is.
    Yes,
    /// It is not, because of this condition.
    No(&'static str),
    /// It is not known, for this reason.
    NotKnown(String),
    /// For some of its names or clusters it is, for others not.
    InPart(String),
    /// It is, and clusters apply it that are not asked for.
    Shared(String),
}

impl Answer {
    /// Whether it is selected.
    pub fn is_yes(&self) -> bool {
        *self == Answer::Yes
    }

    /// How near it is to being selected.
    fn rank(&self) -> usize {
        match self {
            Answer::No(_) => 0,
            Answer::NotKnown(_) => 1,
            Answer::InPart(_) => 2,
            Answer::Shared(_) => 3,
            Answer::Yes => 4,
        }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Answer) -> Answer {
        if matches!(self, Answer::No(_)) {
            return self;
        }
        let other = other();
        if other.rank() < self.rank() { other } else { self }
    }

    /// One of them.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Answer) -> Answer {
        if self.is_yes() {
            return self;
        }
        let other = other();
        if other.rank() > self.rank() { other } else { self }
    }

    fn of(is: bool, condition: &'static str) -> Answer {
        if is { Answer::Yes } else { Answer::No(condition) }
    }
}

impl Select {
    /// Whether it selects everything.
    pub fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a document is selected that has this value.
    pub fn ask(&self, document: &Document<'_>, value: &Value) -> Answer {
        let Some((first, rest)) = self.0.split_first() else { return Answer::Yes };
        rest.iter().fold(first.ask(document, value), |answer, selector| answer.or(|| selector.ask(document, value)))
    }

    /// The groups and kinds that it names in each of its alternatives; `None` if one names none.
    pub fn kinds(&self) -> Option<Vec<&GroupKind>> {
        let all: Option<Vec<&Vec<GroupKind>>> =
            self.0.iter().map(|one| Some(&one.kinds).filter(|kinds| !kinds.is_empty())).collect();
        all.filter(|all| !all.is_empty()).map(|all| all.into_iter().flatten().collect())
    }

    /// The words of which a file must have one that has such a document; `None` if it says too little.
    pub fn words(&self) -> Option<Vec<&str>> {
        fn words(one: &Selector) -> Option<Vec<&str>> {
            match (one.kinds.is_empty(), &one.chart) {
                (false, _) => Some(one.kinds.iter().map(|kind| kind.kind.as_str()).collect()),
                (true, Some(_)) => Some(vec!["HelmRelease"]),
                (true, None) => None,
            }
        }
        let all: Option<Vec<Vec<&str>>> = self.0.iter().map(words).collect();
        all.filter(|all| !all.is_empty()).map(|all| all.concat())
    }

    /// Whether one of its alternatives looks in a place beside objects in files.
    pub fn looks_in(&self, place: Where) -> bool {
        self.0.iter().filter_map(|one| one.places.as_ref()).any(|places| places.contains(&place))
    }

    /// Whether each of its alternatives says enough to be no mistake.
    pub fn is_narrow(&self) -> bool {
        let is_narrow = |one: &Selector| {
            !one.kinds.is_empty()
                || one.chart.is_some()
                || one.runs.is_some()
                || one.files.is_some()
                || one.variables.is_some()
        };
        !self.0.is_empty() && self.0.iter().all(is_narrow)
    }
}

impl Selector {
    /// Whether it names an object by kind, namespace and name, which is all that is known of what a
    /// build has.
    pub fn names(&self, api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> bool {
        let matches =
            |patterns: &Option<Patterns>, text: &str| patterns.as_ref().is_none_or(|patterns| patterns.is_match(text));
        (self.kinds.is_empty() || self.kinds.iter().any(|one| one.is(api_version, kind)))
            && matches(&self.name, name)
            && matches(&self.namespace, namespace.unwrap_or_default())
    }

    fn ask(&self, document: &Document<'_>, value: &Value) -> Answer {
        let stated = self.as_stated(document, value);
        if matches!(stated, Answer::No(_)) {
            return stated;
        }
        let reaches: Vec<&Reach> = document.reaches().collect();
        if reaches.is_empty() {
            return stated.and(|| self.as_applied(document, value, None));
        }
        let answers: Vec<Answer> = reaches.iter().map(|reach| self.as_applied(document, value, Some(reach))).collect();
        let worst = answers.iter().min_by_key(|answer| answer.rank()).expect("there is a reach").clone();
        let best = answers.iter().max_by_key(|answer| answer.rank()).expect("there is a reach");
        match (best.is_yes(), worst) {
            (true, Answer::No("cluster")) => stated.and(|| Answer::Shared(names(document, &reaches, &answers))),
            (true, Answer::No(condition)) => {
                let others = names(document, &reaches, &answers);
                stated.and(|| Answer::InPart(format!("`{condition}` does not select it as {others}")))
            }
            (_, worst) => stated.and(|| worst),
        }
    }

    /// The conditions about the text.
    fn as_stated(&self, document: &Document<'_>, value: &Value) -> Answer {
        let holds = |is: Option<bool>, condition| Answer::of(is.unwrap_or(true), condition);
        holds(self.params, "param")
            .and(|| holds(self.places.as_ref().map(|places| places.contains(&document.place())), "in"))
            .and(|| Answer::of(self.kinds.is_empty() || self.kinds.iter().any(|kind| document.is_of(kind)), "kind"))
            .and(|| Answer::of(self.chart.is_none() || document.is_release(), "chart"))
            .and(|| holds(self.files.as_ref().map(|files| files.has(document.path)), "file"))
            .and(|| {
                holds(self.api_version.as_ref().map(|versions| versions.has(document.api_version())), "api-version")
            })
            .and(|| holds(self.reached.map(|wanted| wanted != document.is_unreached()), "reached"))
            .and(|| match &self.renders {
                Some(select) => document.renders(select),
                None => Answer::Yes,
            })
            .and(|| match &self.variables {
                Some(test) => test.ask(document),
                None => Answer::Yes,
            })
            .and(|| {
                let stated = self.all.iter().filter(|test| !test.arrives);
                let mut answers = stated.map(|test| Answer::of(test.holds(value, Some(document)), "where"));
                answers.find(|answer| !answer.is_yes()).unwrap_or(Answer::Yes)
            })
            .and(|| {
                let mut stated = self.unless.iter().filter(|test| !test.arrives);
                Answer::of(!stated.any(|test| test.holds(value, Some(document))), "unless")
            })
    }

    /// The conditions about the object as it is applied; as it is stated, if no cluster applies it.
    fn as_applied(&self, document: &Document<'_>, value: &Value, reach: Option<&Reach>) -> Answer {
        let (name, namespace) = document.name(reach);
        let is_of_kind = document.is_patch_of_reach(&self.kinds, reach);
        let holds = |is: Option<bool>, condition| Answer::of(is.unwrap_or(true), condition);
        let cluster = || {
            let Some(reach) = reach.filter(|_| !self.clusters.is_empty()) else { return self.clusters.is_empty() };
            self.clusters.contains(&document.view.graph().clusters[reach.cluster].name)
        };
        let asks_whole = self.chart.is_some() || self.runs.is_some();
        let needs_arrived = asks_whole || self.all.iter().chain(&self.unless).any(|test| test.arrives);
        // What a patch does not say, the object says that it changes.
        let is_asked = needs_arrived || self.labels.is_some() || self.annotations.is_some();
        let patched = reach.filter(|_| is_asked).and_then(|reach| document.patched_object(reach));
        let arrived = reach.filter(|_| needs_arrived || patched.is_some());
        let arrived = arrived.and_then(|reach| patched.as_ref().unwrap_or(document).arrived(reach));
        let arrived = arrived.as_deref().unwrap_or(value);
        let (document, own) = patched.as_ref().map_or((document, value), |patched| (patched, arrived));
        holds(self.name.as_ref().map(|patterns| patterns.is_match(&name)), "name")
            .and(|| holds(self.namespace.as_ref().map(|patterns| patterns.is_match(&namespace)), "namespace"))
            .and(|| holds(self.labels.as_ref().map(|labels| labels.select(own.at(&["metadata", "labels"]))), "labels"))
            .and(|| {
                let annotations = || own.at(&["metadata", "annotations"]);
                holds(self.annotations.as_ref().map(|wanted| wanted.select(annotations())), "annotations")
            })
            .and(|| Answer::of(is_of_kind, "kind"))
            .and(|| Answer::of(cluster(), "cluster"))
            .and(|| match &self.rendered_by {
                Some(patterns) => Answer::of(document.is_rendered_by(reach, patterns), "rendered-by"),
                None => Answer::Yes,
            })
            .and(|| match &self.flux {
                Some(range) => flux::flux(document, reach, range),
                None => Answer::Yes,
            })
            .and(|| match &self.chart {
                Some(chart) => chart.ask(document, arrived, reach),
                None => Answer::Yes,
            })
            .and(|| match &self.runs {
                Some(runs) => runs.ask(document, arrived, reach),
                None => Answer::Yes,
            })
            .and(|| {
                let mut later = self.all.iter().filter(|test| test.arrives);
                Answer::of(later.all(|test| test.holds(arrived, None)), "where")
            })
            .and(|| {
                let mut later = self.unless.iter().filter(|test| test.arrives);
                Answer::of(!later.any(|test| test.holds(arrived, None)), "unless")
            })
    }
}

/// The names under which a document is applied and not selected.
fn names(document: &Document<'_>, reaches: &[&Reach], answers: &[Answer]) -> String {
    let others = reaches.iter().zip(answers).filter(|(_, answer)| matches!(answer, Answer::No(_)));
    let shown = others.map(|(reach, _)| {
        let (name, namespace) = document.name(Some(reach));
        let slash = if namespace.is_empty() { "" } else { "/" };
        format!("{namespace}{slash}{name} on {}", document.view.graph().clusters[reach.cluster].name)
    });
    shown.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}
