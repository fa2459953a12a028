//! Sources of charts (OCIRepository): found, written and removed for all migrations.
//!
//! - [`SourceKey`], [`Spec`]: what a source says, as data. [`name`]: what it is called.
//! - [`place`]: where it is written and listed: in the folder of sources, or beside another source,
//!   so that everyone who gets that one gets the new one.
//! - [`existing`]: whether it is in a tree, or in a trial of what the tree would be.
//! - [`write`]: its text, in the style of its neighbours, and its entry in the kustomizations that
//!   list it. [`component`]: a Component around it.
//! - [`beta`]: what to write for a HelmRelease that cannot name a source yet.
//! - [`remove`]: how it is removed when nobody names it any more.
//!
//! What cannot be done is a finding with one of the [`codes`]. Semantics:
//! `docs/chart-ref.md#where-the-source-lives`; `docs/hazards.md#s2` to `docs/hazards.md#s7`.

pub(crate) mod beta;
pub(crate) mod codes;
pub(crate) mod component;
pub(crate) mod existing;
pub(crate) mod name;
pub(crate) mod place;
pub(crate) mod remove;
mod spec;
pub(crate) mod write;

pub(crate) use spec::{SourceKey, Spec, Version, copy};
