//! What Flux gets differently once a batch is merged.

use std::fmt::Write;

use super::markup::cell;
use super::{count, folded};
use crate::flux::{Arrival, Changed};

/// How many objects of a row are named.
const NAMED: usize = 3;
/// A table with more rows than this is folded.
const OPEN: usize = 12;
/// How many rows are shown: a body has 65,536 characters at most, and has other things to say.
const ROWS: usize = 60;

/// Cluster, field, before and after.
type Row<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The objects and fields that arrive differently, those that change alike in one row.
pub(super) fn arrivals(arrivals: &[Arrival], out: &mut String) {
    let mut rows: Vec<(Row<'_>, Vec<&str>)> = Vec::new();
    for arrival in arrivals {
        let changes: Vec<(&str, &str, &str)> = match &arrival.change {
            Changed::New => vec![("", "", "new")],
            Changed::Gone => vec![("", "applied", "gone")],
            Changed::Fields(fields) => fields
                .iter()
                .map(|field| {
                    let [before, after] = [&field.before, &field.after].map(|side| side.as_deref().unwrap_or("absent"));
                    (field.field.as_str(), before, after)
                })
                .collect(),
        };
        for (field, before, after) in changes {
            let row = (arrival.cluster.as_str(), field, before, after);
            match rows.iter_mut().find(|(known, _)| *known == row) {
                Some((_, objects)) => objects.push(&arrival.object),
                None => rows.push((row, vec![&arrival.object])),
            }
        }
    }
    if rows.is_empty() {
        return;
    }
    if rows.len() <= OPEN {
        out.push_str("\n**What Flux reads differently**\n\n");
        table(&rows, out);
    } else {
        folded(&format!("What Flux reads differently ({})", count(rows.len(), "row")), out, |out| table(&rows, out));
    }
}

fn table(rows: &[(Row<'_>, Vec<&str>)], out: &mut String) {
    out.push_str("| cluster | object | field | before | after |\n|---|---|---|---|---|\n");
    for ((cluster, field, before, after), objects) in rows.iter().take(ROWS) {
        let mut named: Vec<String> = objects.iter().take(NAMED).map(|object| cell(object)).collect();
        if objects.len() > NAMED {
            named.push(format!("and {} others", objects.len() - NAMED));
        }
        let cells = [*field, *before, *after].map(|text| if text.is_empty() { String::new() } else { cell(text) });
        let _ = writeln!(out, "| {} | {} | {} |", cell(cluster), named.join(", "), cells.join(" | "));
    }
    if rows.len() > ROWS {
        let _ = writeln!(out, "\nand {} more; `git diff` has all.", rows.len() - ROWS);
    }
}
