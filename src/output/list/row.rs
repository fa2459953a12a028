use std::collections::{BTreeMap, BTreeSet};

use super::states_as_text;
use crate::plan::{Finding, Lane, Live, Promotion, State, Unit};

/// What there is to do in a lane.
pub(super) struct Row {
    pub lane: String,
    /// How many units are in each state.
    pub states: BTreeMap<State, usize>,
    /// Why they are held.
    pub held: Option<String>,
    /// The branch that was read, if that is not this tree: `origin/edge`.
    pub from: Option<String>,
    /// Why nothing is known.
    pub unknown: Option<String>,
}

impl Row {
    /// How many units of each lane are in each state, as far as this tree is what clusters apply; for
    /// clusters that follow another branch, as that branch has it.
    pub(super) fn all(units: &[(&Unit, State)], migration: &str, promotion: &Promotion, all: usize) -> Vec<Row> {
        let mut here: BTreeMap<Lane, Vec<(&Unit, State)>> = BTreeMap::new();
        for (unit, state) in units {
            let clusters: BTreeSet<String> = unit.lane.clusters.intersection(&promotion.here).cloned().collect();
            if !clusters.is_empty() || unit.lane.clusters.is_empty() || promotion.clusters.is_empty() {
                let lane = if clusters.is_empty() { unit.lane.clone() } else { Lane::of(clusters, all) };
                here.entry(lane).or_default().push((unit, *state));
            }
        }
        let of_none = here.remove(&Lane::default());
        let mut rows: Vec<Row> = here.into_iter().map(|(lane, units)| Row::here(lane.to_string(), &units)).collect();
        let elsewhere = promotion.clusters.iter().filter(|(name, _)| !promotion.here.contains(name));
        rows.extend(elsewhere.filter_map(|(cluster, live)| Row::elsewhere(cluster, live, migration, promotion)));
        let place = |row: &Row| promotion.clusters.iter().position(|(name, _)| *name == row.lane);
        rows.sort_by_key(|row| place(row).unwrap_or(promotion.clusters.len()));
        rows.extend(of_none.map(|units| Row::here("(none)".to_owned(), &units)));
        rows
    }

    /// Of a lane in this tree.
    fn here(lane: String, units: &[(&Unit, State)]) -> Row {
        let mut states: BTreeMap<State, usize> = BTreeMap::new();
        units.iter().for_each(|(_, state)| *states.entry(*state).or_default() += 1);
        let held = units.iter().filter(|(_, state)| *state == State::Held).find_map(|(unit, _)| unit.held.first());
        Row { lane, states, held: held.map(message), from: None, unknown: None }
    }

    /// Of a cluster that follows another branch; `None` if there is nothing to do.
    fn elsewhere(cluster: &str, live: &Live, migration: &str, promotion: &Promotion) -> Option<Row> {
        let lane = cluster.to_owned();
        let standing = match live {
            Live::Unknown(why) => {
                return Some(Row { lane, states: BTreeMap::new(), held: None, from: None, unknown: Some(why.clone()) });
            }
            Live::Known(standing) => standing,
        };
        let tally = standing.tallies.get(migration).filter(|tally| !tally.units.is_empty())?;
        let mut states = tally.units.clone();
        let mut held = promotion.held(migration, cluster).into_iter().next();
        if held.is_some() {
            // The branch is counted without gates.
            let able = [State::Pending, State::Review, State::Waits];
            let number: usize = able.into_iter().filter_map(|state| states.remove(&state)).sum();
            states.insert(State::Held, number);
            held = held.filter(|_| number > 0);
        }
        let held = held.as_ref().map(message);
        Some(Row { lane, states, held, from: Some(standing.from.clone()), unknown: None })
    }

    /// The counts, and where they were read. What is zero is left out.
    pub(super) fn shown(&self) -> String {
        if self.unknown.is_some() {
            return "not known".to_owned();
        }
        let from = self.from.as_ref().map(|from| format!(" ({from})")).unwrap_or_default();
        format!("{}{from}", states_as_text(&self.states))
    }

    /// Why nothing is known, or why units are held.
    pub(super) fn why(&self) -> Option<Why<'_>> {
        let unknown = self.unknown.as_deref().map(|text| Why { what: What::Unknown, text });
        unknown.or_else(|| Some(Why { what: What::Held, text: self.held.as_deref()? }))
    }
}

/// What there is a reason for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Unknown,
    Held,
}

/// A reason, and for what.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Why<'r> {
    pub what: What,
    pub text: &'r str,
}

impl Why<'_> {
    /// As it stands behind what [`Row::shown`] gives.
    pub(super) fn behind_counts(&self) -> String {
        match self.what {
            What::Unknown => format!(": {}", self.text),
            What::Held => format!("; held because {}", self.text),
        }
    }

    /// As it is told once for the rows of some lanes.
    pub(super) fn of(&self, lanes: &str) -> String {
        let what = match self.what {
            What::Unknown => "not known",
            What::Held => "held",
        };
        format!("{what} on {lanes}: {}", self.text)
    }
}

fn message(reason: &Finding) -> String {
    reason.message.clone()
}
