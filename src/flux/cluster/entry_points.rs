//! Where Flux starts in a repository (`docs/flux-and-kustomize.md#entry-points`).
//!
//! A cluster begins at the `sync.path` of a FluxInstance, or at a Flux Kustomization that applies
//! itself together with its GitRepository, unless another Kustomization that is applied applies it.
//! A Kustomization that builds from another repository is none, whatever its path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::artifacts::Artifacts;
use super::effective::effective;
use super::entry_point::{EntryPoint, Root, branch_of};
use super::flux_kustomization::{path_of, source_of};
use super::given::GivenCluster;
use super::instances::Instance;
use super::pushed::pushed;
use super::repositories::Repositories;
use super::this_repository::ThisRepository;
use crate::flux::files::{At, Object, SourceRef};
use crate::flux::kustomize::{Artifact, Builder, Builders, ParsedTree, Rendered};
use crate::flux::value::{Value, Variables};
use crate::repo::RepoPath;
use crate::yaml::Node;

/// A Flux Kustomization that a file states, with the path and the source that arrive in a cluster.
pub(super) struct Candidate<'v> {
    pub(super) object: &'v Object,
    pub(super) path: RepoPath,
    pub(super) source: SourceRef,
}

/// The Flux Kustomizations of a tree, by place.
pub(super) type Candidates<'v> = BTreeMap<&'v At, Candidate<'v>>;

/// The entry points of all clusters: those of FluxInstances, and each Flux Kustomization that
/// applies itself and its source and that no other applies. `urls` are the addresses of this
/// repository.
pub(super) fn entry_points(
    parsed: &ParsedTree<'_>,
    builders: &mut Builders<'_>,
    candidates: &Candidates<'_>,
    repositories: &Repositories,
    urls: &[String],
) -> Vec<EntryPoint> {
    let artifacts = Artifacts::of(parsed, repositories);
    let mut found: Vec<EntryPoint> = Vec::new();
    for instance in Instance::all(parsed, builders, candidates) {
        let entry = EntryPoint::of_instance(&instance, parsed.node(&instance.at));
        found.extend(entry.map(|entry| entry.found_in(parsed.tree)));
    }
    let of_instance = |entry: &EntryPoint| {
        let artifact = Arc::new(entry.artifact.in_tree(&entry.top, parsed.tree, parsed.scan));
        builders.of(&artifact).flux_path(&entry.path)
    };
    let of_instances: Vec<_> = found.iter().map(of_instance).collect();
    let of_candidate = |candidate: &Candidate<'_>| {
        let Candidate { object, path, source } = candidate;
        let namespace = source.namespace.clone().or_else(|| object.namespace.map(String::from));
        let artifact = artifacts.of_source(&SourceRef { namespace, ..source.clone() });
        builders.of(&artifact).flux_path(path)
    };
    let builds: Vec<_> = candidates.values().map(of_candidate).collect();
    let mut applied: BTreeSet<&At> =
        of_instances.iter().flat_map(|built| built.iter()).map(|built| &built.at).collect();
    let mut applied_from_git = applied.clone();
    let mut applied_by = Vec::new();
    // Many Kustomizations build the same path, such as the root, from the same source. What such a
    // path applies is looked up once.
    let mut known: BTreeMap<(&RepoPath, &SourceRef), Vec<&At>> = BTreeMap::new();
    for (candidate, built) in candidates.values().zip(&builds) {
        let Candidate { object, path, source } = candidate;
        if source.kind == "GitRepository" {
            applied_from_git.extend(built.iter().map(|rendered| &rendered.at));
        }
        // Only those of the same source count: a path in another one, such as `./` in Flux's own
        // manifests, is not in this tree. A copy of an entry point for bootstrapping, in another
        // place, is the same Kustomization.
        let known = known.entry((path, source)).or_insert_with(|| {
            applied.extend(built.iter().map(|rendered| &rendered.at));
            let ours = built.iter().filter(|rendered| rendered.kind == "Kustomization");
            let ours = ours.filter_map(|rendered| candidates.get_key_value(&rendered.at));
            ours.filter(|(_, other)| other.source.is_like(source)).map(|(at, _)| *at).collect()
        });
        let is_another = |at: &At| {
            let other = candidates[at].object;
            (&other.name, &other.namespace) != (&object.name, &object.namespace)
        };
        let others = known.iter().filter(|at| **at != &object.at && is_another(at));
        applied_by.extend(others.map(|at| (&object.at, *at)));
    }
    // A Kustomization that nothing applies (you apply it once by hand) does not make what it
    // applies less of an entry point.
    let applied_by_others: BTreeSet<&At> =
        applied_by.into_iter().filter(|(by, _)| applied.contains(by)).map(|(_, at)| at).collect();
    for (candidate, built) in candidates.values().zip(&builds) {
        let at = &candidate.object.at;
        // Other kinds of sources have built artifacts, such as Flux's own manifests: see `pushed`.
        let may_be_one = candidate.source.kind == "GitRepository" && !applied_by_others.contains(at);
        let applies_itself = may_be_one && built.iter().any(|rendered| rendered.at == *at);
        // `flux bootstrap` applies its file, whether or not the kustomization beside it lists that.
        let is_bootstrapped = || may_be_one && at.path.is_in(&candidate.path) && !applied.contains(at);
        if applies_itself || is_bootstrapped() {
            found.extend(candidate.entry_point(parsed, repositories, candidates, built));
        }
    }
    let pushed = pushed(parsed, builders.of_all(), candidates, repositories);
    found.extend(pushed.into_iter().filter(|entry| !applied_from_git.contains(&entry.stated_at)));
    let mut found = ThisRepository::of(parsed, repositories, candidates, urls).keep_own(found, builders.of_all());
    let identity =
        |entry: &EntryPoint| (entry.path.clone(), entry.branch.clone(), entry.url.as_ref().map(|_| entry.address()));
    found.sort_by(|a, b| (&a.path, &a.stated_at).cmp(&(&b.path, &b.stated_at)));
    found.dedup_by(|a, b| identity(a) == identity(b));
    found
}

