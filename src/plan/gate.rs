//! Gates: what has to hold in the tree of the branch that a cluster follows, before a unit is
//! written.
//!
//! A gate looks at what the remote has of that branch. It never looks at the work tree, nor at what
//! this run plans or stacks: what is not merged proves nothing. A gate that is closed, or of which
//! it is not known whether it is open, holds the unit back ([`State::Held`](super::State)).
//!
//! [`Promotion`] is the gate of all migrations: an earlier cluster proves what a later one gets.

use std::collections::{BTreeMap, BTreeSet};

use super::index::Index;
use super::{Finding, Migration, Plan, Selectors, State, Unit, codes};
use crate::config::Settings;
use crate::flux::View;

/// Whether a gate lets a unit through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It does.
    Open,
    /// It does not, for this reason.
    Closed(Finding),
    /// It is not known, for this reason.
    Unknown(Finding),
}

impl Gate {
    /// Why it does not let a unit through.
    fn reason(self) -> Option<Finding> {
        match self {
            Gate::Open => None,
            Gate::Closed(reason) | Gate::Unknown(reason) => Some(reason),
        }
    }
}

/// The tree that a cluster applies.
pub struct ClusterTree<'t> {
    /// The cluster; for what none applies, the whole tree at hand, and no name.
    pub cluster: Option<&'t str>,
    /// Where the tree comes from: `origin/edge`.
    pub from: String,
    /// Whether the branch that the cluster follows has it. Otherwise nobody knows which one that is, or
    /// there is no git: then it is what is checked out, or the files as they are.
    pub is_followed: bool,
    /// The tree, or why it is not known.
    pub view: Result<View, String>,
}

impl ClusterTree<'_> {
    /// The name of the cluster; empty for what none applies.
    pub fn name(&self) -> &str {
        self.cluster.unwrap_or_default()
    }

    /// The cluster, and where its tree comes from.
    pub fn shown(&self) -> String {
        match self.cluster {
            Some(cluster) => format!("{cluster} ({})", self.from),
            None => self.from.clone(),
        }
    }
}

impl Plan {
    /// Closes the units that the gates of their migrations do not let through. The trees are asked
    /// for if there is something to ask of them.
    pub fn close<'t>(
        &mut self,
        migrations: &[&dyn Migration],
        settings: &Settings,
        trees: impl Fn() -> Vec<ClusterTree<'t>>,
    ) {
        let mut known: Option<Vec<ClusterTree<'t>>> = None;
        for migration in migrations {
            let steps = migration.gated_steps();
            let is_gated = |unit: &&mut Unit| {
                unit.id.migration == migration.meta().id && steps.contains(&unit.id.step) && unit.is_able()
            };
            let mut gated: Vec<&mut Unit> = self.units.iter_mut().filter(is_gated).collect();
            if gated.is_empty() {
                continue;
            }
            let known = known.get_or_insert_with(&trees);
            for (number, tree) in known.iter().enumerate() {
                let is_of_tree = |unit: &&mut Unit| match tree.cluster {
                    Some(cluster) => unit.lane.clusters.contains(cluster),
                    None => unit.lane.clusters.is_empty(),
                };
                let places: Vec<usize> =
                    gated.iter().enumerate().filter(|(_, unit)| is_of_tree(unit)).map(|(place, _)| place).collect();
                let asked: Vec<&Unit> = places.iter().map(|place| &*gated[*place]).collect();
                let gates = if asked.is_empty() {
                    Vec::new()
                } else {
                    migration.gates(&asked, tree, &known[..number], settings)
                };
                for (place, gate) in places.into_iter().zip(gates) {
                    let reasons: Vec<Finding> = gate.reason().into_iter().collect();
                    gated[place].close(reasons);
                }
            }
        }
    }

    /// Holds the units back that a gate does not let through.
    pub fn hold(&mut self, gate: impl Fn(&Unit) -> Vec<Gate>) {
        for unit in &mut self.units {
            let reasons: Vec<Finding> = gate(unit).into_iter().filter_map(Gate::reason).collect();
            unit.held.extend(reasons);
        }
    }

    /// What there is to do for each cluster and migration, whatever gates say.
    pub fn tallies(&self, clusters: &[String]) -> BTreeMap<(String, &'static str), Tally> {
        let mut tallies: BTreeMap<(String, &'static str), Tally> = BTreeMap::new();
        let all_held = Selectors { held: true, ..Selectors::default() };
        let index = Index::of(self, |unit| all_held.state_of(unit));
        let mut units: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
        for unit in &self.units {
            unit.lane.clusters.iter().for_each(|cluster| units.entry(cluster).or_default().push(unit));
        }
        for cluster in clusters {
            let of_cluster = units.get(&**cluster).into_iter().flatten().copied();
            let is_of_cluster = |unit: &&Unit| unit.lane.clusters.contains(cluster);
            for (unit, state) in all_held.take_out(&index, of_cluster, &is_of_cluster).states() {
                let tally = tallies.entry((cluster.clone(), unit.id.migration)).or_default();
                // What only exists for others waits for these, and holds nothing up.
                if state != State::Waits || unit.waits_for.is_some() {
                    *tally.units.entry(state).or_default() += 1;
                }
            }
        }
        tallies
    }
}

