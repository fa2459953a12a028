//! A plan as text: in short, or with every unit.

mod reasons;
mod short;
mod unit;

use std::collections::BTreeMap;

pub use self::reasons::finding_as_text;
use self::reasons::{about_repository, held, opted_out, refused};
pub use self::short::plan_in_short;
use self::unit::show;
pub(super) use self::unit::{impacts_as_text, in_several_files, name};
use super::excerpt::Excerpts;
use super::judged::judged_as_line;
use super::layout::{batches, count};
use super::list::states_as_text;
use super::recipe::funnels_as_text;
use super::{Layout, visible};
use crate::flux::View;
use crate::plan::{Batch, Finding, Judged, Lane, Migration, Plan, Selection, State, Unit};

/// A plan, what is selected of it, and the batches of what is written.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "migrations have none")]
pub struct Planned<'p> {
    /// The tree.
    pub view: &'p View,
    /// The plan.
    pub plan: &'p Plan,
    /// What is selected.
    pub selection: &'p Selection<'p>,
    /// The batches of the units that are written.
    pub batches: &'p [Batch<'p>],
    /// The migrations that were planned.
    pub migrations: &'p [&'static dyn Migration],
    /// The findings about the repository that are shown.
    pub findings: &'p [&'p Finding],
}

impl Planned<'_> {
    /// How many units there are in each state, in a line without an end.
    pub fn totals(&self) -> String {
        counted(self.selection.states(), self.batches.len())
    }
}

/// How many units there are in each state, and in how many batches those that are written.
fn counted<'u>(units: impl Iterator<Item = (&'u Unit, State)>, batches: usize) -> String {
    let mut states: BTreeMap<State, usize> = BTreeMap::new();
    units.for_each(|(_, state)| *states.entry(state).or_default() += 1);
    let pending = states.remove(&State::Pending);
    let to_write = pending.map(|number| format!("{} to write{}", count(number, "unit"), in_batches(batches)));
    let others = Some(states_as_text(&states)).filter(|others| !others.is_empty());
    match (to_write, others) {
        (None, None) => "nothing to do".to_owned(),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(to_write), Some(others)) => format!("{to_write}, {others}"),
    }
}

/// ` in 12 batches`; nothing, if there are none.
fn in_batches(number: usize) -> String {
    if number == 0 { String::new() } else { format!(" in {}", batches(number)) }
}

/// Items with the same key together, in the order in which the keys come first.
fn grouped<K: PartialEq, T>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<(K, Vec<T>)> {
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for item in items {
        let key = key(&item);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    groups
}

/// The plan as text with every unit: what would be done, on which cluster, in which batches, and
/// what is in the way.
pub fn plan_as_text(planned: &Planned<'_>, layout: &Layout) -> String {
    let Planned { view, plan, selection, migrations, findings, .. } = *planned;
    let mut out = String::new();
    for migration in migrations {
        let meta = migration.meta();
        out.push_str(&layout.fold(&format!("{}@{}  ", meta.id, meta.version), meta.summary));
        out.push('\n');
        let of_migration = selection.states().filter(|(unit, _)| unit.id.migration == meta.id);
        out.push_str(&layout.fold("  ", &counted(of_migration, 0)));
        out.push('\n');
        out.push_str(&funnels_as_text(plan, *migration, "  ", layout));
        if let Some(left) = out_of_scope(plan, meta.id) {
            out.push_str(&layout.fold("  ", &left));
            out.push('\n');
        }
    }
    judged(plan.judged.as_ref(), layout, &mut out);
    let mut excerpts = Excerpts::of(view);
    to_write(planned, &mut excerpts, layout, &mut out);
    units("to review (written only with --review)", &selection.to_review, &mut excerpts, view, layout, &mut out);
    units(
        "waiting (for another migration, or for units that are not selected)",
        &selection.waiting,
        &mut excerpts,
        view,
        layout,
        &mut out,
    );
    held(&selection.held, layout, &mut out);
    refused(&selection.refused, &mut excerpts, layout, &mut out);
    opted_out(&selection.opted_out, &mut excerpts, layout, &mut out);
    about_repository(findings, &mut excerpts, layout, &mut out);
    out.push_str(&format!("\n{}\n", layout.heading(layout.fold("", &planned.totals()))));
    out
}

/// How many objects a migration leaves alone, and which.
fn out_of_scope(plan: &Plan, migration: &str) -> Option<String> {
    let left = plan.out_of_scope.get(migration).filter(|left| left.count > 0)?;
    Some(format!("out of scope: {}", left.what))
}

/// The verdict on builds, with what to know of the program that gave it.
fn judged(judged: Option<&Judged>, layout: &Layout, out: &mut String) {
    let Some(judged) = judged else { return };
    out.push_str(&layout.fold("", &judged_as_line(judged)));
    out.push('\n');
    if let Some(caution) = judged.caution {
        out.push_str(&layout.fold("  ", caution));
        out.push('\n');
    }
}

/// What would be written, by lane and batch, in the order in which these land. Units that change no
/// cluster are in no batch, and come last.
fn to_write(planned: &Planned<'_>, excerpts: &mut Excerpts<'_>, layout: &Layout, out: &mut String) {
    let Planned { view, selection, batches, migrations, .. } = *planned;
    let by_migration = migrations.len() > 1;
    if !batches.is_empty() {
        out.push_str(&format!("\n{}\n", layout.heading("to write")));
    }
    let mut last = None;
    for batch in batches {
        let lane = lane(&batch.lane, view);
        let lane = if by_migration { format!("{}: {lane}", batch.migration) } else { lane };
        if last.as_ref() != Some(&lane) {
            out.push_str(&format!("  {}\n", visible(&lane)));
            last = Some(lane);
        }
        let also: Vec<&str> = batch.also_changes().into_iter().collect();
        let also = if also.is_empty() { String::new() } else { format!(" (also applied by {})", also.join(", ")) };
        out.push_str(&format!("    {}\n", visible(&format!("{}{also}", batch.name()))));
        show(&batch.units, excerpts, layout, out);
    }
    let is_in_none = |unit: &&&Unit| !batches.iter().flat_map(|batch| &batch.units).any(|other| other.id == unit.id);
    let rest: Vec<&Unit> = selection.chosen.iter().filter(is_in_none).copied().collect();
    units("to write, in no batch", &rest, excerpts, view, layout, out);
}

/// A lane, and the branch that its cluster follows.
fn lane(lane: &Lane, view: &View) -> String {
    let clusters: Vec<&str> = lane.clusters.iter().map(String::as_str).collect();
    match clusters.as_slice() {
        [] => "no cluster".to_owned(),
        [one] => {
            let branch = view.graph().clusters.iter().find(|cluster| cluster.name == *one);
            let branch = branch.and_then(|cluster| cluster.branch.as_deref());
            branch.map_or_else(|| lane.to_string(), |branch| format!("{lane} (follows branch {branch})"))
        }
        several if lane.is_all => format!("{lane} ({})", several.join(", ")),
        _ => lane.to_string(),
    }
}

/// Units under a heading, by lane, each with its findings.
fn units(heading: &str, units: &[&Unit], excerpts: &mut Excerpts<'_>, view: &View, layout: &Layout, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", layout.heading(heading)));
    // In the order of the plan: what others need comes first.
    for (_, units) in grouped(units.iter().copied(), |unit| unit.lane.to_string()) {
        out.push_str(&format!("  {}\n", visible(&lane(&units[0].lane, view))));
        show(&units, excerpts, layout, out);
    }
}
