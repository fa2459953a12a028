//! Strategy `shared`: one source for each URL and version, in the namespace of sources.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::release::{Candidate, finding};
use super::settings::ChartRefSettings;
use super::strategy::Home;
use super::survey::{NewSource, Source, about, agreed, interval};
use super::want::Want;
use crate::flux::{HelmRepository, View};
use crate::migrations::sources::find::{existing, proven};
use crate::migrations::sources::place::{Place, in_folder_for};
use crate::migrations::sources::{SourceKey, Spec};
use crate::plan::{Finding, Severity};

/// The releases that want the same source.
pub(super) struct Group {
    key: SourceKey,
    clusters: BTreeSet<String>,
    /// Places in the list of candidates.
    users: BTreeSet<usize>,
}

impl Group {
    fn of(key: &SourceKey, users: BTreeSet<usize>, candidates: &[Candidate<'_>]) -> Group {
        let clusters = users.iter().flat_map(|user| candidates[*user].clusters.clone()).collect();
        Group { key: key.clone(), clusters, users }
    }

    /// One group for each cluster; none if a release is on several.
    fn by_cluster(&self, candidates: &[Candidate<'_>]) -> Vec<Group> {
        let mut groups: BTreeMap<&BTreeSet<String>, BTreeSet<usize>> = BTreeMap::new();
        for user in &self.users {
            groups.entry(&candidates[*user].clusters).or_default().insert(*user);
        }
        if groups.len() < 2 || groups.keys().any(|clusters| clusters.len() > 1) {
            return Vec::new();
        }
        groups.into_values().map(|users| Group::of(&self.key, users, candidates)).collect()
    }
}

/// Finds or names and places the source of a key: one for all its releases, or, where that cannot be, one for each cluster. Gives what could
/// be, and why the releases of the rest must stay.
pub(super) fn sources(
    view: &View,
    key: &SourceKey,
    users: BTreeSet<usize>,
    candidates: &[Candidate<'_>],
    staged: &[SourceKey],
    settings: &ChartRefSettings,
) -> (Vec<Source>, Vec<(BTreeSet<usize>, Finding)>) {
    let (mut sources, mut refused) = (Vec::new(), Vec::new());
    let mut waiting = vec![Group::of(key, users, candidates)];
    while let Some(group) = waiting.pop() {
        match found_or_new(view, &group, candidates, staged, settings) {
            Ok(source) => sources.push(source),
            Err(reason) => {
                let parts = group.by_cluster(candidates);
                if parts.is_empty() {
                    refused.push((group.users, reason));
                }
                waiting.extend(parts);
            }
        }
    }
    (sources, refused)
}

fn found_or_new(
    view: &View,
    group: &Group,
    candidates: &[Candidate<'_>],
    staged: &[SourceKey],
    settings: &ChartRefSettings,
) -> Result<Source, Finding> {
    let Group { key, clusters, users } = group;
    let members: Vec<&Candidate<'_>> = users.iter().map(|user| &candidates[*user]).collect();
    let carried = agreed(key, &members)?;
    let namespace = &settings.source_namespace;
    let source = |name: String, new, findings| Source {
        key: key.clone(),
        home: Home::Shared,
        users: users.clone(),
        clusters: clusters.clone(),
        findings: [by_clusters(&name, clusters), about(key, &members), findings].concat(),
        name,
        namespace: Some(namespace.clone()),
        new,
        include: None,
    };
    if let Some(name) = existing(view, key, &carried, clusters, namespace) {
        return Ok(source(name, None, Vec::new()));
    }
    let place = place_for(view, key, &members, clusters, staged, settings)?;
    let (interval, others) = interval(&members);
    let spec = Spec { key: key.clone(), interval, carried, comments: Vec::new() };
    let name = proven(view, &spec, &place, clusters, namespace)?;
    let others = others
        .map(|message| finding(Severity::Note, codes::INTERVALS, Some(place.file.clone()), None, message))
        .into_iter()
        .collect();
    let users = members.iter().map(|user| 1 + user.also.len()).sum();
    Ok(source(name, Some(NewSource { place, spec, users }), others))
}

/// The place of a source: by the first of the HelmRepositories that allows one for all these clusters.
fn place_for(
    view: &View,
    key: &SourceKey,
    members: &[&Candidate<'_>],
    clusters: &BTreeSet<String>,
    staged: &[SourceKey],
    settings: &ChartRefSettings,
) -> Result<Place, Finding> {
    let wants: Vec<&Want> = members.iter().filter_map(|user| user.verdict.as_ref().ok()).collect();
    let mut repositories: Vec<&HelmRepository> = wants.iter().flat_map(|want| &want.repositories).collect();
    repositories.sort_by(|a, b| a.at.cmp(&b.at));
    repositories.dedup_by(|a, b| a.at == b.at);
    let is_ours = |url: &str| settings.charts.iter().any(|chart| url.ends_with(&format!("/{}", chart.name)));
    let mut first_reason = None;
    for repository in repositories {
        match in_folder_for(view, &repository.at, key, &settings.source_namespace, clusters, staged, &is_ours) {
            Ok(place) => return Ok(place),
            Err(reason) => drop(first_reason.get_or_insert(reason)),
        }
    }
    Err(first_reason.expect("a release that can move has a HelmRepository"))
}

fn by_clusters(name: &str, clusters: &BTreeSet<String>) -> Vec<Finding> {
    if clusters.len() < 2 {
        return Vec::new();
    }
    let clusters: Vec<&str> = clusters.iter().map(String::as_str).collect();
    let message = format!("releases of {} will use the source {name}", clusters.join(" and "));
    vec![finding(Severity::Note, codes::SHARED, None, None, message)]
}
