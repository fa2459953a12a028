//! The units of a plan, looked up by name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plan, State, Unit, UnitId};

/// The units of a plan by name, each with its state: the worst of its own and of those of all that it
/// needs.
pub(super) struct Index<'p> {
    plan: &'p Plan,
    places: BTreeMap<&'p UnitId, usize>,
    states: Vec<State>,
    /// What other units need.
    wanted: BTreeSet<&'p UnitId>,
}

impl<'p> Index<'p> {
    /// Indexes a plan. `own` is the state of a unit without regard to what it needs.
    pub(super) fn of(plan: &'p Plan, own: impl Fn(&Unit) -> State) -> Index<'p> {
        let mut places: BTreeMap<&UnitId, usize> = BTreeMap::new();
        let mut states: Vec<State> = Vec::with_capacity(plan.units.len());
        // Each comes after what it needs.
        for (place, unit) in plan.units.iter().enumerate() {
            let of_needs = unit.needs.iter().filter_map(|need| Some(states[*places.get(need)?]));
            states.push(of_needs.fold(own(unit), State::max));
            places.insert(&unit.id, place);
        }
        let wanted = plan.units.iter().flat_map(|unit| &unit.needs).collect();
        Index { plan, places, states, wanted }
    }

    /// The unit of a name.
    pub(super) fn get(&self, id: &UnitId) -> Option<&'p Unit> {
        self.places.get(id).map(|place| &self.plan.units[*place])
    }

    /// The state of a unit.
    pub(super) fn state(&self, unit: &Unit) -> State {
        self.states[self.places[&unit.id]]
    }

    /// Whether another unit needs this one.
    pub(super) fn is_wanted(&self, unit: &Unit) -> bool {
        self.wanted.contains(&unit.id)
    }

    /// Some of the units, in the order of the plan.
    pub(super) fn in_order(&self, ids: &BTreeSet<&'p UnitId>) -> Vec<&'p Unit> {
        let places: BTreeSet<usize> = ids.iter().filter_map(|id| self.places.get(id).copied()).collect();
        places.into_iter().map(|place| &self.plan.units[place]).collect()
    }
}
