//! Batches: units that land together, on a branch of their own.
//!
//! Units are divided by lane, then by class, then by namespace; what many others depend on, and
//! what runs a Helm hook or is said to be alone, is alone. The name of a batch is a function of its own units, so that
//! merging one never renames another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Class, Impact, LandError, Lane, Subject, Unit, UnitId};
use crate::config::BatchSettings;
use crate::recipe::Batching;

/// Units that land together.
#[derive(Clone, Debug)]
pub struct Batch<'p> {
    /// Its migration.
    pub migration: &'static str,
    /// The stage of all its units, of a recipe that has stages.
    pub stage: Option<&'static str>,
    /// The clusters that it changes, of those that are asked for.
    pub lane: Lane,
    /// The class of all its units.
    pub class: Class,
    /// The namespace of all its units; empty where nothing gives them one.
    pub namespace: String,
    /// The release that it is named after, where it does not hold all of its class and namespace.
    pub after: Option<String>,
    /// Its units, in an order in which each comes after what it needs.
    pub units: Vec<&'p Unit>,
}

impl Batch<'_> {
    /// Its name: `30-deployments-media`, or `30-deployments-media_plex` where plex is the first of
    /// several, or alone; with the stage in front. A function of its own units: whatever lands, the
    /// others keep their names.
    pub fn name(&self) -> String {
        let stage = self.stage.map(|stage| format!("{stage}-")).unwrap_or_default();
        let mut name = format!("{stage}{}", self.class);
        // A namespace has no underscore in it, so no two of these are one.
        for (sign, part) in [('-', Some(&*self.namespace)), ('_', self.after.as_deref())] {
            if let Some(part) = part.filter(|part| !part.is_empty()) {
                name.push(sign);
                name.push_str(&in_a_ref(part));
            }
        }
        name
    }

    /// The name of its branch.
    pub fn branch(&self) -> String {
        self.branch_as(self.migration)
    }

    /// The name that its branch has if its migration is called so.
    pub fn branch_as(&self, migration: &str) -> String {
        format!("{}/{}", branches_of(&self.lane, migration), self.name())
    }

    /// The clusters that apply what it changes, and were not asked for.
    pub fn also_changes(&self) -> BTreeSet<&str> {
        let all = self.units.iter().flat_map(|unit| &unit.radius.clusters).map(String::as_str);
        all.filter(|name| !self.lane.clusters.contains(*name)).collect()
    }

    /// Whether it has this name, as you may write it: its name, `lane/name`, `lane/migration/name`,
    /// or the name of its branch.
    pub fn is_called(&self, asked: &str) -> bool {
        let name = self.name();
        let branch = self.branch();
        let qualified = branch.strip_prefix(BRANCHES).is_some_and(|rest| rest.strip_prefix('/') == Some(asked));
        asked == name || asked == format!("{}/{name}", self.lane) || asked == branch || qualified
    }
}

impl fmt::Display for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.lane, self.name())
    }
}

/// Below which name all branches stand.
pub const BRANCHES: &str = "flux-codemod";

/// Whether a part of the name of a branch stands for a lane of some clusters, and of no other.
pub fn is_lane_of(part: &str, clusters: &[String]) -> bool {
    let names: BTreeSet<String> = clusters.iter().map(|name| in_a_ref(name)).collect();
    // Before there were names of several, all of them were called so.
    let is_shared = part == Lane::SHARED && clusters.len() > 1;
    is_shared || names.contains(part) || part.split('+').all(|name| names.contains(name))
}

/// Below which name the branches of a lane and a migration stand.
pub fn branches_of(lane: &Lane, migration: &str) -> String {
    format!("{BRANCHES}/{}/{migration}", in_a_ref(&lane.to_string()))
}

/// A text as git takes it in the name of a ref (git-check-ref-format).
fn in_a_ref(text: &str) -> String {
    let tame = |c: char| if c.is_ascii_alphanumeric() || "-_+".contains(c) { c } else { '-' };
    text.chars().map(tame).collect()
}

