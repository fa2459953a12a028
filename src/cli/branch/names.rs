//! The branch of each batch, and which existing branches belong to this run.

use std::collections::{BTreeMap, BTreeSet};

use super::phase::refuse_if_apart;
use super::target::Target;
use super::{BranchArgs, Per};
use crate::cli::Asked;
use crate::cli::context::Context;
use crate::git::{Existing, NewCommit, Onto, Repository, Wanted};
use crate::output::commit_message;
use crate::plan::{BRANCHES, Batch, Lane, Layer, branches_of, is_lane_of};

/// The names of the branches of one base.
pub(super) struct Names<'c> {
    pub(super) target: &'c Target,
    pub(super) context: &'c Context,
    pub(super) git: &'c Repository,
    pub(super) per: Per,
}

impl Names<'_> {
    /// The branch of a batch. One that was made while its migration had another name keeps that, and
    /// its pull request with it.
    pub(super) fn branch(&self, batch: &Batch<'_>) -> String {
        if self.per != Per::Phase {
            let now = batch.branch();
            let mut before = self.context.migration(batch).meta().aliases.iter().map(|alias| batch.branch_as(alias));
            return before.find(|name| self.git.has_branch(name) && !self.git.has_branch(&now)).unwrap_or(now);
        }
        let all = self.context.view.graph().clusters.len();
        let lane = Lane::of(self.target.clusters.iter().cloned().collect(), all);
        let phase = self.context.migration(batch).meta().phase;
        branches_of(&lane, &format!("phase-{phase}"))
    }

    /// The existing branches of these clusters and migrations.
    pub(super) fn existing(&self) -> anyhow::Result<Vec<Existing>> {
        let metas = self.context.migrations.iter().map(|migration| migration.meta());
        let groups: BTreeSet<String> = match self.per {
            Per::Phase => metas.map(|meta| format!("phase-{}", meta.phase)).collect(),
            Per::Batch | Per::App => metas.flat_map(|meta| meta.names()).map(str::to_owned).collect(),
        };
        let is_ours = |branch: &Existing| {
            let mut parts = branch.name.splitn(4, '/').skip(1);
            let (Some(lane), Some(group)) = (parts.next(), parts.next()) else { return false };
            let is_of_none = lane == Lane::default().to_string();
            let is_lane = if is_of_none { self.target.unreached } else { is_lane_of(lane, &self.target.clusters) };
            is_lane && groups.contains(group)
        };
        Ok(self.git.branches(BRANCHES, &self.target.base)?.into_iter().filter(is_ours).collect())
    }

    /// The names of the branches of everything that is pending, selected or not, with and without
    /// units to review; what gates hold back, if it is asked for.
    pub(super) fn planned(&self, no_gate: bool) -> anyhow::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for review in [false, true] {
            let everything = self.target.of(&Asked { review, no_gate, ..Asked::default() });
            let selection = self.context.select(&everything)?;
            names.extend(self.context.batches(&everything, &selection)?.iter().map(|batch| self.branch(batch)));
        }
        Ok(names)
    }

    /// The branches to make, with their commits.
    pub(super) fn wanted(&self, layers: &[Layer<'_>], args: &BranchArgs) -> anyhow::Result<Vec<Wanted>> {
        let mut all: Vec<Wanted> = Vec::new();
        let runbooks = self.context.runbooks(&layers.iter().map(|layer| &layer.batch).collect::<Vec<_>>())?;
        if self.per == Per::Phase && !args.one_merge {
            let mut phases: BTreeMap<String, Vec<&Batch<'_>>> = BTreeMap::new();
            for layer in layers {
                phases.entry(self.branch(&layer.batch)).or_default().push(&layer.batch);
            }
            phases.iter().try_for_each(|(branch, batches)| refuse_if_apart(branch, batches))?;
        }
        for (layer, (meta, runbook)) in layers.iter().zip(runbooks) {
            let name = self.branch(&layer.batch);
            let message = commit_message(&layer.batch, meta, &runbook);
            let commit = NewCommit { message, changes: layer.changes.clone() };
            match all.last_mut().filter(|last| last.name == name) {
                Some(last) => last.commits.push(commit),
                None => {
                    let below = all.len().checked_sub(1).filter(|_| !args.independent);
                    let onto = below.map_or(Onto::Base, Onto::Branch);
                    all.push(Wanted { name, onto, commits: vec![commit] });
                }
            }
        }
        Ok(all)
    }
}
