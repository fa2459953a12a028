//! The units: the second object, what names it, namespace by namespace, and the first one, which goes.

use std::collections::{BTreeMap, BTreeSet};

use super::kinds::kind;
use super::moved::{Moved, Objects};
use super::uses::Use;
use crate::flux::{At, View};
use crate::migrations::flux_move::META;
use crate::migrations::flux_move::beside::{FIRST_OUT, FIRSTS_OUT, SECOND, SECONDS, SWITCH, SWITCHES};
use crate::migrations::flux_move::find::Found;
use crate::plan::{Draft, Impact, Subject, UnitId};
use crate::repo::RepoPath;

/// The entry points of a cluster name the second source.
pub(in crate::migrations::flux_move) const SWITCH_ROOT: &str = "switch-root";

/// Whether a unit is about a source, a store or a Gateway.
pub(in crate::migrations::flux_move) fn is_of_objects(id: &UnitId) -> bool {
    [SECOND, SWITCH, SWITCH_ROOT, FIRST_OUT].contains(&id.step) && kind(id.subject.kind()).is_some()
}

/// What is switched together: the users of one namespace, or the entry points.
pub(super) struct Switch {
    pub(super) id: UnitId,
    /// The users, by place in the list of all.
    pub(super) users: Vec<usize>,
}

fn id(step: &'static str, one: &Moved<'_>, namespace: &str, path: &RepoPath) -> UnitId {
    UnitId::new(&META, step, Subject::object(one.kind.name, namespace, &one.from.1, path))
}

/// What names the first object, by what is switched together. A Flux Kustomization that moves as well is
/// switched with the namespace where it belongs.
pub(super) fn switches(found: &Found<'_>, objects: &Objects<'_>, one: &Moved<'_>) -> Vec<Switch> {
    let Some(path) = one.path() else { return Vec::new() };
    let goes: BTreeMap<&At, &str> = found.movers().map(|(candidate, to)| (&candidate.at, to)).collect();
    // external-dns may read the routes of one Gateway alone: then all of them change it at once.
    let is_together = objects.followed(one).next().is_some();
    let namespace = |user: &Use<'_>| {
        if is_together {
            return one.from.0.clone();
        }
        let own = user.reach.namespace.as_deref().unwrap_or_default();
        goes.get(user.at).copied().unwrap_or(own).to_owned()
    };
    let mut all: BTreeMap<UnitId, Vec<usize>> = BTreeMap::new();
    for number in &one.users {
        let user = &objects.uses[*number];
        let id = match user.is_of_root(found.view) {
            true => id(SWITCH_ROOT, one, &one.from.0, path),
            false => id(SWITCH, one, &namespace(user), path),
        };
        all.entry(id).or_default().push(*number);
    }
    if is_together {
        all.entry(id(SWITCH, one, &one.from.0, path)).or_default();
    }
    all.into_iter().map(|(id, users)| Switch { id, users }).collect()
}

/// The unit of the second object, or of the first that goes.
pub(super) fn id_of(step: &'static str, one: &Moved<'_>) -> Option<UnitId> {
    Some(id(step, one, &one.from.0, one.path()?))
}

/// The drafts of all of them.
pub(in crate::migrations::flux_move) fn drafts(found: &Found<'_>) -> Vec<Draft> {
    let objects = found.objects();
    let mut drafts: BTreeMap<UnitId, Draft> = BTreeMap::new();
    for one in &objects.all {
        for draft in of_one(found, objects, one) {
            // Two that are called the same in one file are switched together.
            match drafts.get_mut(&draft.id) {
                Some(known) => join(known, draft),
                None => drop(drafts.insert(draft.id.clone(), draft)),
            }
        }
    }
    drafts.into_values().collect()
}

fn join(known: &mut Draft, other: Draft) {
    known.touches.extend(other.touches);
    known.needs.extend(other.needs);
    known.also.extend(other.also);
    known.findings.extend(other.findings);
    known.alone |= other.alone;
}

