//! Which versions of a kind of Flux are served by which minors.

use super::table::{KINDS, key};
use crate::flux::FluxVersion;

/// A version of a kind of Flux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// `v2beta1`.
    pub version: &'static str,
    /// The first minor of Flux 2 that serves it.
    pub first: u32,
    /// The last one; `None` if the newest that the table knows serves it still.
    pub last: Option<u32>,
}

/// The newest minor of Flux 2 in the tables.
pub const NEWEST_MINOR: u32 = 9;

impl Served {
    /// Whether a Flux serves it. A Flux that is newer than the tables is taken to serve what the
    /// newest one in them does.
    pub fn by(&self, flux: FluxVersion) -> bool {
        flux.is_at_least(self.first) && self.last.is_none_or(|last| !flux.is_at_least(last + 1))
    }
}

/// The versions of a kind of Flux, from the oldest; none for any other kind.
pub fn versions(group: &str, kind: &str) -> Vec<Served> {
    let Some(kind) = KINDS.get(&key(group, kind)) else { return Vec::new() };
    let served = kind
        .versions
        .iter()
        .filter_map(|version| version.served.map(|(first, last)| Served { version: &version.name, first, last }));
    served.collect()
}
