use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::{Builder, Rendered, attach};
use super::cluster::{self, Cluster, EntryPoint};
use super::given::{self, GivenCluster};
use super::object::{At, Object};
use super::patch::Patch;
use super::source::SourceRef;
use super::substitute::substitute;
use super::view::Parts;
use crate::repo::RepoPath;
use crate::yaml::Node;

/// Who applies what: the clusters, their Flux Kustomizations, and what each of these reaches.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The clusters, by name.
    pub clusters: Vec<Cluster>,
    /// The Flux Kustomizations that a cluster applies, parents first.
    pub kustomizations: Vec<FluxKustomization>,
    /// What changes objects and is not modelled, where it was met.
    pub unmodelled: BTreeSet<Unmodelled>,
    reaches: BTreeMap<At, Vec<Reach>>,
}

/// A Flux Kustomization that a cluster applies.
#[derive(Clone, Debug)]
pub struct FluxKustomization {
    /// Where it stands; that of the FluxInstance for the one that an operator makes.
    pub at: At,
    /// The cluster, as an index into [`Graph::clusters`].
    pub cluster: usize,
    /// Its effective name.
    pub name: String,
    /// Its effective namespace.
    pub namespace: String,
    /// `spec.path`, if it builds from this repository and the path lies in it.
    pub path: Option<RepoPath>,
    /// `spec.targetNamespace`.
    pub target_namespace: Option<String>,
    /// `spec.wait`.
    pub wait: bool,
    /// Who applies it; `None` for the entry point.
    pub parent: Option<usize>,
}

/// That a cluster applies an object, and as what.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The cluster, as an index into [`Graph::clusters`].
    pub cluster: usize,
    /// The Flux Kustomization, as an index into [`Graph::kustomizations`].
    pub kustomization: usize,
    /// The effective namespace; `None` for objects that have none, or where nothing gives them one.
    pub namespace: Option<String>,
    /// The effective name.
    pub name: String,
    /// The kustomization files that it came through, the outermost first.
    pub through: Vec<RepoPath>,
    /// The patches on its way that may change it, of Kustomize and of Flux.
    pub patches: Vec<Arc<Patch>>,
}

/// Something that changes objects and is not modelled: a remote resource, a transformer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmodelled {
    /// The file.
    pub path: RepoPath,
    /// The line, from 1.
    pub line: usize,
    /// The field or the address.
    pub what: String,
}

impl Graph {
    /// Who applies an object, and as what. Empty for what no cluster reaches.
    pub fn reaches(&self, at: &At) -> &[Reach] {
        self.reaches.get(at).map_or(&[], Vec::as_slice)
    }

    /// The names of the clusters that apply an object.
    pub fn clusters_of(&self, at: &At) -> BTreeSet<String> {
        self.reaches(at).iter().map(|reach| self.clusters[reach.cluster].name.clone()).collect()
    }

    /// All objects that are reached.
    pub fn reached(&self) -> impl Iterator<Item = (&At, &[Reach])> {
        self.reaches.iter().map(|(at, reaches)| (at, reaches.as_slice()))
    }

    /// Reads who applies what.
    pub(super) fn of(parts: &Parts<'_>) -> Graph {
        let mut graph = Graph::default();
        let mut builder = Builder::new(parts.tree, parts.files, parts.kustomizations);
        let found = entry_points(parts, &mut builder);
        for (name, entry) in given::named(found, parts.given, &mut |path| source_of(path, parts, &mut builder)) {
            graph.add_cluster(name, entry, parts, &mut builder);
        }
        graph.put_in_order(parts.given);
        graph.unmodelled = builder.unmodelled;
        graph
    }

    /// Puts the clusters into the order of promotion. What is reached stays in the order in which it was: no name depends on this.
    fn put_in_order(&mut self, given: &[GivenCluster]) {
        let mut order: Vec<usize> = (0..self.clusters.len()).collect();
        order.sort_by_key(|number| given::rank(&self.clusters[*number].name, given));
        let place = |number: usize| order.iter().position(|own| *own == number).expect("every cluster has a place");
        self.clusters = order.iter().map(|number| self.clusters[*number].clone()).collect();
        self.kustomizations.iter_mut().for_each(|own| own.cluster = place(own.cluster));
        self.reaches.values_mut().flatten().for_each(|reach| reach.cluster = place(reach.cluster));
    }

