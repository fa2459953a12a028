//! The units: releases, the sources that they move to, and sources that are removed.

use std::collections::BTreeSet;

use super::META;
use super::codes;
use super::find::Found;
use super::release::{Candidate, Way, at_chart, sources_of};
use super::seconds::{NewSource, Second};
use crate::flux::OciRepository;
use crate::migrations::sources::remove::Removal;
use crate::plan::{Draft, Impact, OutOfScope, REMOVE, Severity, Subject, Survey, UnitId};

pub(super) const SOURCE: &str = "source";
const RELEASE: &str = "release";
const FLEET: &str = "fleet";

fn release_id(candidate: &Candidate<'_>) -> UnitId {
    let (names, path) = (&candidate.identity, &candidate.release.at.path);
    UnitId::new(&META, RELEASE, Subject::release(&names.namespace, &names.name, path))
}

pub(super) fn source_id(second: &Second) -> Option<UnitId> {
    let place = &second.new.as_ref()?.place;
    let namespace = place.namespace.as_deref().unwrap_or_default();
    Some(UnitId::new(&META, SOURCE, Subject::object("OCIRepository", namespace, &place.name, &place.file)))
}

fn fleet_id(found: &Found<'_>, source: &OciRepository) -> UnitId {
    let reach = found.view.graph().reaches(&source.at).first();
    let namespace = reach.and_then(|reach| reach.namespace.as_deref()).unwrap_or_default();
    let name = reach.map_or(source.name.as_str(), |reach| reach.name.as_str());
    UnitId::new(&META, FLEET, Subject::object("OCIRepository", namespace, name, &source.at.path))
}

fn removal_id(removal: &Removal) -> UnitId {
    let subject = Subject::object(removal.kind, &removal.namespace, &removal.name, &removal.at.path);
    UnitId::new(&META, REMOVE, subject)
}

/// The unit that moves a release: its own, or that of its fleet.
fn unit_of(found: &Found<'_>, candidate: &Candidate<'_>) -> UnitId {
    candidate.fleet().map_or_else(|| release_id(candidate), |source| fleet_id(found, source))
}

/// The releases that a unit moves.
pub(super) fn releases_of<'f, 'v>(found: &'f Found<'v>, unit: &Draft) -> Vec<&'f Candidate<'v>> {
    found.candidates.iter().filter(|candidate| unit_of(found, candidate) == unit.id).collect()
}

/// The source that a unit removes.
pub(super) fn removal_of<'f>(found: &'f Found<'_>, unit: &Draft) -> Option<&'f Removal> {
    found.removals.all.iter().find(|removal| removal_id(removal) == unit.id)
}

pub(super) fn survey(found: &Found<'_>) -> Survey {
    let alone = found.candidates.iter().filter(|candidate| candidate.fleet().is_none());
    let mut drafts: Vec<Draft> = alone.map(|candidate| release_draft(found, candidate)).collect();
    let mut sources: Vec<Draft> = found.seconds.iter().filter_map(|second| source_draft(found, second)).collect();
    sources.sort_by(|a, b| a.id.cmp(&b.id));
    sources.dedup_by(|a, b| a.id == b.id);
    drafts.extend(sources);
    let mut fleets: Vec<&OciRepository> = found.candidates.iter().filter_map(Candidate::fleet).collect();
    fleets.sort_by(|a, b| a.at.cmp(&b.at));
    fleets.dedup_by(|a, b| a.at == b.at);
    drafts.extend(fleets.into_iter().map(|source| fleet_draft(found, source)));
    drafts.extend(found.removals.all.iter().map(|removal| removal_draft(found, removal)));
    let mut counts = found.later.counts();
    counts.extend((found.opted_out > 0).then(|| format!("{} opted out of chart-ref", found.opted_out)));
    let mut out_of_scope = OutOfScope { count: found.later.count() + found.opted_out, what: String::new() };
    if !counts.is_empty() {
        out_of_scope.what = format!("HelmReleases of app-template: {}", counts.join(", "));
    }
    Survey { drafts, findings: found.removals.findings.clone(), out_of_scope, ..Survey::default() }
}

fn releases(count: usize) -> String {
    if count == 1 { "1 release".to_owned() } else { format!("{count} releases") }
}

