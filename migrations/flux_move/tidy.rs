//! What is left to do once all has moved and no guard is left: the namespace of a folder may be stated
//! once, by its kustomization, and then no more by what that lists; and a patch that lets everything out is removed.

use std::collections::{BTreeMap, BTreeSet};

use super::META;
use super::check::differing;
use super::find::Found;
use super::guard::marks;
use super::needs::{gives_only_these, injects};
use super::references::{Moving, Put, Step};
use super::write::write;
use crate::flux::{At, FluxKustomization, Kustomization, KustomizationId, Patch, Reach, View};
use crate::plan::author::{Edits, Written};
use crate::plan::{Apart, Class, Draft, Finding, Impact, Subject, UnitId};
use crate::repo::RepoPath;
use crate::yaml::{Edit, Emptied, Error, Fate, New, Node, Place};

pub(super) const PARENT: &str = "parent";
pub(super) const INHERIT: &str = "inherit";
pub(super) const TIDY: &str = "tidy";

const PARENTS: Class = Class::new(86, "parents", "namespaces of folders", "kustomization").apart_from(Apart::Needs);
const TIDIES: Class =
    Class::new(87, "tidy", "patches that select nothing", "Flux Kustomization").apart_from(Apart::Needs);

/// What is done with the kustomization of a folder, or with a Flux Kustomization.
#[derive(Default)]
pub(super) struct Tidy<'v> {
    /// Kustomizations that get a namespace.
    pub(super) parents: BTreeMap<&'v RepoPath, &'v str>,
    /// Flux Kustomizations that state what a kustomization gives them anyway.
    pub(super) stating: BTreeMap<&'v RepoPath, BTreeSet<&'v At>>,
    /// Flux Kustomizations, and the lines of their patches that select nothing.
    pub(super) patches: BTreeMap<&'v At, BTreeSet<usize>>,
}

impl<'v> Tidy<'v> {
    pub(super) fn of(found: &Found<'v>) -> Tidy<'v> {
        let view = found.view;
        let mut tidy = Tidy { parents: parents(found), stating: stating(found), patches: BTreeMap::new() };
        for (id, one) in view.graph().kustomizations.entries() {
            let lines = selecting_nothing(found, id, one);
            if !lines.is_empty() {
                tidy.patches.insert(&one.at, lines);
            }
        }
        tidy
    }

    pub(super) fn drafts(&self, view: &View) -> Vec<Draft> {
        let of_parent = |(path, to): (&&RepoPath, &&str)| Draft {
            class: Some(PARENTS),
            namespace: Some(String::new()),
            ..Draft::new(parent_id(path), format!("states namespace {to} for all that it lists"), [(*path).clone()])
        };
        let of_patch = |(at, lines): (&&At, &BTreeSet<usize>)| Draft {
            impact: Impact::Reconcile,
            class: Some(TIDIES),
            namespace: Some(String::new()),
            ..Draft::new(
                UnitId::new(&META, TIDY, tidied(view, at)),
                if lines.len() == 1 {
                    "a patch that selects nothing is removed"
                } else {
                    "patches that select nothing are removed"
                },
                [at.path.clone()],
            )
        };
        let of_stating = |(path, all): (&&RepoPath, &BTreeSet<&At>)| Draft {
            class: Some(PARENTS),
            namespace: Some(String::new()),
            ..Draft::new(
                UnitId::new(&META, INHERIT, Subject::consumer(path)),
                "what it lists leaves its namespace to it",
                all.iter().map(|at| at.path.clone()),
            )
        };
        let of_folders = self.parents.iter().map(of_parent).chain(self.stating.iter().map(of_stating));
        of_folders.chain(self.patches.iter().map(of_patch)).collect()
    }

    /// Whether there is this to do.
    pub(super) fn has(&self, view: &View, unit: &UnitId) -> bool {
        match unit.step {
            PARENT => self.parents.keys().any(|path| parent_id(path) == *unit),
            INHERIT => self.stating.keys().any(|path| Subject::consumer(path) == unit.subject),
            _ => self.patches.keys().any(|at| tidied(view, at) == unit.subject),
        }
    }

    /// # Errors
    /// If the text does not allow it.
    pub(super) fn written(&self, view: &'v View, unit: &UnitId) -> Result<Written, Finding> {
        let mut edits = Edits::of(view);
        for (path, to) in self.parents.iter().filter(|(path, _)| parent_id(path) == *unit) {
            edits.object(&At::document(path, 0), |edit, root| {
                let place = if root.own_entry("kind").is_some() { Place::After("kind") } else { Place::First };
                edit.insert_entry(root, place, "namespace", &New::string(*to))
            })?;
        }
        let is_of_unit = |path: &RepoPath| unit.step == INHERIT && Subject::consumer(path) == unit.subject;
        for at in self.stating.iter().filter(|(path, _)| is_of_unit(path)).flat_map(|(_, all)| all) {
            edits.object(at, unstated)?;
        }
        let is_it = |at: &At| unit.step == TIDY && tidied(view, at) == unit.subject;
        for (at, lines) in self.patches.iter().filter(|(at, _)| is_it(at)) {
            edits.object(at, |edit, root| without(edit, root, lines))?;
        }
        edits.finish()
    }
}

fn parent_id(path: &RepoPath) -> UnitId {
    UnitId::new(&META, PARENT, Subject::consumer(path))
}

fn tidied(view: &View, at: &At) -> Subject {
    let one = view.graph().kustomizations_at(at).next();
    let (namespace, name) = one.map_or(("", ""), |one| (&*one.namespace, &*one.name));
    Subject::object("Kustomization", namespace, name, &at.path)
}

fn without<'e>(edit: &mut Edit<'e>, root: Node<'e>, lines: &BTreeSet<usize>) -> Result<(), Error> {
    let Some(spec) = root.get("spec") else { return Ok(()) };
    let Some((_, list)) = spec.own_entry("patches") else { return Ok(()) };
    let fate = |_: &str| Fate::Dropped("the patch selects nothing any more".to_owned());
    let items = list.items().enumerate().filter(|(_, item)| lines.contains(&item.line()));
    let going: Vec<usize> = items.map(|(number, _)| number).collect();
    if going.len() == list.items().count() {
        return edit.remove_entry(spec, "patches", Emptied::NoEntry, fate);
    }
    going.into_iter().try_for_each(|number| edit.remove_item(list, number, Emptied::Brackets, fate))
}

