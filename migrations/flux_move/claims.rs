//! Claims and volumes: what gets an annotation that keeps it, and what fills it.

use std::collections::BTreeSet;

use super::world::World;
use crate::flux::{At, KustomizationId, Object, Rendered, View, survives_pruning};
use crate::repo::RepoPath;
use crate::yaml::{Edit, Error, New, Node, Place};

/// Keeps an object when Flux prunes, by its own.
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";

fn is_claim(api_version: &str, kind: &str) -> bool {
    api_version == "v1" && matches!(kind, "PersistentVolumeClaim" | "PersistentVolume")
}

/// The claims and volumes of some Flux Kustomizations that pruning could delete.
pub(super) fn unprotected(world: &World<'_>, ids: &[KustomizationId]) -> BTreeSet<At> {
    let objects = ids.iter().flat_map(|id| world.built_by(*id));
    let is_open = |object: &&Rendered| {
        is_claim(&object.api_version, &object.kind) && !survives_pruning([&object.labels, &object.annotations])
    };
    objects.filter(is_open).map(|object| object.at.clone()).collect()
}

/// The names of the claims that something fills when they are made.
pub(super) fn filled(world: &World<'_>, ids: &[KustomizationId]) -> BTreeSet<String> {
    let kustomizations = &world.view.graph().kustomizations;
    let of_each = ids.iter().flat_map(|id| world.built_by(*id).iter().map(|object| (&kustomizations[*id], object)));
    let is_filled = |object: &Rendered| {
        let root = world.view.node(&object.at).filter(|_| is_claim(&object.api_version, &object.kind));
        root.is_some_and(|root| root.at(&["spec", "dataSourceRef"]).is_some())
    };
    let name = |(one, object): (&crate::flux::FluxKustomization, &Rendered)| one.variables.substitute(&object.name);
    of_each.filter(|(_, object)| is_filled(object)).map(name).collect()
}

/// The claims and volumes of a file that do not say themselves that they are kept.
pub(super) fn in_file<'v>(view: &'v View, path: &RepoPath) -> Vec<&'v Object> {
    let objects = view.file(path).into_iter().flat_map(|file| &file.objects).flat_map(Object::expanded);
    let is_open = |object: &&Object| {
        is_claim(&object.api_version, &object.kind) && !survives_pruning([&object.labels, &object.annotations])
    };
    objects.filter(is_open).collect()
}

/// Writes the annotation.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn protect<'v>(edit: &mut Edit<'v>, root: Node<'v>) -> Result<(), Error> {
    let path = [("metadata", Place::Last), ("annotations", Place::Last), (PRUNE, Place::Last)];
    edit.upsert(root, &path, &New::string("disabled"))
}
