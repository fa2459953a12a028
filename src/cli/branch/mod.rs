//! `branch`: a commit for each batch, each on a separate branch.

mod names;
mod next;
mod prepared;
mod target;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::context::{Context, repository};
use super::judge::judge;
use super::{Asked, Outcome, Proof, Start, hint, layout, print_text, progress};
use crate::output::branches_as_text;
use prepared::{Prepared, refuse_edited, refuse_shared_names};

#[derive(Debug, Args)]
pub(super) struct BranchArgs {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    proof: Proof,
    /// What each branch contains
    #[arg(long, value_name = "WHAT", default_value = "batch")]
    per: Per,
    /// Start every branch from the base instead of stacking them, if the changes are the same
    #[arg(long, conflicts_with = "per")]
    independent: bool,
    /// What to do with a branch that has commits of others
    #[arg(long, value_name = "HOW", default_value = "refuse")]
    on_edited: OnEdited,
    /// Only show which branches would be made, rebuilt or removed
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Do not sign commits, whatever git is configured to do
    #[arg(long)]
    no_sign: bool,
}

impl BranchArgs {
    /// A branch for each batch, with commits that are not signed.
    pub(super) fn unsigned(asked: Asked) -> BranchArgs {
        BranchArgs {
            asked,
            proof: Proof::default(),
            per: Per::Batch,
            independent: false,
            on_edited: OnEdited::Refuse,
            dry_run: false,
            no_sign: true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Per {
    /// One batch, as one commit
    Batch,
    /// One release, as one commit
    App,
    /// One phase of the roadmap, with a commit for each batch
    Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnEdited {
    /// Stop before any branch is changed
    Refuse,
    /// Keep it and the branches that need it as they are, and continue with the others
    Skip,
    /// Make it again; the old commits stay in the reflog
    Replace,
}

/// `branch`: makes a branch of each batch, on the branches that the clusters follow.
pub(super) fn run(start: &Start, args: &BranchArgs) -> anyhow::Result<Outcome> {
    let asked = Asked { one_app_each: args.per == Per::App, ..args.asked.resolved() };
    let git = repository(start)?;
    if asked.migrations.is_empty() {
        bail!("name a migration to make branches of; `flux-codemod explain` lists them");
    }
    let judge = judge(start, &args.proof)?;
    let targets = target::targets(start, &git, &asked)?;
    let contexts: Vec<Context> = targets
        .iter()
        .map(|target| Context::of_commit(start, &git, &target.base, &target.of(&asked), judge.clone()))
        .collect::<anyhow::Result<_>>()?;
    progress::doing("making the branches");
    // Everything that can fail before something is written fails here.
    let prepared: Vec<Prepared<'_>> = targets
        .iter()
        .zip(&contexts)
        .map(|(target, context)| Prepared::of(target, context, &git, &asked, args))
        .collect::<anyhow::Result<_>>()?;
    refuse_edited(&prepared, args.on_edited)?;
    refuse_shared_names(&prepared)?;

    let mut stacks = Vec::new();
    for one in &prepared {
        let Prepared { target, wanted, existing, gone, .. } = one;
        let written = match args.dry_run {
            true => git.would_write(&target.base, wanted, existing, gone)?,
            false => git.write(&target.base, wanted, existing, gone, !args.no_sign)?,
        };
        let mut stack = one.shown(&written, &asked, args.per);
        if args.dry_run {
            // There is nothing to push.
            stack.branches.iter_mut().for_each(|branch| branch.next.clear());
        }
        stacks.push(stack);
    }
    print_text(&branches_as_text(&stacks, &layout()))?;
    let unchanged = stacks.iter().flat_map(|stack| &stack.branches).all(|branch| branch.outcome == "unchanged");
    if args.dry_run {
        hint("dry run: this is what would be done; no branch was changed");
    } else if unchanged {
        hint("nothing changed");
    }
    for one in &prepared {
        one.context.report_skipped(&one.selection);
    }
    Ok(Outcome::pending_if(prepared.iter().any(Prepared::leaves_something)))
}
