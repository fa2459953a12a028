//! Strategy `shared`: one source for each URL and version, in the namespace of sources.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use super::codes;
use super::source::{Group, NewSource, Placed, Placing, Source, about, agreed, interval};
use crate::flux::{HelmRepository, View};
use crate::migrations::sources::Spec;
use crate::migrations::sources::existing::{existing, proven, trial_of_all};
use crate::migrations::sources::place::{Place, in_folder_for};
use crate::plan::Finding;

/// Finds or places the sources of groups: one for all releases of a group or, if that is not
/// possible, one for each cluster.
pub(super) fn place(placing: Placing<'_, '_>, groups: Vec<Group>) -> Placed {
    let mut placed = Placed::default();
    let mut waiting = groups;
    while !waiting.is_empty() {
        let drafts: Vec<_> = waiting.into_iter().map(|group| (draft(placing, &group), group)).collect();
        let new = drafts.iter().filter_map(|(draft, _)| draft.as_ref().ok()?.new.as_ref());
        let together = trial_of_all(placing.view, new.map(|new| (&new.spec, &new.place)));
        waiting = Vec::new();
        for (draft, group) in drafts {
            match draft.and_then(|draft| finished(placing, draft, together.as_ref())) {
                Ok(source) => placed.sources.push(source),
                Err(reason) => {
                    let parts = by_cluster(&group, placing.candidates);
                    if parts.is_empty() {
                        placed.refused.push((group.users, reason));
                    }
                    waiting.extend(parts);
                }
            }
        }
    }
    placed
}

/// One group for each cluster; none if a release is on several.
fn by_cluster(group: &Group, candidates: &[Candidate<'_>]) -> Vec<Group> {
    let mut groups: BTreeMap<&BTreeSet<String>, BTreeSet<usize>> = BTreeMap::new();
    for user in &group.users {
        groups.entry(&candidates[*user].clusters).or_default().insert(*user);
    }
    if groups.len() < 2 || groups.keys().any(|clusters| clusters.len() > 1) {
        return Vec::new();
    }
    groups.into_values().map(|users| Group::of(&group.key, &group.home, users, candidates)).collect()
}

/// The source of a group that is there, or one to be written, whose name is not known yet.
///
/// # Errors
/// A finding if there is no place for it.
fn draft(placing: Placing<'_, '_>, group: &Group) -> Result<Source, Finding> {
    let Placing { view, candidates, settings, .. } = placing;
    let Group { key, clusters, .. } = group;
    let members = group.members(candidates);
    let carried = agreed(key, &members)?;
    let namespace = &settings.source_namespace;
    if let Some(name) = existing(view, key, &carried, clusters, namespace) {
        let findings = by_clusters(&name, clusters).into_iter().chain(about(key, &members)).collect();
        return Ok(Source::existing(group.clone(), name, Some(namespace), findings));
    }
    let place = place_for(placing, group, &members)?;
    let (interval, others) = interval(&members);
    let differing = others.map(|message| Finding::note(codes::INTERVALS, message).at(&place.file, None));
    let findings = about(key, &members).into_iter().chain(differing).collect();
    let spec = Spec { key: key.clone(), interval, carried, comments: Vec::new() };
    let new = NewSource { place, spec, users: group.count(candidates) };
    Ok(Source { new: Some(new), ..Source::existing(group.clone(), String::new(), Some(namespace), findings) })
}

/// A draft with the name that the source has where it is written.
///
/// # Errors
/// A finding if it would not arrive.
fn finished(placing: Placing<'_, '_>, draft: Source, together: Option<&View>) -> Result<Source, Finding> {
    let Some(NewSource { place, spec, .. }) = &draft.new else { return Ok(draft) };
    let Placing { view, settings, .. } = placing;
    let clusters = &draft.group.clusters;
    let name = proven(view, spec, place, clusters, &settings.source_namespace, together)?;
    let findings = by_clusters(&name, clusters).into_iter().chain(draft.findings).collect();
    Ok(Source { name, findings, ..draft })
}

/// The place of a source: by the first HelmRepository that allows one for all these clusters.
fn place_for(placing: Placing<'_, '_>, group: &Group, members: &[&Candidate<'_>]) -> Result<Place, Finding> {
    let Placing { view, staged, settings, .. } = placing;
    let wants = members.iter().filter_map(|member| member.want());
    let mut repositories: Vec<&HelmRepository> = wants.flat_map(|want| &want.repositories).collect();
    repositories.sort_by(|a, b| a.at.cmp(&b.at));
    repositories.dedup_by(|a, b| a.at == b.at);
    let is_ours = |url: &str| settings.charts.iter().any(|chart| url.ends_with(&format!("/{}", chart.name)));
    let (namespace, clusters) = (&settings.source_namespace, &group.clusters);
    let mut first_reason = None;
    for repository in repositories {
        match in_folder_for(view, &repository.at, &group.key, namespace, clusters, staged, &is_ours) {
            Ok(place) => return Ok(place),
            Err(reason) => first_reason = first_reason.or(Some(reason)),
        }
    }
    Err(first_reason.expect("a release that can move has a HelmRepository"))
}

fn by_clusters(name: &str, clusters: &BTreeSet<String>) -> Option<Finding> {
    let names: Vec<&str> = clusters.iter().map(String::as_str).collect();
    let message = format!("releases of {} will use the source {name}", names.join(" and "));
    (names.len() > 1).then(|| Finding::note(codes::SHARED, message))
}
