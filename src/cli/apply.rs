use anyhow::bail;
use clap::Args;

use super::context::{Context, Place};
use super::judge::judge;
use super::{Asked, Outcome, Proof, Start, hint, print};
use crate::output::stat;
use crate::plan::{Class, Impact, Selection, UnitId};
use crate::repo::{FileChange, write};

#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    proof: Proof,
}

/// `apply`: writes what is chosen, tells what changed.
pub(super) fn run(start: &Start, args: &ApplyArgs) -> anyhow::Result<Outcome> {
    let asked = args.asked.understood();
    if asked.base.is_some() {
        bail!("apply writes to the work tree, and plans on it; `flux-codemod branch --base` plans on a commit");
    }
    let (place, context) = Context::of_work_tree(start, &asked.migrations, judge(start, &args.proof)?)?;
    let selection = context.select(&asked)?;
    let (_, mut changes) = context.land(&selection)?;
    if changes.is_empty() {
        hint("nothing to write");
    } else {
        warn(&place, &changes);
        write(&place.root, place.journal.as_deref(), &changes)?;
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        print(&stat(&changes))?;
        if place.git.is_some() {
            hint("written to the work tree; look at it with `git diff`, and commit it");
        }
        if let Some((first, then)) = in_steps(&selection) {
            hint(&format!(
                "warning: this holds steps that must reach the cluster one after the other, {} before {}: commit and reconcile batch by batch \
                 (`flux-codemod apply --batch NAME`), or use `flux-codemod branch`",
                first, then
            ));
        }
        let by_hand = selection.chosen.iter().filter(|unit| unit.impact >= Impact::Recreate).count();
        if by_hand > 0 {
            hint(&format!(
                "warning: {by_hand} of these need something to be deleted on the cluster, in the right order: the commits of `flux-codemod branch` \
                 have the commands, and `flux-codemod explain MIGRATION` the steps"
            ));
        }
    }
    context.tell_what_stays(&selection);
    Ok(Outcome::pending_if(selection.leaves_something()))
}

/// Two classes among what is written, of which the second needs the first to be reconciled.
fn in_steps(selection: &Selection<'_>) -> Option<(Class, Class)> {
    let class = |id: &UnitId| selection.chosen.iter().find(|unit| unit.id == *id).map(|unit| Class::of(unit));
    let pairs = selection.chosen.iter().flat_map(|unit| {
        let then = Class::of(unit);
        let first = unit.needs.iter().filter_map(class);
        first.filter(move |first| then.waits_for(*first)).map(move |first| (first, then))
    });
    pairs.min()
}

/// Tells what a person would want to have known before.
fn warn(place: &Place, changes: &[FileChange]) {
    let Some(git) = &place.git else {
        hint("note: this is no git repository, so files are written without a journal");
        return;
    };
    let dirty: Vec<_> =
        changes.iter().filter(|change| git.is_modified(&change.path)).map(|change| change.path.to_string()).collect();
    if !dirty.is_empty() {
        hint(&format!(
            "warning: these files hold what no commit has, beside what is written now: {}",
            dirty.join(", ")
        ));
    }
}
