/// What becomes of a field of an object in a cluster, where a unit is meant to change what is applied, or must not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// The cluster.
    pub cluster: String,
    /// The object: `HelmRelease media/plex`.
    pub object: String,
    /// The field: `spec.upgrade.remediation.retries`; empty for the object as a whole.
    pub field: String,
    /// What holds now, and where it comes from if that is not the object itself: `3`, `0 (Flux's default)`, `absent`.
    pub before: String,
    /// What holds once the unit has landed.
    pub after: String,
    /// How these stand to each other.
    pub outcome: Outcome,
}

/// How what holds before stands to what holds after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is the same.
    Same,
    /// It changes, as is meant.
    Changes,
    /// It would change, against what the object says itself, and is kept from it.
    Kept,
}

impl Outcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Same => "same",
            Outcome::Changes => "changes",
            Outcome::Kept => "kept",
        }
    }
}
