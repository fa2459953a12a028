//! Kustomize itself as judge of builds: both trees are written into a temporary directory, and each
//! Flux Kustomization is built from both.
//!
//! What is built is what Flux would build ([`View::input`]). Variables are not replaced, since that
//! is no part of a build. Nothing is fetched and no cluster is asked: a build that lists what is
//! not in the tree is not run, and the [`Program`] has no environment but `PATH`, proxies that lead
//! nowhere, no kubeconfig, its own `HOME`, and a time limit. Knows no migration.
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
//! batches, these are judged again before anything is written (`plan::prove`). `check`, `list` and
//! `doctor` ask no judge.

mod objects;
mod program;
#[cfg(test)]
mod tests;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

pub use program::{NoKustomize, Program};

use crate::flux::{FluxKustomization, InCluster, NotBuilt, View};
use crate::plan::{Judge, Verdict};
use objects::{Names, Objects, differences};
use workspace::Workspace;

/// Kustomize, found on this machine.
pub struct Kustomize {
    /// `None` if it was looked for and not found.
    program: OnceLock<Option<Program>>,
    /// The tree before and the tree after. Builds are kept as long as their tree stays the same.
    sides: Mutex<[Side; 2]>,
}

/// One of the two trees.
#[derive(Default)]
struct Side {
    workspace: Option<Workspace>,
    built: BTreeMap<InCluster, Build>,
}

/// The result of a build.
#[derive(Clone)]
enum Build {
    /// This side has no such Flux Kustomization.
    Absent,
    /// Its objects.
    Built(Objects),
    /// It fails here, and so it would in a cluster.
    Fails(String),
    /// It could not be built here, which says nothing about a cluster.
    Unknown(String),
}

impl Kustomize {
    /// A judge that uses this program.
    pub fn new(program: Program) -> Kustomize {
        Kustomize { program: Some(program).into(), sides: Mutex::default() }
    }

    /// A judge that uses the program that [`Program::on_path`] finds; it is looked for when it is
    /// first needed.
    pub fn on_path() -> Kustomize {
        Kustomize { program: OnceLock::new(), sides: Mutex::default() }
    }

    fn program(&self) -> Option<&Program> {
        self.program.get_or_init(Program::on_path).as_ref()
    }
}

impl Judge for Kustomize {
    fn name(&self) -> Option<String> {
        self.program().map(ToString::to_string)
    }

    fn compare(&self, before: &View, after: &View, which: &BTreeSet<InCluster>) -> BTreeMap<InCluster, Verdict> {
        let Some(program) = self.program() else { return BTreeMap::new() };
        let mut sides = self.sides.lock().unwrap_or_else(PoisonError::into_inner);
        let [old, new] = &mut *sides;
        thread::scope(|scope| {
            let other = scope.spawn(|| new.build(program, after, which));
            old.build(program, before, which);
            // A panic continues in this thread.
            other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        });
        let (old, new) = (&old.built, &new.built);
        let is_built = |all: &BTreeMap<InCluster, Build>, id| matches!(all.get(id), Some(Build::Built(_)));
        let mut names: BTreeMap<&str, Names> = BTreeMap::new();
        for id in which.iter().filter(|id| is_built(old, id) && is_built(new, id)) {
            let (namespace, name) = id.name.split_once('/').unwrap_or(("", &id.name));
            names.entry(&id.cluster).or_default().insert((namespace.to_owned(), name.to_owned()));
        }
        let none = Names::new();
        let verdict = |id: &InCluster| {
            let names = names.get(&*id.cluster).unwrap_or(&none);
            Some((id.clone(), verdict(old.get(id)?, new.get(id)?, names)?))
        };
        which.iter().filter_map(verdict).collect()
    }
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
    match differences(old, new, built) {
        none if none.is_empty() => Verdict::Same,
        differing => Verdict::Differs(differing),
    }
}

impl Side {
    /// Builds what has no result yet.
    fn build(&mut self, program: &Program, view: &View, which: &BTreeSet<InCluster>) {
        let workspace = match self.workspace.take().map_or_else(Workspace::new, Ok) {
            Ok(workspace) => self.workspace.insert(workspace),
            Err(error) => {
                let why = format!("a temporary directory cannot be created: {error}");
                self.built = which.iter().map(|id| (id.clone(), Build::Unknown(why.clone()))).collect();
                return;
            }
        };
        match workspace.hold(view.tree()) {
            Ok(false) => {}
            Ok(true) => self.built.clear(),
            Err(error) => {
                let why = format!("the tree cannot be written to a temporary directory: {error}");
                self.built = which.iter().map(|id| (id.clone(), Build::Unknown(why.clone()))).collect();
                // A tree that was written in part is of no use.
                self.workspace = None;
                return;
            }
        }
        for id in which {
            if !self.built.contains_key(id) {
                self.built.insert(id.clone(), one(program, workspace, view, id));
            }
        }
    }
}

/// Builds one Flux Kustomization.
fn one(program: &Program, workspace: &Workspace, view: &View, id: &InCluster) -> Build {
    let graph = view.graph();
    let is_it =
        |other: &&FluxKustomization| graph.clusters[other.cluster].name == id.cluster && other.full_name() == id.name;
    let Some(kustomization) = graph.kustomizations.iter().find(is_it) else { return Build::Absent };
    let input = match view.input(kustomization) {
        Ok(input) => input,
        Err(NotBuilt::Elsewhere) => return Build::Absent,
        Err(NotBuilt::Refused(why)) => return Build::Fails(why),
        Err(remote @ NotBuilt::Remote { .. }) => return Build::Unknown(remote.to_string()),
    };
    let built = match workspace.build(program, &input) {
        Ok(built) => built,
        Err(error) => return Build::Unknown(format!("{program} cannot be run: {error}")),
    };
    match built.and_then(|text| Objects::read(&text)) {
        Ok(mut objects) => {
            objects.add_metadata(&kustomization.object);
            Build::Built(objects)
        }
        Err(why) => Build::Fails(why),
    }
}
