mod dependents;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use self::walk::{Lying, Walk};
use super::Cluster;
use super::entry_point::EntryPoint;
use super::entry_points::{entry_points, source_of};
use super::flags::controller_flags;
use super::flux_kustomization::FluxKustomization;
use super::given::{self, GivenCluster};
use super::reach::Reach;
use super::releases_roots::releases_roots;
use crate::flux::files::{At, FluxVersion, Object};
use crate::flux::kustomize::{Builder, ParsedTree, Unmodelled};
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
    pub(in crate::flux) fn of(parsed: &ParsedTree<'_>, given: &[GivenCluster]) -> Graph {
        let mut graph = Graph::default();
        let mut builder = Builder::new(parsed);
        let lying = Lying::around(parsed);
        let found = entry_points(parsed, &mut builder);
        for (name, entry) in given::named(found, given, &mut |path| source_of(path, parsed, &mut builder)) {
            graph.add_cluster(name, &entry, parsed, &mut builder, &lying);
        }
        graph.put_in_order(given);
        let built = builder.files_built(graph.kustomizations.iter().map(|own| (own.path.as_ref(), own.overlay())));
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
        parsed: &ParsedTree<'v>,
        builder: &mut Builder<'v>,
        lying: &Lying<'v>,
    ) {
        let number = self.clusters.len();
        let in_tree = parsed.tree.holds(&entry.path);
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
        let reached = Walk::through(self, number, entry, parsed, builder, lying);
        if self.clusters[number].flux.is_none() {
            let own = reached.iter().flat_map(|(at, reaches)| {
                reaches.iter().filter_map(|reach| Some((reach, parsed.node(at)?, parsed.text(&at.path)?)))
            });
            let stated = version_stated(&own.collect::<Vec<_>>());
            (self.clusters[number].flux, self.clusters[number].flux_here) = (stated, stated);
        }
        let is_release = |at: &At| parsed.object(at).is_some_and(Object::is_helm_release);
        self.clusters[number].releases_roots = releases_roots(&self.kustomizations, &reached, &is_release);
        self.clusters[number].controller_flags =
            controller_flags(&self.kustomizations[first..], number, &reached, parsed);
        for (at, reaches) in reached {
            self.reaches.entry(at).or_default().extend(reaches);
        }
    }
}

/// The version of Flux that reached objects state: the tag of Flux's own manifests, or the header of `gotk-components.yaml`.
fn version_stated(reaches: &[(&Reach, Node<'_>, &str)]) -> Option<FluxVersion> {
    let manifests = |node: &Node<'_>| {
        let url = node.text_at(&["spec", "url"])?;
        let tag = node.text_at(&["spec", "ref", "tag"])?;
        FluxVersion::parse(tag).filter(|_| url.ends_with("/flux-manifests"))
    };
    let header = |text: &str| {
        let line = text.lines().take(10).find_map(|line| line.strip_prefix("# Flux Version:"))?;
        FluxVersion::parse(line)
    };
    reaches.iter().find_map(|(_, node, text)| manifests(node).or_else(|| header(text)))
}
