use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Class, Effect, Finding, Meta, Severity, State};
use crate::flux::{Radius, WorkloadKind};
use crate::recipe::Batching;
use crate::repo::RepoPath;

/// The step of units that take away what nothing needs any more. They come last.
pub const REMOVE: &str = "remove";

/// What a unit is about: never an offset, an index or a count, so that it means the same on every
/// tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A HelmRelease.
    Release {
        /// The effective namespace; empty where nothing gives it one.
        namespace: String,
        /// The effective name.
        name: String,
        /// The file: two clusters may have a release of the same name, each in its own.
        path: RepoPath,
    },
    /// Another object.
    Object {
        /// Its kind.
        kind: String,
        /// Its effective namespace.
        namespace: String,
        /// Its effective name.
        name: String,
        /// The file: two clusters may have an object of the same name, each in its own.
        path: RepoPath,
    },
    /// A kustomization file, for what it lists.
    Consumer {
        /// The file.
        kustomization: RepoPath,
    },
    /// A file: its name, or what in it is no object (values, patches, what a generator reads).
    File {
        /// The file.
        path: RepoPath,
    },
    /// All that a recipe changes in one go.
    Whole {
        /// The file of the recipe, or where it would be.
        recipe: RepoPath,
    },
}

impl Subject {
    /// A HelmRelease.
    pub fn release(namespace: &str, name: &str, path: &RepoPath) -> Subject {
        Subject::Release { namespace: namespace.to_owned(), name: name.to_owned(), path: path.clone() }
    }

    /// Another object.
    pub fn object(kind: &str, namespace: &str, name: &str, path: &RepoPath) -> Subject {
        let (kind, namespace, name) = (kind.to_owned(), namespace.to_owned(), name.to_owned());
        Subject::Object { kind, namespace, name, path: path.clone() }
    }

    /// A kustomization file, for what it lists.
    pub fn consumer(kustomization: &RepoPath) -> Subject {
        Subject::Consumer { kustomization: kustomization.clone() }
    }

    /// The kind of the object.
    pub fn kind(&self) -> &str {
        match self {
            Subject::Release { .. } => "HelmRelease",
            Subject::Object { kind, .. } => kind,
            Subject::Consumer { .. } => "Kustomization",
            Subject::File { .. } => "File",
            Subject::Whole { .. } => "Recipe",
        }
    }

    /// Its effective namespace; empty where nothing gives it one.
    pub fn namespace(&self) -> &str {
        match self {
            Subject::Release { namespace, .. } | Subject::Object { namespace, .. } => namespace,
            Subject::Consumer { .. } | Subject::File { .. } | Subject::Whole { .. } => "",
        }
    }

    /// Whether it is known by its path alone.
    pub fn is_path(&self) -> bool {
        matches!(self, Subject::Consumer { .. } | Subject::File { .. } | Subject::Whole { .. })
    }

    /// Its effective name; of a file, its path.
    pub fn name(&self) -> &str {
        match self {
            Subject::Release { name, .. } | Subject::Object { name, .. } => name,
            Subject::Consumer { kustomization: path } | Subject::File { path } | Subject::Whole { recipe: path } => {
                path.as_str()
            }
        }
    }

    /// Its file.
    pub fn path(&self) -> &RepoPath {
        let (Subject::Release { path, .. }
        | Subject::Object { path, .. }
        | Subject::Consumer { kustomization: path }
        | Subject::File { path }
        | Subject::Whole { recipe: path }) = self;
        path
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Release { namespace, name, .. } if namespace.is_empty() => write!(f, "release {name}"),
            Subject::Release { namespace, name, .. } => write!(f, "release {namespace}/{name}"),
            Subject::Object { kind, namespace, name, .. } if namespace.is_empty() => write!(f, "{kind} {name}"),
            Subject::Object { kind, namespace, name, .. } => write!(f, "{kind} {namespace}/{name}"),
            Subject::Consumer { kustomization } => write!(f, "consumer {kustomization}"),
            Subject::File { path } => write!(f, "file {path}"),
            Subject::Whole { recipe } => write!(f, "whole {recipe}"),
        }
    }
}

