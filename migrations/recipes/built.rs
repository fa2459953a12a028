//! What a stage changes beside its own documents: objects that Flux Kustomizations apply, where
//! these, or files of Kustomize, are what it changes.

use std::collections::{BTreeMap, BTreeSet};

use super::documents::{Found, Made};
use super::effects::{called, effects};
use super::work::Work;
use super::write::written;
use crate::config::Settings;
use crate::flux::{At, FieldDifference, FluxKustomization, Reach, Value, View, is_kustomization_file};
use crate::plan::{Draft, Effect, Finding, Impact, Subject};
use crate::recipe::codes;
use crate::recipe::promise::{Differs, Promise};
use crate::recipe::select::{Select, Selector};
use crate::repo::{Change, Changes, RepoPath};
use crate::text::Splice;

/// What units change in builds.
#[derive(Default)]
pub(super) struct Built {
    broken: BTreeMap<Subject, Vec<String>>,
    effects: BTreeMap<Subject, Vec<Effect>>,
}

/// An object of a cluster, as it is called there.
type Called = (String, String, String, String, String);

impl Built {
    /// Lands all that a stage changes on trial, and compares what clusters apply.
    pub(super) fn of(work: &Work<'_>, found: &Found<'_>, _: &Settings) -> Built {
        let builds = |made: &Made<'_>| {
            is_kustomization_file(made.document.path)
                || made.document.object.is_some_and(|object| object.is_flux_kustomization())
        };
        if !found.open.values().flatten().any(builds) {
            return Built::default();
        }
        let Some(after) = trial(work, found) else { return Built::default() };
        let compared = Compared::of(work, found, &after);
        compared.built()
    }

    /// Tells a draft what it does to others.
    pub(super) fn describe(&self, subject: &Subject, draft: &mut Draft) {
        let path = subject.path().clone();
        let broken = self.broken.get(subject).into_iter().flatten();
        draft
            .findings
            .extend(broken.map(|message| Finding::error(codes::BREAKS_PROMISE, message.clone()).at(&path, None)));
        let effects = self.effects.get(subject).into_iter().flatten();
        let before = draft.effects.len();
        draft.effects.extend(effects.cloned());
        if draft.effects.len() > before {
            draft.impact = draft.impact.max(Impact::Upgrade);
        }
    }
}

/// The tree in which all that can be written is.
fn trial(work: &Work<'_>, found: &Found<'_>) -> Option<View> {
    let mut splices: BTreeMap<RepoPath, Vec<Splice>> = BTreeMap::new();
    for made in found.open.values() {
        let Ok((changes, _)) = written(work, made) else { continue };
        for (path, change) in changes.iter() {
            let Change::Edit(edits) = change else { continue };
            splices.entry(path.clone()).or_default().extend(edits.iter().cloned());
        }
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
    /// The documents that change, each with its unit.
    changed: BTreeMap<At, &'c Subject>,
    files: BTreeMap<&'c RepoPath, &'c Subject>,
}

impl<'c> Compared<'c> {
    fn of(work: &'c Work<'c>, found: &'c Found<'_>, after: &'c View) -> Compared<'c> {
        let all = found.open.iter().flat_map(|(subject, made)| made.iter().map(move |made| (subject, made)));
        let changed = all.clone().filter_map(|(subject, made)| Some((made.document.at()?, subject)));
        let files = all.filter(|(_, made)| is_kustomization_file(made.document.path));
        let files = files.map(|(subject, made)| (made.document.path, subject)).collect();
        Compared { work, after, changed: changed.collect(), files }
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
            if self.changed.contains_key(at) {
                continue;
            }
            let values = (self.work.view.effective(at, reach), self.after.effective(new_at, new_reach));
            let (Some(old), Some(new)) = values else { continue };
            let differences = old.differences(&new);
            if let Some(first) = differences.iter().find(|difference| !self.is_promised(reach, difference, &new)) {
                breaks(format!("{} of {} would change on {cluster}", first.field, called(reach)));
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
                let Some(subject) = self.unit_of(view, reach) else { continue };
                let group = reach.api_version.rsplit_once('/').map_or("", |(group, _)| group);
                let name = (
                    graph.clusters[reach.cluster].name.clone(),
                    group.to_owned(),
                    reach.kind.clone(),
                    reach.namespace.clone().unwrap_or_default(),
                    reach.name.clone(),
                );
                all.insert(name, (at, reach, subject));
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
        of_file.copied().or_else(|| of_kustomization.find_map(|at| self.changed.get(at)).copied())
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

/// Whether a difference is at a path, or below it.
fn covers(path: &crate::recipe::path::Path, difference: &FieldDifference, new: &Value) -> bool {
    let named = path.text().trim_start_matches("$.");
    let is_below = |place: &str| {
        difference.field.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    is_below(named) || path.all_hits(new).unwrap_or_default().iter().any(|place| is_below(&place.to_string()))
}
