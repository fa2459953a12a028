//! `flux-codemod` rewrites Flux GitOps repositories from one convention to the next: versioned migrations, comment-preserving edits, a
//! reviewable diff.
//!
//! The floors of the house, uses pointing down: [`output`] shows what [`migrations`] plan in terms of [`plan`], which knows [`config`] and
//! [`charts`], which reads what [`flux`] understands; these stand on [`yaml`] and [`repo`], which share [`text`]. `cli` is the front door, and [`git`]
//! the side entrance. ARCHITECTURE.md has the map and the invariants.

pub mod charts;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod finding;
pub mod flux;
pub mod git;
pub mod kustomize;
pub mod output;
pub mod plan;
pub mod repo;
pub mod text;
pub mod yaml;

#[path = "../migrations/mod.rs"]
pub mod migrations;
