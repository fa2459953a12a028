use std::collections::BTreeMap;

use super::excerpt::Excerpts;
use super::layout::count;
use super::{Layout, visible};
use crate::flux::View;
use crate::plan::{Code, Finding, Severity};

/// Findings about a tree as text, by severity and code: what it means, each place, and what to do,
/// once.
pub fn findings_as_text(findings: &[Finding], view: &View, layout: &Layout) -> String {
    let mut excerpts = Excerpts::of(view);
    let mut out = String::new();
    let mut by_code: BTreeMap<(Severity, &Code), Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        by_code.entry((finding.severity, finding.code)).or_default().push(finding);
    }
    for ((severity, code), findings) in &by_code {
        let head = format!("{severity}[{code}]: {}", code.what);
        out.push_str(&layout.severity(*severity, &layout.fold_deeper("", "  ", &head)));
        out.push('\n');
        for finding in findings {
            if let Some(place) = finding.place() {
                out.push_str(&format!("  {}\n", visible(&place)));
                out.push_str(&excerpts.next(finding, "    ", layout));
            }
            out.push_str(&layout.fold("    ", &finding.message));
            out.push('\n');
        }
        out.push_str(&layout.fold("  = ", code.todo));
        out.push_str("\n\n");
    }
    out.push_str(&layout.heading(summary(findings)));
    out.push('\n');
    out
}

fn summary(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts: Vec<_> = counts
        .iter()
        .filter(|(severity, _)| of(*severity) > 0)
        .map(|(severity, noun)| count(of(*severity), noun))
        .collect();
    if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") }
}