/// The name of a unit: the same on every run and every tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId {
    /// The migration.
    pub migration: &'static str,
    /// The step of the migration.
    pub step: &'static str,
    /// What it is about.
    pub subject: Subject,
}

impl UnitId {
    /// The name of a unit of a migration.
    pub fn new(meta: &'static Meta, step: &'static str, subject: Subject) -> UnitId {
        UnitId { migration: meta.id, step, subject }
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.migration, self.step, self.subject)
    }
}

/// The clusters whose rendered objects a unit changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// Their names.
    pub clusters: BTreeSet<String>,
    /// Whether they are several, and all of the repository.
    pub is_all: bool,
}

impl Lane {
    /// What it is called where it is all clusters, of several.
    pub const SHARED: &str = "shared";
    /// What it is called where it is no cluster.
    pub const NONE: &str = "none";

    /// The lane of some clusters, of as many as the repository has.
    pub fn of(clusters: BTreeSet<String>, all: usize) -> Lane {
        Lane { is_all: clusters.len() > 1 && clusters.len() == all, clusters }
    }

    /// The clusters that the text of a lane names: none for the lane of no cluster, and for that of all.
    pub fn named(text: &str) -> Vec<&str> {
        if [Lane::NONE, Lane::SHARED].contains(&text) { Vec::new() } else { text.split('+').collect() }
    }
}

impl fmt::Display for Lane {
    /// `edge`, `edge+prod`, or `shared` for all.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.clusters.iter().map(String::as_str).collect();
        match names.as_slice() {
            [] => f.write_str(Lane::NONE),
            _ if self.is_all => f.write_str(Lane::SHARED),
            names => f.write_str(&names.join("+")),
        }
    }
}

/// Whether a unit may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Safety {
    /// It may.
    Safe,
    /// It is right as far as can be seen; you decide (`--review`).
    Review,
    /// It is in scope and never written.
    Refused,
    /// A comment in the repository opts it out: neither pending nor refused, and never written.
    OptedOut,
}

impl fmt::Display for Safety {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Safety::Safe => "safe",
            Safety::Review => "review",
            Safety::Refused => "refused",
            Safety::OptedOut => "opted-out",
        })
    }
}

impl Safety {
    /// How safe a change is, by its findings: an error refuses it, a warning asks for a review.
    pub fn of(findings: &[Finding]) -> Safety {
        match findings.iter().map(|finding| finding.severity).min() {
            Some(Severity::Error) => Safety::Refused,
            Some(Severity::Warning) => Safety::Review,
            Some(Severity::Note) | None => Safety::Safe,
        }
    }

    /// Whether it may be written, if need be after a review.
    pub fn is_able(self) -> bool {
        matches!(self, Safety::Safe | Safety::Review)
    }
}

/// What a unit does to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// Nothing is touched.
    None,
    /// An object of Flux is read again, and nothing that runs changes.
    Reconcile,
    /// A Helm upgrade, or changed objects.
    Upgrade,
    /// Pods are replaced.
    Restart,
    /// A workload must be deleted first, because an immutable field of it changes.
    Recreate,
    /// A volume is at risk.
    Data,
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Impact::None => "none",
            Impact::Reconcile => "reconcile",
            Impact::Upgrade => "upgrade",
            Impact::Restart => "restart",
            Impact::Recreate => "recreate",
            Impact::Data => "data",
        })
    }
}

