//! What there is to report about a tree beyond the units.

use std::collections::BTreeMap;

use super::codes;
use super::effect::{Exception, is_covered, stated_specs};
use super::entry::ENABLED;
use super::fields::{Field, ObjectKind};
use super::find::{Found, Member};
use super::settings::Scope;
use crate::flux::{ClusterId, Value};
use crate::plan::Finding;

/// Where the defaults come from, which objects are exceptions, and which values have no effect.
pub(super) fn all(found: &Found<'_>) -> Vec<Finding> {
    let proposed = agreement(found).into_iter().map(|line| Finding::note(codes::PROPOSED, line));
    let of_member = |member| exceptions(found, member).into_iter().chain(does_not_arrive(found, member));
    proposed.chain(found.members.iter().flat_map(of_member)).collect()
}

fn exceptions(found: &Found<'_>, member: &Member) -> Vec<Finding> {
    let reaches = found.view.graph().reaches(&member.at);
    let has_defaults = reaches.iter().any(|reach| is_covered(reach, &found.settings.label));
    let stays_out = found.stays_out(member);
    if !(stays_out || has_defaults && member.kind == ObjectKind::Release) {
        return Vec::new();
    }
    let clusters = found.view.graph().clusters_of(&member.at).into_iter().collect::<Vec<_>>().join(" and ");
    let finding = |exception: &Exception| {
        let Exception { field, name, value, default, .. } = exception;
        let states = format!("{} {name} on {clusters} states {}: {value}", member.subject.kind(), field.name());
        let (code, message) = match default {
            Some(default) if stays_out => {
                (codes::DIFFERS, format!("{states}; the default is {default}. It stays as it is"))
            }
            None if stays_out => (codes::DIFFERS, format!("{states}, which makes it an exception. It stays as it is")),
            Some(default) => (codes::NO_EFFECT, format!("{states}, but gets the default {default}")),
            None => return None,
        };
        let new = if stays_out { Finding::note } else { Finding::warning };
        Some(new(code, message).at(&member.at.path, exception.line))
    };
    member.exceptions.iter().filter_map(finding).collect()
}

/// A release whose label asks for defaults that its root states, and that does not get them: its
/// Flux Kustomization is left out.
fn does_not_arrive(found: &Found<'_>, member: &Member) -> Option<Finding> {
    let asks = found.settings.scope_of(member.kind) == Scope::OptIn && member.label.as_deref() == Some(ENABLED);
    let reaches = found.view.graph().reaches(&member.at);
    let mut stated = found.roots.iter().filter(|root| root.of(member.kind).pending.is_empty());
    let is_stated = stated.any(|root| reaches.iter().any(|reach| root.covers(member.kind, reach, found.view)));
    let message = format!("{} asks for the defaults by its label, and does not get them", member.subject);
    (asks && is_stated && member.roots.is_empty())
        .then(|| Finding::warning(codes::DO_NOT_ARRIVE, message).at(&member.at.path, member.line))
}

/// How many releases of each cluster state what is proposed, each field:
/// `spec.timeout: 5m, stated by 63 of 79 releases (edge 7 of 8, main 56 of 71)`.
pub(super) fn agreement(found: &Found<'_>) -> Vec<String> {
    let sets = found.roots.iter().map(|root| &root.of(ObjectKind::Release).set);
    let Some(set) = sets.into_iter().find(|set| found.is_proposed && !set.is_empty()) else { return Vec::new() };
    let specs = stated_specs(found.view, &found.roots);
    let line = |(field, value): &(&Field, Value)| {
        let mut by_cluster: BTreeMap<ClusterId, (usize, usize)> = BTreeMap::new();
        for (cluster, spec) in &specs {
            let (stated, all) = by_cluster.entry(*cluster).or_default();
            *all += 1;
            *stated += usize::from(field.stated(spec) == Some(value));
        }
        let stated: usize = by_cluster.values().map(|(stated, _)| stated).sum();
        let name = |id: &ClusterId| &found.view.graph().clusters[*id].name;
        let clusters = by_cluster.iter().map(|(id, (stated, all))| format!("{} {stated} of {all}", name(id)));
        let clusters = clusters.collect::<Vec<_>>().join(", ");
        let clusters = if by_cluster.len() > 1 { format!(" ({clusters})") } else { String::new() };
        let value = value.text().unwrap_or_default();
        format!("{}: {value}, stated by {stated} of {} releases{clusters}", field.name(), specs.len())
    };
    set.0.iter().map(line).collect()
}
