//! What Kustomize builds from a directory: which objects there are and what they are called.
//!
//! A build ([`Builder`]) knows the identity of each object, the files it came through and, where
//! that is asked for, each [`Stage`] that changed it; it does not render contents. Only
//! HelmReleases, Flux Kustomizations and their sources keep their patches, so that they can be
//! patched completely where they arrive. What is not in an [`Artifact`] is not there for a build.
//!
//! Kustomize knows nothing of Flux: what Flux adds to a kustomization comes in as an [`Overlay`].
//! What `replacements` fill is unknown. What is not modelled (remote resources, Helm charts,
//! plugins) is noted as [`Unmodelled`] and has no effect. The rules: `docs/flux-and-kustomize.md`.

mod artifact;
mod builder;
mod change;
mod fill;
mod generator;
mod kustomization;
mod overlay;
mod parsed_tree;
mod patch;
mod rendered;
mod replaced;
mod selector;
mod stage;
mod unmodelled;

pub use artifact::Artifact;
pub(super) use builder::{Builder, Builders, objects};
pub(super) use generator::Content;
pub use generator::Generator;
pub use kustomization::{Kustomization, Listed};
pub(super) use overlay::Overlay;
pub(super) use parsed_tree::ParsedTree;
pub use patch::{Patch, Patches};
pub use rendered::{Rendered, RenderedIdentity};
pub use replaced::ReplacedList;
pub use stage::Stage;
pub use unmodelled::Unmodelled;