fn release_draft(found: &Found<'_>, candidate: &Candidate<'_>) -> Draft {
    let Candidate { release, identity, from, effect, .. } = candidate;
    let mut draft = Draft {
        also: identity.also.clone(),
        impact: effect.impact.unwrap_or(Impact::None),
        workloads: effect.workloads.clone(),
        hooks: effect.hooks,
        findings: candidate.findings.clone(),
        ..Draft::new(release_id(candidate), String::new(), [release.at.path.clone()])
    };
    let step = match &candidate.verdict {
        Ok(step) => step,
        Err(reasons) => {
            // What the move would do does not matter.
            let (title, findings) = (format!("stays on {from}"), reasons.clone());
            let waits = reasons.iter().all(|reason| reason.code == codes::CHART_REF_FIRST);
            let waits_for = waits.then_some("chart-ref");
            return Draft { title, findings, waits_for, impact: Impact::None, ..draft };
        }
    };
    draft.title = format!("{from} to {}", found.settings.target);
    match &step.way {
        Way::InPlace { repository } => {
            let from = repository.as_ref().map(|repository| format!(", from HelmRepository {}", repository.name));
            draft.title.extend(from);
        }
        Way::Own(source) => {
            draft.title += ", with its own source";
            draft.touches.insert(source.at.path.clone());
        }
        Way::Second(source) => {
            let second = found.second_beside(source).expect("a release that can move has a source");
            draft.title += &format!(", from source {}", second.name);
            draft.needs.extend(source_id(second));
        }
        Way::Fleet(_) => unreachable!("a release of a fleet has no unit of its own"),
    }
    draft
}

fn source_draft(found: &Found<'_>, second: &Second) -> Option<Draft> {
    let NewSource { spec, place, beside } = second.new.as_ref()?;
    let id = source_id(second)?;
    // Releases of several sources of 3.x may share it.
    let is_its = |old| found.second_beside(old).and_then(source_id).as_ref() == Some(&id);
    let users = found.candidates.iter().filter(|candidate| candidate.second_beside().is_some_and(is_its));
    let users = releases(users.map(|user| 1 + user.identity.also.len()).sum());
    let title = format!("new, {} {}, for {users}", spec.key.url, spec.key.version.text());
    let reaches = found.view.graph().reaches(beside).iter();
    let reads: BTreeSet<_> = reaches.flat_map(|reach| &reach.through).chain([&beside.path]).cloned().collect();
    Some(Draft { reads, ..Draft::new(id, title, place.touches()) })
}

/// A source that moves with all its releases.
fn fleet_draft(found: &Found<'_>, source: &OciRepository) -> Draft {
    let id = fleet_id(found, source);
    let is_member = |candidate: &&Candidate<'_>| candidate.fleet().is_some_and(|fleet| fleet.at == source.at);
    let members: Vec<_> = found.candidates.iter().filter(is_member).collect();
    let title = format!("{} to {}, with {}", source.url, found.settings.target, releases(members.len()));
    let touches = members.iter().map(|member| &member.release.at.path).chain([&source.at.path]).cloned();
    let mut draft = Draft {
        impact: members.iter().filter_map(|member| member.effect.impact).max().unwrap_or(Impact::None),
        workloads: members.iter().flat_map(|member| member.effect.workloads.clone()).collect(),
        hooks: members.iter().any(|member| member.effect.hooks),
        findings: members.iter().flat_map(|member| member.findings.clone()).collect(),
        ..Draft::new(id, title, touches)
    };
    // A release that stays would get the new version with old values.
    let mut blocking = Vec::new();
    for candidate in &found.candidates {
        let uses_it = || sources_of(found.view, candidate.release).iter().any(|used| used.at == source.at);
        if let Some(reasons) = candidate.verdict.as_ref().err().filter(|_| uses_it()) {
            let message =
                format!("{} stays on its version, and with it the source that they share", candidate.identity.name);
            blocking.extend(reasons.iter().cloned());
            blocking.push(at_chart(candidate.release, Severity::Error, codes::FLEET_BLOCKED, message));
        }
    }
    if !blocking.is_empty() {
        (draft.findings, draft.impact) = (blocking, Impact::None);
    }
    draft
}

/// A source of 3.x, which needs the releases that still name it.
fn removal_draft(found: &Found<'_>, removal: &Removal) -> Draft {
    let namers = found.candidates.iter().filter(|candidate| removal.named_by.contains(&candidate.release.at));
    let title = match removal.named_by.len() {
        0 => "removed: nothing names it".to_owned(),
        1 => "removed after 1 release has moved".to_owned(),
        count => format!("removed after {count} releases have moved"),
    };
    Draft {
        also: removal.also.clone(),
        needs: namers.map(|candidate| unit_of(found, candidate)).collect(),
        findings: removal.review.clone(),
        ..Draft::new(removal_id(removal), title, removal.touches())
    }
}
