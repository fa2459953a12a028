//! Where defaults are stated: the releases roots, and what stands in the way there.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::edit::{Op, write};
use super::entry::{DISABLED, Entry, Form, Names, OWN, Wanted};
use super::fields::ObjectKind;
use super::set::Set;
use super::settings::{OwnPatches, Settings};
use crate::flux::{At, ClusterId, FileView, FluxKustomization, KustomizationId, Object, Reach, Value, View};
use crate::plan::author::subject_of_flux;
use crate::plan::{Finding, Subject};

/// A releases root: one Flux Kustomization in one file, whichever clusters apply it.
pub(super) struct Root {
    /// Where it is.
    pub(super) at: At,
    /// The line on which it begins.
    pub(super) line: Option<usize>,
    /// Its effective name.
    pub(super) subject: Subject,
    /// The Flux Kustomizations that it is.
    ids: Vec<KustomizationId>,
    /// The clusters that apply it.
    pub(super) clusters: BTreeSet<ClusterId>,
    /// How it reaches releases: through Flux Kustomizations, itself, or both.
    pub(super) forms: BTreeSet<Form>,
    /// The entries with defaults that it has.
    pub(super) entries: Vec<Entry>,
    /// How its patches name objects.
    names: Names,
    /// The defaults of releases and of Flux Kustomizations.
    defaults: [Defaults; 2],
}

/// The defaults that a root is to state for one kind of objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Defaults {
    /// The defaults; empty if there are none to state.
    pub(super) set: Set,
    /// The entries that are missing or different.
    pub(super) pending: Vec<Wanted>,
    /// Why nothing can be written.
    pub(super) problem: Option<Finding>,
}

impl Defaults {
    /// Whether entries are to be written.
    pub(super) fn is_pending(&self) -> bool {
        self.problem.is_none() && !self.set.is_empty() && !self.pending.is_empty()
    }
}

/// A Flux Kustomization below a root.
pub(super) struct Child {
    /// Where it is.
    pub(super) at: At,
    /// Its effective name.
    pub(super) subject: Subject,
    /// The Flux Kustomizations that it is.
    pub(super) ids: Vec<KustomizationId>,
    /// The roots above it, as indices.
    pub(super) roots: BTreeSet<usize>,
    /// What happens to it before the root's patch comes, because it has its own list of patches.
    pub(super) ops: Vec<Op>,
    /// Whether the defaults are added to its own list of patches.
    pub(super) merges: bool,
    /// Why its list of patches cannot be kept.
    pub(super) problem: Option<Finding>,
}

impl Root {
    /// The defaults of a kind of objects.
    pub(super) fn of(&self, kind: ObjectKind) -> &Defaults {
        &self.defaults[kind as usize]
    }

    /// The defaults of a kind of objects, to change.
    pub(super) fn of_mut(&mut self, kind: ObjectKind) -> &mut Defaults {
        &mut self.defaults[kind as usize]
    }

    /// Refuses its defaults of a kind of objects, if there is a reason and no earlier one.
    pub(super) fn refuse(&mut self, kind: ObjectKind, reason: Option<Finding>) {
        let problem = &mut self.of_mut(kind).problem;
        *problem = problem.take().or(reason);
    }

    /// Whether an object of a kind gets its defaults from this root where it is applied.
    pub(super) fn covers(&self, kind: ObjectKind, reach: &Reach, view: &View) -> bool {
        let has = |form: Form, id: Option<KustomizationId>| {
            self.forms.contains(&form) && id.is_some_and(|id| self.ids.contains(&id))
        };
        let parent = view.graph().kustomizations[reach.kustomization].parent;
        match kind {
            ObjectKind::Kustomization => has(Form::TwoLevels, Some(reach.kustomization)),
            ObjectKind::Release => has(Form::OneLevel, Some(reach.kustomization)) || has(Form::TwoLevels, parent),
        }
    }

    /// The forms of the entries for a kind of objects.
    pub(super) fn forms_for(&self, kind: ObjectKind) -> Vec<Form> {
        match kind {
            ObjectKind::Release => self.forms.iter().copied().collect(),
            ObjectKind::Kustomization if self.of(kind).set.is_empty() => Vec::new(),
            ObjectKind::Kustomization => vec![Form::Kustomizations],
        }
    }

    /// An entry that it is to have.
    pub(super) fn wanted(&self, kind: ObjectKind, form: Form) -> Wanted {
        Wanted { form, set: self.of(kind).set.clone(), names: self.names.clone() }
    }

