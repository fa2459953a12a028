//! Strategy `per-app`: `ocirepository.yaml` beside the HelmRelease, named after it, in its namespace.
//!
//! Source and release are **one unit**. Both are applied by the same Flux Kustomization, so there is no order between two of them to wait for;
//! one revert takes both back, and none leaves the release without a source, which reverting a unit of the source alone would.

use std::collections::BTreeSet;

use super::codes;
use super::moved::{is_of_renovate, moved};
use super::release::{Candidate, at_release};
use super::strategy::Home;
use super::survey::{INTERVAL, NewSource, Source, about};
use super::want::Want;
use crate::flux::{At, Release, View};
use crate::migrations::sources::component::FILE;
use crate::migrations::sources::find::{Sources, fits};
use crate::migrations::sources::place::{Place, api_version};
use crate::migrations::sources::write::write;
use crate::migrations::sources::Spec;
use crate::plan::author::refused_edit;
use crate::plan::{Finding, Severity};
use crate::repo::{Change, Changes, RepoPath};
use crate::yaml::CommentFate;

/// Finds or places a source for each of the releases. Gives what could be, and why the rest must stay.
pub(super) fn sources(
    view: &View,
    users: BTreeSet<usize>,
    candidates: &[Candidate<'_>],
    there: &Sources<'_>,
) -> (Vec<Source>, Vec<(BTreeSet<usize>, Finding)>) {
    let (mut sources, mut refused, mut drafts) = (Vec::new(), Vec::new(), Vec::new());
    for user in users {
        let candidate = &candidates[user];
        let Ok(want) = &candidate.verdict else { continue };
        let name = reference(view, candidate);
        match place(view, candidate, want, there) {
            Ok(new) => {
                let source = Source {
                    key: want.key.clone(),
                    home: Home::App,
                    users: BTreeSet::from([user]),
                    clusters: candidate.clusters.clone(),
                    name,
                    namespace: None,
                    new,
                    include: None,
                    findings: about(&want.key, &[candidate]),
                };
                if source.new.is_some() { drafts.push(source) } else { sources.push(source) }
            }
            Err(reason) => refused.push((BTreeSet::from([user]), reason)),
        }
    }
    for (source, reason) in proven(view, drafts, candidates) {
        match reason {
            None => sources.push(source),
            Some(reason) => refused.push((source.users, reason)),
        }
    }
    (sources, refused)
}

/// The name that the chartRef names: that of the release as it arrives, or, where variables make it several, as it is written.
fn reference(view: &View, candidate: &Candidate<'_>) -> String {
    let written = &candidate.release.name;
    let reaches = view.graph().reaches(&candidate.release.at);
    let one = reaches.iter().all(|reach| reach.name == candidate.name);
    if one && !written.contains("${") { candidate.name.clone() } else { written.clone() }
}

/// Where the source of a release goes; `None` if it has it already.
fn place(
    view: &View,
    candidate: &Candidate<'_>,
    want: &Want,
    there: &Sources<'_>,
) -> Result<Option<NewSource>, Finding> {
    let release = candidate.release;
    let refuse = |code, message: String| Err(at_release(release, Severity::Error, code, message));
    let reaches = view.graph().reaches(&release.at);
    let mut served = 0;
    for reach in reaches {
        let namespace = reach.namespace.as_deref().unwrap_or_default();
        match there.named(reach.cluster, namespace, &reach.name) {
            [] => {}
            [own] if own.kustomization == reach.kustomization && fits(view, own.source, &want.key, &want.carried) => {
                served += 1;
            }
            [own, ..] => {
                let message =
                    format!("{namespace} has the OCIRepository {} from {} already", reach.name, own.source.at);
                return refuse(codes::NAME_TAKEN, message);
            }
        }
    }
    if served > 0 && served == reaches.len() {
        return Ok(None);
    }
    let file = file(view, candidate)?;
    let listed_in: BTreeSet<RepoPath> = view.listed_by(&release.at.path).map(|own| own.path.clone()).collect();
    if let Some((path, barred)) = listed_in.iter().find_map(|path| Some((path, view.barred(path)?))) {
        return refuse(crate::plan::codes::UNTOUCHABLE_FILE, format!("{path} is never touched ({barred})"));
    }
    let Some(api_version) = api_version(view, &candidate.clusters) else {
        let message = "the version of Flux is not stated, and there is no OCIRepository on the cluster to learn from";
        return refuse(codes::FLUX_UNKNOWN, message.into());
    };
    let mut namespaces: BTreeSet<Option<&str>> = reaches.iter().map(|reach| reach.namespace.as_deref()).collect();
    if reaches.is_empty() {
        namespaces.insert(release.namespace.as_deref());
    }
    // Stated where it is one and the same; where a file is applied into several, each gives it its own.
    let namespace = namespaces.pop_first().flatten().filter(|_| namespaces.is_empty());
    let place = Place {
        name: release.name.clone(),
        namespace: namespace.filter(|namespace| !namespace.contains("${")).map(str::to_owned),
        file,
        beside: release.at.path.clone(),
        listed_in,
        api_version,
    };
    let interval = want.interval.clone().unwrap_or_else(|| INTERVAL.to_owned());
    let spec = Spec { key: want.key.clone(), interval, carried: want.carried.clone(), comments: Vec::new() };
    Ok(Some(NewSource { place, spec, users: 1 + candidate.also.len() }))
}

/// `ocirepository.yaml` beside the release; with the name of the release where the folder has several, or a file of that name. Which of the two
/// depends on nothing that the landing of others changes.
fn file(view: &View, candidate: &Candidate<'_>) -> Result<RepoPath, Finding> {
    let release = candidate.release;
    let dir = release.at.path.dir();
    let in_dir = |other: &&Release| other.at.path.dir() == dir;
    let alone = view.releases().iter().filter(in_dir).count() == 1;
    let plain = dir.join(FILE).expect("a name is one part of a path");
    let is_free = |path: &RepoPath| view.tree().entry(path).is_none();
    if alone && is_free(&plain) {
        return Ok(plain);
    }
    let name = if release.name.contains("${") { &candidate.name } else { &release.name };
    let is_tame = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let named = dir.join(&format!("ocirepository-{name}.yaml")).filter(|path| is_tame && is_free(path));
    named.ok_or_else(|| {
        let message =
            format!("there is a file {plain} already, or several releases beside it, and no other name is free");
        at_release(release, Severity::Error, codes::NAME_TAKEN, message)
    })
}

/// What writing a source beside a release and moving the release changes, and what becomes of its comments. A line for Renovate goes with the
/// version.
pub(super) fn written(
    view: &View,
    candidate: &Candidate<'_>,
    want: &Want,
    name: &str,
    new: &NewSource,
) -> Result<(Changes, Vec<CommentFate>), Finding> {
    let path = &candidate.release.at.path;
    let edit = moved(view, candidate.release, want, candidate.conversion.as_ref(), name, None)?;
    let edited = edit.finish().map_err(|error| refused_edit(path, &error))?;
    candidate.conversion.as_ref().map_or(Ok(()), |own| own.check(view, &candidate.release.at, &edited))?;
    let comments = edited.comments.iter().map(|comment| &comment.text).filter(|text| is_of_renovate(text));
    let spec = Spec { comments: comments.cloned().collect(), ..new.spec.clone() };
    let mut changes = write(view, &spec, &new.place).map_err(|error| refused_edit(new.place.edited_file(), &error))?;
    changes.set(path.clone(), Change::Edit(edited.splices));
    Ok((changes, edited.comments))
}

/// Moves the releases on trial, as many at once as touch different files, and looks whether each then has its own source, from one owner, on
/// every cluster. Gives each source, with the reason where it has not.
fn proven(view: &View, drafts: Vec<Source>, candidates: &[Candidate<'_>]) -> Vec<(Source, Option<Finding>)> {
    let mut done = Vec::new();
    let mut waiting = Vec::new();
    for source in drafts {
        let (candidate, new) = of(&source, candidates);
        match candidate
            .verdict
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|want| written(view, candidate, want, &source.name, new))
        {
            Ok((changes, _)) => waiting.push((source, changes)),
            Err(reason) => done.push((source, Some(reason))),
        }
    }
    while !waiting.is_empty() {
        let mut all = Changes::new();
        let mut touched: BTreeSet<RepoPath> = BTreeSet::new();
        let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, changes)| {
            let apart = changes.paths().all(|path| !touched.contains(path));
            if apart {
                touched.extend(changes.paths().cloned());
                changes.iter().for_each(|(path, change)| all.set(path.clone(), change.clone()));
            }
            apart
        });
        let trial = view.with(&all);
        let there = trial.as_ref().ok().map(Sources::of);
        for (source, _) in now {
            let (candidate, new) = of(&source, candidates);
            let reason = match (&trial, &there) {
                (Ok(trial), Some(there)) => not_served(view, trial, there, candidate, &source, new),
                (Err(error), _) => {
                    Some(at_release(candidate.release, Severity::Error, codes::NAME_TAKEN, error.to_string()))
                }
                (Ok(_), None) => None,
            };
            done.push((source, reason));
        }
        waiting = later;
    }
    done
}

