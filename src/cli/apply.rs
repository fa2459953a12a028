use std::collections::BTreeSet;

use anyhow::bail;
use clap::Args;

use super::context::{Context, Place};
use super::judge::judge;
use super::{Asked, Outcome, Proof, Start, hint, print_text};
use crate::output::stat;
use crate::plan::{Class, Impact, Selection, Unit, UnitId};
use crate::repo::FileChange;

#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    proof: Proof,
}

/// `apply`: writes the selected units and prints which files changed.
pub(super) fn run(start: &Start, args: &ApplyArgs) -> anyhow::Result<Outcome> {
    let asked = args.asked.resolved();
    if asked.base.is_some() {
        bail!("apply writes to the work tree, so it cannot use --base; `flux-codemod branch --base` plans on a commit");
    }
    let (place, context) = Context::of_work_tree(start, &asked, judge(start, &args.proof)?)?;
    let selection = context.select(&asked)?;
    let (_, mut changes) = context.land(&selection)?;
    if changes.is_empty() {
        hint("nothing to write");
    } else {
        warn(&place, &changes);
        let notes = place.write(&changes)?;
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        // What is written is written, whether or not that can be shown.
        if let Err(error) = print_text(&stat(&changes)) {
            hint(&format!(
                "warning: all {} files are written, but the list of them cannot be printed: {error}",
                changes.len()
            ));
        }
        notes.iter().for_each(|note| hint(note));
        if place.git.is_some() {
            hint("written to the work tree; review it with `git diff`, then commit it");
        }
        if let Some((first, then)) = in_steps(&selection) {
            hint(&format!(
                "warning: some of these changes must reach the cluster in separate steps, {} before {}: commit and reconcile one \
                 batch at a time (`flux-codemod apply --batch NAME`), or use `flux-codemod branch`",
                first.plural, then.plural
            ));
        }
        let by_hand: Vec<&Unit> =
            selection.chosen.iter().filter(|unit| unit.impact >= Impact::Recreate).copied().collect();
        if !by_hand.is_empty() {
            let migrations: BTreeSet<&str> = by_hand.iter().map(|unit| unit.id.migration).collect();
            let commands: Vec<String> =
                migrations.iter().map(|migration| format!("`flux-codemod explain {migration}`")).collect();
            hint(&format!(
                "warning: for {} of these units you must delete something on the cluster, in the right order: {} has the \
                 steps, and the commits of `flux-codemod branch` have the commands",
                by_hand.len(),
                commands.join(" and ")
            ));
        }
    }
    context.report_skipped(&selection);
    Ok(Outcome::pending_if(selection.leaves_something()))
}

/// Two classes of written units of which the second must only land when the first is reconciled.
fn in_steps(selection: &Selection<'_>) -> Option<(Class, Class)> {
    let class = |id: &UnitId| selection.chosen.iter().find(|unit| unit.id == *id).map(|unit| Class::of(unit));
    let pairs = selection.chosen.iter().flat_map(|unit| {
        let then = Class::of(unit);
        let first = unit.needs.iter().filter_map(class);
        first.filter(move |first| then.waits_for(*first)).map(move |first| (first, then))
    });
    pairs.min()
}

/// Warns about what you would want to know before.
fn warn(place: &Place, changes: &[FileChange]) {
    let Some(git) = &place.git else {
        hint("note: this is not a git repository, so an interrupted run cannot be rolled back");
        return;
    };
    let dirty: Vec<_> =
        changes.iter().filter(|change| git.is_modified(&change.path)).map(|change| change.path.to_string()).collect();
    if !dirty.is_empty() {
        hint(&format!("warning: these files already had uncommitted changes: {}", dirty.join(", ")));
    }
}