    fn add_cluster<'v>(&mut self, name: String, entry: EntryPoint, parts: &Parts<'v>, builder: &mut Builder<'v>) {
        let cluster = self.clusters.len();
        let in_tree = parts.files.keys().any(|file| file.is_in(&entry.path));
        self.clusters.push(Cluster {
            name,
            path: entry.path.clone(),
            stated_at: entry.stated_at.clone(),
            in_tree,
            branch: entry.branch.clone(),
            flux: entry.flux,
            source: entry.source.clone(),
        });
        let mut walk = Walk { graph: self, parts, builder, cluster, seen: BTreeSet::new() };
        match entry.kustomization.as_ref().and_then(|at| Some((at, parts.node(at)?))) {
            Some((at, node)) => walk.kustomization(at, node, None, &BTreeMap::new(), None, &[]),
            None => walk.made_by_operator(&entry),
        }
        if self.clusters[cluster].flux.is_none() {
            let own = self.reaches.iter().flat_map(|(at, reaches)| {
                let own = reaches.iter().filter(|reach| reach.cluster == cluster);
                own.filter_map(|reach| Some((reach, parts.node(at)?, parts.text(&at.path)?)))
            });
            self.clusters[cluster].flux = cluster::version_stated(&own.collect::<Vec<_>>());
        }
    }
}

