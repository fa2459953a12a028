//! A batch as the body of a pull request.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::escape::{APART, numbers_an_issue, without_old_commands};
use super::layout::count;
use super::{subject_of, visible};
use crate::flux::InCluster;
use crate::plan::runbook::{Runbook, Step};
use crate::plan::{Batch, Effect, Finding, Meta, Outcome, Severity, Subject, Unit};

/// A batch for its reviewers: what it does and why, its units, what it can affect, the steps around
/// the merge, findings, how to roll back, how to run again and how to exclude a unit. Details are
/// folded.
pub fn batch_as_markdown(batch: &Batch<'_>, meta: &Meta, runbook: &Runbook) -> String {
    let mut out = format!("### {}\n\n{}\n", plain(&subject_of(batch)), prose(&runbook.what));
    let _ = write!(out, "\n| | impact | workloads | needs |\n|---|---|---|---|\n");
    for unit in &batch.units {
        let workloads = unit.workloads.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let needs = unit
            .needs
            .iter()
            .map(|need| {
                let other =
                    if need.migration == unit.id.migration { String::new() } else { format!("{}: ", need.migration) };
                cell(&format!("{other}{}", need.subject))
            })
            .collect::<Vec<_>>()
            .join(", ");
        let name = match &unit.id.subject {
            Subject::Release { .. } => cell(&unit.id.subject.to_string()),
            subject => format!("{}<br>{}", cell(&subject.to_string()), plain(&unit.title)),
        };
        let _ = writeln!(out, "| {name} | {} | {workloads} | {needs} |", unit.impact);
    }
    let _ = write!(out, "\n**Blast radius**: {}\n", radius(batch));
    let findings: Vec<(&Unit, &Finding)> =
        batch.units.iter().flat_map(|unit| unit.findings.iter().map(move |finding| (*unit, finding))).collect();
    let (grave, notes): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|(_, finding)| finding.severity < Severity::Note);
    if !grave.is_empty() {
        out.push_str("\n**Please review**\n\n");
        grave.iter().for_each(|(unit, finding)| one(unit, finding, &mut out));
    }
    effects(batch, &mut out);
    steps("Before the merge", &runbook.before, &mut out);
    steps("After the merge", &runbook.after, &mut out);
    steps("Rollback", &runbook.back, &mut out);
    if !notes.is_empty() {
        folded(&format!("Notes ({})", notes.len()), &mut out, |out| {
            notes.iter().for_each(|(unit, finding)| one(unit, finding, out));
        });
    }
    folded("To run again, or to exclude a unit", &mut out, |out| {
        let _ = writeln!(
            out,
            "Run this again after a merge: merged branches are removed, the others keep their names.\n\n{}",
            fenced(&[format!("flux-codemod branch {}", meta.id)])
        );
        let _ = writeln!(
            out,
            "\nTo exclude a unit, add this comment to its file, merge that, and run again:\n\n{}",
            fenced(&[format!("# flux-codemod: skip[{}] reason", meta.id)])
        );
    });
    out
}

fn radius(batch: &Batch<'_>) -> String {
    let all = |part: fn(&Unit) -> &BTreeSet<InCluster>| -> usize {
        let here = batch
            .units
            .iter()
            .flat_map(|unit| part(unit))
            .filter(|object| batch.lane.clusters.contains(&object.cluster));
        here.collect::<BTreeSet<_>>().len()
    };
    let clusters: Vec<String> = batch.lane.clusters.iter().map(|name| cell(name)).collect();
    if clusters.is_empty() {
        return "no cluster".to_owned();
    }
    let noun = if clusters.len() == 1 { "cluster" } else { "clusters" };
    let mut line = format!(
        "{noun} {}; {} in {}",
        clusters.join(", "),
        count(all(|unit| &unit.radius.releases), "release"),
        count(all(|unit| &unit.radius.kustomizations), "Kustomization"),
    );
    let held_up = all(|unit| &unit.radius.held_up);
    if held_up > 0 {
        let _ = write!(
            line,
            "; {} {} on them",
            count(held_up, "Kustomization"),
            if held_up == 1 { "depends" } else { "depend" }
        );
    }
    line
}

