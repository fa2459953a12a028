//! Where defaults are stated: the releases roots, and what stands in the way there.

use std::collections::BTreeSet;

use super::entry::{Entry, Form, OWN, Wanted, body_of, newest};
use super::set::Set;
use super::settings::{OwnPatches, RemediationDefaultsSettings};
use super::write::Op;
use super::{DISABLED, codes, finding};
use crate::flux::{At, ClusterId, FluxKustomization, KustomizationId, Reach, Value, View};
use crate::plan::{Finding, Severity};

/// A releases root: one Flux Kustomization in one file, whichever clusters apply it.
pub(super) struct Root {
    /// Where it stands.
    pub(super) at: At,
    /// Its effective namespace.
    pub(super) namespace: String,
    /// Its effective name.
    pub(super) name: String,
    /// The Flux Kustomizations that it is.
    pub(super) numbers: Vec<KustomizationId>,
    /// The clusters that apply it.
    pub(super) clusters: BTreeSet<ClusterId>,
    /// How releases are reached from here: by Flux Kustomizations, by the root itself, or both.
    pub(super) forms: Vec<Form>,
    /// The entries of this migration that are there.
    pub(super) entries: Vec<Entry>,
    /// The defaults that its releases are to get; nothing, where there are none to give.
    pub(super) set: Set,
    /// Why nothing can be written here.
    pub(super) problem: Option<Finding>,
}

/// A Flux Kustomization below a root.
pub(super) struct Child {
    /// Where it stands.
    pub(super) at: At,
    /// Its effective namespace.
    pub(super) namespace: String,
    /// Its effective name.
    pub(super) name: String,
    /// The Flux Kustomizations that it is.
    pub(super) numbers: Vec<KustomizationId>,
    /// The roots that it hangs below, as indices.
    pub(super) roots: BTreeSet<usize>,
    /// What is to be done to it before the root's patch comes, because it has a list of patches of its own.
    pub(super) ops: Vec<Op>,
    /// Whether its list of patches keeps defaults of its own.
    pub(super) merges: bool,
    /// The value of its label, where that does not keep the root's patch away from its list.
    pub(super) clash: Option<String>,
}

impl Root {
    /// Whether this root is what a release gets its defaults from, where a Flux Kustomization applies it.
    pub(super) fn covers(&self, reach: &Reach, view: &View) -> bool {
        let parent = view.graph().kustomizations[reach.kustomization].parent;
        let has = |form: Form, number: Option<KustomizationId>| {
            self.forms.contains(&form) && number.is_some_and(|number| self.numbers.contains(&number))
        };
        has(Form::OneLevel, Some(reach.kustomization)) || has(Form::TwoLevels, parent)
    }

    /// The entries that are to be there, but are not, or say something else.
    pub(super) fn ops(&self, view: &View, settings: &RemediationDefaultsSettings) -> Vec<Op> {
        let wanted = |form: Form| self.wanted(view, form, self.set.clone());
        let is_there = |form: &Form| self.entries.iter().any(|entry| entry.form == *form);
        let missing: Vec<Wanted> = self.forms.iter().filter(|form| !is_there(form)).map(|form| wanted(*form)).collect();
        let mut ops = Vec::new();
        for entry in self.entries.iter().filter(|entry| self.forms.contains(&entry.form)) {
            let wanted = wanted(entry.form);
            if !wanted.is_said_by(entry, settings) {
                ops.push(Op::Change { at: self.at.clone(), wanted, old: entry.clone() });
            }
        }
        if !missing.is_empty() {
            ops.push(Op::Add { at: self.at.clone(), wanted: missing });
        }
        ops
    }

