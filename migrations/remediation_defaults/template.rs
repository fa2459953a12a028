//! Releases roots that stand in templates: refused, with the text to paste.

use super::settings::RemediationDefaultsSettings;
use crate::flux::View;
use crate::plan::Unit;

pub(super) fn units(_view: &View, _settings: &RemediationDefaultsSettings) -> Vec<Unit> {
    Vec::new()
}
