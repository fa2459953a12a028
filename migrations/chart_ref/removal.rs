//! HelmRepositories that served charts in scope, and that nothing names once releases have moved.

use std::collections::BTreeSet;

use super::address::{address_by_configuration, addresses};
use super::candidate::Candidate;
use super::codes;
use super::settings::ChartRefSettings;
use super::source::Source;
use crate::flux::{At, HelmRepository, SourceNames, View};
use crate::migrations::sources::remove::{Removal, Removals, removal};
use crate::plan::Finding;

/// The kind of what is removed.
const KIND: &str = "HelmRepository";

/// Finds them. That one served a chart in scope shows in the releases that name it, which all are
/// in scope, or in an OCIRepository, of the repository or of this plan, with the chart where it has
/// it: so a repository in which all releases have moved gives the same answer as the one before.
/// Where only the configuration says where the chart is, the tree does not show which HelmRepository
/// it was in: those that nothing names are for review.
pub(super) fn removals(
    view: &View,
    candidates: &[Candidate<'_>],
    sources: &[Source],
    settings: &ChartRefSettings,
) -> Removals {
    let applied = view.oci_repositories().iter().map(|source| source.url.as_str());
    let urls: BTreeSet<&str> = applied.chain(sources.iter().map(|source| source.group.key.url.as_str())).collect();
    let has = |url: &String| urls.contains(url.as_str());
    let served =
        |repository: &HelmRepository| settings.charts.iter().any(|chart| addresses(chart, repository).iter().any(has));
    let may_have_served = |repository: &HelmRepository| {
        settings.charts.iter().any(|chart| address_by_configuration(chart, repository).is_some_and(|url| has(&url)))
    };
    let mut found = Removals::default();
    let repositories = view.helm_repositories().iter();
    let mut repositories =
        repositories.filter(|repository| served(repository) || may_have_served(repository)).peekable();
    if repositories.peek().is_none() {
        return found;
    }
    let names = SourceNames::of(view, KIND);
    let moving = candidates.iter().filter(|candidate| candidate.want().is_some());
    let moving: BTreeSet<&At> = moving.map(|candidate| &candidate.release.at).collect();
    let moves = |at: &At| moving.contains(at);
    for repository in repositories {
        match removal(&names, view, KIND, &repository.at, &moves) {
            Ok(removal) => found.all.extend(removal.map(|removal| {
                let is_certain = served(repository) || !removal.named_by.is_empty();
                if is_certain { removal } else { for_review(view, removal) }
            })),
            Err(finding) => found.findings.push(finding),
        }
    }
    found.proven(view)
}

/// A removal for review: what the HelmRepository served is not known.
fn for_review(view: &View, mut removal: Removal) -> Removal {
    let Removal { at, name, .. } = &removal;
    let message = format!("nothing names HelmRepository {name}; whether it served a chart in scope is not known");
    let line = view.object(at).map(|object| object.line);
    let finding = Finding::warning(codes::SERVED_UNKNOWN, message).at(&at.path, line);
    removal.review.push(finding);
    removal
}
