//! Patches that select Flux Kustomizations by namespace or name: those of what moves select the new one, too.
//!
//! `namespace` and `name` of a target are regular expressions (`docs/flux-and-kustomize.md#targets`). Where one
//! is a name, or names with `|` between them, names are added and removed. What else it may be is not changed; whether
//! the same patches change the same objects is compared in the end.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::references::{Moving, Put, Puts, Step};
use crate::flux::{At, FluxKustomization, Patch, Value, View};
use crate::plan::Finding;
use crate::repo::RepoPath;
use crate::yaml::Node;

/// A patch by its place, and what it changes.
type Selected<'v> = BTreeMap<(&'v RepoPath, usize), (&'v Patch, Vec<&'v FluxKustomization>)>;

/// What is written in targets of patches so that they select what they selected before.
///
/// # Errors
/// If one would change others, too.
pub(super) fn targets(view: &View, moving: &Moving) -> Result<Puts, Finding> {
    let mut all = Puts::new();
    for ((path, line), (patch, selected)) in selected(view) {
        let (movers, staying): (Vec<_>, Vec<_>) = selected.into_iter().partition(|one| moving.moves(one));
        if movers.is_empty() {
            continue;
        }
        let Some((at, way, target)) = target_at(view, path, line) else { continue };
        let (in_namespace, called) = (names_of(target, "namespace"), names_of(target, "name"));
        if let Some(other) = movers.iter().find_map(|one| added(view, patch, one, moving, (&in_namespace, &called))) {
            let message = format!("the patch at {path}:{line} would change {}, too", other.full_name());
            return Err(Finding::error(codes::PATCH_SELECTS, message).at(path, line));
        }
        let namespaces = movers.iter().map(|one| (&*one.namespace, moving.of(one).0)).collect::<Vec<_>>();
        let names = movers.iter().map(|one| (&*one.name, moving.of(one).1)).collect::<Vec<_>>();
        let namespace = followed(in_namespace, &namespaces, &staying.iter().map(|one| &*one.namespace).collect());
        let name = followed(called, &names, &staying.iter().map(|one| &*one.name).collect());
        if namespace.is_some() || name.is_some() {
            let namespace = namespace.or_else(|| target.text_at(&["namespace"]).map(str::to_owned));
            all.entry(at).or_default().push(Put { path: way, namespace, name });
        }
    }
    Ok(all)
}

/// The names that a field of a target lists with `|` between them; `None` for an expression, or no entry.
fn names_of<'v>(target: Node<'v>, key: &str) -> Option<BTreeSet<&'v str>> {
    let text = target.text_at(&[key]).filter(|text| text.split('|').all(is_name))?;
    Some(text.split('|').collect())
}

/// What a field lists once some of what the patch selects is called otherwise, each by its old and new name,
/// and the rest stays; `None` if nothing is.
fn followed(listed: Option<BTreeSet<&str>>, renamed: &[(&str, &str)], stays: &BTreeSet<&str>) -> Option<String> {
    let mut names = listed.filter(|_| renamed.iter().any(|(old, new)| old != new))?;
    names.retain(|name| stays.contains(name) || !renamed.iter().any(|(old, _)| old == name));
    names.extend(renamed.iter().map(|(_, new)| *new));
    Some(names.into_iter().collect::<Vec<_>>().join("|"))
}

/// What a patch would change, too, once its target has the new namespace and name of one that moves.
fn added<'v>(
    view: &'v View,
    patch: &Patch,
    one: &FluxKustomization,
    moving: &Moving,
    (namespaces, names): (&Option<BTreeSet<&str>>, &Option<BTreeSet<&str>>),
) -> Option<&'v FluxKustomization> {
    let (to, called) = moving.of(one);
    let adds = |listed: &Option<BTreeSet<&str>>, new: &str| listed.as_ref().is_some_and(|all| !all.contains(new));
    let (adds_namespace, adds_name) = (adds(namespaces, to), adds(names, called));
    // Who is there under what is added is selected where the patch would select it under what it has now.
    let is_new = |other: &&FluxKustomization| {
        let is_there = adds_namespace && other.namespace == to;
        let is_called = adds_name && other.name == called;
        let namespace = if is_there { &one.namespace } else { &other.namespace };
        let name = if is_called { &one.name } else { &other.name };
        (is_there || is_called) && selects_as(view, patch, other, (namespace, name))
    };
    view.graph().kustomizations.iter().filter(|other| other.parent == one.parent).find(is_new)
}

/// The Flux Kustomizations that each patch with a target changes.
fn selected(view: &View) -> Selected<'_> {
    let mut found = Selected::new();
    for one in &view.graph().kustomizations {
        let reaches = view.graph().reaches(&one.at).iter();
        let own = reaches.filter(|reach| Some(reach.kustomization) == one.parent && reach.name == one.name);
        for patch in own.flat_map(|reach| &reach.patches).filter(|patch| patch.has_target()) {
            found.entry((&patch.path, patch.line)).or_insert_with(|| (&**patch, Vec::new())).1.push(one);
        }
    }
    found
}

/// Whether a patch would select a Flux Kustomization under another namespace and name.
fn selects_as(view: &View, patch: &Patch, one: &FluxKustomization, (namespace, name): (&str, &str)) -> bool {
    let Some(mut object) = view.node(&one.at).and_then(Value::of) else { return true };
    object.set_at(&["metadata", "namespace"], Value::string(namespace));
    object.set_at(&["metadata", "name"], Value::string(name));
    patch.selects_value(&object)
}

/// The target of a patch that stands on a line, and the way to it: in `spec.patches` of a Flux Kustomization
/// or in a kustomization file.
fn target_at<'v>(view: &'v View, path: &RepoPath, line: usize) -> Option<(At, Vec<Step>, Node<'v>)> {
    let in_list = |at: &At, way: &[&'static str]| {
        let list = view.node(at)?.at(way)?;
        let (number, item) = list.items().enumerate().find(|(_, item)| item.line() == line)?;
        let steps = way.iter().map(|key| Step::Key(key)).chain([Step::Item(number), Step::Key("target")]);
        Some((at.clone(), steps.collect(), item.get("target")?))
    };
    let mut of_flux = view.graph().kustomizations.iter().filter(|one| one.at.path == *path);
    let of_kustomize = || {
        let at = At::document(path, 0);
        view.kustomization(&path.dir()).filter(|file| file.path == *path)?;
        in_list(&at, &["patches"]).or_else(|| in_list(&at, &["patchesJson6902"]))
    };
    of_flux.find_map(|one| in_list(&one.at, &["spec", "patches"])).or_else(of_kustomize)
}

/// Whether a text is the name of a namespace or an object, and no expression.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-')
}
