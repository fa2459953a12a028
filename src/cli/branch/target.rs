//! Where branches start.

use anyhow::{Context as _, bail};

use crate::cli::context::understood_commit;
use crate::cli::{Asked, Start, hint};
use crate::flux::Followed;
use crate::git::{Base, Repository};
use crate::plan::{self, There};

/// A commit that branches start from, and the clusters that they are for.
pub(super) struct Target {
    pub(super) base: Base,
    pub(super) clusters: Vec<String>,
}

/// Where branches start: from `--base`, else from the branch that each cluster follows.
pub(super) fn targets(start: &Start, git: &Repository, asked: &Asked) -> anyhow::Result<Vec<Target>> {
    let base = match &asked.base {
        Some(name) => git.base(name)?,
        None => git.head().context("name a commit to start from with --base")?,
    };
    let (settings, view) = understood_commit(start, git, &base)?;
    let names: Vec<String> = view.graph().clusters.iter().map(|cluster| cluster.name.clone()).collect();
    let there = There { clusters: &names, releases: &[], batches: &settings.batches };
    let by_cluster = Asked { cluster: asked.cluster.clone(), ..Asked::default() };
    by_cluster.selectors().select(&plan::Plan::default(), &there)?;
    let clusters = by_cluster.selectors().lanes(&names);
    if clusters.is_empty() {
        bail!("no cluster is found in {}, so there is nobody to make branches for", base.reference);
    }
    if asked.base.is_some() {
        return Ok(vec![Target { base, clusters }]);
    }
    let mut targets: Vec<Target> = Vec::new();
    for cluster in view.graph().clusters.iter().filter(|cluster| clusters.contains(&cluster.name)) {
        let name = &cluster.name;
        let own = match view.followed().and_then(|following| following.of(cluster)) {
            Some(Followed::Here(branch)) => {
                let own = git.followed(branch)?;
                tell_if_ahead(git, name, &own);
                own
            }
            Some(Followed::NotHere { remote }) => {
                let branch = cluster.branch.as_deref().unwrap_or_default();
                let remote = remote.as_deref().unwrap_or("origin");
                hint(&format!(
                    "warning: {name} is left out: it follows the branch {branch}, which is not here; \
                     `git fetch {remote} {branch}` gets it"
                ));
                continue;
            }
            None if base.branch.is_none() => bail!(
                "which branch {name} follows cannot be told, and HEAD is on none; name a commit to start from with --base"
            ),
            None => {
                hint(&format!(
                    "warning: which branch {name} follows cannot be told; {} is taken for it, which is checked out",
                    base.reference
                ));
                base.clone()
            }
        };
        match targets.iter_mut().find(|target| target.base == own) {
            Some(target) => target.clusters.push(name.clone()),
            None => targets.push(Target { base: own, clusters: vec![name.clone()] }),
        }
    }
    if targets.is_empty() {
        bail!("no branch that a cluster follows is here; fetch them, or name a commit to start from with --base");
    }
    Ok(targets)
}

/// Tells where a local branch is at another commit than what the cluster runs.
fn tell_if_ahead(git: &Repository, cluster: &str, runs: &Base) {
    let Some(branch) = runs.branch.as_deref().filter(|branch| *branch != runs.reference) else { return };
    let local = git.base(branch).ok().filter(|local| local.reference == branch && local.id != runs.id);
    if let Some(local) = local {
        hint(&format!(
            "note: {cluster} runs what {} says, so that is planned; your branch {branch} is at {}: push or pull, or name it with --base {branch}",
            runs.reference,
            local.id.short()
        ));
    }
}
