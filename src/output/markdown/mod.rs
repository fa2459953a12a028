//! Bodies of pull requests: of a batch, and of a phase.

mod arrivals;
mod markup;
mod phase;

use std::collections::BTreeSet;
use std::fmt::Write;

use self::markup::{cell, code, fenced, plain, prose};
pub use self::phase::{phase_as_markdown, title_of_phase};
use super::layout::count;
use super::message::on_clusters;
use super::subject_of;
use crate::flux::{Arrival, InCluster};
use crate::plan::runbook::{Runbook, Step};
use crate::plan::{Batch, Effect, Finding, Impact, Meta, Outcome, Severity, Subject, Unit};

/// What a reviewer wants to know of a batch beside the batch itself.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Its place among the batches of its lane that are pending, from 1, and how many these are.
    pub position: Option<(usize, usize)>,
    /// The branch that it is stacked on.
    pub below: Option<String>,
    /// How the builds compare, in a line.
    pub builds: Option<String>,
    /// What its clusters get differently.
    pub arrivals: Vec<Arrival>,
    /// The command that makes its branch.
    pub made_by: String,
    /// The clusters that wait for this one.
    pub next: Vec<String>,
}

/// A batch for its reviewers: what it does and why, its units, what it can affect, the steps around
/// the merge, findings, how to roll back, how to run again and how to exclude a unit. Details are
/// folded.
pub fn batch_as_markdown(batch: &Batch<'_>, meta: &Meta, runbook: &Runbook, around: &Around) -> String {
    let mut out = format!("### {}\n\n", plain(&subject_of(batch)));
    caution(&batch.units, !runbook.before.is_empty(), &mut out);
    let _ = writeln!(out, "{}", prose(&runbook.what));
    if let Some((number, all)) = around.position {
        let below = around.below.as_deref().map_or("nothing".to_owned(), code);
        let _ = writeln!(out, "\nBatch {number} of {all} on {}; before it: {below}.", cell(&batch.lane.to_string()));
    }
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
    if let Some(builds) = &around.builds {
        let _ = write!(out, "\n**Builds**: {}\n", prose(builds));
    }
    let findings: Vec<(&Unit, &Finding)> =
        batch.units.iter().flat_map(|unit| unit.findings.iter().map(move |finding| (*unit, finding))).collect();
    let (grave, notes): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|(_, finding)| finding.severity < Severity::Note);
    if !grave.is_empty() {
        out.push_str("\n**Please review**\n\n");
        grave.iter().for_each(|(unit, finding)| one(unit, finding, &mut out));
    }
    effects(batch, &mut out);
    arrivals::arrivals(&around.arrivals, &mut out);
    let on = plain(&on_clusters(batch));
    around_the_merge(runbook, &on, &mut out);
    if !notes.is_empty() {
        folded(&format!("Notes ({})", notes.len()), &mut out, |out| {
            notes.iter().for_each(|(unit, finding)| one(unit, finding, out));
        });
    }
    folded("To run again, or to exclude a unit", &mut out, |out| {
        let _ = writeln!(
            out,
            "Run this again after a merge: merged branches are removed, the others keep their names.\n\n{}",
            fenced(std::slice::from_ref(&around.made_by))
        );
        if !around.next.is_empty() {
            let names: Vec<String> = around.next.iter().map(|name| cell(name)).collect();
            let _ = writeln!(
                out,
                "\n{} gets this when nothing of it is pending on {} any more: merge the branch of {1} into its branch, \
                 and run again.",
                names.join(", "),
                cell(&batch.lane.to_string())
            );
        }
        let _ = writeln!(
            out,
            "\nTo exclude a unit, add this comment to its file, merge that, and run again:\n\n{}",
            fenced(&[format!("# flux-codemod: skip[{}] reason", meta.id)])
        );
    });
    out
}

/// The steps before the merge, after it, and to roll back.
fn around_the_merge(runbook: &Runbook, on: &str, out: &mut String) {
    if !runbook.before.is_empty() {
        let _ = write!(out, "\n#### Before the merge{on}\n\n");
        let steps = runbook.before.iter().enumerate();
        steps.for_each(|(number, step)| one_step(&format!("{}.", number + 1), step, out));
    }
    if !runbook.after.is_empty() {
        let _ = write!(out, "\n#### After the merge{on}\n\n");
        runbook.after.iter().for_each(|step| one_step("- [ ]", step, out));
    }
    steps("Rollback", &runbook.back, out);
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
        steps.iter().enumerate().for_each(|(number, step)| one_step(&format!("{}.", number + 1), step, out));
    });
}

/// A step as an item of a list, with its commands.
fn one_step(mark: &str, step: &Step, out: &mut String) {
    let _ = writeln!(out, "{mark} {}", prose(&step.what));
    if !step.commands.is_empty() {
        let blanks = if mark.starts_with('-') { "  " } else { "   " };
        let block = fenced(&step.commands).replace('\n', &format!("\n{blanks}"));
        let _ = write!(out, "\n{blanks}{block}\n\n");
    }
}

/// What must not be missed.
fn caution(units: &[&Unit], has_steps_before: bool, out: &mut String) {
    let number = |is: &dyn Fn(&&&Unit) -> bool| units.iter().filter(is).count();
    let mut lines = Vec::new();
    match number(&|unit| unit.impact == Impact::Data) {
        0 => {}
        some => lines.push(format!("{} can lose the data of a volume.", count(some, "release"))),
    }
    match number(&|unit| unit.impact == Impact::Recreate) {
        0 => {}
        some => {
            let first = if has_steps_before { " Do the steps before the merge first." } else { "" };
            lines.push(format!("{} must have a workload deleted by hand.{first}", count(some, "release")));
        }
    }
    match number(&|unit| unit.hooks) {
        0 => {}
        some => lines.push(format!("{} runs a Helm hook.", count(some, "release"))),
    }
    if !lines.is_empty() {
        out.push_str("> [!CAUTION]\n");
        lines.iter().for_each(|line| out.push_str(&format!("> {line}\n")));
        out.push('\n');
    }
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