    /// Finds out which entries are missing or different.
    pub(super) fn compare(&mut self, settings: &Settings) {
        for kind in ObjectKind::ALL {
            let wanted = self.forms_for(kind).into_iter().map(|form| self.wanted(kind, form));
            let pending = wanted.filter(|wanted| !wanted.is_stated_in(&self.entries, settings));
            let pending: Vec<_> = pending.collect();
            let defaults = self.of_mut(kind);
            // Where somebody has put them elsewhere, as asked, nothing has to be written here.
            let is_elsewhere = |problem: &Finding| {
                let is_there = pending.is_empty() && !defaults.set.is_empty();
                is_there && [codes::ROOT_MADE, codes::ROOT_GENERATED, codes::ROOT_PATCHED].contains(&problem.code)
            };
            defaults.problem = defaults.problem.take().filter(|problem| !is_elsewhere(problem));
            defaults.pending = pending;
        }
    }

    /// What is to be done to its file for a kind of objects.
    pub(super) fn ops(&self, kind: ObjectKind) -> Vec<Op> {
        let state = || Op::State { at: self.at.clone(), wanted: self.of(kind).pending.clone() };
        self.of(kind).is_pending().then(state).into_iter().collect()
    }
}

/// The releases roots of all clusters, by place, with what stands in the way of any entry.
pub(super) fn all(view: &View, settings: &Settings) -> Vec<Root> {
    let graph = view.graph();
    let mut roots: BTreeMap<&At, Root> = BTreeMap::new();
    for (cluster, applied) in graph.clusters.entries() {
        for found in &applied.releases_roots {
            let kustomization = &graph.kustomizations[found.kustomization];
            let root = roots.entry(&kustomization.at).or_insert_with(|| root(view, kustomization, settings));
            root.ids.push(found.kustomization);
            root.clusters.insert(cluster);
            root.forms.extend((found.kustomizations > 0).then_some(Form::TwoLevels));
            root.forms.extend((found.releases > 0).then_some(Form::OneLevel));
        }
    }
    let mut roots: Vec<Root> = roots.into_values().collect();
    for root in &mut roots {
        root.names = names(view, root);
        let problem = unwritable(view, root).or_else(|| set_from_above(view, root, settings));
        ObjectKind::ALL.into_iter().for_each(|kind| root.refuse(kind, problem.clone()));
    }
    roots
}

fn root(view: &View, kustomization: &FluxKustomization, settings: &Settings) -> Root {
    let patches = kustomization.object.at(&["spec", "patches"]);
    Root {
        at: kustomization.at.clone(),
        line: view.object(&kustomization.at).map(|object| object.line),
        subject: subject_of_flux(kustomization),
        ids: Vec::new(),
        clusters: BTreeSet::new(),
        forms: BTreeSet::new(),
        entries: patches.map(|patches| Entry::all(patches, settings)).unwrap_or_default(),
        names: Names::default(),
        defaults: Default::default(),
    }
}

/// How patches of a root name objects: by API versions in its reach, as its other patches do.
fn names(view: &View, root: &Root) -> Names {
    let versions = |kind: ObjectKind| -> Vec<&str> {
        let reached = view.graph().reached().flat_map(|(_, reaches)| reaches).filter(|reach| match kind {
            ObjectKind::Release => reach.kind == "HelmRelease" && root.covers(kind, reach, view),
            ObjectKind::Kustomization => reach.kind == "Kustomization" && root.ids.contains(&reach.kustomization),
        });
        reached.map(|reach| &*reach.api_version).filter(|version| version.contains(".toolkit.fluxcd.io/")).collect()
    };
    let object = &view.graph().kustomizations[root.ids[0]].object;
    let patches = object.at(&["spec", "patches"]).map_or(&[][..], Value::items);
    Names::of(&versions(ObjectKind::Release), &versions(ObjectKind::Kustomization), patches)
}

/// Why nothing can be written into the file of a root that would reach the cluster.
fn unwritable(view: &View, root: &Root) -> Option<Finding> {
    let refused = |code, message: String| Some(Finding::error(code, message).at(&root.at.path, root.line));
    if !view.object(&root.at).is_some_and(Object::is_flux_kustomization) {
        return refused(codes::ROOT_MADE, format!("{} is created by flux-operator", root.subject));
    }
    if view.file(&root.at.path).is_some_and(FileView::is_generated_by_flux) {
        let message = format!("{} is in a file that `flux bootstrap` writes", root.subject);
        return refused(codes::ROOT_GENERATED, message);
    }
    let mut patches = view.graph().reaches(&root.at).iter().flat_map(|reach| &reach.patches);
    let above = patches.find(|patch| patch.changes_fields(&["patches"]))?;
    let message = format!("the patch at {}:{} sets the patches of {}", above.path, above.line, root.subject);
    refused(codes::ROOT_PATCHED, message)
}

