//! The commands that bring a batch to review.

use crate::cli::branch::Prepared;
use crate::cli::{Asked, batch_called_now};
use crate::git::Repository;
use crate::output::{BatchRow, NextCommand, Place};
use crate::plan::{Lane, branches_of};
use crate::text::{arguments, shell};

/// The commands for the lowest batch that is not merged: the branches, the push, the pull request.
pub(crate) fn commands(git: &Repository, of: &Prepared<'_>, row: &BatchRow, asked: &Asked) -> Vec<NextCommand> {
    let mut all = Vec::new();
    if matches!(row.place, Place::NotMade | Place::Outdated) {
        all.push(NextCommand::Branch { shown: make_branches(of, asked) });
    }
    let remote = remote(git, of);
    let pushed = git.tip_at(&remote, &row.branch);
    let local = of.existing.iter().find(|branch| branch.name == row.branch);
    // Only what is edited here can be on what was pushed: all others are made again.
    let is_on_pushed = |tip| row.place == Place::Edited && local.is_some_and(|local| git.is_on(local.tip, tip));
    let again = pushed.is_some_and(|tip| !is_on_pushed(tip));
    let shown = push(&remote, &row.branch, again);
    all.push(NextCommand::Push { shown, remote: remote.clone(), branch: row.branch.clone(), again });
    // What is in the base has had its pull request.
    let is_open = pushed.is_some_and(|tip| !git.has_all_of(&of.target.base, tip));
    if !is_open && let Some(branch) = &of.target.base.branch {
        all.push(pull_request(git, of, &remote, branch, row, asked));
    }
    all
}

/// The remote that branches are pushed to.
pub(crate) fn remote(git: &Repository, of: &Prepared<'_>) -> String {
    git.remote_of(&of.target.base).unwrap_or_else(|| "origin".to_owned())
}

/// The push of a branch, as it is typed; `again` where the remote has other commits of it.
pub(crate) fn push(remote: &str, branch: &str, again: bool) -> String {
    let lease = if again { " --force-with-lease" } else { "" };
    format!("git push{lease} {}", arguments([remote, branch]))
}

/// A pull request whose body another command prints, as it is typed.
pub(crate) fn open(body: &str, base: &str, branch: &str, title: &str) -> String {
    let (base, branch, title) = (shell(base), shell(branch), shell(title));
    format!("{body} | gh pr create --base {base} --head {branch} \\\n  --title {title} --body-file -")
}

/// The commands after the merge of what is pushed.
pub(super) fn merge_first(of: &Prepared<'_>, row: &BatchRow, typed: &Asked) -> Vec<NextCommand> {
    let named = if typed.cluster.is_empty() { &[] } else { clusters(of, row) };
    let words = [vec!["flux-codemod".to_owned(), "next".to_owned()], typed.migrations.clone()].concat();
    let next = format!("{}{}", words.join(" "), typed.options(named));
    vec![NextCommand::Other { shown: "git fetch".to_owned() }, NextCommand::Other { shown: next }]
}

/// The commands that bring what a cluster has to the next one.
pub(super) fn merge_into(earlier: &Prepared<'_>, of: &Prepared<'_>) -> Vec<NextCommand> {
    let base = &of.target.base;
    let name = base.branch.as_ref().unwrap_or(&base.reference);
    // The local branch may be behind, and then what is merged there cannot be pushed.
    let is_remote = base.branch.as_ref().is_some_and(|branch| *branch != base.reference);
    let commands = [
        Some(format!("git checkout {}", arguments([&**name]))),
        is_remote.then(|| format!("git merge --ff-only {}", arguments([&*base.reference]))),
        Some(format!("git merge {}", arguments([&*earlier.target.base.reference]))),
        Some("git push".to_owned()),
    ];
    commands.into_iter().flatten().map(|shown| NextCommand::Other { shown }).collect()
}

fn make_branches(of: &Prepared<'_>, asked: &Asked) -> String {
    let base = asked.base.as_ref().map(|base| format!(" --base {}", shell(base))).unwrap_or_default();
    let edited = if of.has_edited() { " --on-edited skip" } else { "" };
    format!("flux-codemod branch {}{}{base}{edited}", asked.migrations.join(" "), asked.options(&of.target.clusters))
}

/// The clusters of a batch; none, if no cluster applies what it changes.
fn clusters<'p>(of: &'p Prepared<'_>, row: &BatchRow) -> &'p [String] {
    let is_of_none = row.branch.starts_with(&branches_of(&Lane::default(), ""));
    if is_of_none { &[] } else { &of.target.clusters }
}

/// The pull request of a batch, with a body that is made from the plan of its base.
fn pull_request(
    git: &Repository,
    of: &Prepared<'_>,
    remote: &str,
    base: &str,
    row: &BatchRow,
    asked: &Asked,
) -> NextCommand {
    let batch = &batch_called_now(row.branch.split_once('/').map_or(&*row.branch, |(_, batch)| batch));
    let options = asked.options(clusters(of, row));
    let body = format!(
        "flux-codemod plan {} --base {}{options} --batch {} \\\n  --format markdown",
        asked.migrations.join(" "),
        shell(&of.target.base.reference),
        shell(batch),
    );
    NextCommand::PullRequest {
        shown: open(&body, base, &row.branch, &row.subject),
        base: base.to_owned(),
        branch: row.branch.clone(),
        title: row.subject.clone(),
        batch: batch.to_owned(),
        link: git.compare_link(remote, base, &row.branch),
    }
}
