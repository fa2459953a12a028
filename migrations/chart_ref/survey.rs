//! What there is in a tree for this migration: the releases in scope, and the sources that they come to share.

use std::collections::{BTreeMap, BTreeSet};

use super::release::{Candidate, Want, at_release, chart_of, judge};
use super::settings::ChartRefSettings;
use super::source::place_for;
use super::{codes, release};
use crate::flux::{Chart, View};
use crate::migrations::sources::find::{existing, proven};
use crate::migrations::sources::place::Place;
use crate::migrations::sources::{SourceKey, Spec};
use crate::plan::{Finding, Severity, kept_by};

/// What this migration finds in a tree. Recomputed on every tree, so that no unit needs to carry it.
pub(super) struct Found<'v> {
    pub(super) candidates: Vec<Candidate<'v>>,
    pub(super) sources: Vec<Source>,
    /// The names of charts out of scope, with the number of their releases.
    pub(super) other_charts: BTreeMap<String, usize>,
    pub(super) settings: ChartRefSettings,
}

/// The source that some releases of one key will reference: all of them, or, where each cluster has its own, those of one cluster.
pub(super) struct Source {
    pub(super) key: SourceKey,
    /// The clusters whose releases it is for.
    pub(super) clusters: BTreeSet<String>,
    /// The name that a chartRef names.
    pub(super) name: String,
    /// Where it is to be written; `None` if it is there.
    pub(super) new: Option<NewSource>,
    /// What there is to say about it.
    pub(super) findings: Vec<Finding>,
}

/// A source to be written.
pub(super) struct NewSource {
    pub(super) place: Place,
    pub(super) spec: Spec,
    /// How many releases will use it.
    pub(super) users: usize,
}

