//! Who applies what: clusters, their Flux Kustomizations and the releases of these, in three columns.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::text::escaped;
use crate::flux::{InCluster, View};
use crate::plan::{Batch, Unit};

/// The height of a line.
const LINE: usize = 20;
/// Where columns begin.
const COLUMNS: [usize; 3] = [10, 190, 560];
/// Where lines to the next column begin.
const ENDS: [usize; 2] = [130, 500];
/// The most letters that are drawn of a name.
const LETTERS: usize = 44;

#[derive(Serialize)]
pub(super) struct GraphView {
    width: usize,
    height: usize,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Serialize)]
struct Node {
    /// By which a batch lights it.
    key: String,
    class: &'static str,
    x: usize,
    y: usize,
    text: String,
    title: String,
    /// Whether a batch reaches it.
    touched: bool,
}

#[derive(Serialize)]
struct Edge {
    key: String,
    path: String,
}

/// A name that is one word in an attribute, and the same wherever it is made.
fn key(kind: &str, cluster: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/') { c } else { '_' };
    format!("{kind}:{cluster}:{name}").chars().map(|c| if c == ':' { c } else { plain(c) }).collect()
}

fn of_cluster(kind: &str, object: &InCluster) -> String {
    key(kind, &object.cluster, &object.name)
}

/// What a unit reaches, as keys.
pub(super) fn reached_by(unit: &Unit) -> impl Iterator<Item = String> + '_ {
    let kustomizations = unit.radius.kustomizations.iter().map(|object| of_cluster("k", object));
    let releases = unit.radius.releases.iter().map(|object| of_cluster("r", object));
    let clusters = unit.lane.clusters.iter().map(|cluster| key("c", cluster, ""));
    kustomizations.chain(releases).chain(clusters)
}

impl GraphView {
    pub(super) fn of(view: &View, batches: &[Batch<'_>]) -> GraphView {
        let touched: BTreeSet<String> =
            batches.iter().flat_map(|batch| &batch.units).flat_map(|unit| reached_by(unit)).collect();
        let graph = view.graph();
        let mut releases: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for release in view.releases() {
            for reach in graph.reaches(&release.at) {
                let name = format!("{}/{}", reach.namespace.as_deref().unwrap_or_default(), reach.name);
                releases.entry(reach.kustomization).or_default().insert(name.trim_start_matches('/').to_owned());
            }
        }
        let mut drawn = GraphView { width: 960, height: 0, nodes: Vec::new(), edges: Vec::new() };
        let mut row = 0;
        for (id, cluster) in graph.clusters.entries() {
            let top = row;
            let own = key("c", &cluster.name, "");
            let mut places = Vec::new();
            for (kustomization, applied) in graph.kustomizations.entries().filter(|(_, one)| one.cluster == id) {
                let (name, begin) = (applied.full_name(), row);
                let node = key("k", &cluster.name, &name);
                for release in releases.get(&kustomization).into_iter().flatten() {
                    let leaf = key("r", &cluster.name, release);
                    drawn.edge(&leaf, 1, begin, row);
                    drawn.node(leaf, "release", 2, row, release, &touched);
                    row += 1;
                }
                row = row.max(begin + 1);
                places.push((node.clone(), begin));
                drawn.node(node, "kustomization", 1, begin, &name, &touched);
            }
            places.iter().for_each(|(node, place)| drawn.edge(node, 0, top, *place));
            drawn.node(own, "cluster", 0, top, &cluster.name, &touched);
            row = row.max(top + 1) + 1;
        }
        drawn.height = row * LINE;
        drawn
    }

    fn node(
        &mut self,
        key: String,
        class: &'static str,
        column: usize,
        row: usize,
        name: &str,
        touched: &BTreeSet<String>,
    ) {
        let title = escaped(name);
        let is_long = title.chars().count() > LETTERS;
        let text =
            if is_long { format!("{}…", title.chars().take(LETTERS).collect::<String>()) } else { title.clone() };
        let touched = touched.contains(&key);
        self.nodes.push(Node { key, class, x: COLUMNS[column], y: row * LINE + LINE, text, title, touched });
    }

    /// From a column to the next one.
    fn edge(&mut self, key: &str, column: usize, from: usize, to: usize) {
        let (start, end) = (ENDS[column], COLUMNS[column + 1] - 6);
        let middle = usize::midpoint(start, end);
        let (from, to) = (from * LINE + LINE - 4, to * LINE + LINE - 4);
        let path = format!("M{start} {from} C{middle} {from} {middle} {to} {end} {to}");
        self.edges.push(Edge { key: key.to_owned(), path });
    }
}
