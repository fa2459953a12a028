//! The units around second objects: the second one, what is switched to it, and the first one, which goes.

use std::collections::{BTreeMap, BTreeSet};

use super::META;
use super::candidate::Candidate;
use super::find::Found;
use super::judge::Judged;
use super::units::{MOVE, id};
use crate::flux::{At, View};
use crate::plan::author::other_names;
use crate::plan::{Apart, Class, Draft, Impact, Subject, UnitId};

pub(super) const SECOND: &str = "second";
pub(super) const SWITCH: &str = "switch";
pub(super) const FIRST_OUT: &str = "first-out";

pub(super) const SECONDS: Class = Class::new(14, "seconds", "second objects", "second object").apart_from(Apart::Needs);
pub(super) const SWITCHES: Class =
    Class::new(71, "switches", "switches to second objects", "switch").apart_from(Apart::Needs);
pub(super) const FIRSTS_OUT: Class =
    Class::new(72, "firsts-out", "first objects that are removed", "first object").apart_from(Apart::Needs);

/// Candidates that move by a second object, each with all that names it.
pub(super) struct Beside<'j, 'v> {
    found: &'j Found<'v>,
    judged: &'j [Judged<'j>],
    /// By candidate, the documents that name it.
    naming: BTreeMap<&'j At, BTreeSet<At>>,
}

impl<'j, 'v> Beside<'j, 'v> {
    pub(super) fn of(found: &'j Found<'v>, judged: &'j [Judged<'j>]) -> Beside<'j, 'v> {
        let of_seconds = judged.iter().filter(|judged| judged.is_able() && found.seconds.has(judged.candidate));
        let naming = of_seconds.map(|judged| {
            // Whose references cannot be followed is refused, and not here.
            let puts = found.renamed([(judged.candidate, judged.to)]).unwrap_or_default();
            (&judged.candidate.at, puts.into_keys().collect())
        });
        Beside { found, judged, naming: naming.collect() }
    }

    /// Whether a candidate moves by a second object.
    pub(super) fn has(&self, candidate: &Candidate) -> bool {
        self.naming.contains_key(&candidate.at)
    }

    /// What moves at a place, if it may.
    fn mover(&self, at: &At) -> Option<&'j Candidate> {
        self.judged.iter().filter(|judged| judged.is_able()).map(|judged| judged.candidate).find(|one| one.at == *at)
    }

    fn candidates(&self) -> impl Iterator<Item = &'j Candidate> {
        self.naming.keys().filter_map(|at| self.mover(at))
    }

    /// The second objects that have to be there before a document names them.
    pub(super) fn needs(&self, at: &At) -> BTreeSet<UnitId> {
        let is_named = |candidate: &&Candidate| self.naming[&candidate.at].contains(at);
        let is_missing = |candidate: &&Candidate| self.found.seconds.of_first(candidate).is_none();
        self.candidates().filter(is_named).filter(is_missing).map(|candidate| id(SECOND, candidate)).collect()
    }

    /// The units of a candidate that moves by a second object, with what they need.
    pub(super) fn of_candidate(&self, judged: &Judged<'_>, needs: BTreeSet<UnitId>) -> Vec<Draft> {
        let Judged { candidate, to, .. } = judged;
        let draft = |step, title: String, class, needs| Draft {
            impact: Impact::Reconcile,
            class: Some(class),
            namespace: Some(String::new()),
            findings: judged.findings.clone(),
            also: [candidate.new_name(to)].into(),
            needs,
            ..Draft::new(id(step, candidate), title, [candidate.at.path.clone()])
        };
        let mut drafts = Vec::new();
        let mut last: BTreeSet<UnitId> = self.naming[&candidate.at].iter().map(|at| self.user(at)).collect();
        if self.found.seconds.of_first(candidate).is_none() {
            last.insert(id(SECOND, candidate));
            let needs = needs.into_iter().chain(self.needs(&candidate.at)).collect();
            let title = match candidate.is_renamed() {
                true => format!("a second one, {}, beside it", candidate.new_name(to)),
                false => format!("a second one in {to}, beside it"),
            };
            drafts.push(draft(SECOND, title, SECONDS, needs));
        }
        let title = match candidate.is_renamed() {
            true => format!("is removed: nothing names it, and {} is the second", candidate.new_name(to)),
            false => format!("is removed: nothing names it, and {to} has the second"),
        };
        drafts.push(draft(FIRST_OUT, title, FIRSTS_OUT, last));
        drafts
    }

    /// The unit after which a document does not name a first object any more.
    fn user(&self, at: &At) -> UnitId {
        match self.mover(at) {
            Some(mover) if self.has(mover) => id(FIRST_OUT, mover),
            Some(mover) => id(MOVE, mover),
            None => UnitId::new(&META, SWITCH, switched(self.found.view, at)),
        }
    }

    /// One unit for each document that names a first object and does not move.
    pub(super) fn switches(&self) -> Vec<Draft> {
        let all: BTreeSet<&At> = self.naming.values().flatten().filter(|at| self.mover(at).is_none()).collect();
        let draft = |at: &At| Draft {
            impact: Impact::Reconcile,
            class: Some(SWITCHES),
            namespace: Some(String::new()),
            needs: self.needs(at),
            also: other_names(self.found.view, at),
            ..Draft::new(self.user(at), "names the second objects of others", [at.path.clone()])
        };
        all.into_iter().map(draft).collect()
    }
}

/// What a switch of a document is about.
pub(super) fn switched(view: &View, at: &At) -> Subject {
    let reach = view.graph().reaches(at).first();
    let (kind, name) = reach.map_or(("Kustomization", ""), |reach| (&*reach.kind, &*reach.name));
    let namespace = reach.and_then(|reach| reach.namespace.as_deref()).unwrap_or_default();
    Subject::object(kind, namespace, name, &at.path)
}
