//! What the files of a repository mean to Flux and Kustomize: objects, kustomizations, sources, clusters, and who applies what.
//!
//! A [`View`] is one tree understood: every YAML file read once, its objects found by kind wherever they are, and a [`Graph`] of the
//! clusters whose Flux Kustomizations reach them. Knows no migration.
//!
//! Semantics: specification `flux-and-kustomize.md`. What is absent on purpose: remote resources, generators, replacements, Helm charts inflated
//! by Kustomize, plugins. They are named where they are met ([`Graph::unmodelled`]) and left alone.

mod build;
mod cluster;
mod file;
mod given;
mod graph;
mod kustomization;
mod object;
mod patch;
mod release;
mod skip;
mod source;
mod substitute;
#[cfg(test)]
mod tests;
mod version;
mod view;

pub use build::Rendered;
pub use cluster::Cluster;
pub use file::{Barred, Broken, FileView};
pub use given::GivenCluster;
pub use graph::{FluxKustomization, Graph, Reach, Unmodelled};
pub use kustomization::{Kustomization, Listed};
pub use object::{At, Object};
pub use patch::Patch;
pub use release::{Chart, ChartSpec, Release};
pub use skip::{Covered, Skip};
pub use source::{CHART_LAYER, HelmRepository, OciRepository, SourceRef};
pub use version::FluxVersion;
pub use view::View;
