mod walk;

use std::collections::{BTreeMap, BTreeSet};

use self::walk::{Lying, Walk};
use super::entry_points::{entry_points, source_of};
use super::flags::controller_flags;
use super::flux_kustomization::FluxKustomization;
use super::given::{self, GivenCluster};
use super::releases_roots::releases_roots;
use super::{Cluster, EntryPoint, version_stated};
use crate::flux::files::{At, Object};
use crate::flux::kustomize::{Builder, Parts, Patches, Unmodelled};
use crate::repo::RepoPath;

/// Who applies what: the clusters, their Flux Kustomizations, and what each of these reaches.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The clusters, by name.
    pub clusters: Vec<Cluster>,
    /// The Flux Kustomizations that a cluster applies, parents first.
    pub kustomizations: Vec<FluxKustomization>,
    /// What changes objects and is not modelled, where it was met.
    pub unmodelled: BTreeSet<Unmodelled>,
    pub(in crate::flux) reaches: BTreeMap<At, Vec<Reach>>,
}

/// That a cluster applies an object, and as what.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The cluster, as an index into [`Graph::clusters`].
    pub cluster: usize,
    /// The Flux Kustomization, as an index into [`Graph::kustomizations`].
    pub kustomization: usize,
    /// Its `apiVersion`.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// The effective namespace; `None` for objects that have none, or where nothing gives them one.
    pub namespace: Option<String>,
    /// The effective name; that of what a generator makes without the hash, which [`View::build`](crate::flux::View::build) puts behind it.
    pub name: String,
    /// The kustomization files that it came through, the outermost first.
    pub through: Vec<RepoPath>,
    /// The patches on its way that change it, of Kustomize and of Flux; for HelmReleases and Flux Kustomizations.
    pub patches: Patches,
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
    pub(in crate::flux) fn of(parts: &Parts<'_>) -> Graph {
        let mut graph = Graph::default();
        let mut builder = Builder::new(parts);
        let lying = Lying::around(parts);
        let found = entry_points(parts, &mut builder);
        for (name, entry) in given::named(found, parts.given, &mut |path| source_of(path, parts, &mut builder)) {
            graph.add_cluster(name, &entry, parts, &mut builder, &lying);
        }
        graph.put_in_order(parts.given);
        let built = builder.files_built(&graph.kustomizations);
        graph.unmodelled = builder.unmodelled.into_iter().filter(|own| built.contains(&own.path)).collect();
        graph
    }

    /// Puts the clusters into the order of promotion. What is reached stays in the order in which it was: no name depends on this.
    fn put_in_order(&mut self, given: &[GivenCluster]) {
        let mut order: Vec<usize> = (0..self.clusters.len()).collect();
        order.sort_by_key(|number| given::rank(&self.clusters[*number].name, given));
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, number)| places[*number] = place);
        self.clusters = order.iter().map(|number| self.clusters[*number].clone()).collect();
        self.kustomizations.iter_mut().for_each(|own| own.cluster = places[own.cluster]);
        self.reaches.values_mut().flatten().for_each(|reach| reach.cluster = places[reach.cluster]);
    }

    fn add_cluster<'v>(
        &mut self,
        name: String,
        entry: &EntryPoint,
        parts: &Parts<'v>,
        builder: &mut Builder<'v>,
        lying: &Lying<'v>,
    ) {
        let number = self.clusters.len();
        let in_tree = parts.tree.holds(&entry.path);
        self.clusters.push(Cluster {
            name,
            path: entry.path.clone(),
            stated_at: entry.stated_at.clone(),
            in_tree,
            branch: entry.branch.clone(),
            flux: entry.flux,
            flux_here: entry.flux,
            source: entry.source.clone(),
            url: entry.url.clone(),
            releases_roots: Vec::new(),
            controller_flags: Vec::new(),
        });
        let first = self.kustomizations.len();
        let reached = Walk::through(self, number, entry, parts, builder, lying);
        if self.clusters[number].flux.is_none() {
            let own = reached.iter().flat_map(|(at, reaches)| {
                reaches.iter().filter_map(|reach| Some((reach, parts.node(at)?, parts.text(&at.path)?)))
            });
            let stated = version_stated(&own.collect::<Vec<_>>());
            (self.clusters[number].flux, self.clusters[number].flux_here) = (stated, stated);
        }
        let is_release = |at: &At| parts.object(at).is_some_and(Object::is_helm_release);
        self.clusters[number].releases_roots = releases_roots(&self.kustomizations, &reached, &is_release);
        self.clusters[number].controller_flags =
            controller_flags(&self.kustomizations[first..], number, &reached, parts);
        for (at, reaches) in reached {
            self.reaches.entry(at).or_default().extend(reaches);
        }
    }
}
