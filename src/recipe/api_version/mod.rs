//! Which API version an object of Flux should state: the newest that the Flux of each of its
//! clusters serves ([`judge`]); and what changes in it on the way there ([`convert`]).
//!
//! The group is never touched, and `kustomize.config.k8s.io` is not of Flux.

mod automation;
mod convert;
mod durations;
mod patches;
mod references;
#[cfg(test)]
mod tests;
mod values_files;

pub use automation::lines_that_flux_refuses;
pub use convert::{Converted, Options, convert};
pub use references::follow_references;

use super::fields::{self, Served};
use crate::flux::FluxVersion;

/// What there is to say of the version that an object states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The newest version that every Flux asked about serves; `None` if there is none.
    pub want: Option<&'static str>,
    /// Which of them, by index, do not serve the stated version.
    pub not_served_by: Vec<usize>,
    /// Whether the wanted version is older than the stated one.
    pub lowers: bool,
    /// What a newer version than the wanted one waits for.
    pub waits: Vec<Waits>,
}

/// A Flux that does not serve the newest version yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// Which one of those asked about.
    pub flux: usize,
    /// The version that it does not serve.
    pub version: &'static str,
    /// The minor of Flux 2 that does.
    pub minor: u32,
}

impl Judged {
    /// The version to write in the place of the stated one. What a Flux does not serve is repaired,
    /// to a newer or an older version; anything else becomes newer, never older.
    pub fn change(&self, stated: &str) -> Option<&'static str> {
        self.want.filter(|want| *want != stated)
    }
}

/// Judges the version of an object by the Flux of each cluster that applies it. `None` for what is
/// no kind of Flux, and if there is no Flux to ask about.
pub fn judge(group: &str, kind: &str, stated: &str, flux: &[FluxVersion]) -> Option<Judged> {
    let versions = fields::versions(group, kind);
    if flux.is_empty() || versions.is_empty() {
        return None;
    }
    let by_all = |served: &&Served| flux.iter().all(|flux| served.by(*flux));
    let want = versions.iter().rev().find(by_all);
    let served_now = versions.iter().find(|served| served.version == stated);
    let all = flux.iter().enumerate();
    let lacking = |served: Option<&Served>| {
        all.clone()
            .filter(|(_, flux)| !served.is_some_and(|served| served.by(**flux)))
            .map(|(index, _)| index)
            .collect()
    };
    let newest = versions.last().filter(|newest| want.is_none_or(|want| want != *newest));
    let not_yet = newest.into_iter().flat_map(|newest| {
        let older = all.clone().filter(|(_, flux)| !flux.is_at_least(newest.first));
        older.map(|(flux, _)| Waits { flux, version: newest.version, minor: newest.first })
    });
    let place = |version: &str| versions.iter().position(|served| served.version == version);
    Some(Judged {
        want: want.map(|want| want.version),
        not_served_by: lacking(served_now),
        lowers: want.is_some_and(|want| place(want.version) < place(stated)),
        waits: not_yet.collect(),
    })
}
