//! The units of this migration.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::release::{Candidate, finding};
use super::strategy::Home;
use super::survey::{Found, NewSource, Source};
use crate::flux::View;
use crate::migrations::sources::component;
use crate::migrations::sources::remove::Removal;
use crate::plan::{Finding, Impact, OutOfScope, REMOVE, Severity, Subject, Survey, Draft, UnitId};
use crate::repo::RepoPath;
use crate::yaml::Node;

const KIND: &str = "OCIRepository";
const SOURCE: &str = "source";
const INCLUDE: &str = "include";
const RELEASE: &str = "release";

fn id(step: &'static str, subject: Subject) -> UnitId {
    UnitId { migration: "chart-ref", step, subject }
}

fn object(step: &'static str, kind: &str, namespace: &str, name: &str, path: &RepoPath) -> UnitId {
    let (kind, namespace, name) = (kind.to_owned(), namespace.to_owned(), name.to_owned());
    id(step, Subject::Object { kind, namespace, name, path: path.clone() })
}

pub(super) fn source_id(new: &NewSource) -> UnitId {
    object(SOURCE, KIND, new.place.namespace.as_deref().unwrap_or_default(), &new.place.name, &new.place.file)
}

/// The units that include the Component of a source, one for each kustomization.
pub(super) fn include_ids(source: &Source) -> impl Iterator<Item = (UnitId, &RepoPath)> {
    let namespace = match &source.home {
        Home::Namespace(namespace) => namespace.as_str(),
        Home::Shared | Home::App => "",
    };
    let by = source.include.iter().flat_map(|include| &include.by);
    by.map(move |path| (object(INCLUDE, KIND, namespace, &source.name, path), path))
}

pub(super) fn release_id(candidate: &Candidate<'_>) -> UnitId {
    let (namespace, name) = (candidate.namespace.clone(), candidate.name.clone());
    id(RELEASE, Subject::Release { namespace, name, path: candidate.release.at.path.clone() })
}

pub(super) fn removal_id(removal: &Removal) -> UnitId {
    object(REMOVE, removal.kind, &removal.namespace, &removal.name, &removal.at.path)
}

pub(super) fn survey(found: &Found<'_>, view: &View) -> Survey {
    let mut units: Vec<Draft> = found.candidates.iter().map(|candidate| release_unit(found, candidate)).collect();
    // A Component serves several namespaces, and is one unit.
    let mut others: BTreeMap<UnitId, Draft> = BTreeMap::new();
    for source in found.sources.iter().filter(|source| source.home != Home::App) {
        let new = source.new.as_ref().map(|new| source_unit(source, new));
        others.extend(new.into_iter().chain(include_units(found, source)).map(|unit| (unit.id.clone(), unit)));
    }
    units.extend(others.into_values());
    units.extend(found.removals.all.iter().map(|removal| removal_unit(found, removal)));
    let moved = view.releases().len() - found.candidates.len() - found.other_charts.values().sum::<usize>();
    let mut findings: Vec<Finding> = Vec::new();
    for finding in found.sources.iter().flat_map(|source| &source.findings) {
        // Releases that share a Component share what there is to say about it.
        if !findings.contains(finding) {
            findings.push(finding.clone());
        }
    }
    findings.extend(unseen(view));
    findings.extend(found.removals.findings.clone());
    Survey { drafts: units, findings, out_of_scope: out_of_scope(found, moved) }
}

fn out_of_scope(found: &Found<'_>, moved: usize) -> OutOfScope {
    let mut charts: Vec<_> = found.other_charts.iter().collect();
    charts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    let count: usize = charts.iter().map(|(_, count)| **count).sum();
    let names: Vec<&str> = charts.iter().take(3).map(|(name, _)| name.as_str()).collect();
    let more = if charts.len() > names.len() { ", ..." } else { "" };
    let mut parts = Vec::new();
    if count > 0 {
        parts.push(format!("{count} of other charts ({}{more})", names.join(", ")));
    }
    if moved > 0 {
        parts.push(format!("{moved} on chartRef already"));
    }
    let what = if parts.is_empty() { String::new() } else { format!("HelmReleases: {}", parts.join(", ")) };
    OutOfScope { count: count + moved, what }
}

