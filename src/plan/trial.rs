//! Units on trial before a judge: which Flux Kustomizations they touch, and which unit causes a
//! difference.

use std::collections::{BTreeMap, BTreeSet};

use super::judge::{Compared, Detail, Judge, Judged, Verdict, surprise};
use super::land::{LandError, land, ordered};
use super::{Finding, Migration, Severity, Unit, UnitId, codes};
use crate::config::Settings;
use crate::flux::{InCluster, Radiuses, View};

/// How many parts of the units of one Flux Kustomization are landed on trial, to find those that
/// are to blame.
const PROBES: usize = 64;

/// A tree, units that have landed on it one after the other, and what their landing takes.
pub(super) struct Trial<'t> {
    pub(super) view: &'t View,
    pub(super) units: Vec<&'t Unit>,
    pub(super) migrations: &'t [&'t dyn Migration],
    pub(super) settings: &'t Settings,
}

/// The units that can touch each Flux Kustomization.
type Touched<'t> = BTreeMap<InCluster, Vec<&'t Unit>>;

impl<'t> Trial<'t> {
    /// The units of migrations that promise to leave builds as they are.
    pub(super) fn to_judge(&self) -> Vec<&'t Unit> {
        let keeps = |unit: &&Unit| {
            let mut all = self.migrations.iter();
            all.any(|migration| migration.meta().id == unit.id.migration && migration.keeps_builds(unit))
        };
        self.units.iter().copied().filter(keeps).collect()
    }

    /// How much a judge is to say of what differs.
    pub(super) fn detail(&self) -> Detail {
        let judged = self.to_judge();
        let asks = |migration: &&&dyn Migration| {
            migration.detail() == Detail::Fields && judged.iter().any(|unit| unit.id.migration == migration.meta().id)
        };
        self.migrations.iter().find(asks).map(|migration| migration.detail()).unwrap_or_default()
    }

    /// The tree on which they land: this one with all other units, which are not judged, in it.
    ///
    /// # Errors
    /// As [`land`].
    pub(super) fn without_them(&self) -> Result<View, LandError> {
        let judged: BTreeSet<&UnitId> = self.to_judge().iter().map(|unit| &unit.id).collect();
        let others: Vec<&Unit> = self.units.iter().copied().filter(|unit| !judged.contains(&unit.id)).collect();
        if others.is_empty() {
            return Ok(self.view.clone());
        }
        Ok(land(self.view, &ordered(&others)?, self.migrations, self.settings)?.view)
    }

    /// Lets a judge compare everything that the units can touch: the results, and the units that
    /// change what they should not, each with the reason.
    ///
    /// # Errors
    /// As [`land`], of parts of the units.
    pub(super) fn judged(
        &self,
        after: &View,
        judge: &dyn Judge,
        name: String,
    ) -> Result<(Judged, BTreeMap<UnitId, Finding>), LandError> {
        let mut blamed: BTreeMap<UnitId, Finding> = BTreeMap::new();
        let mut judged = Judged { by: Some(name.clone()), caution: judge.caution(), ..Judged::default() };
        let (in_both, in_any) = self.touched(after);
        for (build, verdict) in judge.compare(self.view, after, &in_any.keys().cloned().collect(), self.detail()) {
            let Some(units) = in_any.get(&build) else { continue };
            let suspects = in_both.get(&build).unwrap_or(units);
            // Further units to blame are found when the known ones are refused.
            let is_known = suspects.iter().any(|unit| blamed.contains_key(&unit.id));
            if let Some(message) = surprise(&build, &verdict, units, self.migrations).filter(|_| !is_known) {
                for (unit, message) in self.guilty(&build, suspects, message, &in_any, judge)? {
                    let finding = Finding::error(codes::BUILD_DIFFERS, format!("{message} ({name})"));
                    blamed.insert(unit.id.clone(), finding.at(unit.id.subject.path(), None));
                }
            }
            judged
                .builds
                .insert(build, Compared { verdict, units: suspects.iter().map(|unit| unit.id.clone()).collect() });
        }
        Ok((judged, blamed))
    }

    /// Lets a judge compare everything that the units can touch; `None` if something changes that
    /// should not.
    pub(super) fn compared(&self, after: &View, judge: &dyn Judge, name: String) -> Option<Judged> {
        let mut judged = Judged { by: Some(name), caution: judge.caution(), ..Judged::default() };
        let (in_both, in_any) = self.touched(after);
        for (build, verdict) in judge.compare(self.view, after, &in_any.keys().cloned().collect(), self.detail()) {
            let Some(units) = in_any.get(&build) else { continue };
            if surprise(&build, &verdict, units, self.migrations).is_some() {
                return None;
            }
            let suspects = in_both.get(&build).unwrap_or(units);
            let units = suspects.iter().map(|unit| unit.id.clone()).collect();
            judged.builds.insert(build, Compared { verdict, units });
        }
        Some(judged)
    }

    /// The units that can touch each Flux Kustomization with one of their files: those that can in
    /// both trees, and those that can in one.
    fn touched(&self, after: &View) -> (Touched<'t>, Touched<'t>) {
        // What is not parsed is not in the graph.
        let (before, after) = (self.view.whole(), after.whole());
        let (before, after) = (Radiuses::of(&before), Radiuses::of(&after));
        let (mut in_both, mut in_any) = (Touched::new(), Touched::new());
        for unit in self.to_judge() {
            let (old, new) = (reached(&before, unit), reached(&after, unit));
            old.intersection(&new).for_each(|build| in_both.entry(build.clone()).or_default().push(unit));
            old.union(&new).for_each(|build| in_any.entry(build.clone()).or_default().push(unit));
        }
        (in_both, in_any)
    }

    /// Which of the suspects make a Flux Kustomization differ without the others, with the reason;
    /// all of them, if none does.
    fn guilty(
        &self,
        of: &InCluster,
        suspects: &[&'t Unit],
        message: String,
        touched: &Touched<'t>,
        judge: &dyn Judge,
    ) -> Result<Vec<(&'t Unit, String)>, LandError> {
        let mut found = Vec::new();
        let mut waiting = vec![suspects.to_vec()];
        for _ in 0..PROBES {
            let Some(part) = waiting.pop() else { break };
            let message = if part.len() == suspects.len() {
                Some(message.clone())
            } else {
                self.alone(of, &part, touched, judge)?
            };
            match (message, part.as_slice()) {
                (None, _) => {}
                (Some(message), [one]) => found.push((*one, message)),
                (Some(_), several) => {
                    let (first, second) = several.split_at(several.len() / 2);
                    waiting.extend([second.to_vec(), first.to_vec()]);
                }
            }
        }
        // What there was no time to look at is not proven.
        found.extend(waiting.into_iter().flatten().map(|unit| (unit, message.clone())));
        if found.is_empty() {
            found.extend(suspects.iter().map(|unit| (*unit, message.clone())));
        }
        Ok(found)
    }

    /// What is wrong with a Flux Kustomization where only some units land, with what they need.
    fn alone(
        &self,
        of: &InCluster,
        some: &[&Unit],
        touched: &Touched<'t>,
        judge: &dyn Judge,
    ) -> Result<Option<String>, LandError> {
        let mut taken: BTreeSet<&UnitId> = BTreeSet::new();
        let mut open: Vec<&UnitId> = some.iter().map(|unit| &unit.id).collect();
        while let Some(id) = open.pop() {
            let unit = self.units.iter().find(|unit| unit.id == *id).filter(|_| taken.insert(id));
            open.extend(unit.into_iter().flat_map(|unit| &unit.needs));
        }
        let units: Vec<&Unit> = self.units.iter().copied().filter(|unit| taken.contains(&unit.id)).collect();
        let landed = land(self.view, &ordered(&units)?, self.migrations, self.settings)?;
        // Changed Flux Kustomizations that it applies are compared by their own builds.
        let touches = |by: &Vec<&Unit>| by.iter().any(|unit| taken.contains(&unit.id));
        let which =
            touched.iter().filter(|(build, by)| *build == of || touches(by)).map(|(build, _)| build.clone()).collect();
        let verdicts = judge.compare(self.view, &landed.view, &which, self.detail());
        Ok(verdicts.get(of).and_then(|verdict| surprise(of, verdict, &units, self.migrations)))
    }
}

