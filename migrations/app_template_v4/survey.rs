//! What there is in a tree for this migration: the releases before 4.x, and the sources that they move to.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::references::{self, Subject};
use super::release::{Candidate, Now, Way, at_release, judge, now, sources_of};
use super::removal;
use super::settings::{AppTemplateV4Settings, OnChart};
use super::source::{Needed, Second, is_of_3};
use crate::flux::{At, Chart, ClusterId, OciRepository, Release, View};
use crate::migrations::sources::codes::NAME_TAKEN;
use crate::migrations::sources::place::Place;
use crate::migrations::sources::remove::Removals;
use crate::migrations::sources::{SourceKey, Spec};
use crate::plan::{Finding, Severity, kept_by};

/// Clusters, each with a namespace.
type Places = BTreeSet<(ClusterId, String)>;

/// What this migration finds in a tree. Recomputed on every tree, so that no unit needs to carry it.
pub(super) struct Found<'v> {
    pub(super) candidates: Vec<Candidate<'v>>,
    /// The sources that releases move to, by those that they come from.
    pub(super) seconds: Vec<Second>,
    /// The sources of 3.x that nothing names once releases have moved.
    pub(super) removals: Removals,
    /// Releases of app-template that are on 4.x.
    pub(super) moved: usize,
    /// Those that are on `spec.chart`, and stay there because a comment opts them out of `chart-ref`.
    pub(super) kept: usize,
    pub(super) settings: AppTemplateV4Settings,
}

/// Whether a release would have to move to `spec.chartRef` first, and a comment says that it does not.
fn is_kept(view: &View, release: &Release, settings: &AppTemplateV4Settings) -> bool {
    let chart = view.node(&release.at).and_then(|root| root.get("spec")?.own_entry("chart"));
    let part = chart.map(|(key, value)| key.range().start..value.range().end);
    settings.on_chart == OnChart::ChartRef
        && part.is_some_and(|part| kept_by(view, "chart-ref", &release.at.path, &part).is_some())
}

