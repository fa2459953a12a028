//! What a tree has for this migration: the releases before 4.x, and the sources that they move to.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::references;
use super::release::{Candidate, Judge, Now, at_chart, now, sources_of};
use super::removal;
use super::settings::{AppTemplateV4Settings, OnChart};
use super::source::{Needed, Places, Second, is_of_3};
use crate::flux::{At, Chart, OciRepository, Release, View};
use crate::migrations::sources::SourceKey;
use crate::migrations::sources::codes::NAME_TAKEN;
use crate::migrations::sources::existing::trial_of_all;
use crate::migrations::sources::remove::Removals;
use crate::plan::{Finding, Severity, kept_by};

/// What is found in a tree. Found again on every tree, so that no unit has to carry it.
pub(super) struct Found<'v> {
    pub(super) view: &'v View,
    pub(super) settings: AppTemplateV4Settings,
    pub(super) candidates: Vec<Candidate<'v>>,
    /// The sources that releases move to.
    pub(super) seconds: Vec<Second>,
    /// The sources of 3.x that nothing names once releases have moved.
    pub(super) removals: Removals,
    /// How many releases of app-template are on 4.x.
    pub(super) on_4: usize,
    /// How many stay on `spec.chart`, because a comment opts them out of `chart-ref`.
    pub(super) opted_out: usize,
}

impl<'v> Found<'v> {
    pub(super) fn in_view(view: &'v View, settings: AppTemplateV4Settings) -> Found<'v> {
        let (candidates, seconds, removals) = (Vec::new(), Vec::new(), Removals::default());
        let mut found = Found { view, settings, candidates, seconds, removals, on_4: 0, opted_out: 0 };
        found.find_candidates();
        found.find_seconds();
        found.removals = removal::find(view, &found.candidates);
        found
    }

    fn find_candidates(&mut self) {
        let view = self.view;
        let mut users: BTreeMap<&At, usize> = BTreeMap::new();
        for source in view.releases().iter().flat_map(|release| sources_of(view, release)) {
            *users.entry(&source.at).or_default() += 1;
        }
        for release in view.releases() {
            match now(view, release) {
                Now::OtherChart => {}
                Now::On4 => self.on_4 += 1,
                Now::SeveralSources => {
                    let message = "it gets its chart from several sources";
                    let reason = at_chart(release, Severity::Error, codes::SEVERAL_SOURCES, message);
                    self.candidates.push(Candidate::refused(view, release, None, reason));
                }
                Now::Before4(..) if self.is_opted_out(release) => self.opted_out += 1,
                Now::Before4(version, source) => {
                    let users = source.and_then(|source| users.get(&source.at)).copied().unwrap_or_default();
                    let judge = Judge { view, release, source, users, settings: &self.settings };
                    self.candidates.push(judge.candidate(version));
                }
            }
        }
    }

    /// Whether a release would have to move to `spec.chartRef` first, and is opted out of that.
    fn is_opted_out(&self, release: &Release) -> bool {
        let chart = self.view.node(&release.at).and_then(|root| root.get("spec")?.own_entry("chart"));
        let range = chart.map(|(key, value)| key.range().start..value.range().end);
        self.settings.on_chart == OnChart::ChartRef
            && range.is_some_and(|range| kept_by(self.view, "chart-ref", &release.at.path, &range).is_some())
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
                let namespace = reference.namespace.as_ref().or(reach.namespace.as_ref());
                (reach.cluster, namespace.cloned().unwrap_or_default())
            }));
        }
        let needed = needed.into_values().map(|(old, places)| self.needed(old, &places)).collect::<Vec<_>>();
        let staged: BTreeSet<SourceKey> = needed.iter().filter_map(|needed| needed.staged().cloned()).collect();
        let staged: Vec<SourceKey> = staged.into_iter().collect();
        let drafts: Vec<_> = needed.iter().filter_map(|needed| needed.draft(self.view, &staged)).collect();
        let together = trial_of_all(self.view, drafts.iter().map(|(spec, place)| (spec, place)));
        let mut refused: BTreeMap<&At, Finding> = BTreeMap::new();
        for needed in needed {
            let old = &needed.old.at;
            match needed.second(self.view, &staged, together.as_ref()).and_then(|second| self.is_shareable(second)) {
                Ok(second) => self.seconds.push(second),
                Err(reason) => {
                    refused.insert(old, reason);
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

    fn needed(&self, old: &'v OciRepository, places: &Places) -> Needed<'v> {
        Needed::of(self.view, old, &self.settings.target, places)
    }

    /// Two sources of 3.x in one folder get one of 4.x if their credentials and checks agree.
    ///
    /// # Errors
    /// A finding, if they do not.
    fn is_shareable(&self, second: Second) -> Result<Second, Finding> {
        let Some((spec, place)) = &second.new else { return Ok(second) };
        let mut others = self.seconds.iter().filter_map(|other| other.new.as_ref());
        if others.any(|(other, there)| there.file == place.file && other.carried != spec.carried) {
            let message =
                format!("{} is needed for another source, too, which has other credentials or checks", place.file);
            return Err(Finding::error(NAME_TAKEN, message));
        }
        Ok(second)
    }

    /// The sources of 4.x that there can be beside those of 3.x, needed wherever those are: on a
    /// tree in which the releases that need them cannot move yet.
    pub(super) fn possible_seconds(&self) -> Vec<Second> {
        let of_3 = self.view.oci_repositories().iter().filter(|source| is_of_3(source));
        let seconds = of_3.filter_map(|old| {
            let reaches = self.view.graph().reaches(&old.at).iter();
            let places = reaches.map(|reach| (reach.cluster, reach.namespace.clone().unwrap_or_default())).collect();
            let needed = self.needed(old, &places);
            let staged: Vec<SourceKey> = needed.staged().cloned().into_iter().collect();
            needed.second(self.view, &staged, None).ok()
        });
        seconds.collect()
    }

    /// The source that the releases of another one move to.
    pub(super) fn second_beside(&self, old: &OciRepository) -> Option<&Second> {
        self.seconds.iter().find(|second| second.old == old.at)
    }
}
