//! `branch`: a commit for each batch, each on a branch of its own.

mod names;
mod next;
mod prepared;
mod target;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::context::{Context, repository};
use super::judge::judge;
use super::{Asked, Outcome, Proof, Start, hint, layout, print};
use crate::output::branches_as_text;
use prepared::{Prepared, refuse_edited, refuse_shared_names};

#[derive(Debug, Args)]
pub(super) struct BranchArgs {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    proof: Proof,
    /// What a branch holds
    #[arg(long, value_name = "WHAT", default_value = "batch")]
    per: Per,
    /// Start every branch from the base itself, where that gives the same changes
    #[arg(long, conflicts_with = "per")]
    independent: bool,
    /// What to do with a branch that a person added to
    #[arg(long, value_name = "HOW", default_value = "refuse")]
    on_edited: OnEdited,
    /// Do not sign commits, whatever the configuration of git says
    #[arg(long)]
    no_sign: bool,
}

impl BranchArgs {
    /// What is asked for, a branch a batch, unsigned whatever git is told.
    pub(super) fn unsigned(asked: Asked) -> BranchArgs {
        BranchArgs {
            asked,
            proof: Proof::default(),
            per: Per::Batch,
            independent: false,
            on_edited: OnEdited::Refuse,
            no_sign: true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Per {
    /// A batch: one commit
    Batch,
    /// A release: one commit
    App,
    /// A phase of the roadmap: one commit for each batch
    Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnEdited {
    /// Stop, and move no branch
    Refuse,
    /// Leave it as it is, and what needs it; go on with the others
    Skip,
    /// Make it anew; the old commits stay in the reflog
    Replace,
}

/// `branch`: makes a branch of each batch, on the branches that clusters follow.
pub(super) fn run(start: &Start, args: &BranchArgs) -> anyhow::Result<Outcome> {
    let asked = args.asked.understood();
    if asked.migrations.is_empty() {
        let known: Vec<&str> = crate::migrations::all().iter().map(|migration| migration.meta().id).collect();
        bail!("name the migration to make branches of: {}", known.join(", "));
    }
    let judge = judge(start, &args.proof)?;
    let git = repository(start)?;
    let targets = target::targets(start, &git, &asked)?;
    let contexts: Vec<Context> = targets
        .iter()
        .map(|target| {
            let mut context = Context::of_commit(start, &git, &target.base, &asked.migrations, judge.clone())?;
            context.settings.batches.one_app_each |= args.per == Per::App;
            Ok(context)
        })
        .collect::<anyhow::Result<_>>()?;
    // All that can go wrong before something is written goes wrong here.
    let prepared: Vec<Prepared<'_>> = targets
        .iter()
        .zip(&contexts)
        .map(|(target, context)| Prepared::of(target, context, &git, &asked, args))
        .collect::<anyhow::Result<_>>()?;
    refuse_edited(&prepared, args.on_edited)?;
    refuse_shared_names(&prepared)?;

    let mut stacks = Vec::new();
    for one in &prepared {
        let written = git.write(&one.target.base, &one.wanted, &one.existing, &one.gone, !args.no_sign)?;
        stacks.push(one.shown(&written, &asked, args.per));
    }
    print(&branches_as_text(&stacks, &layout()))?;
    let unchanged = stacks.iter().flat_map(|stack| &stack.branches).all(|branch| branch.outcome == "unchanged");
    if unchanged {
        hint("nothing has changed");
    }
    for one in &prepared {
        one.context.tell_what_stays(&one.selection);
    }
    Ok(Outcome::pending_if(prepared.iter().any(Prepared::leaves_something)))
}
