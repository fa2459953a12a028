//! `apply`: writes the selected units to the work tree, after asking.

mod editor;
mod elsewhere;
mod pick;
mod staging;
mod summary;

use std::collections::BTreeSet;

use anyhow::bail;
use clap::Args;

use super::ask::{Asking, Choice};
use super::context::{Context, Place};
use super::judge::judge;
use super::{Asked, Outcome, Proof, Start, command_line, diff, hint, print_text};
use crate::output::stat;
use crate::plan::{Class, Impact, Selection, Unit, UnitId};
use crate::repo::FileChange;
use pick::Picked;

#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    proof: Proof,
    /// Write without asking; needed without a terminal, unless a migration is named
    #[arg(short, long, conflicts_with = "interactive")]
    yes: bool,
    /// Show each unit, and ask whether to write it
    #[arg(short, long)]
    interactive: bool,
    /// Only show which files would be written
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Also write to files that have uncommitted changes
    #[arg(long)]
    allow_dirty: bool,
    /// Also write what only clusters read that follow another branch than the one checked out
    #[arg(long)]
    here: bool,
}

/// `apply`: writes the selected units and prints which files changed.
pub(super) fn run(start: &Start, args: &ApplyArgs) -> anyhow::Result<Outcome> {
    let asked = args.asked.resolved();
    if asked.base.is_some() {
        bail!("apply writes to the work tree, so it cannot use --base; `flux-codemod branch --base` plans on a commit");
    }
    let wants_answers = args.interactive || !args.yes && !args.dry_run;
    let mut asking = if wants_answers { Asking::on_terminal() } else { None };
    if args.interactive && asking.is_none() {
        bail!(
            "--interactive asks about each unit, which needs a terminal; without one, use --release, --path or --batch to \
             select what is written"
        );
    }
    if wants_answers && asking.is_none() && asked.migrations.is_empty() {
        bail!(
            "without a terminal, apply cannot ask whether to write all migrations; name those that you want, such as \
             `flux-codemod apply {}`, or use --yes",
            crate::migrations::all().first().map_or("MIGRATION", |migration| migration.meta().id)
        );
    }
    let (place, context) = Context::of_work_tree(start, &asked, judge(start, &args.proof)?)?;
    let selection = context.select(&asked)?;
    if !args.here {
        elsewhere::refuse(&context, &asked, &selection)?;
    }
    let (_, changes) = context.land(&selection)?;
    if changes.is_empty() {
        hint("nothing to write");
        context.report_skipped(&selection);
        return Ok(Outcome::Clean);
    }
    if !args.allow_dirty {
        refuse_dirty(&place, &changes)?;
    }
    let all = Picked { units: selection.chosen.clone(), changes };
    let picked = match &mut asking {
        None => Some(all),
        Some(asking) if args.interactive => pick::pick(asking, &context, &selection)?,
        Some(asking) => decide(asking, &context, &selection, all)?,
    };
    // The answer must not be taken for one to another program's question.
    drop(asking);
    let Some(Picked { units, changes }) = picked else {
        hint("nothing was written");
        return Ok(Outcome::Clean);
    };
    let written = Selection { chosen: units, ..selection.clone() };
    if args.dry_run {
        print_text(&sorted_stat(&changes))?;
        hint("dry run: nothing was written");
    } else {
        write(start, &place, &written, &changes)?;
    }
    context.report_skipped(&selection);
    Ok(Outcome::Clean)
}

/// Refuses to write to files that have uncommitted changes: git could not bring these back.
fn refuse_dirty(place: &Place, changes: &[FileChange]) -> anyhow::Result<()> {
    let Some(git) = &place.git else { return Ok(()) };
    let mut dirty: Vec<_> =
        changes.iter().filter(|change| git.is_modified(&change.path)).map(|change| change.path.to_string()).collect();
    dirty.sort_unstable();
    match dirty.as_slice() {
        [] => Ok(()),
        [one] => bail!(
            "{one} has uncommitted changes and would be written to, so nothing was written; commit or stash them first, or use \
             --allow-dirty"
        ),
        several => bail!(
            "{} files have uncommitted changes and would be written to, so nothing was written; commit or stash them first, or \
             use --allow-dirty: {}",
            several.len(),
            several.join(", ")
        ),
    }
}

