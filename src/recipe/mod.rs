//! Recipes: migrations that people write themselves, as data.
//!
//! A recipe says which documents it is about ([`select`]), what is done to them in which stages
//! ([`stage`], [`verb`]), what has to hold before a stage is written ([`gate`]), and what builds may
//! change ([`promise`]). It is read from YAML by [`language`]. Everything here is a function of
//! values and of a tree that was read; how a recipe is planned and written is in
//! `migrations/recipes`. `docs/recipes.md` has the language.
//!
//! Absent on purpose: templates, arithmetic, programs, new files, and anything from the network.

pub mod api_version;
pub mod codes;
pub mod fields;
pub mod gate;
pub mod language;
pub mod model;
mod naming;
pub mod operation;
pub mod path;
pub mod pattern;
pub mod place;
pub mod promise;
pub mod schema_comment;
pub mod schemas;
pub mod select;
pub mod stage;
pub mod verb;
pub mod version;

pub use model::{Batching, Recipe, Stage, Step};