/// What a survey finds to do: a recipe, without text.
///
/// A survey says what is to change and what it knows about it. How safe that is, which clusters it
/// reaches and what depends on it is for the planner to find out: see [`Unit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub id: UnitId,
    /// What it does, in a few words.
    pub title: String,
    /// All files that its edit may change; changing another is an error of the migration.
    pub touches: BTreeSet<RepoPath>,
    /// Files beside these that it relies on: units of earlier migrations about them land first.
    pub reads: BTreeSet<RepoPath>,
    /// The units that must be in the tree first. Every selection takes the closure.
    pub needs: BTreeSet<UnitId>,
    /// What it does to the cluster.
    pub impact: Impact,
    /// Why it is to be reviewed (a warning) or refused (an error), and what is worth knowing about
    /// it.
    pub findings: Vec<Finding>,
    /// The migration that has to land first, if that is all that is in the way.
    pub waits_for: Option<&'static str>,
    /// What becomes of fields of objects as they are applied, where the title does not say it all:
    /// changes on purpose, and changes that are prevented.
    pub effects: Vec<Effect>,
    /// The other names under which clusters apply it, `namespace/name`: one file may be several
    /// releases.
    pub also: BTreeSet<String>,
    /// The kinds of its workloads, where they are known.
    pub workloads: BTreeSet<WorkloadKind>,
    /// Whether a Helm hook of it runs when it lands.
    pub hooks: bool,
    /// Whether it lands in a batch of its own, because of what fails if it does.
    pub alone: bool,
    /// How much it changes, where units of one class differ in that: hosts, for routes. Batches that weigh less land
    /// first.
    pub weight: usize,
    /// The class of its batch, if it does not follow from subject, impact and workloads.
    pub class: Option<Class>,
    /// The namespace of its batch, where that is not the one of its subject.
    pub namespace: Option<String>,
    /// What you could paste into the file yourself, where the unit is refused and this is all that
    /// is missing.
    pub paste: Option<String>,
    /// The recipe that it comes from, if it is one that people write.
    pub recipe: Option<OfRecipe>,
    /// Why the gate of its stage is not open, if so. It is then never written, whatever is asked for.
    pub closed_gates: Vec<Finding>,
}

/// The recipe that a unit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfRecipe {
    /// The stage, of a recipe that has stages.
    pub stage: Option<&'static str>,
    /// What stands for the definition and its parameters: another one has another digest.
    pub digest: &'static str,
    /// How its units are divided among batches. If that is not stated, by class where nothing changes
    /// on the cluster, else by namespace.
    pub batching: Option<Batching>,
}

impl Draft {
    /// A draft without impact, findings or needs. Set the rest with struct update syntax.
    pub fn new(id: UnitId, title: impl Into<String>, touches: impl IntoIterator<Item = RepoPath>) -> Draft {
        Draft {
            id,
            title: title.into(),
            touches: touches.into_iter().collect(),
            reads: BTreeSet::new(),
            needs: BTreeSet::new(),
            impact: Impact::None,
            findings: Vec::new(),
            waits_for: None,
            effects: Vec::new(),
            also: BTreeSet::new(),
            workloads: BTreeSet::new(),
            hooks: false,
            alone: false,
            weight: 0,
            class: None,
            namespace: None,
            paste: None,
            recipe: None,
            closed_gates: Vec::new(),
        }
    }

    /// The stage of the recipe that it comes from, if that has stages.
    pub fn stage(&self) -> Option<&'static str> {
        self.recipe?.stage
    }

    /// How safe it is, by its findings.
    pub fn safety(&self) -> Safety {
        Safety::of(&self.findings)
    }

    /// The namespace of its batch: the one that it states, or else that of its subject; empty where
    /// nothing gives it one.
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_else(|| self.id.subject.namespace())
    }

    /// Whether its batch has all of a class, whatever the namespace.
    pub(super) fn is_batched_by_class(&self) -> bool {
        self.recipe.is_some_and(|recipe| {
            recipe.batching.map_or(self.impact == Impact::None, |batching| batching == Batching::Cluster)
        })
    }

    /// Whether it removes something that nothing needs any more.
    pub fn is_removal(&self) -> bool {
        self.id.step == REMOVE
    }

    /// Whether it exists only for the units that need it, such as a source. A release changes for
    /// its own sake, also where a removal waits for it; so does what a recipe names.
    pub fn is_for_others(&self) -> bool {
        let is_object = matches!(self.id.subject, Subject::Object { .. });
        is_object && self.impact == Impact::None && !self.is_removal() && self.recipe.is_none()
    }
}

