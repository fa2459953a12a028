//! The units of this migration.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use super::find::Found;
use super::home::Home;
use super::source::{NewSource, Source};
use super::{META, codes};
use crate::charts::app_template::controllers;
use crate::flux::{Object, View};
use crate::migrations::sources::component;
use crate::migrations::sources::remove::Removal;
use crate::plan::author::hooks;
use crate::plan::{Draft, Finding, Impact, OutOfScope, REMOVE, Severity, Subject, Survey, UnitId};
use crate::repo::RepoPath;
use crate::yaml::Node;

const KIND: &str = "OCIRepository";
const SOURCE: &str = "source";
const INCLUDE: &str = "include";
const RELEASE: &str = "release";

pub(super) fn source_id(new: &NewSource) -> UnitId {
    let namespace = new.place.namespace.as_deref().unwrap_or_default();
    UnitId::new(&META, SOURCE, Subject::object(KIND, namespace, &new.place.name, &new.place.file))
}

/// The units that include the Component of a source, one for each kustomization.
pub(super) fn include_ids(source: &Source) -> impl Iterator<Item = (UnitId, &RepoPath)> {
    let subject = |path| Subject::object(KIND, source.group.namespace(), &source.name, path);
    let by = source.include.iter().flat_map(|include| &include.by);
    by.map(move |path| (UnitId::new(&META, INCLUDE, subject(path)), path))
}

pub(super) fn release_id(candidate: &Candidate<'_>) -> UnitId {
    let path = &candidate.release.at.path;
    UnitId::new(&META, RELEASE, Subject::release(&candidate.namespace, &candidate.name, path))
}

pub(super) fn removal_id(removal: &Removal) -> UnitId {
    let Removal { kind, namespace, name, at, .. } = removal;
    UnitId::new(&META, REMOVE, Subject::object(kind, namespace, name, &at.path))
}

