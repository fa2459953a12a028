//! What there is in a tree for this migration: the releases in scope, and the sources that they come to share.

use std::collections::{BTreeMap, BTreeSet};

use super::release::{Candidate, SourceKey, Want, at_release, chart_of, judge};
use super::source::{Name, Place, existing, name_for, place_for};
use super::{codes, release};
use crate::config::Settings;
use crate::flux::{Chart, View};
use crate::plan::{Finding, Severity};

/// What this migration finds in a tree. Recomputed on every tree, so that no unit needs to carry it.
pub(super) struct Found<'v> {
    pub(super) candidates: Vec<Candidate<'v>>,
    pub(super) sources: BTreeMap<SourceKey, Source>,
    /// The names of charts out of scope, with the number of their releases.
    pub(super) other_charts: BTreeMap<String, usize>,
    pub(super) settings: Settings,
}

/// The source that all releases of a key will reference.
pub(super) struct Source {
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
    pub(super) interval: String,
    pub(super) want: Want,
    /// How many releases will use it.
    pub(super) users: usize,
}

impl<'v> Found<'v> {
    pub(super) fn in_view(view: &'v View, settings: &Settings) -> Found<'v> {
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
        let sources = sources(view, &mut candidates, settings);
        Found { candidates, sources, other_charts, settings: settings.clone() }
    }

    /// The source for a release that can move.
    pub(super) fn source_of(&self, candidate: &Candidate<'_>) -> Option<&Source> {
        self.sources.get(&candidate.verdict.as_ref().ok()?.key)
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

fn identity(candidate: &Candidate<'_>) -> (crate::repo::RepoPath, String, String) {
    (candidate.release.at.path.clone(), candidate.namespace.clone(), candidate.name.clone())
}

/// Finds or names and places the source of each key. Where that cannot be, the releases of the key are refused.
fn sources(view: &View, candidates: &mut [Candidate<'_>], settings: &Settings) -> BTreeMap<SourceKey, Source> {
    let mut wants: BTreeMap<SourceKey, Vec<usize>> = BTreeMap::new();
    for (number, candidate) in candidates.iter().enumerate() {
        if let Ok(want) = &candidate.verdict {
            wants.entry(want.key.clone()).or_default().push(number);
        }
    }
    let clusters_of = |numbers: &[usize]| -> BTreeSet<String> {
        numbers.iter().flat_map(|number| candidates[*number].clusters.clone()).collect()
    };
    let mut sources = BTreeMap::new();
    let mut unmade = Vec::new();
    for (key, numbers) in &wants {
        match existing(view, key, &clusters_of(numbers), settings) {
            Some(source) => {
                let findings = shared_by_clusters(&source, &clusters_of(numbers));
                sources.insert(key.clone(), Source { name: source, new: None, findings });
            }
            None => unmade.push(key.clone()),
        }
    }
    for key in &unmade {
        let numbers = &wants[key];
        let name = name_for(view, key, &unmade);
        match new_source(view, key, numbers, candidates, name, settings) {
            Ok(source) => drop(sources.insert(key.clone(), source)),
            Err(reason) => {
                for number in numbers {
                    let Candidate { release, verdict, .. } = &mut candidates[*number];
                    let Finding { code, message, .. } = &reason;
                    *verdict = Err(at_release(release, Severity::Error, code, message.clone()));
                }
            }
        }
    }
    sources
}

fn new_source(
    view: &View,
    key: &SourceKey,
    numbers: &[usize],
    candidates: &[Candidate<'_>],
    name: Name,
    settings: &Settings,
) -> Result<Source, Finding> {
    let users: Vec<&Candidate<'_>> = numbers.iter().map(|number| &candidates[*number]).collect();
    let wants: Vec<&Want> = users.iter().filter_map(|user| user.verdict.as_ref().ok()).collect();
    let refuse = |code, message| Err(release::finding(Severity::Error, code, None, None, message));
    let name = match name {
        Name::Free(name) => name,
        Name::Taken { name, by } => {
            return refuse(codes::NAME_TAKEN, format!("the source of {} would be {name}, which {by} has", key.url));
        }
    };
    if wants.iter().any(|want| want.carried != wants[0].carried) {
        return refuse(
            codes::SOURCES_DIFFER,
            format!("releases of {} {} differ in credentials or verify", key.url, key.version.text()),
        );
    }
    let clusters: BTreeSet<String> = users.iter().flat_map(|user| user.clusters.clone()).collect();
    let place = place_for(view, wants[0], &name, settings)?;
    let (interval, others) = interval(&users);
    let mut findings = shared_by_clusters(&name, &clusters);
    findings
        .extend(others.map(|message| {
            release::finding(Severity::Note, codes::INTERVALS, Some(place.file.clone()), None, message)
        }));
    let new = NewSource { place, interval, want: wants[0].clone(), users: users.len() };
    Ok(Source { name, new: Some(new), findings })
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
            "interval {most}, as {} of {stated} releases have it; others have {}",
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
