//! `flux-codemod` migrates Flux GitOps repositories from one convention to another: versioned
//! migrations, edits that keep every comment, a reviewable diff.
//!
//! Modules use each other downwards: [`output`] shows what [`migrations`] plan in terms of
//! [`plan`], which knows [`config`] and [`charts`], which read what [`flux`] understands; these
//! stand on [`yaml`] and [`repo`], which share [`text`]. `cli` and [`git`] are on top.
//! ARCHITECTURE.md has the map and the invariants.
//!
//! **The library is not stable.** It is public for the tests. Stable are the command line, its exit
//! codes, JSON of schema 1 and reason codes.

#[macro_use]
pub mod finding;

pub mod activity;
pub mod charts;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod flux;
pub mod gateway;
pub mod git;
pub mod kustomize;
pub mod output;
pub mod plan;
pub mod programs;
pub mod recipe;
pub mod repo;
pub mod secrets;
pub mod text;
pub mod yaml;

#[path = "../migrations/mod.rs"]
pub mod migrations;

/// The tests of the library go round as often as the others do.
#[cfg(test)]
#[path = "../tests/support/rounds.rs"]
mod rounds;