    /// What an entry of it is to say.
    pub(super) fn wanted(&self, view: &View, form: Form, set: Set) -> Wanted {
        let graph = view.graph();
        let reached = graph.reached().flat_map(|(_, reaches)| reaches);
        let mut versions: (Vec<&str>, Vec<&str>) = Default::default();
        for reach in reached {
            if reach.kind == "HelmRelease" && self.covers(reach, view) {
                versions.0.push(&reach.api_version);
            }
            if reach.kind == "Kustomization" && self.numbers.contains(&reach.kustomization) {
                versions.1.push(&reach.api_version);
            }
        }
        let of = |versions: Vec<&str>, otherwise: &str| {
            newest(versions.into_iter().filter(|version| version.contains(".toolkit.fluxcd.io/")))
                .unwrap_or_else(|| otherwise.to_owned())
        };
        let own = &graph.kustomizations[self.numbers[0]].object;
        let patches = own.at(&["spec", "patches"]).map_or(&[][..], Value::items);
        let name = |item: &Value| {
            let body = body_of(item.text_at(&["patch"])?)?;
            item.get("target")?;
            body.text_at(&["metadata", "name"]).map(str::to_owned)
        };
        Wanted {
            form,
            set,
            helm_release: of(versions.0, "helm.toolkit.fluxcd.io/v2"),
            kustomization: of(versions.1, "kustomize.toolkit.fluxcd.io/v1"),
            placeholder: patches.iter().find_map(name).unwrap_or_else(|| "not-used".to_owned()),
        }
    }
}

/// The releases roots of all clusters, by place, with what stands in the way of writing to them whatever is written.
pub(super) fn all(view: &View, settings: &RemediationDefaultsSettings) -> Vec<Root> {
    let graph = view.graph();
    let mut roots: Vec<Root> = Vec::new();
    for (cluster, own) in graph.clusters.entries() {
        for found in &own.releases_roots {
            let kustomization = &graph.kustomizations[found.kustomization];
            let number = roots.iter().position(|root| root.at == kustomization.at).unwrap_or_else(|| {
                roots.push(root(view, kustomization, settings));
                roots.len() - 1
            });
            let root = &mut roots[number];
            root.numbers.push(found.kustomization);
            root.clusters.insert(cluster);
            for (form, count) in [(Form::TwoLevels, found.kustomizations), (Form::OneLevel, found.releases)] {
                if count > 0 && !root.forms.contains(&form) {
                    root.forms.push(form);
                }
            }
            root.forms.sort();
        }
    }
    roots.sort_by(|a, b| a.at.cmp(&b.at));
    let problems: Vec<Option<Finding>> = roots.iter().map(|root| set_from_above(view, root, settings)).collect();
    roots.iter_mut().zip(problems).for_each(|(root, problem)| root.problem = root.problem.take().or(problem));
    roots
}

fn root(view: &View, own: &FluxKustomization, settings: &RemediationDefaultsSettings) -> Root {
    let patches = own.object.at(&["spec", "patches"]);
    Root {
        at: own.at.clone(),
        namespace: own.namespace.clone(),
        name: own.name.clone(),
        numbers: Vec::new(),
        clusters: BTreeSet::new(),
        forms: Vec::new(),
        entries: patches.map(|patches| Entry::all(patches, settings)).unwrap_or_default(),
        set: Set::default(),
        problem: unwritable(view, own),
    }
}

/// Why nothing can be put into the file of a Flux Kustomization that would arrive.
fn unwritable(view: &View, own: &FluxKustomization) -> Option<Finding> {
    let line = view.object(&own.at).map(|object| object.line);
    let refuse = |code, message: String| Some(finding(Severity::Error, code, Some(&own.at.path), line, message));
    if own.object == Value::Null {
        return refuse(codes::ROOT_MADE, format!("{} is made by flux-operator", own.full_name()));
    }
    let patches = view.graph().reaches(&own.at).iter().flat_map(|reach| &reach.patches);
    let above = patches.into_iter().find(|patch| patch.changes_fields(&["patches"]))?;
    let message = format!("the patch at {}:{} sets the patches of {}", above.path, above.line, own.full_name());
    refuse(codes::ROOT_PATCHED, message)
}

/// The patch that sets the patches of Flux Kustomizations below a root already.
fn set_from_above(view: &View, root: &Root, settings: &RemediationDefaultsSettings) -> Option<Finding> {
    if !root.forms.contains(&Form::TwoLevels) {
        return None;
    }
    let (other, child) = below(view, root).find_map(|(_, child)| {
        let reaches = view.graph().reaches(&child.at).iter();
        let patches = reaches.filter(|reach| root.numbers.contains(&reach.kustomization)).flat_map(|own| &own.patches);
        let other = patches
            .into_iter()
            .find(|patch| patch.changes_fields(&["patches"]) && !patch.asks_for_label(&settings.label))?;
        (!is_left_out(child, settings)).then_some((other, child))
    })?;
    let message = format!("this patch sets the patches of {}, and maybe of others", child.full_name());
    Some(finding(Severity::Error, codes::PATCHES_SET, Some(&other.path), Some(other.line), message))
}

