//! What this migration finds in a view: the releases in scope, and the sources that they will use.

use std::collections::{BTreeMap, BTreeSet};

use super::apart::set_apart;
use super::candidate::Candidate;
use super::home::{Home, Users, chart_of};
use super::removal::removals;
use super::settings::ChartRefSettings;
use super::source::{Group, Placed, Placing, Source};
use super::used::Used;
use super::{META, codes, namespace, per_app, shared};
use crate::flux::View;
use crate::migrations::app_template::{AppTemplateSettings, references};
use crate::migrations::sources::SourceKey;
use crate::migrations::sources::existing::Sources;
use crate::migrations::sources::remove::Removals;
use crate::plan::kept_by;

/// All that there is to do in a view. Found again on every tree, so that no unit needs to carry it.
pub(super) struct Found<'v> {
    pub(super) candidates: Vec<Candidate<'v>>,
    pub(super) sources: Vec<Source>,
    pub(super) removals: Removals,
    /// The names of charts out of scope, with the number of their releases.
    pub(super) other_charts: BTreeMap<String, usize>,
}

impl<'v> Found<'v> {
    pub(super) fn in_view(view: &'v View, settings: &ChartRefSettings, v4: &AppTemplateSettings) -> Found<'v> {
        let applied = Sources::of(view);
        let settings = &settings.in_view(view, &applied);
        let users = Users::of(view, settings, &applied);
        let used = Used::of(view, &applied);
        let mut other_charts = BTreeMap::new();
        let mut candidates = Vec::new();
        for release in view.releases() {
            let Some(name) = chart_of(view, release) else { continue };
            match settings.chart(name) {
                Some(chart) => candidates.push(Candidate::of(view, release, chart, (&users, &used), settings, v4)),
                None => *other_charts.entry(name.to_owned()).or_default() += 1,
            }
        }
        refuse_duplicates(&mut candidates);
        refuse_opted_out(view, &mut candidates);
        set_apart(view, &mut candidates, settings);
        let sources = sources(view, &mut candidates, &applied, settings);
        let removals = removals(view, &candidates, &sources, settings);
        Found { candidates, sources, removals, other_charts }
    }

    /// Adds what other files say about releases whose values are converted. Reads every YAML file,
    /// and changes nothing that is written.
    pub(super) fn add_references(&mut self, view: &View) {
        let is_converted = |candidate: &&mut Candidate<'_>| candidate.conversion().is_some();
        let mut candidates: Vec<&mut Candidate<'_>> = self.candidates.iter_mut().filter(is_converted).collect();
        let converted: Vec<_> =
            candidates.iter().filter_map(|candidate| Some(&candidate.conversion()?.converted)).collect();
        let found = references::found(view, &converted);
        candidates.iter_mut().zip(found).for_each(|(candidate, found)| candidate.findings.extend(found));
    }

    /// The source for a release that can move.
    pub(super) fn source_of(&self, candidate: &Candidate<'_>) -> Option<&Source> {
        let index = self.candidates.iter().position(|other| other.release.at == candidate.release.at)?;
        self.sources.iter().find(|source| source.group.users.contains(&index))
    }
}

/// Two documents of one file with the same release cannot be told apart by name.
fn refuse_duplicates(candidates: &mut [Candidate<'_>]) {
    let identity = |candidate: &Candidate<'_>| {
        (candidate.release.at.path.clone(), candidate.namespace.clone(), candidate.name.clone())
    };
    let mut seen = BTreeMap::<_, usize>::new();
    for candidate in candidates.iter() {
        *seen.entry(identity(candidate)).or_default() += 1;
    }
    for candidate in candidates.iter_mut().filter(|candidate| seen[&identity(candidate)] > 1) {
        candidate.refuse(codes::INVALID, format!("{} is in this file twice", candidate.name));
    }
}

/// What is opted out stays, whatever else there is to report, and does not affect the sources.
fn refuse_opted_out(view: &View, candidates: &mut [Candidate<'_>]) {
    for candidate in candidates {
        let at = &candidate.release.at;
        let chart = view.node(at).and_then(|root| root.get("spec")?.own_entry("chart"));
        let range = chart.map(|(key, value)| key.range().start..value.range().end);
        if let Some(reason) = range.and_then(|range| kept_by(view, &META, &at.path, &range)) {
            candidate.verdict = Err(reason);
        }
    }
}

/// Finds or places the sources of all releases that can move, or refuses the release.
fn sources(
    view: &View,
    candidates: &mut [Candidate<'_>],
    applied: &Sources<'_>,
    settings: &ChartRefSettings,
) -> Vec<Source> {
    let mut users: BTreeMap<(&SourceKey, &Home), BTreeSet<usize>> = BTreeMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        if let Some(want) = candidate.want() {
            users.entry((&want.key, &want.home)).or_default().insert(index);
        }
    }
    let (mut shared, mut apps) = (Vec::new(), BTreeSet::new());
    let mut namespaces: BTreeMap<&SourceKey, Vec<Group>> = BTreeMap::new();
    for ((key, home), users) in users {
        match home {
            Home::Shared => shared.push(Group::of(key, home, users, candidates)),
            Home::Namespace(_) => namespaces.entry(key).or_default().push(Group::of(key, home, users, candidates)),
            Home::PerApp => apps.extend(users),
        }
    }
    let staged: BTreeSet<&SourceKey> =
        shared.iter().map(|group| &group.key).chain(namespaces.keys().copied()).collect();
    let staged: Vec<SourceKey> = staged.into_iter().cloned().collect();
    let placing = Placing { view, candidates, staged: &staged, settings };
    let mut placed = vec![per_app::place(placing, applied, apps)];
    placed.push(shared::place(placing, shared));
    placed.extend(namespaces.into_iter().map(|(key, groups)| namespace::place(placing, key, groups)));
    let mut sources = Vec::new();
    for Placed { sources: found, refused } in placed {
        sources.extend(found);
        for (users, reason) in refused {
            users.iter().for_each(|user| candidates[*user].refuse(reason.code, reason.message.clone()));
        }
    }
    sources.sort_by(|a, b| a.group.cmp(&b.group));
    sources
}
