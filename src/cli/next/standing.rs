//! Where each batch is: its branch here, the same branch at the remote, and the base.

use super::commands::{commands, merge_first, merge_into};
use crate::cli::Asked;
use crate::cli::branch::{Prepared, others};
use crate::flux::{Cluster, Followed, View};
use crate::git::{Base, CommitId, Existing, GitError, Landed, Repository, Whose};
use crate::output::{BatchRow, Journey, Place, StackRows};
use crate::plan::{BRANCHES, Batch};

/// Where the batches of each base are, and what comes next: the lowest batch of the first base
/// that has one. `typed` is what the user asked for, `asked` what of it is looked at.
///
/// # Errors
/// If refs or commits cannot be read.
pub(crate) fn journey(
    git: &Repository,
    prepared: &[Prepared<'_>],
    asked: &Asked,
    typed: &Asked,
) -> anyhow::Result<Journey> {
    let mut journey = Journey::default();
    for of in prepared {
        let base = &of.target.base;
        let remote = git.remote_of(base);
        let mut rows: Vec<BatchRow> = Vec::new();
        for branch in &of.gone {
            let branch = branch.name.clone();
            rows.push(BatchRow { place: Place::Merged, branch, subject: String::new(), others: None });
        }
        for wanted in &of.wanted {
            let local = of.existing.iter().find(|branch| branch.name == wanted.name);
            let pushed = remote.as_deref().and_then(|remote| git.tip_at(remote, &wanted.name));
            let (place, others) = place(git, &wanted.name, local, pushed, base)?;
            let subject = wanted.commits[0].message.lines().next().unwrap_or_default().to_owned();
            rows.push(BatchRow { place, branch: wanted.name.clone(), subject, others });
        }
        if journey.next.is_empty() {
            let first = rows.iter().find(|row| row.place != Place::Merged);
            let earlier = &prepared[..journey.stacks.len()];
            let before = earlier.iter().find(|other| is_to_merge_first(git, other, of));
            journey.next = match first {
                Some(_) if before.is_some() => before.map(|other| merge_into(other, of)).unwrap_or_default(),
                Some(row) if matches!(row.place, Place::Pushed | Place::EditedThere) => merge_first(of, row, typed),
                Some(row) => commands(git, of, row, asked),
                None => Vec::new(),
            };
            if let Some(row) = first {
                journey.about = before.map_or_else(|| about(row), |other| about_merge(git, other, of));
            }
        }
        journey.stacks.push(StackRows {
            clusters: of.target.clusters.clone(),
            from: base.reference.clone(),
            held: of.held(),
            others: of.others(),
            rows,
        });
    }
    Ok(journey)
}

/// Whether the branch of one cluster has to be merged into that of another first: it has changed
/// files, since the two parted, that the batches of the other would change as well.
fn is_to_merge_first(git: &Repository, earlier: &Prepared<'_>, of: &Prepared<'_>) -> bool {
    let (earlier, base) = (&earlier.target.base, &of.target.base);
    if git.is_on(base.id, earlier.id) {
        return false;
    }
    let changed = git.changed_since_parting(earlier, base);
    let changes = of.wanted.iter().flat_map(|wanted| &wanted.commits).flat_map(|commit| &commit.changes);
    changes.into_iter().any(|change| changed.contains(change.path.as_str()))
}

/// Where the branches of batches are, each on the branch that its cluster follows. `None` where that
/// is not known.
///
/// # Errors
/// If refs or commits cannot be read.
pub(crate) fn places(git: &Repository, view: &View, batches: &[Batch<'_>]) -> anyhow::Result<Vec<Option<Place>>> {
    let followed = |batch: &Batch<'_>| {
        let mut clusters = view.graph().clusters.iter();
        followed(git, view, clusters.find(|cluster| batch.lane.clusters.contains(&cluster.name))?)
    };
    // Most batches are of a few bases.
    let mut bases = ByBase::new();
    let mut places = Vec::new();
    for batch in batches {
        let Some(base) = followed(batch) else {
            places.push(None);
            continue;
        };
        let existing = of_base(&mut bases, &base, || git.branches(BRANCHES, &base))?;
        let name = batch.branch();
        let local = existing.iter().find(|branch| branch.name == name);
        let pushed = git.remote_of(&base).and_then(|remote| git.tip_at(&remote, &name));
        // The tree that is planned may be older than the branch that the cluster follows.
        let is_merged = local.map(|local| local.tip).or(pushed).is_some_and(|tip| git.has_all_of(&base, tip));
        places.push(Some(if is_merged { Place::Merged } else { place(git, &name, local, pushed, &base)?.0 }));
    }
    Ok(places)
}

/// What was merged into the branch that each cluster follows, in the order of the clusters. Nothing where the branch is
/// not known.
///
/// # Errors
/// If commits cannot be read.
pub(crate) fn merged(git: &Repository, view: &View) -> anyhow::Result<Vec<Vec<Landed>>> {
    // Several clusters may follow one branch.
    let mut bases = ByBase::new();
    let mut merged = Vec::new();
    for cluster in &view.graph().clusters {
        merged.push(match followed(git, view, cluster) {
            Some(base) => of_base(&mut bases, &base, || git.landed(&base))?.to_vec(),
            None => Vec::new(),
        });
    }
    Ok(merged)
}

/// What was read of each base.
type ByBase<T> = Vec<(Base, Vec<T>)>;

/// What there is of a base, read once.
fn of_base<'b, T>(
    bases: &'b mut ByBase<T>,
    base: &Base,
    read: impl FnOnce() -> Result<Vec<T>, GitError>,
) -> Result<&'b [T], GitError> {
    let known = bases.iter().position(|(known, _)| known == base);
    let at = match known {
        Some(at) => at,
        None => {
            bases.push((base.clone(), read()?));
            bases.len() - 1
        }
    };
    Ok(&bases[at].1)
}

