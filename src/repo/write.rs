//! Writes a set of files, all or none, even if the program is killed in the middle.
//!
//! 1. Every file is looked at: it must be as planned, with no link and no device in the way.
//! 2. The old contents and the list of what changes go into the journal.
//! 3. The new contents are written beside their files.
//! 4. File by file, the new content is swapped in, and what came out is compared with the plan.
//! 5. When all are in place, the journal says so, and the old files are removed.
//!
//! A run that finds a journal of the steps 2 to 4 puts back every file that still has the new
//! content, unless it was committed or staged since: then it is a person's.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::ground::{Ground, Now};
use super::journal::{Found, Journal, Office, Stage, look};
use super::key::{Key, random_name};
use super::step::Step;
use super::{FileChange, Mode, RepoPath};
use crate::text::ContentId;

/// Why files could not be written or put back.
#[derive(Debug, Error)]
pub enum WriteError {
    /// A file has changed since the plan was made.
    #[error("{0} changed while this ran; nothing was written, run again")]
    Moved(RepoPath),
    /// Something is where a file is to be written.
    #[error(
        "{} is in the way: {what} that is not part of the repository is there; nothing was written. Move it away or remove it, then run \
         again",
        path.display()
    )]
    InTheWay {
        /// Where.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A directory on the way to a file is a symbolic link.
    #[error("{0} is below a symbolic link; nothing was written")]
    BehindLink(RepoPath),
    /// A file is in the directory of git.
    #[error("{0} is in the directory where git keeps the repository; nothing was written")]
    OfGit(RepoPath),
    /// A file is in a repository of its own.
    #[error("{0} is in another git repository inside of this one; nothing was written. Run flux-codemod there")]
    OtherRepository(RepoPath),
    /// A person saved a file twice while it was swapped.
    #[error("{path} was saved while this ran; nothing was written, and what it had before is in {}", side.display())]
    KeptAside {
        /// The file.
        path: RepoPath,
        /// The file beside it.
        side: PathBuf,
    },
    /// A file was changed after it was written, and another could not be written.
    #[error("{0} was changed by somebody else while this ran, and stays as it is; all other files are as before")]
    Left(RepoPath),
    /// A signal asked to stop.
    #[error("interrupted; nothing was written")]
    Stopped,
    /// Another run was interrupted since this one checked.
    #[error("another run was interrupted in the meantime; nothing was written. Run again to roll it back")]
    Interrupted,
    /// Another run holds the journal.
    #[error("another run of flux-codemod is writing here ({0} is locked); wait for it, then run again")]
    Busy(PathBuf),
    /// A file of an interrupted run was changed since by somebody else.
    #[error(
        "an earlier run was interrupted, and {path} was changed since then, so it cannot be rolled back: {restore}, or remove {journal} \
         to keep everything as it is now"
    )]
    Conflict {
        /// The file.
        path: RepoPath,
        /// How to restore the old content.
        restore: String,
        /// The journal.
        journal: String,
    },
    /// A journal, or the directory for it, is not one that this user's program has made.
    #[error("{0}, so it is not used, and nothing is rolled back{remedy}", remedy = remedy(.0))]
    Foreign(#[from] Foreign),
    /// Reading or writing failed.
    #[error("{path}: {cause}{}", advice(cause))]
    Io {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        cause: io::Error,
    },
}

/// What to do about an error of the system, if that is known: the end of a sentence that names the
/// file.
pub fn advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::PermissionDenied => {
            "; your user must be able to write there: see who owns it with `ls -ld`, and run as that user or change the owner"
        }
        io::ErrorKind::ReadOnlyFilesystem => "; write to a clone on a file system that is not read-only",
        io::ErrorKind::StorageFull => "; free some space, then run again",
        _ => "",
    }
}

/// Something under the git directory that this user's program has not made. It is left alone.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{} {why}", path.display())]
pub struct Foreign {
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong with it, as the rest of a sentence.
    pub why: String,
    /// What to do if not to remove it.
    pub advice: &'static str,
}

