//! The units of this migration, and what each comes to on a tree.

use std::collections::BTreeSet;

use super::codes;
use super::release::{Candidate, at_release, finding, replace_chart};
use super::survey::{Found, NewSource, Source, has_moved};
use crate::flux::{Radius, View};
use crate::migrations::sources::refused_edit;
use crate::migrations::sources::write::write;
use crate::plan::{Edited, Finding, Impact, Lane, OutOfScope, Safety, Severity, Subject, Survey, Unit, UnitId};
use crate::repo::{Change, Changes};
use crate::yaml::{Edit, Node};

const KIND: &str = "OCIRepository";
const SOURCE: &str = "source";
const RELEASE: &str = "release";

fn id(step: &'static str, subject: Subject) -> UnitId {
    UnitId { migration: "chart-ref", step, subject }
}

fn source_id(new: &NewSource, found: &Found<'_>) -> UnitId {
    let namespace = found.settings.source_namespace.clone();
    let (name, path) = (new.place.name.clone(), new.place.file.clone());
    id(SOURCE, Subject::Object { kind: KIND.to_owned(), namespace, name, path })
}

pub(super) fn release_id(candidate: &Candidate<'_>) -> UnitId {
    let (namespace, name) = (candidate.namespace.clone(), candidate.name.clone());
    id(RELEASE, Subject::Release { namespace, name, path: candidate.release.at.path.clone() })
}

pub(super) fn survey(found: &Found<'_>, view: &View) -> Survey {
    let mut units: Vec<Unit> = found.candidates.iter().map(|candidate| release_unit(found, candidate)).collect();
    for source in &found.sources {
        units.extend(source.new.as_ref().map(|new| source_unit(found, source, new)));
    }
    let moved = view.releases().len() - found.candidates.len() - found.other_charts.values().sum::<usize>();
    let findings =
        found.sources.iter().filter(|source| source.new.is_none()).flat_map(|source| source.findings.clone());
    let findings = findings.chain(unseen(view)).collect();
    Survey { units, findings, out_of_scope: out_of_scope(found, moved) }
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
        let patch = patches.into_iter().find(|patch| patch.says_something_of(&["chart", "chartRef"]));
        if let Some(patch) = patch.filter(|_| without_chart) {
            let message = format!("{} gets its chart from the patch at {}:{}", object.name, patch.path, patch.line);
            found.push(at(codes::CHART_FROM_PATCH, object.line, message));
        }
    }
    found
}

fn release_unit(found: &Found<'_>, candidate: &Candidate<'_>) -> Unit {
    let source = found.source_of(candidate);
    let mut findings = candidate.review.clone();
    let (safety, title) = match (&candidate.verdict, source) {
        (Ok(_), Some(source)) => {
            let safety = if findings.is_empty() { Safety::Safe } else { Safety::Review };
            (safety, format!("chartRef to {}/{}", found.settings.source_namespace, source.name))
        }
        (Err(reason), _) => {
            findings.push(reason.clone());
            (Safety::Refused, "stays on spec.chart".to_owned())
        }
        (Ok(_), None) => unreachable!("a release that can move has a source"),
    };
    let needs = source.and_then(|source| source.new.as_ref()).map(|new| source_id(new, found));
    Unit {
        id: release_id(candidate),
        also: candidate.also.clone(),
        title,
        lane: Lane(candidate.clusters.clone()),
        safety,
        impact: if candidate.clusters.is_empty() { Impact::None } else { Impact::Upgrade },
        workloads: candidate.workloads.clone(),
        hooks: candidate.hooks,
        radius: Radius::default(),
        dependents: 0,
        needs: needs.into_iter().collect(),
        touches: BTreeSet::from([candidate.release.at.path.clone()]),
        findings,
    }
}

fn source_unit(found: &Found<'_>, source: &Source, new: &NewSource) -> Unit {
    let (url, version) = (&source.key.url, source.key.version.text());
    let users = if new.users == 1 { "1 release".to_owned() } else { format!("{} releases", new.users) };
    Unit {
        id: source_id(new, found),
        also: BTreeSet::new(),
        title: format!("new, {url} {version}, for {users}"),
        lane: Lane(new.place.clusters.clone()),
        safety: Safety::Safe,
        impact: Impact::None,
        workloads: BTreeSet::new(),
        hooks: false,
        radius: Radius::default(),
        dependents: 0,
        needs: BTreeSet::new(),
        touches: new.place.touches(),
        findings: source.findings.clone(),
    }
}

pub(super) fn edit(found: &Found<'_>, view: &View, unit: &Unit) -> Edited {
    match &unit.id.subject {
        Subject::Object { .. } => edit_source(found, view, unit),
        Subject::Release { name, path, .. } => {
            match found.candidates.iter().find(|candidate| release_id(candidate) == unit.id) {
                Some(candidate) => edit_release(found, view, candidate),
                None if has_moved(view, path, name) => Edited::Already,
                None => Edited::Refused(finding(
                    Severity::Error,
                    codes::INVALID,
                    Some(path.clone()),
                    None,
                    format!("the release {name} is not in this file any more"),
                )),
            }
        }
    }
}

fn edit_source(found: &Found<'_>, view: &View, unit: &Unit) -> Edited {
    let wanted = found.sources.iter().filter_map(|source| source.new.as_ref());
    // Nobody wants it any more, or it is there.
    let Some(new) = wanted.into_iter().find(|new| source_id(new, found) == unit.id) else {
        return Edited::Already;
    };
    match write(view, &new.spec, &new.place) {
        Ok(changes) => Edited::Changes(changes, Vec::new()),
        Err(error) => Edited::Refused(refused_edit(new.place.edited_file(), &error)),
    }
}

fn edit_release(found: &Found<'_>, view: &View, candidate: &Candidate<'_>) -> Edited {
    let source = match (&candidate.verdict, found.source_of(candidate)) {
        (Err(reason), _) => return Edited::Refused(reason.clone()),
        (Ok(_), Some(source)) => source,
        (Ok(_), None) => unreachable!("a release that can move has a source"),
    };
    if source.new.is_some() {
        let message = format!("the source {} is not in this tree yet", source.name);
        return Edited::Refused(at_release(candidate.release, Severity::Error, codes::SOURCE_MISSING, message));
    }
    let path = &candidate.release.at.path;
    let edit = replace_chart(view, candidate.release, &source.name, &found.settings.source_namespace);
    match edit.and_then(Edit::finish) {
        Ok(edited) => {
            let mut changes = Changes::new();
            changes.set(path.clone(), Change::Edit(edited.splices));
            Edited::Changes(changes, edited.comments.into_iter().map(|comment| (path.clone(), comment)).collect())
        }
        Err(error) => Edited::Refused(refused_edit(path, &error)),
    }
}
