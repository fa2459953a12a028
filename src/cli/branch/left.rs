//! What of a branch is not in the base yet. A branch is removed only if that is nothing.

use super::names::Names;
use crate::cli::called;
use crate::git::Existing;
use crate::output::visible;
use crate::plan::{Batch, State, Unit};
use crate::text::arguments;

/// What a branch leaves to be done.
pub(super) enum Leaves {
    /// Nothing: its units are in the base, or opted out.
    Nothing,
    /// Something, in a few words.
    Something(String),
}

/// The plan of the base, and the batches of this run.
pub(super) struct Left<'c, 'p> {
    pub(super) names: &'c Names<'c>,
    pub(super) batches: &'c [Batch<'p>],
}

impl Left<'_, '_> {
    /// What a branch, which is not one of this run, leaves to be done.
    pub(super) fn of(&self, branch: &Existing) -> Leaves {
        let context = self.names.context;
        // Below it on its stack are commits of other migrations, perhaps with the same name of a batch.
        let group = branch.name.split('/').nth(2).and_then(called);
        let is_of = |unit: &&Unit| {
            if group.is_some_and(|meta| meta.id != unit.id.migration) {
                return false;
            }
            let subject = visible(&unit.id.subject.to_string()).into_owned();
            let is_its = |name: &str| called(name).is_some_and(|meta| meta.id == unit.id.migration);
            let is_named = branch.units.iter().any(|(migration, name)| is_its(migration) && *name == subject);
            let clusters = &unit.lane.clusters;
            let is_here = clusters.is_empty() || self.names.target.clusters.iter().any(|name| clusters.contains(name));
            is_named && is_here && unit.state() != State::OptedOut
        };
        let units: Vec<&Unit> = context.plan.units.iter().filter(is_of).collect();
        let Some(worst) = units.iter().max_by_key(|unit| unit.state()) else { return Leaves::Nothing };
        let holds = |batch: &&Batch<'_>| batch.units.iter().any(|unit| units.iter().any(|other| other.id == unit.id));
        if let Some(batch) = self.batches.iter().find(holds) {
            let (other, name) = (self.names.branch(batch), arguments([&*branch.name]));
            return Leaves::Something(format!("its units are in {other} now; `git branch -D {name}` removes it"));
        }
        let number =
            if units.len() == 1 { "its unit".to_owned() } else { format!("of its {} units, one", units.len()) };
        Leaves::Something(match worst.state() {
            State::Pending | State::Review => format!("{number} is {}", worst.state()),
            State::Waits => format!("{number} waits for {}", worst.waits_for.unwrap_or("another migration")),
            State::Held => {
                let why = worst.held.first().map(|reason| format!(": {}", reason.message)).unwrap_or_default();
                format!("{number} is held{why}")
            }
            State::Refused | State::OptedOut => {
                let code = worst.findings.first().map(|finding| format!(" ({})", finding.code)).unwrap_or_default();
                format!("{number} is refused now{code}")
            }
        })
    }
}
