//! HelmRepositories that served charts in scope, and that nothing names once releases have moved.

use std::collections::BTreeSet;

use super::address::addresses;
use super::candidate::Candidate;
use super::settings::ChartRefSettings;
use super::source::Source;
use crate::flux::{At, HelmRepository, SourceNames, View};
use crate::migrations::sources::remove::{Removals, removal};

/// The kind of what is removed.
const KIND: &str = "HelmRepository";

/// Finds them. That one served a chart in scope shows in an OCIRepository, of the repository or of
/// this plan, with the chart where it has it: so a repository in which all releases have moved
/// gives the same answer as the one before.
pub(super) fn removals(
    view: &View,
    candidates: &[Candidate<'_>],
    sources: &[Source],
    settings: &ChartRefSettings,
) -> Removals {
    let applied = view.oci_repositories().iter().map(|source| source.url.as_str());
    let urls: BTreeSet<&str> = applied.chain(sources.iter().map(|source| source.group.key.url.as_str())).collect();
    let served = |repository: &&HelmRepository| {
        let of_chart = |chart| addresses(chart, repository).iter().any(|url| urls.contains(url.as_str()));
        settings.charts.iter().any(of_chart)
    };
    let mut found = Removals::default();
    let mut repositories = view.helm_repositories().iter().filter(served).peekable();
    if repositories.peek().is_none() {
        return found;
    }
    let names = SourceNames::of(view, KIND);
    let moving = candidates.iter().filter(|candidate| candidate.want().is_some());
    let moving: BTreeSet<&At> = moving.map(|candidate| &candidate.release.at).collect();
    let moves = |at: &At| moving.contains(at);
    for repository in repositories {
        match removal(&names, view, KIND, &repository.at, &moves) {
            Ok(removal) => found.all.extend(removal),
            Err(finding) => found.findings.push(finding),
        }
    }
    found.proven(view)
}
