//! Where Flux starts in a repository.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Builder;
use super::cluster::{self, EntryPoint};
use super::flux_kustomization::path_of;
use super::object::At;
use super::source::SourceRef;
use super::view::Parts;
use crate::repo::RepoPath;
use crate::yaml::Node;

/// The entry points of all clusters: what a FluxInstance syncs, and each Kustomization that applies itself, together with the source
/// that it builds from, and that no other applies.
pub(super) fn entry_points(parts: &Parts<'_>, builder: &mut Builder<'_>) -> Vec<EntryPoint> {
    let mut found: Vec<EntryPoint> = Vec::new();
    for (at, root) in parts.documents() {
        found.extend(EntryPoint::of_flux_instance(&at, root));
    }
    let kustomizations = parts.objects().filter(|object| object.is_flux_kustomization());
    let kustomizations: BTreeMap<_, _> = kustomizations
        .filter_map(|object| Some((&object.at, (object, parts.node(&object.at).and_then(path_and_source)?))))
        .collect();
    let mut builds = Vec::new();
    let mut applied_by_others = BTreeSet::new();
    // Many build from one path, such as the root, and from one source: what of that they apply is looked up once.
    let mut applied: BTreeMap<(&RepoPath, &SourceRef), Vec<&At>> = BTreeMap::new();
    for (object, (path, source)) in kustomizations.values() {
        let built = builder.flux_path(path);
        // A path in another source (Flux's own manifests, at `./`) is no path of this tree, and a copy of an entry point that lies
        // somewhere else, for bootstrapping, is the same Kustomization.
        let applied = applied.entry((path, source)).or_insert_with(|| {
            let ours = built.iter().filter(|rendered| rendered.kind == "Kustomization");
            let known = ours.filter_map(|rendered| kustomizations.get_key_value(&rendered.at));
            known.filter(|(_, (_, (_, from)))| from.is_like(source)).map(|(at, _)| *at).collect()
        });
        let is_another = |at: &At| {
            let other = kustomizations[at].0;
            (&other.name, &other.namespace) != (&object.name, &object.namespace)
        };
        let others = applied.iter().filter(|at| **at != &object.at && is_another(at));
        applied_by_others.extend(others.map(|at| (*at).clone()));
        builds.push((*object, path.clone(), source.clone(), built));
    }
    for (object, path, source, built) in builds {
        // Other kinds hold built artifacts, such as Flux's own manifests: their paths are none of this tree.
        let applies_itself = source.kind == "GitRepository" && built.iter().any(|rendered| rendered.at == object.at);
        if !applies_itself || applied_by_others.contains(&object.at) {
            continue;
        }
        let repository = built.iter().find(|rendered| rendered.kind == source.kind && rendered.name == source.name);
        let Some(repository) = repository else { continue };
        let branch = parts.node(&repository.at).and_then(cluster::branch_of);
        let namespace = source.namespace.or_else(|| object.namespace.clone());
        found.push(EntryPoint {
            path,
            stated_at: object.at.clone(),
            source: SourceRef { namespace, ..source },
            branch,
            flux: None,
            kustomization: Some(object.at.clone()),
        });
    }
    found.sort_by(|a, b| (&a.path, &a.stated_at).cmp(&(&b.path, &b.stated_at)));
    found.dedup_by(|a, b| a.path == b.path && a.branch == b.branch);
    found
}

/// Where a Flux Kustomization builds from.
fn path_and_source(root: Node<'_>) -> Option<(RepoPath, SourceRef)> {
    let path = path_of(root.text_at(&["spec", "path"]))?;
    Some((path, SourceRef::read(root.at(&["spec", "sourceRef"])?)?))
}
