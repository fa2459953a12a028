//! The kinds of workload that Kubernetes runs pods by.

use std::fmt;

/// A kind of workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkloadKind {
    /// Runs Jobs on a schedule.
    CronJob,
    /// Runs pods until they are done.
    Job,
    /// Replaces its pods one by one.
    Deployment,
    /// Gives each pod a name and volumes of its own.
    StatefulSet,
    /// Runs a pod on every node.
    DaemonSet,
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
