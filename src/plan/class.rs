//! Classes of batches: what a batch puts at stake, least first.
//!
//! The planner knows the classes that come of subject, impact and workloads. A migration whose
//! units are none of these declares its own beside its units, as constants.

use std::fmt;

use super::{Draft, Impact, Subject};
use crate::flux::WorkloadKind;

/// A class of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class {
    /// Where it comes among the others: two digits, which begin the name of each of its batches.
    pub order: u8,
    /// Its word in the name of a batch: `deployments` in `30-deployments-media`.
    pub word: &'static str,
    /// What its units are, in a sentence: `Deployments`.
    pub plural: &'static str,
    /// What one of its units is, for counting: `release`.
    pub noun: &'static str,
    /// What must not reach a cluster in one commit with it.
    pub apart: Apart,
}

/// Which units must not reach a cluster in the same commit: Flux has to reconcile the first before
/// the second comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Apart {
    /// None: it lands together with what it needs, and with what needs it.
    Nothing,
    /// What needs it.
    Dependents,
    /// What it needs.
    Needs,
}

impl Class {
    /// Sources of charts, and other objects that run nothing.
    pub const SOURCES: Class = Class::new(10, "sources", "sources", "source");
    /// Kustomization files that build what they built before.
    pub const CONSUMERS: Class = Class::new(15, "consumers", "consumers", "consumer");
    /// Texts that mean the same to every cluster.
    pub const TEXTS: Class = Class::new(14, "texts", "texts", "object");
    /// CronJobs and Jobs alone.
    pub const CRON_JOBS: Class = Class::new(20, "cronjobs", "CronJobs", "release");
    /// Deployments.
    pub const DEPLOYMENTS: Class = Class::new(30, "deployments", "Deployments", "release");
    /// StatefulSets and DaemonSets.
    pub const STATEFUL: Class = Class::new(40, "stateful", "stateful workloads", "release");
    /// Releases of charts that are not known, and so are their workloads.
    pub const OTHER_CHARTS: Class = Class::new(45, "other-charts", "releases of other charts", "release");
    /// A volume is at risk.
    pub const DATA: Class = Class::new(90, "data", "volumes at risk", "release");
    /// What nothing needs any more is removed.
    pub const REMOVALS: Class = Class::new(95, "removals", "removals", "removal");

    /// A class that lands together with anything.
    pub const fn new(order: u8, word: &'static str, plural: &'static str, noun: &'static str) -> Class {
        Class { order, word, plural, noun, apart: Apart::Nothing }
    }

    /// This class, apart from others.
    pub const fn apart_from(self, apart: Apart) -> Class {
        Class { apart, ..self }
    }

    /// The class of a unit: the one that it states, else the one that follows from its
    /// subject, impact and workloads. A
    /// volume at risk always counts first.
    pub fn of(unit: &Draft) -> Class {
        let has = |kinds: &[WorkloadKind]| unit.workloads.iter().any(|kind| kinds.contains(kind));
        if unit.impact == Impact::Data {
            Class::DATA
        } else if let Some(class) = unit.class {
            class
        } else if unit.is_removal() {
            Class::REMOVALS
        } else if unit.recipe.is_some() && unit.impact == Impact::None {
            Class::TEXTS
        } else if unit.is_for_others() {
            Class::SOURCES
        } else if unit.impact == Impact::None && matches!(unit.id.subject, Subject::Consumer { .. }) {
            Class::CONSUMERS
        } else if has(&[WorkloadKind::StatefulSet, WorkloadKind::DaemonSet]) {
            Class::STATEFUL
        } else if has(&[WorkloadKind::Deployment]) {
            Class::DEPLOYMENTS
        } else if unit.workloads.is_empty() {
            Class::OTHER_CHARTS
        } else {
            Class::CRON_JOBS
        }
    }

    /// Whether a unit of this class must not reach a cluster in one commit with one of another that
    /// it needs.
    pub fn waits_for(self, needed: Class) -> bool {
        self != needed && (needed.apart == Apart::Dependents || self.apart == Apart::Needs)
    }
}

impl fmt::Display for Class {
    /// The beginning of the names of its batches: `30-deployments`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{}", self.order, self.word)
    }
}
