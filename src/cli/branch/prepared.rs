//! What is to become of the branches of one base, before any of them moves.

use std::collections::BTreeSet;

use anyhow::bail;

use super::names::Names;
use super::target::Target;
use super::{BranchArgs, OnEdited, Per, next};
use crate::cli::Asked;
use crate::cli::context::Context;
use crate::git::{Existing, Outcome as WrittenAs, Repository, Wanted, Whose, Written};
use crate::output::{Shown, Stack};
use crate::plan::{self, Batch, Selection};

/// What is to become of the branches of one base.
pub(super) struct Prepared<'c> {
    pub(super) target: &'c Target,
    pub(super) context: &'c Context,
    pub(super) selection: Selection<'c>,
    pub(super) wanted: Vec<Wanted>,
    /// The branches that are there, of these clusters and migrations.
    pub(super) existing: Vec<Existing>,
    pub(super) gone: Vec<Existing>,
    /// Those that a person added to and that are wanted.
    edited: Vec<Existing>,
    /// Those that are left as they are, or not made, with the reason.
    left: Vec<(String, String)>,
}

impl<'c> Prepared<'c> {
    pub(super) fn of(
        target: &'c Target,
        context: &'c Context,
        git: &Repository,
        asked: &Asked,
        args: &BranchArgs,
    ) -> anyhow::Result<Prepared<'c>> {
        let here = Asked { cluster: target.clusters.clone(), ..asked.clone() };
        let selection = context.select(&here)?;
        let batches = context.batches(&here, &selection)?;
        let names = Names { target, context, per: args.per };
        let existing = names.existing(git)?;
        let wanted: BTreeSet<String> = batches.iter().map(|batch| names.branch(batch)).collect();
        let is_edited = |own: &&Existing| matches!(own.whose, Whose::Edited { .. });
        let edited: Vec<Existing> =
            existing.iter().filter(is_edited).filter(|own| wanted.contains(&own.name)).cloned().collect();
        let skipped = |batch: &Batch<'_>| {
            args.on_edited == OnEdited::Skip && edited.iter().any(|own| own.name == names.branch(batch))
        };
        let (batches, waiting) = plan::without(batches, &skipped);
        let layers = plan::stacked(&context.view, &batches, &context.migrations, &context.settings)?;
        // Whoever merges a batch has that and those below it, and nothing of those above.
        let mut landed: Vec<&plan::Unit> = Vec::new();
        for layer in &layers {
            if args.independent {
                landed.clear();
            }
            landed.extend(layer.batch.units.iter().copied());
            context.prove(&landed)?;
        }
        if args.independent {
            plan::independent(&context.view, &layers, &context.migrations, &context.settings)?;
        }
        let planned = names.planned()?;
        let not_planned = |own: &&Existing| !planned.contains(&own.name) && !wanted.contains(&own.name);
        let (theirs, gone): (Vec<_>, Vec<_>) =
            existing.iter().filter(not_planned).cloned().partition(|own| is_edited(&own));
        let mut left: Vec<(String, String)> = Vec::new();
        if args.on_edited == OnEdited::Skip {
            let reason = |own: &Existing| format!("left as it is: it holds {}", commits(own));
            left.extend(edited.iter().map(|own| (own.name.clone(), reason(own))));
        }
        let waits = |(batch, needed): (Batch<'_>, String)| {
            (names.branch(&batch), format!("left as it is: it needs {needed}, which is left"))
        };
        left.extend(waiting.into_iter().map(waits));
        let reason = |own: &Existing| format!("left as it is: nothing of it is pending, but it holds {}", commits(own));
        left.extend(theirs.iter().map(|own| (own.name.clone(), reason(own))));
        let wanted = names.wanted(&layers, args.independent)?;
        Ok(Prepared { target, context, selection, wanted, existing, gone, edited, left })
    }

    pub(super) fn leaves_something(&self) -> bool {
        self.selection.leaves_something() || !self.left.is_empty()
    }

    /// What became of it.
    pub(super) fn shown(&self, written: &[Written], asked: &Asked, per: Per) -> Stack {
        let base = &self.target.base;
        let mut branches: Vec<Shown> = written.iter().map(|own| self.one(own, asked, per)).collect();
        let left = self.left.iter().map(|(name, why)| Shown {
            outcome: "left",
            name: name.clone(),
            about: why.clone(),
            next: Vec::new(),
        });
        branches.extend(left);
        let from = format!("{} at {}", base.reference, base.id.short());
        Stack { clusters: self.target.clusters.clone(), from, branches }
    }

    fn one(&self, written: &Written, asked: &Asked, per: Per) -> Shown {
        let subjects = self.wanted.iter().find(|wanted| wanted.name == written.name);
        let subjects: Vec<&str> = subjects
            .into_iter()
            .flat_map(|wanted| &wanted.commits)
            .filter_map(|commit| commit.message.lines().next())
            .collect();
        let about = match subjects.as_slice() {
            [] => "merged, or nothing of it is pending any more".to_owned(),
            [one] => (*one).to_owned(),
            several => format!("{} commits, the first: {}", several.len(), several[0]),
        };
        let (outcome, about) = match &written.outcome {
            WrittenAs::Created => ("created", about),
            WrittenAs::Unchanged => ("unchanged", about),
            WrittenAs::Rebuilt { from } => ("rebuilt", format!("{about}; it was {}", from.short())),
            WrittenAs::Removed { from } => ("removed", format!("{about}; it was {}", from.short())),
        };
        let next = match written.outcome {
            WrittenAs::Created | WrittenAs::Rebuilt { .. } => {
                next::commands(self, &written.name, subjects[0], &written.outcome, asked, per)
            }
            WrittenAs::Unchanged | WrittenAs::Removed { .. } => Vec::new(),
        };
        Shown { outcome, name: written.name.clone(), about, next }
    }
}

/// The commits of a branch that are not ours, in a few words.
fn commits(branch: &Existing) -> String {
    let Whose::Edited { commits } = &branch.whose else { return "only our commits".to_owned() };
    let one = |(id, subject): &(String, String)| format!("{id} ({subject})");
    match commits.as_slice() {
        [] => "other commits".to_owned(),
        [only] => one(only),
        [first, rest @ ..] => format!("{} and {} more that are not ours", one(first), rest.len()),
    }
}

/// Stops where a person added to a branch that is to be made anew, before any branch moves.
pub(super) fn refuse_edited(all: &[Prepared<'_>], on_edited: OnEdited) -> anyhow::Result<()> {
    let edited: Vec<String> = all
        .iter()
        .flat_map(|one| &one.edited)
        .map(|branch| format!("\n  {}: {}", branch.name, commits(branch)))
        .collect();
    if edited.is_empty() || on_edited != OnEdited::Refuse {
        return Ok(());
    }
    bail!(
        "somebody added to branches that would be made anew, so none was touched:{}\nmerge them, or run again with --on-edited skip, which leaves \
         them as they are, or --on-edited replace, which makes them anew (the old commits stay in the reflog)",
        edited.concat()
    )
}

/// Two bases cannot both have a branch of one name.
pub(super) fn refuse_shared_names(all: &[Prepared<'_>]) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    for wanted in all.iter().flat_map(|one| &one.wanted) {
        if !seen.insert(&wanted.name) {
            bail!(
                "two branches that clusters follow would both get {}; take one set of clusters at a time, with --cluster",
                wanted.name
            );
        }
    }
    Ok(())
}
