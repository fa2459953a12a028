//! Which cluster applies what: the clusters of a tree, their Flux Kustomizations, and the objects
//! of each.

mod dependents;
mod index;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::index::Lookup;
use self::walk::{ByName, Walk};
use super::Cluster;
use super::by_id::{ById, ClusterId, KustomizationId};
use super::entry_point::{EntryPoint, instance_spec};
use super::entry_points::{candidates, entry_points, only_given};
use super::flags::controller_flags;
use super::flux_kustomization::FluxKustomization;
use super::given::{self, Given, GivenCluster};
use super::reach::Reach;
use super::releases_roots::releases_roots;
use super::repositories::Repositories;
use crate::flux::files::{At, FluxVersion, Object, SourceRef};
use crate::flux::kustomize::{Artifact, Builders, ParsedTree, Unmodelled};
use crate::repo::RepoPath;
use crate::yaml::Node;

/// Which cluster applies what, by which Flux Kustomization, and as what.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The clusters, by name.
    pub clusters: ById<ClusterId, Cluster>,
    /// The Flux Kustomizations that a cluster applies, parents first.
    pub kustomizations: ById<KustomizationId, FluxKustomization>,
    /// What changes objects and is not modelled.
    pub unmodelled: BTreeSet<Unmodelled>,
    /// The kustomization files that a cluster builds.
    pub built: BTreeSet<RepoPath>,
    /// The same, for each artifact that they are built from.
    built_from: Vec<(Arc<Artifact>, BTreeSet<RepoPath>)>,
    reaches: BTreeMap<At, Vec<Reach>>,
    index: Lookup,
}

impl Graph {
    /// Who applies an object, and as what; empty if no cluster does.
    pub fn reaches(&self, at: &At) -> &[Reach] {
        self.reaches.get(at).map_or(&[], Vec::as_slice)
    }

    /// The names of the clusters that apply an object.
    pub fn clusters_of(&self, at: &At) -> BTreeSet<String> {
        self.reaches(at).iter().map(|reach| self.clusters[reach.cluster].name.clone()).collect()
    }

    /// All objects that a cluster applies.
    pub fn reached(&self) -> impl Iterator<Item = (&At, &[Reach])> {
        self.reaches.iter().map(|(at, reaches)| (at, reaches.as_slice()))
    }

    /// All objects that clusters apply, once for each reach.
    pub fn each_reach(&self) -> impl Iterator<Item = (&At, &Reach)> {
        self.reached().flat_map(|(at, reaches)| reaches.iter().map(move |reach| (at, reach)))
    }

    /// Reads the graph of a tree; `given` is what is known of it from elsewhere.
    pub(in crate::flux) fn of(parsed: &ParsedTree<'_>, given: &Given) -> Graph {
        let mut graph = Graph::default();
        let mut builders = Builders::new(parsed);
        let repositories = Repositories::of(parsed, builders.of_all());
        let by_name = ByName::of(parsed, &repositories);
        let candidates = candidates(parsed, builders.of_all());
        let found = entry_points(parsed, &mut builders, &candidates, &repositories, &given.urls);
        let builder = builders.of_all();
        let mut only_given =
            |given: &GivenCluster, path: &RepoPath| only_given(given, path, parsed, builder, &candidates);
        let mut named = given::named(found, &given.clusters, &mut only_given);
        for _ in 0..ROUNDS {
            graph = Graph::default();
            for (name, entry) in &named {
                graph.add_cluster(name.clone(), entry, parsed, &mut builders, &by_name);
            }
            if !graph.reads_instances_again(&mut named, parsed, &mut builders) {
                break;
            }
        }
        graph.put_in_order(&given.clusters);
        let applied = graph.kustomizations.iter();
        let builds = applied.map(|applied| (&applied.artifact, applied.path.as_ref(), applied.overlay()));
        graph.built_from = builders.files_built(builds);
        graph.built = graph.built_from.iter().flat_map(|(_, files)| files).cloned().collect();
        let is_built = |what: &Unmodelled| graph.built.contains(&what.path);
        graph.unmodelled = builders.unmodelled().into_iter().filter(is_built).collect();
        graph
    }

    /// Reads the FluxInstances again as their clusters apply them, and says whether that changes where
    /// any cluster begins. The clusters of the graph are in the order of the list.
    fn reads_instances_again(
        &self,
        named: &mut [(String, EntryPoint)],
        parsed: &ParsedTree<'_>,
        builders: &mut Builders<'_>,
    ) -> bool {
        let mut changes = false;
        for (cluster, (_, entry)) in self.clusters.ids().zip(named) {
            let Some(instance) = entry.instance.clone() else { continue };
            let Some(reach) = self.reaches(&instance.at).iter().find(|reach| reach.cluster == cluster) else {
                continue;
            };
            let applied = instance.applied_by(&self.kustomizations[reach.kustomization], parsed, builders);
            let Some(applied) = applied.filter(|applied| *applied != *instance) else { continue };
            let new = EntryPoint::of_instance(&applied, parsed.node(&applied.at));
            // What the configuration names stays as it is named.
            if let Some(new) = new.map(|new| new.found_in(parsed.tree)).filter(|new| parsed.tree.holds(&new.path)) {
                *entry = EntryPoint { branch: new.branch.or(entry.branch.take()), ..new };
                changes = true;
            }
        }
        changes
    }