fn below<'v>(view: &'v View, root: &Root) -> impl Iterator<Item = (KustomizationId, &'v FluxKustomization)> {
    let numbers = root.numbers.clone();
    let all = view.graph().kustomizations.entries();
    all.filter(move |(_, own)| own.parent.is_some_and(|parent| numbers.contains(&parent)))
}

/// Whether the patch of the root does not select a Flux Kustomization.
fn is_left_out(own: &FluxKustomization, settings: &RemediationDefaultsSettings) -> bool {
    matches!(own.object.text_at(&["metadata", "labels", &settings.label]), Some(DISABLED | OWN))
}

/// The Flux Kustomizations below the roots, by place, with what has to be done to them first.
pub(super) fn children(view: &View, roots: &[Root], settings: &RemediationDefaultsSettings) -> Vec<Child> {
    let mut children: Vec<Child> = Vec::new();
    for (number, root) in roots.iter().enumerate() {
        for (id, own) in below(view, root) {
            let at = children.iter().position(|child| child.at == own.at).unwrap_or_else(|| {
                let (at, namespace, name) = (own.at.clone(), own.namespace.clone(), own.name.clone());
                let (numbers, ops, roots) = (Vec::new(), Vec::new(), BTreeSet::new());
                children.push(Child { at, namespace, name, numbers, roots, ops, merges: false, clash: None });
                children.len() - 1
            });
            children[at].roots.insert(number);
            children[at].numbers.push(id);
        }
    }
    children.sort_by(|a, b| a.at.cmp(&b.at));
    for child in &mut children {
        first(view, child, roots, settings);
    }
    children
}

/// What has to be done to a Flux Kustomization before the root's patch comes: one with a list of
/// patches of its own gets a label that keeps the patch away, and, as configured, the defaults into
/// its list (`docs/hazards.md#r3`). So does one that is a root itself and gets such a list.
fn first(view: &View, child: &mut Child, roots: &[Root], settings: &RemediationDefaultsSettings) {
    let root = child.roots.iter().map(|number| &roots[*number]).find(|root| root.forms.contains(&Form::TwoLevels));
    let (Some(root), Some(node)) = (root, view.node(&child.at)) else { return };
    let own = &view.graph().kustomizations[child.numbers[0]];
    let list = node.at(&["spec", "patches"]).and_then(Value::of).unwrap_or(Value::Null);
    let entries = Entry::all(&list, settings);
    let has_own = list.items().len() > entries.iter().filter(|entry| entry.form == Form::OneLevel).count();
    let is_root = roots.iter().any(|root| root.at == child.at && !root.set.is_empty());
    let label = own.object.text_at(&["metadata", "labels", &settings.label]);
    if root.set.is_empty() || (!has_own && !is_root && entries.is_empty()) {
        return;
    }
    child.clash = label.filter(|label| ![DISABLED, OWN].contains(label)).map(str::to_owned);
    let is_reached = |reach: &Reach| reach.kind == "HelmRelease" && child.numbers.contains(&reach.kustomization);
    let renders = view.graph().reached().flat_map(|(_, reaches)| reaches).any(is_reached);
    child.merges = renders
        && !is_root
        && match label {
            Some(OWN) => true,
            Some(_) => false,
            None => settings.own_patches == OwnPatches::Merge,
        };
    let value = if is_root || child.merges || !renders { OWN } else { DISABLED };
    if label.is_none() {
        child.ops.push(Op::Label { at: child.at.clone(), key: settings.label.clone(), value });
    }
    if !child.merges {
        return;
    }
    let wanted = Wanted { form: Form::OneLevel, ..root.wanted(view, Form::OneLevel, root.set.clone()) };
    match entries.iter().find(|entry| entry.form == Form::OneLevel) {
        None => child.ops.push(Op::Add { at: child.at.clone(), wanted: vec![wanted] }),
        Some(entry) if wanted.is_said_by(entry, settings) => {}
        Some(entry) => child.ops.push(Op::Change { at: child.at.clone(), wanted, old: entry.clone() }),
    }
}