/// Divides units among batches, in the order in which these land. Units that change none of the
/// clusters asked for, and are needed by none that does, are in no batch; nor are those that need
/// one of these, such as the removal of what releases of another cluster still name. Units about
/// what no cluster applies are in the lane of no cluster, which comes last.
///
/// Within a lane and a class, what fewer others depend on comes first, then what weighs less, and what is alone last.
/// Lanes come in the order of promotion, those of several clusters with the last of these; what
/// others need comes before them, whatever its lane.
///
/// `units` are in an order in which each comes after what it needs, those of earlier migrations
/// first. `clusters` are those whose lanes count, in the order of promotion.
///
/// # Errors
/// [`LandError::Needs`] if batches need each other in a circle.
pub fn batches<'p>(
    units: &[&'p Unit],
    clusters: &[String],
    settings: &BatchSettings,
) -> Result<Vec<Batch<'p>>, LandError> {
    let lanes = lanes(units, clusters);
    let first_places = units.iter().enumerate().rev().map(|(place, unit)| (unit.id.migration, place));
    let first_places: BTreeMap<&str, usize> = first_places.collect();
    let for_none = for_none(units);
    // Stages come in the order in which their units need each other.
    let of_stages = units.iter().enumerate().rev().map(|(place, unit)| ((unit.id.migration, unit.stage()), place));
    let of_stages: BTreeMap<(&str, Option<&str>), usize> = of_stages.collect();
    let mut groups: BTreeMap<Group, Vec<&'p Unit>> = BTreeMap::new();
    let mut left_out = BTreeSet::new();
    for unit in units {
        let able = unit.needs.iter().all(|need| !left_out.contains(need));
        let is_of_none = unit.lane.clusters.is_empty() || for_none.contains(&unit.id);
        let changes = |lane: &&Lane| !lane.clusters.is_empty() || is_of_none;
        let Some(lane) = lanes.get(&unit.id).filter(|lane| able && changes(lane)) else {
            left_out.insert(&unit.id);
            continue;
        };
        let by_class = unit.is_batched_by_class() && !settings.one_app_each;
        let is_together = settings.none_together && unit.impact == Impact::None && !settings.one_app_each;
        let group = Group {
            migration: first_places[unit.id.migration],
            stage: of_stages[&(unit.id.migration, unit.stage())],
            rank: clusters.iter().rposition(|name| lane.clusters.contains(name)).unwrap_or(clusters.len()),
            lane: lane.to_string(),
            class: Class::of(unit),
            namespace: if is_together || by_class { String::new() } else { unit.namespace().to_owned() },
            kind: Kind::of(unit, settings),
        };
        groups.entry(group).or_default().push(unit);
    }
    let mut found = Vec::new();
    for (group, mut units) in groups {
        let size = if group.kind == Kind::Recreated { settings.recreate_at_most } else { units.len() };
        if group.kind != Kind::Ordinary {
            units.sort_by_key(|unit| (unit.dependents, unit.id.clone()));
        }
        for units in units.chunks(size.max(1)) {
            let lane = lanes[&units[0].id].clone();
            let after = (group.kind != Kind::Ordinary).then(|| units[0].id.subject.name().to_owned());
            let dependents = units.iter().map(|unit| unit.dependents).max().unwrap_or_default();
            let at_stake = (group.kind.is_alone(), dependents, units.iter().map(|unit| unit.weight).sum::<usize>());
            let order = (group.migration, group.rank, group.stage, group.class, at_stake);
            let (class, namespace) = (group.class, group.namespace.clone());
            let (migration, stage) = (units[0].id.migration, units[0].stage());
            found.push((order, Batch { migration, stage, lane, class, namespace, after, units: units.to_vec() }));
        }
    }
    found.sort_by_cached_key(|(order, batch)| (*order, batch.name()));
    after_needs(found.into_iter().map(|(_, batch)| batch).collect())
}

