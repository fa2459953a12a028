//! What there is in a tree for this migration. Recomputed on every tree, so that no unit needs to carry it.
//!
//! Nothing is merged here that Flux would merge: what a patch does is seen on a trial, a view of the tree with all that is planned in it.

use std::collections::BTreeSet;

use super::choose::{check_fields, choose_sets, lacking};
use super::effect::{Kept, Side, effects, kept, rest};
use super::entry::{ENABLED, Form};
use super::fields::{HELM_RELEASE, KUSTOMIZATION};
use super::roots::{self, Child, Root};
use super::set::same;
use super::settings::{Overridden, RemediationDefaultsSettings, Scope};
use super::subtract::redundant;
use super::write::{Op, write};
use super::{DISABLED, codes, finding, full_name};
use crate::flux::{At, Release, View};
use crate::plan::{Effect, Finding, Severity};

/// What this migration finds in a tree.
pub(super) struct Found<'v> {
    pub(super) view: &'v View,
    /// The tree with all in it that is planned but what goes.
    pub(super) trial: View,
    pub(super) settings: RemediationDefaultsSettings,
    pub(super) roots: Vec<Root>,
    pub(super) children: Vec<Child>,
    /// The releases that the roots reach.
    pub(super) candidates: Vec<Candidate<'v>>,
    /// The Flux Kustomizations below the roots, for defaults of their own.
    pub(super) kustomizations: Vec<Member>,
    /// For each root, why its Flux Kustomizations get no defaults of their own; only if there are to be some.
    pub(super) stage_a: Vec<Option<Finding>>,
    /// Whether the defaults are what the tree agrees on, rather than what somebody said.
    pub(super) proposed: bool,
}

/// A release that is to have the defaults, or says otherwise.
pub(super) struct Candidate<'v> {
    pub(super) release: &'v Release,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) also: BTreeSet<String>,
    pub(super) clusters: BTreeSet<String>,
    /// The value of its label, if it has one.
    pub(super) label: Option<String>,
    /// The roots whose patch reaches it on the trial.
    pub(super) roots: BTreeSet<usize>,
    /// Each field now and with the defaults, in each place that applies it.
    pub(super) effects: Vec<Effect>,
    /// What it says otherwise.
    pub(super) kept: Vec<Kept>,
    /// Why it cannot be labelled.
    pub(super) problem: Option<Finding>,
}

/// A Flux Kustomization, as the defaults of Flux Kustomizations see it.
pub(super) struct Member {
    /// Which of the children it is.
    pub(super) child: usize,
    /// Whether its label leaves it out.
    pub(super) is_out: bool,
    pub(super) effects: Vec<Effect>,
    pub(super) kept: Vec<Kept>,
}

