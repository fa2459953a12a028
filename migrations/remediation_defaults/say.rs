//! What units have to say: effects as they are meant, findings, words.

use std::collections::BTreeSet;

use super::fields::Field;
use super::survey::{Candidate, Found};
use super::{codes, finding, full_name};
use crate::charts::app_template::{Chart};
use crate::flux::WorkloadKind;
use crate::flux::View;
use crate::plan::{Effect, Finding, Impact, Outcome, Severity};
use crate::repo::RepoPath;

pub(super) fn paths(path: &RepoPath) -> BTreeSet<RepoPath> {
    BTreeSet::from([path.clone()])
}

pub(super) fn words(fields: impl Iterator<Item = &'static Field>) -> String {
    fields.map(Field::short).collect::<Vec<_>>().join(", ")
}

pub(super) fn goes(fields: &[&'static Field]) -> String {
    let verb = if fields.len() == 1 { "goes" } else { "go" };
    format!("{} {verb}: the defaults say the same", words(fields.iter().copied()))
}

pub(super) fn impact_of(effects: &[Effect]) -> Impact {
    let changes = effects.iter().any(|effect| effect.outcome == Outcome::Changes);
    if changes { Impact::Upgrade } else { Impact::None }
}

/// Effects as they are once a unit has landed: what is kept is so only where the object stays out.
pub(super) fn as_meant(effects: &[Effect], is_in: bool) -> Vec<Effect> {
    let one = |effect: &Effect| match effect.outcome {
        Outcome::Kept if is_in => Effect { outcome: Outcome::Changes, ..effect.clone() },
        // A release that is left out keeps all it has.
        Outcome::Changes if !is_in => Effect { outcome: Outcome::Kept, ..effect.clone() },
        _ => effect.clone(),
    };
    effects.iter().map(one).collect()
}

/// What a release says itself, and the defaults change all the same.
pub(super) fn overrides(candidate: &Candidate<'_>) -> Vec<Finding> {
    let at = &candidate.release.at.path;
    let one = |kept: &super::effect::Kept| {
        let then = kept.then.as_ref()?;
        let message = format!(
            "HelmRelease {} says {}: {}, the defaults make it {then}",
            full_name(&candidate.namespace, &candidate.name),
            kept.field.short(),
            kept.own
        );
        Some(finding(Severity::Warning, codes::OVERRIDES, Some(at), kept.line, message))
    };
    candidate.kept.iter().filter_map(one).collect()
}

/// How many releases of each cluster each default leaves the same, changes, or is kept from.
pub(super) fn counts(members: &[&Candidate<'_>], found: &Found<'_>) -> Vec<Finding> {
    let mut lines: Vec<(String, String, [usize; 3])> = Vec::new();
    let is_default = |field: &str| {
        let mut sets = found.roots.iter().map(|root| &root.set);
        sets.any(|set| set.0.iter().any(|(own, _)| own.name() == field))
    };
    for own in members {
        for effect in as_meant(&own.effects, !found.leaves(own)).into_iter().filter(|own| is_default(&own.field)) {
            let number = match effect.outcome {
                Outcome::Same => 0,
                Outcome::Changes => 1,
                Outcome::Kept => 2,
            };
            let is_it = |line: &&mut (String, String, _)| line.0 == effect.cluster && line.1 == effect.field;
            match lines.iter_mut().find(is_it) {
                Some((_, _, counts)) => counts[number] += 1,
                None => {
                    let mut counts = [0; 3];
                    counts[number] += 1;
                    lines.push((effect.cluster.clone(), effect.field.clone(), counts));
                }
            }
        }
    }
    let order = |field: &str| super::fields::HELM_RELEASE.iter().position(|own| own.name() == field);
    lines.sort_by_key(|(cluster, field, _)| (cluster.clone(), order(field)));
    let line = |(cluster, field, [same, changes, kept]): (String, String, [usize; 3])| {
        let message = format!("{field} on {cluster}: {same} say so already, {changes} change, {kept} stay as they are");
        finding(Severity::Note, codes::COUNTS, None, None, message)
    };
    lines.into_iter().map(line).collect()
}

/// The kinds of the workloads of a release, where they are known.
pub(super) fn workloads(view: &View, candidate: &Candidate<'_>) -> BTreeSet<WorkloadKind> {
    let reaches = view.graph().reaches(&candidate.release.at).iter();
    let installed = reaches.filter_map(|reach| view.installed(&candidate.release.at, reach));
    let of = |installed: crate::flux::Installed| {
        let chart = Chart::installed(view, &installed)?;
        Some(chart.workloads().into_iter().filter_map(|own| own.kind).collect::<Vec<_>>())
    };
    installed.filter_map(of).flatten().collect()
}
