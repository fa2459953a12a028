//! What a stage changes beside its own documents: objects that Flux Kustomizations apply, where
//! these, files of Kustomize, or patches are what it changes.

use std::collections::{BTreeMap, BTreeSet};

use super::documents::{Made, Open};
use super::effects::{called, effects};
use super::names;
use super::work::Work;
use crate::flux::{At, FieldDifference, FluxKustomization, Reach, Value, View, group_of, is_kustomization_file};
use crate::plan::{Code, Draft, Effect, Finding, Impact, Subject};
use crate::recipe::codes;
use crate::recipe::path::Path;
use crate::recipe::promise::{Differs, Promise};
use crate::recipe::select::{Select, Selector};
use crate::recipe::stage::{Outcome, run};
use crate::repo::{Change, Changes, RepoPath};
use crate::text::Splice;

/// What units change in builds.
#[derive(Default)]
pub(super) struct Built {
    broken: BTreeMap<Subject, Vec<String>>,
    /// Other reasons why units cannot be written.
    refused: BTreeMap<Subject, Vec<(&'static Code, String)>>,
    effects: BTreeMap<Subject, Vec<Effect>>,
}

/// An object of a cluster, as it is called there.
type Called = (String, String, String, String, String);

impl Built {
    /// Lands what a stage changes on trial, and compares what clusters apply. `written` are the texts of
    /// the units that have one.
    pub(super) fn of(work: &Work<'_>, open: &Open<'_>, written: impl FnOnce() -> Vec<Changes>) -> Built {
        if !open.values().flatten().any(builds) {
            return Built::default();
        }
        let Some(after) = trial(work, &written()) else { return Built::default() };
        let compared = Compared::of(work, open, &after);
        compared.built()
    }

    /// Why a unit cannot be written.
    pub(super) fn refused(&self, subject: &Subject) -> Vec<Finding> {
        let broken = self.broken.get(subject).into_iter().flatten();
        let broken = broken.map(|message| (codes::BREAKS_PROMISE, message));
        let refused = self.refused.get(subject).into_iter().flatten().map(|(code, message)| (*code, message));
        let findings = broken.chain(refused);
        findings.map(|(code, message)| Finding::error(code, message.clone()).at(subject.path(), None)).collect()
    }

