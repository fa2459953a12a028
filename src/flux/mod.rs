//! What the files of a repository mean to Flux and Kustomize: objects, kustomizations, sources, clusters, and who applies what.
//!
//! A [`View`] is one tree understood: every YAML file that can matter read once, its objects found by kind wherever they are, and a [`Graph`]
//! of the clusters whose Flux Kustomizations reach them. Knows no migration.
//!
//! Semantics: `docs/flux-and-kustomize.md`. What is absent on purpose: remote resources,
//! replacements, Helm charts inflated by Kustomize, plugins. They are named where they are met
//! ([`Graph::unmodelled`]) and left alone.

mod cluster;
#[cfg(test)]
mod cluster_tests;
mod entry;
mod files;
mod flags;
mod flux_input;
mod flux_kustomization;
mod following;
mod given;
mod graph;
mod installed;
mod kustomize;
mod mentions;
mod radius;
mod release;
mod root;
mod template;
#[cfg(test)]
mod tests;
mod traced;
mod value;
mod view;
mod walk;

pub use cluster::Cluster;
pub use files::{
    At, Barred, Broken, CHART_LAYER, Covered, FileView, FluxVersion, HelmRepository, Object, OciRepository, Skip,
    SourceRef, is_kustomization_file,
};
pub use flags::{ControllerFlag, Flag};
pub use flux_input::{Input, NotBuilt};
pub use flux_kustomization::{FluxKustomization, SubstituteFrom};
pub use following::{Checkout, Followed, FollowedBranch, Following, Position, States};
pub use given::GivenCluster;
pub use graph::{Graph, Reach};
pub use installed::{Installed, InstalledChart};
pub use kustomize::{Kustomization, Listed, Patch, Patches, Rendered, Stage, Unmodelled};
pub use mentions::{Mention, Named, SelectorUse};
pub use radius::{InCluster, Radius, Radiuses};
pub use release::{Chart, ChartSpec, Identity, Release};
pub use root::ReleasesRoot;
pub use template::{EntryTemplate, KustomizationTemplate};
pub use traced::Traced;
pub use value::{FieldDifference, Value, Variables, rewrite};
pub use view::View;