fn of<'c, 'v>(source: &'c Source, candidates: &'c [Candidate<'v>]) -> (&'c Candidate<'v>, &'c NewSource) {
    let user = source.users.first().expect("a source beside a release has that");
    (&candidates[*user], source.new.as_ref().expect("a draft is of a new source"))
}

/// Why a release would not have its source where its chartRef looks for it.
fn not_served(
    view: &View,
    trial: &View,
    there: &Sources<'_>,
    candidate: &Candidate<'_>,
    source: &Source,
    new: &NewSource,
) -> Option<Finding> {
    let at = &candidate.release.at;
    let release = trial.releases().iter().find(|own| own.at == *at);
    let (before, after) = (view.graph().reaches(at), trial.graph().reaches(at));
    let file = At::document(&new.place.file, 0);
    let is_served = |release: &Release| {
        before.len() == after.len()
            && after.iter().all(|reach| {
                let [own] = there.named_by(trial, release, reach) else { return false };
                own.source.at == file
                    && own.kustomization == reach.kustomization
                    && fits(trial, own.source, &source.key, &new.spec.carried)
            })
    };
    if release.is_some_and(is_served) {
        return None;
    }
    let message = format!("a source written to {} would not come to be where the release is", new.place.file);
    Some(at_release(candidate.release, Severity::Error, codes::SOURCE_PLACE, message))
}