/// The branch that a cluster follows, if it is in this repository.
fn followed(git: &Repository, view: &View, cluster: &Cluster) -> Option<Base> {
    let Some(Followed::Here(branch)) = view.followed()?.of(cluster) else { return None };
    git.followed(branch).ok()
}

/// Where a branch is, and which commits of others it has.
fn place(
    git: &Repository,
    name: &str,
    local: Option<&Existing>,
    pushed: Option<CommitId>,
    base: &Base,
) -> anyhow::Result<(Place, Option<String>)> {
    // What the base has cannot be lost, so it does not matter whose it is.
    let pushed_only = pushed.filter(|tip| !git.has_all_of(base, *tip));
    let is_here = |tip: CommitId| local.is_some_and(|local| local.tip != tip && git.is_on(local.tip, tip));
    if let Some(tip) = pushed_only.filter(|tip| !is_here(*tip)) {
        let whose = git.whose(name, tip, base)?;
        if whose != Whose::Ours {
            return Ok((Place::EditedThere, Some(others(&whose))));
        }
    }
    let Some(local) = local else {
        // Another clone has made it.
        let is_on_base = pushed_only.is_some_and(|tip| git.is_on(tip, base.id));
        return Ok((if is_on_base { Place::Pushed } else { Place::NotMade }, None));
    };
    if local.whose != Whose::Ours {
        return Ok((Place::Edited, Some(others(&local.whose))));
    }
    let place = match pushed {
        _ if !git.is_on(local.tip, base.id) => Place::Outdated,
        None => Place::Made,
        Some(tip) if tip == local.tip => Place::Pushed,
        Some(_) => Place::PushedBefore,
    };
    Ok((place, None))
}

/// What comes next, in a sentence.
fn about(row: &BatchRow) -> String {
    const MERGE: &str = "merge it, and wait until what it changed is Ready; then fetch, and ask again";
    let others = row.others.as_deref().unwrap_or("it has other commits");
    match row.place {
        Place::NotMade => "make the branches, push the first one, and open its pull request".to_owned(),
        Place::Outdated => {
            "the base has moved: make the branches again, push the first one, and open its pull request".to_owned()
        }
        Place::Made => "push it, and open its pull request".to_owned(),
        Place::PushedBefore => "it was made again since it was pushed: push it again".to_owned(),
        Place::Edited => format!(
            "somebody edited this branch ({others}): push it as it is, or have `flux-codemod branch` make it again \
             with `--on-edited replace`"
        ),
        Place::EditedThere => format!(
            "somebody edited this branch ({others}): have the pull request reviewed as it is, {MERGE}; if that is \
             done, remove the branch at the remote"
        ),
        Place::Pushed => format!("have the pull request reviewed, {MERGE}"),
        Place::Merged => String::new(),
    }
}

/// Why the branch of one cluster is to be merged into that of another, and where git will stop.
fn about_merge(git: &Repository, earlier: &Prepared<'_>, of: &Prepared<'_>) -> String {
    let (earlier, base) = (&earlier.target.base, &of.target.base);
    let files: Vec<String> = git.conflicts(earlier, base).into_iter().collect();
    let conflicts = match files.as_slice() {
        [] => String::new(),
        files => format!(" (git will stop at {}, which both changed: keep what each of them added)", files.join(", ")),
    };
    format!(
        "merge {} into {}, so that what both share is changed once{conflicts}; then push, and ask again",
        earlier.reference, base.reference
    )
}