impl Judged {
    /// Takes in what came of another round: what is the same counts only if it always was.
    pub(super) fn extend(&mut self, other: Judged) {
        self.by = other.by.or(self.by.take());
        for (name, Compared { verdict, units }) in other.builds {
            let none = Compared { verdict: Verdict::Same, units: BTreeSet::new() };
            let known = self.builds.entry(name).or_insert(none);
            known.units.extend(units);
            if known.verdict == Verdict::Same {
                known.verdict = verdict;
            }
        }
    }

    /// A note for each build that could not be compared, at the Flux Kustomization.
    pub(super) fn findings(&self, view: &View) -> Vec<Finding> {
        let graph = view.graph();
        let unknown = self.builds.iter().filter_map(|(name, build)| match &build.verdict {
            Verdict::Unknown(why) => Some((name, why)),
            _ => None,
        });
        unknown
            .map(|(name, why)| {
                let is_it = |other: &&crate::flux::FluxKustomization| {
                    graph.clusters[other.cluster].name == name.cluster && other.full_name() == name.name
                };
                let at = graph.kustomizations.iter().find(is_it).map(|kustomization| &kustomization.at);
                let node = at.and_then(|at| view.node(at));
                Finding {
                    severity: Severity::Note,
                    code: codes::BUILD_NOT_COMPARED,
                    path: at.map(|at| at.path.clone()),
                    line: node.map(|node| node.line()),
                    message: format!(
                        "whether {} on {} still builds the same is not known: {why}",
                        name.name, name.cluster
                    ),
                }
            })
            .collect()
    }
}

/// The Flux Kustomizations that the files of a unit reach.
fn reached(all: &Radiuses<'_>, unit: &Unit) -> BTreeSet<InCluster> {
    unit.touches.iter().flat_map(|path| all.of_file(path).kustomizations.clone()).collect()
}
