//! The kit that migrations are made of.
//!
//! A small migration says which objects it is about and what their values become ([`Rewrite`]); the
//! house does the rest. A larger one implements [`Migration`](super::Migration) itself and takes
//! from here what it needs: [`Edits`] for the text of several files, [`workloads`] for the class of
//! a batch. CONTRIBUTING.md has a whole migration as an example.

mod commented;
mod edits;
mod frequent;
mod rewrite;
pub mod testing;
mod workloads;

pub use super::land::never_changed;
pub use commented::comments_out_entry;
pub use edits::{After, Edits, Written, edited, refused_edit};
pub use frequent::most_frequent;
pub use rewrite::{
    Becomes, OBJECTS, Objects, Rewrite, Target, Verdict, arriving, other_names, patches_on_the_way, subject,
    subject_of_flux,
};
pub use workloads::{hooks, workloads};
