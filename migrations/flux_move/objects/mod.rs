//! Sources and stores: they move, or get another name, by a second object.
//!
//! A second one comes beside the first and is ready before anything names it (`second`). Then what names the
//! first names the second, one namespace after the other (`switch`), the entry points of a cluster alone and last
//! (`switch-root`). The first is removed when nothing names it (`first-out`). Each waits for the one before on
//! the branch that the cluster follows. What is applied stays as it is: the same artifacts, the same Secrets.
//!
//! Nothing is followed that is not known to name such an object (`kinds`); whatever else states kind and name
//! keeps it where it is (`mentioned`).

mod edit;
mod gate;
mod judge;
mod kinds;
mod mentioned;
mod moved;
mod runbook;
mod trial;
mod units;
mod uses;

pub(super) use edit::edit;
pub(super) use gate::Live;
pub(super) use kinds::kind;
pub(super) use moved::Objects;
pub(super) use runbook::runbook;
pub(super) use units::{SWITCH_ROOT, drafts, is_of_objects};
