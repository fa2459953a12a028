//! What the values of a release need when its chart's version changes: the one place where that is decided.

use std::fmt;

use super::address::{APP_TEMPLATE, major, numbers};
use super::codes;
use super::release::at_release;
use crate::flux::{Release, View};
use crate::migrations::sources::Version;
use crate::plan::{Finding, Severity};
use crate::yaml::Edit;

/// A version that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Jump {
    /// What the release says now.
    pub(super) from: Version,
    /// What it is to be.
    pub(super) to: Version,
}

impl Jump {
    /// Whether it goes up within a major version.
    pub(super) fn is_small(&self) -> bool {
        match (numbers(&self.from), numbers(&self.to)) {
            (Some(from), Some(to)) => from[0] == to[0] && from <= to,
            _ => false,
        }
    }
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from.text(), self.to.text());
        match (&self.from, numbers(&self.from), numbers(&self.to)) {
            (Version::Range(_), ..) => write!(f, "the range `{from}` becomes {to}; what runs now is not known here"),
            (_, Some(a), Some(b)) if a > b => write!(f, "{from} becomes {to}, which is a step back"),
            (_, Some(a), Some(b)) if a[0] != b[0] => write!(f, "{from} becomes {to}, another major version"),
            _ => write!(f, "{from} becomes {to}"),
        }
    }
}

/// Converts the values of a release in the edit that moves its chart, so that the values and the version never land apart (S1).
///
/// Of charts other than app-template nothing is known, and values stay. Those of app-template hold within a major version.
///
/// # Errors
/// A finding at the release, where they cannot be converted.
pub(super) fn convert(
    _view: &View,
    release: &Release,
    chart: &str,
    jump: &Jump,
    _edit: &mut Edit<'_>,
) -> Result<(), Finding> {
    let same = major(&jump.from).is_some() && major(&jump.from) == major(&jump.to);
    if chart != APP_TEMPLATE || same {
        return Ok(());
    }
    let message = format!(
        "values of {chart} {} would have to be converted for {}, and that is not done yet",
        jump.from.text(),
        jump.to.text()
    );
    Err(at_release(release, Severity::Error, codes::VALUES, message))
}