/// Reads them.
pub(super) fn candidates<'v>(parsed: &ParsedTree<'v>, builder: &mut Builder<'_>) -> Candidates<'v> {
    let objects = parsed.objects().filter(|object| object.is_flux_kustomization());
    let mut read = |object: &'v Object| {
        let (path, source) = match patched(object, parsed, builder) {
            Some(value) => path_and_source(&value)?,
            None => stated(parsed.node(&object.at)?)?,
        };
        Some((&object.at, Candidate { object, path, source }))
    };
    objects.filter_map(&mut read).collect()
}

/// An object of Flux as the kustomization beside it makes it, if that patches it: the way to
/// customize what `flux bootstrap` writes.
pub(super) fn patched(object: &Object, parsed: &ParsedTree<'_>, builder: &mut Builder<'_>) -> Option<Value> {
    let dir = object.at.path.dir();
    parsed.kustomizations.get(&dir).filter(|beside| !beside.component && !beside.patches.is_empty())?;
    let built = builder.directory(&dir);
    let patches = &built.iter().find(|rendered| rendered.at == object.at)?.patches;
    patches.first()?;
    effective(parsed.node(&object.at)?, patches, None, &Variables::default())
}

impl Candidate<'_> {
    /// The entry point that it is, if its source is applied with it.
    pub(super) fn entry_point(
        &self,
        parsed: &ParsedTree<'_>,
        repositories: &Repositories,
        all: &Candidates<'_>,
        built: &[Rendered],
    ) -> Option<EntryPoint> {
        let Candidate { object, path, source } = self;
        let rendered = built.iter().find(|rendered| rendered.at == object.at);
        let with_it = built.iter().find(|other| other.kind == source.kind && other.name == source.name);
        let stated = SourceRef {
            namespace: source.namespace.clone().or_else(|| object.namespace.map(String::from)),
            ..source.clone()
        };
        let repository = match with_it {
            Some(repository) => {
                Some(effective(parsed.node(&repository.at)?, &repository.patches, None, &Variables::default())?)
            }
            // It stands beside what is applied by hand.
            None if rendered.is_none() => {
                let beside =
                    repositories.meant(&stated).find(|repository| repository.at.path.dir() == object.at.path.dir());
                Some((*beside?.object).clone())
            }
            // Something else makes the source of all: Terraform, or an operator.
            None => {
                let mut of_git = all.values().filter(|other| other.source.kind == "GitRepository");
                let is_of_all = of_git.all(|other| other.source.is_like(source));
                let is_unstated = repositories.meant(&stated).next().is_none();
                (is_of_all && is_unstated).then_some(())?;
                None
            }
        };
        Some(EntryPoint {
            path: path.clone(),
            stated_at: object.at.clone(),
            source: stated,
            top: RepoPath::root(),
            artifact: repository.as_ref().map(Artifact::of).unwrap_or_default(),
            branch: repository.as_ref().and_then(branch_of),
            url: repository.as_ref().and_then(|repository| Some(repository.text_at(&["spec", "url"])?.to_owned())),
            flux: None,
            root: Root::Stated(object.at.clone(), rendered.cloned().map(Arc::new)),
            instance: None,
        })
    }
}

