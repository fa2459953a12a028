//! What the files of a repository mean to Flux and Kustomize: objects, kustomizations, sources,
//! clusters, and which cluster applies what.
//!
//! A [`View`] is one tree, read: every YAML file that can matter is parsed once, its objects are
//! found by kind and not by file name, and a [`Graph`] has the clusters and what they apply. It
//! knows no migration and no git.
//!
//! The rooms, from the ground up; each uses only those above it in this list (`tests/it/house.rs`):
//!
//! | room | what is in it |
//! |---|---|
//! | `value` | the data of a node: patched, substituted, compared, rewritten |
//! | `files` | YAML files and what they state: objects, sources, opt-outs |
//! | `kustomize` | what Kustomize builds from a directory |
//! | `cluster` | entry points, Flux Kustomizations, and what each of them applies |
//! | `view` | all of this of one tree, and the questions that can be asked |
//! | `mentions` | where other files name an object or a source, or select by a label |
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
    ById, Checkout, Cluster, ClusterId, ControllerFlag, EntryTemplate, Flag, FluxKustomization, Followed,
    FollowedBranch, Following, Given, GivenCluster, Graph, KustomizationId, KustomizationTemplate, OnBranch, Position,
    Reach, ReleasesRoot, SUBSTITUTE, States, SubstituteFrom, address, excludes_substitution, instance_spec,
    is_disabled, remote_cluster, survives_pruning,
};
pub use files::{
    At, Barred, Broken, CHART_LAYER, Covered, FileView, FluxVersion, Guard, HelmRepository, Name, Object,
    OciRepository, Pairs, Skip, SourceRef, WorkloadKind, group_of, is_kustomization_file, on_all_cores,
};
pub use kustomize::{
    Artifact, Generator, Kustomization, Listed, Patch, Patches, Rendered, RenderedIdentity, ReplacedList, Stage,
    Unmodelled,
};
pub use mentions::{
    Mention, Named, Namer, SelectorUse, SourceNames, Unread, Watched, has_word, is_word, kinds_by_key, watching_field,
};
pub use value::{
    FieldDifference, Missing, Spelling, Value, Variables, pointer_part, pointer_parts, rewrite, rewrite_with,
    with_escaped,
};
pub use view::{
    AppliedRelease, Arrival, Changed, Chart, ChartSpec, Identity, InCluster, Input, Installed, InstalledChart,
    NotBuilt, ObjectId, Radius, Radiuses, Release, Traced, View,
};
