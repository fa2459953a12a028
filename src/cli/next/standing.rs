//! Where each batch is: its branch here, the same branch at the remote, and the base.

use super::commands::{commands, merge_first, merge_into};
use crate::cli::Asked;
use crate::cli::branch::Prepared;
use crate::git::{Existing, Repository, Whose};
use crate::output::{BatchRow, Journey, Place, StackRows};

/// Where the batches of each base are, and what comes next: the lowest batch of the first base
/// that has one.
///
/// # Errors
/// If refs or commits cannot be read.
pub(crate) fn journey(git: &Repository, prepared: &[Prepared<'_>], asked: &Asked) -> anyhow::Result<Journey> {
    let mut journey = Journey::default();
    for of in prepared {
        let base = &of.target.base;
        let remote = git.remote_of(base);
        let mut rows: Vec<BatchRow> = Vec::new();
        for branch in &of.gone {
            rows.push(BatchRow { place: Place::Merged, branch: branch.name.clone(), subject: String::new() });
        }
        for wanted in &of.wanted {
            let local = of.existing.iter().find(|branch| branch.name == wanted.name);
            let pushed = remote.as_deref().and_then(|remote| git.tip_at(remote, &wanted.name));
            let place = place(git, local, pushed, of);
            let subject = wanted.commits[0].message.lines().next().unwrap_or_default().to_owned();
            rows.push(BatchRow { place, branch: wanted.name.clone(), subject });
        }
        if journey.next.is_empty() {
            let first = rows.iter().find(|row| row.place != Place::Merged);
            let earlier = &prepared[..journey.stacks.len()];
            let before = earlier.iter().find(|other| is_to_merge_first(git, other, of));
            journey.next = match first {
                Some(_) if before.is_some() => before.map(|other| merge_into(other, of)).unwrap_or_default(),
                Some(row) if row.place == Place::Pushed => merge_first(of, row, asked),
                Some(row) => commands(git, of, row, asked),
                None => Vec::new(),
            };
            if let Some(row) = first {
                journey.about = match before {
                    Some(other) => format!(
                        "merge {} into {}, so that what both share is changed once; then push, fetch, and ask again",
                        other.target.base.reference, base.reference
                    ),
                    None => about(row).to_owned(),
                };
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

fn place(git: &Repository, local: Option<&Existing>, pushed: Option<crate::git::CommitId>, of: &Prepared<'_>) -> Place {
    let Some(local) = local else { return Place::NotMade };
    if local.whose != Whose::Ours {
        return Place::Edited;
    }
    if !git.is_on(local.tip, of.target.base.id) {
        return Place::Outdated;
    }
    match pushed {
        None => Place::Made,
        Some(tip) if tip == local.tip => Place::Pushed,
        Some(_) => Place::PushedBefore,
    }
}

/// What comes next, in a sentence.
fn about(row: &BatchRow) -> &'static str {
    match row.place {
        Place::NotMade => "make the branches, push the first one, and open its pull request",
        Place::Outdated => "the base has moved: make the branches again, push the first one, and open its pull request",
        Place::Made => "push it, and open its pull request",
        Place::PushedBefore => "it was made again since it was pushed: push it again",
        Place::Edited => "somebody edited this branch: merge it as it is, or make it again",
        Place::Pushed => {
            "have the pull request reviewed, merge it, and wait until what it changed is Ready; then fetch, and ask again"
        }
        Place::Merged => "",
    }
}
