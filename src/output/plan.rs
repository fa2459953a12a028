use std::collections::BTreeMap;

use super::layout::count;
use super::{Layout, visible};
use crate::flux::{Radius, View};
use crate::plan::{
    Batch, Finding, Judged, Lane, Migration, Outcome, Plan, Selection, Severity, Subject, Unit, Verdict,
};

/// The plan for people: what would be done, on which cluster, in which batches, and what stands in the way.
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
        let of = |units: &[&Unit]| units.iter().filter(|unit| unit.id.migration == meta.id).count();
        let chosen = of(&selection.chosen);
        let mut summary = format!(
            "{} to write, {} to review, {} refused",
            count(chosen, "unit"),
            of(&selection.to_review),
            of(&selection.refused)
        );
        if of(&selection.opted_out) > 0 {
            summary.push_str(&format!(", {} opted out", of(&selection.opted_out)));
        }
        out.push_str(&layout.fold("  ", &summary));
        out.push('\n');
        if let Some(left) = plan.out_of_scope.get(meta.id).filter(|left| left.count > 0) {
            out.push_str(&layout.fold("  ", &format!("out of scope: {}", left.what)));
            out.push('\n');
        }
    }
    if let Some(judged) = &plan.judged {
        out.push_str(&layout.fold("", &about_builds(judged)));
        out.push('\n');
    }
    to_write(batches, selection, view, migrations.len() > 1, layout, &mut out);
    units("to review (--review takes them)", &selection.to_review, view, layout, &mut out);
    units("waiting for those that need them", &selection.waiting, view, layout, &mut out);
    refused(&selection.refused, layout, &mut out);
    opted_out(&selection.opted_out, layout, &mut out);
    findings(&plan.findings, layout, &mut out);
    out
}

/// By what builds are proven, and what came of it.
fn about_builds(judged: &Judged) -> String {
    let Some(by) = &judged.by else {
        return "builds are proven natively alone; plan, diff, apply and branch ask kustomize or kubectl, too, where one is on the PATH or --kustomize names it".to_owned();
    };
    let all = judged.builds.len();
    if all == 0 {
        return format!("judged by {by}: no Flux Kustomization builds what is touched");
    }
    let mut line = format!("judged by {by}: {} of {} build the same", judged.same(), count(all, "Flux Kustomization"));
    let of = |is: fn(&Verdict) -> bool| judged.builds.values().filter(|own| is(&own.verdict)).count();
    let others = [
        (of(|own| matches!(own, Verdict::Differs(_) | Verdict::Breaks(_))), "as units say themselves"),
        (of(|own| matches!(own, Verdict::Mended)), "only afterwards"),
        (of(|own| matches!(own, Verdict::Unknown(_))), "cannot be told"),
    ];
    for (number, what) in others.into_iter().filter(|(number, _)| *number > 0) {
        line.push_str(&format!(", {number} {what}"));
    }
    line
}

/// What would be written, by lane and batch, in the order in which these land; what is in no batch, because it changes no cluster, last.
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
        let lane = about_lane(&batch.lane, view);
        let lane = if by_migration { format!("{}: {lane}", batch.migration) } else { lane };
        if last.as_ref() != Some(&lane) {
            out.push_str(&format!("  {}\n", visible(&lane)));
            last = Some(lane);
        }
        out.push_str(&format!("    {}\n", visible(&batch.name())));
        for unit in &batch.units {
            one(unit, layout, out);
        }
    }
    let is_in_none = |unit: &&&Unit| !batches.iter().flat_map(|batch| &batch.units).any(|own| own.id == unit.id);
    let rest: Vec<&Unit> = selection.chosen.iter().filter(is_in_none).copied().collect();
    units("to write, in no batch", &rest, view, layout, out);
}

