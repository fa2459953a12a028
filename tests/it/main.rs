//! All integration tests but the golden cases, as one program: it is linked once, and its tests run
//! beside each other.
//!
//! `cargo test --test it` runs them all, `cargo test --test it -- cli::` those of one module.

#[path = "../support/mod.rs"]
mod support;

mod app_template;
mod apply;
mod asking;
mod author;
mod branch;
mod claim_changed;
mod cli;
mod clusters;
mod components;
mod corpus;
mod doctor_counts;
mod fixtures;
mod flux_move;
mod flux_operator;
mod flux_operator_built;
mod gateway_routes;
mod health_signals;
mod helm;
mod hostile_words;
mod house;
mod judge;
mod kubectl;
mod kustomize;
mod landing;
mod lattice;
mod mentions;
mod migrations_page;
mod mutants;
mod next;
#[cfg(unix)]
mod packaging;
mod recipe_gates;
mod recipe_laws;
mod recipe_tables;
mod recipes;
mod remediation_defaults;
mod report;
mod route_vectors;
mod schema;
mod terminal;
mod tutorial;
mod typed;
mod vectors;
mod verify;
mod words;
mod worked_example;
mod yaml;
