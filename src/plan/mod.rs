//! What is to be done, and doing it on trees: migrations, units, findings, selection, landing.
//!
//! **Units are recipes, not patches.** A [`Plan`] holds no text. A [`Unit`] says *what* is to
//! change; [`land`] makes a migration write the text, on the very tree where the unit lands. No
//! text is ever merged.
//!
//! Knows no terminal, no git and no registry: the caller passes the migrations.

pub mod author;
mod batch;
mod class;
mod clusters;
pub mod codes;
mod effect;
mod foreseen;
mod funnel;
mod gate;
pub mod glossary;
mod index;
mod judge;
mod land;
mod lines;
mod migration;
mod names;
mod pending;
mod phase;
mod planner;
mod prove;
mod round;
pub mod runbook;
mod scope;
mod select;
mod sharing;
mod skip;
mod stack;
mod state;
mod tree;
mod trial;
mod unit;
mod unnamed;
mod wave;

pub use crate::finding::{Code, Finding, Severity};
pub use batch::{BRANCHES, Batch, batches, branches_of, is_lane_of};
pub use class::{Apart, Class};
pub use clusters::{about_clusters, apart, clusters_elsewhere};
pub use codes::{GENERAL, code, codes, general_codes};
pub use effect::{Effect, Outcome};
pub use funnel::{Count, Funnel};
pub use gate::{ClusterTree, Gate, Live, Promotion, Standing, Tally};
pub use judge::{Compared, Detail, Differing, How, Judge, Judged, Verdict, says};
pub use land::{Dropped, LandError, Landed, land, ordered};
pub use migration::{Definition, Edited, Meta, Migration, OutOfScope, Survey};
pub use pending::{as_findings, place_of};
pub use phase::Phase;
pub use planner::{Plan, plan};
pub use prove::{plan_reached, prove};
pub use scope::Scope;
pub use select::{Known, SelectError, Selection, Selectors, UnknownSelector, nearest};
pub use skip::{OptOut, about_skips, kept_by};
pub use stack::{Layer, StackError, independent, stacked, without};
pub use state::State;
pub use tree::about_tree;
pub use unit::{Draft, Impact, Lane, OfRecipe, REMOVE, Safety, Subject, Unit, UnitId};

#[cfg(test)]
mod tests;
