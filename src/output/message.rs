use std::collections::BTreeSet;
use std::fmt::Write;

use super::escape::{APART, numbers_an_issue};
use super::layout::count;
use super::plan::{in_several_files, name};
use super::{Layout, visible};
use crate::plan::runbook::{Runbook, Step};
use crate::plan::{Batch, Meta, Unit};

/// The longest subject that git and GitHub show whole.
const SUBJECT: usize = 72;

/// The subject of a batch: `refactor(edge): chart-ref, deployments in media (3 releases)`. Where that
/// is too long, it has no number: the body lists the units.
pub fn subject_of(batch: &Batch<'_>) -> String {
    let place = if batch.namespace.is_empty() { String::new() } else { format!(" in {}", batch.namespace) };
    let what = match (&batch.after, batch.units.as_slice()) {
        (Some(name), [_]) => format!("{name}{place}"),
        (Some(name), [.., last]) => {
            format!("{}{place}, {name} to {}", batch.class.plural, last.id.subject.name())
        }
        _ => format!("{}{place}", batch.class.plural),
    };
    let number = count(batch.units.len(), batch.class.noun);
    let short = visible(&format!("refactor({}): {}, {what}", batch.lane, batch.migration)).into_owned();
    let whole = format!("{short} ({number})");
    if whole.chars().count() > SUBJECT { short } else { whole }
}

/// The message of the commit of a batch: what it does, its units, the steps around the merge, and
/// the trailers by which a later run recognizes it, except for patch id and digest, which `git`
/// adds.
pub fn commit_message(batch: &Batch<'_>, meta: &Meta, runbook: &Runbook) -> String {
    const COLUMNS: usize = 72;
    let layout = Layout { width: COLUMNS, colors: false };
    let what = layout.fold("", &runbook.what);
    let mut out = unlinked(&format!("{}\n\n{what}\n\nUnits:\n", subject_of(batch)));
    let several = in_several_files(&batch.units);
    for unit in &batch.units {
        out.push_str(&unlinked(&layout.fold("- ", &about(unit, &several))));
        out.push('\n');
    }
    let also: Vec<&str> = batch.also_changes().into_iter().collect();
    if !also.is_empty() {
        let also = format!(
            "Other clusters apply the same files: {}. They change with the branch that they follow.",
            also.join(", ")
        );
        out.push_str(&unlinked(&format!("\n{}\n", layout.fold("", &also))));
    }
    let parts =
        [("Before the merge", &runbook.before), ("After the merge", &runbook.after), ("Rollback", &runbook.back)];
    for (heading, steps) in parts {
        if !steps.is_empty() {
            let _ = write!(out, "\n{heading}{}:\n", unlinked(&on_clusters(batch)));
        }
        for step in steps {
            one(step, &layout, &mut out);
        }
    }
    let _ = write!(out, "\nFlux-Codemod: {}@{}\n", meta.id, meta.version);
    let _ = writeln!(out, "Flux-Codemod-Lane: {}", visible(&batch.lane.to_string()));
    let _ = writeln!(out, "Flux-Codemod-Batch: {}", batch.name());
    if let Some(recipe) = batch.units.first().and_then(|unit| unit.recipe) {
        recipe.stage.iter().for_each(|stage| out.push_str(&format!("Flux-Codemod-Stage: {stage}\n")));
        let _ = writeln!(out, "Flux-Codemod-Recipe: sha256:{}", recipe.digest);
    }
    if batch.units.iter().any(|unit| !unit.held.is_empty()) {
        out.push_str("Flux-Codemod-No-Gate: promotion\n");
    }
    for unit in &batch.units {
        let _ = writeln!(out, "Flux-Codemod-Unit: {}", visible(&unit.id.subject.to_string()));
    }
    out
}

/// On which clusters the commands of a batch are for: `, on edge`, or `, on each of edge, main`.
pub(super) fn on_clusters(batch: &Batch<'_>) -> String {
    let clusters: Vec<&str> = batch.lane.clusters.iter().map(String::as_str).collect();
    match clusters.as_slice() {
        [] => String::new(),
        [one] => format!(", on {}", visible(one)),
        several => format!(", on each of {}", visible(&several.join(", "))),
    }
}

fn one(step: &Step, layout: &Layout, out: &mut String) {
    out.push_str(&unlinked(&layout.fold("- ", &step.what)));
    out.push('\n');
    for command in &step.commands {
        let _ = writeln!(out, "    {}", visible(command));
    }
}

/// A text of a commit message that calls nobody and closes nothing: sites read `@name`, `#1` and
/// `GH-1` in commits, too. What is not seen stands in between then.
fn unlinked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        let next = chars.peek().copied().unwrap_or(' ');
        let calls = c == '@' && next.is_alphanumeric() && !before.is_some_and(char::is_alphanumeric);
        let is_issue = c == '#' && next.is_ascii_digit() || numbers_an_issue(&out, next);
        if calls || is_issue {
            out.push(APART);
        }
        before = Some(c);
    }
    out
}

fn about(unit: &Unit, in_several_files: &BTreeSet<String>) -> String {
    let workloads = unit.workloads.iter().map(ToString::to_string);
    let facts: Vec<String> = [unit.impact.to_string()].into_iter().chain(workloads).collect();
    let is_one = !in_several_files.contains(&name(unit));
    let place = if is_one { String::new() } else { format!(" in {}", unit.id.subject.path()) };
    format!("{}{place}: {} ({})", unit.id.subject, unit.title, facts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_and_nothing_closed() {
        assert_eq!(
            unlinked("fixes #1, a/b#2, GH-3 (@me)"),
            "fixes #\u{200b}1, a/b#\u{200b}2, GH-\u{200b}3 (@\u{200b}me)"
        );
        for kept in ["oci://x@sha256:1 # a 4-5", "chart-ref@1", "a @ b", "weigh-3x high-up", "ü-1"] {
            assert_eq!(unlinked(kept), kept);
        }
    }
}
