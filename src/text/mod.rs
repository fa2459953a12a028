//! A text, its lines, and edits that are bound to it.
//!
//! The lowest layer: [`crate::yaml`] makes splices, [`crate::repo`] carries them to files, and
//! neither needs to know the other.

mod diff;
mod id;
mod lines;
mod nearest;
mod shell;
mod splice;

pub use diff::{ChangeTag, DiffOp, Hunk, changes, hunks};
pub use id::ContentId;
pub use lines::{Lines, Position};
pub use nearest::nearest;
pub use shell::{arguments, shell};
pub use splice::{Splice, SpliceError, Splices};
