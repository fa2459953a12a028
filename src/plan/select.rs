use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use thiserror::Error;

use super::index::Index;
use super::{Batch, LandError, Plan, State, Subject, Unit, UnitId, batches};
use crate::config::BatchSettings;
use crate::text;

/// What to take out of a plan. Nothing selected means everything.
#[derive(Clone, Debug, Default)]
pub struct Selectors {
    /// Names of clusters.
    pub clusters: Vec<String>,
    /// Names of releases, `namespace/name` or `name`.
    pub releases: Vec<String>,
    /// Namespaces of releases and objects.
    pub namespaces: Vec<String>,
    /// Objects, `Kind/namespace/name`, under their old or new name.
    pub objects: Vec<String>,
    /// Globs over the files that a unit touches.
    pub paths: Vec<String>,
    /// Names of batches, as [`Batch::is_called`](super::Batch::is_called) has them.
    pub batches: Vec<String>,
    /// Whether units to be reviewed are taken too.
    pub review: bool,
    /// Whether units that gates hold back are taken too.
    pub held: bool,
    /// Whether units about what no cluster applies are taken, although clusters are named.
    pub unreached: bool,
}

/// The names that a selection can use.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The names of the clusters, in the order of promotion.
    pub clusters: &'a [String],
    /// Releases that may be asked for without having anything pending.
    pub releases: &'a [String],
    /// How units are divided among batches.
    pub batches: &'a BatchSettings,
}

/// Why nothing can be selected.
#[derive(Debug, Error)]
pub enum SelectError {
    /// What was asked for is not there.
    #[error(transparent)]
    Unknown(#[from] UnknownSelector),
    /// Batches cannot be put in an order.
    #[error(transparent)]
    Land(#[from] LandError),
}

/// A selector that selects nothing that there is.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnknownSelector {
    /// No cluster of that name.
    #[error("there is no cluster `{name}` in this repository (known: {known}){nearest}")]
    Cluster {
        /// What was asked for.
        name: String,
        /// A hint at the nearest, or nothing.
        nearest: String,
        /// What there is, in the order of promotion.
        known: String,
    },
    /// No release of that name in the plan.
    #[error("this plan has no unit for a release `{name}`{nearest}")]
    Release {
        /// What was asked for.
        name: String,
        /// A hint at the nearest, or nothing.
        nearest: String,
    },
    /// No unit or release in that namespace.
    #[error("there is no release or unit in a namespace `{name}`{nearest}")]
    Namespace {
        /// What was asked for.
        name: String,
        /// A hint at the nearest, or nothing.
        nearest: String,
    },
    /// No unit about that object in the plan.
    #[error("this plan has no unit for `{name}`; write Kind/namespace/name, such as Kustomization/media/plex{nearest}")]
    Object {
        /// What was asked for.
        name: String,
        /// A hint at the nearest, or nothing.
        nearest: String,
    },
    /// No batch of that name in the plan.
    #[error("this plan has no batch `{name}`{nearest}")]
    Batch {
        /// What was asked for.
        name: String,
        /// A hint at the nearest, or nothing.
        nearest: String,
    },
    /// A glob that cannot be read.
    #[error("`{glob}` is not a valid glob: {why}")]
    Glob {
        /// What was asked for.
        glob: String,
        /// What is wrong with it.
        why: String,
    },
    /// A glob that matches no file that the plan touches.
    #[error(
        "`{0}` matches no file that this plan changes; globs start at the root of the repository, such as `kubernetes/main/**`"
    )]
    Path(String),
}

/// What is taken out of a plan, and what of it stays.
#[derive(Clone, Debug, Default)]
pub struct Selection<'p> {
    /// What was asked for, with the closure of its needs, and may be written. In the order of the
    /// plan.
    pub chosen: Vec<&'p Unit>,
    /// What was asked for, is to be reviewed, and was not asked for with `--review`.
    pub to_review: Vec<&'p Unit>,
    /// What was asked for and a gate holds back: printed, and no failure.
    pub held: Vec<&'p Unit>,
    /// What was asked for and is refused.
    pub refused: Vec<&'p Unit>,
    /// What was asked for and a comment in the repository opts out: neither pending nor in the way.
    pub opted_out: Vec<&'p Unit>,
    /// What exists for units that are not taken, such as a source, or can only come after some that
    /// were not asked for, such as a removal, or after another migration: neither pending nor in the
    /// way.
    pub waiting: Vec<&'p Unit>,
}