pub(super) fn survey(found: &Found<'_>, view: &View) -> Survey {
    let mut drafts: Vec<Draft> =
        found.candidates.iter().map(|candidate| release_draft(found, view, candidate)).collect();
    // A Component serves several namespaces, and is one unit.
    let mut others: BTreeMap<UnitId, Draft> = BTreeMap::new();
    for source in found.sources.iter().filter(|source| source.group.home != Home::PerApp) {
        let new = source.new.as_ref().map(|new| source_draft(source, new));
        others.extend(new.into_iter().chain(include_drafts(found, source)).map(|draft| (draft.id.clone(), draft)));
    }
    drafts.extend(others.into_values());
    drafts.extend(found.removals.all.iter().map(|removal| removal_draft(found, removal)));
    let mut findings: Vec<Finding> = Vec::new();
    for finding in found.sources.iter().flat_map(|source| &source.findings) {
        // The file of a new source is not in the tree yet, so there is no place to point to.
        let is_there = finding.path.as_ref().is_some_and(|path| view.tree().entry(path).is_some());
        let finding = Finding { path: finding.path.clone().filter(|_| is_there), ..finding.clone() };
        // Releases that share a Component share what there is to report about it.
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    findings.extend(view.files().flat_map(|(_, file)| &file.objects).flat_map(|object| unseen(view, object)));
    findings.extend(found.removals.findings.clone());
    Survey { drafts, findings, out_of_scope: out_of_scope(found, view), ..Survey::default() }
}

fn out_of_scope(found: &Found<'_>, view: &View) -> OutOfScope {
    let mut charts: Vec<_> = found.other_charts.iter().collect();
    charts.sort_by_key(|(name, count)| (Reverse(**count), *name));
    let of_others: usize = charts.iter().map(|(_, count)| **count).sum();
    let on_reference = view.releases().len() - found.candidates.len() - of_others;
    let names: Vec<&str> = charts.iter().take(3).map(|(name, _)| name.as_str()).collect();
    let more = if charts.len() > names.len() { ", ..." } else { "" };
    let mut parts = Vec::new();
    if of_others > 0 {
        parts.push(format!("{of_others} of other charts ({}{more})", names.join(", ")));
    }
    if on_reference > 0 {
        parts.push(format!("{on_reference} already on chartRef"));
    }
    let what = if parts.is_empty() { String::new() } else { format!("HelmReleases: {}", parts.join(", ")) };
    OutOfScope { count: of_others + on_reference, what }
}

/// HelmReleases neither in scope nor out of it: a patch adds their chart, or they are in a List
/// or ResourceSet.
fn unseen(view: &View, object: &Object) -> Vec<Finding> {
    let path = &object.at.path;
    let mut found = Vec::new();
    let is_release = |item: &Node<'_>| item.text_at(&["kind"]) == Some("HelmRelease");
    let of_set = (object.kind == "ResourceSet").then_some(&["spec", "resources"][..]);
    let items = view.node(&object.at).and_then(|root| root.at(of_set.unwrap_or(&["items"])));
    if let Some(item) = items.and_then(|items| items.items().find(is_release)) {
        let message = format!("HelmReleases in an object of kind {}", object.kind);
        found.push(Finding::warning(codes::LIST, message).at(path, item.line()));
    }
    // Releases are sorted by place.
    let names_chart = || view.releases().binary_search_by(|release| release.at.cmp(&object.at)).is_ok();
    if object.is_helm_release() && !names_chart() {
        let mut patches = view.graph().reaches(&object.at).iter().flat_map(|reach| &reach.patches);
        found.extend(patches.find(|patch| patch.changes_fields(&["chart", "chartRef"])).map(|patch| {
            let message = format!("{} gets its chart from the patch at {}:{}", object.name, patch.path, patch.line);
            Finding::warning(codes::CHART_FROM_PATCH, message).at(path, object.line)
        }));
    }
    found
}

fn release_draft(found: &Found<'_>, view: &View, candidate: &Candidate<'_>) -> Draft {
    let at = &candidate.release.at;
    let values = view.node(at).and_then(|root| root.at(&["spec", "values"]));
    let draft = |title, touches| Draft {
        also: candidate.also.clone(),
        workloads: values.into_iter().flat_map(controllers).filter_map(|controller| controller.kind).collect(),
        hooks: !hooks(view, at).is_empty(),
        ..Draft::new(release_id(candidate), title, touches)
    };
    let mut findings = candidate.findings.clone();
    let want = match &candidate.verdict {
        Ok(want) => want,
        Err(reason) => {
            findings.retain(|finding| finding.severity != Severity::Note);
            findings.push(reason.clone());
            return Draft { findings, ..draft("stays on spec.chart".to_owned(), BTreeSet::from([at.path.clone()])) };
        }
    };
    findings.sort_by_key(|finding| finding.severity);
    let source = found.source_of(candidate).expect("a release that can move has a source");
    let (mut touches, mut needs) = (BTreeSet::from([at.path.clone()]), BTreeSet::new());
    match (&source.group.home, &source.new) {
        (Home::PerApp, new) => touches.extend(new.iter().flat_map(|new| new.place.touches())),
        (_, Some(new)) if source.include.is_none() => needs.extend([source_id(new)]),
        _ => needs.extend(include_ids(source).map(|(id, _)| id)),
    }
    let name = match &source.namespace {
        Some(namespace) => format!("{namespace}/{}", source.name),
        None => source.name.clone(),
    };
    let beside = if source.group.home == Home::PerApp { " beside it" } else { "" };
    let version = want.jump.as_ref().map(|jump| format!(", {jump}")).unwrap_or_default();
    let of_conversion = candidate.conversion().and_then(|conversion| conversion.effect.impact);
    let of_jump = if want.jump.is_some() { Impact::Restart } else { Impact::Upgrade };
    Draft {
        impact: if candidate.clusters.is_empty() { Impact::None } else { of_conversion.unwrap_or(of_jump) },
        needs,
        findings,
        ..draft(format!("chartRef to {name}{beside}{version}"), touches)
    }
}

fn releases(count: usize) -> String {
    if count == 1 { "1 release".to_owned() } else { format!("{count} releases") }
}

fn source_draft(source: &Source, new: &NewSource) -> Draft {
    let (key, users) = (&source.group.key, releases(new.users));
    match &source.include {
        None => Draft::new(source_id(new), format!("new, {key}, for {users}"), new.place.touches()),
        Some(_) => {
            let title = format!("new Component, {key}, for {users}");
            Draft::new(source_id(new), title, component::touches(&new.place))
        }
    }
}

fn include_drafts<'f>(found: &'f Found<'_>, source: &'f Source) -> impl Iterator<Item = Draft> + 'f {
    include_ids(source).map(move |(id, path)| {
        let include = source.include.as_ref().expect("what is included has a Component");
        let title = format!("includes {}, for {}", include.component, releases(source.group.count(&found.candidates)));
        Draft { needs: source.new.iter().map(source_id).collect(), ..Draft::new(id, title, [path.clone()]) }
    })
}

fn removal_draft(found: &Found<'_>, removal: &Removal) -> Draft {
    let named_by = |candidate: &&Candidate<'_>| removal.named_by.contains(&candidate.release.at);
    let needs: BTreeSet<UnitId> = found.candidates.iter().filter(named_by).map(release_id).collect();
    let title = match needs.len() {
        0 => "removed: nothing names it".to_owned(),
        1 => "removed after 1 release has moved".to_owned(),
        count => format!("removed after {count} releases have moved"),
    };
    Draft {
        also: removal.also.clone(),
        needs,
        findings: removal.review.clone(),
        ..Draft::new(removal_id(removal), title, removal.touches())
    }
}