impl<'v> Found<'v> {
    pub(super) fn in_view(view: &'v View, settings: &AppTemplateV4Settings) -> Found<'v> {
        let mut users: BTreeMap<&At, usize> = BTreeMap::new();
        for release in view.releases() {
            for source in sources_of(view, release) {
                *users.entry(&source.at).or_default() += 1;
            }
        }
        let (candidates, seconds, removals) = (Vec::new(), Vec::new(), Removals::default());
        let mut found = Found { candidates, seconds, removals, moved: 0, kept: 0, settings: settings.clone() };
        for release in view.releases() {
            match now(view, release) {
                Now::Other => {}
                Now::Moved => found.moved += 1,
                Now::Before(..) if is_kept(view, release, settings) => found.kept += 1,
                Now::Before(version, source) => {
                    let users = source.and_then(|source| users.get(&source.at)).copied().unwrap_or_default();
                    found.candidates.push(judge(view, release, (version, source), users, settings));
                }
                Now::Apart => {
                    let mut candidate = judge(view, release, (None, None), 0, settings);
                    let message = "it takes its chart from several sources".to_owned();
                    let reason = at_release(release, Severity::Error, codes::SOURCES_APART, message);
                    candidate.verdict = Err(vec![reason]);
                    found.candidates.push(candidate);
                }
            }
        }
        found.place_seconds(view);
        found.removals = removal::of(view, &found.candidates);
        found
    }

    /// Adds what other files say of the releases. Reads every YAML file, and changes nothing of what is written.
    pub(super) fn add_references(&mut self, view: &View) {
        let able = |candidate: &&mut Candidate<'_>| candidate.verdict.is_ok();
        let mut candidates: Vec<&mut Candidate<'_>> = self.candidates.iter_mut().filter(able).collect();
        let subjects: Vec<Subject<'_>> = candidates.iter().filter_map(|own| own.subject()).collect();
        let found = references::found(view, &subjects);
        candidates.iter_mut().zip(found).for_each(|(candidate, found)| candidate.findings.extend(found));
    }

    /// Finds or places the sources that releases move to; where that cannot be, the releases stay.
    fn place_seconds(&mut self, view: &View) {
        let mut needed: BTreeMap<&At, (&'v OciRepository, Places)> = BTreeMap::new();
        for candidate in &self.candidates {
            let Ok(step) = &candidate.verdict else { continue };
            let (Way::Second(source), Chart::Ref(reference)) = (&step.way, &candidate.release.chart) else { continue };
            let source: &'v OciRepository = source;
            let (_, needed) = needed.entry(&source.at).or_insert_with(|| (source, Places::new()));
            needed.extend(view.graph().reaches(&candidate.release.at).iter().map(|reach| {
                let namespace = reference.namespace.as_ref().or(reach.namespace.as_ref());
                (reach.cluster, namespace.cloned().unwrap_or_default())
            }));
        }
        let needed = needed.into_values().map(|(old, places)| Needed::of(view, old, &self.settings.target, &places));
        let needed: Vec<Needed<'_>> = needed.collect();
        let staged: BTreeSet<SourceKey> = needed.iter().filter_map(|needed| needed.staged().cloned()).collect();
        let staged: Vec<SourceKey> = staged.into_iter().collect();
        let mut refused: BTreeMap<At, Finding> = BTreeMap::new();
        for needed in needed {
            let at = needed.old().clone();
            let second = needed.second(view, &staged).and_then(|second| self.is_one_with_others(view, second));
            match second {
                Ok(second) => self.seconds.push(second),
                Err(reason) => drop(refused.insert(at, reason)),
            }
        }
        for candidate in &mut self.candidates {
            let source = match &candidate.verdict {
                Ok(step) => {
                    if let Way::Second(source) = &step.way {
                        Some(&source.at)
                    } else {
                        None
                    }
                }
                Err(_) => None,
            };
            if let Some(reason) = source.and_then(|source| refused.get(source)) {
                let reason = at_release(candidate.release, Severity::Error, reason.code, reason.message.clone());
                candidate.verdict = Err(vec![reason]);
            }
        }
    }

    /// The sources of 4.x that there can be beside those of 3.x, whoever wants them: as needed wherever the old one is.
    pub(super) fn beside(&self, view: &View) -> Vec<Second> {
        let of_3 = view.oci_repositories().iter().filter(|source| is_of_3(source));
        let seconds = of_3.filter_map(|old| {
            let reaches = view.graph().reaches(&old.at).iter();
            let places = reaches.map(|reach| (reach.cluster, reach.namespace.clone().unwrap_or_default())).collect();
            let needed = Needed::of(view, old, &self.settings.target, &places);
            let staged: Vec<SourceKey> = needed.staged().cloned().into_iter().collect();
            needed.second(view, &staged).ok()
        });
        seconds.collect()
    }

    /// Two sources of 3.x beside each other get one of 4.x, if that can be what each of them is.
    fn is_one_with_others(&self, view: &View, second: Second) -> Result<Second, Finding> {
        let Some((spec, place)) = &second.new else { return Ok(second) };
        let others = self.seconds.iter().filter_map(|other| other.new.as_ref());
        let differs = |(other, there): &&(Spec, Place)| there.file == place.file && other.carried != spec.carried;
        match others.into_iter().find(differs) {
            None => Ok(second),
            Some(_) => {
                let message = format!(
                    "{} is to be written for another source, which differs in credentials or checks",
                    place.file
                );
                let line = view.object(&second.old).map(|object| object.line);
                Err(Finding::error(NAME_TAKEN, message).at(&second.old.path, line))
            }
        }
    }

    /// The source that the releases of another one move to.
    pub(super) fn second_of(&self, old: &OciRepository) -> Option<&Second> {
        self.seconds.iter().find(|second| second.old == old.at)
    }
}
