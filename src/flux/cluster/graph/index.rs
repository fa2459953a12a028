//! What is looked up by name in a graph, again and again.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use super::Graph;
use crate::flux::cluster::by_id::{ClusterId, KustomizationId};
use crate::flux::cluster::flux_kustomization::FluxKustomization;
use crate::flux::cluster::reach::Reach;
use crate::flux::files::{At, Name};
use crate::repo::RepoPath;

/// A cluster, or the other one to which it applies something.
type Place = (ClusterId, Option<String>);

/// Cluster, kind, namespace and name.
type Key = (ClusterId, Name, Option<Name>, Name);

/// The indexes of a graph, each made when it is first asked for.
#[derive(Clone, Default)]
pub(super) struct Lookup {
    names: OnceLock<Index>,
    ways: OnceLock<Ways>,
}

impl fmt::Debug for Lookup {
    /// It says nothing that the graph does not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

/// Places by name.
#[derive(Clone, Default)]
struct Index {
    /// The Flux Kustomizations that name one in `dependsOn`, by where they are, namespace and name.
    dependents: HashMap<(Place, String, String), Vec<KustomizationId>>,
    /// The objects of Flux that a cluster applies, by place, each with the other cluster where it
    /// is, if any.
    flux: HashMap<Key, Vec<(Option<String>, At)>>,
    /// The Flux Kustomizations of all clusters, by place.
    kustomizations: HashMap<At, Vec<KustomizationId>>,
}

/// A reach: the place of its object, and which of that it is.
type OfObject = (At, usize);

/// Reaches by what they come through.
#[derive(Clone, Default)]
struct Ways {
    files: HashMap<RepoPath, Vec<OfObject>>,
    kustomizations: HashMap<At, Vec<OfObject>>,
}

impl Ways {
    fn of(graph: &Graph) -> Ways {
        let mut ways = Ways::default();
        for (at, reaches) in graph.reached() {
            for (number, reach) in reaches.iter().enumerate() {
                for file in &reach.through {
                    let all = ways.files.entry(file.clone()).or_default();
                    if all.last().is_none_or(|(last, of)| (last, *of) != (at, number)) {
                        all.push((at.clone(), number));
                    }
                }
                let kustomization = &graph.kustomizations[reach.kustomization].at;
                ways.kustomizations.entry(kustomization.clone()).or_default().push((at.clone(), number));
            }
        }
        ways
    }
}

impl Index {
    fn of(graph: &Graph) -> Index {
        let mut index = Index::default();
        for (id, one) in graph.kustomizations.entries() {
            index.kustomizations.entry(one.at.clone()).or_default().push(id);
            for (namespace, name) in &one.depends_on {
                let place = (one.cluster, one.lives_in.clone());
                let dependents = index.dependents.entry((place, namespace.clone(), name.clone())).or_default();
                if dependents.last() != Some(&id) {
                    dependents.push(id);
                }
            }
        }
        for (at, reaches) in graph.reached() {
            for reach in reaches.iter().filter(|reach| reach.api_version.contains(".fluxcd.")) {
                let name = (reach.cluster, reach.kind, reach.namespace, reach.name);
                let found = (graph.kustomizations[reach.kustomization].remote_cluster(), at.clone());
                let places = index.flux.entry(name).or_default();
                if places.last() != Some(&found) {
                    places.push(found);
                }
            }
        }
        index
    }
}

impl Graph {
    /// Where the objects of Flux are that a cluster applies under this name, to itself or to others, by
    /// place; usually it is one.
    pub fn flux_objects(
        &self,
        cluster: ClusterId,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> impl Iterator<Item = &At> {
        self.flux_found(cluster, kind, namespace, name).iter().map(|(_, at)| at)
    }

    /// The same for what is applied to one place: the cluster itself, or another one.
    pub fn flux_objects_in(
        &self,
        (cluster, remote): (ClusterId, Option<&str>),
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> impl Iterator<Item = &At> {
        let found = self.flux_found(cluster, kind, namespace, name).iter();
        found.filter(move |(other, _)| other.as_deref() == remote).map(|(_, at)| at)
    }

    fn flux_found(
        &self,
        cluster: ClusterId,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> &[(Option<String>, At)] {
        let name = (cluster, Name::of(kind), namespace.map(Name::of), Name::of(name));
        self.index().flux.get(&name).map_or(&[], Vec::as_slice)
    }

    /// The Flux Kustomizations that stand at a place, one for each cluster that applies it.
    pub fn kustomizations_at(&self, at: &At) -> impl Iterator<Item = &FluxKustomization> {
        self.index().kustomizations.get(at).into_iter().flatten().map(|id| &self.kustomizations[*id])
    }

    /// The Flux Kustomizations that name one in `dependsOn`.
    pub fn direct_dependents(&self, kustomization: KustomizationId) -> &[KustomizationId] {
        let one = &self.kustomizations[kustomization];
        let name = ((one.cluster, one.lives_in.clone()), one.namespace.clone(), one.name.clone());
        self.index().dependents.get(&name).map_or(&[], Vec::as_slice)
    }

    /// What clusters apply through a kustomization file, once for each reach, by place.
    pub fn reached_through(&self, file: &RepoPath) -> impl Iterator<Item = (&At, &Reach)> {
        self.each_of(self.ways().files.get(file))
    }

    /// What the Flux Kustomizations at a place apply, once for each reach, by place.
    pub fn reached_by(&self, kustomization: &At) -> impl Iterator<Item = (&At, &Reach)> {
        self.each_of(self.ways().kustomizations.get(kustomization))
    }

    fn each_of<'g>(&'g self, all: Option<&'g Vec<OfObject>>) -> impl Iterator<Item = (&'g At, &'g Reach)> {
        all.into_iter().flatten().map(|(at, number)| (at, &self.reaches(at)[*number]))
    }

    fn ways(&self) -> &Ways {
        self.index.ways.get_or_init(|| Ways::of(self))
    }

    fn index(&self) -> &Index {
        self.index.names.get_or_init(|| Index::of(self))
    }
}
