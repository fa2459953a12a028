use std::collections::BTreeMap;

use super::list::counts_as_text;
use super::plan::name;
use super::{Layout, visible};
use crate::plan::{Migration, Selection, Severity, Unit};

/// What makes `check` fail, as text: the units that are pending, for review or refused, and how
/// many there are. `plan` shows the details.
pub fn check_as_text(selection: &Selection<'_>, migrations: &[&dyn Migration], layout: &Layout) -> String {
    let mut out = String::new();
    for migration in migrations {
        let meta = migration.meta();
        let chosen = of_migration(meta.id, &selection.chosen);
        let to_review = of_migration(meta.id, &selection.to_review);
        let refused = of_migration(meta.id, &selection.refused);
        if [&chosen, &to_review, &refused].into_iter().all(Vec::is_empty) {
            continue;
        }
        out.push_str(&format!("{}@{}\n", meta.id, meta.version));
        pending(&chosen, layout, &mut out);
        with_reasons("to review", &to_review, Severity::Warning, &mut out);
        with_reasons("refused", &refused, Severity::Error, &mut out);
        out.push('\n');
    }
    let counts = [
        (selection.chosen.len(), "pending"),
        (selection.to_review.len(), "to review"),
        (selection.refused.len(), "refused"),
    ];
    out.push_str(&counts_as_text(&counts));
    out.push('\n');
    out
}

fn of_migration<'p>(migration: &str, units: &[&'p Unit]) -> Vec<&'p Unit> {
    units.iter().filter(|unit| unit.id.migration == migration).copied().collect()
}

/// The names of pending units, by lane.
fn pending(units: &[&Unit], layout: &Layout, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push_str("  pending\n");
    let mut lanes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for unit in units {
        lanes.entry(unit.lane.to_string()).or_default().push(name(unit));
    }
    for (lane, names) in lanes {
        out.push_str(&layout.fold(&format!("    {:<10} ", visible(&lane)), &names.join(", ")));
        out.push('\n');
    }
}

/// Units under a heading, each with the codes and places of the findings that put it there.
fn with_reasons(heading: &str, units: &[&Unit], severity: Severity, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push_str(&format!("  {heading}\n"));
    for unit in units {
        let mut reasons: Vec<_> = unit.findings.iter().filter(|finding| finding.severity == severity).collect();
        reasons.dedup_by_key(|finding| (finding.code, finding.place()));
        let codes: Vec<&str> = reasons.iter().map(|finding| finding.code.id).collect();
        let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
        out.push_str(&format!("    {}{codes}\n", visible(&name(unit))));
        let mut places: Vec<String> = reasons.iter().filter_map(|finding| finding.place()).collect();
        places.dedup();
        for place in places {
            out.push_str(&format!("      at {}\n", visible(&place)));
        }
    }
}
