//! A phase in one branch: whether it may reach a cluster in one merge, and its pull request.

use std::collections::BTreeMap;

use anyhow::bail;

use super::prepared::Prepared;
use super::target::Target;
use crate::cli::Asked;
use crate::cli::context::Context;
use crate::git::Repository;
use crate::output::{NextCommand, judged_as_line, phase_as_markdown, title_of_phase};
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, Class, Impact, Lane, Unit, UnitId};
use crate::text::{arguments, shell};

/// Refuses a branch with batches that must reach a cluster one after the other.
pub(super) fn refuse_if_apart(branch: &str, batches: &[&Batch<'_>]) -> anyhow::Result<()> {
    if batches.len() < 2 {
        return Ok(());
    }
    let is_by_hand = |unit: &&Unit| unit.impact >= Impact::Recreate || unit.hooks;
    let by_hand: Vec<String> =
        batches.iter().filter(|batch| batch.units.iter().any(is_by_hand)).map(|batch| called(batch)).collect();
    let mut classes: BTreeMap<&UnitId, (Class, String)> = BTreeMap::new();
    let mut waits = None;
    for batch in batches {
        for unit in &batch.units {
            let earlier = unit.needs.iter().filter_map(|need| classes.get(need));
            let mut before = earlier.filter(|(class, _)| batch.class.waits_for(*class));
            waits = waits.or_else(|| before.next().map(|(_, before)| (called(batch), before.clone())));
        }
        classes.extend(batch.units.iter().map(|unit| (&unit.id, (batch.class, called(batch)))));
    }
    let why = match (by_hand.as_slice(), waits) {
        ([], None) => return Ok(()),
        ([], Some((batch, before))) => format!("{batch} may come only when {before} has reached the cluster"),
        ([one], _) => format!("{one} has steps to do by hand around its merge"),
        ([first, rest @ ..], _) => {
            format!("{first} and {} others have steps to do by hand around their merge", rest.len())
        }
    };
    bail!(
        "{branch} would bring {} batches in one merge, but {why}; take --per batch (or --per app), or insist with \
         --one-merge",
        batches.len()
    )
}

fn called(batch: &Batch<'_>) -> String {
    format!("{}/{}", batch.migration, batch.name())
}

/// The batches of one phase on one base, with the steps around their merge.
pub(in crate::cli) struct Phase<'b, 'p> {
    number: u32,
    lane: String,
    batches: Vec<(&'b Batch<'p>, Runbook)>,
}

impl<'b, 'p> Phase<'b, 'p> {
    /// The phases of some batches, in the order of the roadmap.
    pub(in crate::cli) fn all(
        context: &Context,
        clusters: &[String],
        batches: &'b [Batch<'p>],
    ) -> anyhow::Result<Vec<Phase<'b, 'p>>> {
        let runbooks = context.runbooks(&batches.iter().collect::<Vec<_>>())?;
        let clusters_there = context.view.graph().clusters.len();
        let lane = Lane::of(clusters.iter().cloned().collect(), clusters_there).to_string();
        let mut phases: Vec<Phase<'_, '_>> = Vec::new();
        for (batch, (meta, runbook)) in batches.iter().zip(runbooks) {
            match phases.iter_mut().find(|phase| phase.number == meta.phase) {
                Some(phase) => phase.batches.push((batch, runbook)),
                None => {
                    phases.push(Phase { number: meta.phase, lane: lane.clone(), batches: vec![(batch, runbook)] });
                }
            }
        }
        Ok(phases)
    }

    fn title(&self) -> String {
        let batches: Vec<&Batch<'_>> = self.batches.iter().map(|(batch, _)| *batch).collect();
        title_of_phase(&self.lane, self.number, &batches)
    }

    /// Its migrations, as they are typed.
    fn migrations(&self) -> String {
        let mut all: Vec<&str> = self.batches.iter().map(|(batch, _)| batch.migration).collect();
        all.dedup();
        all.join(" ")
    }

    /// The body of its pull request. `options` are those that select its clusters.
    pub(in crate::cli) fn body(&self, context: &Context, options: &str) -> String {
        let batches: Vec<&Batch<'_>> = self.batches.iter().map(|(batch, _)| *batch).collect();
        let insists = if refuse_if_apart("", &batches).is_err() { " --one-merge" } else { "" };
        let made_by = format!("flux-codemod branch {} --per phase{insists}{options}", self.migrations());
        let units = self.batches.iter().flat_map(|(batch, _)| &batch.units).map(|unit| &unit.id);
        let judged = context.plan.judged.as_ref().map(|judged| judged.touched_by(units));
        let builds = judged.filter(|judged| judged.by.is_some() && !judged.builds.is_empty());
        let builds = builds.map(|judged| judged_as_line(&judged));
        phase_as_markdown(&self.title(), &self.batches, builds.as_deref(), &made_by)
    }
}

/// The push and the pull request of each branch that was made.
pub(super) fn commands(git: &Repository, of: &Prepared<'_>, asked: &Asked) -> anyhow::Result<Vec<NextCommand>> {
    let Prepared { target, context, selection, wanted, .. } = of;
    let Target { base, clusters, .. } = target;
    let batches = context.batches(&target.of(asked), selection)?;
    let remote = git.remote_of(base).unwrap_or_else(|| "origin".to_owned());
    let mut all = Vec::new();
    for (branch, phase) in wanted.iter().zip(Phase::all(context, clusters, &batches)?) {
        let again = git.tip_at(&remote, &branch.name).is_some();
        let lease = if again { " --force-with-lease" } else { "" };
        let mut shown = vec![format!("git push{lease} {}", arguments([&*remote, &branch.name]))];
        if let Some(onto) = base.branch.as_ref().filter(|_| !again) {
            let options = asked.options(clusters);
            let base = shell(&base.reference);
            shown.push(format!(
                "flux-codemod plan {} --base {base}{options} --per phase \\\n  --format markdown | gh pr create --base {} --head {} \\\n  --title {} --body-file -",
                phase.migrations(),
                shell(onto),
                shell(&branch.name),
                shell(&phase.title()),
            ));
        }
        all.extend(shown.into_iter().map(|shown| NextCommand::Other { shown }));
    }
    Ok(all)
}