/// Asks whether to write everything. `None` if not.
fn decide<'p>(
    asking: &mut Asking<'_>,
    context: &Context,
    selection: &Selection<'p>,
    all: Picked<'p>,
) -> anyhow::Result<Option<Picked<'p>>> {
    const CHOICES: [Choice; 4] = [
        Choice::new('y', "yes", "write all of it"),
        Choice::new('n', "no", "write nothing"),
        Choice::new('d', "diff", "show the diff, then ask again"),
        Choice::new('i', "interactive", "show each unit, and ask whether to write it"),
    ];
    summary::lines(&all).iter().try_for_each(|line| asking.say(line))?;
    let files = if all.changes.len() == 1 { "1 file".to_owned() } else { format!("{} files", all.changes.len()) };
    loop {
        match asking.choose(&format!("Write {files}? [y/N/d(iff)/i(nteractive)]"), &CHOICES, Some('n'))? {
            Some('y') => return Ok(Some(all)),
            Some('d') => asking.show(&diff::styled(&sorted(&all.changes), true))?,
            Some('i') => return pick::pick(asking, context, selection),
            _ => return Ok(None),
        }
    }
}

fn sorted(changes: &[FileChange]) -> Vec<FileChange> {
    let mut sorted = changes.to_vec();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    sorted
}

fn sorted_stat(changes: &[FileChange]) -> String {
    stat(&sorted(changes))
}

/// Writes the changes, and says what to do next.
fn write(start: &Start, place: &Place, written: &Selection<'_>, changes: &[FileChange]) -> anyhow::Result<()> {
    if place.git.is_none() {
        hint("note: this is not a git repository, so an interrupted run cannot be rolled back");
    }
    // Git could not say later whether a file that is gone now had been tracked.
    let command = staging::command(start, place, &sorted(changes));
    let notes = place.write(changes)?;
    // What is written is written, whether or not that can be shown.
    if let Err(error) = print_text(&sorted_stat(changes)) {
        hint(&format!(
            "warning: all {} files are written, but the list of them cannot be printed: {error}",
            changes.len()
        ));
    }
    notes.iter().for_each(|note| hint(note));
    if let Some(command) = command {
        hint("written to the work tree; this stages exactly that, new files too:");
        command_line(&command);
        hint("then review it with `git diff --cached`, and commit it");
    }
    if let Some((first, then)) = in_steps(&written.chosen) {
        hint(&format!(
            "warning: some of these changes must reach the cluster in separate steps, {} before {}: commit and reconcile one \
             batch at a time (`flux-codemod apply --batch NAME`), or use `flux-codemod branch`",
            first.plural, then.plural
        ));
    }
    let by_hand: Vec<&Unit> = written.chosen.iter().filter(|unit| unit.impact >= Impact::Recreate).copied().collect();
    if !by_hand.is_empty() {
        let migrations: BTreeSet<&str> = by_hand.iter().map(|unit| unit.id.migration).collect();
        let commands: Vec<String> =
            migrations.iter().map(|migration| format!("`flux-codemod explain {migration}`")).collect();
        hint(&format!(
            "warning: for {} of these units you must delete something on the cluster, in the right order: {} has the steps, \
             and the commits of `flux-codemod branch` have the commands",
            by_hand.len(),
            commands.join(" and ")
        ));
    }
    Ok(())
}

/// Two classes of units of which the second must only land when the first is reconciled.
fn in_steps(units: &[&Unit]) -> Option<(Class, Class)> {
    let class = |id: &UnitId| units.iter().find(|unit| unit.id == *id).map(|unit| Class::of(unit));
    let pairs = units.iter().flat_map(|unit| {
        let then = Class::of(unit);
        let first = unit.needs.iter().filter_map(class);
        first.filter(move |first| then.waits_for(*first)).map(move |first| (first, then))
    });
    pairs.min()
}