    /// The artifacts that a kustomization file is built from.
    pub fn artifacts_of(&self, file: &RepoPath) -> impl Iterator<Item = &Artifact> {
        let all = self.built_from.iter().filter(|(_, files)| files.contains(file));
        all.map(|(artifact, _)| &**artifact)
    }

    /// The clusters that would not see a new file at a path.
    pub fn blind_to(&self, path: &RepoPath) -> impl Iterator<Item = &Cluster> {
        let of = |id: ClusterId| self.kustomizations.iter().filter(move |applied| applied.cluster == id);
        let is_seen = move |(id, cluster): &(ClusterId, &Cluster)| {
            cluster.artifact.holds(path) || of(*id).any(|applied| applied.artifact.holds(path))
        };
        self.clusters.entries().filter(move |cluster| !is_seen(cluster)).map(|(_, cluster)| cluster)
    }

    /// Puts the clusters into the order of promotion. The reaches of an object keep their order, so
    /// that no name depends on this.
    fn put_in_order(&mut self, given: &[GivenCluster]) {
        let mut order: Vec<ClusterId> = self.clusters.ids().collect();
        order.sort_by_key(|id| given::rank(&self.clusters[*id].name, given));
        self.clusters = order.iter().map(|id| self.clusters[*id].clone()).collect();
        let new_ids: BTreeMap<ClusterId, ClusterId> = order.into_iter().zip(self.clusters.ids()).collect();
        self.kustomizations.iter_mut().for_each(|applied| applied.cluster = new_ids[&applied.cluster]);
        self.reaches.values_mut().flatten().for_each(|reach| reach.cluster = new_ids[&reach.cluster]);
    }

    fn add_cluster<'v>(
        &mut self,
        name: String,
        entry: &EntryPoint,
        parsed: &ParsedTree<'v>,
        builders: &mut Builders<'v>,
        by_name: &ByName<'v>,
    ) {
        let in_tree = parsed.tree.holds(&entry.path);
        let is_stated = |source: &SourceRef| {
            parsed.objects().any(|object| object.is_source(&source.kind) && object.name == source.name)
        };
        let cluster = self.clusters.push(Cluster {
            name,
            path: entry.path.clone(),
            stated_at: entry.stated_at.clone(),
            in_tree,
            branch: entry.branch.clone(),
            flux: entry.flux,
            flux_here: entry.flux,
            source: entry.source.clone(),
            source_is_assumed: entry.url.is_none() && !is_stated(&entry.source),
            url: entry.url.clone(),
            artifact: Arc::new(entry.artifact.in_tree(&entry.top, parsed.tree, parsed.scan)),
            releases_roots: Vec::new(),
            controller_flags: Vec::new(),
        });
        let reached = Walk::through(self, cluster, entry, parsed, builders, by_name);
        if self.clusters[cluster].flux.is_none() {
            let texts = reached.iter().flat_map(|(at, reaches)| {
                reaches.iter().filter_map(|reach| Some((reach, parsed.node(at)?, parsed.text(&at.path)?)))
            });
            let stated = version_stated(&texts.collect::<Vec<_>>());
            (self.clusters[cluster].flux, self.clusters[cluster].flux_here) = (stated, stated);
        }
        let is_release = |at: &At| parsed.object(at).is_some_and(Object::is_helm_release);
        self.clusters[cluster].releases_roots = releases_roots(&self.kustomizations, &reached, &is_release);
        self.clusters[cluster].controller_flags = controller_flags(&self.kustomizations, cluster, &reached, parsed);
        for (at, reaches) in reached {
            self.reaches.entry(at).or_default().extend(reaches);
        }
    }
}

/// How often clusters are read at most because a FluxInstance arrives otherwise than it was read.
const ROUNDS: usize = 3;

/// What begins the line with the version in the header of `gotk-components.yaml`.
const HEADER: &str = "# Flux Version:";

/// Whether a text may state the version of Flux in its header.
pub(in crate::flux) fn states_version(text: &str) -> bool {
    text.contains(HEADER)
}

/// The version of Flux that applied objects state: a FluxInstance, the tag of Flux's own manifests, or the header
/// of `gotk-components.yaml`.
fn version_stated(reaches: &[(&Reach, Node<'_>, &str)]) -> Option<FluxVersion> {
    let manifests = |node: &Node<'_>| {
        let url = node.text_at(&["spec", "url"])?;
        let tag = node.text_at(&["spec", "ref", "tag"])?;
        FluxVersion::parse(tag).filter(|_| url.ends_with("/flux-manifests"))
    };
    let header = |text: &str| {
        let line = text.lines().take(10).find_map(|line| line.strip_prefix(HEADER))?;
        FluxVersion::parse(line)
    };
    // A FluxInstance without `sync` is no entry point, and takes over from the others.
    let instance = |node: &Node<'_>| FluxVersion::parse(instance_spec(*node)?.text_at(&["distribution", "version"])?);
    let is_instance = |(reach, node, _): &(&Reach, Node<'_>, &str)| {
        matches!(&*reach.kind, "FluxInstance" | "HelmRelease").then(|| instance(node)).flatten()
    };
    let stated = || reaches.iter().find_map(|(_, node, text)| manifests(node).or_else(|| header(text)));
    reaches.iter().find_map(is_instance).or_else(stated)
}
