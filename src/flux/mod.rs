//! What the files of a repository mean to Flux and Kustomize: objects, kustomizations, sources, clusters, and who applies what.
//!
//! A [`View`] is one tree understood: every YAML file that can matter read once, its objects found by kind wherever they are, and a [`Graph`]
//! of the clusters whose Flux Kustomizations reach them. Knows no migration.
//!
//! Semantics: `docs/flux-and-kustomize.md`. What is absent on purpose: remote resources,
//! replacements, Helm charts inflated by Kustomize, plugins. They are named where they are met
//! ([`Graph::unmodelled`]) and left alone.

mod cluster;
mod files;
mod kustomize;
mod mentions;
#[cfg(test)]
mod tests;
mod value;
mod view;

pub use cluster::{
    Checkout, Cluster, ControllerFlag, EntryTemplate, Flag, FluxKustomization, Followed, FollowedBranch, Following,
    GivenCluster, Graph, KustomizationTemplate, Position, Reach, ReleasesRoot, States, SubstituteFrom,
};
pub use files::{
    At, Barred, Broken, CHART_LAYER, Covered, FileView, FluxVersion, HelmRepository, Object, OciRepository, Skip,
    SourceRef, is_kustomization_file,
};
pub use kustomize::{Kustomization, Listed, Patch, Patches, Rendered, Stage, Unmodelled};
pub use mentions::{Mention, Named, SelectorUse};
pub use value::{FieldDifference, Value, Variables, rewrite};
pub use view::{
    Chart, ChartSpec, Identity, InCluster, Input, Installed, InstalledChart, NotBuilt, Radius, Radiuses, Release,
    Traced, View,
};
