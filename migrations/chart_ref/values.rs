//! What the values of a release need when the version of its chart changes.

use std::fmt;

use super::address::{major, numbers};
use super::codes;
use super::findings::refusal;
use crate::charts::app_template;
use crate::charts::homes::APP_TEMPLATE;
use crate::flux::{Release, View};
use crate::migrations::app_template::AppTemplateSettings;
use crate::migrations::app_template::conversion::Converted;
use crate::migrations::app_template::impact::{Effect, effect};
use crate::migrations::sources::Version;
use crate::plan::{Finding, Severity};

/// A version that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Jump {
    /// What the release states now.
    pub(super) from: Version,
    /// What it is to be.
    pub(super) to: Version,
}

impl Jump {
    /// Whether it is a step up within a major version.
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
            (Version::Range(_), ..) => write!(f, "the range `{from}` becomes {to}; which version runs now is unknown"),
            (_, Some(a), Some(b)) if a > b => write!(f, "{from} becomes {to}, which is a downgrade"),
            (_, Some(a), Some(b)) if a[0] != b[0] => write!(f, "{from} becomes {to}, another major version"),
            _ => write!(f, "{from} becomes {to}"),
        }
    }
}

/// Values of app-template that are converted from 3.x to 4.x together with the reference, so that
/// the values and the version never land apart (`docs/hazards.md#s1`).
pub(super) struct Conversion<'v> {
    pub(super) converted: Converted<'v>,
    /// The version that the release moves to.
    pub(super) target: String,
    /// What it does on the cluster.
    pub(super) effect: Effect,
    /// What there is to report about it.
    pub(super) findings: Vec<Finding>,
}

impl<'v> Conversion<'v> {
    /// How the values of a release are converted. `None` if they stay: of charts other than
    /// app-template nothing is known, and those of app-template stay valid within a major version.
    ///
    /// # Errors
    /// A finding at the release if they cannot be converted.
    pub(super) fn of(
        view: &'v View,
        release: &Release,
        chart: &str,
        jump: &Jump,
        settings: &AppTemplateSettings,
    ) -> Result<Option<Conversion<'v>>, Finding> {
        let is_same_major = major(&jump.from).is_some() && major(&jump.from) == major(&jump.to);
        if chart != APP_TEMPLATE || is_same_major {
            return Ok(None);
        }
        let (from, target) = (jump.from.text(), jump.to.text().to_owned());
        let versions = (app_template::Version::of(from), app_template::Version::of(&target));
        let (Some(from), Some(version)) = versions else { return Err(unknown(release, jump)) };
        if !from.is_before_4() || version.is_before_4() {
            return Err(unknown(release, jump));
        }
        let settings = AppTemplateSettings { target: target.clone(), version, pins_for_5: false, ..settings.clone() };
        let converted = Converted::of(view, &release.at, from, &settings, None)?;
        let effect = effect(&converted);
        let mut findings = converted.findings();
        if let Some(error) = findings.iter().find(|finding| finding.severity == Severity::Error) {
            return Err(error.clone());
        }
        // Hooks are reported for every release that moves.
        findings.extend(effect.findings.iter().filter(|finding| finding.code != codes::HOOK).cloned());
        Ok(Some(Conversion { converted, target, effect, findings }))
    }
}

fn unknown(release: &Release, jump: &Jump) -> Finding {
    let (from, to) = (jump.from.text(), jump.to.text());
    refusal(release, codes::VALUES, format!("how values of app-template change from {from} to {to} is unknown"))
}