    /// Tells a draft what it does to others.
    pub(super) fn describe(&self, subject: &Subject, made: &[Made<'_>], draft: &mut Draft) {
        draft.findings.extend(self.refused(subject));
        let effects = self.effects.get(subject).into_iter().flatten();
        let before = draft.effects.len();
        draft.effects.extend(effects.cloned());
        // What patches do was measured where they are described.
        if draft.effects.len() > before && made.iter().any(|one| one.document.patch.is_none()) {
            draft.impact = draft.impact.max(Impact::Upgrade);
        }
    }
}

/// Whether the change of a document can change what others are.
fn builds(made: &Made<'_>) -> bool {
    let is_when = |difference: &FieldDifference| {
        let field = difference.field.strip_prefix("spec.").unwrap_or_default();
        FluxKustomization::WHEN_AND_HOW.contains(&field.split(['.', '[']).next().unwrap_or_default())
    };
    let changes_what = |outcome: &Outcome| !made.from.differences(&outcome.value).iter().all(is_when);
    is_kustomization_file(made.document.path)
        || made.document.patch.is_some()
        || made.document.object.is_some_and(|object| object.is_flux_kustomization())
            && made.outcome.as_ref().is_ok_and(changes_what)
}

/// The tree with what is written.
fn trial(work: &Work<'_>, written: &[Changes]) -> Option<View> {
    let mut splices: BTreeMap<RepoPath, Vec<Splice>> = BTreeMap::new();
    for (path, change) in written.iter().flat_map(Changes::iter) {
        let Change::Edit(edits) = change else { continue };
        splices.entry(path.clone()).or_default().extend(edits.iter().cloned());
    }
    let mut changes = Changes::new();
    for (path, splices) in splices {
        let stream = work.view.file(&path)?.stream.as_deref()?;
        changes.set(path, Change::Edit(stream.splices(splices).ok()?));
    }
    work.view.with(&changes).ok()
}

/// Two trees, and which units change what in them.
struct Compared<'c> {
    work: &'c Work<'c>,
    after: &'c View,
    /// The documents that change, each with its unit and what becomes of it.
    changed: BTreeMap<At, (&'c Subject, &'c Made<'c>)>,
    files: BTreeMap<&'c RepoPath, &'c Subject>,
    /// The units that change what patches are for: the patches have to find the same objects.
    with_targets: BTreeSet<&'c Subject>,
    /// The objects that changed patches change, each as clusters call it, with the unit.
    patched: BTreeMap<&'c At, BTreeMap<Called, &'c Subject>>,
}

impl<'c> Compared<'c> {
    fn of(work: &'c Work<'c>, open: &'c Open<'_>, after: &'c View) -> Compared<'c> {
        let all = open.iter().flat_map(|(subject, made)| made.iter().map(move |made| (subject, made)));
        let changed = all.clone().filter_map(|(subject, made)| Some((made.document.at()?, (subject, made))));
        let is_target = |made: &Made<'_>| made.document.patch.is_some_and(|entry| entry.is_target());
        let with_targets = all.clone().filter(|(_, made)| is_target(made)).map(|(subject, _)| subject).collect();
        let files = all.clone().filter(|(_, made)| is_kustomization_file(made.document.path));
        let files = files.map(|(subject, made)| (made.document.path, subject)).collect();
        let patches = all.clone().filter(|(_, made)| made.document.patch.is_some_and(|entry| !entry.renders()));
        let mut patched: BTreeMap<&At, BTreeMap<Called, &Subject>> = BTreeMap::new();
        for (subject, made) in patches {
            for (at, reach) in made.document.patched() {
                patched.entry(at).or_default().insert(name_of(work.view, reach), subject);
            }
        }
        Compared { work, after, changed: changed.collect(), files, with_targets, patched }
    }

    fn built(&self) -> Built {
        let (before, after) = (self.objects(self.work.view), self.objects(self.after));
        let mut built = Built::default();
        for (name, (at, reach, subject)) in &before {
            let mut breaks = |message: String| built.broken.entry((*subject).clone()).or_default().push(message);
            let cluster = &name.0;
            let Some((new_at, new_reach, now_by)) = after.get(name) else {
                if !self.may_be(|differs| differs.gone.as_ref(), reach) {
                    breaks(format!("{} would be gone from {cluster}", called(reach)));
                }
                continue;
            };
            // Each may land without the other.
            if now_by != subject {
                let one = "`together: true` lands all of it in one unit";
                breaks(format!("{} would be gone from {cluster} without {now_by}; {one}", called(reach)));
                let twice = format!("{} would be there twice on {cluster} without {subject}; {one}", called(reach));
                built.broken.entry((*now_by).clone()).or_default().push(twice);
                continue;
            }
            // What a document does to itself is compared where it is written.
            let is_patched = self.patched.get(*at).is_some_and(|names| names.contains_key(name));
            if self.changed.contains_key(at) && !is_patched {
                continue;
            }
            let values = (self.work.view.effective(at, reach), self.after.effective(new_at, new_reach));
            let (Some(old), Some(new)) = values else { continue };
            let differences = old.differences(&new);
            let own = self.changed.get(*at).filter(|(subject, _)| self.with_targets.contains(subject));
            let wanted = own.and_then(|(_, made)| run(self.work.stage, &made.document, &old).ok());
            let surprises = wanted.map(|wanted| wanted.value.differences(&new)).unwrap_or_default();
            let is_by_itself = |difference: &FieldDifference| {
                let is_surprise = surprises.iter().any(|surprise| surprise.field == difference.field);
                self.work.stage.steps.iter().any(|step| step.verb.is_by_itself()) && !is_surprise
            };
            let is_meant = |difference: &&FieldDifference| {
                self.is_promised(reach, difference, &new)
                    || is_patched && (self.is_of_steps(difference, (&old, &new)) || is_by_itself(difference))
            };
            if let Some(first) = differences.iter().find(|difference| !is_meant(difference)) {
                breaks(format!("{} of {} would change on {cluster}", first.field, called(reach)));
            }
            if is_patched {
                if let Some(field) = self.work.tables.lost(&old, &new) {
                    let message =
                        format!("{field} of {} would be missing on {cluster}, and must be there", called(reach));
                    built.refused.entry((*subject).clone()).or_default().push((codes::REQUIRED_FIELD, message));
                }
                if let Some(lost) = names::lost(self.work.view, at, reach, &old, &new) {
                    let message =
                        format!("{lost} of {} would be gone from {cluster}, or have another name", reach.name);
                    built.refused.entry((*subject).clone()).or_default().push((codes::NAMES_CHANGE, message));
                }
            }
            // Its own document says what becomes of it.
            if self.changed.contains_key(at) {
                continue;
            }
            let effects = effects(cluster, reach, &old, &new);
            built.effects.entry((*subject).clone()).or_default().extend(effects);
        }
        for (name, (_, reach, subject)) in after.iter().filter(|(name, _)| !before.contains_key(name)) {
            if !self.may_be(|differs| differs.new.as_ref(), reach) {
                let message = format!("{} would be new on {}", called(reach), name.0);
                built.broken.entry((*subject).clone()).or_default().push(message);
            }
        }
        built
    }

    /// What clusters apply because of what is changed, with the unit.
    fn objects<'v>(&'v self, view: &'v View) -> BTreeMap<Called, (&'v At, &'v Reach, &'v Subject)> {
        let graph = view.graph();
        let mut all = BTreeMap::new();
        for (at, reaches) in graph.reached() {
            for reach in reaches {
                let by_patch = self.patched.get(at).and_then(|names| names.get(&name_of(view, reach)).copied());
                let Some(subject) = by_patch.or_else(|| self.unit_of(view, reach)) else { continue };
                all.insert(name_of(view, reach), (at, reach, subject));
            }
        }
        all
    }

