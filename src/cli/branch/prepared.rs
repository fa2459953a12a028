//! What will be done with the branches of one base, before any of them moves.

use std::collections::BTreeSet;

use anyhow::bail;

use super::left::{Leaves, Left};
use super::names::Names;
use super::target::Target;
use super::{BranchArgs, OnEdited, Per};
use crate::cli::context::Context;
use crate::cli::{Asked, LaidOut, layout};
use crate::git::{Existing, Outcome as WrittenAs, Repository, Wanted, Whose, Written};
use crate::output::{Shown, Stack, counts_as_text, visible};
use crate::plan::{self, Batch, Selection};

/// What will be done with the branches of one base.
#[derive(Clone)]
pub(crate) struct Prepared<'c> {
    pub(crate) target: &'c Target,
    pub(super) context: &'c Context,
    pub(super) selection: Selection<'c>,
    /// The branches to make, the lowest first.
    pub(crate) wanted: Vec<Wanted>,
    /// The existing branches of these clusters and migrations.
    pub(crate) existing: Vec<Existing>,
    /// Those of which everything is in the base.
    pub(crate) gone: Vec<Existing>,
    /// The wanted branches that have commits of others.
    edited: Vec<Existing>,
    /// The branches that are skipped, with the reason.
    skipped: Vec<(String, String)>,
    /// The branches that are not of this run, and of which something is not in the base yet, with
    /// what becomes of that.
    kept: Vec<(String, String)>,
}

impl<'c> Prepared<'c> {
    pub(super) fn of(
        target: &'c Target,
        context: &'c Context,
        git: &Repository,
        asked: &Asked,
        args: &BranchArgs,
    ) -> anyhow::Result<Prepared<'c>> {
        let here = target.of(asked);
        let selection = context.select(&here)?;
        let batches = context.batches(&here, &selection)?;
        let names = Names { target, context, git, per: args.per };
        let existing = names.existing()?;
        let wanted: BTreeSet<String> = batches.iter().map(|batch| names.branch(batch)).collect();
        let is_edited = |branch: &&Existing| branch.whose != Whose::Ours;
        let edited: Vec<Existing> =
            existing.iter().filter(is_edited).filter(|branch| wanted.contains(&branch.name)).cloned().collect();
        let is_skipped = |batch: &Batch<'_>| {
            args.on_edited == OnEdited::Skip && edited.iter().any(|branch| branch.name == names.branch(batch))
        };
        let (batches, waiting) = plan::without(batches, &is_skipped);
        let layers = plan::stacked(&context.view, &batches, &context.migrations, &context.settings)?;
        // After the merge of a batch, it and those below it are there, and none of those above.
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
        let planned = names.planned(asked.no_gate)?;
        let not_planned = |branch: &&Existing| !planned.contains(&branch.name) && !wanted.contains(&branch.name);
        let left = Left { names: &names, batches: &batches };
        let reasons = existing.iter().filter(not_planned).map(|branch| (branch, left.of(branch)));
        let (stay, done): (Vec<_>, Vec<_>) = reasons.partition(|(_, left)| matches!(left, Leaves::Something(_)));
        let (theirs, gone): (Vec<_>, Vec<_>) =
            done.into_iter().map(|(branch, _)| branch.clone()).partition(|branch| is_edited(&branch));
        let why = |(branch, left): (&Existing, Leaves)| match left {
            Leaves::Something(why) => (branch.name.clone(), why),
            Leaves::Nothing => unreachable!("it leaves something"),
        };
        let kept = stay.into_iter().map(why).collect();
        let mut skipped: Vec<(String, String)> = Vec::new();
        if args.on_edited == OnEdited::Skip {
            let reason = |branch: &Existing| format!("not changed: {}", others(&branch.whose));
            skipped.extend(edited.iter().map(|branch| (branch.name.clone(), reason(branch))));
        }
        let waits = |(batch, needed): (Batch<'_>, String)| {
            (names.branch(&batch), format!("not changed: it needs {needed}, which is skipped"))
        };
        skipped.extend(waiting.into_iter().map(waits));
        let reason =
            |branch: &Existing| format!("not removed: nothing in it is pending, but {}", others(&branch.whose));
        skipped.extend(theirs.iter().map(|branch| (branch.name.clone(), reason(branch))));
        let wanted = names.wanted(&layers, args)?;
        Ok(Prepared { target, context, selection, wanted, existing, gone, edited, skipped, kept })
    }

    /// The same, after its branches were written.
    pub(super) fn written(&self, git: &Repository, per: Per) -> anyhow::Result<Prepared<'c>> {
        let existing = Names { target: self.target, context: self.context, git, per }.existing()?;
        Ok(Prepared { existing, gone: Vec::new(), ..self.clone() })
    }

    /// What was done.
    pub(super) fn shown(&self, written: &[Written]) -> Stack {
        let base = &self.target.base;
        let mut branches: Vec<Shown> = written.iter().map(|branch| self.one(branch)).collect();
        let skipped =
            self.skipped.iter().map(|(name, why)| Shown { outcome: "skipped", name: name.clone(), about: why.clone() });
        branches.extend(skipped);
        branches.extend(self.kept.iter().map(|(name, why)| Shown {
            outcome: "kept",
            name: name.clone(),
            about: why.clone(),
        }));
        let from = format!("{} at {}", base.reference, base.id.short());
        Stack { clusters: self.target.clusters.clone(), from, held: self.held(), branches }
    }

    fn one(&self, written: &Written) -> Shown {
        let subjects = self.wanted.iter().find(|wanted| wanted.name == written.name);
        let subjects: Vec<&str> = subjects
            .into_iter()
            .flat_map(|wanted| &wanted.commits)
            .filter_map(|commit| commit.message.lines().next())
            .collect();
        let about = match subjects.as_slice() {
            [] => "what it changes is in the base, or opted out".to_owned(),
            [one] => (*one).to_owned(),
            several => format!("{} commits, the first: {}", several.len(), several[0]),
        };
        let (outcome, about) = match &written.outcome {
            WrittenAs::Created => ("created", about),
            WrittenAs::Unchanged => ("unchanged", about),
            WrittenAs::Rebuilt { from } => ("rebuilt", format!("{about}; it was {}", from.short())),
            WrittenAs::Removed { from } => ("removed", format!("{about}; it was {}", from.short())),
        };
        Shown { outcome, name: written.name.clone(), about }
    }

    /// Whether a branch that is wanted has commits of others.
    pub(crate) fn has_edited(&self) -> bool {
        !self.edited.is_empty()
    }

    /// How many units gates hold back, and why.
    pub(crate) fn held(&self) -> Option<(usize, String)> {
        let first = self.selection.held.iter().find_map(|unit| unit.held.first());
        first.map(|reason| (self.selection.held.len(), reason.message.clone()))
    }

    /// How many units are to review or refused, or wait for another migration.
    pub(crate) fn others(&self) -> String {
        let waiting = self.selection.waiting.iter().filter(|unit| unit.waits_for.is_some()).count();
        counts_as_text(&[
            (self.selection.to_review.len(), "to review (--review)"),
            (waiting, "waiting for another migration"),
            (self.selection.refused.len(), "refused"),
        ])
    }
}