/// The intended changes, and what stays the same, folded.
fn effects(batch: &Batch<'_>, out: &mut String) {
    let all = batch
        .units
        .iter()
        .flat_map(|unit| &unit.effects)
        .filter(|effect| batch.lane.clusters.contains(&effect.cluster));
    let (changes, others): (Vec<_>, Vec<_>) = all.partition(|effect| effect.outcome == Outcome::Changes);
    if !changes.is_empty() {
        out.push_str("\n**Intended changes**\n\n");
        table(&changes, out);
    }
    if !others.is_empty() {
        folded(&format!("Stays the same ({})", others.len()), out, |out| table(&others, out));
    }
}

fn table(effects: &[&Effect], out: &mut String) {
    out.push_str("| cluster | object | field | before | after | |\n|---|---|---|---|---|---|\n");
    for effect in effects {
        let cells = [&effect.cluster, &effect.object, &effect.field, &effect.before, &effect.after];
        let cells = cells.map(|text| if text.is_empty() { String::new() } else { cell(text) }).join(" | ");
        let _ = writeln!(out, "| {cells} | {} |", effect.outcome);
    }
}

fn steps(heading: &str, steps: &[Step], out: &mut String) {
    if steps.is_empty() {
        return;
    }
    folded(heading, out, |out| {
        for (number, step) in steps.iter().enumerate() {
            let _ = writeln!(out, "{}. {}", number + 1, prose(&step.what));
            if !step.commands.is_empty() {
                let block = fenced(&step.commands).replace('\n', "\n   ");
                let _ = write!(out, "\n   {block}\n\n");
            }
        }
    });
}

fn folded(summary: &str, out: &mut String, inside: impl FnOnce(&mut String)) {
    let _ = write!(out, "\n<details><summary>{summary}</summary>\n\n");
    inside(out);
    let kept = out.trim_end().len();
    out.truncate(kept);
    out.push_str("\n\n</details>\n");
}

fn one(unit: &Unit, finding: &Finding, out: &mut String) {
    let place = finding.place().map(|place| format!(" ({})", code(&place))).unwrap_or_default();
    let _ = writeln!(
        out,
        "- {} `{}`: {}{place}",
        code(&unit.id.subject.to_string()),
        finding.code.id,
        prose(&finding.message)
    );
    if finding.severity < Severity::Note {
        let _ = writeln!(out, "  {}", prose(finding.help()));
    }
}

/// A text in which nothing is markup, except that text in backticks is code.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(text);
    }
    let part = |(number, part): (usize, &&str)| {
        if number.is_multiple_of(2) || part.is_empty() { plain(part) } else { code(part) }
    };
    parts.iter().enumerate().map(part).collect()
}

/// A text in which nothing is markup, no link is made and nobody is mentioned.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if numbers_an_issue(&out, c) {
            out.push(APART);
        }
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // GitHub looks for names, numbers and addresses in the text, after entities.
            '@' | '#' => out.extend([c, APART]),
            '$' => out.push_str("<span>$</span>"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    for (link, broken) in [("://", ":\u{200b}//"), ("www.", "www\u{200b}."), ("WWW.", "WWW\u{200b}.")] {
        out = out.replace(link, broken);
    }
    out
}

/// A text as code in a line.
fn code(text: &str) -> String {
    // Markdown is printed in logs, too.
    let text = without_old_commands(&visible(text), "##\u{200b}[");
    let fence = "`".repeat(longest_run(&text) + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// A text as code in a table, in which a bar would end the cell.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Commands as a code block.
fn fenced(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| visible(line)).collect();
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}console\n{}\n{fence}", lines.join("\n"))
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_repository_is_markup() {
        assert_eq!(plain("a <b> @me #1 [x](y) *z*"), "a &lt;b&gt; @\u{200b}me #\u{200b}1 \\[x\\](y) \\*z\\*");
        assert_eq!(plain("see https://x.org\nnext"), "see https:\u{200b}//x.org\\\\nnext");
        assert_eq!(
            plain("a@b.example www.x GH-1 $x$"),
            "a@\u{200b}b.example www\u{200b}.x GH-\u{200b}1 <span>$</span>x<span>$</span>"
        );
        assert_eq!(code("##[x]"), "`##\u{200b}[x]`");
        assert_eq!(prose("with `wait: <x>` it *is*"), "with `wait: <x>` it \\*is\\*");
        assert_eq!(prose("an odd ` <b>"), "an odd \\` &lt;b&gt;");
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code("`a``b"), "``` `a``b ```");
        assert_eq!(cell("a|b\u{202e}"), "`a\\|b\\u{202e}`");
        assert_eq!(fenced(&["echo ```".into()]), "````console\necho ```\n````");
    }
}
