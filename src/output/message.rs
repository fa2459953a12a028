use std::fmt::Write;

use super::layout::count;
use super::{Layout, visible};
use crate::plan::runbook::{Runbook, Step};
use crate::plan::{Batch, Meta, Unit};

/// The subject of a batch: `refactor(edge): chart-ref, deployments in media (3 releases)`.
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
    visible(&format!("refactor({}): {}, {what} ({number})", batch.lane, batch.migration)).into_owned()
}

/// The message of the commit of a batch: what it does, its units, the steps around the merge, and
/// the trailers by which a later run recognizes it, except for the patch id, which `git` adds.
pub fn commit_message(batch: &Batch<'_>, meta: &Meta, runbook: &Runbook) -> String {
    const COLUMNS: usize = 72;
    let layout = Layout { width: COLUMNS };
    let mut out = format!("{}\n\n{}\n\nUnits:\n", subject_of(batch), layout.fold("", &runbook.what));
    for unit in &batch.units {
        out.push_str(&layout.fold("- ", &about(unit)));
        out.push('\n');
    }
    let parts =
        [("Before the merge", &runbook.before), ("After the merge", &runbook.after), ("Rollback", &runbook.back)];
    for (heading, steps) in parts {
        if !steps.is_empty() {
            let _ = write!(out, "\n{heading}:\n");
        }
        for step in steps {
            one(step, &layout, &mut out);
        }
    }
    let _ = write!(out, "\nFlux-Codemod: {}@{}\n", meta.id, meta.version);
    let _ = writeln!(out, "Flux-Codemod-Lane: {}", visible(&batch.lane.to_string()));
    let _ = writeln!(out, "Flux-Codemod-Batch: {}", batch.name());
    for unit in &batch.units {
        let _ = writeln!(out, "Flux-Codemod-Unit: {}", visible(&unit.id.subject.to_string()));
    }
    out
}

fn one(step: &Step, layout: &Layout, out: &mut String) {
    out.push_str(&layout.fold("- ", &step.what));
    out.push('\n');
    for command in &step.commands {
        let _ = writeln!(out, "    {}", visible(command));
    }
}

fn about(unit: &Unit) -> String {
    let workloads = unit.workloads.iter().map(ToString::to_string);
    let facts: Vec<String> = [unit.impact.to_string()].into_iter().chain(workloads).collect();
    format!("{}: {} ({})", unit.id.subject, unit.title, facts.join(", "))
}
