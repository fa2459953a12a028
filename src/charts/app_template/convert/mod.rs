//! Values of 3.x as values of 4.x: the same objects under the same names, the same accounts, and
//! nothing that 4.x rejects.
//!
//! A [`Conversion`] is read off the values as they arrive in a cluster, and can be
//! [applied](Conversion::applied) to them as well as to the text that they come from: what is to be
//! written is the difference.

mod backends;
mod doubt;
mod empty;
mod labels;
mod older;
mod paths;
mod rejected;
#[cfg(test)]
mod tests;

pub use doubt::{Doubt, Matter, line_of};
pub use labels::{COMPONENT, CONTROLLER};
pub use rejected::Rejected;

use super::restore::{Pins, Tokens};
use super::{Chart, Version};
use crate::flux::Value;

/// What makes values of 4.x out of values of 3.x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// What keeps every name and account.
    pub pins: Pins,
    /// What you have to know about it, and why it must not be done, in the order of the values.
    pub doubts: Vec<Doubt>,
    older: older::Older,
    backends: backends::Backends,
    labels: labels::Labels,
}

impl Chart<'_> {
    /// How these values of 3.x become values of a version of 4.x.
    pub fn conversion(&self, to: Version, tokens: Tokens) -> Conversion {
        let mut conversion = Conversion {
            pins: self.pins(to, tokens),
            doubts: Vec::new(),
            older: older::Older::of(self, to),
            backends: backends::Backends::of(self),
            labels: labels::Labels::of(self),
        };
        conversion.doubts = self.doubts(&conversion);
        conversion
    }
}

impl Conversion {
    /// These values, converted: those that the conversion was read off, or the same before patches
    /// and variables. What stays stands where it stood, and what takes the place of something
    /// stands there.
    pub fn applied(&self, values: &Value) -> Value {
        let mut values = self.pins.applied(&self.older.applied(values));
        empty::remove(&mut values);
        rejected::state_types(&mut values);
        self.backends.state(&mut values);
        self.labels.rename(&mut values);
        values
    }
}