    /// The unit that changes what applies an object: the nearest one.
    fn unit_of(&self, view: &View, reach: &Reach) -> Option<&'c Subject> {
        let of_file = reach.through.iter().rev().find_map(|path| self.files.get(path));
        let graph = view.graph();
        let mut next = Some(reach.kustomization);
        let mut seen = BTreeSet::new();
        let of_kustomization = std::iter::from_fn(|| {
            let id = next.take().filter(|id| seen.insert(*id))?;
            let kustomization: &FluxKustomization = &graph.kustomizations[id];
            next = kustomization.parent;
            Some(&kustomization.at)
        });
        let mut of_kustomization = of_kustomization;
        of_file.copied().or_else(|| of_kustomization.find_map(|at| Some(self.changed.get(at)?.0)))
    }

    /// Whether a difference is at a path that a step names, as promised of the objects that patches
    /// change.
    fn is_of_steps(&self, difference: &FieldDifference, (old, new): (&Value, &Value)) -> bool {
        // What contains it comes and goes with it, and a list differs as a whole.
        let contains =
            |place: &str| place.strip_prefix(&*difference.field).is_some_and(|rest| rest.starts_with(['.', '[']));
        let is_around = |path: &Path| {
            let places = [old, new].map(|value| path.all_hits(value).unwrap_or_default());
            places.iter().flatten().any(|place| contains(&place.to_string()))
        };
        let is_here = |path: &Path| covers(path, difference, old) || covers(path, difference, new) || is_around(path);
        let promise = match &self.work.stage.promise {
            Promise::Nothing => return false,
            Promise::Differs(Differs { at: Some(all), .. }) => {
                return all.iter().filter(|at| at.object.is_none()).flat_map(|at| &at.paths).any(is_here);
            }
            Promise::Steps | Promise::Differs(Differs { at: None, .. }) => &self.work.stage.steps,
        };
        promise.iter().any(|step| step.verb.paths().into_iter().any(is_here))
    }

    fn may_be<'p>(&'p self, which: impl Fn(&'p Differs) -> Option<&'p Select>, reach: &Reach) -> bool {
        let Promise::Differs(differs) = &self.work.stage.promise else { return false };
        let is_named =
            |one: &Selector| one.names(&reach.api_version, &reach.kind, reach.namespace.as_deref(), &reach.name);
        which(differs).is_some_and(|select| select.0.iter().any(is_named))
    }

    /// Whether the promise has a difference of an object that the stage itself does not change.
    fn is_promised(&self, reach: &Reach, difference: &FieldDifference, new: &Value) -> bool {
        let all = match &self.work.stage.promise {
            Promise::Nothing => return false,
            // What looks everywhere changes patches, too, and with them what they reach.
            Promise::Steps | Promise::Differs(Differs { at: None, .. }) => {
                let mut verbs = self.work.stage.steps.iter().map(|step| &step.verb);
                return verbs.any(|verb| verb.means(&difference.field, difference.after.as_deref()));
            }
            Promise::Differs(Differs { at: Some(all), .. }) => all,
        };
        all.iter().any(|at| {
            let Some((kind, names)) = &at.object else { return false };
            let is_it = kind.is(&reach.api_version, &reach.kind)
                && names.as_ref().is_none_or(|names| names.is_match(&reach.name));
            is_it && at.paths.iter().any(|path| covers(path, difference, new))
        })
    }
}

/// As what an object is known on a cluster, whatever its version.
fn name_of(view: &View, reach: &Reach) -> Called {
    let cluster = view.graph().clusters[reach.cluster].name.clone();
    let namespace = reach.namespace.unwrap_or_default();
    (cluster, group_of(&reach.api_version).to_owned(), reach.kind.into(), namespace.into(), reach.name.into())
}

/// Whether a difference is at a path, or below it.
fn covers(path: &Path, difference: &FieldDifference, new: &Value) -> bool {
    let named = path.text().trim_start_matches("$.");
    let is_below = |place: &str| {
        difference.field.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    is_below(named) || path.all_hits(new).unwrap_or_default().iter().any(|place| is_below(&place.to_string()))
}
