use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// What becomes of a field of an object in a cluster, where a unit is meant to change what is
/// applied, or must not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// The cluster.
    pub cluster: String,
    /// The object: `HelmRelease media/plex`.
    pub object: String,
    /// The field: `spec.upgrade.remediation.retries`; empty for the object as a whole.
    pub field: String,
    /// What holds now, and where it comes from if that is not the object itself: `3`, `0 (Flux's
    /// default)`, `absent`.
    pub before: String,
    /// What holds once the unit has landed.
    pub after: String,
    /// How these stand to each other.
    pub outcome: Outcome,
}

/// How the value after compares with the value before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is the same.
    Same,
    /// It changes, as is meant.
    Changes,
    /// It would change, against what the object says itself, and is kept from it.
    Kept,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::Same => "same",
            Outcome::Changes => "changes",
            Outcome::Kept => "kept",
        })
    }
}
