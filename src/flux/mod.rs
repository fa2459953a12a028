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
mod flux_input;
mod installed;
mod kustomize;
mod mentions;
mod radius;
mod release;
#[cfg(test)]
mod tests;
mod traced;
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
pub use flux_input::{Input, NotBuilt};
pub use installed::{Installed, InstalledChart};
pub use kustomize::{Kustomization, Listed, Patch, Patches, Rendered, Stage, Unmodelled};
pub use mentions::{Mention, Named, SelectorUse};
pub use radius::{InCluster, Radius, Radiuses};
pub use release::{Chart, ChartSpec, Identity, Release};
pub use traced::Traced;
pub use value::{FieldDifference, Value, Variables, rewrite};
pub use view::View;
