//! Refuses to write what its cluster would never read: it follows another branch than the one checked
//! out.

use std::collections::BTreeSet;

use anyhow::bail;

use crate::cli::Asked;
use crate::cli::context::Context;
use crate::flux::{Cluster, Followed};
use crate::plan::{Selection, Unit};
use crate::text::{arguments, shell};

/// Refuses if a cluster that is asked for follows another branch, or if a unit changes only clusters
/// that do.
pub(super) fn refuse(context: &Context, asked: &Asked, selection: &Selection<'_>) -> anyhow::Result<()> {
    let Some(following) = context.view.followed() else { return Ok(()) };
    let clusters: Vec<&Cluster> = context.view.graph().clusters.iter().collect();
    let away = following.not_reading(&clusters);
    let is_away = |name: &str| away.iter().any(|cluster| cluster.name == name);
    let concerned: BTreeSet<&str> = if asked.cluster.is_empty() {
        let is_lost = |unit: &&Unit| unit.lane.clusters.iter().all(|name| is_away(name));
        let lost = selection.chosen.iter().copied().filter(is_lost);
        lost.flat_map(|unit| &unit.lane.clusters).map(String::as_str).collect()
    } else {
        asked.cluster.iter().map(String::as_str).filter(|name| is_away(name)).collect()
    };
    let Some(first) = away.iter().find(|cluster| concerned.contains(&*cluster.name)) else { return Ok(()) };

    let names: Vec<&str> = away.iter().map(|cluster| &*cluster.name).filter(|name| concerned.contains(name)).collect();
    let branch = first.branch.as_deref().unwrap_or_default();
    let is_same = |cluster: &&&Cluster| concerned.contains(&*cluster.name) && cluster.branch != first.branch;
    let follow = match (names.len(), away.iter().any(|cluster| is_same(&cluster))) {
        (1, _) => format!("{} follows the branch {branch}", names[0]),
        (_, false) => format!("{} follow the branch {branch}", names.join(" and ")),
        (_, true) => format!("{} follow other branches", names.join(" and ")),
    };
    let here = match &following.checkout.branch {
        Some(branch) => format!("{branch} is checked out"),
        None => "a commit without a branch is checked out".to_owned(),
    };
    let migrations = if asked.migrations.is_empty() { "MIGRATION".to_owned() } else { asked.migrations.join(" ") };
    let reference = match following.of(first) {
        Some(Followed::Here(there)) => there.reference.as_str(),
        _ => branch,
    };
    let readers: Vec<&str> = clusters.iter().map(|cluster| &*cluster.name).filter(|name| !is_away(name)).collect();
    let others = if readers.is_empty() || !asked.cluster.is_empty() {
        String::new()
    } else {
        format!("; `--cluster {}` writes only what is read here", shell(&readers.join(",")))
    };
    bail!(
        "{follow}, but {here}, so what is written here would not reach {}; `flux-codemod branch {migrations} --cluster {}` commits \
         to branches that start from there, and `flux-codemod diff {migrations} --base {}` shows the same{others}; --here writes \
         it here all the same",
        if names.len() == 1 { "it" } else { "them" },
        shell(&names.join(",")),
        arguments([reference]),
    )
}
