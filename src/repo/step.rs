//! One file that is written, and how it is put back.
//!
//! The new content is first written in full beside the file, under a name that nobody can foresee.
//! Then the two are swapped in one step, and only what came out shows whether the file was still as
//! planned: if a person saved it at the last moment, it is swapped back. Until the end of the run
//! the old file stays beside the new one, because an editor may still have it open.

use std::io::{self, Write};

use super::dir::Dir;
use super::ground::{Ground, Now, at, now};
use super::seen::Seen;
use super::{RepoPath, Versions, WriteError};
use crate::text::ContentId;

/// What happens to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) path: RepoPath,
    /// The name beside it: of the new file before it is put into place, and of the old one after.
    pub(super) side: String,
    pub(super) before: Option<ContentId>,
    pub(super) after: Option<ContentId>,
    /// The permissions of the old file, or those that the new one gets.
    pub(super) mode: u32,
    /// The directories that are made for it, the lowest first.
    pub(super) new_dirs: Vec<RepoPath>,
    /// What git had recorded of it when the run began.
    pub(super) versions: Versions,
}

impl Step {
    fn moved(&self) -> WriteError {
        WriteError::Moved(self.path.clone())
    }

    fn failed(&self, dir: &Dir) -> impl FnOnce(io::Error) -> WriteError + use<> {
        at(&dir.path().join(self.path.name()))
    }

    fn dir(&self, ground: &Ground) -> Result<Dir, WriteError> {
        ground.dir_of(&self.path)?.ok_or_else(|| self.moved())
    }

    /// Writes the new content beside the file, for nobody else to read.
    pub(super) fn prepare(&self, ground: &Ground, new: Option<&[u8]>) -> Result<(), WriteError> {
        let Some(bytes) = new else { return Ok(()) };
        let dir = ground.made_dir_of(&self.path)?;
        write_new(&dir, &self.side, bytes).map_err(self.failed(&dir))
    }

    /// Puts the new content into place, or takes the file away.
    ///
    /// # Errors
    /// [`WriteError::Moved`] or [`WriteError::InTheWay`] if the file is not as it was planned; then
    /// it is as a person has it.
    pub(super) fn put(&self, ground: &Ground) -> Result<(), WriteError> {
        let dir = self.dir(ground)?;
        match (self.before, self.after) {
            (Some(before), Some(after)) => self.replace(&dir, before, after),
            (None, Some(_)) => self.create(&dir),
            (Some(before), None) => self.take_away(&dir, before),
            (None, None) => Ok(()),
        }
    }

    fn replace(&self, dir: &Dir, before: ContentId, after: ContentId) -> Result<(), WriteError> {
        let name = self.path.name();
        dir.set_mode(&self.side, self.mode).map_err(self.failed(dir))?;
        match dir.exchange(&self.side, name) {
            Ok(()) if now(dir, &self.side)?.is(Some(before)) => Ok(()),
            Ok(()) => {
                self.give_back(dir, after)?;
                Err(self.moved())
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => self.replace_unchanged(dir, before),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(self.moved()),
            Err(cause) => Err(self.failed(dir)(cause)),
        }
    }

    /// Where two files cannot be swapped: a look, and the rename right after it.
    fn replace_unchanged(&self, dir: &Dir, before: ContentId) -> Result<(), WriteError> {
        if !now(dir, self.path.name())?.is(Some(before)) {
            return Err(self.moved());
        }
        dir.rename(&self.side, self.path.name()).map_err(self.failed(dir))
    }

    /// Swaps a person's file back into its place. If the person saved again meanwhile, what is
    /// there now is newer, and stays.
    fn give_back(&self, dir: &Dir, ours: ContentId) -> Result<(), WriteError> {
        let swap = || match dir.exchange(&self.side, self.path.name()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => dir.rename_to_free(&self.side, self.path.name()),
            swapped => swapped,
        };
        swap().map_err(self.failed(dir))?;
        match now(dir, &self.side)? {
            Now::Nothing => Ok(()),
            aside if aside.is(Some(ours)) => Ok(()),
            _ => {
                swap().map_err(self.failed(dir))?;
                Err(self.kept_aside(dir))
            }
        }
    }

    fn create(&self, dir: &Dir) -> Result<(), WriteError> {
        dir.set_mode(&self.side, self.mode).map_err(self.failed(dir))?;
        match rename_to_free(dir, &self.side, self.path.name()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let what = dir.seen(self.path.name()).map_or("something", |seen| seen.words());
                Err(WriteError::InTheWay { path: dir.path().join(self.path.name()), what })
            }
            created => created.map_err(self.failed(dir)),
        }
    }

    fn take_away(&self, dir: &Dir, before: ContentId) -> Result<(), WriteError> {
        let name = self.path.name();
        match rename_to_free(dir, name, &self.side) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(self.moved()),
            taken => taken.map_err(self.failed(dir))?,
        }
        if now(dir, &self.side)?.is(Some(before)) {
            return Ok(());
        }
        match rename_to_free(dir, &self.side, name) {
            Ok(()) => Err(self.moved()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(self.kept_aside(dir)),
            Err(cause) => Err(self.failed(dir)(cause)),
        }
    }

    fn kept_aside(&self, dir: &Dir) -> WriteError {
        WriteError::KeptAside { path: self.path.clone(), side: dir.path().join(&self.side) }
    }

