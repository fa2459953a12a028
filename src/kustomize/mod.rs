//! Kustomize itself as judge of builds: what a build reads is written into a private directory, of
//! both trees, and each Flux Kustomization is built from both.
//!
//! What is built is what Flux would build ([`View::input`]). Variables are not replaced, since that
//! is no part of a build. Knows no migration.
//!
//! # What it can reach
//!
//! The tree is somebody else's, and Kustomize reads files and addresses wherever its input names
//! them. So the input is read here first: a build is run only if everything that it names is a file
//! of the tree, and what cannot be checked is not built. The [`Program`] gets these files and no
//! others, an environment of its own, no network where the system allows that (`alone`), and limits
//! of time, memory and output. Its messages are shown by kind and place only (`complaint`), its
//! directories are private and end with this program (`private`, `ending`).
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

mod alone;
mod complaint;
mod ending;
mod objects;
mod private;
mod program;
mod side;
#[cfg(test)]
mod tests;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

pub use program::{NoKustomize, Program};

use crate::flux::{InCluster, View};
use crate::plan::{Judge, Verdict};
use objects::{Names, Objects, differences};
use side::{Build, Side};

/// Kustomize, found on this machine.
pub struct Kustomize {
    /// `None` if it was looked for and not found.
    program: OnceLock<Option<Program>>,
    /// The tree before and the tree after. Builds are kept as long as what they read stays the
    /// same.
    sides: Mutex<[Side; 2]>,
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

    fn caution(&self) -> Option<&'static str> {
        let is_open = cfg!(target_os = "linux") && !self.program()?.has_no_network();
        is_open
            .then_some("this system does not let it run without a network: its input alone was checked for addresses")
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
