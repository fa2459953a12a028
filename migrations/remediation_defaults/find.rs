//! What there is in a tree for this migration. Found again on every tree: no unit carries it.

use std::collections::BTreeSet;

use super::choose::choose;
use super::codes;
use super::edit::{Op, write};
use super::effect::{Exception, disagrees, look_at, rest, stated_specs};
use super::entry::{DISABLED, ENABLED, Wanted};
use super::fields::{Field, ObjectKind};
use super::roots::{self, Child, Root};
use super::set::Set;
use super::settings::{Overridden, Scope, Settings};
use crate::flux::{At, Value, View};
use crate::plan::{Effect, Finding, Subject};

/// What this migration finds in a tree.
pub(super) struct Found<'v> {
    pub(super) view: &'v View,
    /// The tree with everything planned in it except removals.
    pub(super) trial: View,
    pub(super) settings: Settings,
    pub(super) roots: Vec<Root>,
    pub(super) children: Vec<Child>,
    /// The releases that the roots reach, and the Flux Kustomizations if they get defaults, too.
    pub(super) members: Vec<Member>,
    /// Whether the defaults are what the releases agree on, and not configured.
    pub(super) is_proposed: bool,
}

/// An object that is to get the defaults, or is an exception.
pub(super) struct Member {
    pub(super) kind: ObjectKind,
    pub(super) at: At,
    /// The line on which it begins.
    pub(super) line: Option<usize>,
    /// Its effective name.
    pub(super) subject: Subject,
    /// Other names under which clusters apply it.
    pub(super) also: BTreeSet<String>,
    /// The value of its label, if it has one.
    pub(super) label: Option<String>,
    /// The roots whose patch reaches it on the trial, as indices.
    pub(super) roots: BTreeSet<usize>,
    /// Each field before and with the defaults, in each place that applies it.
    pub(super) effects: Vec<Effect>,
    /// The values that make an exception of it.
    pub(super) exceptions: Vec<Exception>,
    /// Fields without a value, which the first patch of it takes away, with their lines.
    pub(super) emptied: Vec<(String, usize)>,
    /// Defaults that it does not state and that are rarely meant for such a release, as shown.
    pub(super) unusual: Vec<(&'static Field, String)>,
    /// Why it cannot be labelled.
    pub(super) problem: Option<Finding>,
}

impl<'v> Found<'v> {
    pub(super) fn in_view(view: &'v View, settings: Settings) -> Found<'v> {
        let mut roots = roots::all(view, &settings);
        let is_proposed = choose(view, &mut roots, &settings);
        let children = roots::children(view, &roots, &settings);
        for (index, child) in children.iter().flat_map(|child| child.roots.iter().map(move |index| (*index, child))) {
            roots[index].refuse(ObjectKind::Release, child.problem.clone());
        }
        for root in &mut roots {
            ObjectKind::ALL
                .into_iter()
                .for_each(|kind| root.refuse(kind, write(view, &root.ops(kind), &settings).err()));
        }
        let mut members = members(view, &roots, &children, &settings);
        let mut labels = Vec::new();
        for member in members.iter_mut().filter(|member| member.label.is_none()) {
            let label = Op::Label { at: member.at.clone(), key: settings.label_of(member.kind), value: ENABLED };
            member.problem = write(view, std::slice::from_ref(&label), &settings).err();
            if settings.scope_of(member.kind) == Scope::OptIn && member.problem.is_none() {
                labels.push(label);
            }
        }

        // First what keeps other lists of patches and the entries of the roots, then the labels.
        let writable = children.iter().filter(|child| child.problem.is_none());
        let mut ops: Vec<Op> = writable.flat_map(|child| child.ops.clone()).collect();
        for root in &roots {
            let able = ObjectKind::ALL.map(|kind| root.of(kind)).into_iter().filter(|defaults| defaults.is_pending());
            let wanted: Vec<Wanted> = able.rev().flat_map(|defaults| defaults.pending.clone()).collect();
            if !wanted.is_empty() {
                ops.push(Op::State { at: root.at.clone(), wanted });
            }
        }
        let unlabelled = on_trial(view, &ops, &settings);
        let trial = on_trial(&unlabelled, &labels, &settings);

        let specs = stated_specs(view, &roots);
        let specs: Vec<&Value> = specs.iter().map(|(_, spec)| spec).collect();
        let usual = Set::usual(&specs, ObjectKind::Release.table());
        for member in &mut members {
            let label = settings.label_of(member.kind);
            look_at(member, view, &trial, &roots, &label, &usual);
            let is_labelled = member.label.is_none() && settings.scope_of(member.kind) == Scope::OptIn;
            if is_labelled && does_more(member, &unlabelled, &trial, &label) {
                let message = format!("the label would also change something else of {}", member.subject.name());
                let problem = Finding::error(codes::LABEL_IN_USE, message).at(&member.at.path, member.line);
                member.problem.get_or_insert(problem);
            }
        }
        let mut found = Found { view, trial, settings, roots, children, members, is_proposed };
        ObjectKind::ALL.into_iter().for_each(|kind| found.refuse_too_many(kind));
        found
    }

    /// Stops where too many objects stay out and state other values: the repository does not agree
    /// on the defaults. Exceptions for another reason do not count.
    fn refuse_too_many(&mut self, kind: ObjectKind) {
        let members = self.members.iter().filter(|member| member.kind == kind);
        let members: Vec<&Member> = members.filter(|member| !member.roots.is_empty() || self.is_out(member)).collect();
        let label = self.settings.label_of(kind);
        let stay_out = members.iter().filter(|member| self.is_out(member) || self.stays_out(member));
        let out = stay_out.filter(|member| disagrees(member, self.view, &self.roots, &label)).count();
        let (all, most) = (members.len(), self.settings.max_opted_out);
        if out * 100 <= all * most {
            return;
        }
        let noun = if kind == ObjectKind::Release { "releases" } else { "Flux Kustomizations" };
        let message = format!("{out} of {all} {noun} state other values; at most {most} percent may (max-opted-out)");
        for root in self.roots.iter_mut().filter(|root| !root.of(kind).pending.is_empty()) {
            root.refuse(kind, Some(Finding::error(codes::TOO_MANY, &*message).at(&root.at.path, root.line)));
        }
    }

    /// Whether an object is left out by its label.
    pub(super) fn is_out(&self, member: &Member) -> bool {
        match self.settings.scope_of(member.kind) {
            Scope::OptIn => member.label.as_deref().is_some_and(|label| label != ENABLED),
            Scope::OptOut => member.label.as_deref() == Some(DISABLED),
        }
    }

    /// Whether an object stays as it is, because it is an exception.
    pub(super) fn stays_out(&self, member: &Member) -> bool {
        !member.exceptions.is_empty() && member.label.is_none() && self.settings.overridden == Overridden::Keep
    }

    /// Whether an object has the defaults in the end.
    pub(super) fn gets_defaults(&self, member: &Member) -> bool {
        let can_be_labelled = member.problem.is_none() || self.settings.scope_of(member.kind) == Scope::OptOut;
        let is_in = match member.label {
            Some(_) => !self.is_out(member),
            None => !self.stays_out(member) && can_be_labelled,
        };
        is_in && self.is_able(member)
    }

    /// Whether roots reach an object, and nothing stands in the way of their defaults.
    pub(super) fn is_able(&self, member: &Member) -> bool {
        !member.roots.is_empty() && self.roots_of(member).all(|root| root.of(member.kind).problem.is_none())
    }

    /// The roots from which an object gets its defaults.
    pub(super) fn roots_of(&self, member: &Member) -> impl Iterator<Item = &Root> {
        member.roots.iter().map(|index| &self.roots[*index])
    }
}

/// The releases that the roots reach, then the Flux Kustomizations below them if they get defaults.
fn members(view: &View, roots: &[Root], children: &[Child], settings: &Settings) -> Vec<Member> {
    let member = |kind, at: &At, subject, also| Member {
        kind,
        at: at.clone(),
        line: view.object(at).map(|object| object.line),
        subject,
        also,
        label: label_of(view, at, &settings.label_of(kind)),
        roots: BTreeSet::new(),
        effects: Vec::new(),
        exceptions: Vec::new(),
        emptied: Vec::new(),
        unusual: Vec::new(),
        problem: None,
    };
    let releases = view.releases().iter().filter(|release| {
        let mut reaches = view.graph().reaches(&release.at).iter();
        reaches.any(|reach| roots.iter().any(|root| root.covers(ObjectKind::Release, reach, view)))
    });
    let releases = releases.map(|release| {
        let identity = view.identity(release);
        let subject = Subject::release(&identity.namespace, &identity.name, &release.at.path);
        member(ObjectKind::Release, &release.at, subject, identity.also)
    });
    let has_defaults = |index: &usize| !roots[*index].of(ObjectKind::Kustomization).set.is_empty();
    let others = children.iter().filter(|child| child.roots.iter().any(has_defaults));
    let others =
        others.map(|child| member(ObjectKind::Kustomization, &child.at, child.subject.clone(), BTreeSet::new()));
    releases.chain(others).collect()
}

/// The value of a label of an object, in its file or as it arrives in a cluster.
fn label_of(view: &View, at: &At, key: &str) -> Option<String> {
    view.object(at)?.labels.get(key).map(str::to_owned).or_else(|| {
        let reaches = view.graph().reaches(at).iter();
        let mut arriving = reaches.filter_map(|reach| view.effective(at, reach));
        arriving.find_map(|object| object.text_at(&["metadata", "labels", key]).map(str::to_owned))
    })
}

/// Whether another patch selects the label, so that it changes more than the defaults do.
fn does_more(member: &Member, unlabelled: &View, labelled: &View, label: &str) -> bool {
    let rest = |view: &View, reach| Some(rest(&*view.effective(&member.at, reach)?, label, member.kind));
    let mut places = unlabelled.graph().reaches(&member.at).iter().zip(labelled.graph().reaches(&member.at));
    places.any(|(before, after)| match (rest(unlabelled, before), rest(labelled, after)) {
        (Some(before), Some(after)) => !before.same_as(&after),
        _ => false,
    })
}

/// A view with these operations done; without them, if they cannot be written together.
fn on_trial(view: &View, ops: &[Op], settings: &Settings) -> View {
    let written = write(view, ops, settings).ok().filter(|(changes, _)| !changes.is_empty());
    written.and_then(|(changes, _)| view.with(&changes).ok()).unwrap_or_else(|| view.clone())
}
