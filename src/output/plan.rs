use std::collections::{BTreeMap, BTreeSet};

use super::judged::judged_as_line;
use super::layout::count;
use super::list::counts_as_text;
use super::{Layout, visible};
use crate::flux::{Radius, View};
use crate::plan::{Batch, Finding, Lane, Migration, Outcome, Plan, Selection, Severity, Subject, Unit};
use crate::repo::RepoPath;

/// The plan as text: what would be done, on which cluster, in which batches, and what is in the
/// way.
pub fn plan_as_text(
    view: &View,
    plan: &Plan,
    selection: &Selection<'_>,
    batches: &[Batch<'_>],
    migrations: &[&dyn Migration],
    layout: &Layout,
) -> String {
    let mut out = String::new();
    for migration in migrations {
        let meta = migration.meta();
        out.push_str(&layout.fold(&format!("{}@{}  ", meta.id, meta.version), meta.summary));
        out.push('\n');
        out.push_str(&layout.fold("  ", &summary(selection, meta.id)));
        out.push('\n');
        if let Some(left) = plan.out_of_scope.get(meta.id).filter(|left| left.count > 0) {
            out.push_str(&layout.fold("  ", &format!("out of scope: {}", left.what)));
            out.push('\n');
        }
    }
    if let Some(judged) = &plan.judged {
        out.push_str(&layout.fold("", &judged_as_line(judged)));
        out.push('\n');
        if let Some(caution) = judged.caution {
            out.push_str(&layout.fold("  ", caution));
            out.push('\n');
        }
    }
    to_write(batches, selection, view, migrations.len() > 1, layout, &mut out);
    units("to review (written only with --review)", &selection.to_review, view, layout, &mut out);
    units(
        "waiting (for another migration, or for units that are not selected)",
        &selection.waiting,
        view,
        layout,
        &mut out,
    );
    held(&selection.held, layout, &mut out);
    refused(&selection.refused, layout, &mut out);
    opted_out(&selection.opted_out, layout, &mut out);
    findings(&plan.findings, layout, &mut out);
    out
}

/// How many units of a migration are selected, by what becomes of them. What is zero is left out.
fn summary(selection: &Selection<'_>, migration: &str) -> String {
    let number = |units: &[&Unit]| units.iter().filter(|unit| unit.id.migration == migration).count();
    let chosen = number(&selection.chosen);
    let to_write = if chosen == 1 { "unit to write" } else { "units to write" };
    let counts = [
        (chosen, to_write),
        (number(&selection.to_review), "to review"),
        (number(&selection.waiting), "waiting"),
        (number(&selection.held), "held"),
        (number(&selection.refused), "refused"),
        (number(&selection.opted_out), "opted out"),
    ];
    let text = counts_as_text(&counts);
    if text.is_empty() { "nothing to do".to_owned() } else { text }
}

/// What would be written, by lane and batch, in the order in which these land. Units that change no
/// cluster are in no batch, and come last.
fn to_write(
    batches: &[Batch<'_>],
    selection: &Selection<'_>,
    view: &View,
    by_migration: bool,
    layout: &Layout,
    out: &mut String,
) {
    if !batches.is_empty() {
        out.push_str("\nto write\n");
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
        let several = in_several_files(&batch.units);
        for unit in &batch.units {
            one(unit, &several, layout, out);
        }
    }
    let is_in_none = |unit: &&&Unit| !batches.iter().flat_map(|batch| &batch.units).any(|other| other.id == unit.id);
    let rest: Vec<&Unit> = selection.chosen.iter().filter(is_in_none).copied().collect();
    units("to write, in no batch", &rest, view, layout, out);
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
fn units(heading: &str, units: &[&Unit], view: &View, layout: &Layout, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push_str(&format!("\n{heading}\n"));
    // In the order of the plan: what others need comes first.
    let mut by_lane: Vec<(String, Vec<&Unit>)> = Vec::new();
    for unit in units {
        let lane = unit.lane.to_string();
        match by_lane.iter_mut().find(|(other, _)| *other == lane) {
            Some((_, units)) => units.push(unit),
            None => by_lane.push((lane, vec![unit])),
        }
    }
    for (_, units) in by_lane {
        out.push_str(&format!("  {}\n", visible(&lane(&units[0].lane, view))));
        let several = in_several_files(&units);
        for unit in units {
            one(unit, &several, layout, out);
        }
    }
}

/// The names of units that are about objects of one name in several files, such as those of several
/// clusters: they are shown with the file.
pub(super) fn in_several_files(units: &[&Unit]) -> BTreeSet<String> {
    let mut files: BTreeMap<String, BTreeSet<&RepoPath>> = BTreeMap::new();
    for unit in units {
        files.entry(name(unit)).or_default().insert(unit.id.subject.path());
    }
    files.into_iter().filter(|(_, files)| files.len() > 1).map(|(name, _)| name).collect()
}

fn one(unit: &Unit, in_several_files: &BTreeSet<String>, layout: &Layout, out: &mut String) {
    let workloads = unit.workloads.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let line = format!("      {:<9} {:<42} {workloads}", unit.impact, visible(&name(unit)));
    out.push_str(line.trim_end());
    out.push('\n');
    if in_several_files.contains(&name(unit)) {
        out.push_str(&layout.fold("                in ", unit.id.subject.path().as_str()));
        out.push('\n');
    }
    if !matches!(unit.id.subject, Subject::Release { .. }) {
        out.push_str(&layout.fold("                ", &unit.title));
        out.push('\n');
    }
    if let Some(reach) = reach(&unit.radius) {
        out.push_str(&layout.fold("                ", &reach));
        out.push('\n');
    }
    if !unit.also.is_empty() {
        let others = unit.also.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        out.push_str(&layout.fold("                also applied as ", &others));
        out.push('\n');
    }
    effects(unit, layout, out);
    for finding in &unit.findings {
        // A note about the unit's own file needs no place.
        let is_own = finding.severity == Severity::Note && finding.path.as_ref() == Some(unit.id.subject.path());
        let shown = if is_own { Finding { path: None, line: None, ..finding.clone() } } else { finding.clone() };
        out.push_str(&finding_as_text(&shown, "        ", layout));
    }
}

/// The intended and the prevented changes of fields, by object. Unchanged fields are left out.
fn effects(unit: &Unit, layout: &Layout, out: &mut String) {
    let mut last = None;
    for effect in unit.effects.iter().filter(|effect| effect.outcome != Outcome::Same) {
        let object = format!("{} on {}", effect.object, effect.cluster);
        if last.as_ref() != Some(&object) {
            out.push_str(&layout.fold("        ", &object));
            out.push('\n');
            last = Some(object);
        }
        let field = if effect.field.is_empty() { String::new() } else { format!("{}: ", effect.field) };
        let line = format!("{field}{} -> {}", effect.before, effect.after);
        let line = if effect.outcome == Outcome::Kept { format!("{line} (prevented)") } else { line };
        out.push_str(&layout.fold_deeper("          ", "            ", &line));
        out.push('\n');
    }
}

/// What a unit can affect beyond its own object, in a line.
fn reach(radius: &Radius) -> Option<String> {
    let mut parts = Vec::new();
    if radius.releases.len() > 1 {
        let kustomizations = count(radius.kustomizations.len(), "Kustomization");
        parts.push(format!("can affect {} in {kustomizations}", count(radius.releases.len(), "release")));
    }
    match radius.held_up.len() {
        0 => {}
        1 => parts.push("1 Kustomization depends on it".to_owned()),
        several => parts.push(format!("{several} Kustomizations depend on it")),
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

pub(super) fn name(unit: &Unit) -> String {
    match &unit.id.subject {
        Subject::Release { namespace, name, .. } if namespace.is_empty() => name.clone(),
        Subject::Release { namespace, name, .. } => format!("{namespace}/{name}"),
        other => other.to_string(),
    }
}

/// Units that gates hold back, by reason.
fn held(units: &[&Unit], layout: &Layout, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push_str("\nheld (written only with --no-gate)\n");
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for unit in units {
        // What needs a held unit is held with it.
        let reason = unit.held.first().map_or("what it needs is held", |reason| &*reason.message);
        by_reason.entry(reason).or_default().push(format!("{}: {}", unit.id.migration, name(unit)));
    }
    for (reason, names) in by_reason {
        out.push_str(&layout.fold_deeper("  ", "  ", reason));
        out.push('\n');
        names.iter().for_each(|name| out.push_str(&format!("    {}\n", visible(name))));
    }
}

/// Refused units by reason, because one reason often holds for many.
fn refused(units: &[&Unit], layout: &Layout, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push_str("\nrefused\n");
    let mut by_reason: BTreeMap<(&str, &str), Vec<(&Unit, &Finding)>> = BTreeMap::new();
    for unit in units {
        for finding in unit.findings.iter().filter(|finding| finding.severity == Severity::Error) {
            by_reason.entry((finding.code.id, &finding.message)).or_default().push((unit, finding));
        }
    }
    for (_, units) in by_reason {
        let reason = Finding { path: None, line: None, ..units[0].1.clone() };
        out.push_str(&finding_as_text(&reason, "  ", layout));
        for (unit, finding) in units {
            out.push_str(&format!("    {}\n", visible(&name(unit))));
            if let Some(place) = finding.place() {
                out.push_str(&format!("      at {}\n", visible(&place)));
            }
            if let Some(paste) = &unit.paste {
                out.push_str("      to paste:\n");
                paste.lines().for_each(|line| out.push_str(&format!("        {}\n", visible(line))));
            }
        }
    }
}

/// Opted-out units, each with the reason and the place of the comment.
fn opted_out(units: &[&Unit], layout: &Layout, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push_str("\nopted out\n");
    for unit in units {
        out.push_str(&format!("  {}\n", visible(&name(unit))));
        for finding in &unit.findings {
            out.push_str(&layout.fold("    ", &finding.message));
            out.push('\n');
            if let Some(place) = finding.place() {
                out.push_str(&format!("    at {}\n", visible(&place)));
            }
        }
    }
}

/// A finding as compilers show it: severity and code, message, place, and what to do.
pub fn finding_as_text(finding: &Finding, indent: &str, layout: &Layout) -> String {
    let blanks = format!("{indent}  ");
    let text = format!("{}[{}]: {}", finding.severity, finding.code, finding.message);
    let mut out = layout.fold_deeper(indent, &blanks, &text);
    out.push('\n');
    if let Some(place) = finding.place() {
        out.push_str(&format!("{blanks}at {}\n", visible(&place)));
    }
    if finding.severity != Severity::Note {
        out.push_str(&layout.fold(&format!("{blanks}= "), finding.help()));
        out.push('\n');
    }
    out
}

/// Findings about the repository. Notes with the same message about many files are one line.
fn findings(findings: &[Finding], layout: &Layout, out: &mut String) {
    let (notes, others): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.severity == Severity::Note);
    if findings.is_empty() {
        return;
    }
    out.push_str("\nrepository findings\n");
    for finding in others {
        out.push_str(&finding_as_text(finding, "  ", layout));
    }
    let mut by_code: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
    for note in notes {
        by_code.entry((note.code.id, &note.message)).or_default().push(note);
    }
    for ((code, message), notes) in by_code {
        match notes.as_slice() {
            [one] => out.push_str(&finding_as_text(one, "  ", layout)),
            several => {
                let text = format!("note[{code}]: {}: {message}", count(several.len(), "file"));
                out.push_str(&layout.fold("  ", &text));
                out.push('\n');
            }
        }
    }
}
