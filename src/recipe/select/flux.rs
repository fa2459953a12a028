//! Conditions about versions, of Flux and of others.

use super::{Answer, Document};
use crate::flux::{Cluster, Reach};
use crate::recipe::version::{Between, Range, Version};

pub(super) fn flux(document: &Document<'_>, reach: Option<&Reach>, range: &Range) -> Answer {
    let Some(reach) = reach else { return Answer::NotKnown("no cluster applies it".to_owned()) };
    let cluster = &document.view.graph().clusters[reach.cluster];
    let Some(version) = flux_of(cluster) else {
        return Answer::NotKnown(format!("{} does not state its version of Flux", cluster.name));
    };
    in_range(range, &version, "flux", || format!("{} runs Flux {version}", cluster.name))
}

/// The version of Flux of a cluster; without a patch, that of its minor is not known.
pub fn flux_of(cluster: &Cluster) -> Option<Between> {
    let version = cluster.flux?;
    let at = |minor: u32, patch: u32| Version::parse(&format!("{}.{minor}.{patch}", version.major));
    match version.patch {
        Some(patch) => Some(Between::exactly(at(version.minor, patch)?)),
        None => Some(Between::of(at(version.minor, 0)?, at(version.minor + 1, 0)?)),
    }
}

/// Whether all that something may be is in a range.
pub fn in_range(range: &Range, found: &Between, condition: &'static str, what: impl FnOnce() -> String) -> Answer {
    if range.holds(found) {
        Answer::Yes
    } else if range.misses(found) {
        Answer::No(condition)
    } else {
        Answer::NotKnown(what())
    }
}
