//! Components that carry a key or variables, and bring them into the namespace that includes them.

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;
use crate::flux::{FluxKustomization, Kustomization, Reach, Rendered, View};
use crate::migrations::sources::write::list_all;
use crate::plan::Finding;
use crate::plan::author::Edits;
use crate::repo::RepoPath;

/// A kustomization that is to include a Component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Include {
    /// The kustomization file.
    pub(super) by: RepoPath,
    /// The folder of the Component.
    pub(super) component: RepoPath,
}

/// What brings a Secret or ConfigMap into a namespace: the only Component of this repository that carries
/// it and nothing but such objects, all without namespace; and the innermost kustomization on the way of the
/// Flux Kustomization that gives that namespace, if no other does elsewhere. The parent has to be able to decrypt it.
pub(super) fn carrier(
    world: &World<'_>,
    (one, from): (&FluxKustomization, &str),
    reach: &Reach,
    to: &str,
    (kind, name): (&str, &str),
) -> Option<Include> {
    let view = world.view;
    let gives = |file: &&Kustomization| {
        file.namespace.as_deref() == Some(to) || file.namespaces.iter().any(|given| given.namespace == to)
    };
    let by = reach.through.iter().rev().filter_map(|path| view.kustomization(&path.dir())).find(gives)?;
    // Where several give it to Flux Kustomizations, each would bring its own: two of one name, and whoever is pruned takes it from all.
    let is_beside = |reach: &Reach| {
        let mut givers = reach.through.iter().filter_map(|path| view.kustomization(&path.dir())).filter(gives);
        let may_move = reach.cluster == one.cluster && reach.kind == "Kustomization";
        may_move && givers.any(|file| file.path != by.path) && !reach.through.contains(&by.path)
    };
    if view.graph().reached().flat_map(|(_, reaches)| reaches).any(is_beside) {
        return None;
    }
    let parent = &view.graph().kustomizations[one.parent?];
    let decrypts = parent.object.at(&["spec", "decryption"]).is_some();
    let is_plain = |object: &Rendered| {
        object.api_version == "v1" && ["Secret", "ConfigMap"].contains(&&*object.kind) && object.namespace.is_none()
    };
    let data = |object: &Rendered| world.data_of(object);
    let old = world.data(one.cluster, kind, from, name);
    let is_same = |object: &Rendered| match (data(object), old) {
        (Some(data), Some(old)) if kind == "ConfigMap" => data == *old,
        (Some(data), Some(old)) => data.keys().eq(old.keys()),
        // A Secret that is made by hand today: its name has to do.
        _ => kind == "Secret",
    };
    let mut found = view.kustomizations().filter(|file| file.component && file.stage.is_none()).filter(|file| {
        let objects = view.build_path(&file.path.dir());
        let carries = |object: &Rendered| object.kind == kind && object.name == name && is_same(object);
        objects.iter().all(|object| is_plain(object) && (decrypts || !view.must_decrypt(&object.at.path)))
            && objects.iter().any(carries)
    });
    let component = found.next()?.path.dir();
    found.next().is_none().then(|| Include { by: by.path.clone(), component })
}

/// Writes what kustomizations include.
///
/// # Errors
/// If one of them cannot be edited.
pub(super) fn include<'v>(edits: &mut Edits<'v>, view: &'v View, includes: &BTreeSet<Include>) -> Result<(), Finding> {
    let mut by_file: BTreeMap<&RepoPath, Vec<&RepoPath>> = BTreeMap::new();
    includes.iter().for_each(|include| by_file.entry(&include.by).or_default().push(&include.component));
    by_file.into_iter().try_for_each(|(path, components)| list_all(edits, view, path, "components", components))
}
