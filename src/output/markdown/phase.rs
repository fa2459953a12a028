//! A phase in one branch, for its reviewers.

use std::fmt::Write;

use super::markup::{cell, code, fenced, plain, prose};
use super::{around_the_merge, caution, folded, one};
use crate::output::layout::{self, count};
use crate::output::message::on_clusters;
use crate::output::plan::impacts_as_text;
use crate::output::visible;
use crate::plan::runbook::{Runbook, Step};
use crate::plan::{Batch, Finding, Phase, Severity, Unit};

/// The longest body, in characters, that GitHub takes is 65,536.
const LONGEST: usize = 60_000;

/// The title of a phase: `refactor(main): phase 3: chart-ref, app-template (68 units in 28 batches)`.
pub fn title_of_phase(lane: &str, phase: Phase, batches: &[&Batch<'_>]) -> String {
    let mut migrations: Vec<&str> = batches.iter().map(|batch| batch.migration).collect();
    migrations.dedup();
    let units = batches.iter().map(|batch| batch.units.len()).sum();
    let within = layout::batches(batches.len());
    let what = migrations.join(", ");
    visible(&format!("refactor({lane}): phase {phase}: {what} ({} in {within})", count(units, "unit"))).into_owned()
}

/// A phase for its reviewers: its batches in the order of their commits, what must not be missed,
/// the steps around the merge, and the command that makes the branch. If that is too long for a
/// body, the commits have the steps.
pub fn phase_as_markdown(
    title: &str,
    batches: &[(&Batch<'_>, Runbook)],
    builds: Option<&str>,
    made_by: &str,
) -> String {
    let body = |with_steps| body(title, batches, builds, made_by, with_steps);
    let whole = body(true);
    if whole.chars().count() <= LONGEST { whole } else { body(false) }
}

fn body(
    title: &str,
    batches: &[(&Batch<'_>, Runbook)],
    builds: Option<&str>,
    made_by: &str,
    with_steps: bool,
) -> String {
    let mut out = format!("### {}\n\n", plain(title));
    let units: Vec<&Unit> = batches.iter().flat_map(|(batch, _)| batch.units.iter().copied()).collect();
    let has_steps_before = batches.iter().any(|(_, runbook)| !runbook.before.is_empty());
    caution(&units, has_steps_before, &mut out);
    out.push_str("A commit for each batch, in the order in which they must reach the cluster.\n\n");
    out.push_str("| | batch | units | impact |\n|---|---|---|---|\n");
    for (number, (batch, _)) in batches.iter().enumerate() {
        let names: Vec<String> = batch.units.iter().map(|unit| cell(&unit.id.subject.to_string())).collect();
        let name = cell(&format!("{}/{}", batch.migration, batch.name()));
        let _ = writeln!(
            out,
            "| {} | {name} | {} | {} |",
            number + 1,
            names.join(", "),
            impacts_as_text(batch.units.iter().copied())
        );
    }
    if let Some(builds) = builds {
        let _ = write!(out, "\n**Builds**: {}\n", prose(builds));
    }
    let grave: Vec<(&Unit, &Finding)> = units
        .iter()
        .flat_map(|unit| unit.findings.iter().map(move |finding| (*unit, finding)))
        .filter(|(_, finding)| finding.severity < Severity::Note)
        .collect();
    if !grave.is_empty() {
        out.push_str("\n**Please review**\n\n");
        grave.iter().for_each(|(unit, finding)| one(unit, finding, &mut out));
    }
    let on = batches.first().map(|(batch, _)| plain(&on_clusters(batch))).unwrap_or_default();
    if with_steps {
        around_the_merge(&together(batches), &on, &mut out);
    } else {
        let _ = write!(
            out,
            "\n#### Around the merge{on}\n\nThe steps are too many for this text. The message of each commit has \
             those of its batch: {}.\n",
            code("git log --reverse")
        );
    }
    folded("To run again", &mut out, |out| {
        let _ = writeln!(out, "{}", fenced(&[made_by.to_owned()]));
    });
    out
}

/// The steps of all batches, each once.
fn together(batches: &[(&Batch<'_>, Runbook)]) -> Runbook {
    let mut all = Runbook::default();
    for (_, runbook) in batches {
        let add = |to: &mut Vec<Step>, from: &[Step]| {
            from.iter().for_each(|step| {
                if !to.contains(step) {
                    to.push(step.clone());
                }
            });
        };
        add(&mut all.before, &runbook.before);
        add(&mut all.after, &runbook.after);
        add(&mut all.back, &runbook.back);
    }
    all
}