/// What a migration has to do on a cluster, in the tree of the branch that it follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many units are in each state.
    pub units: BTreeMap<State, usize>,
    /// Since when nothing is pending, and until when that is to be watched, as texts; if it is not
    /// over yet.
    pub soaking: Option<(String, String)>,
}

impl Tally {
    /// How many units are to be written before the next cluster comes.
    pub fn left(&self) -> usize {
        [State::Pending, State::Waits].iter().filter_map(|state| self.units.get(state)).sum()
    }
}

/// What the branch of a cluster shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Live {
    /// This.
    Known(Standing),
    /// Nothing, for this reason.
    Unknown(String),
}

/// What migrations have to do on a cluster, in the tree of the branch that it follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The branch: `origin/edge`.
    pub from: String,
    /// For each migration what there is to do.
    pub tallies: BTreeMap<&'static str, Tally>,
}

/// The order of promotion, and what the branches of its clusters show.
#[derive(Clone, Debug, Default)]
pub struct Promotion {
    /// The clusters in order, each with what its branch shows.
    pub clusters: Vec<(String, Live)>,
    /// The clusters that apply the tree that is planned, once it is merged. The others follow other
    /// branches.
    pub here: BTreeSet<String>,
}

impl Promotion {
    /// The gates of a unit: for each cluster that comes before one that it changes, and that it does
    /// not change itself.
    pub fn gates(&self, unit: &Unit) -> Vec<Gate> {
        let place = |cluster: &str| self.clusters.iter().position(|(name, _)| name == cluster);
        let changed = unit.lane.clusters.intersection(&self.here);
        let Some(last) = changed.clone().filter_map(|name| place(name)).max() else { return Vec::new() };
        let earlier = self.clusters[..last].iter().filter(|(name, _)| !changed.clone().any(|other| other == name));
        earlier.map(|(name, live)| gate(unit.id.migration, name, live)).collect()
    }

    /// Whether a plan of this tree has some unit for one of the clusters that apply it.
    pub fn has(&self, plan: &Plan, cluster: &str, is: impl Fn(&Unit) -> bool) -> bool {
        let of_cluster = |unit: &&Unit| unit.lane.clusters.contains(cluster);
        self.here.contains(cluster) && plan.units.iter().filter(of_cluster).any(is)
    }

    /// Why a migration is held on a cluster, by those that come before it.
    pub fn held(&self, migration: &str, cluster: &str) -> Vec<Finding> {
        let earlier = self.clusters.iter().take_while(|(name, _)| name != cluster);
        earlier.filter_map(|(name, live)| gate(migration, name, live).reason()).collect()
    }
}

