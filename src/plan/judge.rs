//! What a program that is not ours says of builds: the judge beside the native proof.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Impact, Outcome, Unit, UnitId};
use crate::flux::{InCluster, View};

/// Builds what Flux Kustomizations build, by a program that is not ours. It is asked only about units of migrations that keep builds as they
/// are ([`Migration::keeps_builds`](super::Migration::keeps_builds)).
pub trait Judge {
    /// The program, with its version: `kubectl kustomize v5.5.0`. `None` where there is none after all; it is looked for when it is needed.
    fn name(&self) -> Option<String>;

    /// Builds Flux Kustomizations on the tree of each view, and compares. What is in neither view, or builds from another repository, is
    /// left out of the answer.
    fn compare(&self, before: &View, after: &View, which: &BTreeSet<InCluster>) -> BTreeMap<InCluster, Verdict>;
}

/// What two builds of a Flux Kustomization come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same objects, contents included.
    Same,
    /// These objects are not the same.
    Differs(Vec<Differing>),
    /// It built before and does not any more, for this reason.
    Breaks(String),
    /// It did not build before and does now: there is nothing to compare with.
    Mended,
    /// It cannot be told, for this reason.
    Unknown(String),
}

impl Verdict {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Differs(_) => "differs",
            Verdict::Breaks(_) => "breaks",
            Verdict::Mended => "mended",
            Verdict::Unknown(_) => "unknown",
        }
    }
}

/// An object that is not the same in two builds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Differing {
    /// `Kind namespace/name`.
    pub object: String,
    /// What happened to it.
    pub how: How,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It was not there.
    New,
    /// It is not there any more.
    Gone,
    /// Its contents are others.
    Changed,
}

impl How {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            How::New => "new",
            How::Gone => "gone",
            How::Changed => "changed",
        }
    }
}

impl fmt::Display for Differing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.how {
            How::New => "be new",
            How::Gone => "be gone",
            How::Changed => "not be the same",
        };
        write!(f, "{} would {what}", self.object)
    }
}

/// What was judged, and by what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// The program, with its version; `None` where there was none to ask, and the native proof is all there is.
    pub by: Option<String>,
    /// What became of each Flux Kustomization that units can touch.
    pub builds: BTreeMap<InCluster, Compared>,
}

/// A Flux Kustomization, built with and without units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// What the builds come to.
    pub verdict: Verdict,
    /// The units that can touch it, in the tree where they land and in the one where they have; or in one of these, if none can in both.
    pub units: BTreeSet<UnitId>,
}

impl Judged {
    /// How many of the builds come to the same.
    pub fn same(&self) -> usize {
        self.builds.values().filter(|own| own.verdict == Verdict::Same).count()
    }
}

/// What is wrong with the builds of a Flux Kustomization that units touch, in a few words; `None`, if nothing is but what they say
/// themselves: the objects that their effects name, or whatever there is, of a unit that has an impact and does not say on what.
pub(super) fn surprise(of: &InCluster, verdict: &Verdict, units: &[&Unit]) -> Option<String> {
    let differing = match verdict {
        Verdict::Same | Verdict::Mended | Verdict::Unknown(_) => return None,
        Verdict::Breaks(why) => return Some(format!("{} on {} would not build any more: {why}", of.name, of.cluster)),
        Verdict::Differs(differing) => differing,
    };
    if units.iter().any(|unit| unit.impact != Impact::None && unit.effects.is_empty()) {
        return None;
    }
    let effects = || units.iter().flat_map(|unit| &unit.effects).filter(|effect| effect.cluster == of.cluster);
    let is_meant =
        |own: &&Differing| effects().any(|effect| effect.object == own.object && effect.outcome == Outcome::Changes);
    let mut others = differing.iter().filter(|own| !is_meant(own));
    let first = others.next()?;
    let more = match others.count() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(format!("{} on {} would not build the same: {first}{more}", of.name, of.cluster))
}