/// The patch that already sets the patches of Flux Kustomizations below a root.
fn set_from_above(view: &View, root: &Root, settings: &Settings) -> Option<Finding> {
    if !root.forms.contains(&Form::TwoLevels) {
        return None;
    }
    let (patch, child) = below(view, root).find_map(|(_, child)| {
        let reaches = view.graph().reaches(&child.at).iter();
        let mut patches =
            reaches.filter(|reach| root.ids.contains(&reach.kustomization)).flat_map(|reach| &reach.patches);
        let other =
            patches.find(|patch| patch.changes_fields(&["patches"]) && !patch.asks_for_label(&settings.label))?;
        let is_out = matches!(child.object.text_at(&["metadata", "labels", &settings.label]), Some(DISABLED | OWN));
        (!is_out).then_some((other, child))
    })?;
    let message = format!("this patch sets the patches of {}, and maybe of others", child.full_name());
    Some(Finding::error(codes::PATCHES_SET, message).at(&patch.path, patch.line))
}

fn below<'v>(view: &'v View, root: &Root) -> impl Iterator<Item = (KustomizationId, &'v FluxKustomization)> {
    let ids = root.ids.clone();
    let all = view.graph().kustomizations.entries();
    all.filter(move |(_, child)| child.parent.is_some_and(|parent| ids.contains(&parent)))
}

/// The Flux Kustomizations below the roots, by place, with what has to be done to them first.
pub(super) fn children(view: &View, roots: &[Root], settings: &Settings) -> Vec<Child> {
    let mut children: BTreeMap<&At, Child> = BTreeMap::new();
    for (index, root) in roots.iter().enumerate() {
        for (id, found) in below(view, root) {
            let child = children.entry(&found.at).or_insert_with(|| {
                let (at, subject, roots) = (found.at.clone(), subject_of_flux(found), BTreeSet::new());
                Child { at, subject, ids: vec![], roots, ops: vec![], merges: false, problem: None }
            });
            child.roots.insert(index);
            child.ids.push(id);
        }
    }
    let mut children: Vec<Child> = children.into_values().collect();
    children.iter_mut().for_each(|child| keep_patches(view, child, roots, settings));
    children
}

/// Has a Flux Kustomization keep its own list of patches when the root's patch comes: it gets a
/// label that keeps the patch away and, as configured, the defaults into its list
/// (`docs/hazards.md#r3`). So does one that is a root itself and gets such a list.
fn keep_patches(view: &View, child: &mut Child, roots: &[Root], settings: &Settings) {
    let root = child.roots.iter().map(|index| &roots[*index]).find(|root| root.forms.contains(&Form::TwoLevels));
    let (Some(root), Some(node)) = (root, view.node(&child.at)) else { return };
    let list = node.at(&["spec", "patches"]).and_then(Value::of).unwrap_or(Value::Null);
    let entries = Entry::all(&list, settings);
    let is_root = roots.iter().any(|root| root.at == child.at && !root.of(ObjectKind::Release).set.is_empty());
    if root.of(ObjectKind::Release).set.is_empty() || (list.items().is_empty() && !is_root) {
        return;
    }
    let object = &view.graph().kustomizations[child.ids[0]].object;
    let label = object.text_at(&["metadata", "labels", &settings.label]);
    let is_release = |reach: &Reach| reach.kind == "HelmRelease" && child.ids.contains(&reach.kustomization);
    let renders = view.graph().reached().flat_map(|(_, reaches)| reaches).any(is_release);
    let is_asked_for = match label {
        Some(label) => label == OWN,
        None => settings.own_patches == OwnPatches::Merge,
    };
    child.merges = renders && !is_root && is_asked_for;
    if label.is_none() {
        let value = if is_root || child.merges || !renders { OWN } else { DISABLED };
        child.ops.push(Op::Label { at: child.at.clone(), key: settings.label.clone(), value });
    }
    let wanted = root.wanted(ObjectKind::Release, Form::OneLevel);
    if child.merges && !wanted.is_stated_in(&entries, settings) {
        child.ops.push(Op::State { at: child.at.clone(), wanted: vec![wanted] });
    }
    let (why, line) = match (label, write(view, &child.ops, settings)) {
        (Some(label), _) if ![DISABLED, OWN].contains(&label) => (format!("it has another value, `{label}`"), None),
        (_, Err(reason)) => (reason.message, reason.line),
        _ => return,
    };
    let label = format!("{}: {DISABLED}", settings.label);
    let message = format!("{} has its own patches and cannot be given the label `{label}`: {why}", child.subject);
    child.problem = Some(Finding::error(codes::WOULD_REPLACE, message).at(&child.at.path, line));
}
