//! The conditions of a gate, as data.

use super::select::Select;
use super::version::Range;

/// What has to hold in the tree of the branch that a cluster follows.
#[derive(Clone, Debug)]
pub enum Condition {
    /// A stage has nothing left to do.
    Landed(String),
    /// Each object that the first selects is one of the others.
    Every {
        /// Which objects.
        select: Select,
        /// One of these.
        is: Select,
        /// Whether it holds where no object is selected.
        open_if_none: bool,
    },
    /// No object is selected.
    None(Select),
    /// The cluster runs such a version of Flux.
    Flux(Range),
    /// The stage has landed on all earlier clusters.
    Earlier,
    /// Somebody says so.
    Confirm(String),
}
