//! What a tree has for this migration: the releases before 4.x, and the sources that they move to.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::evidence::Evidence;
use super::in_5::accounts_of;
use super::references;
use super::release::{Candidate, Judge, Now, at_chart, now, sources_of, version_of_release};
use super::removal;
use super::seconds::{Places, Second, seconds};
use super::settings::{AppTemplateSettings, OnChart};
use super::source::{is_before, key};
use super::versions::Versions;
use crate::flux::{At, Chart, OciRepository, Release, View};
use crate::migrations::chart_ref;
use crate::migrations::sources::name::name_of_second;
use crate::migrations::sources::remove::Removals;
use crate::plan::{Finding, Severity, kept_by};

/// What is found in a tree. Found again on every tree, so that no unit has to carry it.
pub(super) struct Found<'v> {
    pub(super) view: &'v View,
    pub(super) settings: AppTemplateSettings,
    pub(super) candidates: Vec<Candidate<'v>>,
    /// The sources that releases move to.
    pub(super) seconds: Vec<Second>,
    /// The sources of 3.x that nothing names once releases have moved.
    pub(super) removals: Removals,
    /// The releases of app-template that are on the target's major version or later.
    pub(super) later: Versions,
    /// How many stay on `spec.chart`, because a comment opts them out of `chart-ref`.
    pub(super) opted_out: usize,
}

/// The versions that releases of the chart are on, as they are written.
pub(super) fn versions(view: &View) -> Vec<&str> {
    view.releases().iter().filter_map(|release| version_of_release(view, release)).collect()
}

/// The accounts, by namespace, that releases use, and those that 5.x would make for them.
fn accounts(view: &View, settings: &AppTemplateSettings) -> BTreeSet<(String, String)> {
    let moving = view.releases().iter().filter_map(|release| match now(view, release, settings.major()) {
        Now::Before(Some(version), _) => Some((release, settings.version_of(&version)?)),
        _ => None,
    });
    moving.flat_map(|(release, version)| accounts_of(view, &release.at, version)).collect()
}

impl<'v> Found<'v> {
    pub(super) fn in_view(view: &'v View, settings: AppTemplateSettings) -> Found<'v> {
        let (candidates, seconds, removals) = (Vec::new(), Vec::new(), Removals::default());
        let mut found =
            Found { view, settings, candidates, seconds, removals, later: Versions::default(), opted_out: 0 };
        found.find_candidates();
        found.find_seconds();
        found.removals = removal::find(view, &found.candidates, &found.settings);
        found
    }

    fn find_candidates(&mut self) {
        let view = self.view;
        let mut users: BTreeMap<&At, usize> = BTreeMap::new();
        for source in view.releases().iter().flat_map(|release| sources_of(view, release)) {
            *users.entry(&source.at).or_default() += 1;
        }
        let evidence = self.settings.adopts().then(|| Evidence::of(view, accounts(view, &self.settings)));
        for release in view.releases() {
            match now(view, release, self.settings.major()) {
                Now::OtherChart => {}
                Now::Later(version) => self.later.add(version),
                Now::SeveralSources => {
                    let message = "it gets its chart from several sources";
                    let reason = at_chart(release, Severity::Error, codes::SEVERAL_SOURCES, message);
                    self.candidates.push(Candidate::refused(view, release, None, reason));
                }
                Now::Before(..) if self.is_opted_out(release) => self.opted_out += 1,
                Now::Before(version, source) => {
                    let is_own = source.is_some_and(|source| self.is_own(release, source, &users));
                    let judge =
                        Judge { view, release, source, is_own, settings: &self.settings, evidence: evidence.as_ref() };
                    self.candidates.push(judge.candidate(version));
                }
            }
        }
    }

    /// Whether a source moves with its release: it stands beside it, and no other release uses it, or
    /// did so before it moved to a second source.
    fn is_own(&self, release: &Release, source: &OciRepository, users: &BTreeMap<&At, usize>) -> bool {
        let dir = source.at.path.dir();
        let is_here = |at: &At| at.path.dir() == dir;
        let key_of = |source: &OciRepository| key(source, &self.settings.target).0;
        let of_source = key_of(source);
        let second = name_of_second(&of_source);
        let has_second =
            || dir.join(&format!("{second}.yaml")).is_some_and(|file| self.view.tree().entry(&file).is_some());
        let gets_second = |other: &OciRepository| {
            is_here(&other.at)
                && is_before(other, &self.settings)
                && key_of(other) == of_source
                && users.get(&other.at).is_some_and(|users| *users > 1)
        };
        // One from elsewhere says nothing of the sources that are here.
        let uses_second = |other: &Release| {
            let is_second = matches!(&other.chart, Chart::Ref(reference) if reference.name == second);
            is_second && is_here(&other.at) && sources_of(self.view, other).iter().any(|source| is_here(&source.at))
        };
        is_here(&release.at)
            && users.get(&source.at) == Some(&1)
            && !has_second()
            && !self.view.oci_repositories().iter().any(gets_second)
            && !self.view.releases().iter().any(uses_second)
    }

    /// Whether a release would have to move to `spec.chartRef` first, and is opted out of that.
    fn is_opted_out(&self, release: &Release) -> bool {
        let chart = self.view.node(&release.at).and_then(|root| root.get("spec")?.own_entry("chart"));
        let range = chart.map(|(key, value)| key.range().start..value.range().end);
        self.settings.on_chart == OnChart::ChartRef
            && range.is_some_and(|range| kept_by(self.view, &chart_ref::META, &release.at.path, &range).is_some())
    }

    /// Adds what other files say of the releases. Nothing that is written depends on it.
    pub(super) fn add_references(&mut self) {
        let converted: Vec<_> =
            self.candidates.iter().filter_map(|candidate| Some(&candidate.verdict.as_ref().ok()?.converted)).collect();
        let found = references::found(self.view, &converted);
        let able = self.candidates.iter_mut().filter(|candidate| candidate.verdict.is_ok());
        able.zip(found).for_each(|(candidate, found)| candidate.findings.extend(found));
    }

    /// Finds the sources that releases move to, or their places. Without a place, a release stays.
    fn find_seconds(&mut self) {
        let mut needed: BTreeMap<&At, (&'v OciRepository, Places)> = BTreeMap::new();
        for candidate in &self.candidates {
            let (Some(old), Chart::Ref(reference)) = (candidate.second_beside(), &candidate.release.chart) else {
                continue;
            };
            let (_, places) = needed.entry(&old.at).or_insert_with(|| (old, Places::new()));
            places.extend(self.view.graph().reaches(&candidate.release.at).iter().map(|reach| {
                let namespace = reference.namespace.as_deref().or(reach.namespace.as_deref());
                (reach.cluster, namespace.unwrap_or_default().to_owned())
            }));
        }
        let mut refused: BTreeMap<&At, Finding> = BTreeMap::new();
        for (old, second) in seconds(self.view, &self.settings.target, needed.into_values()) {
            match second {
                Ok(second) => self.seconds.push(second),
                Err(reason) => {
                    refused.insert(&old.at, reason);
                }
            }
        }
        for candidate in &mut self.candidates {
            if let Some(reason) = candidate.second_beside().and_then(|source| refused.get(&source.at)) {
                let reason = at_chart(candidate.release, Severity::Error, reason.code, &*reason.message);
                candidate.verdict = Err(vec![reason]);
            }
        }
    }

    /// The source that the releases of another one move to.
    pub(super) fn second_beside(&self, old: &OciRepository) -> Option<&Second> {
        self.seconds.iter().find(|second| second.old == old.at)
    }
}
