//! The gates: a move waits until the cluster applies its guard, and a guard until it applies the move.
//! Whether Flux has reconciled what the branch has, git cannot show.

use std::collections::BTreeSet;

use super::beside::{FIRST_OUT, SECOND, SWITCH, switched};
use super::candidate::Candidate;
use super::codes;
use super::find::Found;
use super::objects;
use super::tidy::{INHERIT, PARENT, TIDY};
use super::units::UNGUARD;
use super::watch::Watch;
use crate::config::Settings;
use crate::flux::{At, ClusterId, FluxKustomization, View};
use crate::plan::codes::GUARD_NOT_LIVE;
use crate::plan::{ClusterTree, Code, Finding, Gate, Unit};

/// Whether units may be written, by the tree that a cluster applies.
pub(super) fn gates(units: &[&Unit], tree: &ClusterTree<'_>, settings: &Settings) -> Vec<Gate> {
    let unknown = |why: &str| {
        let reason = Finding::note(codes::GUARD_UNKNOWN, format!("{}: {why}", tree.shown()));
        let gate = |unit: &&Unit| match waits_for_nothing(unit) {
            true => Gate::Open,
            false => Gate::Unknown(reason.clone()),
        };
        units.iter().map(gate).collect()
    };
    let view = match &tree.view {
        Ok(view) if tree.is_followed => view.whole(),
        Ok(_) => return unknown("which branch the cluster follows is not known, so this proves nothing"),
        Err(why) => return unknown(why),
    };
    let found = Found::in_view(&view, settings);
    let live = Live { tree, cluster: cluster(&view, tree), watches: found.watches(), found: &found };
    let cluster = cluster(&view, tree);
    let objects = objects::Live { objects: found.objects(), view: &view, cluster, shown: tree.shown() };
    let gate = |unit: &&Unit| match unit.id.step {
        _ if objects::is_of_objects(&unit.id) => objects.gate(unit),
        UNGUARD => live.of_unguard(unit),
        SWITCH => live.of_switch(unit),
        PARENT | INHERIT | TIDY => live.of_tidy(unit),
        _ => live.of_move(unit),
    };
    units.iter().map(gate).collect()
}

/// Whether a unit may land whatever the cluster applies: a second source or store, which nothing names yet.
fn waits_for_nothing(unit: &Unit) -> bool {
    unit.id.step == SECOND && objects::is_of_objects(&unit.id)
}

/// The cluster whose tree it is; all of them for what none applies.
fn cluster(view: &View, tree: &ClusterTree<'_>) -> Option<ClusterId> {
    view.graph().clusters.entries().find(|(_, cluster)| Some(&*cluster.name) == tree.cluster).map(|(id, _)| id)
}

/// What a cluster applies.
struct Live<'l, 'v> {
    tree: &'l ClusterTree<'l>,
    cluster: Option<ClusterId>,
    found: &'l Found<'v>,
    watches: Vec<Watch<'v>>,
}

impl Live<'_, '_> {
    fn closed(&self, code: &'static Code, message: String) -> Gate {
        Gate::Closed(Finding::note(code, format!("{}: {message}", self.tree.shown())))
    }

    fn is_here(&self, one: &FluxKustomization) -> bool {
        self.cluster.is_none_or(|cluster| one.cluster == cluster)
    }

    fn of_move(&self, unit: &Unit) -> Gate {
        let (namespace, name) = (unit.id.subject.namespace(), unit.id.subject.name());
        let is_it = |candidate: &Candidate| {
            candidate.from == namespace
                && candidate.name == name
                && self.found.instances(candidate).any(|one| self.is_here(one))
        };
        match self.found.movers().find(|(candidate, _)| is_it(candidate)) {
            // Who goes elsewhere there needs other things there.
            Some((candidate, to)) if unit.also.contains(&candidate.new_name(to)) => match self.missing(candidate, to) {
                Some(missing) => self.closed(GUARD_NOT_LIVE, format!("{namespace}/{name} {missing}")),
                None if unit.id.step == FIRST_OUT => self.of_first_out(candidate, to),
                None => Gate::Open,
            },
            _ => self.closed(GUARD_NOT_LIVE, format!("{namespace}/{name} is not there as it is here")),
        }
    }

