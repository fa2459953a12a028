use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::row::Row;
use crate::flux::View;
use crate::output::json::{ClusterEntry, OutOfScopeEntry, SCHEMA, cluster_entries};
use crate::plan::{Migration, Phase, Plan, Promotion, Selection};

/// The clusters and the roadmap, as `list --format json` prints them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "The roadmap of flux-codemod")]
pub struct ListDocument {
    /// The version of this schema.
    schema: u32,
    /// The clusters, in the order of promotion.
    clusters: Vec<ClusterEntry>,
    /// The migrations, in the order of the roadmap.
    roadmap: Vec<RoadmapEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RoadmapEntry {
    id: String,
    version: u32,
    phase: Phase,
    summary: String,
    /// What there is to do in each lane; none if there is nothing.
    lanes: Vec<LaneEntry>,
    out_of_scope: OutOfScopeEntry,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LaneEntry {
    /// A cluster, several, `shared` for all, or `none`.
    lane: String,
    /// How many units are in each state.
    states: BTreeMap<String, usize>,
    /// Why units are held.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<String>,
    /// The branch that was read, if it is not this tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Why nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
}

/// The clusters and the roadmap as JSON.
pub fn list_as_json(
    view: &View,
    plan: &Plan,
    selection: &Selection<'_>,
    promotion: &Promotion,
    migrations: &[&dyn Migration],
) -> ListDocument {
    let all = view.graph().clusters.len();
    let roadmap = migrations.iter().map(|migration| {
        let meta = migration.meta();
        let units: Vec<_> = selection.states().filter(|(unit, _)| unit.id.migration == meta.id).collect();
        let left = plan.out_of_scope.get(meta.id).cloned().unwrap_or_default();
        RoadmapEntry {
            id: meta.id.to_owned(),
            version: meta.version,
            phase: meta.phase,
            summary: meta.summary.to_owned(),
            lanes: Row::all(&units, meta.id, promotion, all).into_iter().map(LaneEntry::from).collect(),
            out_of_scope: OutOfScopeEntry::from(left),
        }
    });
    ListDocument { schema: SCHEMA, clusters: cluster_entries(view), roadmap: roadmap.collect() }
}

impl From<Row> for LaneEntry {
    fn from(row: Row) -> LaneEntry {
        let states = row.states.into_iter().filter(|(_, number)| *number > 0);
        LaneEntry {
            lane: row.lane.trim_matches(['(', ')']).to_owned(),
            states: states.map(|(state, number)| (state.to_string(), number)).collect(),
            held: row.held,
            from: row.from,
            unknown: row.unknown,
        }
    }
}
