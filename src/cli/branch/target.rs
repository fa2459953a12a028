//! Where branches start.

use anyhow::{Context as _, bail};

use crate::cli::context;
use crate::cli::promotion::Branches;
use crate::cli::{Asked, hint};
use crate::flux::Followed;
use crate::git::{Base, Repository, is_branch_name};
use crate::plan::{self, Known};
use crate::text::{arguments, shell};

/// A commit that branches start from, and the clusters that follow it.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) base: Base,
    pub(crate) clusters: Vec<String>,
    /// Whether what no cluster applies is changed there: once, where the work tree is, if possible.
    pub(super) unreached: bool,
}

impl Target {
    /// What was asked for, of the clusters that follow it.
    pub(super) fn of(&self, asked: &Asked) -> Asked {
        Asked { cluster: self.clusters.clone(), unreached: self.unreached, ..asked.clone() }
    }
}

/// Where branches start: from `--base`, else from the branch that each cluster follows.
pub(super) fn targets(git: &Repository, asked: &Asked, branches: &Branches<'_>) -> anyhow::Result<Vec<Target>> {
    let base = match &asked.base {
        Some(name) => git.base(name)?,
        None => git.head().context("name a commit to start from with --base")?,
    };
    let (settings, view) = branches.opened(&base)?;
    let names = context::clusters(&view);
    let known = Known { clusters: &names, releases: &[], batches: &settings.batches };
    let by_cluster = Asked { cluster: asked.cluster.clone(), ..Asked::default() };
    by_cluster.selectors().select(&plan::Plan::default(), &known)?;
    let clusters = by_cluster.selectors().lanes(&names);
    if clusters.is_empty() {
        bail!("no cluster is found in {}, so there is nothing to make branches for", base.reference);
    }
    if asked.base.is_some() {
        return Ok(vec![Target { base, clusters, unreached: asked.cluster.is_empty() }]);
    }
    let mut targets: Vec<Target> = Vec::new();
    for cluster in view.graph().clusters.iter().filter(|cluster| clusters.contains(&cluster.name)) {
        let name = &cluster.name;
        let followed = match view.followed().and_then(|following| following.of(cluster)) {
            Some(Followed::Here(branch)) => {
                let followed = git.followed(branch)?;
                report_if_apart(git, name, &followed);
                followed
            }
            Some(Followed::NotHere { remote }) => {
                let branch = cluster.branch.as_deref().unwrap_or_default();
                if !is_branch_name(branch) {
                    hint(&format!(
                        "warning: {name} is skipped: its GitRepository names a branch that git does not accept"
                    ));
                    continue;
                }
                let remote = remote.as_deref().unwrap_or("origin");
                hint(&format!(
                    "warning: {name} is skipped: it follows the branch {branch}, which is not in this repository; \
                     run `git fetch {}`",
                    arguments([remote, branch])
                ));
                continue;
            }
            None if base.branch.is_none() => bail!(
                "the branch that {name} follows is not known, and HEAD is detached; name a commit to start from with --base"
            ),
            None => {
                hint(&format!(
                    "warning: the branch that {name} follows is not known; the checked-out branch {} is used",
                    base.reference
                ));
                base.clone()
            }
        };
        match targets.iter_mut().find(|target| target.base == followed) {
            Some(target) => target.clusters.push(name.clone()),
            None => targets.push(Target { base: followed, clusters: vec![name.clone()], unreached: false }),
        }
    }
    if targets.is_empty() {
        bail!(
            "no branch that a cluster follows is in this repository; fetch them, or name a commit to start from with --base"
        );
    }
    let here = targets.iter().position(|target| target.base.branch == base.branch).unwrap_or(targets.len() - 1);
    targets[here].unreached = asked.cluster.is_empty();
    Ok(targets)
}

/// Reports a local branch at another commit than what the cluster runs.
fn report_if_apart(git: &Repository, cluster: &str, runs: &Base) {
    let Some(branch) = runs.branch.as_deref().filter(|branch| *branch != runs.reference) else { return };
    let local = git.base(branch).ok().filter(|local| local.reference == branch && local.id != runs.id);
    if let Some(local) = local {
        hint(&format!(
            "note: {cluster} runs {}, so that is planned; your local branch {branch} is at {}: push or pull it, or use it with --base {}",
            runs.reference,
            local.id.short(),
            shell(branch)
        ));
    }
}