impl Foreign {
    /// What to do: this, or what the error of the system asks for.
    pub fn remedy(&self, usual: &str) -> String {
        if self.advice.is_empty() { format!(". {usual}") } else { self.advice.to_owned() }
    }
}

fn remedy(foreign: &Foreign) -> String {
    foreign.remedy(&format!(
        "If `apply` was interrupted here, look at `git diff` and restore what you need; then remove {}",
        foreign.path.display()
    ))
}

/// What became of an interrupted run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// There was none, or it had not begun to write, or all was written.
    Nothing,
    /// Its files were put back.
    RolledBack {
        /// The files that were put back.
        files: Vec<RepoPath>,
        /// Those that were committed or staged since, and stay.
        kept: Vec<RepoPath>,
    },
    /// All was written, and a person has committed or staged it since: it stays.
    Kept,
}

/// What git has recorded of a path: the content in the index and in the commit at HEAD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// In the index.
    pub index: Option<ContentId>,
    /// In the commit.
    pub head: Option<ContentId>,
}

/// Knows what git has recorded.
pub trait Recorded {
    /// The versions of a path now.
    fn versions(&self, path: &RepoPath) -> Versions;
}

/// A repository to write into.
#[derive(Clone, Copy)]
pub struct InGit<'g> {
    /// The git directory of the work tree, for the journal.
    pub git: &'g Path,
    /// The directory that all work trees of the repository share.
    pub common: &'g Path,
    /// Gives the key, or says why there is none.
    pub key: &'g dyn Fn() -> Result<Key, String>,
    /// What git has recorded.
    pub recorded: &'g dyn Recorded,
}

impl InGit<'_> {
    fn ground(&self, root: &Path) -> Result<Ground, WriteError> {
        Ground::open(root, &[self.git, self.common])
    }
}

/// Writes the changes into the folder, in the order given; under a journal in a git repository, so
/// that the next run rolls an interrupted one back. Without a journal only the order gives safety
/// if the program is killed: what others need comes first.
///
/// Gives notes for the user about what was written all the same.
///
/// # Errors
/// [`WriteError::Moved`] if a file is not as `before` says, and others if something is in the way.
/// Files that were written are put back.
pub fn write(root: &Path, git: Option<InGit<'_>>, changes: &[FileChange]) -> Result<Vec<String>, WriteError> {
    write_unless(root, git, changes, &|| false)
}

/// The same, unless it is to stop: between two files it asks, and then puts back what it has
/// written.
///
/// # Errors
/// As [`write()`], and [`WriteError::Stopped`].
pub fn write_unless(
    root: &Path,
    git: Option<InGit<'_>>,
    changes: &[FileChange],
    is_to_stop: &dyn Fn() -> bool,
) -> Result<Vec<String>, WriteError> {
    let office = git.map(|git| Office::take(git.git)).transpose()?;
    if let Some(office) = &office
        && office.journal()?.is_some()
    {
        return Err(WriteError::Interrupted);
    }
    let ground = git.map_or_else(|| Ground::open(root, &[]), |git| git.ground(root))?;
    let usual = usual_mode(root, office.as_ref(), changes)?;
    let steps = steps(&ground, git.as_ref(), changes, usual)?;
    let mut run = Run { ground: &ground, steps: &steps, changes, journal: None, is_to_stop };
    if let (Some(office), Some(git)) = (&office, &git) {
        run.journal = Some(office.begin(root, &steps, changes, (git.key)().ok().as_ref())?);
    }
    run.write()
}

/// The permissions of new files; nobody asks if there are none.
fn usual_mode(root: &Path, office: Option<&Office>, changes: &[FileChange]) -> Result<u32, WriteError> {
    match office {
        _ if changes.iter().all(|change| change.before.is_some()) => Ok(0),
        Some(office) => office.usual_mode(),
        None => {
            let failed = super::ground::at(root);
            let probe = || super::dir::Dir::open(root)?.usual_mode(&random_name(SIDE)?);
            probe().map_err(failed)
        }
    }
}

