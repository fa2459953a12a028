//! Two trees, one before and one after a move: all that depends, builds and is patched is the same under
//! the new names, and every other field of every Flux Kustomization is what it was.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::references::Moving;
use crate::flux::{At, ClusterId, FluxKustomization, Patch, Value, View};
use crate::plan::{Code, Finding};

/// Cluster, place, namespace and name.
type Key<'v> = (ClusterId, &'v At, &'v str, &'v str);

/// What differs by more than names, each at the document of a Flux Kustomization. The documents are at the
/// same places in both trees.
pub(super) fn differing(before: &View, after: &View, moving: &Moving) -> Vec<(At, Finding)> {
    let new: BTreeMap<Key<'_>, &FluxKustomization> = after
        .graph()
        .kustomizations
        .iter()
        .map(|one| ((one.cluster, &one.at, &*one.namespace, &*one.name), one))
        .collect();
    let all = before.graph().kustomizations.iter();
    let names = all.map(|one| (one.cluster, &*one.namespace, &*one.name)).collect();
    let mut found = Vec::new();
    for one in &before.graph().kustomizations {
        let (to, called) = moving.of(one);
        let mut differs = |code: &'static Code, what: &str| {
            let message = format!("{} (then {to}/{called}): {what}", one.full_name());
            let line = before.node(&one.at).map(|root| root.line());
            found.push((one.at.clone(), Finding::error(code, message).at(&one.at.path, line)));
        };
        let Some(then) = new.get(&(one.cluster, &one.at, to, called)) else {
            let code = if to == one.namespace { codes::GRAPH_DIFFERS } else { codes::SET_ABOVE };
            differs(code, "it would not be there under this name");
            continue;
        };
        if patches(before, one) != patches(after, then) {
            differs(codes::PATCH_SELECTS, "other patches would change it");
            continue;
        }
        let (revived, others) = depends(&names, one, then, moving);
        if others {
            differs(codes::GRAPH_DIFFERS, "it would depend on others");
        } else if one.source != then.source {
            differs(codes::GRAPH_DIFFERS, "it would build from another source");
        } else if !normal(one, moving).same_as(&normal(then, &Moving::default())) {
            differs(codes::GRAPH_DIFFERS, "other fields of it would change");
        } else if let Some((namespace, name)) = revived {
            let message = format!("{} depends on {namespace}/{name} then, and on nothing now", one.full_name());
            let line = before.node(&one.at).map(|root| root.line());
            found.push((one.at.clone(), Finding::note(codes::REVIVED, message).at(&one.at.path, line)));
        }
    }
    let count = |view: &View| view.graph().kustomizations.iter().count();
    if count(before) != count(after)
        && found.is_empty()
        && let Some(one) = before.graph().kustomizations.iter().next()
    {
        let message = "there would be more or fewer Flux Kustomizations than before".to_owned();
        found.push((one.at.clone(), Finding::error(codes::GRAPH_DIFFERS, message).at(&one.at.path, None)));
    }
    found
}

/// Whether a Flux Kustomization depends on others than before; and a dependency that meant nothing, and
/// means something because its text is shared.
fn depends(
    names: &BTreeSet<(ClusterId, &str, &str)>,
    one: &FluxKustomization,
    then: &FluxKustomization,
    moving: &Moving,
) -> (Option<(String, String)>, bool) {
    let renamed = |(namespace, name): &(String, String)| {
        moving.to(one.cluster, namespace, name).cloned().unwrap_or_else(|| (namespace.clone(), name.clone()))
    };
    let is_there = |(namespace, name): &(String, String)| names.contains(&(one.cluster, &**namespace, &**name));
    let (live, dead): (Vec<_>, Vec<_>) = one.depends_on.iter().partition(|other| is_there(other));
    let meant: BTreeSet<_> = live.into_iter().chain(dead.iter().copied()).map(renamed).collect();
    let new: Vec<_> = then.depends_on.difference(&meant).collect();
    let gone: Vec<_> = meant.difference(&then.depends_on).collect();
    let is_revival = |other: &&(String, String)| dead.iter().any(|(_, name)| *name == other.1);
    let is_same =
        new.iter().all(is_revival) && gone.iter().all(|other| dead.contains(other)) && new.len() == gone.len();
    (new.first().map(|other| (*other).clone()), !is_same)
}

/// The patches that change a Flux Kustomization.
fn patches<'v>(view: &'v View, one: &FluxKustomization) -> Vec<(&'v str, String)> {
    let reaches = view.graph().reaches(&one.at).iter();
    let of_parent = reaches.filter(|reach| Some(reach.kustomization) == one.parent && reach.name == one.name);
    of_parent.flat_map(|reach| &reach.patches).map(|patch| (patch.path.as_str(), text_of(patch))).collect()
}

/// The text of a patch; of what it merges into an object of some name, without that name.
fn text_of(patch: &Patch) -> String {
    let Some(merged) = patch.merges().filter(|_| !patch.has_target()) else { return patch.text().to_owned() };
    let mut merged = merged.clone();
    merged.remove_at(&["metadata", "name"]);
    merged.remove_at(&["metadata", "namespace"]);
    merged.to_flow()
}

/// A Flux Kustomization with all that it names under its full new name.
fn normal(one: &FluxKustomization, moving: &Moving) -> Value {
    let mut object = one.object.clone();
    let (to, called) = moving.of(one);
    object.set_at(&["metadata", "namespace"], Value::string(to));
    object.set_at(&["metadata", "name"], Value::string(called));
    if let Some(namespace) = &one.source.namespace {
        object.set_at(&["spec", "sourceRef", "namespace"], Value::string(namespace));
    }
    // Which patches change what is compared by itself.
    if let Some(Value::Sequence(patches)) = object.at_mut(&["spec", "patches"]) {
        for patch in patches {
            let texts = Patch::of_entry(&one.at.path, 0, patch).unwrap_or_default();
            let texts = texts.iter().map(|patch| text_of(patch)).collect::<Vec<_>>();
            patch.set("patch", Value::string(&texts.join("\n")));
            patch.remove_at(&["target", "namespace"]);
            patch.remove_at(&["target", "name"]);
        }
    }
    for (field, default) in [("dependsOn", Some(&*one.namespace)), ("healthChecks", None)] {
        let Some(Value::Sequence(items)) = object.at_mut(&["spec", field]) else { continue };
        for item in items {
            let is_one = item.text_at(&["kind"]) == Some("Kustomization");
            let namespace = item.text_at(&["namespace"]).or(default);
            let (Some(namespace), Some(name)) = (namespace, item.text_at(&["name"])) else { continue };
            // What it depends on is compared apart from how it is written.
            if field == "dependsOn" {
                item.remove("namespace");
                item.remove("name");
            } else if let Some((to, called)) = moving.to(one.cluster, namespace, name).filter(|_| is_one) {
                item.set("namespace", Value::string(to));
                item.set("name", Value::string(called));
            }
        }
    }
    object
}
