//! Units as text.

use std::collections::{BTreeMap, BTreeSet};

use super::reasons::finding_in_full;
use crate::flux::Radius;
use crate::output::excerpt::Excerpts;
use crate::output::layout::count;
use crate::output::{Layout, visible};
use crate::plan::{Finding, Impact, Outcome, Severity, Subject, Unit};
use crate::repo::RepoPath;

/// The names of units that are about objects of one name in several files, such as those of several
/// clusters: they are shown with the file.
pub(in crate::output) fn in_several_files(units: &[&Unit]) -> BTreeSet<String> {
    let mut files: BTreeMap<String, BTreeSet<&RepoPath>> = BTreeMap::new();
    for unit in units {
        files.entry(name(unit)).or_default().insert(unit.id.subject.path());
    }
    files.into_iter().filter(|(_, files)| files.len() > 1).map(|(name, _)| name).collect()
}

/// Units, each with what there is to know about it. Units in a row about which there is the same to
/// know are followed by it once.
pub(super) fn show(units: &[&Unit], excerpts: &mut Excerpts<'_>, layout: &Layout, out: &mut String) {
    let several = in_several_files(units);
    let mut units = units.iter().map(|unit| (head(unit, &several, layout), details(unit, excerpts, layout))).peekable();
    while let Some((head, details)) = units.next() {
        out.push_str(&head);
        if units.peek().is_none_or(|(_, next)| *next != details) {
            out.push_str(&details);
        }
    }
}

/// Impact, name and workloads of a unit.
fn head(unit: &Unit, in_several_files: &BTreeSet<String>, layout: &Layout) -> String {
    let workloads = unit.workloads.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let rest = format!("{:<42} {workloads}", visible(&name(unit)));
    let mut head = format!("      {} {}\n", layout.impact(unit.impact), rest.trim_end());
    if in_several_files.contains(&name(unit)) {
        head.push_str(&layout.fold("                in ", unit.id.subject.path().as_str()));
        head.push('\n');
    }
    head
}

fn details(unit: &Unit, excerpts: &mut Excerpts<'_>, layout: &Layout) -> String {
    let mut out = String::new();
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
        out.push_str(&layout.fold("                also called ", &others));
        out.push('\n');
    }
    effects(unit, layout, &mut out);
    for finding in &unit.findings {
        // A note about the unit's own file needs no place.
        let is_own = finding.severity == Severity::Note && finding.path.as_ref() == Some(unit.id.subject.path());
        let shown = if is_own { Finding { path: None, line: None, ..finding.clone() } } else { finding.clone() };
        out.push_str(&finding_in_full(&shown, excerpts, "        ", layout));
    }
    out
}

/// The intended and the prevented changes of fields, by object. Unchanged fields are left out.
fn effects(unit: &Unit, layout: &Layout, out: &mut String) {
    let mut last = None;
    let own = format!("HelmRelease {}", name(unit));
    for effect in unit.effects.iter().filter(|effect| effect.outcome != Outcome::Same) {
        let object = effect.object.to_string();
        let place = format!("on {}", effect.cluster);
        let object = if object == own { place } else { format!("{object} {place}") };
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

/// How many units have which impact, the worst first: `27 recreate, 6 upgrade`.
pub(in crate::output) fn impacts_as_text<'u>(units: impl IntoIterator<Item = &'u Unit>) -> String {
    let mut numbers: BTreeMap<Impact, usize> = BTreeMap::new();
    units.into_iter().for_each(|unit| *numbers.entry(unit.impact).or_default() += 1);
    numbers.iter().rev().map(|(impact, number)| format!("{number} {impact}")).collect::<Vec<_>>().join(", ")
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

/// What a unit is called in lists.
pub(in crate::output) fn name(unit: &Unit) -> String {
    match &unit.id.subject {
        Subject::Release { namespace, name, .. } if namespace.is_empty() => name.clone(),
        Subject::Release { namespace, name, .. } => format!("{namespace}/{name}"),
        other => other.to_string(),
    }
}