/// The entry points of all clusters: what a FluxInstance syncs, and each Kustomization that applies itself, together with the source
/// that it builds from, and that no other applies.
fn entry_points(parts: &Parts<'_>, builder: &mut Builder<'_>) -> Vec<EntryPoint> {
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
    for (object, (path, source)) in kustomizations.values() {
        let built = builder.flux_path(path);
        // A path in another source (Flux's own manifests, at `./`) is no path of this tree, and a copy of an entry point that lies
        // somewhere else, for bootstrapping, is the same Kustomization.
        let is_another = |at: &At| {
            kustomizations.get(at).is_some_and(|(other, (_, from))| {
                from.is_like(source) && (&other.name, &other.namespace) != (&object.name, &object.namespace)
            })
        };
        let others = built.iter().filter(|rendered| rendered.at != object.at && is_another(&rendered.at));
        applied_by_others.extend(others.map(|rendered| rendered.at.clone()));
        builds.push((*object, path.clone(), source.clone(), built));
    }
    for (object, path, source, built) in builds {
        // Other kinds hold built artifacts, such as Flux's own manifests: their paths are none of this tree.
        let applies_itself = source.kind == "GitRepository" && built.iter().any(|rendered| rendered.at == object.at);
        let repository = built.iter().find(|rendered| rendered.kind == source.kind && rendered.name == source.name);
        let (true, false, Some(repository)) = (applies_itself, applied_by_others.contains(&object.at), repository)
        else {
            continue;
        };
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

/// What the Kustomizations of a given entry point build from: the GitRepository that all of those name which the path builds, else the one
/// that Flux makes when it is bootstrapped.
fn source_of(path: &RepoPath, parts: &Parts<'_>, builder: &mut Builder<'_>) -> SourceRef {
    let system = || "flux-system".to_owned();
    let built = builder.flux_path(path);
    let kustomizations =
        built.iter().filter(|rendered| parts.object(&rendered.at).is_some_and(Object::is_flux_kustomization));
    let mut named = kustomizations.filter_map(|rendered| {
        let (_, source) = path_and_source(parts.node(&rendered.at)?)?;
        let namespace = source.namespace.clone().or_else(|| rendered.namespace.clone()).or_else(|| Some(system()));
        (source.kind == "GitRepository").then_some(SourceRef { namespace, ..source })
    });
    let first = named.next().filter(|first| named.all(|other| other == *first));
    let bootstrapped = || SourceRef { kind: "GitRepository".to_owned(), name: system(), namespace: Some(system()) };
    first.unwrap_or_else(bootstrapped)
}

/// Where a Flux Kustomization builds from.
fn path_and_source(root: Node<'_>) -> Option<(RepoPath, SourceRef)> {
    let path = RepoPath::root().join(root.text_at(&["spec", "path"]).unwrap_or("./"))?;
    Some((path, SourceRef::read(root.at(&["spec", "sourceRef"])?)?))
}

/// The walk through one cluster, from its entry point down.
struct Walk<'g, 'v, 'b> {
    graph: &'g mut Graph,
    parts: &'b Parts<'v>,
    builder: &'b mut Builder<'v>,
    cluster: usize,
    seen: BTreeSet<(String, String)>,
}

impl Walk<'_, '_, '_> {
    /// The Kustomization that flux-operator makes for a FluxInstance's `sync`.
    fn made_by_operator(&mut self, entry: &EntryPoint) {
        let number = self.graph.kustomizations.len();
        self.graph.kustomizations.push(FluxKustomization {
            at: entry.stated_at.clone(),
            cluster: self.cluster,
            name: entry.source.name.clone(),
            namespace: "flux-system".to_owned(),
            path: Some(entry.path.clone()),
            target_namespace: None,
            wait: false,
            parent: None,
        });
        let objects = self.builder.flux_path(&entry.path).to_vec();
        self.reach(number, objects, &BTreeMap::new());
    }

    /// A Flux Kustomization, with what its parent's build made of it: name, namespace, variables, patches.
    fn kustomization(
        &mut self,
        at: &At,
        root: Node<'_>,
        rendered: Option<&Rendered>,
        variables: &BTreeMap<String, String>,
        parent: Option<usize>,
        nested: &[Patch],
    ) {
        let text = |path: &[&str]| root.text_at(path).map(|text| substitute(text, variables));
        let own = |field: &str| text(&["metadata", field]).unwrap_or_default();
        let name = rendered.map_or_else(|| own("name"), |rendered| substitute(&rendered.name, variables));
        let namespace = rendered.and_then(|rendered| rendered.namespace.clone()).unwrap_or_else(|| own("namespace"));
        if !self.seen.insert((namespace.clone(), name.clone())) {
            return;
        }
        let source = root.at(&["spec", "sourceRef"]).and_then(SourceRef::read);
        let builds_from_here = source.is_some_and(|source| self.is_own(&source, &namespace));
        let path = text(&["spec", "path"]).unwrap_or_else(|| "./".into());
        let path = RepoPath::root().join(&path).filter(|_| builds_from_here);
        let number = self.graph.kustomizations.len();
        self.graph.kustomizations.push(FluxKustomization {
            at: at.clone(),
            cluster: self.cluster,
            name,
            namespace,
            path: path.clone(),
            target_namespace: text(&["spec", "targetNamespace"]),
            wait: root.at(&["spec", "wait"]).is_some_and(Node::is_true),
            parent,
        });
        let Some(path) = path else { return };
        let mut objects = self.builder.flux_path(&path).to_vec();
        for component in root.at(&["spec", "components"]).into_iter().flat_map(Node::items) {
            if let Some(dir) = component.value().and_then(|relative| path.join(relative)) {
                self.builder.component(&dir, &mut objects, &at.path);
            }
        }
        let target_namespace = text(&["spec", "targetNamespace"]);
        for object in &mut objects {
            object.put_into(target_namespace.as_deref());
        }
        let own_patches = Patch::listed_in(&at.path, root.at(&["spec", "patches"]), &|_| None);
        attach(own_patches.iter().chain(nested), &mut objects);
        let substitutes = root.at(&["spec", "postBuild", "substitute"]).into_iter().flat_map(Node::entries);
        let variables =
            substitutes.filter_map(|(key, value)| Some((key.text()?.to_owned(), value.text()?.to_owned()))).collect();
        self.reach(number, objects, &variables);
    }

    /// Notes what a Kustomization applies, and goes on into the Kustomizations among it.
    fn reach(&mut self, number: usize, objects: Vec<Rendered>, variables: &BTreeMap<String, String>) {
        let parts = self.parts;
        for object in &objects {
            let reach = Reach {
                cluster: self.cluster,
                kustomization: number,
                namespace: object.namespace.as_deref().map(|namespace| substitute(namespace, variables)),
                name: substitute(&object.name, variables),
                through: object.through.clone(),
                patches: object.patches.clone(),
            };
            self.graph.reaches.entry(object.at.clone()).or_default().push(reach);
        }
        for object in objects.iter().filter(|object| object.kind == "Kustomization") {
            let is_flux = parts.object(&object.at).is_some_and(Object::is_flux_kustomization);
            let Some(root) = parts.node(&object.at).filter(|_| is_flux) else { continue };
            let nested: Vec<Patch> = object.patches.iter().flat_map(|patch| patch.nested()).collect();
            self.kustomization(&object.at, root, Some(object), variables, Some(number), &nested);
        }
    }

    /// Whether a Kustomization builds from the repository at hand, and not from another source.
    fn is_own(&self, source: &SourceRef, namespace: &str) -> bool {
        let own = &self.graph.clusters[self.cluster].source;
        let of = source.namespace.as_deref().unwrap_or(namespace);
        own.kind == source.kind && own.name == source.name && own.namespace.as_deref().is_none_or(|own| own == of)
    }
}
