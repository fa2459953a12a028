//! What is looked up by name in a graph, again and again.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use super::Graph;
use crate::flux::cluster::by_id::{ClusterId, KustomizationId};
use crate::flux::files::At;

/// Cluster, kind, namespace and name.
type Name = (ClusterId, String, Option<String>, String);

/// The index of a graph, made when it is first asked for.
#[derive(Clone, Default)]
pub(super) struct Lookup(OnceLock<Index>);

impl fmt::Debug for Lookup {
    /// It says nothing that the graph does not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

/// Places by name.
#[derive(Clone, Default)]
struct Index {
    /// The Flux Kustomizations that name one, by cluster, namespace and name, in `dependsOn`.
    dependents: HashMap<(ClusterId, String, String), Vec<KustomizationId>>,
    /// The objects of Flux that a cluster applies; of several with the same name, the first.
    flux: HashMap<Name, At>,
}

impl Index {
    fn of(graph: &Graph) -> Index {
        let mut index = Index::default();
        for (id, one) in graph.kustomizations.entries() {
            for (namespace, name) in &one.depends_on {
                let dependents = index.dependents.entry((one.cluster, namespace.clone(), name.clone())).or_default();
                if dependents.last() != Some(&id) {
                    dependents.push(id);
                }
            }
        }
        for (at, reaches) in graph.reached() {
            for reach in reaches.iter().filter(|reach| reach.api_version.contains(".fluxcd.")) {
                let name = (reach.cluster, reach.kind.clone(), reach.namespace.clone(), reach.name.clone());
                index.flux.entry(name).or_insert_with(|| at.clone());
            }
        }
        index
    }
}

impl Graph {
    /// Where an object of Flux is that a cluster applies under this name.
    pub fn flux_object(&self, cluster: ClusterId, kind: &str, namespace: Option<&str>, name: &str) -> Option<&At> {
        let name = (cluster, kind.to_owned(), namespace.map(str::to_owned), name.to_owned());
        self.index().flux.get(&name)
    }

    /// The Flux Kustomizations that name one in `dependsOn`.
    pub fn direct_dependents(&self, kustomization: KustomizationId) -> &[KustomizationId] {
        let one = &self.kustomizations[kustomization];
        let name = (one.cluster, one.namespace.clone(), one.name.clone());
        self.index().dependents.get(&name).map_or(&[], Vec::as_slice)
    }

    fn index(&self) -> &Index {
        self.index.0.get_or_init(|| Index::of(self))
    }
}
