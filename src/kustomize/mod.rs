//! Kustomize itself as judge of builds: what a build reads is written into a private directory, of
//! both trees, and each Flux Kustomization is built from both.
//!
//! What is built is what Flux would build ([`View::input`]). Variables are no part of a build: they are
//! filled in where the fields of objects are compared. Knows no migration.
//!
//! # What it can reach
//!
//! The tree is somebody else's, and Kustomize reads files and addresses wherever its input names
//! them. So the input is read here first: a build is run only if everything that it names is a file
//! of the tree, and what cannot be checked is not built. The [`Program`] gets these files and no
//! others, an environment of its own, no network where the system allows that (`alone`), and limits
//! of time, memory and output. Its messages are shown by kind and place only (`complaint`), its
//! directories are private and end with this program (`private`, `programs::ending`).
//!
//! # Builds that stay the same
//!
//! A migration can promise that builds stay the same (`Migration::keeps_builds`). There are two
//! proofs of that:
//!
//! 1. The native proof of the migration, without rendering objects
//!    (`docs/flux-and-kustomize.md#two-builds-are-the-same`).
//! 2. This judge, if `kustomize` or `kubectl` is available. `plan` lands the units on trial and has
//!    every Flux Kustomization built that a touched file can reach, before and after. What differs,
//!    and is not among the effects that the units state, refuses the units that cause it, found by
//!    halving. What cannot be judged is a note, and the native proof counts alone.
//!
//! If only some of the units of a Flux Kustomization are to land, or they land in different
//! batches, these are judged again before anything is written (`plan::prove`). Of a selection, only
//! what it reaches is judged. `check`, `list` and `doctor` ask no judge.
//!
//! # Each build is run once
//!
//! Two builds that see the same bytes have one result, whichever tree, Flux Kustomization or run they
//! belong to. `builds` runs what is not known yet, `job` says what goes into a build, and `kept` has
//! the results of earlier runs; see `docs/judge.md#what-is-kept`.

mod alone;
mod builds;
mod canonical;
mod complaint;
mod fields;
mod job;
mod kept;
#[cfg(test)]
mod kept_tests;
mod objects;
mod private;
mod program;
mod progress;
#[cfg(test)]
mod tests;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub use program::{NoKustomize, Program};
pub use progress::Progress;

use crate::activity::{self, Activity};
use crate::flux::{InCluster, Variables, View};
use crate::plan::{Detail, Differing, Judge, Verdict};
use crate::repo::Key;
use builds::{Builds, Wanted};
use job::{Build, Id, Job, by_name, links};
use kept::Kept;
use objects::{Names, Objects, differences, differing_ids};
use progress::Silent;

/// Kustomize, found on this machine.
pub struct Kustomize {
    /// `None` if it was looked for and not found.
    program: OnceLock<Option<Program>>,
    place: Option<Place>,
    progress: Box<dyn Progress>,
    /// What was built, once something was.
    builds: Mutex<Option<(Builds, Key)>>,
}

/// Where results are kept between runs.
struct Place {
    cache: PathBuf,
    state: PathBuf,
    not_below: Vec<PathBuf>,
}

/// The build of a Flux Kustomization: its result, or the id of a build.
type Sides = BTreeMap<InCluster, Result<Id, Build>>;

impl Kustomize {
    /// A judge that uses this program.
    pub fn new(program: Program) -> Kustomize {
        Kustomize { program: Some(program).into(), place: None, progress: Box::new(Silent), builds: Mutex::default() }
    }

    /// A judge that uses the program that [`Program::on_path`] finds; it is looked for when it is
    /// first needed.
    pub fn on_path() -> Kustomize {
        Kustomize { program: OnceLock::new(), place: None, progress: Box::new(Silent), builds: Mutex::default() }
    }

    /// The same judge, which shows how far it is.
    pub fn showing(self, progress: Box<dyn Progress>) -> Kustomize {
        Kustomize { progress, ..self }
    }

    /// The same judge, which keeps the results of builds for the next run: in a cache directory of
    /// the user, sealed with the key in a directory for state. Neither may be in one of the
    /// directories of `not_below`, which may bring results of their own.
    pub fn keeping(self, cache: &Path, state: &Path, not_below: Vec<PathBuf>) -> Kustomize {
        Kustomize { place: Some(Place { cache: cache.to_owned(), state: state.to_owned(), not_below }), ..self }
    }

    fn program(&self) -> Option<&Program> {
        self.program.get_or_init(Program::on_path).as_ref()
    }

    /// No builds yet, but those of earlier runs; and the key of their ids and objects. Without a
    /// place, or without the key of the user, nothing is kept.
    fn begun(&self) -> Option<(Builds, Key)> {
        let opened = self.place.as_ref().and_then(|place| {
            let not_below: Vec<&Path> = place.not_below.iter().map(PathBuf::as_path).collect();
            let key = Key::below(&place.state, &not_below).ok()?.made_for("kustomize");
            Some((Kept::open(&place.cache, &key, &not_below).ok()?, key))
        });
        match opened {
            Some((kept, key)) => Some((Builds::new(Some(kept)), key)),
            None => Some((Builds::new(None), Key::of_run().ok()?)),
        }
    }
}

impl Judge for Kustomize {
    fn name(&self) -> Option<String> {
        self.program().map(ToString::to_string)
    }

