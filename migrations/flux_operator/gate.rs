//! The gates of stages: what the branch that a cluster follows has, and what those of earlier clusters
//! have.

use super::codes;
use super::find::{Found, Standing};
use super::settings::FluxOperatorSettings;
use super::units::{ALERT, GUARD, INSTANCE_STEP, OPERATOR_STEP};
use crate::flux::View;
use crate::plan::{ClusterTree, Code, Finding, Gate, Unit};

/// Whether units may be written, by the tree that their cluster applies and those of the clusters
/// before it.
pub(super) fn gates(
    units: &[&Unit],
    tree: &ClusterTree<'_>,
    earlier: &[ClusterTree<'_>],
    settings: &FluxOperatorSettings,
) -> Vec<Gate> {
    let own = Tree::of(tree);
    let before: Vec<(&ClusterTree<'_>, Tree)> = earlier.iter().map(|tree| (tree, Tree::of(tree))).collect();
    let gate = |unit: &&Unit| {
        let step = unit.id.step;
        if settings.in_order {
            for (tree, earlier) in &before {
                let has = earlier.with(tree, settings, |standing| stage_is_there(standing, step));
                let why = match has {
                    Ok(true) => continue,
                    Ok(false) => format!("{} does not have this stage yet", tree.shown()),
                    Err(why) => format!("{}: {why}", tree.shown()),
                };
                return Gate::Closed(Finding::note(codes::EARLIER_FIRST, why));
            }
        }
        let missing = own.with(tree, settings, |standing| missing(standing, step));
        match missing {
            Ok(None) => Gate::Open,
            Ok(Some((code, what))) => Gate::Closed(Finding::note(code, format!("{}: {what}", tree.shown()))),
            Err(why) if matches!(step, GUARD | OPERATOR_STEP) => {
                let _ = why;
                Gate::Open
            }
            Err(why) => {
                let code = if step == INSTANCE_STEP { codes::GUARD_NOT_LIVE } else { codes::INSTANCE_NOT_LIVE };
                Gate::Unknown(Finding::note(code, format!("{}: {why}", tree.shown())))
            }
        }
    };
    units.iter().map(gate).collect()
}

/// A tree that a cluster applies, with all objects, or why it proves nothing.
struct Tree(Result<View, String>);

impl Tree {
    fn of(tree: &ClusterTree<'_>) -> Tree {
        if !tree.is_followed {
            return Tree(Err("which branch the cluster follows is not known, so nothing is proven".to_owned()));
        }
        Tree(tree.view.as_ref().map(View::whole).map_err(Clone::clone))
    }

    /// Asks how far the cluster is in its own tree.
    fn with<T>(
        &self,
        tree: &ClusterTree<'_>,
        settings: &FluxOperatorSettings,
        ask: impl FnOnce(&Standing<'_>) -> T,
    ) -> Result<T, String> {
        let view = self.0.as_ref().map_err(Clone::clone)?;
        let found = Found::in_view(view, settings);
        let standing = found.cluster(tree.name()).ok_or("there is no such cluster in its tree")?;
        Ok(ask(standing))
    }
}

/// What a stage waits for.
fn missing(standing: &Standing<'_>, step: &str) -> Option<(&'static Code, &'static str)> {
    let flux = standing.install.as_ref().and_then(|install| install.version);
    let guard = || (!standing.is_guarded()).then_some((codes::GUARD_NOT_LIVE, "the guard is not there yet"));
    let operator = || {
        let what = "Flux Operator is not there yet, or is older than its Flux needs";
        (!standing.has_operator(flux)).then_some((codes::OPERATOR_NOT_LIVE, what))
    };
    let instance = || {
        let what = "the FluxInstance is not there yet, or is of an older Flux";
        (!standing.has_instance(flux)).then_some((codes::INSTANCE_NOT_LIVE, what))
    };
    match step {
        GUARD | OPERATOR_STEP => None,
        INSTANCE_STEP => guard().or_else(operator),
        ALERT => instance(),
        _ => guard().or_else(operator).or_else(instance),
    }
}

/// Whether a tree has a stage, or no need of it.
fn stage_is_there(standing: &Standing<'_>, step: &str) -> bool {
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
