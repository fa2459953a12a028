//! What would be written, in three lines.

use std::collections::{BTreeMap, BTreeSet};

use super::in_steps;
use super::pick::Picked;
use crate::output::stat;
use crate::plan::{Impact, Unit};

/// Three lines: the files; the units, of which migrations and on which clusters; what they do there.
pub(super) fn lines(picked: &Picked<'_>) -> [String; 3] {
    let Picked { units, changes } = picked;
    let new = changes.iter().filter(|change| change.before.is_none()).count();
    let gone = changes.iter().filter(|change| change.after.is_none()).count();
    let kinds = [(new, "new"), (gone, "removed")].into_iter().filter(|(count, _)| *count > 0);
    let kinds: Vec<String> = kinds.map(|(count, what)| format!("{count} of them {what}")).collect();
    let files = stat(changes).lines().last().unwrap_or_default().to_owned();
    let files = if kinds.is_empty() { files } else { format!("{files} ({})", kinds.join(", ")) };

    let mut migrations: BTreeMap<&str, usize> = BTreeMap::new();
    units.iter().for_each(|unit| *migrations.entry(unit.id.migration).or_default() += 1);
    let migrations: Vec<String> = migrations.iter().map(|(id, count)| format!("{id} {count}")).collect();
    let clusters: BTreeSet<&str> = units.iter().flat_map(|unit| &unit.lane.clusters).map(String::as_str).collect();
    let clusters = match clusters.len() {
        0 => "no cluster".to_owned(),
        _ => clusters.into_iter().collect::<Vec<_>>().join(", "),
    };
    let noun = if units.len() == 1 { "unit" } else { "units" };
    [files, format!("{} {noun} ({}) on {clusters}", units.len(), migrations.join(", ")), impact(units)]
}

fn impact(units: &[&Unit]) -> String {
    let mut impacts: BTreeMap<Impact, usize> = BTreeMap::new();
    units.iter().for_each(|unit| *impacts.entry(unit.impact).or_default() += 1);
    let counts: Vec<String> = impacts.iter().rev().map(|(impact, count)| format!("{count} {impact}")).collect();
    let by_hand = if impacts.keys().any(|impact| *impact >= Impact::Recreate) {
        "; something must be deleted by hand on the cluster"
    } else {
        ""
    };
    let steps = in_steps(units).map(|(first, then)| {
        format!("; in separate steps, {} before {}: better one batch at a time", first.plural, then.plural)
    });
    format!("impact: {}{by_hand}{}", counts.join(", "), steps.unwrap_or_default())
}
