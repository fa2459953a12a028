//! Where to state what applies to all releases of a cluster.

use super::by_id::KustomizationId;

/// A releases root: the Flux Kustomization that applies the Flux Kustomizations with HelmReleases,
/// or the HelmReleases themselves. A patch there applies to all releases of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleasesRoot {
    /// The Flux Kustomization.
    pub kustomization: KustomizationId,
    /// The number of Flux Kustomizations with HelmReleases that it applies: a patch for these
    /// releases needs the form with two levels.
    pub kustomizations: usize,
    /// The number of HelmReleases that it applies itself: a patch for these needs the form with one
    /// level.
    pub releases: usize,
}