/// Whether a Flux Kustomization has yet to move, or still has a guard.
fn is_on_its_way(found: &Found<'_>, at: &At) -> bool {
    let stream = found.view.file(&at.path).and_then(|file| file.stream.as_deref());
    let is_guarded = stream.zip(found.view.node(at)).is_some_and(|(stream, root)| !marks(stream, root).is_empty());
    is_guarded || found.movers().any(|(candidate, _)| candidate.at == *at)
}

/// The outermost kustomizations without a namespace whose objects are all in one namespace already, with
/// Flux Kustomizations among them.
fn parents<'v>(found: &Found<'v>) -> BTreeMap<&'v RepoPath, &'v str> {
    let view = found.view;
    if !found.settings.parent_namespace {
        return BTreeMap::new();
    }
    let mut through: BTreeMap<&'v RepoPath, Vec<(&'v At, &'v Reach)>> = BTreeMap::new();
    for (at, reaches) in view.graph().reached() {
        for reach in reaches {
            reach.through.iter().for_each(|path| through.entry(path).or_default().push((at, reach)));
        }
    }
    let of_folder = |path: &'v RepoPath| {
        let file = view.kustomization(&path.dir())?;
        let objects = through.get(path)?;
        is_plain(view, file).then_some(())?;
        namespace_of_all(found, objects).map(|to| (path, to))
    };
    let all: BTreeMap<&RepoPath, &str> = through.keys().filter_map(|path| of_folder(path)).collect();
    let is_outermost = |path: &RepoPath| {
        through[path].iter().all(|(_, reach)| {
            reach.through.iter().take_while(|above| *above != path).all(|above| !all.contains_key(above))
        })
    };
    all.iter().filter(|(path, _)| is_outermost(path)).map(|(path, to)| (*path, *to)).collect()
}

/// Flux Kustomizations that state the namespace which a kustomization on their way sets, by that; none
/// of those that something would select or name otherwise then.
fn stating<'v>(found: &Found<'v>) -> BTreeMap<&'v RepoPath, BTreeSet<&'v At>> {
    let view = found.view;
    let mut all: BTreeMap<&'v RepoPath, BTreeSet<&'v At>> = BTreeMap::new();
    if !found.settings.parent_namespace {
        return all;
    }
    for one in view.graph().kustomizations.iter().filter(|one| one.parent.is_some()) {
        let stated = view.node(&one.at).and_then(|root| root.text_at(&["metadata", "namespace"]));
        let sets = |path: &&RepoPath| {
            view.kustomization(&path.dir()).is_some_and(|file| file.namespace.as_ref() == Some(&one.namespace))
        };
        let reaches = view.graph().reaches(&one.at);
        let is_set = reaches.iter().all(|reach| reach.through.iter().any(|path| sets(&path)));
        let setting = reaches.first().and_then(|reach| reach.through.iter().find(sets));
        let is_meant = stated == Some(&*one.namespace) && is_set && found.style(one.cluster).inherits;
        if let Some(path) = setting.filter(|_| is_meant && !is_on_its_way(found, &one.at)) {
            all.entry(path).or_default().insert(&one.at);
        }
    }
    let mut edits = Edits::of(view);
    let tried = all.values().flatten().try_for_each(|at| edits.object(at, unstated)).and_then(|()| edits.finish());
    let after = tried.ok().and_then(|(changes, _)| view.with(&changes).ok());
    // What a text does not allow stays as it is, and all with it.
    let Some(after) = after else { return BTreeMap::new() };
    let differing: BTreeSet<At> =
        differing(view, &after.whole(), &Moving::default()).into_iter().map(|(at, _)| at).collect();
    all.values_mut().for_each(|places| places.retain(|at| !differing.contains(at)));
    all.retain(|_, places| !places.is_empty());
    all
}