/// What is known of an entry point that only the configuration names: its path in the tree, its
/// source, and the Flux Kustomization that builds the path, if there is one. The source is the one
/// that all Kustomizations in its path have, or else the one that `flux bootstrap` creates. That is
/// a GitRepository, unless the root of an artifact is given.
pub(super) fn only_given(
    given: &GivenCluster,
    path: &RepoPath,
    parsed: &ParsedTree<'_>,
    builder: &mut Builder<'_>,
    candidates: &Candidates<'_>,
) -> (RepoPath, SourceRef, Root) {
    let system = || "flux-system".to_owned();
    let path = given.below_root(path).filter(|below| parsed.tree.holds(below)).unwrap_or_else(|| path.clone());
    let in_tree = |path: &RepoPath| given.below_root(path).unwrap_or_else(|| path.clone());
    let built = builder.flux_path(&path);
    let kustomizations =
        built.iter().filter(|rendered| parsed.object(&rendered.at).is_some_and(Object::is_flux_kustomization));
    let mut named = kustomizations.filter_map(|rendered| {
        let (path, source) = stated(parsed.node(&rendered.at)?)?;
        let is_of_artifact = || given.root.is_some() && !path.as_str().is_empty() && parsed.tree.holds(&in_tree(&path));
        let namespace =
            source.namespace.clone().or_else(|| rendered.namespace.map(String::from)).or_else(|| Some(system()));
        (source.kind == "GitRepository" || is_of_artifact()).then_some(SourceRef { namespace, ..source })
    });
    let first = named.next().filter(|first| named.all(|other| other == *first));
    let bootstrapped = || SourceRef { kind: "GitRepository".to_owned(), name: system(), namespace: Some(system()) };
    let source = first.unwrap_or_else(bootstrapped);
    let of_path = candidates.values().filter(|one| in_tree(&one.path) == path && one.source.is_like(&source));
    let rendered = |one: &Candidate<'_>| built.iter().find(|rendered| rendered.at == one.object.at).cloned();
    let mut roots: Vec<_> = of_path.map(|one| (one.object.at.clone(), rendered(one).map(Arc::new))).collect();
    // One that applies itself comes before others that build the same path.
    roots.sort_by_key(|(_, rendered)| rendered.is_none());
    let root = roots.into_iter().next().map_or(Root::Unknown, |(at, rendered)| Root::Stated(at, rendered));
    (path, source, root)
}

/// The path and the source from which a Flux Kustomization builds.
fn path_and_source(object: &Value) -> Option<(RepoPath, SourceRef)> {
    let path = path_of(object.text_at(&["spec", "path"]))?;
    Some((path, source_of(object.at(&["spec", "sourceRef"])?)?))
}

/// The same, as a file states it.
fn stated(root: Node<'_>) -> Option<(RepoPath, SourceRef)> {
    let path = path_of(root.text_at(&["spec", "path"]))?;
    Some((path, SourceRef::read(root.at(&["spec", "sourceRef"])?)?))
}
