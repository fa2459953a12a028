//! Where Flux starts in a repository (`docs/flux-and-kustomize.md#entry-points`).
//!
//! A cluster begins at the `sync.path` of a FluxInstance, or at a Flux Kustomization that applies
//! itself together with its GitRepository, unless another Kustomization that is applied applies it.

use std::collections::{BTreeMap, BTreeSet};

use super::entry_point::{EntryPoint, branch_of};
use super::flux_kustomization::path_of;
use crate::flux::files::{At, Object, SourceRef};
use crate::flux::kustomize::{Builder, ParsedTree};
use crate::repo::RepoPath;
use crate::yaml::Node;

/// The entry points of all clusters: those of FluxInstances, and each Flux Kustomization that
/// applies itself and its source and that no other applies.
pub(super) fn entry_points(parsed: &ParsedTree<'_>, builder: &mut Builder<'_>) -> Vec<EntryPoint> {
    let mut found: Vec<EntryPoint> = Vec::new();
    for (at, root) in parsed.documents() {
        found.extend(EntryPoint::of_flux_instance(&at, root));
    }
    let kustomizations = parsed.objects().filter(|object| object.is_flux_kustomization());
    let kustomizations: BTreeMap<_, _> = kustomizations
        .filter_map(|object| Some((&object.at, (object, parsed.node(&object.at).and_then(path_and_source)?))))
        .collect();
    let mut builds = Vec::new();
    let mut applied: BTreeSet<At> =
        found.iter().flat_map(|entry| builder.flux_path(&entry.path).to_vec()).map(|rendered| rendered.at).collect();
    let mut applied_by = Vec::new();
    // Many Kustomizations build the same path, such as the root, from the same source. What such a
    // path applies is looked up once.
    let mut known: BTreeMap<(&RepoPath, &SourceRef), Vec<&At>> = BTreeMap::new();
    for (object, (path, source)) in kustomizations.values() {
        let built = builder.flux_path(path);
        // Only those of the same source count: a path in another one, such as `./` in Flux's own
        // manifests, is not in this tree. A copy of an entry point for bootstrapping, in another
        // place, is the same Kustomization.
        let known = known.entry((path, source)).or_insert_with(|| {
            applied.extend(built.iter().map(|rendered| rendered.at.clone()));
            let ours = built.iter().filter(|rendered| rendered.kind == "Kustomization");
            let ours = ours.filter_map(|rendered| kustomizations.get_key_value(&rendered.at));
            ours.filter(|(_, (_, (_, from)))| from.is_like(source)).map(|(at, _)| *at).collect()
        });
        let is_another = |at: &At| {
            let other = kustomizations[at].0;
            (&other.name, &other.namespace) != (&object.name, &object.namespace)
        };
        let others = known.iter().filter(|at| **at != &object.at && is_another(at));
        applied_by.extend(others.map(|at| (&object.at, (*at).clone())));
        builds.push((*object, path.clone(), source.clone(), built));
    }
    // A Kustomization that nothing applies (you apply it once by hand) does not make what it
    // applies less of an entry point.
    let applied_by_others: BTreeSet<At> =
        applied_by.into_iter().filter(|(by, _)| applied.contains(*by)).map(|(_, at)| at).collect();
    for (object, path, source, built) in builds {
        // Other kinds of sources have built artifacts, such as Flux's own manifests. Their paths
        // are not in this tree.
        let applies_itself = source.kind == "GitRepository" && built.iter().any(|rendered| rendered.at == object.at);
        if !applies_itself || applied_by_others.contains(&object.at) {
            continue;
        }
        let repository = built.iter().find(|rendered| rendered.kind == source.kind && rendered.name == source.name);
        let Some(repository) = repository.and_then(|repository| parsed.node(&repository.at)) else { continue };
        let branch = branch_of(repository);
        let url = repository.text_at(&["spec", "url"]).map(str::to_owned);
        let namespace = source.namespace.or_else(|| object.namespace.clone());
        found.push(EntryPoint {
            path,
            stated_at: object.at.clone(),
            source: SourceRef { namespace, ..source },
            branch,
            url,
            flux: None,
            kustomization: Some(object.at.clone()),
        });
    }
    found.sort_by(|a, b| (&a.path, &a.stated_at).cmp(&(&b.path, &b.stated_at)));
    found.dedup_by(|a, b| a.path == b.path && a.branch == b.branch);
    found
}

/// The source of the Kustomizations of an entry point that only the configuration names: the
/// GitRepository that all Kustomizations in its path have, or else the one that `flux bootstrap`
/// creates.
pub(super) fn source_of(path: &RepoPath, parsed: &ParsedTree<'_>, builder: &mut Builder<'_>) -> SourceRef {
    let system = || "flux-system".to_owned();
    let built = builder.flux_path(path);
    let kustomizations =
        built.iter().filter(|rendered| parsed.object(&rendered.at).is_some_and(Object::is_flux_kustomization));
    let mut named = kustomizations.filter_map(|rendered| {
        let (_, source) = path_and_source(parsed.node(&rendered.at)?)?;
        let namespace = source.namespace.clone().or_else(|| rendered.namespace.clone()).or_else(|| Some(system()));
        (source.kind == "GitRepository").then_some(SourceRef { namespace, ..source })
    });
    let first = named.next().filter(|first| named.all(|other| other == *first));
    let bootstrapped = || SourceRef { kind: "GitRepository".to_owned(), name: system(), namespace: Some(system()) };
    first.unwrap_or_else(bootstrapped)
}

/// The path and the source from which a Flux Kustomization builds.
fn path_and_source(root: Node<'_>) -> Option<(RepoPath, SourceRef)> {
    let path = path_of(root.text_at(&["spec", "path"]))?;
    Some((path, SourceRef::read(root.at(&["spec", "sourceRef"])?)?))
}
