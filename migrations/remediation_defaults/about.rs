//! What there is to say of a tree beyond the units.

use std::collections::BTreeMap;

use super::effect::{Kept, stated_specs};
use super::entry::ENABLED;
use super::fields::Field;
use super::roots::Root;
use super::settings::Scope;
use super::survey::{Candidate, Found};
use super::{codes, finding, full_name};
use crate::flux::{At, ClusterId, Value};
use crate::plan::{Finding, Severity};

/// Where the defaults come from, who says otherwise, and whose own words have no effect.
pub(super) fn about(found: &Found<'_>) -> Vec<Finding> {
    let mut all = proposal(found);
    for candidate in &found.candidates {
        let clusters = candidate.clusters.iter().map(String::as_str).collect::<Vec<_>>().join(" and ");
        let name = |kept: &Kept| format!("HelmRelease {} on {clusters}", kept.of);
        let kept = candidate.kept.iter();
        if found.leaves(candidate) {
            all.extend(kept.map(|kept| left(&name(kept), &candidate.release.at, kept)));
        } else if has_them(found, candidate) {
            all.extend(
                kept.filter(|kept| kept.then.is_some()).map(|kept| no_effect(&name(kept), &candidate.release.at, kept)),
            );
        }
        all.extend(nothing_arrives(found, candidate));
    }
    for member in found.kustomizations.iter().filter(|member| found.leaves_member(member)) {
        let child = &found.children[member.child];
        let name = format!("Kustomization {}/{} in {}", child.namespace, child.name, child.at.path);
        all.extend(member.kept.iter().map(|kept| left(&name, &child.at, kept)));
    }
    all
}

/// Whether a release has the defaults in this tree already.
fn has_them(found: &Found<'_>, candidate: &Candidate<'_>) -> bool {
    let reaches = found.view.graph().reaches(&candidate.release.at);
    reaches.iter().any(|reach| super::effect::is_covered(reach, &found.settings.label))
}

/// A release whose label asks for defaults that its root states, and that do not arrive: its Flux Kustomization is left out.
fn nothing_arrives(found: &Found<'_>, candidate: &Candidate<'_>) -> Option<Finding> {
    let opt_in = found.settings.scope == Scope::OptIn && candidate.label.as_deref() == Some(ENABLED);
    let reaches = found.view.graph().reaches(&candidate.release.at);
    let states = |root: &Root| found.is_done(root) && reaches.iter().any(|reach| root.covers(reach, found.view));
    if !opt_in || !candidate.roots.is_empty() || !found.roots.iter().any(states) {
        return None;
    }
    let name = full_name(&candidate.namespace, &candidate.name);
    let message = format!("HelmRelease {name} asks for the defaults by its label, and they do not arrive");
    let line = found.view.object(&candidate.release.at).map(|object| object.line);
    Some(finding(Severity::Warning, codes::NOTHING_ARRIVES, Some(&candidate.release.at.path), line, message))
}

fn left(name: &str, at: &At, kept: &Kept) -> Finding {
    let Kept { field, line, own, then, .. } = kept;
    let message = match then {
        Some(then) => format!("{name} says {}: {own}, where the default is {then}; it stays as it is", field.name()),
        None => format!("{name} says {}: {own}, and so is an exception; it stays as it is", field.name()),
    };
    finding(Severity::Note, codes::SAYS_OTHERWISE, Some(&at.path), *line, message)
}

fn no_effect(name: &str, at: &At, kept: &Kept) -> Finding {
    let then = kept.then.as_deref().unwrap_or_default();
    let message =
        format!("{name} says {}: {}, but has the defaults, which make it {then}", kept.field.name(), kept.own);
    finding(Severity::Warning, codes::NO_EFFECT, Some(&at.path), kept.line, message)
}

/// How many releases of each cluster say what is proposed.
fn proposal(found: &Found<'_>) -> Vec<Finding> {
    if !found.proposed {
        return Vec::new();
    }
    let Some(set) = found.roots.iter().map(|root| &root.set).find(|set| !set.is_empty()) else { return Vec::new() };
    let specs = stated_specs(found.view, &found.roots);
    let one = |(field, value): &(&'static Field, Value)| {
        let message = format!(
            "{}: {}, which {}",
            field.name(),
            value.text().unwrap_or_default(),
            agreement(found, &specs, field, value)
        );
        finding(Severity::Note, codes::PROPOSED, None, None, message)
    };
    set.0.iter().map(one).collect()
}

/// `63 of 79 releases say (edge 7 of 8, main 56 of 71)`.
pub(super) fn agreement(found: &Found<'_>, specs: &[(ClusterId, Value)], field: &Field, value: &Value) -> String {
    let mut by_cluster: BTreeMap<ClusterId, (usize, usize)> = BTreeMap::new();
    for (cluster, spec) in specs {
        let (say, all) = by_cluster.entry(*cluster).or_default();
        *all += 1;
        *say += usize::from(field.stated(spec) == Some(value));
    }
    let (say, all) = by_cluster.values().fold((0, 0), |(say, all), own| (say + own.0, all + own.1));
    let clusters = &found.view.graph().clusters;
    let parts: Vec<String> =
        by_cluster.iter().map(|(id, (say, all))| format!("{} {say} of {all}", clusters[*id].name)).collect();
    let parts = if parts.len() > 1 { format!(" ({})", parts.join(", ")) } else { String::new() };
    format!("{say} of {all} releases say{parts}")
}
