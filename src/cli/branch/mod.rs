//! `branch`: a commit for each batch, each on a separate branch.

mod left;
mod names;
pub(super) mod phase;
mod prepared;
mod target;

use std::rc::Rc;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::context::{Context, registry_of_commit, repository};
use super::judge::judge;
use super::next::journey;
use super::promotion::Branches;
use super::{Asked, Outcome, Proof, Start, hint, json, layout, print, print_text, progress};
use crate::git::Repository;
use crate::output::{NextCommand, Stack, branches_as_json, branches_as_text, commands_as_text};
use crate::plan::Judge;
pub(super) use prepared::{Prepared, others};
use prepared::{refuse_edited, refuse_shared_names};
use target::Target;

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
    /// With `--per phase`: one merge, although some of it must reach the cluster after the rest
    #[arg(long)]
    one_merge: bool,
    /// What to do with a branch that has commits of others
    #[arg(long, value_name = "HOW", default_value = "refuse")]
    on_edited: OnEdited,
    /// Only show which branches would be made, rebuilt or removed
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Do not sign commits, whatever git is configured to do
    #[arg(long)]
    no_sign: bool,
    /// The output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// What was done with each branch, and what comes next
    Text,
    /// JSON, described by docs/schema/branch-1.json
    Json,
}

impl BranchArgs {
    /// A branch for each batch.
    pub(super) fn of(asked: Asked, proof: Proof, no_sign: bool) -> BranchArgs {
        BranchArgs {
            asked,
            proof,
            per: Per::Batch,
            independent: false,
            one_merge: false,
            on_edited: OnEdited::Refuse,
            dry_run: false,
            no_sign,
            format: Format::Text,
        }
    }