fn of_one(found: &Found<'_>, objects: &Objects<'_>, one: &Moved<'_>) -> Vec<Draft> {
    let Some(at) = one.at() else { return Vec::new() };
    let also: BTreeSet<String> = [one.new_name()].into();
    let is_of_root = one.is_of_root(objects, found.view);
    // Of a Gateway and its routes what runs changes; of all others only who is asked.
    let impact = if one.kind.is_gateway() { Impact::Upgrade } else { Impact::Reconcile };
    let draft = |id: UnitId, title: String, class, touches: BTreeSet<RepoPath>| Draft {
        impact,
        class: Some(class),
        also: also.clone(),
        alone: is_of_root,
        ..Draft::new(id, title, touches)
    };
    let own: BTreeSet<RepoPath> = [at.path.clone()].into();
    let mut drafts = Vec::new();
    let Some(second) = id_of(SECOND, one) else { return drafts };
    if !one.is_able() {
        let title = format!("stays as {}", one.old_name());
        let namespace = Some(String::new());
        return vec![Draft { findings: one.findings.clone(), namespace, ..draft(second, title, SECONDS, own) }];
    }
    let mut before: BTreeSet<UnitId> = BTreeSet::new();
    let lacking: BTreeSet<RepoPath> = objects.lacking(one).map(|target| target.at.path.clone()).collect();
    if one.second.is_none() || !lacking.is_empty() {
        let title = match one.second.is_none() {
            true => format!("a second one, {}, beside it", one.new_name()),
            false => format!("its policies are for {}, too", one.new_name()),
        };
        let namespace = Some(String::new());
        let findings = [one.findings.clone(), one.reviews.second.clone()].concat();
        let touches = own.iter().cloned().chain(lacking).collect();
        drafts.push(Draft { findings, namespace, ..draft(second.clone(), title, SECONDS, touches) });
        before.insert(second);
    }
    let switches = switches(found, objects, one);
    let ids: BTreeSet<UnitId> = switches.iter().map(|switch| switch.id.clone()).collect();
    for switch in switches {
        let of_dns = objects.followed(one).map(|arguments| arguments.at.path.clone());
        let touches = switch.users.iter().map(|user| objects.uses[*user].at.path.clone()).chain(of_dns).collect();
        let mut needs = before.clone();
        let count = switch.users.iter().map(|user| objects.uses[*user].at).collect::<BTreeSet<_>>().len();
        let title = match (switch.id.step == SWITCH_ROOT, count) {
            (_, 0) => format!("external-dns reads the routes of {}", one.new_name()),
            (true, _) => format!("the entry point of the cluster names {}", one.new_name()),
            (_, 1) => format!("what names it names {}", one.new_name()),
            (_, count) => format!("{count} objects name {}", one.new_name()),
        };
        // The entry point comes last of all.
        if switch.id.step == SWITCH_ROOT {
            needs.extend(ids.iter().filter(|id| **id != switch.id).cloned());
        }
        let also = also.iter().cloned().chain([one.old_name()]).collect();
        let namespace = Some(switch.id.subject.namespace().to_owned());
        let findings = one.reviews.switch.clone();
        // Its arguments are in the template of its pod.
        let impact = if objects.followed(one).next().is_some() { Impact::Restart } else { impact };
        drafts.push(Draft { impact, needs, also, namespace, findings, ..draft(switch.id, title, SWITCHES, touches) });
    }
    if let Some(id) = id_of(FIRST_OUT, one).filter(|_| one.first.is_some()) {
        let title = format!("is removed: nothing names it, and {} is the same", one.new_name());
        let (needs, namespace) = (before.into_iter().chain(ids).collect(), Some(String::new()));
        let findings = [one.last.clone(), one.reviews.first_out.clone()].concat();
        let of_both = objects.beside(one).chain(objects.lacking(one)).map(|target| target.at.path.clone());
        let touches = own.into_iter().chain(of_both).collect();
        drafts.push(Draft { needs, namespace, findings, ..draft(id, title, FIRSTS_OUT, touches) });
    }
    drafts
}

/// Where the documents of some users are.
pub(super) fn places(view: &View, switch: &Switch, objects: &Objects<'_>) -> BTreeSet<String> {
    let shown = |user: &usize| {
        let user = &objects.uses[*user];
        let line = view.node(user.at).map_or(1, |root| root.line());
        format!("{}:{line}", user.at.path)
    };
    switch.users.iter().map(shown).collect()
}
