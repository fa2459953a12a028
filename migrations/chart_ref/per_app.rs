//! Strategy `per-app`: `ocirepository.yaml` beside the HelmRelease, with its name and namespace.
//!
//! Source and release are **one unit**. The same Flux Kustomization applies both, so neither has to
//! wait for the other. One revert takes both back, and no revert leaves the release without a
//! source, which reverting a unit of the source alone would.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::codes;
use super::findings::refusal;
use super::home::namespaces;
use super::reference::write_reference;
use super::source::{Group, INTERVAL, NewSource, Placed, Placing, Source, about};
use super::want::Want;
use crate::flux::{At, Release, View};
use crate::migrations::sources::Spec;
use crate::migrations::sources::component::FILE;
use crate::migrations::sources::existing::{Sources, fits};
use crate::migrations::sources::place::{Place, api_version};
use crate::migrations::sources::write::write;
use crate::plan::Finding;
use crate::plan::author::{Edits, Written};
use crate::repo::{Changes, RepoPath};

/// Finds or places a source for each of these releases.
pub(super) fn place(placing: Placing<'_, '_>, applied: &Sources<'_>, users: BTreeSet<usize>) -> Placed {
    let Placing { view, candidates, .. } = placing;
    let mut placed = Placed::default();
    let mut drafts = Vec::new();
    for user in users {
        let candidate = &candidates[user];
        let Some(want) = candidate.want() else { continue };
        let group = Group::of(&want.key, &want.home, [user].into(), candidates);
        let source = Source::existing(group, reference(candidate), None, about(&want.key, &[candidate]));
        match new_source(view, candidate, want, applied) {
            Ok(Some(new)) => drafts.push(Source { new: Some(new), ..source }),
            Ok(None) => placed.sources.push(source),
            Err(reason) => placed.refused.push((source.group.users, reason)),
        }
    }
    for (source, reason) in proven(view, drafts, candidates) {
        match reason {
            None => placed.sources.push(source),
            Some(reason) => placed.refused.push((source.group.users, reason)),
        }
    }
    placed
}

/// The name that the chartRef names: the effective name of the release or, if variables make
/// several of it, the name as it is written.
fn reference(candidate: &Candidate<'_>) -> String {
    let written = candidate.release.name;
    let is_one = candidate.reaches.iter().all(|reach| reach.name == candidate.name);
    if is_one && !written.contains("${") { candidate.name.clone() } else { written.into() }
}

/// The new source of a release; `None` if it has one already.
fn new_source(
    view: &View,
    candidate: &Candidate<'_>,
    want: &Want<'_>,
    applied: &Sources<'_>,
) -> Result<Option<NewSource>, Finding> {
    let Candidate { release, reaches, .. } = candidate;
    let mut served = 0;
    for reach in *reaches {
        let namespace = reach.namespace.as_deref().unwrap_or_default();
        match applied.named(reach.cluster, namespace, &reach.name) {
            [] => {}
            [one] if one.kustomization == reach.kustomization && fits(view, one.source, &want.key, &want.carried) => {
                served += 1;
            }
            [first, ..] => {
                let (name, at) = (&reach.name, &first.source.at);
                let message = format!("{namespace} already has the OCIRepository {name}, from {at}");
                return Err(refusal(release, codes::NAME_TAKEN, message));
            }
        }
    }
    if served > 0 && served == reaches.len() {
        return Ok(None);
    }
    let file = file(view, candidate)?;
    let listed_in = view.listed_in(&release.at.path);
    let api_version =
        api_version(view, &candidate.clusters).map_err(|reason| refusal(release, reason.code, reason.message))?;
    let mut namespaces = namespaces(release, reaches);
    // Stated if there is one; else each kustomization that applies the file gives it its own.
    let namespace = namespaces.pop_first().flatten().filter(|_| namespaces.is_empty());
    let place = Place {
        name: release.name.into(),
        namespace: namespace.filter(|namespace| !namespace.contains("${")).map(str::to_owned),
        file,
        beside: release.at.path.clone(),
        listed_in,
        api_version,
    };
    let interval = want.interval.clone().unwrap_or_else(|| INTERVAL.to_owned());
    let spec = Spec { key: want.key.clone(), interval, carried: want.carried.clone(), comments: Vec::new() };
    Ok(Some(NewSource { place, spec, users: candidate.count() }))
}

