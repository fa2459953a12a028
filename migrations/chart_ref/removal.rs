//! HelmRepositories that served charts in scope, and that nothing of any cluster names once the releases have moved.

use std::collections::BTreeSet;

use super::address::addresses;
use super::release::Candidate;
use super::settings::ChartRefSettings;
use super::survey::Source;
use crate::flux::{At, HelmRepository, View};
use crate::migrations::sources::names::Names;
use crate::migrations::sources::remove::{Removals, removal};

/// The kind of what goes.
pub(super) const KIND: &str = "HelmRepository";

/// Finds them. That one served a chart in scope is seen from an OCIRepository, of the tree or of this plan, with the chart where it has it: so
/// that a tree in which all releases have moved says the same as the one before.
pub(super) fn removals(
    view: &View,
    candidates: &[Candidate<'_>],
    sources: &[Source],
    settings: &ChartRefSettings,
) -> Removals {
    let there = view.oci_repositories().iter().map(|source| source.url.as_str());
    let urls: BTreeSet<&str> = there.chain(sources.iter().map(|source| source.key.url.as_str())).collect();
    let served = |repository: &HelmRepository| {
        let of_chart = |chart| addresses(chart, repository).iter().any(|url| urls.contains(url.as_str()));
        settings.charts.iter().any(of_chart)
    };
    let mut found = Removals::default();
    let mut repositories = view.helm_repositories().iter().filter(|own| served(own)).peekable();
    if repositories.peek().is_none() {
        return found;
    }
    let names = Names::of(view, KIND);
    let moves = |at: &At| candidates.iter().any(|candidate| candidate.release.at == *at && candidate.verdict.is_ok());
    for repository in repositories {
        match removal(&names, view, KIND, &repository.at, &moves) {
            Ok(removal) => found.all.extend(removal),
            Err(finding) => found.findings.push(finding),
        }
    }
    found
}