/// The beginning of the names beside files.
const SIDE: &str = ".flux-codemod";

/// What is done for each change, if everything is as it was planned.
fn steps(
    ground: &Ground,
    git: Option<&InGit<'_>>,
    changes: &[FileChange],
    usual: u32,
) -> Result<Vec<Step>, WriteError> {
    changes.iter().map(|change| checked(ground, git, change, usual)).collect()
}

/// What is done for a change, if everything is as it was planned.
fn checked(ground: &Ground, git: Option<&InGit<'_>>, change: &FileChange, usual: u32) -> Result<Step, WriteError> {
    let path = &change.path;
    let before = change.before.as_ref().map(super::File::id);
    let is_executable = change.after.as_ref().is_some_and(|file| file.mode == Mode::Executable);
    let in_the_way = |what| WriteError::InTheWay { path: PathBuf::from(path.as_str()), what };
    let mode = match (ground.now(path)?, before) {
        (now, Some(_)) if now.is(before) => match now {
            Now::File(_, facts) => facts.mode,
            _ => usual,
        },
        (Now::Nothing, None) if is_executable => usual | (usual & 0o444) >> 2,
        (Now::Nothing, None) => usual,
        (Now::Other(what), _) => return Err(in_the_way(what)),
        // Another run has written it.
        (now, None) if now.is(change.after.as_ref().map(super::File::id)) => {
            return Err(WriteError::Moved(path.clone()));
        }
        (Now::File(..), None) => return Err(in_the_way("a file")),
        (_, Some(_)) => return Err(WriteError::Moved(path.clone())),
    };
    if before.is_none() && ground.is_in_another_repository(path)? {
        return Err(WriteError::OtherRepository(path.clone()));
    }
    Ok(Step {
        side: random_name(SIDE).map_err(super::ground::at(Path::new(path.as_str())))?,
        before,
        after: change.after.as_ref().map(super::File::id),
        mode,
        new_dirs: ground.missing_dirs(path)?,
        versions: git.map(|git| git.recorded.versions(path)).unwrap_or_default(),
        path: path.clone(),
    })
}

/// A run that writes.
struct Run<'r> {
    ground: &'r Ground,
    steps: &'r [Step],
    changes: &'r [FileChange],
    journal: Option<Journal<'r>>,
    /// Whether to stop, and to put back what is written.
    is_to_stop: &'r dyn Fn() -> bool,
}

