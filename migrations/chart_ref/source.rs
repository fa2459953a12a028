//! Where the source goes that releases come to share.

use std::collections::BTreeSet;

use super::release::Want;
use super::settings::ChartRefSettings;
use crate::flux::{HelmRepository, View};
use crate::migrations::sources::SourceKey;
use crate::migrations::sources::place::{Place, in_folder_for};
use crate::plan::Finding;

/// The place of a source: by the first of the HelmRepositories that allows one for all these clusters.
pub(super) fn place_for(
    view: &View,
    key: &SourceKey,
    wants: &[&Want],
    clusters: &BTreeSet<String>,
    staged: &[SourceKey],
    settings: &ChartRefSettings,
) -> Result<Place, Finding> {
    let mut repositories: Vec<&HelmRepository> = wants.iter().flat_map(|want| &want.repositories).collect();
    repositories.sort_by(|a, b| a.at.cmp(&b.at));
    repositories.dedup_by(|a, b| a.at == b.at);
    let mut first_reason = None;
    for repository in repositories {
        match in_folder_for(view, &repository.at, key, &settings.source_namespace, clusters, staged) {
            Ok(place) => return Ok(place),
            Err(reason) => drop(first_reason.get_or_insert(reason)),
        }
    }
    Err(first_reason.expect("a release that can move has a HelmRepository"))
}
