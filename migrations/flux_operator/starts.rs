//! The units of `sync: adopt`: the root of today is guarded, the FluxInstance makes the new one, the old one goes.
//!
//! They come once the old installation is out: until then Flux has enough to change.

use std::collections::BTreeSet;

use super::META;
use super::find::{Found, Standing};
use crate::plan::author::subject_of_flux;
use crate::plan::{Apart, Class, Draft, Impact, Subject, UnitId};
use crate::repo::RepoPath;

/// Stage S1: the root of today deletes nothing when it is removed.
pub(super) const SYNC_GUARD: &str = "sync-guard";
/// Stage S2: the FluxInstance makes source and root.
pub(super) const SYNC: &str = "sync";
/// Stage S3: the root of today goes, with its source.
pub(super) const SYNC_OUT: &str = "sync-out";

const GUARDS: Class = Class::new(13, "guards", "guards", "guard").apart_from(Apart::Dependents);
const SYNCS: Class = Class::new(89, "sync", "what Flux starts with", "root").apart_from(Apart::Needs);
const ROOTS_OUT: Class = Class::new(96, "roots-out", "roots that are removed", "root").apart_from(Apart::Needs);

/// What a unit about what Flux starts with is about.
pub(super) fn start_subject(standing: &Standing<'_>) -> Option<Subject> {
    Some(subject_of_flux(&standing.start.as_ref()?.root))
}

/// The stages that are to come in a cluster.
pub(super) fn drafts(found: &Found<'_>, standing: &Standing<'_>) -> Vec<Draft> {
    let (Some(start), Some(instance), None) = (&standing.start, &standing.instance, &standing.install) else {
        return Vec::new();
    };
    let Some(subject) = start_subject(standing) else { return Vec::new() };
    let id = |step| UnitId::new(&META, step, subject.clone());
    let namespace = || Some(start.root.namespace.clone());
    let path = start.root.at.path.clone();
    if !start.problems.is_empty() {
        let draft = Draft::new(id(SYNC_GUARD), "what Flux starts with stays in its files", [path]);
        return vec![Draft { findings: start.problems.clone(), namespace: namespace(), ..draft }];
    }
    let name = &start.root.source.name;
    let mut drafts = Vec::new();
    let mut needs = BTreeSet::new();
    if !start.root.keeps_on_deletion() {
        let draft = Draft::new(id(SYNC_GUARD), "it deletes nothing when it is removed", [path.clone()]);
        drafts.push(Draft { impact: Impact::Reconcile, class: Some(GUARDS), namespace: namespace(), ..draft });
        needs.insert(id(SYNC_GUARD));
    }
    if instance.sync.is_none() {
        let how = if start.is_in_place() { "in its place" } else { "beside it, over the same path" };
        let patches = match start.sync.patches.len() {
            1 => "1 patch".to_owned(),
            more => format!("{more} patches"),
        };
        let title = format!("the FluxInstance makes GitRepository and Kustomization {name}, {how}, with {patches}");
        let draft = Draft::new(id(SYNC), title, [start.instance.path.clone()]);
        let class = Some(SYNCS);
        let reads = [path.clone(), start.source.path.clone()].into();
        let needs_now = needs.clone();
        drafts.push(Draft {
            impact: Impact::Reconcile,
            class,
            namespace: namespace(),
            needs: needs_now,
            reads,
            ..draft
        });
        needs.insert(id(SYNC));
    }
    let gone = [&path, &start.source.path];
    let mut touches: BTreeSet<RepoPath> = gone.into_iter().flat_map(|path| found.view.listed_in(path)).collect();
    touches.extend(gone.into_iter().cloned());
    touches.extend(start.followers.iter().map(|follower| follower.at.path.clone()));
    let mut title = format!("it is removed with GitRepository {name}: the operator has both");
    if !start.followers.is_empty() {
        title.push_str(&format!("; {} that name it follow", start.followers.len()));
    }
    let draft = Draft::new(id(SYNC_OUT), title, touches);
    drafts.push(Draft { impact: Impact::Reconcile, class: Some(ROOTS_OUT), namespace: namespace(), needs, ..draft });
    drafts
}
