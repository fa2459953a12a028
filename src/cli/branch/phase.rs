//! A phase in one branch: whether it may reach a cluster in one merge, and its pull request.

use std::collections::BTreeMap;

use anyhow::bail;

use super::prepared::Prepared;
use super::target::Target;
use crate::cli::Asked;
use crate::cli::context::Context;
use crate::cli::next::commands::{open, push, remote};
use crate::git::Repository;
use crate::output::{NextCommand, phase_as_markdown, title_of_phase};
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, Impact, Lane, Unit, UnitId};
use crate::text::shell;

/// Refuses a branch with batches that must reach a cluster one after the other.
pub(super) fn refuse_if_apart(branch: &str, batches: &[&Batch<'_>]) -> anyhow::Result<()> {
    let Some(why) = apart(batches) else { return Ok(()) };
    bail!(
        "{branch} would bring {} batches in one merge, but {why}; take --per batch (or --per app), or insist with \
         --one-merge",
        batches.len()
    )
}

/// Why batches must reach a cluster one after the other, if they must.
fn apart(batches: &[&Batch<'_>]) -> Option<String> {
    if batches.len() < 2 {
        return None;
    }
    let is_by_hand = |unit: &&Unit| unit.impact >= Impact::Recreate || unit.hooks;
    let mut by_hand = batches.iter().filter(|batch| batch.units.iter().any(is_by_hand)).map(|batch| called(batch));
    if let Some(first) = by_hand.next() {
        return Some(match by_hand.count() {
            0 => format!("{first} has steps to do by hand around its merge"),
            1 => format!("{first} and 1 other have steps to do by hand around their merge"),
            others => format!("{first} and {others} others have steps to do by hand around their merge"),
        });
    }
    let mut earlier: BTreeMap<&UnitId, &Batch<'_>> = BTreeMap::new();
    for batch in batches {
        let needs = batch.units.iter().flat_map(|unit| &unit.needs).filter_map(|need| earlier.get(need));
        if let Some(before) = needs.into_iter().find(|before| batch.class.waits_for(before.class)) {
            return Some(format!("{} may come only when {} has reached the cluster", called(batch), called(before)));
        }
        earlier.extend(batch.units.iter().map(|unit| (&unit.id, *batch)));
    }
    None
}

fn called(batch: &Batch<'_>) -> String {
    format!("{}/{}", batch.migration, batch.name())
}

/// The batches of one phase on one base.
pub(in crate::cli) struct Phase<'b, 'p> {
    number: crate::plan::Phase,
    lane: String,
    batches: Vec<&'b Batch<'p>>,
}

impl<'b, 'p> Phase<'b, 'p> {
    /// The phases of some batches, in the order of the roadmap.
    pub(in crate::cli) fn all(context: &Context, clusters: &[String], batches: &'b [Batch<'p>]) -> Vec<Phase<'b, 'p>> {
        let clusters_there = context.view.graph().clusters.len();
        let lane = Lane::of(clusters.iter().cloned().collect(), clusters_there).to_string();
        let mut phases: Vec<Phase<'_, '_>> = Vec::new();
        for batch in batches {
            let number = context.migration(batch).meta().phase;
            match phases.iter_mut().find(|phase| phase.number == number) {
                Some(phase) => phase.batches.push(batch),
                None => phases.push(Phase { number, lane: lane.clone(), batches: vec![batch] }),
            }
        }
        phases
    }

    fn title(&self) -> String {
        title_of_phase(&self.lane, self.number, &self.batches)
    }

    /// Its migrations, as they are typed.
    fn migrations(&self) -> String {
        let mut all: Vec<&str> = self.batches.iter().map(|batch| batch.migration).collect();
        all.dedup();
        all.join(" ")
    }

    /// The body of its pull request. `options` are those that select its clusters.
    pub(in crate::cli) fn body(&self, context: &Context, options: &str) -> anyhow::Result<String> {
        let insists = if apart(&self.batches).is_some() { " --one-merge" } else { "" };
        let made_by = format!("flux-codemod branch {} --per phase{insists}{options}", self.migrations());
        let builds = context.builds_of(self.batches.iter().flat_map(|batch| &batch.units));
        let runbooks = context.runbooks(&self.batches)?.into_iter().map(|(_, runbook)| runbook);
        let batches: Vec<(&Batch<'_>, Runbook)> = self.batches.iter().copied().zip(runbooks).collect();
        Ok(phase_as_markdown(&self.title(), &batches, builds.as_deref(), &made_by))
    }
}

/// The push and the pull request of each branch that was made.
pub(super) fn commands(git: &Repository, of: &Prepared<'_>, asked: &Asked) -> anyhow::Result<Vec<NextCommand>> {
    let Prepared { target, context, selection, wanted, .. } = of;
    let Target { base, clusters, .. } = target;
    let batches = context.batches(&target.of(asked), selection)?;
    let remote = remote(git, of);
    let mut all = Vec::new();
    for (branch, phase) in wanted.iter().zip(Phase::all(context, clusters, &batches)) {
        let again = git.tip_at(&remote, &branch.name).is_some();
        all.push(push(&remote, &branch.name, again));
        if let Some(onto) = base.branch.as_ref().filter(|_| !again) {
            let (base, options) = (shell(&base.reference), asked.options(clusters));
            let body = format!(
                "flux-codemod plan {} --base {base}{options} --per phase \\\n  --format markdown",
                phase.migrations()
            );
            all.push(open(&body, onto, &branch.name, &phase.title()));
        }
    }
    Ok(all.into_iter().map(|shown| NextCommand::Other { shown }).collect())
}
