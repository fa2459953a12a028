//! A plan in short, so that it can be taken in at a glance: what reaches which cluster, what to
//! look at first, and how much there is of everything.

use std::collections::{BTreeMap, BTreeSet};

use super::reasons::{finding_as_text, held_by};
use super::{Planned, grouped, impacts_as_text, in_batches, judged, lane, name, out_of_scope};
use crate::output::layout::count;
use crate::output::list::states_as_text;
use crate::output::recipe::funnels_as_text;
use crate::output::{Layout, visible};
use crate::plan::{Impact, Lane, Severity, State, Unit};

/// How many names, or reason codes, a line has before the rest is counted.
const FEW: usize = 3;

/// The plan in a few lines: `-v` shows every unit.
pub fn plan_in_short(planned: &Planned<'_>, layout: &Layout) -> String {
    let mut out = String::new();
    lanes(planned, layout, &mut out);
    nothing_to_do(planned, layout, &mut out);
    look_at_first(planned, layout, &mut out);
    if !out.is_empty() {
        out.push('\n');
    }
    judged(planned.plan.judged.as_ref(), layout, &mut out);
    out.push_str(&format!("{}\n", layout.heading(layout.fold("", &planned.totals()))));
    out.push_str(&layout.fold("", &next(planned)));
    out.push('\n');
    out
}

/// For each lane a line for each migration: how many units in how many batches, by impact, and how
/// many of the other states.
fn lanes(planned: &Planned<'_>, layout: &Layout, out: &mut String) {
    let mut lanes = grouped(planned.selection.states(), |(unit, _)| &unit.lane);
    let clusters = &planned.view.graph().clusters;
    let place = |lane: &Lane| {
        let mut places = lane.clusters.iter().filter_map(|name| clusters.iter().position(|one| one.name == *name));
        match (places.next(), places.next()) {
            (None, _) => clusters.len() + 1,
            (Some(place), None) => place,
            (Some(_), Some(_)) => clusters.len(),
        }
    };
    lanes.sort_by_key(|(lane, _)| place(lane));
    let longest = planned.migrations.iter().map(|migration| migration.meta().id.len()).max().unwrap_or_default();
    for (of, units) in lanes {
        out.push_str(&format!("{}\n", layout.heading(visible(&lane(of, planned.view)))));
        for migration in planned.migrations {
            let id = migration.meta().id;
            let units: Vec<_> = units.iter().filter(|(unit, _)| unit.id.migration == id).copied().collect();
            let batches = planned.batches.iter().filter(|batch| batch.migration == id && batch.lane == *of).count();
            if !units.is_empty() {
                out.push_str(&layout.fold(&format!("  {id:<longest$}  "), &row(&units, batches)));
                out.push('\n');
            }
        }
    }
}

/// `34 units in 12 batches: 28 recreate, 6 upgrade; 2 to review`.
fn row(units: &[(&Unit, State)], batches: usize) -> String {
    let (pending, others): (Vec<_>, Vec<_>) = units.iter().partition(|(_, state)| *state == State::Pending);
    let mut states: BTreeMap<State, usize> = BTreeMap::new();
    others.iter().for_each(|(_, state)| *states.entry(*state).or_default() += 1);
    let mut parts = Vec::new();
    if !pending.is_empty() {
        let impacts = impacts_as_text(pending.iter().map(|(unit, _)| *unit));
        parts.push(format!("{}{}: {impacts}", count(pending.len(), "unit"), in_batches(batches)));
    }
    parts.extend(Some(states_as_text(&states)).filter(|others| !others.is_empty()));
    parts.join("; ")
}

/// The migrations that find nothing, with what they leave alone.
fn nothing_to_do(planned: &Planned<'_>, layout: &Layout, out: &mut String) {
    let found: BTreeSet<&str> = planned.selection.states().map(|(unit, _)| unit.id.migration).collect();
    let mut none = planned.migrations.iter().filter(|migration| !found.contains(migration.meta().id));
    let Some(first) = none.next() else { return };
    out.push_str(&format!("{}\n", layout.heading("nothing to do")));
    for migration in [first].into_iter().chain(none) {
        let id = migration.meta().id;
        let left = out_of_scope(planned.plan, id).map(|left| format!("; {left}")).unwrap_or_default();
        out.push_str(&layout.fold_deeper("  ", "    ", &format!("{id}{left}")));
        out.push('\n');
        out.push_str(&funnels_as_text(planned.plan, *migration, "    ", layout));
    }
}

