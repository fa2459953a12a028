//! Strategy `shared`: one source for each URL and version, in the namespace of sources.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use super::codes;
use super::source::{Group, NewSource, Placed, Placing, Source, about, agreed, interval};
use crate::flux::HelmRepository;
use crate::migrations::sources::Spec;
use crate::migrations::sources::existing::{existing, proven};
use crate::migrations::sources::place::{Place, in_folder_for};
use crate::plan::Finding;

/// Finds or places the source of a group: one for all its releases or, if that is not possible, one
/// for each cluster.
pub(super) fn place(placing: Placing<'_, '_>, group: Group) -> Placed {
    let mut placed = Placed::default();
    let mut waiting = vec![group];
    while let Some(group) = waiting.pop() {
        match found_or_new(placing, &group) {
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

fn found_or_new(placing: Placing<'_, '_>, group: &Group) -> Result<Source, Finding> {
    let Placing { view, candidates, settings, .. } = placing;
    let Group { key, clusters, .. } = group;
    let members = group.members(candidates);
    let carried = agreed(key, &members)?;
    let namespace = &settings.source_namespace;
    let source = |name: String| {
        let findings = by_clusters(&name, clusters).into_iter().chain(about(key, &members)).collect();
        Source::existing(group.clone(), name, Some(namespace), findings)
    };
    if let Some(name) = existing(view, key, &carried, clusters, namespace) {
        return Ok(source(name));
    }
    let place = place_for(placing, group, &members)?;
    let (interval, others) = interval(&members);
    let spec = Spec { key: key.clone(), interval, carried, comments: Vec::new() };
    let mut source = source(proven(view, &spec, &place, clusters, namespace)?);
    source.findings.extend(others.map(|message| Finding::note(codes::INTERVALS, message).at(&place.file, None)));
    Ok(Source { new: Some(NewSource { place, spec, users: group.count(candidates) }), ..source })
}

/// The place of a source: by the first of the HelmRepositories that allows one for all these
/// clusters.
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
