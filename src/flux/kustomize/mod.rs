//! What Kustomize builds from a directory: which objects, what they are called, and what is done to them on their way.

mod builder;
mod change;
mod generated;
mod generator;
mod kustomization;
mod overlay;
mod parsed_tree;
mod patch;
mod rendered;
mod selector;
mod stage;
mod unmodelled;

pub(super) use builder::{Builder, objects};
pub(super) use generator::Content;
pub use kustomization::{Kustomization, Listed};
pub(super) use overlay::Overlay;
pub(super) use parsed_tree::ParsedTree;
pub use patch::{Patch, Patches};
pub use rendered::Rendered;
pub use stage::Stage;
pub use unmodelled::Unmodelled;