/// What is lost or down, what is to be reviewed, what waits for another cluster, what is refused, and
/// what is wrong with the repository.
fn look_at_first(planned: &Planned<'_>, layout: &Layout, out: &mut String) {
    let selection = planned.selection;
    let mut lines: Vec<(String, String)> = Vec::new();
    let alarming = [
        (Impact::Data, "a volume is at risk"),
        (Impact::Recreate, "workloads must be deleted, and are down until they are created again"),
    ];
    for (impact, what) in alarming {
        let units = selection.chosen.iter().chain(&selection.to_review).filter(|unit| unit.impact == impact);
        let names: Vec<String> = units.map(|unit| name(unit)).collect();
        if !names.is_empty() {
            let text = format!("{}: {what}: {}", count(names.len(), "unit"), few(&names));
            lines.push((layout.impact(impact), text));
        }
    }
    lines.extend(by_code(&selection.to_review, Severity::Warning).map(|text| ("to review".to_owned(), text)));
    let mut held: BTreeMap<&str, usize> = BTreeMap::new();
    selection.held.iter().for_each(|unit| *held.entry(held_by(unit)).or_default() += 1);
    let held = held.into_iter().take(FEW);
    lines.extend(held.map(|(why, number)| (format!("{:<9}", "held"), format!("{}: {why}", count(number, "unit")))));
    let refused = by_code(&selection.refused, Severity::Error);
    lines.extend(refused.map(|text| (layout.alarming(format!("{:<9}", "refused")), text)));
    let mut notes: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in planned.findings.iter().filter(|finding| finding.severity == Severity::Note) {
        *notes.entry(finding.code.id).or_default() += 1;
    }
    let notes: Vec<String> = notes.into_iter().map(|(code, number)| format!("{number} {code}")).collect();
    lines.extend(Some(few(&notes)).filter(|text| !text.is_empty()).map(|text| (format!("{:<9}", "notes"), text)));
    let problems: Vec<_> = planned.findings.iter().filter(|finding| finding.severity != Severity::Note).collect();
    if lines.is_empty() && problems.is_empty() {
        return;
    }
    out.push_str(&format!("{}\n", layout.heading("look at first")));
    for (label, text) in lines {
        // The label is as wide as an impact, whatever its color.
        let folded = layout.fold_deeper(&" ".repeat(12), &" ".repeat(12), &text);
        out.push_str(&format!("  {label} {}\n", folded.trim_start()));
    }
    for problem in problems.iter().take(FEW) {
        out.push_str(&finding_as_text(problem, "  ", layout));
    }
    if let Some(more) = problems.len().checked_sub(FEW).filter(|more| *more > 0) {
        out.push_str(&format!("  and {} of the repository\n", count(more, "more problem")));
    }
}

/// Units by the reason code that puts them into their state, the most frequent one first:
/// `3 several-sources; helm-hook: network/multus`.
fn by_code(units: &[&Unit], severity: Severity) -> Option<String> {
    let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for unit in units {
        let reasons = unit.findings.iter().filter(|finding| finding.severity == severity);
        let mut codes: BTreeSet<&str> = reasons.map(|finding| finding.code.id).collect();
        if codes.is_empty() {
            codes.insert("needs one of these");
        }
        for code in codes {
            names.entry(code).or_default().insert(name(unit));
        }
    }
    let mut names: Vec<(&str, BTreeSet<String>)> = names.into_iter().collect();
    names.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
    let codes: Vec<String> = names
        .into_iter()
        .map(|(code, names)| match names.first() {
            Some(name) if names.len() == 1 => format!("{code}: {name}"),
            _ => format!("{} {code}", names.len()),
        })
        .collect();
    Some(some(&codes, "; ")).filter(|text| !text.is_empty())
}

/// The first ones, and how many there are beside these.
fn few(all: &[String]) -> String {
    some(all, ", ")
}

fn some(all: &[String], between: &str) -> String {
    match all.len().checked_sub(FEW) {
        None | Some(0) => all.join(between),
        Some(more) => format!("{}{between}and {more} more", all[..FEW].join(between)),
    }
}

/// What to run now.
fn next(planned: &Planned<'_>) -> String {
    let is_idle = planned.selection.chosen.is_empty() && planned.selection.held.is_empty();
    let every = "Every unit: `flux-codemod plan -v`.";
    match (is_idle, planned.view.followed()) {
        (true, _) => every.to_owned(),
        (false, Some(_)) => format!("Next: `flux-codemod next`. {every}"),
        (false, None) => format!("Next: `flux-codemod diff`. {every}"),
    }
}