/// `ocirepository.yaml` beside the release; with the name of the release if the folder has several,
/// or a file of that name. Which of the two does not depend on whether other releases have landed.
fn file(view: &View, candidate: &Candidate<'_>) -> Result<RepoPath, Finding> {
    let release = candidate.release;
    let dir = release.at.path.dir();
    let in_dir = |other: &&Release| other.at.path.dir() == dir;
    let is_alone = view.releases().iter().filter(in_dir).count() == 1;
    let plain = dir.join(FILE).expect("a file name is valid in a path");
    let is_free = |path: &RepoPath| view.tree().entry(path).is_none();
    if is_alone && is_free(&plain) {
        return Ok(plain);
    }
    let name = if release.name.contains("${") { candidate.name.as_str() } else { release.name.as_str() };
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let named = dir.join(&format!("ocirepository-{name}.yaml")).filter(|path| is_plain && is_free(path));
    named.ok_or_else(|| {
        let message = format!("{plain} exists, or several releases are beside it, and no other name is free");
        refusal(release, codes::NAME_TAKEN, message)
    })
}

/// What a source beside a release, and the move to it, change. A comment for Renovate moves along.
pub(super) fn written(
    view: &View,
    candidate: &Candidate<'_>,
    want: &Want<'_>,
    name: &str,
    new: &NewSource,
) -> Result<Written, Finding> {
    let mut edits = Edits::of(view);
    let comments = write_reference(&mut edits, candidate.release, want, name, None)?;
    write(&mut edits, view, &Spec { comments, ..new.spec.clone() }, &new.place)?;
    edits.finish_if(|after| want.check(candidate.release, after))
}

/// Moves the releases on trial, as many together as touch different files, and checks that each
/// then has a source, from one owner, on every cluster. Gives each source, with the reason if it
/// has not.
fn proven(view: &View, drafts: Vec<Source>, candidates: &[Candidate<'_>]) -> Vec<(Source, Option<Finding>)> {
    let mut done = Vec::new();
    let mut waiting = Vec::new();
    for source in drafts {
        let (candidate, new) = parts(&source, candidates);
        let want = candidate.verdict.as_ref().map_err(Clone::clone);
        match want.and_then(|want| written(view, candidate, want, &source.name, new)) {
            Ok((changes, _)) => waiting.push((source, changes)),
            Err(reason) => done.push((source, Some(reason))),
        }
    }
    while !waiting.is_empty() {
        let mut all = Changes::new();
        let mut touched: BTreeSet<RepoPath> = BTreeSet::new();
        let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, changes)| {
            let is_apart = changes.paths().all(|path| !touched.contains(path));
            if is_apart {
                touched.extend(changes.paths().cloned());
                changes.iter().for_each(|(path, change)| all.set(path.clone(), change.clone()));
            }
            is_apart
        });
        let trial = view.with(&all);
        let applied = trial.as_ref().ok().map(Sources::of);
        for (source, _) in now {
            let (candidate, new) = parts(&source, candidates);
            let reason = match (&trial, &applied) {
                (Ok(trial), Some(applied)) => not_served(trial, applied, candidate, &source, new),
                (Err(error), _) => Some(refusal(candidate.release, codes::NAME_TAKEN, error.to_string())),
                (Ok(_), None) => None,
            };
            done.push((source, reason));
        }
        waiting = later;
    }
    done
}

/// The release that a new source is for, and what is new.
fn parts<'c, 'v>(source: &'c Source, candidates: &'c [Candidate<'v>]) -> (&'c Candidate<'v>, &'c NewSource) {
    let user = source.group.users.first().expect("a source beside a release is for that");
    (&candidates[*user], source.new.as_ref().expect("a draft is of a new source"))
}

/// Why a release would not have its source where its chartRef looks for it.
fn not_served(
    trial: &View,
    applied: &Sources<'_>,
    candidate: &Candidate<'_>,
    source: &Source,
    new: &NewSource,
) -> Option<Finding> {
    let at = &candidate.release.at;
    let release = trial.releases().iter().find(|release| release.at == *at);
    let after = trial.graph().reaches(at);
    let file = At::document(&new.place.file, 0);
    let is_served = |release: &Release| {
        candidate.reaches.len() == after.len()
            && after.iter().all(|reach| {
                let [one] = applied.named_by(trial, release, reach) else { return false };
                one.source.at == file
                    && one.kustomization == reach.kustomization
                    && fits(trial, one.source, &source.group.key, &new.spec.carried)
            })
    };
    let message = format!("a source written to {} would not arrive where the release is", new.place.file);
    (!release.is_some_and(is_served)).then(|| refusal(candidate.release, codes::NO_PLACE, message))
}