/// The smallest change that can be reverted alone: a draft, and what the planner found out about
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    pub(super) draft: Draft,
    /// Whether it may be written.
    pub safety: Safety,
    /// Whether it changes nothing but its own document in the file of its subject, as landing found
    /// out.
    pub(super) is_in_own_document: bool,
    /// Whose objects it changes.
    pub lane: Lane,
    /// What its files reach in the tree as it is: clusters, Flux Kustomizations, HelmReleases.
    pub radius: Radius,
    /// How many Flux Kustomizations depend on the one that applies it, transitively; the most,
    /// where several apply it.
    pub dependents: usize,
    /// Why gates hold it back, if they do: see [`Plan::hold`](super::Plan::hold).
    pub held: Vec<Finding>,
}

impl Unit {
    /// The unit of a draft, before anything is known of what it reaches.
    pub(super) fn of(draft: Draft) -> Unit {
        let (lane, radius) = (Lane::default(), Radius::default());
        let held = draft.closed_gates.clone();
        let (safety, is_in_own_document) = (Safety::Safe, false);
        let mut unit = Unit { draft, safety, is_in_own_document, lane, radius, dependents: 0, held };
        unit.settle();
        unit
    }

    /// Whether it can land in this tree, if need be after a review, whatever gates of promotion say.
    pub fn is_able(&self) -> bool {
        self.safety.is_able() && self.waits_for.is_none() && self.closed_gates.is_empty()
    }

    /// Its state, without regard to what it needs.
    pub fn state(&self) -> State {
        match self.state_without_gates() {
            state if self.held.is_empty() => state,
            state => state.max(State::Held),
        }
    }

    /// Its state where gates of promotion do not count.
    pub fn state_without_gates(&self) -> State {
        match self.safety {
            Safety::OptedOut => State::OptedOut,
            Safety::Refused => State::Refused,
            _ if !self.closed_gates.is_empty() => State::Held,
            _ if self.waits_for.is_some() => State::Waits,
            Safety::Review => State::Review,
            Safety::Safe => State::Pending,
        }
    }

    /// Whether it is in the lane of a unit that needs it: what exists for others is, and what no
    /// cluster applies yet. To the latter, a removal that waits for it makes no difference.
    pub(super) fn follows(&self, user: &Unit) -> bool {
        self.is_for_others() || self.lane.clusters.is_empty() && !user.is_removal()
    }

    /// Has it need another unit.
    pub(super) fn need(&mut self, others: impl IntoIterator<Item = UnitId>) {
        self.draft.needs.extend(others);
    }

    /// Refuses it, for a reason that is found when it lands.
    pub(super) fn refuse(&mut self, reason: Finding) {
        self.draft.findings.push(reason);
        self.settle();
    }

    /// Has it be reviewed, for a reason that is found when all have landed.
    pub(super) fn review(&mut self, reason: Finding) {
        self.draft.findings.push(reason);
        self.settle();
    }

    /// Opts it out, for the reason that a comment gives. What else there was to say about it does
    /// not matter any more.
    pub(super) fn opt_out(&mut self, reason: Finding) {
        self.draft.findings = vec![reason];
        self.safety = Safety::OptedOut;
    }

    /// Keeps it from being written, for these reasons.
    pub(super) fn close(&mut self, reasons: Vec<Finding>) {
        self.held.extend(reasons.iter().cloned());
        self.draft.closed_gates.extend(reasons);
    }

    /// Adds what is worth knowing; that changes nothing about how safe it is.
    pub(super) fn report_notes(&mut self, notes: impl IntoIterator<Item = Finding>) {
        self.draft.findings.extend(notes);
    }

    /// Its findings, to point them elsewhere.
    pub(super) fn findings_mut(&mut self) -> &mut [Finding] {
        &mut self.draft.findings
    }

    fn settle(&mut self) {
        self.safety = self.draft.safety();
        if !self.safety.is_able() || self.waits_for.is_some() {
            // Nothing is written, so nothing happens on the cluster.
            self.draft.impact = Impact::None;
        }
    }
}

/// A unit is its draft and more: everything that a draft says is read through it.
impl Deref for Unit {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.draft
    }
}
