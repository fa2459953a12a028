use super::list::counts_as_text;
use super::plan::name;
use super::{Layout, visible};
use crate::flux::View;
use crate::plan::{Finding, Selection, Severity, Unit, place_of};

/// What `check` finds as text, a line for each place, as compilers print it, and then how many units
/// there are of each state. `plan -v` shows the details.
pub fn check_as_text(view: &View, selection: &Selection<'_>, layout: &Layout) -> String {
    let mut lines: Vec<Line> = Vec::new();
    lines.extend(selection.chosen.iter().map(|unit| line(view, unit, "pending", None)));
    lines.extend(selection.to_review.iter().flat_map(|unit| with_reasons(view, unit, "to review", Severity::Warning)));
    lines.extend(selection.refused.iter().flat_map(|unit| with_reasons(view, unit, "refused", Severity::Error)));
    lines.extend(selection.held.iter().map(|unit| line(view, unit, "held", unit.held.first())));
    let waiting = waiting_for_a_migration(selection);
    lines.extend(waiting.iter().flat_map(|unit| with_reasons(view, unit, "waits", Severity::Note)));
    lines.sort();
    lines.dedup();
    let mut out: String = lines.into_iter().map(|line| format!("{}\n", visible(&line.text))).collect();
    let counts = [
        (selection.chosen.len(), "pending"),
        (selection.to_review.len(), "to review"),
        (selection.refused.len(), "refused"),
        (selection.held.len(), "held"),
        (waiting.len(), "waiting for another migration"),
    ];
    let total = counts_as_text(&counts);
    if !total.is_empty() {
        out.push_str(&format!("{}\n", layout.heading(total)));
    }
    out
}

/// The units that wait for another migration.
fn waiting_for_a_migration<'p>(selection: &Selection<'p>) -> Vec<&'p Unit> {
    selection.waiting.iter().filter(|unit| unit.waits_for.is_some()).copied().collect()
}

/// A line about a unit, sorted by its place.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    path: String,
    number: Option<usize>,
    text: String,
}

/// One line for each place of the findings that put a unit into its state; at its own place, if
/// there are none.
fn with_reasons(view: &View, unit: &Unit, state: &str, severity: Severity) -> Vec<Line> {
    let reasons: Vec<_> = unit.findings.iter().filter(|finding| finding.severity == severity).collect();
    if reasons.is_empty() {
        return vec![line(view, unit, state, None)];
    }
    reasons.into_iter().map(|reason| line(view, unit, state, Some(reason))).collect()
}

/// `apps/plex.yaml:1: [refused, several-sources] chart-ref: media/plex`.
fn line(view: &View, unit: &Unit, state: &str, reason: Option<&Finding>) -> Line {
    let of_unit = place_of(view, unit);
    let (path, number) = match reason {
        Some(Finding { path: Some(path), line, .. }) => (Some(path.clone()), *line),
        _ => of_unit,
    };
    let path = path.map(|path| path.to_string()).unwrap_or_default();
    let place = number.map_or_else(|| path.clone(), |number| format!("{path}:{number}"));
    let code = reason.map(|reason| format!(", {}", reason.code)).unwrap_or_default();
    let text = format!("{place}: [{state}{code}] {}: {}", unit.id.migration, name(unit));
    Line { path, number, text }
}
