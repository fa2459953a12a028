//! The units of this migration.

use std::collections::BTreeSet;

use super::codes;
use super::release::{Candidate, Step, Way, at_release};
use super::removal;
use super::runbook::{Moved, of_sources, runbook as to_4};
use super::source::Second;
use super::survey::Found;
use crate::flux::{OciRepository, View};
use crate::migrations::sources::remove::Removal;
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, Finding, Impact, OutOfScope, REMOVE, Severity, Subject, Survey, Draft, UnitId};
use crate::repo::RepoPath;

pub(super) const SOURCE: &str = "source";
pub(super) const RELEASE: &str = "release";
pub(super) const FLEET: &str = "fleet";

fn id(step: &'static str, subject: Subject) -> UnitId {
    UnitId { migration: "app-template-v4", step, subject }
}

pub(super) fn release_id(candidate: &Candidate<'_>) -> UnitId {
    let (namespace, name) = (candidate.namespace.clone(), candidate.name.clone());
    id(RELEASE, Subject::Release { namespace, name, path: candidate.release.at.path.clone() })
}

pub(super) fn source_id(second: &Second) -> Option<UnitId> {
    let (_, place) = second.new.as_ref()?;
    let namespace = place.namespace.clone().unwrap_or_default();
    Some(id(SOURCE, object("OCIRepository", namespace, place.name.clone(), &place.file)))
}

pub(super) fn fleet_id(view: &View, source: &OciRepository) -> UnitId {
    let reach = view.graph().reaches(&source.at).first();
    let namespace = reach.and_then(|reach| reach.namespace.clone()).unwrap_or_default();
    let name = reach.map_or_else(|| source.name.clone(), |reach| reach.name.clone());
    id(FLEET, object("OCIRepository", namespace, name, &source.at.path))
}

fn object(kind: &str, namespace: String, name: String, path: &RepoPath) -> Subject {
    Subject::Object { kind: kind.to_owned(), namespace, name, path: path.clone() }
}

pub(super) fn survey(found: &Found<'_>, view: &View) -> Survey {
    let alone = found.candidates.iter().filter(|candidate| fleet_of(candidate).is_none());
    let mut units: Vec<Draft> = alone.map(|candidate| release_unit(found, candidate)).collect();
    let mut sources: Vec<Draft> = found.seconds.iter().filter_map(|second| source_unit(found, view, second)).collect();
    sources.sort_by(|a, b| a.id.cmp(&b.id));
    sources.dedup_by(|a, b| a.id == b.id);
    units.extend(sources);
    units.extend(fleets(found).into_iter().map(|source| fleet_unit(found, view, source)));
    let parts = [(found.moved, "on 4.x already"), (found.kept, "opted out of chart-ref")].into_iter();
    let parts: Vec<String> =
        parts.filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let what =
        if parts.is_empty() { String::new() } else { format!("HelmReleases of app-template: {}", parts.join(", ")) };
    units.extend(found.removals.all.iter().map(|removal| removal_unit(found, view, removal)));
    let findings = found.removals.findings.clone();
    Survey { drafts: units, findings, out_of_scope: OutOfScope { count: found.moved + found.kept, what } }
}

/// The source that moves with all its releases, if a release is one of them.
fn fleet_of<'v>(candidate: &Candidate<'v>) -> Option<&'v OciRepository> {
    match &candidate.verdict {
        Ok(Step { way: Way::Fleet(source), .. }) => Some(source),
        _ => None,
    }
}

fn fleets<'v>(found: &Found<'v>) -> Vec<&'v OciRepository> {
    let mut fleets: Vec<&OciRepository> = found.candidates.iter().filter_map(fleet_of).collect();
    fleets.dedup_by(|a, b| a.at == b.at);
    fleets.sort_by(|a, b| a.at.cmp(&b.at));
    fleets.dedup_by(|a, b| a.at == b.at);
    fleets
}

pub(super) fn fleet_members<'f, 'v>(found: &'f Found<'v>, source: &OciRepository) -> Vec<&'f Candidate<'v>> {
    let is_one = |own: &&Candidate<'v>| fleet_of(own).is_some_and(|own| own.at == source.at);
    found.candidates.iter().filter(is_one).collect()
}

fn release_unit(found: &Found<'_>, candidate: &Candidate<'_>) -> Draft {
    let mut findings = candidate.findings.clone();
    let target = &found.settings.target;
    let mut needs = BTreeSet::new();
    let mut touches = BTreeSet::from([candidate.release.at.path.clone()]);
    let title = match &candidate.verdict {
        Err(reasons) => {
            // What it would come to is of no interest.
            findings = reasons.clone();
            format!("stays on {}", candidate.from)
        }
        Ok(step) => {
            let from = &candidate.from;
            match &step.way {
                Way::InPlace { repository: None } => format!("{from} to {target}"),
                Way::InPlace { repository: Some(new) } => {
                    format!("{from} to {target}, from HelmRepository {}", new.name)
                }
                Way::Own(source) => {
                    touches.insert(source.at.path.clone());
                    format!("{from} to {target}, with its own source")
                }
                Way::Second(source) => {
                    let second = found.second_of(source).expect("a release that can move has a source");
                    needs.extend(source_id(second));
                    format!("{from} to {target}, by source {}", second.name)
                }
                Way::Fleet(_) => unreachable!("a release of a fleet has no unit of its own"),
            }
        }
    };
    Draft {
        also: candidate.also.clone(),
        impact: candidate.effect.impact.filter(|_| candidate.verdict.is_ok()).unwrap_or(Impact::None),
        workloads: candidate.effect.workloads.clone(),
        hooks: candidate.effect.hooks,
        needs,
        findings,
        ..Draft::new(release_id(candidate), title, touches)
    }
}

