//! Patches that select Flux Kustomizations by namespace: those of what moves select the new one, too.
//!
//! A target's `namespace` is a regular expression (`docs/flux-and-kustomize.md#targets`). Where it is a name,
//! or names with `|` between them, names are added and removed. What else it may be is not changed; whether
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
        let movers = || selected.iter().filter(|one| moving.moves(one));
        if movers().next().is_none() {
            continue;
        }
        let Some((at, way, target)) = target_at(view, path, line) else { continue };
        let Some(stated) = target.text_at(&["namespace"]).filter(|text| text.split('|').all(is_name)) else { continue };
        let mut names: BTreeSet<&str> = stated.split('|').collect();
        for one in movers() {
            let (to, parent) = (moving.of(one), one.parent);
            let beside = view.graph().kustomizations.iter().filter(|other| other.parent == parent);
            let is_new = |other: &&FluxKustomization| {
                other.namespace == to && !names.contains(to) && selects_in(view, patch, other, &one.namespace)
            };
            if let Some(other) = beside.clone().find(is_new) {
                let message = format!("the patch at {path}:{line} would change {}, too", other.full_name());
                return Err(Finding::error(codes::PATCH_SELECTS, message).at(path, line));
            }
        }
        names.extend(movers().map(|one| moving.of(one)));
        let stays = |namespace: &str| selected.iter().any(|one| !moving.moves(one) && one.namespace == namespace);
        for one in movers().filter(|one| !stays(&one.namespace)) {
            names.remove(&*one.namespace);
        }
        let namespace = names.into_iter().collect::<Vec<_>>().join("|");
        all.entry(at).or_default().push(Put { path: way, namespace: Some(namespace) });
    }
    Ok(all)
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

/// Whether a patch would select a Flux Kustomization in another namespace.
fn selects_in(view: &View, patch: &Patch, one: &FluxKustomization, namespace: &str) -> bool {
    let Some(mut object) = view.node(&one.at).and_then(Value::of) else { return true };
    object.set_at(&["metadata", "namespace"], Value::string(namespace));
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

/// Whether a text is the name of a namespace, and no expression.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-')
}