/// The clusters whose objects each unit changes, of those that count; of what exists for others,
/// and of what no cluster applies, those of the others. A release of one cluster, or of none, does
/// not become one of several because a removal on several waits for it.
fn lanes(units: &[&Unit], clusters: &[String]) -> BTreeMap<UnitId, Lane> {
    let by_id: BTreeMap<&UnitId, &Unit> = units.iter().map(|unit| (&unit.id, *unit)).collect();
    let mut lanes = BTreeMap::<UnitId, Lane>::new();
    // Those that need something come after it.
    for unit in units.iter().rev() {
        let clusters_of_unit = unit.lane.clusters.iter().filter(|name| clusters.contains(name)).cloned();
        let all: BTreeSet<String> =
            clusters_of_unit.chain(lanes.remove(&unit.id).unwrap_or_default().clusters).collect();
        for need in unit.needs.iter().filter(|need| by_id.get(need).is_some_and(|need| need.follows(unit))) {
            lanes.entry(need.clone()).or_default().clusters.extend(all.iter().cloned());
        }
        let is_all = unit.lane.is_all && all == unit.lane.clusters;
        lanes.insert(unit.id.clone(), Lane { clusters: all, is_all });
    }
    lanes
}

/// What units need that are about what no cluster applies: it lands with them, although the
/// clusters that it changes may not count here.
fn for_none<'p>(units: &[&'p Unit]) -> BTreeSet<&'p UnitId> {
    let mut needed = BTreeSet::new();
    for unit in units.iter().rev() {
        if unit.lane.clusters.is_empty() || needed.contains(&unit.id) {
            needed.extend(&unit.needs);
        }
    }
    needed
}

/// What units have in common that may share a batch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    migration: usize,
    rank: usize,
    stage: usize,
    lane: String,
    class: Class,
    namespace: String,
    kind: Kind,
}

/// How many of a kind share a batch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// All of a class and namespace.
    Ordinary,
    /// A few: each is deleted by hand.
    Recreated,
    /// What has this name, because every app gets a separate batch.
    Asked(String),
    /// This one, which others depend on, or which sets off a hook.
    Alone(String),
}

impl Kind {
    fn of(unit: &Unit, settings: &BatchSettings) -> Kind {
        if unit.recipe.is_some_and(|recipe| recipe.batching == Some(Batching::App)) {
            return Kind::Asked(unit.id.subject.name().to_owned());
        }
        if unit.alone {
            return Kind::Alone(unit.id.subject.name().to_owned());
        }
        let Subject::Release { name, .. } = &unit.id.subject else { return Kind::Ordinary };
        // Who depends on it is of no interest where nothing that runs is touched.
        let is_risky = unit.dependents > settings.alone_above && unit.impact > Impact::None;
        if unit.hooks || is_risky {
            Kind::Alone(name.clone())
        } else if settings.one_app_each {
            Kind::Asked(name.clone())
        } else if unit.impact >= Impact::Recreate {
            Kind::Recreated
        } else {
            Kind::Ordinary
        }
    }

    fn is_alone(&self) -> bool {
        matches!(self, Kind::Alone(_))
    }
}

/// The batches in the nearest order in which each comes after what its units need.
fn after_needs(batches: Vec<Batch<'_>>) -> Result<Vec<Batch<'_>>, LandError> {
    let numbered = batches.iter().enumerate();
    let units = numbered.flat_map(|(number, batch)| batch.units.iter().map(move |unit| (&unit.id, number)));
    let batch_of: BTreeMap<&UnitId, usize> = units.collect();
    let needs = |(number, batch): (usize, &Batch<'_>)| -> BTreeSet<usize> {
        let needed = batch.units.iter().flat_map(|unit| &unit.needs).filter_map(|need| batch_of.get(need).copied());
        needed.filter(|needed| *needed != number).collect()
    };
    let mut needs: Vec<BTreeSet<usize>> = batches.iter().enumerate().map(needs).collect();
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); batches.len()];
    for (number, needs) in needs.iter().enumerate() {
        needs.iter().for_each(|needed| needed_by[*needed].push(number));
    }
    let mut ready: BTreeSet<usize> = (0..batches.len()).filter(|number| needs[*number].is_empty()).collect();
    let mut waiting: Vec<Option<Batch<'_>>> = batches.into_iter().map(Some).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while let Some(number) = ready.pop_first() {
        order.extend(waiting[number].take());
        // Those before it waited for something; they follow as soon as that is there.
        for waits in &needed_by[number] {
            needs[*waits].remove(&number);
            if needs[*waits].is_empty() {
                ready.insert(*waits);
            }
        }
    }
    match waiting.iter().flatten().next() {
        Some(stuck) => Err(LandError::Needs(Box::new(stuck.units[0].id.clone()))),
        None => Ok(order),
    }
}