impl<'v> Found<'v> {
    pub(super) fn in_view(view: &'v View, settings: &ChartRefSettings) -> Found<'v> {
        let mut other_charts = BTreeMap::new();
        let mut candidates = Vec::new();
        for release in view.releases() {
            match chart_of(view, release) {
                Some(chart) if settings.charts.iter().any(|own| own == chart) => {
                    candidates.push(judge(view, release, settings))
                }
                Some(chart) => *other_charts.entry(chart.to_owned()).or_default() += 1,
                None => {}
            }
        }
        refuse_duplicates(&mut candidates);
        refuse_opted_out(view, &mut candidates);
        let sources = sources(view, &mut candidates, settings);
        Found { candidates, sources, other_charts, settings: settings.clone() }
    }

    /// The source for a release that can move.
    pub(super) fn source_of(&self, candidate: &Candidate<'_>) -> Option<&Source> {
        let want = candidate.verdict.as_ref().ok()?;
        self.sources.iter().find(|source| source.key == want.key && candidate.clusters.is_subset(&source.clusters))
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

fn identity(candidate: &Candidate<'_>) -> (crate::repo::RepoPath, String, String) {
    (candidate.release.at.path.clone(), candidate.namespace.clone(), candidate.name.clone())
}

/// The releases that want the same source.
struct Group {
    key: SourceKey,
    clusters: BTreeSet<String>,
    /// Places in the list of candidates.
    users: Vec<usize>,
}

impl Group {
    fn of(key: &SourceKey, users: Vec<usize>, candidates: &[Candidate<'_>]) -> Group {
        let clusters = users.iter().flat_map(|user| candidates[*user].clusters.clone()).collect();
        Group { key: key.clone(), clusters, users }
    }

    /// One group for each cluster; none if a release is on several.
    fn by_cluster(&self, candidates: &[Candidate<'_>]) -> Vec<Group> {
        let mut groups: BTreeMap<&BTreeSet<String>, Vec<usize>> = BTreeMap::new();
        for user in &self.users {
            groups.entry(&candidates[*user].clusters).or_default().push(*user);
        }
        if groups.len() < 2 || groups.keys().any(|clusters| clusters.len() > 1) {
            return Vec::new();
        }
        groups.into_values().map(|users| Group::of(&self.key, users, candidates)).collect()
    }
}

/// Finds or names and places the sources of all keys. Where that cannot be, the releases of the key are refused.
fn sources(view: &View, candidates: &mut [Candidate<'_>], settings: &ChartRefSettings) -> Vec<Source> {
    let mut users: BTreeMap<SourceKey, Vec<usize>> = BTreeMap::new();
    for (number, candidate) in candidates.iter().enumerate() {
        if let Ok(want) = &candidate.verdict {
            users.entry(want.key.clone()).or_default().push(number);
        }
    }
    let staged: Vec<SourceKey> = users.keys().cloned().collect();
    let mut sources = Vec::new();
    let mut waiting: Vec<Group> = users.into_iter().map(|(key, users)| Group::of(&key, users, candidates)).collect();
    while let Some(group) = waiting.pop() {
        let made = found_or_new(view, &group, candidates, &staged, settings);
        match made {
            Ok(source) => sources.push(source),
            Err(reason) => {
                let parts = group.by_cluster(candidates);
                if parts.is_empty() {
                    refuse(&group, candidates, &reason);
                }
                waiting.extend(parts);
            }
        }
    }
    sources.sort_by(|a, b| (&a.key, &a.clusters).cmp(&(&b.key, &b.clusters)));
    sources
}

fn refuse(group: &Group, candidates: &mut [Candidate<'_>], reason: &Finding) {
    for user in &group.users {
        let Candidate { release, verdict, .. } = &mut candidates[*user];
        *verdict = Err(at_release(release, Severity::Error, reason.code, reason.message.clone()));
    }
}

fn found_or_new(
    view: &View,
    group: &Group,
    candidates: &[Candidate<'_>],
    staged: &[SourceKey],
    settings: &ChartRefSettings,
) -> Result<Source, Finding> {
    let users: Vec<&Candidate<'_>> = group.users.iter().map(|user| &candidates[*user]).collect();
    let wants: Vec<&Want> = users.iter().filter_map(|user| user.verdict.as_ref().ok()).collect();
    let refuse = |code, message| Err(release::finding(Severity::Error, code, None, None, message));
    if let Some(other) = (1..wants.len()).find(|other| wants[*other].carried != wants[0].carried) {
        let (one, other) = (&users[0].name, &users[other].name);
        let address = format!("{} {}", group.key.url, group.key.version.text());
        return refuse(
            codes::SOURCES_DIFFER,
            format!("releases of {address} differ in credentials or verify, such as {one} and {other}"),
        );
    }
    let Group { key, clusters, .. } = group;
    if let Some(name) = existing(view, key, &wants[0].carried, clusters, &settings.source_namespace) {
        let findings = shared_by_clusters(&name, clusters);
        return Ok(Source { key: key.clone(), clusters: clusters.clone(), name, new: None, findings });
    }
    let place = place_for(view, key, &wants, clusters, staged, settings)?;
    let (interval, others) = interval(&users);
    let users = users.iter().map(|user| 1 + user.also.len()).sum();
    let spec = Spec { key: key.clone(), interval, carried: wants[0].carried.clone() };
    let name = proven(view, &spec, &place, clusters, &settings.source_namespace)?;
    let new = NewSource { place, spec, users };
    let mut findings = shared_by_clusters(&name, clusters);
    findings.extend(others.map(|message| {
        release::finding(Severity::Note, codes::INTERVALS, Some(new.place.file.clone()), None, message)
    }));
    Ok(Source { key: key.clone(), clusters: clusters.clone(), name, new: Some(new), findings })
}

fn shared_by_clusters(name: &str, clusters: &BTreeSet<String>) -> Vec<Finding> {
    if clusters.len() < 2 {
        return Vec::new();
    }
    let clusters: Vec<&str> = clusters.iter().map(String::as_str).collect();
    let message = format!("releases of {} will use the source {name}", clusters.join(" and "));
    vec![release::finding(Severity::Note, codes::SHARED, None, None, message)]
}

/// The most frequent interval of the releases (of several, the shortest text first), and who has another.
fn interval(users: &[&Candidate<'_>]) -> (String, Option<String>) {
    const DEFAULT: &str = "15m";
    let mut counts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for user in users {
        if let Some(interval) = user.verdict.as_ref().ok().and_then(|want| want.interval.as_deref()) {
            counts.entry(interval).or_default().push(&user.name);
        }
    }
    let most =
        counts.iter().max_by_key(|(interval, names)| (names.len(), std::cmp::Reverse((interval.len(), **interval))));
    let Some((most, _)) = most else { return (DEFAULT.to_owned(), None) };
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
pub(super) fn has_moved(view: &View, path: &crate::repo::RepoPath, name: &str) -> bool {
    view.releases().iter().any(|release| {
        let reaches = view.graph().reaches(&release.at);
        let is_it = release.name == name || reaches.iter().any(|reach| reach.name == name);
        release.at.path == *path && is_it && matches!(release.chart, Chart::Ref(_))
    })
}