/// A lane, and the branch that its cluster follows.
fn about_lane(lane: &Lane, view: &View) -> String {
    let clusters: Vec<&str> = lane.0.iter().map(String::as_str).collect();
    match clusters.as_slice() {
        [] => "no cluster".to_owned(),
        [one] => {
            let branch = view.graph().clusters.iter().find(|cluster| cluster.name == *one);
            let branch = branch.and_then(|cluster| cluster.branch.as_deref());
            branch.map_or_else(|| lane.to_string(), |branch| format!("{lane} (follows branch {branch})"))
        }
        several => format!("{lane} ({})", several.join(", ")),
    }
}

/// Units under a heading, by lane; what there is to say about each below it.
fn units(heading: &str, units: &[&Unit], view: &View, layout: &Layout, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push_str(&format!("\n{heading}\n"));
    // In the order of the plan: what others need comes first.
    let mut by_lane: Vec<(String, Vec<&Unit>)> = Vec::new();
    for unit in units {
        let lane = unit.lane.to_string();
        match by_lane.iter_mut().find(|(own, _)| *own == lane) {
            Some((_, units)) => units.push(unit),
            None => by_lane.push((lane, vec![unit])),
        }
    }
    for (_, units) in by_lane {
        out.push_str(&format!("  {}\n", visible(&about_lane(&units[0].lane, view))));
        for unit in units {
            one(unit, layout, out);
        }
    }
}

fn one(unit: &Unit, layout: &Layout, out: &mut String) {
    let workloads = unit.workloads.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let line = format!("      {:<8} {:<42} {workloads}", unit.impact.word(), visible(&name(unit)));
    out.push_str(line.trim_end());
    out.push('\n');
    if !matches!(unit.id.subject, Subject::Release { .. }) {
        out.push_str(&layout.fold("               ", &unit.title));
        out.push('\n');
    }
    if let Some(reach) = reach(&unit.radius) {
        out.push_str(&layout.fold("               ", &reach));
        out.push('\n');
    }
    if !unit.also.is_empty() {
        let others = unit.also.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        out.push_str(&layout.fold("               also applied as ", &others));
        out.push('\n');
    }
    effects(unit, layout, out);
    for finding in &unit.findings {
        // What is only worth knowing, and of its own file, needs no place.
        let is_own = finding.severity == Severity::Note && finding.path.as_ref() == Some(unit.id.subject.path());
        let shown = if is_own { Finding { path: None, line: None, ..finding.clone() } } else { finding.clone() };
        out.push_str(&finding_as_text(&shown, "        ", layout));
    }
}

/// What a unit changes on purpose, and what it keeps from changing, object by object; a field that is the same is not worth a line.
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
        let line = if effect.outcome == Outcome::Kept { format!("{line}, kept from it") } else { line };
        out.push_str(&layout.fold_deeper("          ", "            ", &line));
        out.push('\n');
    }
}

/// What a unit can reach beyond what it is about, in a line.
fn reach(radius: &Radius) -> Option<String> {
    let mut parts = Vec::new();
    if radius.releases.len() > 1 {
        let kustomizations = count(radius.kustomizations.len(), "Kustomization");
        parts.push(format!("can reach {} in {kustomizations}", count(radius.releases.len(), "release")));
    }
    if !radius.held_up.is_empty() {
        parts.push(format!("holds up {}", count(radius.held_up.len(), "Kustomization")));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn name(unit: &Unit) -> String {
    match &unit.id.subject {
        Subject::Release { namespace, name, .. } if namespace.is_empty() => name.clone(),
        Subject::Release { namespace, name, .. } => format!("{namespace}/{name}"),
        other => other.to_string(),
    }
}

/// Refused units by reason: the same reason often holds for many.
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

/// A finding like a compiler's: severity and code, message, place, advice.
pub fn finding_as_text(finding: &Finding, indent: &str, layout: &Layout) -> String {
    let blanks = format!("{indent}  ");
    let text = format!("{}[{}]: {}", finding.severity.word(), finding.code.id, finding.message);
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

/// What there is to say about the tree. Notes that say the same of many files are one line.
fn findings(findings: &[Finding], layout: &Layout, out: &mut String) {
    let (notes, others): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.severity == Severity::Note);
    if findings.is_empty() {
        return;
    }
    out.push_str("\nabout the repository\n");
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