/// What of a branch flux-codemod did not make, in a few words.
pub(crate) fn others(whose: &Whose) -> String {
    match whose {
        Whose::Edited { commits } => match commits.as_slice() {
            [(id, subject)] => format!("it has the commit {id} ({subject})"),
            [(id, subject), rest @ ..] => format!("it has the commit {id} ({subject}) and {} others", rest.len()),
            [] => "it has other commits".to_owned(),
        },
        Whose::Named | Whose::Ours => "flux-codemod did not make this branch".to_owned(),
    }
}

/// Stops before any branch moves if one that would be made again has commits of others.
pub(super) fn refuse_edited(all: &[Prepared<'_>], on_edited: OnEdited) -> anyhow::Result<()> {
    let edited: Vec<String> = all
        .iter()
        .flat_map(|one| &one.edited)
        .map(|branch| visible(&format!("  {}: {}", branch.name, others(&branch.whose))).into_owned() + "\n")
        .collect();
    if edited.is_empty() || on_edited != OnEdited::Refuse {
        return Ok(());
    }
    let layout = layout();
    let first = "error: branches that would be made again are not as flux-codemod made them, so no branch was changed:";
    let last = "merge them, or run again with `--on-edited skip` to keep them, or `--on-edited replace` to make them again \
                (the old commits stay in the reflog)";
    Err(LaidOut(format!("{}\n{}{}\n", layout.fold("", first), edited.concat(), layout.fold("", last))).into())
}

/// Two bases cannot both have a branch of one name.
pub(super) fn refuse_shared_names(all: &[Prepared<'_>]) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    for wanted in all.iter().flat_map(|one| &one.wanted) {
        if !seen.insert(&wanted.name) {
            bail!(
                "clusters that follow two different branches would both get the branch {}; run for one of them at a time, with --cluster",
                wanted.name
            );
        }
    }
    Ok(())
}
