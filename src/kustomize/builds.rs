//! Results of builds. Each build is run once for what goes into it: within a run its result is in
//! memory, between runs it is [`Kept`].

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::complaint::complaint;
use super::job::{Build, Id, Job};
use super::kept::Kept;
use super::objects::{Metadata, Objects};
use super::program::{NoResult, Program};
use super::progress::Progress;
use super::workspace::Workspace;
use crate::repo::Key;

/// How many builds are run at the same time, if the machine has as many processors.
const AT_ONCE: usize = 4;

/// A build to run: its id, and the Flux Kustomization that it is for.
pub(super) struct Wanted {
    pub(super) id: Id,
    pub(super) job: Job,
    pub(super) name: String,
}

/// What Kustomize printed, and what Flux adds to it.
pub(super) struct Printed {
    pub(super) text: String,
    pub(super) added: Metadata,
}

/// All builds of a run.
pub(super) struct Builds {
    known: BTreeMap<Id, Build>,
    /// What Kustomize printed, of the builds of which that is asked; only as long as this runs.
    texts: BTreeMap<Id, Printed>,
    kept: Option<Kept>,
    workspaces: Vec<Workspace>,
    /// Whether a build has taken all its time. Then no other is run: a tree may have thousands.
    time_is_up: bool,
}

impl Builds {
    /// None yet; results are kept here, if there is a place.
    pub(super) fn new(kept: Option<Kept>) -> Builds {
        Builds { known: BTreeMap::new(), texts: BTreeMap::new(), kept, workspaces: Vec::new(), time_is_up: false }
    }

    /// The result of a build that was wanted.
    pub(super) fn of(&self, id: &Id) -> Option<&Build> {
        self.known.get(id)
    }

    /// What a build printed, if it was asked for.
    pub(super) fn printed(&self, id: &Id) -> Option<&Printed> {
        self.texts.get(id)
    }

    /// Sees to it that what these builds print is known, where they succeed.
    pub(super) fn print(&mut self, wanted: &[&Wanted], program: &Program, key: &Key, progress: &dyn Progress) {
        let mut seen: BTreeSet<&Id> = BTreeSet::new();
        let mut open: Vec<&Wanted> = Vec::new();
        for one in wanted {
            let is_built = matches!(self.known.get(&one.id), Some(Build::Built(_)));
            if is_built && !self.texts.contains_key(&one.id) && seen.insert(&one.id) {
                open.push(one);
            }
        }
        self.run_all(&open, program, key, progress, true);
    }

    /// Sees to it that the results of these builds are known.
    pub(super) fn run(&mut self, wanted: &[Wanted], program: &Program, key: &Key, progress: &dyn Progress) {
        let mut open: Vec<&Wanted> = Vec::new();
        let mut seen: BTreeSet<&Id> = BTreeSet::new();
        for one in wanted {
            if self.known.contains_key(&one.id) || !seen.insert(&one.id) {
                continue;
            }
            match self.kept.as_mut().and_then(|kept| kept.get(&one.id)) {
                Some(objects) => drop(self.known.insert(one.id.clone(), Build::Built(Arc::new(objects)))),
                None => open.push(one),
            }
        }
        self.run_all(&open, program, key, progress, false);
    }

    fn run_all(&mut self, open: &[&Wanted], program: &Program, key: &Key, progress: &dyn Progress, prints: bool) {
        if open.is_empty() {
            return;
        }
        progress.begin(open.len());
        let threads = thread::available_parallelism().map_or(1, usize::from).min(AT_ONCE).min(open.len());
        let mut free: Vec<Option<Workspace>> = self.workspaces.drain(..).map(Some).collect();
        free.resize_with(threads, || None);
        let line = Line { open, begun: 0, done: 0, builds: self };
        let shared = Shared { program, key, progress, prints, line: Mutex::new(line) };
        let workspaces: Vec<Workspace> = thread::scope(|scope| {
            let shared = &shared;
            let threads: Vec<_> =
                free.into_iter().map(|workspace| scope.spawn(move || shared.work(workspace))).collect();
            let results = threads.into_iter().map(|thread| {
                // A panic continues in this thread.
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            results.flatten().collect()
        });
        self.workspaces = workspaces;
        progress.end();
    }
}

/// Builds that wait, and those that are done.
struct Line<'l> {
    open: &'l [&'l Wanted],
    begun: usize,
    done: usize,
    builds: &'l mut Builds,
}

/// What the threads that build share.
struct Shared<'l> {
    program: &'l Program,
    key: &'l Key,
    progress: &'l dyn Progress,
    /// Whether what is printed is needed, too.
    prints: bool,
    line: Mutex<Line<'l>>,
}

impl<'l> Shared<'l> {
    fn line(&self) -> MutexGuard<'_, Line<'l>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs builds until none waits. Gives the directory for the next time.
    fn work(&self, mut workspace: Option<Workspace>) -> Option<Workspace> {
        while let Some((wanted, is_late)) = self.next() {
            let (build, text) = if is_late {
                (Build::Unknown("another build took too long, so no more are run".to_owned()), None)
            } else {
                self.build(&mut workspace, &wanted.job)
            };
            let mut line = self.line();
            line.done += 1;
            if let Some(text) = text.filter(|_| self.prints) {
                let printed = Printed { text, added: wanted.job.added.clone() };
                line.builds.texts.insert(wanted.id.clone(), printed);
            }
            if let (Build::Built(objects), Some(kept)) = (&build, line.builds.kept.as_mut())
                && self.program.is_unchanged()
            {
                kept.put(&wanted.id, objects);
            }
            line.builds.known.insert(wanted.id.clone(), build);
        }
        workspace
    }

    /// The next build, and whether there is no time for it.
    fn next(&self) -> Option<(&'l Wanted, bool)> {
        let mut line = self.line();
        let wanted = *line.open.get(line.begun)?;
        line.begun += 1;
        self.progress.next(line.done, &wanted.name);
        Some((wanted, line.builds.time_is_up))
    }

    fn build(&self, workspace: &mut Option<Workspace>, job: &Job) -> (Build, Option<String>) {
        let ready = workspace.take().map_or_else(Workspace::new, Ok).and_then(|mut workspace| {
            workspace.hold(job.held())?;
            Ok(workspace)
        });
        match ready {
            Ok(ready) => self.build_in(workspace.insert(ready), job),
            Err(error) => {
                (Build::Unknown(format!("the files cannot be written to a temporary directory: {error}")), None)
            }
        }
    }

    fn build_in(&self, workspace: &Workspace, job: &Job) -> (Build, Option<String>) {
        let built: io::Result<_> = workspace.build(self.program, &job.input);
        let failed = match built {
            Ok(Ok(text)) => match Objects::read(&text, &job.added, self.key) {
                Ok(objects) => return (Build::Built(Arc::new(objects)), Some(text)),
                Err(why) => Build::Fails(why.to_owned()),
            },
            Ok(Err(NoResult::TimeIsUp(limit))) => {
                self.line().builds.time_is_up = true;
                Build::Fails(format!("it took longer than {} seconds", limit.as_secs_f32()))
            }
            Ok(Err(NoResult::Ended(why))) => Build::Fails(why),
            Ok(Err(NoResult::Said(said))) => {
                Build::Fails(complaint(&said, &workspace.place(), &|path| workspace.lines(path)))
            }
            Err(error) => Build::Unknown(format!("{} cannot be run: {error}", self.program)),
        };
        (failed, None)
    }
}