    fn caution(&self) -> Option<&'static str> {
        let is_open = cfg!(target_os = "linux") && !self.program()?.has_no_network();
        is_open
            .then_some("this system does not let it run without a network: its input alone was checked for addresses")
    }

    fn compare(
        &self,
        before: &View,
        after: &View,
        which: &BTreeSet<InCluster>,
        detail: Detail,
    ) -> BTreeMap<InCluster, Verdict> {
        let Some(program) = self.program() else { return BTreeMap::new() };
        let _activity = activity::begin(Activity::Judging);
        let mut builds = self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        if builds.is_none() {
            *builds = self.begun();
        }
        let Some((builds, key)) = &mut *builds else { return BTreeMap::new() };
        let mut wanted = Vec::new();
        let variables = [before, after].map(|view| variables(view, which));
        let [before, after] = [before, after].map(|view| sides(view, which, &program.id(), key, &mut wanted));
        builds.run(&wanted, program, key, &*self.progress);
        if detail == Detail::Fields {
            let mut open: BTreeSet<&Id> = BTreeSet::new();
            for id in which {
                let (Ok(old), Ok(new)) = (&before[id], &after[id]) else { continue };
                let (Some(Build::Built(was)), Some(Build::Built(is))) = (builds.of(old), builds.of(new)) else {
                    continue;
                };
                if was != is || variables[0].get(id) != variables[1].get(id) {
                    open.extend([old, new]);
                }
            }
            let open: Vec<&Wanted> = wanted.iter().filter(|wanted| open.contains(&wanted.id)).collect();
            builds.print(&open, program, key, &*self.progress);
        }
        let result = |side: &Sides, id: &InCluster| -> Build {
            match &side[id] {
                Ok(build) => builds.of(build).cloned().unwrap_or(Build::Absent),
                Err(known) => known.clone(),
            }
        };
        let results: BTreeMap<&InCluster, (Build, Build)> =
            which.iter().map(|id| (id, (result(&before, id), result(&after, id)))).collect();
        let mut names: BTreeMap<&str, Names> = BTreeMap::new();
        for (id, _) in results.iter().filter(|(_, both)| matches!(both, (Build::Built(_), Build::Built(_)))) {
            let (namespace, name) = id.name.split_once('/').unwrap_or(("", &id.name));
            names.entry(&id.cluster).or_default().insert((namespace.to_owned(), name.to_owned()));
        }
        let none = Names::new();
        let by_fields = |id: &InCluster, (old, new): (&Objects, &Objects), names: &Names| {
            let (old_variables, new_variables) = (variables[0].get(id)?, variables[1].get(id)?);
            let ids = differing_ids(old, new, names).into_keys().collect();
            // With other variables, what is printed alike may arrive in another way.
            let only = (old_variables == new_variables).then_some(&ids);
            let (Ok(old), Ok(new)) = (&before[id], &after[id]) else { return None };
            let old = fields::applied(builds.printed(old)?, old_variables, only)?;
            let new = fields::applied(builds.printed(new)?, new_variables, only)?;
            Some(verdict_of(fields::differences(&old, &new, names)))
        };
        let verdict = |(id, (before, after)): (&InCluster, (Build, Build))| {
            let names = names.get(&*id.cluster).unwrap_or(&none);
            let by_fields = match (&before, &after) {
                (Build::Built(old), Build::Built(new)) => by_fields(id, (old, new), names),
                _ => None,
            };
            Some((id.clone(), by_fields.or_else(|| verdict(&before, &after, names))?))
        };
        results.into_iter().filter_map(verdict).collect()
    }
}

/// The builds of Flux Kustomizations in a tree. Those that have to be run are added to `wanted`.
fn sides(view: &View, which: &BTreeSet<InCluster>, program: &str, key: &Key, wanted: &mut Vec<Wanted>) -> Sides {
    let links = Arc::new(links(view));
    let by_name = by_name(view);
    let mut side = |id: &InCluster| {
        let kustomization = by_name.get(&(&*id.cluster, id.name.clone())).copied().ok_or(Build::Absent)?;
        let job = Job::of(view, kustomization, &links)?;
        let build = job.id(program, key);
        wanted.push(Wanted { id: build.clone(), job, name: format!("{} on {}", id.name, id.cluster) });
        Ok(build)
    };
    which.iter().map(|id| (id.clone(), side(id))).collect()
}

/// The variables of Flux Kustomizations in a tree.
fn variables(view: &View, which: &BTreeSet<InCluster>) -> BTreeMap<InCluster, Arc<Variables>> {
    let by_name = by_name(view);
    let of = |id: &InCluster| Some((id.clone(), by_name.get(&(&*id.cluster, id.name.clone()))?.variables.clone()));
    which.iter().filter_map(of).collect()
}

/// Compares two builds. `built` are the Flux Kustomizations that are themselves built on both
/// sides. `None` if there is nothing to build on either side.
fn verdict(before: &Build, after: &Build, built: &Names) -> Option<Verdict> {
    let nothing = Objects::default();
    Some(match (before, after) {
        (Build::Absent, Build::Absent) => return None,
        (Build::Unknown(why), _) | (_, Build::Unknown(why)) => Verdict::Unknown(why.clone()),
        (Build::Fails(why), Build::Fails(_)) => Verdict::Unknown(format!("it does not build now: {why}")),
        (Build::Fails(_), _) => Verdict::Fixed,
        (_, Build::Fails(why)) => Verdict::Breaks(why.clone()),
        (Build::Built(old), Build::Built(new)) => compared(old, new, built),
        (Build::Built(old), Build::Absent) => compared(old, &nothing, built),
        (Build::Absent, Build::Built(new)) => compared(&nothing, new, built),
    })
}

fn compared(old: &Objects, new: &Objects, built: &Names) -> Verdict {
    verdict_of(differences(old, new, built))
}

fn verdict_of(differing: Vec<Differing>) -> Verdict {
    match differing {
        none if none.is_empty() => Verdict::Same,
        differing => Verdict::Differs(differing),
    }
}
