//! The gates of cuts and of what they leave: the route runs in the cluster, and external-dns reads it; then,
//! nothing is left that it could have been for.

use super::codes;
use super::find::Found;
use super::leftovers::{is_leftover, leftovers};
use super::placed::Placed;
use super::settings::GatewayRoutesSettings;
use super::units::{candidate_of, object_of};
use crate::plan::{ClusterTree, Finding, Gate, Subject, Unit};

/// Whether units that cut Ingresses, or come after, may be written, by the tree that a cluster applies.
pub(super) fn gates(units: &[&Unit], tree: &ClusterTree<'_>, settings: &GatewayRoutesSettings) -> Vec<Gate> {
    let waits = |message: String| Finding::note(codes::CUT_WAITS, format!("{}: {message}", tree.shown()));
    let view = match &tree.view {
        Ok(view) => view.whole(),
        Err(why) => return units.iter().map(|_| Gate::Unknown(waits(why.clone()))).collect(),
    };
    let found = Found::in_view(&view, settings);
    let leftovers = if units.iter().any(|unit| is_leftover(unit)) { leftovers(&found) } else { Vec::new() };
    let gate = |unit: &&Unit| {
        if is_leftover(unit) {
            return match leftovers.iter().any(|leftover| leftover.is_meant_by(unit)) {
                true => Gate::Open,
                false => Gate::Closed(Finding::note(
                    codes::LEFTOVER_WAITS,
                    format!("{}: it is still in use there", tree.shown()),
                )),
            };
        }
        // Routes run once their Gateway and grants are there, too.
        let at = match &unit.id.subject {
            Subject::Release { .. } => candidate_of(&found, unit)
                .filter(|candidate| {
                    candidate.has_routes() && candidate.verdict.as_ref().is_ok_and(Placed::needs_nothing)
                })
                .map(|candidate| &candidate.release.at),
            _ => object_of(&found, unit)
                .filter(|routable| routable.has_routes() && routable.verdict.as_ref().is_ok_and(Placed::needs_nothing))
                .map(|routable| &routable.object.at),
        };
        match at {
            None => Gate::Closed(waits("its route is not there yet".to_owned())),
            Some(at) if !found.dns_reads_routes(at) => {
                Gate::Closed(waits("external-dns does not read routes there yet".to_owned()))
            }
            Some(_) => Gate::Open,
        }
    };
    units.iter().map(gate).collect()
}
