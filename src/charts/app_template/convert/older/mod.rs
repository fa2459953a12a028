//! What sets the older 3.x apart from 4.x beside names (`docs/app-template.md#older-3x`): keys that
//! did nothing and would begin to act, text that was none of Helm's templates and would become one,
//! and what nothing can keep.

mod keys;
mod ports;
mod rejections;
mod templates;
#[cfg(test)]
mod tests;

use super::paths::{at_mut, path, remove};
use super::{Doubt, Matter};
use crate::charts::app_template::Chart;
use crate::charts::app_template::Version;
use crate::flux::Value;

/// What has to happen to values of an older 3.x so that 4.x does with them what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Older {
    /// The keys that go.
    removed: Vec<Vec<String>>,
    /// The texts that become literal, as they are written then.
    escaped: Vec<(Vec<String>, String)>,
    /// What there is to say about all this.
    pub(super) doubts: Vec<Doubt>,
}

impl Older {
    pub(super) fn of(chart: &Chart<'_>, to: Version) -> Older {
        let mut older = Older { removed: Vec::new(), escaped: Vec::new(), doubts: Vec::new() };
        if !chart.version.is_before_4() {
            return older;
        }
        keys::find(chart, &mut older);
        ports::find(chart, &mut older);
        templates::find(chart, to, &mut older);
        rejections::find(chart, &mut older);
        older
    }

    /// The values without what does nothing, and with literal text in the place of what would become
    /// a template.
    pub(super) fn applied(&self, values: &Value) -> Value {
        let mut values = values.clone();
        for (path, escaped) in &self.escaped {
            if let Some(Value::Scalar { text, string: true }) = at_mut(&mut values, path)
                && text != escaped
                && text.contains("{{")
            {
                *text = templates::escaped(text);
            }
        }
        for path in &self.removed {
            remove(&mut values, path, &MAY_GO);
        }
        values
    }

    fn say(&mut self, at: Vec<String>, matter: Matter) {
        self.doubts.push(Doubt { at, matter });
    }

    fn remove(&mut self, at: Vec<String>, why: String) {
        self.removed.push(at.clone());
        self.say(at, Matter::Removed(why));
    }
}

/// Mappings that say nothing once they are empty.
const MAY_GO: [&str; 7] = ["global", "configMapsFromFolder", "labels", "annotations", "job", "cronjob", "spec"];