/// HelmReleases that cannot be told in scope or out of it: a patch gives them their chart, or they stand in a List.
fn unseen(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for object in view.files().flat_map(|(_, file)| &file.objects) {
        let Some(root) = view.node(&object.at) else { continue };
        let at =
            |code, line, message| finding(Severity::Warning, code, Some(object.at.path.clone()), Some(line), message);
        let is_release = |item: &Node<'_>| item.text_at(&["kind"]) == Some("HelmRelease");
        if let Some(item) = root.get("items").and_then(|items| items.items().find(is_release)) {
            found.push(at(codes::LIST, item.line(), format!("HelmReleases in an object of kind {}", object.kind)));
        }
        // They are by place.
        let names_chart = || view.releases().binary_search_by(|release| release.at.cmp(&object.at)).is_ok();
        let without_chart = object.is_helm_release() && !names_chart();
        let patches = view.graph().reaches(&object.at).iter().flat_map(|reach| &reach.patches);
        let patch = patches.into_iter().find(|patch| patch.changes_fields(&["chart", "chartRef"]));
        if let Some(patch) = patch.filter(|_| without_chart) {
            let message = format!("{} gets its chart from the patch at {}:{}", object.name, patch.path, patch.line);
            found.push(at(codes::CHART_FROM_PATCH, object.line, message));
        }
    }
    found
}

fn release_unit(found: &Found<'_>, candidate: &Candidate<'_>) -> Draft {
    let source = found.source_of(candidate);
    let mut findings = candidate.review.clone();
    let title = match (&candidate.verdict, source) {
        (Ok(want), Some(source)) => {
            let name = match &source.namespace {
                Some(namespace) => format!("{namespace}/{}", source.name),
                None => source.name.clone(),
            };
            let version = want.jump.as_ref().map(|jump| format!(", {jump}")).unwrap_or_default();
            let own = if source.home == Home::App { " beside it" } else { "" };
            findings.extend(candidate.notes.clone());
            format!("chartRef to {name}{own}{version}")
        }
        (Err(reason), _) => {
            findings.push(reason.clone());
            "stays on spec.chart".to_owned()
        }
        (Ok(_), None) => unreachable!("a release that can move has a source"),
    };
    let mut touches = BTreeSet::from([candidate.release.at.path.clone()]);
    let mut needs = BTreeSet::new();
    if let Some(source) = source {
        match (&source.home, &source.new) {
            (Home::App, new) => {
                touches.extend(new.iter().flat_map(|new| new.place.touches()));
            }
            (_, Some(new)) if source.include.is_none() => drop(needs.insert(source_id(new))),
            _ => needs.extend(include_ids(source).map(|(id, _)| id)),
        }
    }
    let changes_version = candidate.verdict.as_ref().is_ok_and(|want| want.jump.is_some());
    let conversion = candidate.conversion.as_ref().filter(|_| candidate.verdict.is_ok());
    let upgrade = match conversion.and_then(|own| own.effect.impact) {
        Some(impact) => impact,
        None if changes_version => Impact::Restart,
        None => Impact::Upgrade,
    };
    Draft {
        also: candidate.also.clone(),
        impact: if candidate.clusters.is_empty() { Impact::None } else { upgrade },
        workloads: candidate.workloads.clone(),
        hooks: candidate.hooks,
        needs,
        findings,
        ..Draft::new(release_id(candidate), title, touches)
    }
}

fn releases(number: usize) -> String {
    if number == 1 { "1 release".to_owned() } else { format!("{number} releases") }
}

fn source_unit(source: &Source, new: &NewSource) -> Draft {
    let (url, version) = (&source.key.url, source.key.version.text());
    let (title, touches) = match &source.include {
        None => (format!("new, {url} {version}, for {}", releases(new.users)), new.place.touches()),
        Some(_) => {
            let title = format!("new Component, {url} {version}, for {}", releases(new.users));
            (title, component::touches(&new.place))
        }
    };
    Draft::new(source_id(new), title, touches)
}

fn include_units<'f>(found: &'f Found<'_>, source: &'f Source) -> impl Iterator<Item = Draft> + 'f {
    let members = source.users.iter().map(|user| 1 + found.candidates[*user].also.len());
    let number: usize = members.sum();
    include_ids(source).map(move |(id, path)| {
        let include = source.include.as_ref().expect("what is included has a Component");
        let title = format!("includes {}, for {}", include.component, releases(number));
        let needs = source.new.iter().map(source_id).collect();
        Draft { needs, ..Draft::new(id, title, BTreeSet::from([path.clone()])) }
    })
}

fn removal_unit(found: &Found<'_>, removal: &Removal) -> Draft {
    let named_by = |candidate: &&Candidate<'_>| removal.named_by.contains(&candidate.release.at);
    let needs: BTreeSet<UnitId> = found.candidates.iter().filter(named_by).map(release_id).collect();
    let title = match needs.len() {
        0 => "goes: nothing names it".to_owned(),
        number => format!("goes, once {} have moved", releases(number)),
    };
    Draft {
        also: removal.also.clone(),
        needs,
        findings: removal.review.clone(),
        ..Draft::new(removal_id(removal), title.replace("1 release have", "1 release has"), removal.touches())
    }
}
