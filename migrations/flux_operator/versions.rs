//! Versions of Flux, and the releases of Flux Operator that have their manifests.

use std::fmt;

use crate::flux::FluxVersion;

/// An exact version: three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

/// The newest release of Flux Operator of which it is known which Flux it has (read 2026-11 in
/// `config/data/flux` of its repository).
pub(super) const NEWEST_OPERATOR: Version = Version(0, 58, 1);

/// The oldest Flux that it has.
const OLDEST_FLUX: Version = Version(2, 2, 3);

/// The first release of Flux Operator that has a version of Flux in its image; older ones stay in it.
/// What is between two lines came no later than the second.
const HAVING: [(Version, Version); 6] = [
    (Version(2, 5, 1), Version(0, 16, 0)),
    (Version(2, 6, 4), Version(0, 24, 0)),
    (Version(2, 7, 5), Version(0, 35, 0)),
    (Version(2, 8, 8), Version(0, 50, 0)),
    (Version(2, 9, 0), Version(0, 53, 0)),
    (Version(2, 9, 4), Version(0, 58, 0)),
];

/// The first Flux whose manifests have source-watcher.
const WITH_SOURCE_WATCHER: Version = Version(2, 9, 3);

impl Version {
    /// Reads `2.7.5` and `v2.7.5`, and nothing else.
    pub(super) fn exact(text: &str) -> Option<Version> {
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.').map(|part| {
            let is_number = !part.is_empty() && part.chars().all(|sign| sign.is_ascii_digit());
            part.parse().ok().filter(|_| is_number)
        });
        let version = Version(parts.next()??, parts.next()??, parts.next()??);
        parts.next().is_none().then_some(version)
    }

    /// The version of Flux that a branch states, if it is exact.
    pub(super) fn of_flux(version: FluxVersion) -> Option<Version> {
        Some(Version(version.major, version.minor, version.patch?))
    }

    /// The oldest release of Flux Operator that is certain to have this Flux; `None` if none is known.
    pub(super) fn operator_having(self) -> Option<Version> {
        let having = HAVING.iter().find(|(flux, _)| self <= *flux).map(|(_, operator)| *operator);
        having.filter(|_| self >= OLDEST_FLUX)
    }

    /// Whether the artifact flux-manifests of this Flux has source-watcher.
    pub(super) fn has_source_watcher(self) -> bool {
        self >= WITH_SOURCE_WATCHER
    }

    /// Whether it is this minor of Flux 2 or later.
    pub(super) fn is_at_least(self, minor: u32) -> bool {
        (self.0, self.1) >= (2, minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_versions() {
        for (text, expected) in [
            ("v2.7.5", Some(Version(2, 7, 5))),
            ("2.10.0", Some(Version(2, 10, 0))),
            ("2.7", None),
            ("2.7.x", None),
            ("2.7.5-rc.1", None),
            ("2.7.5.1", None),
            ("latest", None),
            ("2..5", None),
            ("2.+7.5", None),
        ] {
            assert_eq!(Version::exact(text), expected, "{text}");
        }
    }

    #[test]
    fn which_operator_has_which_flux() {
        let operator =
            |text: &str| Version::exact(text).unwrap().operator_having().map(|operator| operator.to_string());
        for (flux, expected) in [
            ("2.2.2", None),
            ("2.2.3", Some("0.16.0")),
            ("2.6.4", Some("0.24.0")),
            ("2.7.3", Some("0.35.0")),
            ("2.7.5", Some("0.35.0")),
            ("2.9.1", Some("0.58.0")),
            ("2.9.4", Some("0.58.0")),
            ("2.9.5", None),
            ("2.10.0", None),
        ] {
            assert_eq!(operator(flux).as_deref(), expected, "{flux}");
        }
        assert!(!Version(2, 9, 2).has_source_watcher() && Version(2, 9, 3).has_source_watcher());
    }
}