impl Run<'_> {
    fn write(mut self) -> Result<Vec<String>, WriteError> {
        if let Err(error) = self.prepare() {
            for step in self.steps {
                // What cannot be removed is left to the next run.
                let _ = step.unprepare(self.ground);
            }
            let _ = self.journal.map(Journal::end);
            return Err(error);
        }
        let (done, written) = self.put();
        match written {
            Ok(()) => Ok(self.finish()),
            Err(error) => {
                self.undo(done)?;
                Err(error)
            }
        }
    }

    /// Writes new contents beside their files: of all steps under a journal. Without one nobody
    /// would clean up, so each is written just before it is needed.
    fn prepare(&mut self) -> Result<(), WriteError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        for (step, change) in self.steps.iter().zip(self.changes) {
            step.prepare(self.ground, change.after.as_ref().map(|file| &*file.bytes))?;
        }
        journal.reach(Stage::Begun)
    }

    /// Puts the files into place, and says how many are.
    fn put(&mut self) -> (usize, Result<(), WriteError>) {
        for (index, (step, change)) in self.steps.iter().zip(self.changes).enumerate() {
            let without_journal = || -> Result<(), WriteError> {
                step.prepare(self.ground, change.after.as_ref().map(|file| &*file.bytes))?;
                step.put(self.ground)?;
                step.tidy(self.ground)
            };
            let put = match &self.journal {
                _ if (self.is_to_stop)() => Err(WriteError::Stopped),
                Some(_) => step.put(self.ground),
                None => without_journal(),
            };
            if put.is_err() {
                return (index, put);
            }
        }
        (self.steps.len(), self.close())
    }

    /// Looks at the old files once more, and notes that all is written.
    fn close(&mut self) -> Result<(), WriteError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        for step in self.steps {
            if !step.is_undisturbed(self.ground)? {
                return Err(WriteError::Moved(step.path.clone()));
            }
        }
        journal.reach(Stage::Done)
    }

    /// Puts back the first steps, and removes what was prepared for the others.
    fn undo(self, done: usize) -> Result<(), WriteError> {
        for step in &self.steps[done..] {
            match step.tidy(self.ground) {
                // Whoever put it there was told.
                Err(WriteError::KeptAside { .. }) | Ok(()) => {}
                Err(error) => return Err(error),
            }
            self.ground.remove_empty(&step.new_dirs);
        }
        let mut left = Vec::new();
        for (index, step) in self.steps.iter().enumerate().take(done) {
            if !self.ground.now(&step.path)?.is(step.after) {
                left.push(index);
            }
        }
        if let (Some(index), Some(journal)) = (left.first(), &self.journal) {
            return Err(conflict(&self.steps[*index], *index, journal));
        }
        for (index, (step, change)) in self.steps.iter().zip(self.changes).enumerate().take(done).rev() {
            let old = || Ok(change.before.as_ref().map(|file| file.bytes.to_vec()).unwrap_or_default());
            match (step.undo(self.ground, &old), &self.journal) {
                (Err(WriteError::Moved(_)), Some(journal)) => return Err(conflict(step, index, journal)),
                (Err(WriteError::Moved(_)), None) => left.push(index),
                (undone, _) => drop(undone?),
            }
        }
        match left.first() {
            Some(index) => Err(WriteError::Left(self.steps[*index].path.clone())),
            None => self.journal.map_or(Ok(()), Journal::end),
        }
    }

    /// Removes the old files and the journal. Everything is written, so nothing is an error.
    fn finish(self) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        for step in self.steps {
            match tidied(step, self.ground) {
                Ok(note) => notes.extend(note),
                Err(error) => {
                    notes.push(format!("warning: all files are written, but one is left beside them: {error}"))
                }
            }
        }
        remove_emptied(self.ground, self.steps);
        if let Some(Err(error)) = self.journal.map(Journal::end) {
            notes.push(format!(
                "warning: all files are written, but the journal could not be removed, which the next command tries again: {error}"
            ));
        }
        notes
    }
}

fn late_save(path: &RepoPath, side: &Path) -> String {
    format!(
        "warning: {path} was saved by another program just when it was written; what that program saved is in {}: compare the two, \
         then remove it",
        side.display()
    )
}

fn conflict(step: &Step, index: usize, journal: &Journal<'_>) -> WriteError {
    let backup = journal.backup(index);
    let restore = match step.before {
        Some(_) => format!("restore it as it was before that run ({} holds its old content)", backup.display()),
        None => "remove it, as it was not there before that run".to_owned(),
    };
    let journal = backup.parent().unwrap_or(&backup).display().to_string();
    WriteError::Conflict { path: step.path.clone(), restore, journal }
}

/// Writes the first changes and stops there, as a run does that is killed. For tests.
///
/// # Errors
/// As [`write`].
#[doc(hidden)]
pub fn write_and_die(root: &Path, git: InGit<'_>, changes: &[FileChange], count: usize) -> Result<(), WriteError> {
    let office = Office::take(git.git)?;
    let ground = git.ground(root)?;
    let usual = office.usual_mode()?;
    let steps = steps(&ground, Some(&git), changes, usual)?;
    let journal = office.begin(root, &steps, changes, (git.key)().ok().as_ref())?;
    let journal = Some(journal);
    let mut run = Run { ground: &ground, steps: &steps, changes, journal, is_to_stop: &|| false };
    run.prepare()?;
    steps.iter().take(count).try_for_each(|step| step.put(&ground))
}

