//! Why units are not written, and findings.

use std::collections::BTreeMap;

use super::{grouped, name};
use crate::output::excerpt::Excerpts;
use crate::output::layout::count;
use crate::output::{Layout, visible};
use crate::plan::{Finding, Severity, Unit};

/// Units that gates hold back, by reason.
pub(super) fn held(units: &[&Unit], layout: &Layout, out: &mut String) {
    let (by_stage, by_cluster): (Vec<&Unit>, Vec<&Unit>) =
        units.iter().copied().partition(|unit| !unit.closed_gates.is_empty());
    under("held (written only with --no-gate)", &by_cluster, layout, out);
    under("held until the gate of their stage opens", &by_stage, layout, out);
}

fn under(heading: &str, units: &[&Unit], layout: &Layout, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", layout.heading(heading)));
    let mut by_reason =
        grouped(units.iter().copied(), |unit| (held_by(unit), unit.held.first().map(|finding| finding.code.id)));
    by_reason.sort_by_key(|((reason, _), _)| *reason);
    for ((reason, _), units) in by_reason {
        // The reason is the same for all of them, wherever it is.
        let finding = units[0].held.first();
        let reason = match finding {
            Some(finding) => finding_as_text(&Finding { path: None, line: None, ..finding.clone() }, "  ", layout),
            None => format!("{}\n", layout.fold_deeper("  ", "  ", reason)),
        };
        out.push_str(&reason);
        if let Some(finding) = finding.filter(|finding| finding.severity == Severity::Note) {
            out.push_str(&layout.fold("    = ", finding.help()));
            out.push('\n');
        }
        for (migration, units) in grouped(units, |unit| unit.id.migration) {
            let names: Vec<String> = units.into_iter().map(name).collect();
            out.push_str(&layout.fold_deeper("    ", "      ", &format!("{migration}: {}", names.join(", "))));
            out.push('\n');
        }
    }
}

/// Why a unit is held.
pub(super) fn held_by(unit: &Unit) -> &str {
    // What needs a held unit is held with it.
    unit.held.first().map_or("what it needs is held", |reason| &*reason.message)
}

/// Refused units by reason, because one reason often holds for many.
pub(super) fn refused(units: &[&Unit], excerpts: &mut Excerpts<'_>, layout: &Layout, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", layout.heading("refused")));
    let mut by_reason: BTreeMap<(&str, &str), Vec<(&Unit, &Finding)>> = BTreeMap::new();
    for unit in units {
        for finding in unit.findings.iter().filter(|finding| finding.severity == Severity::Error) {
            by_reason.entry((finding.code.id, &finding.message)).or_default().push((unit, finding));
        }
    }
    for (_, units) in by_reason {
        let reason = Finding { path: None, line: None, ..units[0].1.clone() };
        out.push_str(&finding_as_text(&reason, "  ", layout));
        for (unit, finding) in units {
            out.push_str(&format!("    {}\n", visible(&name(unit))));
            if let Some(place) = finding.place() {
                out.push_str(&format!("      at {}\n", visible(&place)));
                out.push_str(&excerpts.next(finding, "      ", layout));
            }
            if let Some(paste) = &unit.paste {
                out.push_str("      to paste:\n");
                paste.lines().for_each(|line| out.push_str(&format!("        {}\n", visible(line))));
            }
        }
    }
}

/// Opted-out units, each with the reason and the place of the comment.
pub(super) fn opted_out(units: &[&Unit], excerpts: &mut Excerpts<'_>, layout: &Layout, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", layout.heading("opted out")));
    for unit in units {
        out.push_str(&format!("  {}\n", visible(&name(unit))));
        for finding in &unit.findings {
            out.push_str(&layout.fold("    ", &finding.message));
            out.push('\n');
            if let Some(place) = finding.place() {
                out.push_str(&format!("    at {}\n", visible(&place)));
                out.push_str(&excerpts.next(finding, "    ", layout));
            }
        }
    }
}

/// A finding in short: severity and code, message, place, and what to do.
pub fn finding_as_text(finding: &Finding, indent: &str, layout: &Layout) -> String {
    finding_around(finding, "", indent, layout)
}

/// A finding as compilers show it, with its line.
pub(super) fn finding_in_full(finding: &Finding, excerpts: &mut Excerpts<'_>, indent: &str, layout: &Layout) -> String {
    let excerpt = excerpts.next(finding, &format!("{indent}  "), layout);
    finding_around(finding, &excerpt, indent, layout)
}

fn finding_around(finding: &Finding, excerpt: &str, indent: &str, layout: &Layout) -> String {
    let blanks = format!("{indent}  ");
    let text = format!("{}[{}]: {}", finding.severity, finding.code, finding.message);
    let mut out = layout.severity(finding.severity, &layout.fold_deeper(indent, &blanks, &text));
    out.push('\n');
    if let Some(place) = finding.place() {
        out.push_str(&format!("{blanks}at {}\n", visible(&place)));
    }
    out.push_str(excerpt);
    if finding.severity != Severity::Note {
        out.push_str(&layout.fold(&format!("{blanks}= "), finding.help()));
        out.push('\n');
    }
    out
}

/// Findings about the repository. Notes with the same message about many files are one line.
pub(super) fn about_repository(findings: &[&Finding], excerpts: &mut Excerpts<'_>, layout: &Layout, out: &mut String) {
    let (notes, others): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().copied().partition(|finding| finding.severity == Severity::Note);
    if findings.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", layout.heading("repository findings")));
    for finding in others {
        out.push_str(&finding_in_full(finding, excerpts, "  ", layout));
    }
    let mut by_code: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
    for note in notes {
        by_code.entry((note.code.id, &note.message)).or_default().push(note);
    }
    for ((code, message), notes) in by_code {
        match notes.as_slice() {
            [one] => out.push_str(&finding_in_full(one, excerpts, "  ", layout)),
            several => {
                let text = format!("note[{code}]: {}: {message}", count(several.len(), "file"));
                out.push_str(&layout.fold("  ", &text));
                out.push('\n');
            }
        }
    }
}
