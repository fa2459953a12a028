//! What steps did to a document beside its value, and what they saw in it.

use super::{Commenting, Header, Kept};
use crate::finding::Code;
use crate::recipe::place::Place;

/// What steps did to a document, beside its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes {
    /// Comments to put beside entries, or to take away.
    pub comments: Vec<(Place, Commenting)>,
    /// To which entries comments belong.
    pub kept: Kept,
    /// Comments in the header of the document.
    pub headers: Vec<Header>,
    /// Why the change should be looked at first.
    pub reviews: Vec<(&'static Code, String)>,
    /// What is to be said of the document, whether it changes or not.
    pub remarks: Vec<(&'static Code, String)>,
    /// Why it is not known what becomes of it.
    pub not_known: Vec<String>,
}

/// What a step saw in a document, whether or not it had something to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its before-state or its after-state.
    pub state: bool,
    /// That what contains its path is there.
    pub parent: bool,
    /// Its after-state.
    pub after: bool,
}

impl Seen {
    /// What one of two saw.
    pub fn or(self, other: Seen) -> Seen {
        Seen { state: self.state || other.state, parent: self.parent || other.parent, after: self.after || other.after }
    }

    pub(super) fn state(state: bool) -> Seen {
        Seen { state, parent: state, after: false }
    }
}