/// Puts back what an interrupted run has written. Gives what became of it, and notes for the user.
///
/// # Errors
/// [`WriteError::Conflict`] if one of its files was changed since; then nothing is put back.
/// [`WriteError::Busy`] if that run is still running. [`WriteError::Foreign`] if the journal does
/// not count.
pub fn recover(root: &Path, git: InGit<'_>) -> Result<(Recovered, Vec<String>), WriteError> {
    if let Found::Nothing = look(git.git)? {
        return Ok((Recovered::Nothing, Vec::new()));
    }
    let office = Office::take(git.git)?;
    // It may have belonged to another run, which has ended since.
    let Some(journal) = office.journal()? else { return Ok((Recovered::Nothing, Vec::new())) };
    let steps = journal.steps(root, (git.key)().as_ref())?;
    let ground = git.ground(root)?;
    match journal.stage {
        Stage::Prepared => {
            steps.iter().try_for_each(|step| step.unprepare(&ground))?;
            journal.end()?;
            Ok((Recovered::Nothing, Vec::new()))
        }
        Stage::Begun => roll_back(&ground, &steps, journal, git.recorded),
        Stage::Done => {
            let notes = steps.iter().map(|step| tidied(step, &ground)).collect::<Result<Vec<_>, _>>()?;
            remove_emptied(&ground, &steps);
            journal.end()?;
            Ok((Recovered::Nothing, notes.into_iter().flatten().collect()))
        }
    }
}

/// Removes the directories that the removal of files has left empty: git has none.
fn remove_emptied(ground: &Ground, steps: &[Step]) {
    for step in steps.iter().filter(|step| step.before.is_some() && step.after.is_none()) {
        let dirs: Vec<RepoPath> = step.path.dir().ancestors().filter(|dir| *dir != RepoPath::root()).collect();
        ground.remove_empty(&dirs);
    }
}

/// Removes the file beside, or says why it stays.
fn tidied(step: &Step, ground: &Ground) -> Result<Option<String>, WriteError> {
    match step.tidy(ground) {
        Err(WriteError::KeptAside { path, side }) => Ok(Some(late_save(&path, &side))),
        tidied => tidied.map(|()| None),
    }
}

fn roll_back(
    ground: &Ground,
    steps: &[Step],
    journal: Journal<'_>,
    recorded: &dyn Recorded,
) -> Result<(Recovered, Vec<String>), WriteError> {
    let mut is_complete = true;
    let mut kept = Vec::new();
    let mut conflicts = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let now = ground.now(&step.path)?;
        is_complete &= now.is(step.after);
        if recorded.versions(&step.path) != step.versions {
            kept.push(index);
        } else if !now.is(step.after) && !now.is(step.before) {
            conflicts.push(index);
        }
    }
    let is_kept = !kept.is_empty() && is_complete;
    if let (Some(index), false) = (conflicts.first(), is_kept) {
        // The old contents are in the journal, too.
        for step in steps {
            let _ = step.tidy(ground);
        }
        return Err(conflict(&steps[*index], *index, &journal));
    }
    let (mut files, mut notes) = (Vec::new(), Vec::new());
    for (index, step) in steps.iter().enumerate() {
        if is_kept || kept.contains(&index) {
            notes.extend(tidied(step, ground)?);
            continue;
        }
        match step.undo(ground, &|| journal.old(index, step)) {
            Ok(true) => files.push(step.path.clone()),
            Ok(false) => {}
            Err(WriteError::Moved(_)) => return Err(conflict(step, index, &journal)),
            Err(error) => return Err(error),
        }
    }
    journal.end()?;
    if is_kept {
        return Ok((Recovered::Kept, notes));
    }
    let kept =
        kept.into_iter().filter(|index| ground.now(&steps[*index].path).is_ok_and(|now| now.is(steps[*index].after)));
    let kept: Vec<RepoPath> = kept.map(|index| steps[index].path.clone()).collect();
    Ok((Recovered::RolledBack { files, kept }, notes))
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