impl<'v> Found<'v> {
    pub(super) fn in_view(view: &'v View, settings: &RemediationDefaultsSettings) -> Found<'v> {
        let settings = settings.clone();
        let mut roots = roots::all(view, &settings);
        let proposed = choose_sets(view, &mut roots, &settings);
        for root in &mut roots {
            check_fields(view, root);
        }
        let children = roots::children(view, &roots, &settings);
        let mut found = Found {
            view,
            trial: view.clone(),
            stage_a: vec![None; roots.len()],
            settings,
            roots,
            children,
            candidates: Vec::new(),
            kustomizations: Vec::new(),
            proposed,
        };
        found.try_stage_a();
        found.try_roots();
        found.try_releases();
        found.refuse_too_many();
        found
    }

    /// Whether there are to be defaults of Flux Kustomizations below a root.
    pub(super) fn has_stage_a(&self, root: &Root) -> bool {
        !self.settings.kustomization.is_empty() && root.forms.contains(&Form::TwoLevels)
    }

    /// What has to be done to a root for the defaults of its Flux Kustomizations.
    pub(super) fn ops_of_stage_a(&self, view: &View, root: &Root) -> Vec<Op> {
        if !self.has_stage_a(root) {
            return Vec::new();
        }
        let wanted = root.wanted(view, Form::Kustomizations, self.settings.kustomization.clone());
        match root.entries.iter().find(|entry| entry.form == Form::Kustomizations) {
            None => vec![Op::Add { at: root.at.clone(), wanted: vec![wanted] }],
            Some(entry) if wanted.is_said_by(entry, &self.settings) => Vec::new(),
            Some(entry) => vec![Op::Change { at: root.at.clone(), wanted, old: entry.clone() }],
        }
    }

    /// Puts the defaults of Flux Kustomizations into the trial, and sees what they do.
    fn try_stage_a(&mut self) {
        let key = self.settings.kustomization_label();
        let mut ops = Vec::new();
        for number in 0..self.roots.len() {
            let root = &self.roots[number];
            if !self.has_stage_a(root) {
                continue;
            }
            let own = self.ops_of_stage_a(self.view, root);
            let lacking = lacking(self.view, root, &self.settings.kustomization);
            let problem = root.problem.clone().filter(|problem| problem.code != codes::FIELD_NOT_IN_FLUX);
            let problem = problem.or(lacking).or_else(|| write(self.view, &own, &self.settings).err());
            if problem.is_none() {
                ops.extend(own);
            }
            self.stage_a[number] = problem;
        }
        self.trial = self.on_trial(&ops);
        for (number, child) in self.children.iter().enumerate() {
            if !child.roots.iter().any(|root| self.has_stage_a(&self.roots[*root])) {
                continue;
            }
            let set = |_: &_| Some(&self.settings.kustomization);
            let side = Side { view: self.view, trial: &self.trial, at: &child.at, key: &key, table: KUSTOMIZATION };
            let own = &self.view.graph().kustomizations[child.numbers[0]].object;
            self.kustomizations.push(Member {
                child: number,
                is_out: own.text_at(&["metadata", "labels", &key]) == Some(DISABLED),
                effects: effects(&side, &set),
                kept: kept(&side, &set),
            });
        }
    }

    /// Puts the defaults of releases into the trial: first what keeps other lists of patches, then the entries of the roots.
    fn try_roots(&mut self) {
        let mut ops = Vec::new();
        for child in &self.children {
            let clash = child.clash.as_ref().map(|label| (format!("it has another one, `{label}`"), None));
            let unwritten = || write(self.view, &child.ops, &self.settings).err().map(|own| (own.message, own.line));
            let Some((why, line)) = clash.or_else(unwritten) else {
                ops.extend(child.ops.clone());
                continue;
            };
            let label = format!("{}: {DISABLED}", self.settings.label);
            let name = full_name(&child.namespace, &child.name);
            let message = format!("{name} has patches of its own, and cannot be given the label `{label}`: {why}");
            let problem = finding(Severity::Error, codes::WOULD_REPLACE, Some(&child.at.path), line, message);
            for root in &child.roots {
                self.roots[*root].problem.get_or_insert(problem.clone());
            }
        }
        for root in &mut self.roots {
            if root.set.is_empty() || root.problem.is_some() {
                continue;
            }
            let own = root.ops(self.view, &self.settings);
            match write(self.view, &own, &self.settings) {
                Ok(_) => ops.extend(own),
                Err(reason) => root.problem = Some(reason),
            }
        }
        // On the tree as it is, entries of other lists are not where they will be: the trial is made anew.
        let mut all = Vec::new();
        for (number, root) in self.roots.iter().enumerate() {
            if self.stage_a[number].is_none() {
                all.extend(self.ops_of_stage_a(self.view, root));
            }
        }
        let before = self.on_trial(&all);
        let again: Vec<Op> = ops.into_iter().filter_map(|op| moved(op, &before, &self.settings)).collect();
        self.trial =
            match write(&before, &again, &self.settings).ok().and_then(|(changes, _)| before.with(&changes).ok()) {
                Some(trial) => trial,
                None => before,
            };
    }

    /// Labels all releases on the trial that may get the defaults, and sees what these do.
    fn try_releases(&mut self) {
        let opt_in = self.settings.scope == Scope::OptIn;
        let mut ops = Vec::new();
        for release in self.view.releases() {
            let reaches = self.view.graph().reaches(&release.at);
            if !reaches.iter().any(|reach| self.roots.iter().any(|root| root.covers(reach, self.view))) {
                continue;
            }
            let identity = self.view.identity(release);
            let label = label_of(self.view, &release.at, &self.settings.label);
            let mut problem = None;
            if label.is_none() {
                let op = Op::Label { at: release.at.clone(), key: self.settings.label.clone(), value: ENABLED };
                match write(self.view, std::slice::from_ref(&op), &self.settings) {
                    Ok(_) if opt_in => ops.push(op),
                    Ok(_) => {}
                    Err(reason) => problem = Some(reason),
                }
            }
            self.candidates.push(Candidate {
                release,
                namespace: identity.namespace,
                name: identity.name,
                also: identity.also,
                clusters: identity.clusters,
                label,
                roots: BTreeSet::new(),
                effects: Vec::new(),
                kept: Vec::new(),
                problem,
            });
        }
        let unlabelled = self.trial.clone();
        let labelled = write(&self.trial, &ops, &self.settings).ok();
        if let Some(trial) = labelled.and_then(|(changes, _)| self.trial.with(&changes).ok()) {
            self.trial = trial;
        }
        let Found { view, trial, settings, roots, candidates, .. } = self;
        for candidate in candidates {
            let side = Side { view, trial, at: &candidate.release.at, key: &settings.label, table: HELM_RELEASE };
            let root_of = |reach: &_| roots.iter().position(|root| root.covers(reach, view));
            let set = |reach: &_| root_of(reach).map(|number| &roots[number].set);
            candidate.roots = side.covered().filter_map(root_of).collect();
            candidate.effects = effects(&side, &set);
            candidate.kept = kept(&side, &set);
            // Another patch may ask for the same label.
            let at = &candidate.release.at;
            let rest =
                |view: &View, reach| view.effective(at, reach).map(|own| rest(own, &settings.label, HELM_RELEASE));
            let mut places = unlabelled.graph().reaches(at).iter().zip(trial.graph().reaches(at));
            let is_same = |(before, after)| match (rest(&unlabelled, before), rest(trial, after)) {
                (Some(before), Some(after)) => same(&before, &after),
                _ => true,
            };
            if candidate.label.is_none() && !places.all(is_same) {
                let line = view.object(at).map(|object| object.line);
                let message = format!("with the label, something else of {} would change, too", candidate.name);
                let problem = finding(Severity::Error, codes::LABEL_DOES_MORE, Some(&at.path), line, message);
                candidate.problem.get_or_insert(problem);
            }
        }
    }

    /// Stops where too many say otherwise: such defaults are not what the tree agrees on.
    fn refuse_too_many(&mut self) {
        let most = self.settings.max_opted_out;
        let too_many = |kept: usize, all: usize, noun: &str| {
            let message = format!("{kept} of {all} {noun} would be left out, and {most} percent may be");
            (kept * 100 > all * most).then_some(message)
        };
        let reached: Vec<_> =
            self.candidates.iter().filter(|own| !own.roots.is_empty() || own.is_out(&self.settings)).collect();
        let out = reached.iter().filter(|own| own.is_out(&self.settings) || self.leaves(own)).count();
        if let Some(message) = too_many(out, reached.len(), "releases") {
            for root in &mut self.roots {
                let line = self.view.object(&root.at).map(|object| object.line);
                if !root.ops(self.view, &self.settings).is_empty() {
                    let problem = finding(Severity::Error, codes::TOO_MANY, Some(&root.at.path), line, message.clone());
                    root.problem.get_or_insert(problem);
                }
            }
        }
        let out = self.kustomizations.iter().filter(|own| own.is_out || self.leaves_member(own)).count();
        if let Some(message) = too_many(out, self.kustomizations.len(), "Flux Kustomizations") {
            for (number, root) in self.roots.iter().enumerate() {
                let line = self.view.object(&root.at).map(|object| object.line);
                if !self.ops_of_stage_a(self.view, root).is_empty() {
                    let problem = finding(Severity::Error, codes::TOO_MANY, Some(&root.at.path), line, message.clone());
                    self.stage_a[number].get_or_insert(problem);
                }
            }
        }
    }

    /// Whether a release is left as it is, because it says otherwise.
    pub(super) fn leaves(&self, candidate: &Candidate<'_>) -> bool {
        !candidate.kept.is_empty() && candidate.label.is_none() && self.settings.overridden == Overridden::Keep
    }

    /// Whether a Flux Kustomization is left as it is, because it says otherwise.
    pub(super) fn leaves_member(&self, member: &Member) -> bool {
        !member.kept.is_empty() && !member.is_out && self.settings.overridden == Overridden::Keep
    }

    /// Whether a release has the defaults in the end.
    pub(super) fn gets(&self, candidate: &Candidate<'_>) -> bool {
        let is_able = candidate.roots.iter().all(|number| self.roots[*number].problem.is_none());
        let is_in = match (self.settings.scope, candidate.label.as_deref()) {
            (Scope::OptIn, Some(label)) => label == ENABLED,
            (Scope::OptOut, Some(label)) => label != DISABLED,
            (_, None) => {
                !self.leaves(candidate) && (candidate.problem.is_none() || self.settings.scope == Scope::OptOut)
            }
        };
        !candidate.roots.is_empty() && is_able && is_in
    }

    /// Whether a root has all the entries that it is to have.
    pub(super) fn is_done(&self, root: &Root) -> bool {
        root.ops(self.view, &self.settings).is_empty()
    }

    /// The fields of a release that the defaults make redundant.
    pub(super) fn redundant_in(&self, view: &View, candidate: &Candidate<'_>) -> Vec<&'static super::fields::Field> {
        let set = candidate.roots.iter().map(|number| &self.roots[*number].set).next();
        set.map(|set| redundant(view, &candidate.release.at, set, &self.settings.label, &self.settings))
            .unwrap_or_default()
    }

    fn on_trial(&self, ops: &[Op]) -> View {
        let changes = write(self.view, ops, &self.settings).map(|(changes, _)| changes);
        changes.ok().and_then(|changes| self.view.with(&changes).ok()).unwrap_or_else(|| self.view.clone())
    }
}

impl Candidate<'_> {
    /// Whether its label leaves it out.
    pub(super) fn is_out(&self, settings: &RemediationDefaultsSettings) -> bool {
        match settings.scope {
            Scope::OptIn => self.label.as_deref().is_some_and(|label| label != ENABLED),
            Scope::OptOut => self.label.as_deref() == Some(DISABLED),
        }
    }
}

/// An operation on a list of patches, for a tree in which entries have moved.
fn moved(op: Op, view: &View, settings: &RemediationDefaultsSettings) -> Option<Op> {
    let Op::Change { at, wanted, old } = op else { return Some(op) };
    let list = view.node(&at)?.at(&["spec", "patches"]).and_then(crate::flux::Value::of)?;
    let old = super::entry::Entry::all(&list, settings).into_iter().find(|entry| entry.form == old.form)?;
    Some(Op::Change { at, wanted, old })
}

/// The value of a label of an object, as its file or what it came through has it.
fn label_of(view: &View, at: &At, key: &str) -> Option<String> {
    let own = view.object(at)?.labels.get(key).cloned();
    own.or_else(|| {
        let reaches = view.graph().reaches(at).iter();
        let mut values = reaches.filter_map(|reach| view.effective(at, reach));
        values.find_map(|object| object.text_at(&["metadata", "labels", key]).map(str::to_owned))
    })
}