impl<'p> Selection<'p> {
    /// What was asked for, each unit with its state: the worst of its own and of all that it needs.
    pub fn states(&self) -> impl Iterator<Item = (&'p Unit, State)> + '_ {
        let lists = [
            (State::Pending, &self.chosen),
            (State::Review, &self.to_review),
            (State::Waits, &self.waiting),
            (State::Held, &self.held),
            (State::Refused, &self.refused),
            (State::OptedOut, &self.opted_out),
        ];
        lists.into_iter().flat_map(|(state, units)| units.iter().map(move |unit| (*unit, state)))
    }

    /// Whether something that was asked for stays undone when what is chosen is written.
    pub fn leaves_something(&self) -> bool {
        !self.to_review.is_empty() || !self.refused.is_empty()
    }

    /// Whether nothing that was asked for is pending or refused.
    pub fn is_clean(&self) -> bool {
        self.chosen.is_empty() && !self.leaves_something()
    }
}

impl Selectors {
    /// Takes what is asked for out of a plan, with the closure of its needs.
    ///
    /// # Errors
    /// [`UnknownSelector`] for a name that is not there, with the nearest that is. [`LandError`] if
    /// batches need each other in a circle.
    pub fn select<'p>(&self, plan: &'p Plan, known: &Known<'_>) -> Result<Selection<'p>, SelectError> {
        self.check_clusters(known.clusters)?;
        self.check_releases(plan, known.releases)?;
        self.check_namespaces(plan, known.releases)?;
        self.check_objects(plan)?;
        let globs = self.globs(plan)?;
        let in_batches = if self.batches.is_empty() { None } else { Some(self.in_batches(plan, known)?) };
        let asked = |unit: &&Unit| {
            let by_batch = in_batches.as_ref().is_none_or(|units| units.contains(&unit.id));
            let by_cluster = self.clusters.is_empty()
                || self.clusters.iter().any(|name| unit.lane.clusters.contains(name))
                || self.unreached && unit.lane.clusters.is_empty();
            let by_release = self.releases.is_empty() || self.releases.iter().any(|name| is_release(unit, name));
            let by_path = globs.is_empty() || unit.touches.iter().any(|path| globs.is_match(path.as_str()));
            let by_namespace = self.namespaces.is_empty() || self.namespaces.iter().any(|name| is_in(unit, name));
            let by_object = self.objects.is_empty() || self.objects.iter().any(|name| is_object(unit, name));
            by_cluster && by_release && by_namespace && by_object && by_path && by_batch
        };
        Ok(self.take_out(&Index::of(plan, |unit| self.state_of(unit)), &plan.units, &asked))
    }

    /// The state of a unit without regard to what it needs.
    pub(super) fn state_of(&self, unit: &Unit) -> State {
        match if self.held { unit.state_without_gates() } else { unit.state() } {
            State::Review if self.review => State::Pending,
            state => state,
        }
    }