fn gate(migration: &str, cluster: &str, live: &Live) -> Gate {
    let held = |message: String| Finding::note(codes::HELD_FOR_CLUSTER, message);
    let standing = match live {
        Live::Known(standing) => standing,
        Live::Unknown(why) => {
            let message = format!("{cluster} comes first, and what is pending there is not known: {why}");
            return Gate::Unknown(held(message));
        }
    };
    let Some(tally) = standing.tallies.get(migration) else { return Gate::Open };
    match (tally.left(), &tally.soaking) {
        (0, None) => Gate::Open,
        (0, Some((since, until))) => Gate::Closed(held(format!(
            "{cluster} comes first, and has it since {since} ({}); it has to run there until {until}",
            standing.from
        ))),
        (left, _) => {
            let units = if left == 1 { "1 unit is".to_owned() } else { format!("{left} units are") };
            Gate::Closed(held(format!("{cluster} comes first, and {units} pending there ({})", standing.from)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Draft, Lane, Subject, UnitId};
    use crate::repo::RepoPath;

    fn unit(clusters: &[&str]) -> Unit {
        let path = RepoPath::new("apps/plex.yaml").unwrap();
        let id = UnitId { migration: "chart-ref", step: "release", subject: Subject::release("media", "plex", &path) };
        let mut unit = Unit::of(Draft::new(id, "title", [path]));
        unit.lane = Lane::of(clusters.iter().map(|name| (*name).to_owned()).collect(), 3);
        unit
    }

    fn known(units: &[(State, usize)]) -> Live {
        let tally = Tally { units: units.iter().copied().collect(), soaking: None };
        Live::Known(Standing { from: "origin/edge".to_owned(), tallies: [("chart-ref", tally)].into() })
    }

    fn promotion(edge: Live, here: &[&str]) -> Promotion {
        let clusters = vec![("edge".to_owned(), edge), ("main".to_owned(), known(&[(State::Pending, 9)]))];
        Promotion { clusters, here: here.iter().map(|name| (*name).to_owned()).collect() }
    }

    fn held(promotion: &Promotion, unit: Unit) -> Vec<String> {
        let mut plan = Plan { units: vec![unit], ..Plan::default() };
        plan.hold(|unit| promotion.gates(unit));
        plan.units[0].held.iter().map(|reason| reason.message.clone()).collect()
    }

    #[test]
    fn a_later_cluster_waits_for_what_is_pending_on_an_earlier_one() {
        let both = ["edge", "main"];
        let pending = promotion(known(&[(State::Pending, 2), (State::Waits, 1)]), &both);
        let expected = ["edge comes first, and 3 units are pending there (origin/edge)"];
        assert_eq!(held(&pending, unit(&["main"])), expected);
        assert!(held(&pending, unit(&["edge"])).is_empty(), "it is the first");
        assert!(held(&pending, unit(&both)).is_empty(), "it is pending on edge itself");
        assert!(held(&pending, unit(&[])).is_empty(), "no cluster applies it");
        let on_main = promotion(known(&[(State::Pending, 2)]), &["main"]);
        assert_eq!(held(&on_main, unit(&both)).len(), 1, "edge applies another branch");
        assert!(held(&on_main, unit(&["edge"])).is_empty(), "it is not of this branch");
    }

    #[test]
    fn only_what_can_be_written_holds_up_others() {
        let both = ["edge", "main"];
        let rest = [(State::Review, 1), (State::Refused, 2), (State::OptedOut, 3)];
        assert!(held(&promotion(known(&rest), &both), unit(&["main"])).is_empty());
        let unknown = promotion(Live::Unknown("its branch is not fetched".to_owned()), &both);
        let expected = ["edge comes first, and what is pending there is not known: its branch is not fetched"];
        assert_eq!(held(&unknown, unit(&["main"])), expected);
    }

    #[test]
    fn what_has_just_landed_runs_for_a_while() {
        let mut edge = known(&[]);
        if let Live::Known(standing) = &mut edge {
            standing.tallies.get_mut("chart-ref").unwrap().soaking = Some(("Monday".to_owned(), "Tuesday".to_owned()));
        }
        let expected = ["edge comes first, and has it since Monday (origin/edge); it has to run there until Tuesday"];
        assert_eq!(held(&promotion(edge, &["main"]), unit(&["main"])), expected);
    }

    #[test]
    fn a_held_unit_keeps_its_worse_states() {
        let reason = Finding::note(codes::HELD_FOR_CLUSTER, "edge comes first");
        let mut held = unit(&["main"]);
        held.held.push(reason);
        assert_eq!((held.state(), held.state_without_gates()), (State::Held, State::Pending));
        held.safety = crate::plan::Safety::Refused;
        assert_eq!(held.state(), State::Refused);
    }
}