    /// The same, but branches that have commits of others stay, with those that need them.
    pub(super) fn keeping_edited(self) -> BranchArgs {
        BranchArgs { on_edited: OnEdited::Skip, ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Per {
    /// One batch, as one commit
    Batch,
    /// One release, as one commit
    App,
    /// One phase of the roadmap, with a commit for each batch
    Phase,
}

impl Per {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
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

/// The bases, each with its plan.
pub(super) struct Planned {
    targets: Vec<Target>,
    contexts: Vec<Context>,
}

impl Planned {
    /// Plans the branches that the clusters follow; those of another plan, if there is one.
    pub(super) fn of(
        start: &Start,
        git: &Repository,
        asked: &Asked,
        known: Option<Planned>,
        judge: Option<&Rc<dyn Judge>>,
    ) -> anyhow::Result<Planned> {
        let branches = Branches::of(start, git, registry_of_commit(start, git, asked)?, asked);
        let targets = match known {
            // Its files need not be read again.
            Some(known) => {
                known.contexts.iter().for_each(|context| branches.read(&context.view));
                known.targets
            }
            None => target::targets(git, asked, &branches)?,
        };
        let context = |target: &Target| Context::of_commit(&target.base, &target.of(asked), &branches, judge.cloned());
        let contexts = targets.iter().map(context).collect::<anyhow::Result<_>>()?;
        Ok(Planned { targets, contexts })
    }

    /// What will be done with the branches of each base.
    pub(super) fn prepared<'c>(
        &'c self,
        git: &Repository,
        asked: &Asked,
        args: &BranchArgs,
    ) -> anyhow::Result<Vec<Prepared<'c>>> {
        let all = self.targets.iter().zip(&self.contexts);
        all.map(|(target, context)| Prepared::of(target, context, git, asked, args)).collect()
    }

    /// Whether a unit that is asked for is pending, held, or waits for another migration.
    pub(super) fn has_something(&self, asked: &Asked) -> anyhow::Result<bool> {
        for (target, context) in self.targets.iter().zip(&self.contexts) {
            let selection = context.select(&target.of(asked))?;
            let waits = selection.waiting.iter().any(|unit| unit.waits_for.is_some());
            if waits || !selection.chosen.is_empty() || !selection.held.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The body of the pull request of a batch.
    pub(super) fn body(&self, asked: &Asked, batch: &str) -> anyhow::Result<String> {
        for (target, context) in self.targets.iter().zip(&self.contexts) {
            let here = target.of(asked);
            let selection = context.select(&here)?;
            let batches = context.batches(&here, &selection)?;
            if batches.iter().any(|other| other.is_called(batch)) {
                let only = Asked { batch: vec![batch.to_owned()], ..here };
                return super::plan::markdown(context, &only, &batches);
            }
        }
        bail!("there is no batch {batch} any more; run `flux-codemod next` again")
    }
}

/// Makes, moves and removes branches, and shows what was done with them.
pub(super) fn make_shown(git: &Repository, prepared: &[Prepared<'_>], args: &BranchArgs) -> anyhow::Result<()> {
    print_text(&branches_as_text(&make(git, prepared, args)?, &layout()))
}

/// Makes, moves and removes branches.
fn make(git: &Repository, prepared: &[Prepared<'_>], args: &BranchArgs) -> anyhow::Result<Vec<Stack>> {
    refuse_edited(prepared, args.on_edited)?;
    refuse_shared_names(prepared)?;
    let mut stacks = Vec::new();
    for one in prepared {
        let Prepared { target, wanted, existing, gone, .. } = one;
        let written = match args.dry_run {
            true => git.would_write(&target.base, wanted, existing, gone)?,
            false => git.write(&target.base, wanted, existing, gone, !args.no_sign)?,
        };
        stacks.push(one.shown(&written));
    }
    Ok(stacks)
}

/// `branch`: makes a branch of each batch, on the branches that the clusters follow.
pub(super) fn run(start: &Start, args: &BranchArgs) -> anyhow::Result<Outcome> {
    let asked = Asked { one_app_each: args.per == Per::App, ..args.asked.resolved() };
    let git = repository(start)?;
    if args.one_merge && args.per != Per::Phase {
        bail!("--one-merge is for --per phase: with --per {}, each branch is a merge of its own", args.per.name());
    }
    if asked.migrations.is_empty() {
        bail!("name a migration to make branches of; `flux-codemod explain` lists them");
    }
    let judge = judge(start, &args.proof)?;
    let planned = Planned::of(start, &git, &asked, None, judge.as_ref())?;
    progress::doing("making the branches");
    // Everything that can fail before something is written fails here.
    let prepared = planned.prepared(&git, &asked, args)?;
    let stacks = make(&git, &prepared, args)?;
    let (about, next) =
        if args.dry_run { Default::default() } else { what_comes_next(&git, &prepared, args.per, &asked)? };
    match args.format {
        Format::Json => {
            let commands: Vec<String> = next.iter().map(|command| command.shown().to_owned()).collect();
            print(&json(&branches_as_json(&stacks, &commands, args.dry_run))?)?;
        }
        Format::Text => {
            print_text(&branches_as_text(&stacks, &layout()))?;
            if let Some(about) = about {
                print_text(&format!("\n{}\n", layout().fold("", &format!("next: {about}"))))?;
            }
            if !next.is_empty() {
                print_text(&format!("\n{}", commands_as_text(&next)))?;
            }
        }
    }
    let unchanged = stacks.iter().flat_map(|stack| &stack.branches).all(|branch| branch.outcome == "unchanged");
    if args.dry_run {
        hint("dry run: this is what would be done; no branch was changed");
    } else if unchanged {
        hint("nothing changed");
    }
    for one in &prepared {
        one.context.report_skipped(&one.selection);
    }
    Ok(Outcome::Clean)
}

/// What is to be done with the branches that were made: in a sentence, if they are a journey, and as
/// commands.
fn what_comes_next(
    git: &Repository,
    prepared: &[Prepared<'_>],
    per: Per,
    asked: &Asked,
) -> anyhow::Result<(Option<String>, Vec<NextCommand>)> {
    match per {
        Per::Batch => {
            let written = prepared.iter().map(|one| one.written(git, per)).collect::<anyhow::Result<Vec<_>>>()?;
            let journey = journey(git, &written, asked, asked)?;
            Ok(((!journey.next.is_empty()).then_some(journey.about), journey.next))
        }
        Per::App => Ok((None, Vec::new())),
        Per::Phase => {
            let made = prepared.iter().filter(|one| !one.wanted.is_empty());
            let commands = made.map(|one| phase::commands(git, one, asked)).collect::<anyhow::Result<Vec<_>>>()?;
            Ok((None, commands.concat()))
        }
    }
}