    /// Takes out what is asked for among some units, with the closure of their needs.
    pub(super) fn take_out<'p>(
        &self,
        all: &Index<'p>,
        units: impl IntoIterator<Item = &'p Unit>,
        asked: &dyn Fn(&&Unit) -> bool,
    ) -> Selection<'p> {
        let mut selection = Selection::default();
        let mut taken = BTreeSet::new();
        let mut waiting = BTreeSet::new();
        // What is named by itself, its file or its batch is taken with all that it needs.
        let named = !self.paths.is_empty() || !self.batches.is_empty() || !self.objects.is_empty();
        let is_too_early = |unit: &Unit| {
            let mut needs = unit.needs.iter().filter_map(|need| all.get(need));
            !named && needs.any(|need| !need.is_for_others() && !asked(&need))
        };
        for unit in units.into_iter().filter(asked) {
            match all.state(unit) {
                _ if is_too_early(unit) => drop(waiting.insert(&unit.id)),
                State::OptedOut => selection.opted_out.push(unit),
                State::Refused => selection.refused.push(unit),
                State::Held => selection.held.push(unit),
                State::Waits => drop(waiting.insert(&unit.id)),
                State::Review => selection.to_review.push(unit),
                State::Pending => take(all, unit, &mut taken),
            }
        }
        // What exists for others waits until one of them is taken, and what exists for that, too.
        loop {
            let now = taken.iter().filter_map(|id| all.get(id));
            let needed: BTreeSet<&UnitId> = now.clone().flat_map(|unit| &unit.needs).collect();
            let waits = |unit: &&Unit| unit.is_for_others() && all.is_wanted(unit) && !needed.contains(&unit.id);
            let idle: BTreeSet<&UnitId> = now.filter(waits).map(|unit| &unit.id).collect();
            if named || idle.is_empty() {
                break;
            }
            taken.retain(|id| !idle.contains(id));
            waiting.extend(idle);
        }
        selection.waiting = all.in_order(&waiting);
        selection.chosen = all.in_order(&taken);
        selection
    }

    /// The clusters whose lanes count, in the order of promotion: those that are asked for, else
    /// all.
    pub fn lanes(&self, clusters: &[String]) -> Vec<String> {
        let counts = |name: &&String| self.clusters.is_empty() || self.clusters.contains(name);
        clusters.iter().filter(counts).cloned().collect()
    }

    /// The units of the batches that are asked for, whatever else is: a selection renumbers
    /// nothing.
    fn in_batches<'p>(&self, plan: &'p Plan, known: &Known<'_>) -> Result<BTreeSet<UnitId>, SelectError> {
        // With more options there are more.
        let with = |review: bool, held: bool| -> Result<Vec<Batch<'p>>, SelectError> {
            let all = Selectors { clusters: self.clusters.clone(), review, held, ..Selectors::default() };
            Ok(batches(&all.select(plan, known)?.chosen, &self.lanes(known.clusters), known.batches)?)
        };
        let there = with(self.review, self.held)?;
        let mut units = BTreeSet::new();
        for asked in &self.batches {
            let found: Vec<_> = there.iter().filter(|batch| batch.is_called(asked)).collect();
            if found.is_empty() {
                let is_in = |batches: &[Batch<'_>]| batches.iter().any(|batch| batch.is_called(asked));
                let all = with(true, true)?;
                let nearest = if is_in(&with(true, self.held)?) {
                    "; with --review it has one".to_owned()
                } else if !self.held && is_in(&all) {
                    "; it waits for an earlier cluster, and --no-gate includes it".to_owned()
                } else {
                    let names: Vec<(String, String)> =
                        all.iter().map(|batch| (batch.name(), batch.to_string())).collect();
                    let known = names.iter().flat_map(|(name, full)| [(&**name, full), (&**full, full)]);
                    let near = text::nearest(asked, known).map(|near| format!("; did you mean `{near}`?"));
                    near.unwrap_or_else(|| listed(&there))
                };
                return Err(UnknownSelector::Batch { name: asked.clone(), nearest }.into());
            }
            units.extend(found.iter().flat_map(|batch| &batch.units).map(|unit| unit.id.clone()));
        }
        Ok(units)
    }

    fn check_clusters(&self, clusters: &[String]) -> Result<(), UnknownSelector> {
        let Some(name) = self.clusters.iter().find(|name| !clusters.contains(name)) else { return Ok(()) };
        let known = if clusters.is_empty() { "none".to_owned() } else { clusters.join(", ") };
        let near = text::nearest(name, clusters.iter().map(|known| (&**known, known)));
        let nearest = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Err(UnknownSelector::Cluster { name: name.clone(), nearest, known })
    }

    fn check_releases(&self, plan: &Plan, known: &[String]) -> Result<(), UnknownSelector> {
        let is_known = |name: &&String| {
            let tail = format!("/{name}");
            plan.units.iter().any(|unit| is_release(unit, name))
                || known.iter().any(|full| full == *name || full.ends_with(&tail))
        };
        let Some(name) = self.releases.iter().find(|name| !is_known(name)) else { return Ok(()) };
        let nearest = nearest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Err(UnknownSelector::Release { name: name.clone(), nearest })
    }

    fn check_namespaces(&self, plan: &Plan, known: &[String]) -> Result<(), UnknownSelector> {
        let of_releases = known.iter().filter_map(|name| Some(name.split_once('/')?.0));
        let there: BTreeSet<&str> = plan.units.iter().flat_map(namespaces).chain(of_releases).collect();
        let Some(name) = self.namespaces.iter().find(|name| !there.contains(&***name)) else { return Ok(()) };
        let near = text::nearest(name, there.iter().map(|known| (*known, *known)));
        let nearest = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Err(UnknownSelector::Namespace { name: name.clone(), nearest })
    }

    fn check_objects(&self, plan: &Plan) -> Result<(), UnknownSelector> {
        let is_known = |name: &String| plan.units.iter().any(|unit| is_object(unit, name));
        let Some(name) = self.objects.iter().find(|name| !is_known(name)) else { return Ok(()) };
        let there: BTreeSet<String> = plan.units.iter().flat_map(objects).collect();
        let near = text::nearest(name, there.iter().map(|known| (&**known, known)));
        let nearest = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Err(UnknownSelector::Object { name: name.clone(), nearest })
    }

    /// A glob matches files, or directories and with them all that is below.
    fn globs(&self, plan: &Plan) -> Result<GlobSet, UnknownSelector> {
        let mut all = GlobSetBuilder::new();
        for glob in &self.paths {
            let unreadable =
                |error: globset::Error| UnknownSelector::Glob { glob: glob.clone(), why: error.kind().to_string() };
            let tidy = glob.trim_start_matches("./").trim_end_matches('/');
            let mut globs = GlobSetBuilder::new();
            for pattern in [tidy.to_owned(), format!("{tidy}/**")] {
                let pattern = GlobBuilder::new(&pattern).literal_separator(true).build().map_err(unreadable)?;
                globs.add(pattern.clone());
                all.add(pattern);
            }
            let globs = globs.build().map_err(unreadable)?;
            let mut touched = plan.units.iter().flat_map(|unit| &unit.touches);
            if !plan.units.is_empty() && !touched.any(|path| globs.is_match(path.as_str())) {
                return Err(UnknownSelector::Path(glob.clone()));
            }
        }
        let error =
            |error: globset::Error| UnknownSelector::Glob { glob: self.paths.join(" "), why: error.kind().to_string() };
        all.build().map_err(error)
    }
}

