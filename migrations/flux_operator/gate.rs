//! The gates of stages: what the branch that a cluster follows has, and what those of earlier clusters
//! have.

use super::codes;
use super::find::{Found, Standing};
use super::settings::FluxOperatorSettings;
use super::starts::{SYNC, SYNC_GUARD, SYNC_OUT};
use super::units::{ALERT, GUARD, INSTANCE_STEP, OPERATOR_STEP};
use crate::flux::View;
use crate::plan::codes::GUARD_NOT_LIVE;
use crate::plan::{ClusterTree, Code, Finding, Gate, Unit};

/// Whether units may be written, by the tree that their cluster applies and those of the clusters
/// before it.
pub(super) fn gates(
    units: &[&Unit],
    tree: &ClusterTree<'_>,
    earlier: &[ClusterTree<'_>],
    settings: &FluxOperatorSettings,
) -> Vec<Gate> {
    let views: Vec<Result<View, String>> = earlier.iter().chain([tree]).map(proving).collect();
    let found: Vec<Result<Found<'_>, String>> = views
        .iter()
        .map(|view| view.as_ref().map(|view| Found::in_view(view, settings)).map_err(Clone::clone))
        .collect();
    let standing = |number: usize, tree: &ClusterTree<'_>| {
        let found = found[number].as_ref().map_err(Clone::clone)?;
        found.cluster(tree.name()).ok_or_else(|| "there is no such cluster in its tree".to_owned())
    };
    let gate = |unit: &&Unit| {
        let step = unit.id.step;
        for (number, tree) in earlier.iter().enumerate().filter(|_| settings.in_order) {
            let why = match standing(number, tree) {
                Ok(standing) if stage_is_there(standing, step) => continue,
                Ok(_) => "it does not have this stage yet".to_owned(),
                Err(why) => why,
            };
            return Gate::Closed(Finding::note(codes::EARLIER_FIRST, format!("{}: {why}", tree.shown())));
        }
        match standing(earlier.len(), tree).map(|standing| missing(standing, step)) {
            Ok(None) => Gate::Open,
            Ok(Some((code, what))) => Gate::Closed(Finding::note(code, format!("{}: {what}", tree.shown()))),
            // These two break nothing, wherever they land.
            Err(_) if matches!(step, GUARD | OPERATOR_STEP) => Gate::Open,
            Err(why) => {
                let code = match step {
                    INSTANCE_STEP | SYNC => GUARD_NOT_LIVE,
                    SYNC_OUT => codes::SYNC_NOT_LIVE,
                    _ => codes::INSTANCE_NOT_LIVE,
                };
                Gate::Unknown(Finding::note(code, format!("{}: {why}", tree.shown())))
            }
        }
    };
    units.iter().map(gate).collect()
}

/// A tree with all objects, or why it proves nothing.
fn proving(tree: &ClusterTree<'_>) -> Result<View, String> {
    if !tree.is_followed {
        return Err("which branch the cluster follows is not known, so nothing is proven".to_owned());
    }
    tree.view.as_ref().map(View::whole).map_err(Clone::clone)
}

/// What a stage waits for.
fn missing(standing: &Standing<'_>, step: &str) -> Option<(&'static Code, &'static str)> {
    let flux = standing.install.as_ref().and_then(|install| install.version);
    let guard = || (!standing.is_guarded()).then_some((GUARD_NOT_LIVE, "the guard is not there yet"));
    let operator = || {
        let what = "Flux Operator is not there yet, or is older than its Flux needs";
        (!standing.has_operator(flux)).then_some((codes::OPERATOR_NOT_LIVE, what))
    };
    let instance = || {
        let what = "the FluxInstance is not there yet, or is of an older Flux";
        (!standing.has_instance(flux)).then_some((codes::INSTANCE_NOT_LIVE, what))
    };
    let old_is_out = || {
        let what = "the old installation is still there";
        standing.install.is_some().then_some((codes::INSTANCE_NOT_LIVE, what))
    };
    let start_guard = || {
        let what = "the guard of what Flux starts with is not there yet";
        (!standing.is_start_guarded()).then_some((GUARD_NOT_LIVE, what))
    };
    let sync = || {
        let what = "the FluxInstance does not make what Flux starts with yet";
        (!standing.has_sync()).then_some((codes::SYNC_NOT_LIVE, what))
    };
    match step {
        GUARD | OPERATOR_STEP => None,
        SYNC_GUARD => old_is_out(),
        SYNC => old_is_out().or_else(instance).or_else(start_guard),
        SYNC_OUT => old_is_out().or_else(instance).or_else(start_guard).or_else(sync),
        INSTANCE_STEP => guard().or_else(operator),
        ALERT => instance(),
        _ => guard().or_else(operator).or_else(instance),
    }
}

/// Whether a tree has a stage, or no need of it.
fn stage_is_there(standing: &Standing<'_>, step: &str) -> bool {
    match step {
        SYNC_GUARD => return standing.is_start_guarded(),
        SYNC => return standing.has_sync(),
        SYNC_OUT => return standing.start.is_none(),
        _ => {}
    }
    let Some(install) = &standing.install else {
        // The old installation is gone, or there never was one here.
        return true;
    };
    match step {
        GUARD => standing.is_guarded(),
        OPERATOR_STEP => standing.has_operator(install.version),
        INSTANCE_STEP | ALERT => standing.has_instance(install.version),
        _ => false,
    }
}
