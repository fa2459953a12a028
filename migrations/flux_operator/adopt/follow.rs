//! What names the root of today, and is to name the new one.

use crate::flux::{At, ClusterId, FluxKustomization, Reach, Value, View};
use crate::yaml::{Edit, Error, Node};

use super::{Problems, codes};

/// An object that names the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Follower {
    pub(in super::super) at: At,
    /// The list in `spec`.
    list: &'static str,
    /// The place in it.
    number: usize,
}

/// The lists of `spec` in which objects name Flux Kustomizations, and whether an item says so by its kind.
const LISTS: [(&str, &str, bool); 5] = [
    ("Receiver", "resources", true),
    ("Alert", "eventSources", true),
    ("Kustomization", "dependsOn", false),
    ("Kustomization", "healthChecks", true),
    ("ResourceSet", "dependsOn", true),
];

/// All that name a root by its name.
pub(super) fn followers(
    view: &View,
    cluster: ClusterId,
    root: &FluxKustomization,
    problems: &mut Problems<'_>,
) -> Vec<Follower> {
    let mut found = Vec::new();
    for (at, reaches) in view.graph().reached().filter(|(at, _)| **at != root.at) {
        // Flux's own kinds, and those of the operator.
        let is_of_flux =
            |reach: &&Reach| reach.api_version.split('/').next().is_some_and(|group| group.contains("fluxcd."));
        for reach in reaches.iter().filter(|reach| reach.cluster == cluster).filter(is_of_flux) {
            for (kind, list, has_kind) in LISTS.iter().filter(|(kind, ..)| *kind == reach.kind) {
                let numbers = naming(view, at, reach, (list, *has_kind), root);
                if numbers.is_empty() {
                    continue;
                }
                let stated = view.node(at).and_then(|node| node.at(&["spec", list])).and_then(Value::of);
                let arrives = view.effective(at, reach).and_then(|object| object.at(&["spec", list]).cloned());
                if stated != arrives
                    || reaches.len() > 1
                    || view.may_patch(kind, &reach.name) && *kind != "Kustomization"
                {
                    let message = format!("{kind} {} names {}, and is patched or shared", reach.name, root.full_name());
                    problems.refuse(codes::FIELD, message);
                    continue;
                }
                found.extend(numbers.into_iter().map(|number| Follower { at: at.clone(), list, number }));
            }
        }
    }
    found
}

/// The items of a list that name a root.
fn naming(view: &View, at: &At, reach: &Reach, (list, has_kind): (&str, bool), root: &FluxKustomization) -> Vec<usize> {
    let Some(object) = view.effective(at, reach) else { return Vec::new() };
    let own = reach.namespace.as_deref().unwrap_or_default();
    let is_root = |item: &Value| {
        let is_kind = !has_kind || item.text_at(&["kind"]) == Some("Kustomization");
        let namespace = item.text_at(&["namespace"]).unwrap_or(own);
        is_kind && item.text_at(&["name"]) == Some(&*root.name) && namespace == root.namespace
    };
    let items = object.at(&["spec", list]).map_or(&[][..], Value::items).iter().enumerate();
    items.filter(|(_, item)| is_root(item)).map(|(number, _)| number).collect()
}

/// Has an object name the new root.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn write<'v>(edit: &mut Edit<'v>, root: Node<'v>, follower: &Follower, name: &str) -> Result<(), Error> {
    let item = root.at(&["spec", follower.list]).and_then(|list| list.items().nth(follower.number));
    match item.and_then(|item| item.own_entry("name")) {
        Some((_, stated)) => edit.set_scalar(stated, name),
        None => Ok(()),
    }
}
