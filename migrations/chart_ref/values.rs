//! What the values of a release need when its chart's version changes: the one place where that is decided.

use std::fmt;

use super::address::{major, numbers};
use super::codes;
use super::release::at_release;
use crate::charts::app_template;
use crate::flux::{At, Release, View};
use crate::migrations::app_template_v4::AppTemplateV4Settings;
use crate::migrations::app_template_v4::conversion::Converted;
use crate::migrations::app_template_v4::edit::convert;
use crate::migrations::app_template_v4::impact::{Effect, effect};
use crate::migrations::app_template_v4::references::Subject;
use crate::migrations::sources::publisher::APP_TEMPLATE;
use crate::migrations::sources::Version;
use crate::plan::author::refused_edit;
use crate::plan::{Finding, Severity};
use crate::yaml::{Edit, Edited};

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

/// Values of app-template that go from 3.x to 4.x with the reference, so that they and the version
/// never land apart (`docs/hazards.md#s1`).
pub(super) struct Conversion<'v> {
    converted: Converted<'v>,
    /// The version that the release moves to.
    pub(super) target: String,
    /// What it comes to on the cluster.
    pub(super) effect: Effect,
}

impl<'v> Conversion<'v> {
    /// How the values of a release are converted for a jump, and what there is to say of that. `None` where they stay: of charts other than
    /// app-template nothing is known, and those of app-template hold within a major version.
    ///
    /// # Errors
    /// Findings at the release, where they cannot be converted.
    pub(super) fn of(
        view: &'v View,
        release: &Release,
        chart: &str,
        jump: &Jump,
        settings: &AppTemplateV4Settings,
    ) -> Result<Option<(Conversion<'v>, Vec<Finding>)>, Vec<Finding>> {
        let same = major(&jump.from).is_some() && major(&jump.from) == major(&jump.to);
        if chart != APP_TEMPLATE || same {
            return Ok(None);
        }
        let (from, target) = (jump.from.text(), jump.to.text().to_owned());
        let versions = (app_template::Version::of(from), app_template::Version::of(&target));
        let (Some(from), Some(version)) = versions else { return Err(vec![unknown(release, jump)]) };
        if !from.is_3() || version.is_3() {
            return Err(vec![unknown(release, jump)]);
        }
        let settings = AppTemplateV4Settings { target: target.clone(), version, ..settings.clone() };
        let converted = Converted::of(view, &release.at, from, &settings).map_err(|reason| vec![reason])?;
        let effect = effect(view, &release.at, &converted);
        let said = converted.findings(view, &release.at);
        let (errors, mut others): (Vec<_>, Vec<_>) =
            said.into_iter().partition(|finding| finding.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(errors);
        }
        // The hook is told of by the move itself.
        others.extend(effect.findings.iter().filter(|finding| finding.code != codes::HOOK).cloned());
        Ok(Some((Conversion { converted, target, effect }, others)))
    }

    /// Writes the values into the edit that moves the chart.
    ///
    /// # Errors
    /// A finding in the file, where the text does not allow it.
    pub(super) fn write(&self, view: &'v View, at: &At, edit: &mut Edit<'v>) -> Result<(), Finding> {
        convert(edit, view, at, &self.converted, &self.target).map_err(|error| refused_edit(&at.path, &error))
    }

    /// Sees whether what is written arrives in every cluster.
    ///
    /// # Errors
    /// A finding at the release, where it does not.
    pub(super) fn check(&self, view: &View, at: &At, edited: &Edited) -> Result<(), Finding> {
        let stream = view.file(&at.path).and_then(|file| file.stream.as_deref()).expect("an edited file was read");
        let text = edited.splices.apply(stream.text()).expect("an edit is bound to its text");
        self.converted.check(view, at, &text)
    }

    /// The release, for those who look for what other files say of it.
    pub(super) fn subject<'c>(&'c self, release: &'c Release) -> Subject<'c> {
        Subject { at: &release.at, line: release.line, name: &release.name, converted: &self.converted }
    }
}

fn unknown(release: &Release, jump: &Jump) -> Finding {
    let message =
        format!("what becomes of values of app-template from {} to {} is not known", jump.from.text(), jump.to.text());
    at_release(release, Severity::Error, codes::VALUES, message)
}
