use std::collections::BTreeSet;
use std::fmt;

use super::{Class, Effect, Finding};
use crate::charts::app_template::WorkloadKind;
use crate::flux::Radius;
use crate::repo::RepoPath;

/// The step of units that take away what nothing needs any more. They come last.
pub const REMOVE: &str = "remove";

/// What a unit is about: never an offset, an index or a count, so that it means the same on every tree.
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
}

impl Subject {
    /// The kind of the object.
    pub fn kind(&self) -> &str {
        match self {
            Subject::Release { .. } => "HelmRelease",
            Subject::Object { kind, .. } => kind,
            Subject::Consumer { .. } => "Kustomization",
        }
    }

    /// Its effective namespace; empty where nothing gives it one.
    pub fn namespace(&self) -> &str {
        match self {
            Subject::Release { namespace, .. } | Subject::Object { namespace, .. } => namespace,
            Subject::Consumer { .. } => "",
        }
    }

    /// Its effective name; of a kustomization file, its path.
    pub fn name(&self) -> &str {
        match self {
            Subject::Release { name, .. } | Subject::Object { name, .. } => name,
            Subject::Consumer { kustomization } => kustomization.as_str(),
        }
    }

    /// Its file.
    pub fn path(&self) -> &RepoPath {
        let (Subject::Release { path, .. } | Subject::Object { path, .. } | Subject::Consumer { kustomization: path }) =
            self;
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

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.migration, self.step, self.subject)
    }
}

/// The clusters whose rendered objects a unit changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub BTreeSet<String>);

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut clusters = self.0.iter();
        match (clusters.next(), clusters.next()) {
            (None, _) => f.write_str("none"),
            (Some(one), None) => f.write_str(one),
            (Some(_), Some(_)) => f.write_str("shared"),
        }
    }
}

/// Whether a unit may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// It may.
    Safe,
    /// It is right as far as can be seen; a person decides (`--review`).
    Review,
    /// It is in scope and never written.
    Refused,
    /// A comment in the repository keeps its place as it is: neither pending nor refused, and never written.
    OptedOut,
}

impl Safety {
    /// Whether it may be written, if need be after a review.
    pub fn is_able(self) -> bool {
        matches!(self, Safety::Safe | Safety::Review)
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Safety::Safe => "safe",
            Safety::Review => "review",
            Safety::Refused => "refused",
            Safety::OptedOut => "opted-out",
        }
    }
}

/// What a unit does to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// Nothing that runs is touched.
    None,
    /// A Helm upgrade, or changed objects.
    Upgrade,
    /// Pods are made anew.
    Restart,
    /// A workload must be deleted before it can be what it is to be: a field of it is immutable.
    Recreate,
    /// A volume is at risk.
    Data,
}

impl Impact {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Impact::None => "none",
            Impact::Upgrade => "upgrade",
            Impact::Restart => "restart",
            Impact::Recreate => "recreate",
            Impact::Data => "data",
        }
    }
}

/// The smallest change that can be reverted alone: a recipe, without text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its name.
    pub id: UnitId,
    /// The other names under which clusters apply it, `namespace/name`: one file may be several releases.
    pub also: BTreeSet<String>,
    /// What it does, in a few words.
    pub title: String,
    /// Whose objects it changes.
    pub lane: Lane,
    /// Whether it may be written.
    pub safety: Safety,
    /// What it does to the cluster.
    pub impact: Impact,
    /// The kinds of the workloads that belong to it.
    pub workloads: BTreeSet<WorkloadKind>,
    /// The namespace of its batch, where its subject has none: that of what it is seen in.
    pub namespace: Option<String>,
    /// The class of its batch, where subject, impact and workloads do not tell it.
    pub class: Option<Class>,
    /// Whether a Helm hook of it runs when it lands.
    pub hooks: bool,
    /// The units that must be in the tree first. Every selection takes the closure.
    pub needs: BTreeSet<UnitId>,
    /// All files that its edit may touch; touching another is an error of the migration.
    pub touches: BTreeSet<RepoPath>,
    /// Files beside these that must be as they are for it: what earlier migrations are about in them comes first.
    pub reads: BTreeSet<RepoPath>,
    /// What its files can reach, as the tree stands: clusters, Flux Kustomizations, HelmReleases. The planner fills it in.
    pub radius: Radius,
    /// How many Flux Kustomizations depend on the one that applies it, transitively; the most, where several do. The planner fills it in.
    pub dependents: usize,
    /// Why it is to be reviewed or refused, and what else there is to say about it.
    pub findings: Vec<Finding>,
    /// What becomes of fields of objects as they are applied, where that is more than its title can say: changes on purpose, and what is kept
    /// from changing. A unit without them changes nothing but what it is named after.
    pub effects: Vec<Effect>,
    /// What a person could paste into the file of a unit that is refused, where that is all that is missing.
    pub paste: Option<String>,
}

impl Unit {
    /// A unit of which nothing is known yet but what it is and touches: safe, of no cluster and without impact.
    pub fn new(id: UnitId, title: String, touches: BTreeSet<RepoPath>) -> Unit {
        Unit {
            id,
            also: BTreeSet::new(),
            title,
            lane: Lane::default(),
            safety: Safety::Safe,
            impact: Impact::None,
            workloads: BTreeSet::new(),
            namespace: None,
            class: None,
            hooks: false,
            needs: BTreeSet::new(),
            touches,
            reads: BTreeSet::new(),
            radius: Radius::default(),
            dependents: 0,
            findings: Vec::new(),
            effects: Vec::new(),
            paste: None,
        }
    }

    /// The namespace of its batch: that of its subject, if it has one; empty where nothing gives it one.
    pub fn namespace(&self) -> &str {
        let own = self.id.subject.namespace();
        if own.is_empty() { self.namespace.as_deref().unwrap_or_default() } else { own }
    }

    /// Whether it takes something away that nothing needs any more.
    pub fn is_removal(&self) -> bool {
        self.id.step == REMOVE
    }

    /// Whether it exists only for the units that need it, such as a source. A release changes for its own sake, also where a removal waits for
    /// it.
    pub fn is_for_others(&self) -> bool {
        matches!(self.id.subject, Subject::Object { .. }) && self.impact == Impact::None && !self.is_removal()
    }
}
