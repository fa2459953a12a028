//! What there is in a tree for this migration: the releases in scope, and the sources that they come to use.

use std::collections::{BTreeMap, BTreeSet};

use super::release::{Candidate, at_release, chart_of, finding, judge};
use super::removal::removals;
use super::settings::ChartRefSettings;
use super::strategy::{Home, Users};
use super::{app, codes, namespace, shared};
use crate::flux::{Chart, View};
use crate::migrations::app_template_v4::{AppTemplateV4Settings, references};
use crate::migrations::sources::find::Sources;
use crate::migrations::sources::place::Place;
use crate::migrations::sources::publisher::{APP_TEMPLATE, FROZEN};
use crate::migrations::sources::remove::Removals;
use crate::migrations::sources::{SourceKey, Spec};
use crate::plan::{Finding, Severity, kept_by};
use crate::repo::RepoPath;
use crate::yaml::New;

/// What this migration finds in a tree. Recomputed on every tree, so that no unit needs to carry it.
pub(super) struct Found<'v> {
    pub(super) candidates: Vec<Candidate<'v>>,
    pub(super) sources: Vec<Source>,
    pub(super) removals: Removals,
    /// The names of charts out of scope, with the number of their releases.
    pub(super) other_charts: BTreeMap<String, usize>,
}

/// The source that some releases of one key will reference.
pub(super) struct Source {
    pub(super) key: SourceKey,
    pub(super) home: Home,
    /// The releases that it is for, by their places in the list of candidates.
    pub(super) users: BTreeSet<usize>,
    /// Their clusters.
    pub(super) clusters: BTreeSet<String>,
    /// The name that a chartRef names.
    pub(super) name: String,
    /// The namespace that a chartRef names; `None` for that of the release.
    pub(super) namespace: Option<String>,
    /// Where it is to be written; `None` if it is there.
    pub(super) new: Option<NewSource>,
    /// The Component that carries it, where that is still to be included.
    pub(super) include: Option<Include>,
    /// What there is to say about it.
    pub(super) findings: Vec<Finding>,
}

/// A source to be written.
#[derive(Clone)]
pub(super) struct NewSource {
    pub(super) place: Place,
    pub(super) spec: Spec,
    /// How many releases will use it.
    pub(super) users: usize,
}

/// A Component that kustomizations are to include.
#[derive(Clone)]
pub(super) struct Include {
    pub(super) component: RepoPath,
    pub(super) by: BTreeSet<RepoPath>,
}