    /// What has to come first.
    fn missing(&self, candidate: &Candidate, to: &str) -> Option<String> {
        if !self.found.is_guarded(candidate) {
            return Some("is not guarded yet".to_owned());
        }
        let claims: BTreeSet<At> = self.found.claims(candidate);
        if let Some(at) = claims.first() {
            return Some(format!("has a claim in {} that is not protected yet", at.path));
        }
        if !self.found.needs(candidate, to).is_met() {
            return Some(format!("still gets what {to} does not have"));
        }
        let mut blind = self.watches.iter().filter(|watch| watch.watched.contains(&candidate.at));
        let watch = blind.find(|watch| watch.obstacle.is_none())?;
        Some(format!("would go out of sight of {} {}", watch.reach.kind, watch.reach.name))
    }

    /// The first object goes once the second is there and nothing names the first.
    fn of_first_out(&self, candidate: &Candidate, to: &str) -> Gate {
        let name = format!("{}/{}", candidate.from, candidate.name);
        if self.found.seconds.of_first(candidate).is_none() {
            let second = candidate.new_name(to);
            return self.closed(codes::MOVE_NOT_LIVE, format!("{second} is not there yet beside {name}"));
        }
        match self.found.renamed([(candidate, to)]) {
            Ok(puts) => match puts.keys().next() {
                Some(at) => self.closed(codes::STILL_NAMED, format!("{} names {name}", at.path)),
                None => Gate::Open,
            },
            Err(reason) => self.closed(codes::STILL_NAMED, reason.message),
        }
    }

    /// What stays is switched once all second objects that it would name are there.
    fn of_switch(&self, unit: &Unit) -> Gate {
        let mut firsts = self.found.movers().filter(|(candidate, _)| self.found.seconds.has(candidate));
        let missing = firsts.find_map(|(candidate, to)| {
            let names_it = match self.found.renamed([(candidate, to)]) {
                Ok(puts) => puts.keys().any(|at| switched(self.found.view, at) == unit.id.subject),
                Err(_) => true,
            };
            (names_it && self.found.seconds.of_first(candidate).is_none()).then(|| candidate.new_name(to))
        });
        missing.map_or(Gate::Open, |name| self.closed(codes::MOVE_NOT_LIVE, format!("{name} is not there yet")))
    }

    /// What is left to tidy is tidied once all has moved and no guard is left there, too.
    fn of_tidy(&self, unit: &Unit) -> Gate {
        match self.found.tidy().has(self.found.view, &unit.id) {
            true => Gate::Open,
            false => self.closed(codes::MOVE_NOT_LIVE, format!("{} has something to move or a guard", unit.id.subject)),
        }
    }

    fn of_unguard(&self, unit: &Unit) -> Gate {
        let (namespace, name) = (unit.id.subject.namespace(), unit.id.subject.name());
        let kustomizations = &self.found.view.graph().kustomizations;
        let is_called = |one: &FluxKustomization| one.namespace == namespace && one.name == name && self.is_here(one);
        let is_guarded = |one: &FluxKustomization| is_called(one) && one.keeps_on_deletion();
        // As long as the first is there, it is only the second.
        let mut leaving = self.found.movers().filter(|(candidate, _)| candidate.called == name);
        let leaves = leaving
            .any(|(candidate, to)| to == namespace && self.found.instances(candidate).any(|one| self.is_here(one)));
        match !leaves && kustomizations.iter().any(is_guarded) {
            true => Gate::Open,
            false => self.closed(codes::MOVE_NOT_LIVE, format!("{namespace}/{name} is not there yet")),
        }
    }
}