/// The name most like another, if any is much like it. A name without namespace is compared with
/// names alone.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k String>) -> Option<&'k String> {
    let short =
        |full: &'k String| if name.contains('/') { full.as_str() } else { full.rsplit('/').next().unwrap_or(full) };
    text::nearest(name, known.into_iter().map(|full| (short(full), full)))
}

/// The first batches, for whoever named one that there is not.
fn listed(batches: &[Batch<'_>]) -> String {
    const SHOWN: usize = 10;
    let names: Vec<String> = batches.iter().take(SHOWN).map(|batch| format!("`{batch}`")).collect();
    match batches.len() {
        0 => "; it has no batches".to_owned(),
        count if count > SHOWN => format!("; it has {} and {} more", names.join(", "), count - SHOWN),
        _ => format!("; it has {}", names.join(", ")),
    }
}

fn is_release(unit: &Unit, asked: &str) -> bool {
    let Subject::Release { namespace, name, .. } = &unit.id.subject else { return false };
    let is_it = |namespace: &str, name: &str| {
        asked.split_once('/').map_or(asked == name, |(ns, n)| ns == namespace && n == name)
    };
    is_it(namespace, name) || unit.also.iter().filter_map(|other| other.split_once('/')).any(|(ns, n)| is_it(ns, n))
}

/// The names of what a unit is about, `Kind/namespace/name`; `Kind/name` where there is no namespace.
fn objects(unit: &Unit) -> impl Iterator<Item = String> {
    let subject = &unit.id.subject;
    let namespace = Some(subject.namespace()).filter(|namespace| !namespace.is_empty());
    let own = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default() + subject.name();
    let all = unit.also.iter().cloned().chain([own]).filter(|_| !subject.is_path());
    all.map(|name| format!("{}/{name}", subject.kind()))
}

fn is_object(unit: &Unit, asked: &str) -> bool {
    objects(unit).any(|name| name.eq_ignore_ascii_case(asked))
}

/// The namespaces in which clusters apply what a unit is about.
fn namespaces(unit: &Unit) -> impl Iterator<Item = &str> {
    let others = unit.also.iter().filter_map(|other| Some(other.split_once('/')?.0));
    std::iter::once(unit.namespace()).chain(others).filter(|namespace| !namespace.is_empty())
}

fn is_in(unit: &Unit, asked: &str) -> bool {
    namespaces(unit).any(|namespace| namespace == asked)
}

fn take<'p>(all: &Index<'p>, unit: &'p Unit, taken: &mut BTreeSet<&'p UnitId>) {
    if taken.insert(&unit.id) {
        unit.needs.iter().filter_map(|need| all.get(need)).for_each(|need| take(all, need, taken));
    }
}
