//! The sources that releases will use.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use super::codes;
use super::home::Home;
use super::settings::ChartRefSettings;
use crate::charts::homes::{State, left};
use crate::flux::View;
use crate::migrations::sources::place::Place;
use crate::migrations::sources::{SourceKey, Spec};
use crate::plan::Finding;
use crate::repo::RepoPath;
use crate::yaml::New;

/// The interval of a source if none of its releases states one
/// (`docs/chart-ref.md#where-the-source-lives`).
pub(super) const INTERVAL: &str = "15m";

/// Releases that are to use one source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) key: SourceKey,
    pub(super) home: Home,
    pub(super) clusters: BTreeSet<String>,
    /// Positions in the list of candidates.
    pub(super) users: BTreeSet<usize>,
}

/// The source that a group of releases will reference.
pub(super) struct Source {
    pub(super) group: Group,
    /// The name that a chartRef names.
    pub(super) name: String,
    /// The namespace that a chartRef names; `None` for that of the release.
    pub(super) namespace: Option<String>,
    /// Where it is to be written; `None` if it exists.
    pub(super) new: Option<NewSource>,
    /// The Component that carries it, if that is still to be included.
    pub(super) include: Option<Include>,
    /// What there is to report about it.
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

/// Sources for some groups of releases, and why other releases must stay.
#[derive(Default)]
pub(super) struct Placed {
    pub(super) sources: Vec<Source>,
    pub(super) refused: Vec<(BTreeSet<usize>, Finding)>,
}

/// What it takes to find or place a source.
#[derive(Clone, Copy)]
pub(super) struct Placing<'c, 'v> {
    pub(super) view: &'v View,
    pub(super) candidates: &'c [Candidate<'v>],
    /// All sources that are wanted, in order, but for those beside releases.
    pub(super) staged: &'c [SourceKey],
    pub(super) settings: &'c ChartRefSettings,
}

impl Group {
    pub(super) fn of(key: &SourceKey, home: &Home, users: BTreeSet<usize>, candidates: &[Candidate<'_>]) -> Group {
        let clusters = users.iter().flat_map(|user| candidates[*user].clusters.clone()).collect();
        Group { key: key.clone(), home: home.clone(), clusters, users }
    }

    /// The namespace of its releases, if the source lives there.
    pub(super) fn namespace(&self) -> &str {
        match &self.home {
            Home::Namespace(namespace) => namespace,
            Home::Shared | Home::PerApp => "",
        }
    }

    /// Its releases.
    pub(super) fn members<'c, 'v>(&self, candidates: &'c [Candidate<'v>]) -> Vec<&'c Candidate<'v>> {
        self.users.iter().map(|user| &candidates[*user]).collect()
    }

    /// How many releases it has on all clusters together.
    pub(super) fn count(&self, candidates: &[Candidate<'_>]) -> usize {
        self.members(candidates).iter().map(|member| member.count()).sum()
    }
}

impl Source {
    /// A source that exists.
    pub(super) fn existing(group: Group, name: String, namespace: Option<&str>, findings: Vec<Finding>) -> Source {
        Source { group, name, namespace: namespace.map(str::to_owned), new: None, include: None, findings }
    }
}

/// What releases of one source want it to carry. What only some of them want is no loss for others.
///
/// # Errors
/// A finding without a place if not all of it can be carried by one source.
pub(super) fn agreed(key: &SourceKey, members: &[&Candidate<'_>]) -> Result<Vec<(String, New)>, Finding> {
    let wants = || members.iter().filter_map(|member| Some((member, &*member.want()?.carried)));
    let Some((first, carried)) = wants().max_by_key(|(_, carried)| carried.len()) else { return Ok(Vec::new()) };
    match wants().find(|(_, other)| !other.iter().all(|field| carried.contains(field))) {
        Some((other, _)) => {
            let (one, other) = (&first.name, &other.name);
            let message = format!("releases of {key}, such as {one} and {other}, differ in credentials or verify");
            Err(Finding::error(codes::CREDENTIALS_DIFFER, message))
        }
        None => Ok(carried.to_vec()),
    }
}

/// What there is to report about a source, wherever it lives: that its registry gets no new
/// versions, or that releases of several versions will use it.
pub(super) fn about(key: &SourceKey, members: &[&Candidate<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let host = key.url.rsplit_once('/').and_then(|(base, _)| left(base));
    if host.is_some_and(|host| host.state == State::Frozen) {
        findings.push(Finding::note(codes::FROZEN_REGISTRY, format!("{} gets no new versions", key.url)));
    }
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (member, want) in members.iter().filter_map(|member| Some((member, member.want()?))) {
        let version = want.jump.as_ref().map_or(&key.version, |jump| &jump.from);
        versions.entry(version.text()).or_default().push(&member.name);
    }
    if versions.len() > 1 {
        let message = format!("releases of {} all move to {}", listed(versions.iter()), key.version.text());
        findings.push(Finding::warning(codes::VERSIONS_MERGE, message));
    }
    findings
}

/// The most frequent interval of the releases (of several, the shortest), and who has another.
pub(super) fn interval(members: &[&Candidate<'_>]) -> (String, Option<String>) {
    let mut counts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for member in members {
        if let Some(interval) = member.want().and_then(|want| want.interval.as_deref()) {
            counts.entry(interval).or_default().push(&member.name);
        }
    }
    let most = counts.iter().max_by_key(|(interval, names)| (names.len(), Reverse((interval.len(), **interval))));
    let Some((most, names)) = most else { return (INTERVAL.to_owned(), None) };
    let stated: usize = counts.values().map(Vec::len).sum();
    let others = listed(counts.iter().filter(|(interval, _)| interval != &most));
    let (count, is_one) = (names.len(), names.len() == stated);
    let message = format!("interval {most}, as in {count} of the {stated} releases that state one; others: {others}");
    ((*most).to_owned(), Some(message).filter(|_| !is_one))
}

/// `3.7.1 (a, b), 3.7.3 (c)`.
fn listed<'n>(names: impl Iterator<Item = (&'n &'n str, &'n Vec<&'n str>)>) -> String {
    names.map(|(what, names)| format!("{what} ({})", names.join(", "))).collect::<Vec<_>>().join(", ")
}
