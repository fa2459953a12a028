//! Patches that select Flux Kustomizations by namespace or name: those of what moves select the new one, too.
//!
//! A strategic merge patch without a target is for one object by its name, as files state it: it gets the new one.
//!
//! `namespace` and `name` of a target are regular expressions (`docs/flux-and-kustomize.md#targets`). Where one
//! is a name, or names with `|` between them, names are added and removed. What else it may be is not changed; whether
//! the same patches change the same objects is compared in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::codes;
use super::places::{Place, metadata_of, target_of};
use super::references::{Moving, Put, Puts, identity};
use super::style::Style;
use crate::flux::{At, ById, ClusterId, FluxKustomization, Patch, Value, View};
use crate::plan::Finding;
use crate::repo::RepoPath;

/// A patch by its place, and what it changes.
type Selected<'v> = BTreeMap<Key<'v>, (&'v Patch, Vec<&'v FluxKustomization>)>;

/// File and line, the text, and what it merges into: a line may have several in its text.
type Key<'v> = (&'v RepoPath, usize, &'v str, Option<String>);

/// What is written in patches so that they change what they changed before.
///
/// # Errors
/// If one would change others, too.
pub(super) fn followed_by(view: &View, moving: &Moving, styles: &ById<ClusterId, Style>) -> Result<Puts, Finding> {
    let mut all = Puts::new();
    for (patch, selected) in selected(view).into_values() {
        let (movers, staying): (Vec<_>, Vec<_>) = selected.into_iter().partition(|one| moving.moves(one));
        if movers.is_empty() {
            continue;
        }
        let put = match patch.has_target() {
            true => in_target(view, patch, moving, &movers, &staying)?,
            false => in_merge(view, patch, moving, styles, &movers, &staying)?,
        };
        if let Some((at, put)) = put {
            all.entry(at).or_default().push(put);
        }
    }
    Ok(all)
}

fn refused(patch: &Patch, what: &str) -> Finding {
    let message = format!("the patch at {}:{} {what}", patch.path, patch.line);
    Finding::error(codes::PATCH_SELECTS, message).at(&patch.path, patch.line)
}

/// What is written in the target of a patch.
fn in_target(
    view: &View,
    patch: &Patch,
    moving: &Moving,
    movers: &[&FluxKustomization],
    staying: &[&FluxKustomization],
) -> Result<Option<(At, Put)>, Finding> {
    let Some(Place { at, way, within, mapping: target }) = target_of(view, patch) else { return Ok(None) };
    let (in_namespace, called) = (names_of(&target, "namespace"), names_of(&target, "name"));
    if let Some(other) = movers.iter().find_map(|one| added(view, patch, one, moving, (&in_namespace, &called))) {
        return Err(refused(patch, &format!("would change {}, too", other.full_name())));
    }
    let namespaces = movers.iter().map(|one| (&*one.namespace, moving.of(one).0)).collect::<Vec<_>>();
    let names = movers.iter().map(|one| (&*one.name, moving.of(one).1)).collect::<Vec<_>>();
    let namespace = followed(in_namespace, &namespaces, &staying.iter().map(|one| &*one.namespace).collect());
    let name = followed(called, &names, &staying.iter().map(|one| &*one.name).collect());
    if namespace.is_none() && name.is_none() {
        return Ok(None);
    }
    let namespace = namespace.or_else(|| target.text_at(&["namespace"]).map(str::to_owned));
    Ok(Some((at, Put { path: way, within, namespace, name })))
}

/// What is written in a strategic merge patch without a target: it is for the object of its own name and namespace, as
/// files state them.
fn in_merge(
    view: &View,
    patch: &Patch,
    moving: &Moving,
    styles: &ById<ClusterId, Style>,
    movers: &[&FluxKustomization],
    staying: &[&FluxKustomization],
) -> Result<Option<(At, Put)>, Finding> {
    let Some(Place { at, way, within, mapping: metadata }) = metadata_of(view, patch) else { return Ok(None) };
    let mut texts = movers.iter().filter_map(|one| {
        let stated = identity(view, one, view.node(&one.at)?, moving.of(one), styles[one.cluster]);
        let is_there = moving.of(one).0 == one.namespace;
        let own = metadata.text_at(&["namespace"]).map(str::to_owned);
        Some((if is_there { own } else { stated.namespace }, stated.name))
    });
    let Some((namespace, name)) = texts.next() else { return Ok(None) };
    let is_other = |(one, called): (Option<String>, Option<String>)| (&one, &called) != (&namespace, &name);
    if let Some(other) = staying.first() {
        return Err(refused(patch, &format!("is for {}, too", other.full_name())));
    }
    if texts.any(is_other) {
        return Err(refused(patch, "is for several, which go to different places"));
    }
    Ok(Some((at, Put { path: way, within, namespace, name })))
}

/// The names that a field of a target lists with `|` between them; `None` for an expression, or no entry.
fn names_of<'v>(target: &'v Value, key: &str) -> Option<BTreeSet<&'v str>> {
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

/// The Flux Kustomizations that each patch changes.
fn selected(view: &View) -> Selected<'_> {
    let mut found = Selected::new();
    for one in &view.graph().kustomizations {
        let reaches = view.graph().reaches(&one.at).iter();
        let own = reaches.filter(|reach| Some(reach.kustomization) == one.parent && reach.name == one.name);
        let is_meant = |patch: &&Arc<Patch>| patch.has_target() || patch.merges().is_some();
        for patch in own.flat_map(|reach| &reach.patches).filter(is_meant) {
            let merged = patch.merges().filter(|_| !patch.has_target()).map(Value::to_flow);
            let key: Key<'_> = (&patch.path, patch.line, patch.text(), merged);
            found.entry(key).or_insert_with(|| (&**patch, Vec::new())).1.push(one);
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

/// Whether a text is the name of a namespace or an object, and no expression.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-')
}