fn source_unit(found: &Found<'_>, view: &View, second: &Second) -> Option<Draft> {
    let (spec, place) = second.new.as_ref()?;
    // Releases of several sources of 3.x may share it.
    let is_for = |old: &OciRepository| found.second_of(old).and_then(source_id) == source_id(second);
    let is_user = |candidate: &&Candidate<'_>| match &candidate.verdict {
        Ok(Step { way: Way::Second(source), .. }) => is_for(source),
        _ => false,
    };
    let users: usize = found.candidates.iter().filter(is_user).map(|user| 1 + user.also.len()).sum();
    let users = if users == 1 { "1 release".to_owned() } else { format!("{users} releases") };
    let reaches = view.graph().reaches(&second.old).iter();
    let title = format!("new, {} {}, for {users}", spec.key.url, spec.key.version.text());
    Some(Draft {
        reads: reaches.flat_map(|reach| &reach.through).chain([&second.old.path]).cloned().collect(),
        ..Draft::new(source_id(second)?, title, place.touches())
    })
}

/// A source with all its releases, at once: as configured, and never otherwise.
fn fleet_unit(found: &Found<'_>, view: &View, source: &OciRepository) -> Draft {
    let members = fleet_members(found, source);
    let mut findings: Vec<Finding> = members.iter().flat_map(|own| own.findings.clone()).collect();
    let mut impact = members.iter().filter_map(|own| own.effect.impact).max().unwrap_or(Impact::None);
    let mut is_able = true;
    // One that stays would get 4.x without being converted.
    let stays = found.candidates.iter().filter(|own| own.verdict.is_err() && names(view, own, source));
    for candidate in stays {
        if std::mem::take(&mut is_able) {
            (findings, impact) = (Vec::new(), Impact::None);
        }
        findings.extend(candidate.verdict.as_ref().err().into_iter().flatten().cloned());
        let message = format!("{} stays, and so does the source that it shares", candidate.name);
        findings.push(at_release(candidate.release, Severity::Error, codes::FLEET_STAYS, message));
    }
    let title = format!("{} to {}, with {} releases", source.url, found.settings.target, members.len());
    let touches = members.iter().map(|own| &own.release.at.path).chain([&source.at.path]).cloned();
    Draft {
        impact,
        workloads: members.iter().flat_map(|own| own.effect.workloads.clone()).collect(),
        hooks: members.iter().any(|own| own.effect.hooks),
        findings,
        ..Draft::new(fleet_id(view, source), title, touches)
    }
}

fn names(view: &View, candidate: &Candidate<'_>, source: &OciRepository) -> bool {
    super::release::sources_of(view, candidate.release).iter().any(|own| own.at == source.at)
}

/// The steps around the landing of a batch.
pub(super) fn runbook(found: &Found<'_>, view: &View, batch: &Batch<'_>) -> Runbook {
    let removed: Vec<&Removal> = batch.units.iter().filter_map(|unit| removal_of(found, unit)).collect();
    if !removed.is_empty() {
        return removal::runbook(view, batch, &removed);
    }
    let moved: Vec<Moved<'_>> = batch.units.iter().flat_map(|unit| moved_by(found, view, unit)).map(moved).collect();
    if moved.is_empty() { of_sources(view, batch) } else { to_4(view, batch, &found.settings.target, &moved) }
}

/// The releases that a unit moves.
fn moved_by<'f, 'v>(found: &'f Found<'v>, view: &View, unit: &Draft) -> Vec<&'f Candidate<'v>> {
    if unit.id.step == FLEET {
        let source = view.oci_repositories().iter().find(|source| fleet_id(view, source) == unit.id);
        return source.map(|source| fleet_members(found, source)).unwrap_or_default();
    }
    found.candidates.iter().filter(|candidate| release_id(candidate) == unit.id).collect()
}

fn moved<'c>(candidate: &'c Candidate<'_>) -> Moved<'c> {
    let own = (candidate.namespace.as_str(), candidate.name.as_str());
    let also = candidate.also.iter().filter_map(|name| name.split_once('/'));
    Moved { names: also.chain([own]).collect(), effect: &candidate.effect }
}

pub(super) fn removal_of<'f>(found: &'f Found<'_>, unit: &Draft) -> Option<&'f Removal> {
    found.removals.all.iter().find(|removal| removal_id(removal) == unit.id)
}

fn removal_id(removal: &Removal) -> UnitId {
    id(REMOVE, object(removal.kind, removal.namespace.clone(), removal.name.clone(), &removal.at.path))
}

/// The removal of a source of 3.x, which needs the releases that still name it.
fn removal_unit(found: &Found<'_>, view: &View, removal: &Removal) -> Draft {
    let named = |candidate: &&Candidate<'_>| removal.named_by.contains(&candidate.release.at);
    let needs = found.candidates.iter().filter(named).map(|candidate| match fleet_of(candidate) {
        Some(source) => fleet_id(view, source),
        None => release_id(candidate),
    });
    let title = match removal.named_by.len() {
        0 => "goes, because nothing names it any more".to_owned(),
        1 => "goes, once 1 release has moved".to_owned(),
        several => format!("goes, once {several} releases have moved"),
    };
    Draft {
        also: removal.also.clone(),
        needs: needs.collect(),
        findings: removal.review.clone(),
        ..Draft::new(removal_id(removal), title, removal.touches())
    }
}
