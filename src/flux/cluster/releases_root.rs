//! Where to state what is to hold for all releases of a cluster.

/// A releases root: the Flux Kustomization whose render holds the Flux Kustomizations that render HelmReleases, or the HelmReleases
/// themselves. What is to hold for all releases of a cluster is stated there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleasesRoot {
    /// The Flux Kustomization, as an index into [`crate::flux::Graph::kustomizations`].
    pub kustomization: usize,
    /// How many Flux Kustomizations that render HelmReleases it applies: a patch for these releases takes the form with two levels.
    pub kustomizations: usize,
    /// How many HelmReleases it renders itself: a patch for these takes the form with one level.
    pub releases: usize,
}
