//! Findings at a release.

use crate::flux::{Chart, Release};
use crate::plan::{Code, Finding};

/// A finding, placed where a release states its chart.
pub(super) fn at_release(release: &Release, finding: Finding) -> Finding {
    let line = match &release.chart {
        Chart::Spec(spec) => spec.line,
        Chart::Ref(_) | Chart::Invalid => release.line,
    };
    finding.at(&release.at.path, line)
}

/// Why a release cannot move.
pub(super) fn refusal(release: &Release, code: &'static Code, message: impl Into<String>) -> Finding {
    at_release(release, Finding::error(code, message))
}