/// Leaves the namespace to a kustomization.
fn unstated<'e>(edit: &mut Edit<'e>, root: Node<'e>) -> Result<(), Error> {
    let put = Put { path: vec![Step::Key("metadata")], within: None, namespace: None, name: None };
    write(edit, root, &[put])
}

/// Whether nothing in a kustomization or in what it lists may change namespaces, or bring objects that are not
/// seen.
fn is_plain(view: &View, file: &Kustomization) -> bool {
    let all = listed(view, file);
    let is_known = !view.graph().unmodelled.iter().any(|field| all.iter().any(|one| one.path == field.path));
    let entries = all.iter().flat_map(|one| one.resources.iter().chain(&one.components));
    let is_local = entries.into_iter().all(|entry| !entry.is_remote());
    let is_silent = file.namespace.is_none() && file.namespaces.is_empty() && file.generators.is_empty();
    !file.component && is_known && is_local && is_silent && file.configurations.is_empty()
}

/// A kustomization, and all that it lists, directly or not.
fn listed<'v>(view: &'v View, file: &'v Kustomization) -> Vec<&'v Kustomization> {
    let mut all: Vec<&Kustomization> = vec![file];
    let mut next = 0;
    while let Some(one) = all.get(next).copied() {
        let entries = one.resources.iter().chain(&one.components);
        for other in entries.filter_map(|entry| view.kustomization(&view.resolve(one, &entry.text)?)) {
            if all.iter().all(|known| known.path != other.path) {
                all.push(other);
            }
        }
        next += 1;
    }
    all
}

/// The namespace that all objects are in, if `namespace` would change nothing in any of them: it names
/// Namespaces anew, and the subjects of bindings (Kustomize, `NamespaceTransformer`).
fn namespace_of_all<'v>(found: &Found<'_>, objects: &[(&'v At, &'v Reach)]) -> Option<&'v str> {
    let flux =
        |reach: &Reach| reach.kind == "Kustomization" && reach.api_version.starts_with("kustomize.toolkit.fluxcd.io/");
    let to = objects.iter().find(|(_, reach)| flux(reach))?.1.namespace.as_deref()?;
    let rule = found.settings.rule.as_ref()?;
    let fits = |(at, reach): &(&At, &Reach)| match reach.kind.as_str() {
        "Namespace" => reach.name == to,
        kind => {
            let object = found.view.object(at);
            let is_namespaced = object.is_some_and(|object| !object.is_cluster_scoped());
            is_namespaced && !kind.ends_with("Binding") && reach.namespace.as_deref() == Some(to) && !to.contains('$')
        }
    };
    let is_left = rule.from.iter().any(|from| from == to);
    let is_done = !objects.iter().any(|(at, reach)| flux(reach) && is_on_its_way(found, at));
    (!is_left && is_done && objects.iter().all(fits)).then_some(to)
}

/// The lines of patches of a Flux Kustomization that gave key or variables to its children, and that all of
/// them are let out of by a label.
fn selecting_nothing(found: &Found<'_>, id: KustomizationId, one: &FluxKustomization) -> BTreeSet<usize> {
    let view = found.view;
    // What is not seen of its children may be what the patch is for.
    if one.patches.iter().all(|patch| !injects(patch)) || view.input(one).is_err() {
        return BTreeSet::new();
    }
    let children: Vec<(&At, &Reach)> =
        view.graph().each_reach().filter(|(_, reach)| reach.kustomization == id).collect();
    let is_child = |(_, reach): &&(&At, &Reach)| reach.kind == "Kustomization";
    if children.iter().filter(is_child).any(|(at, _)| is_on_its_way(found, at)) {
        return BTreeSet::new();
    }
    let is_same = |patch: &Patch, other: &Patch| patch.path == other.path && patch.line == other.line;
    let selects_nothing = |patch: &&Patch| {
        let is_used = children.iter().any(|(_, reach)| reach.patches.iter().any(|other| is_same(patch, other)));
        let lets_out = patch.let_out_by().is_some_and(|(key, value)| {
            let has_it = |at: &At| view.object(at).is_some_and(|object| object.labels.get(&key) == Some(&value));
            children.iter().filter(is_child).any(|(at, _)| has_it(at))
        });
        let is_alone = one.patches.iter().filter(|other| is_same(patch, other)).count() == 1;
        let is_stated = patch.path == one.at.path && patch.is_only_for("Kustomization");
        injects(patch) && gives_only_these(patch) && is_stated && is_alone && !is_used && lets_out
    };
    let patches = one.patches.iter().map(|patch| &**patch);
    patches.filter(selects_nothing).map(|patch| patch.line).collect()
}
