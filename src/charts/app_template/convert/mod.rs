//! Values of 3.x as values of 4.x: the same objects under the same names, the same accounts, and
//! nothing that 4.x rejects. Values of 2.x state first what it has by default.
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
mod stated;
#[cfg(test)]
mod tests;

pub use doubt::{Doubt, Matter, line_of};
pub use labels::{COMPONENT, CONTROLLER};
pub use rejected::Rejected;

use super::restore::{Pins, Tokens};
use super::{Chart, Version};
use crate::flux::Value;

/// What makes values of 4.x out of values of 2.x or 3.x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// What keeps every name and account.
    pub pins: Pins,
    /// What you have to know about it, and why it must not be done, in the order of the values.
    pub doubts: Vec<Doubt>,
    stated: stated::Stated,
    older: older::Older,
    backends: backends::Backends,
    labels: labels::Labels,
}

impl Chart<'_> {
    /// How these values of 2.x or 3.x become values of a version of 4.x.
    pub fn conversion(&self, to: Version, tokens: Tokens) -> Conversion {
        let stated = stated::Stated::of(self);
        let values = stated.applied(self.values);
        let chart = Chart { values: &values, ..*self };
        let mut conversion = Conversion {
            pins: chart.pins(to, tokens),
            doubts: Vec::new(),
            stated,
            older: older::Older::of(&chart, to),
            backends: backends::Backends::of(&chart),
            labels: labels::Labels::of(&chart),
        };
        conversion.doubts = chart.doubts(&conversion);
        conversion
    }

    /// The values with what the chart has by default where later versions have another default:
    /// in 2.x, which has a controller and a Service `main` and more. Those of 3.x and 4.x as they are.
    pub fn stated(&self) -> Value {
        stated::Stated::of(self).applied(self.values)
    }
}

impl Conversion {
    /// These values, converted: those that the conversion was read off, or the same before patches
    /// and variables. What stays stands where it stood, and what takes the place of something
    /// stands there.
    pub fn applied(&self, values: &Value) -> Value {
        let mut values = self.pins.applied(&self.older.applied(&self.stated.applied(values)));
        empty::remove(&mut values);
        rejected::state_types(&mut values);
        self.backends.state(&mut values);
        self.labels.rename(&mut values);
        values
    }
}
