//! The gates of routes, of cuts, and of what cuts leave, by what the branch of the cluster has: a route waits
//! for its policy, a cut for its route and for external-dns, and the rest until nothing needs it any more. What
//! is to be route and cut in one step waits for its Gateway, its grants, its policy and for external-dns.

use super::codes;
use super::find::Found;
use super::leftovers::is_leftover;
use super::placed::About;
use super::policy::POLICY;
use super::settings::GatewayRoutesSettings;
use super::units::{ROUTE, SWAP, candidate_of, object_of};
use crate::flux::At;
use crate::plan::{ClusterTree, Code, Finding, Gate, Subject, Unit};

/// Whether units may be written, by the tree that a cluster applies.
pub(super) fn gates(units: &[&Unit], tree: &ClusterTree<'_>, settings: &GatewayRoutesSettings) -> Vec<Gate> {
    let waits = |code: &'static Code, message: &str| Finding::note(code, format!("{}: {message}", tree.shown()));
    let view = match &tree.view {
        Ok(view) if tree.is_followed => view.whole(),
        unknown => {
            let why = unknown.as_ref().err().map_or("which branch the cluster follows is not known", String::as_str);
            // Routes that need no policy wait for nothing.
            let gate = |unit: &&Unit| match is_open(unit) {
                true => Gate::Open,
                false => Gate::Unknown(waits(code_of(unit), why)),
            };
            return units.iter().map(gate).collect();
        }
    };
    let found = Found::in_view(&view, settings);
    let gate = |unit: &&Unit| match missing(&found, unit) {
        Some(what) => Gate::Closed(waits(code_of(unit), what)),
        None => Gate::Open,
    };
    units.iter().map(gate).collect()
}

/// Whether a unit waits for no branch: a route without a policy that comes first.
fn is_open(unit: &Unit) -> bool {
    unit.id.step == ROUTE && !unit.needs.iter().any(|need| need.step == POLICY)
}

fn code_of(unit: &Unit) -> &'static Code {
    match unit.id.step {
        ROUTE => codes::POLICY_WAITS,
        _ if is_leftover(unit) => codes::LEFTOVER_WAITS,
        _ => codes::CUT_WAITS,
    }
}

/// What a tree does not have yet, and a unit needs.
fn missing(found: &Found<'_>, unit: &Unit) -> Option<&'static str> {
    if is_leftover(unit) {
        let is_there = found.leftovers().iter().any(|leftover| leftover.is_meant_by(unit));
        return (!is_there).then_some("it is still in use there");
    }
    let verdict = verdict(found, unit);
    if unit.id.step == ROUTE {
        // Its own plan has the policy to write.
        let lacks_it = !is_open(unit)
            || match verdict {
                Some((_, _, Ok(about))) => about.needs.iter().any(|need| need.step == POLICY),
                Some((_, _, Err(reasons))) => reasons.iter().any(is_about_locks),
                None => false,
            };
        return lacks_it.then_some("its policy is not there yet");
    }
    if unit.id.step == SWAP {
        return match verdict {
            Some((at, _, Ok(about))) if about.needs.is_empty() => {
                (!found.dns_reads_routes(at)).then_some("external-dns does not read routes there yet")
            }
            _ => Some("what its route needs is not there yet"),
        };
    }
    match verdict {
        // Routes run once their Gateway and grants are there, too.
        Some((at, true, Ok(about))) if about.needs.is_empty() => {
            (!found.dns_reads_routes(at)).then_some("external-dns does not read routes there yet")
        }
        _ => Some("its route is not there yet"),
    }
}

fn is_about_locks(reason: &Finding) -> bool {
    [codes::AUTH_LOST, codes::ACCESS_WIDER].iter().any(|code| reason.code.id == code.id)
}

/// What a tree has of the Ingress of a unit: where it stands, whether all of its routes are there, and what
/// there is to say about it.
type Verdict<'f> = (&'f At, bool, Result<&'f About, &'f [Finding]>);

fn verdict<'f>(found: &'f Found<'_>, unit: &Unit) -> Option<Verdict<'f>> {
    match &unit.id.subject {
        Subject::Release { .. } => {
            let candidate = candidate_of(found, unit)?;
            let verdict = candidate.verdict.as_ref().map(|placed| &placed.about).map_err(Vec::as_slice);
            Some((&candidate.release.at, candidate.has_routes(), verdict))
        }
        _ => {
            let routable = object_of(found, unit)?;
            let verdict = routable.verdict.as_ref().map(|placed| &placed.about).map_err(Vec::as_slice);
            Some((&routable.object.at, routable.has_routes(), verdict))
        }
    }
}