    /// Whether the old file beside the new one is still as it was: an editor that had it open can
    /// write into it after the swap.
    pub(super) fn is_undisturbed(&self, ground: &Ground) -> Result<bool, WriteError> {
        let Some(dir) = ground.dir_of(&self.path)? else { return Ok(false) };
        let aside = now(&dir, &self.side)?;
        Ok(aside == Now::Nothing || aside.is(self.before))
    }

    /// Removes the file beside, unless it has something that is nowhere else.
    ///
    /// # Errors
    /// [`WriteError::KeptAside`] if it has.
    pub(super) fn tidy(&self, ground: &Ground) -> Result<(), WriteError> {
        let Some(dir) = ground.dir_of(&self.path)? else { return Ok(()) };
        let aside = now(&dir, &self.side)?;
        if aside == Now::Nothing {
            return Ok(());
        }
        let is_known = aside.content().is_some_and(|content| [self.before, self.after].contains(&Some(content)));
        if !is_known {
            return Err(self.kept_aside(&dir));
        }
        dir.remove(&self.side).map_err(self.failed(&dir))
    }

    /// Removes what [`prepare`](Step::prepare) has made, finished or not.
    pub(super) fn unprepare(&self, ground: &Ground) -> Result<(), WriteError> {
        if let Some(dir) = ground.dir_of(&self.path)?
            && self.after.is_some()
            && matches!(dir.seen(&self.side), Ok(Seen::File(_)))
        {
            dir.remove(&self.side).map_err(self.failed(&dir))?;
        }
        ground.remove_empty(&self.new_dirs);
        Ok(())
    }

    /// Puts the old file back, where it is; `old` gives its content if it is no longer beside the
    /// new one. Gives whether there was anything to put back.
    ///
    /// # Errors
    /// [`WriteError::Moved`] if somebody has changed the file since.
    pub(super) fn undo(
        &self,
        ground: &Ground,
        old: &dyn Fn() -> Result<Vec<u8>, WriteError>,
    ) -> Result<bool, WriteError> {
        let is_new = ground.now(&self.path)?.is(self.after);
        if is_new {
            match (self.before, self.after) {
                (Some(_), Some(after)) => self.swap_old_in(ground, after, old)?,
                (Some(_), None) => self.bring_back(ground, old)?,
                (None, Some(after)) => self.remove_new(ground, after)?,
                (None, None) => {}
            }
        }
        self.tidy(ground)?;
        ground.remove_empty(&self.new_dirs);
        Ok(is_new)
    }

    fn swap_old_in(
        &self,
        ground: &Ground,
        after: ContentId,
        old: &dyn Fn() -> Result<Vec<u8>, WriteError>,
    ) -> Result<(), WriteError> {
        let dir = self.dir(ground)?;
        let aside = now(&dir, &self.side)?;
        if aside.is(Some(after)) {
            dir.remove(&self.side).map_err(self.failed(&dir))?;
        }
        if aside == Now::Nothing || aside.is(Some(after)) {
            write_new(&dir, &self.side, &old()?).map_err(self.failed(&dir))?;
            dir.set_mode(&self.side, self.mode).map_err(self.failed(&dir))?;
        }
        match dir.exchange(&self.side, self.path.name()) {
            Ok(()) if now(&dir, &self.side)?.is(Some(after)) => Ok(()),
            Ok(()) => {
                dir.exchange(&self.side, self.path.name()).map_err(self.failed(&dir))?;
                Err(self.moved())
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => self.replace_unchanged(&dir, after),
            Err(cause) => Err(self.failed(&dir)(cause)),
        }
    }

    fn bring_back(&self, ground: &Ground, old: &dyn Fn() -> Result<Vec<u8>, WriteError>) -> Result<(), WriteError> {
        let dir = ground.made_dir_of(&self.path)?;
        if now(&dir, &self.side)? == Now::Nothing {
            write_new(&dir, &self.side, &old()?).map_err(self.failed(&dir))?;
            dir.set_mode(&self.side, self.mode).map_err(self.failed(&dir))?;
        }
        match rename_to_free(&dir, &self.side, self.path.name()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(self.moved()),
            renamed => renamed.map_err(self.failed(&dir)),
        }
    }

    fn remove_new(&self, ground: &Ground, after: ContentId) -> Result<(), WriteError> {
        let dir = self.dir(ground)?;
        if now(&dir, &self.side)?.is(Some(after)) {
            dir.remove(&self.side).map_err(self.failed(&dir))?;
        }
        rename_to_free(&dir, self.path.name(), &self.side).map_err(self.failed(&dir))?;
        if now(&dir, &self.side)?.is(Some(after)) {
            return Ok(());
        }
        rename_to_free(&dir, &self.side, self.path.name()).map_err(self.failed(&dir))?;
        Err(self.moved())
    }
}

fn write_new(dir: &Dir, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = dir.create(name)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Renames a file to a name that must be free, as well as the file system can.
fn rename_to_free(dir: &Dir, from: &str, to: &str) -> io::Result<()> {
    match dir.rename_to_free(from, to) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
        done => return done,
    }
    match dir.link(from, dir, to) {
        Ok(()) => return dir.remove(from),
        Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {
            return Err(error);
        }
        // There are no hard links.
        Err(_) => {}
    }
    match dir.seen(to)? {
        Seen::Nothing => dir.rename(from, to),
        _ => Err(io::ErrorKind::AlreadyExists.into()),
    }
}