impl<'v> Found<'v> {
    pub(super) fn in_view(view: &'v View, settings: &ChartRefSettings, v4: &AppTemplateV4Settings) -> Found<'v> {
        let there = Sources::of(view);
        let users = Users::of(view, settings, &there);
        let mut other_charts = BTreeMap::new();
        let mut candidates = Vec::new();
        for release in view.releases() {
            let Some(name) = chart_of(view, release) else { continue };
            match settings.chart(name) {
                Some(chart) => candidates.push(judge(view, release, chart, &users, settings, v4)),
                None => *other_charts.entry(name.to_owned()).or_default() += 1,
            }
        }
        refuse_duplicates(&mut candidates);
        refuse_opted_out(view, &mut candidates);
        let sources = sources(view, &mut candidates, &there, settings);
        let removals = removals(view, &candidates, &sources, settings);
        Found { candidates, sources, removals, other_charts }
    }

    /// Adds what other files say of releases whose values are converted. Reads every YAML file, and changes nothing of what is written.
    pub(super) fn add_references(&mut self, view: &View) {
        let able = |candidate: &&mut Candidate<'_>| candidate.verdict.is_ok() && candidate.conversion.is_some();
        let mut candidates: Vec<&mut Candidate<'_>> = self.candidates.iter_mut().filter(able).collect();
        let subjects: Vec<_> =
            candidates.iter().filter_map(|own| Some(own.conversion.as_ref()?.subject(own.release))).collect();
        let found = references::found(view, &subjects);
        candidates.iter_mut().zip(found).for_each(|(candidate, found)| candidate.review.extend(found));
    }

    /// The source for a release that can move.
    pub(super) fn source_of(&self, candidate: &Candidate<'_>) -> Option<&Source> {
        let number = self.candidates.iter().position(|own| own.release.at == candidate.release.at)?;
        self.sources.iter().find(|source| source.users.contains(&number))
    }
}

/// Two documents of one file that are the same release cannot be told apart by name.
fn refuse_duplicates(candidates: &mut [Candidate<'_>]) {
    let mut seen = BTreeMap::<_, usize>::new();
    for candidate in candidates.iter() {
        *seen.entry(identity(candidate)).or_default() += 1;
    }
    for candidate in candidates.iter_mut().filter(|candidate| seen[&identity(candidate)] > 1) {
        let message = format!("{} stands twice in this file", candidate.name);
        candidate.verdict = Err(at_release(candidate.release, Severity::Error, codes::INVALID, message));
    }
}

/// What is opted out stays, whatever else there is to say of it, and has no say in which sources there are.
fn refuse_opted_out(view: &View, candidates: &mut [Candidate<'_>]) {
    for candidate in candidates {
        let at = &candidate.release.at;
        let chart = view.node(at).and_then(|root| root.get("spec")?.own_entry("chart"));
        let part = chart.map(|(key, value)| key.range().start..value.range().end);
        if let Some(reason) = part.and_then(|part| kept_by(view, super::META.id, &at.path, &part)) {
            candidate.verdict = Err(reason);
        }
    }
}

fn identity(candidate: &Candidate<'_>) -> (RepoPath, String, String) {
    (candidate.release.at.path.clone(), candidate.namespace.clone(), candidate.name.clone())
}

/// Finds or names and places the sources of all releases that can move. Where that cannot be, they are refused.
fn sources(
    view: &View,
    candidates: &mut [Candidate<'_>],
    there: &Sources<'_>,
    settings: &ChartRefSettings,
) -> Vec<Source> {
    let mut shared: BTreeMap<SourceKey, BTreeSet<usize>> = BTreeMap::new();
    let mut namespaces = shared.clone();
    let mut apps = BTreeSet::new();
    for (number, candidate) in candidates.iter().enumerate() {
        let Ok(want) = &candidate.verdict else { continue };
        match want.home {
            Home::Shared => drop(shared.entry(want.key.clone()).or_default().insert(number)),
            Home::Namespace(_) => drop(namespaces.entry(want.key.clone()).or_default().insert(number)),
            Home::App => drop(apps.insert(number)),
        }
    }
    let staged: BTreeSet<SourceKey> = shared.keys().chain(namespaces.keys()).cloned().collect();
    let staged: Vec<SourceKey> = staged.into_iter().collect();
    let mut made = vec![app::sources(view, apps, candidates, there)];
    made.extend(shared.into_iter().map(|(key, own)| shared::sources(view, &key, own, candidates, &staged, settings)));
    made.extend(
        namespaces.into_iter().map(|(key, own)| namespace::sources(view, &key, own, candidates, &staged, settings)),
    );
    let mut sources = Vec::new();
    for (found, refused) in made {
        sources.extend(found);
        for (user, reason) in refused.iter().flat_map(|(users, reason)| users.iter().map(move |user| (user, reason))) {
            let Candidate { release, verdict, .. } = &mut candidates[*user];
            *verdict = Err(at_release(release, Severity::Error, reason.code, reason.message.clone()));
        }
    }
    sources.sort_by(|a, b| (&a.key, &a.home, &a.clusters, &a.users).cmp(&(&b.key, &b.home, &b.clusters, &b.users)));
    sources
}

/// What releases of one source want it to carry, if they want the same.
pub(super) fn agreed(key: &SourceKey, members: &[&Candidate<'_>]) -> Result<Vec<(String, New)>, Finding> {
    let carried: Vec<&[(String, New)]> =
        members.iter().filter_map(|user| user.verdict.as_ref().ok()).map(|want| &*want.carried).collect();
    match (1..carried.len()).find(|other| carried[*other] != carried[0]) {
        Some(other) => {
            let (one, other) = (&members[0].name, &members[other].name);
            let message = format!(
                "releases of {} {} differ in credentials or verify, such as {one} and {other}",
                key.url,
                key.version.text()
            );
            Err(finding(Severity::Error, codes::SOURCES_DIFFER, None, None, message))
        }
        None => Ok(carried.first().map(|own| own.to_vec()).unwrap_or_default()),
    }
}

/// What there is to say about a source, wherever it lives: a registry without a future, versions that come together.
pub(super) fn about(key: &SourceKey, members: &[&Candidate<'_>]) -> Vec<Finding> {
    let mut found = Vec::new();
    if key.url == format!("{FROZEN}/{APP_TEMPLATE}") {
        let message = format!("{} gets no new versions", key.url);
        found.push(finding(Severity::Note, codes::FROZEN_REGISTRY, None, None, message));
    }
    let mut from: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for user in members {
        let Ok(want) = &user.verdict else { continue };
        let version = want.jump.as_ref().map_or(&key.version, |jump| &jump.from);
        from.entry(version.text()).or_default().push(&user.name);
    }
    if from.len() > 1 {
        let from: Vec<String> = from.iter().map(|(from, names)| format!("{from} ({})", names.join(", "))).collect();
        let message = format!("releases of {} come to {}", from.join(", "), key.version.text());
        found.push(finding(Severity::Warning, codes::VERSIONS_COLLAPSE, None, None, message));
    }
    found
}

/// The interval of a source where none of its releases states one
/// (`docs/chart-ref.md#where-the-source-lives`).
pub(super) const INTERVAL: &str = "15m";

/// The most frequent interval of the releases (of several, the shortest text first), and who has another.
pub(super) fn interval(users: &[&Candidate<'_>]) -> (String, Option<String>) {
    let mut counts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for user in users {
        if let Some(interval) = user.verdict.as_ref().ok().and_then(|want| want.interval.as_deref()) {
            counts.entry(interval).or_default().push(&user.name);
        }
    }
    let most =
        counts.iter().max_by_key(|(interval, names)| (names.len(), std::cmp::Reverse((interval.len(), **interval))));
    let Some((most, _)) = most else { return (INTERVAL.to_owned(), None) };
    let stated: usize = counts.values().map(Vec::len).sum();
    let others = counts.iter().filter(|(interval, _)| interval != &most);
    let others: Vec<String> = others.map(|(interval, names)| format!("{interval} ({})", names.join(", "))).collect();
    let message = (!others.is_empty()).then(|| {
        format!(
            "interval {most}, as {} of the {stated} releases that state one have it; others have {}",
            counts[most].len(),
            others.join(", ")
        )
    });
    ((*most).to_owned(), message)
}

/// Whether a release is on a chartRef already.
pub(super) fn has_moved(view: &View, path: &RepoPath, name: &str) -> bool {
    view.releases().iter().any(|release| {
        let reaches = view.graph().reaches(&release.at);
        let is_it = release.name == name || reaches.iter().any(|reach| reach.name == name);
        release.at.path == *path && is_it && matches!(release.chart, Chart::Ref(_))
    })
}
