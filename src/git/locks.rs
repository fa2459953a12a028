//! Locks on refs, as git takes them (`NAME.lock` beside the file), which the next run can
//! distinguish from locks of other programs.
//!
//! libgit2's locks are empty files that do not show who took them, so locks of a killed run could
//! not be removed safely. Here a lock is a hard link to a file prepared under
//! `flux-codemod/branches/moves`, which has the new content of the ref; a list says which file is
//! for which ref. First the files and the list are written, then all locks are taken. A lock is
//! renamed over its ref, as git does it. Last, the remaining locks are removed, then the list. A
//! run that finds a list removes exactly those locks that are the same file as the one prepared for
//! them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::{GitError, Repository};
use crate::repo::{Dir, Lock, RepoPath, Seen, lock, own_dir};
use crate::text::shell;

const MOVES: &str = "moves";
const LIST: &str = "list.json";
const UNREADY: &str = "list.new";

fn at(path: &Path) -> impl FnOnce(io::Error) -> GitError + use<> {
    let path = path.to_owned();
    move |cause| GitError::Io { path, cause }
}

/// The exclusive right of one run to write branches. Nothing of earlier runs is left when it is
/// taken.
pub(super) struct Turn {
    /// The git directory that all work trees share.
    common: Dir,
    /// The directory of this program in it.
    dir: Dir,
    _lock: Lock,
}

impl Turn {
    /// Takes the turn, and removes what an interrupted run left behind.
    ///
    /// # Errors
    /// [`GitError::Busy`] if another run has it; [`GitError::Foreign`] if something is in the place
    /// of its directory that the user's program has not made.
    pub(super) fn take(repository: &Repository) -> Result<Turn, GitError> {
        // Linked work trees share refs, so they share the turn.
        let path = repository.git.commondir();
        let common = Dir::open(path).map_err(at(path))?;
        let gone = |path: PathBuf| GitError::Io { path, cause: io::ErrorKind::NotFound.into() };
        let office = own_dir(&common, "flux-codemod", true)?.ok_or_else(|| gone(path.to_owned()))?;
        let dir = own_dir(&office, "branches", true)?.ok_or_else(|| gone(path.to_owned()))?;
        let path = dir.path().join("lock");
        let lock = lock(&dir, "lock").map_err(at(&path))?.ok_or(GitError::Busy(path))?;
        let turn = Turn { common, dir, _lock: lock };
        turn.clean()?;
        Ok(turn)
    }

    /// A path under the common git directory, to read from or to name.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.common.path().join(name)
    }

    /// Adds to a file under the common git directory, which is made if it does not exist. Nothing
    /// is written through links.
    pub(super) fn append(&self, name: &str, text: &str) -> Result<(), GitError> {
        let (dir, last) =
            self.place(name, true)?.ok_or_else(|| at(&self.path(name))(io::ErrorKind::NotFound.into()))?;
        let append = || dir.append(last, 0o666)?.write_all(text.as_bytes());
        append().map_err(at(&self.path(name)))
    }

    /// The directory of a file under the common git directory, and its last name. `None` if it does
    /// not exist and is not to be made. A directory that is a link is an error.
    fn place<'n>(&self, name: &'n str, make: bool) -> Result<Option<(Dir, &'n str)>, GitError> {
        let (dirs, last) = name.rsplit_once('/').unwrap_or(("", name));
        let mut dir = self.common.again().map_err(at(self.common.path()))?;
        for part in dirs.split('/').filter(|part| !part.is_empty()) {
            let path = dir.path().join(part);
            if make {
                match dir.make(part, false) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(&path)(error)),
                    _ => {}
                }
            }
            match dir.seen(part).map_err(at(&path))? {
                Seen::Nothing => return Ok(None),
                Seen::Directory(_) => dir = dir.below(part).map_err(at(&path))?,
                seen => {
                    let cause = format!("{} is here, where a directory should be", seen.words());
                    return Err(at(&path)(io::Error::new(io::ErrorKind::NotADirectory, cause)));
                }
            }
        }
        Ok(Some((dir, last)))
    }

    fn moves(&self) -> Result<Option<Dir>, GitError> {
        Ok(own_dir(&self.dir, MOVES, false)?)
    }

    fn clean(&self) -> Result<(), GitError> {
        let Some(moves) = self.moves()? else { return Ok(()) };
        let list = moves.path().join(LIST);
        if moves.seen(LIST).map_err(at(&list))? != Seen::Nothing {
            let unreadable = || GitError::List(list.clone());
            let (text, _) = moves.read(LIST).map_err(|_| unreadable())?;
            let read: Value = serde_json::from_slice(&text).map_err(|_| unreadable())?;
            let names = read["files"].as_array().filter(|_| read["schema"] == 1).ok_or_else(unreadable)?;
            let names = names.iter().map(|name| name.as_str().filter(|name| is_ours_to_lock(name)));
            let names = names.collect::<Option<Vec<_>>>().ok_or_else(unreadable)?;
            for (index, name) in names.into_iter().enumerate() {
                self.unlock(&moves, index, name)?;
            }
            moves.remove(LIST).map_err(at(&list))?;
            moves.sync().map_err(at(&list))?;
        }
        self.remove_moves(&moves)
    }

    fn remove_moves(&self, moves: &Dir) -> Result<(), GitError> {
        let remove = || -> io::Result<()> {
            moves.names()?.iter().try_for_each(|name| moves.remove(name))?;
            self.dir.remove_dir(MOVES)
        };
        remove().map_err(at(moves.path()))
    }

    /// Removes a lock, if it is the file that was prepared for it.
    fn unlock(&self, moves: &Dir, index: usize, name: &str) -> Result<(), GitError> {
        let Some((dir, last)) = self.place(name, false)? else { return Ok(()) };
        let lock = format!("{last}.lock");
        if is_same_file(moves, &index.to_string(), &dir, &lock) {
            dir.remove(&lock).map_err(at(&dir.path().join(&lock)))?;
        }
        Ok(())
    }

    /// Locks files, given by their names under the common git directory, with what each is to
    /// contain. Either all are locked, or none.
    ///
    /// # Errors
    /// [`GitError::Locked`] if another program has some of them locked; [`GitError::Io`].
    pub(super) fn lock<'a>(&'a self, files: &[(String, String)]) -> Result<Locks<'a>, GitError> {
        let locked = files.iter().map(|(name, _)| lock_of(&self.path(name)));
        refuse_locked(locked.filter(|lock| lock.symlink_metadata().is_ok()).collect())?;
        // A file of an earlier run may have become a ref: never write into an existing one.
        self.clean()?;
        self.dir.make(MOVES, true).map_err(at(self.dir.path()))?;
        let moves = self.dir.below(MOVES).map_err(at(self.dir.path()))?;
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let prepare = || -> io::Result<()> {
            for (index, (_, content)) in files.iter().enumerate() {
                write_new(&moves, &index.to_string(), content)?;
            }
            write_new(&moves, UNREADY, &json!({ "schema": 1, "files": names }).to_string())?;
            moves.rename(UNREADY, LIST)?;
            moves.sync()
        };
        prepare().map_err(at(moves.path()))?;

        // From here on, dropping this unlocks what was locked.
        let mut locks = Locks { turn: self, moves, files: Vec::new() };
        for name in names {
            locks.files.push(name.to_owned());
            let path = lock_of(&self.path(name));
            let gone = || at(&path)(io::ErrorKind::NotFound.into());
            let (dir, last) = self.place(name, true)?.ok_or_else(gone)?;
            match locks.moves.link(&(locks.files.len() - 1).to_string(), &dir, &format!("{last}.lock")) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => refuse_locked(vec![path])?,
                Err(cause) => return Err(at(&path)(cause)),
            }
        }
        Ok(locks)
    }
}

/// Whether a list can name this file: a branch, or the file of packed refs.
fn is_ours_to_lock(name: &str) -> bool {
    name == "packed-refs" || name.starts_with("refs/heads/") && RepoPath::new(name).is_ok()
}

fn write_new(dir: &Dir, name: &str, text: &str) -> io::Result<()> {
    // It becomes a ref, which others may read.
    let mut file = dir.create_shared(name)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Locked files. They are unlocked when this is dropped.
pub(super) struct Locks<'a> {
    turn: &'a Turn,
    moves: Dir,
    files: Vec<String>,
}

impl Locks<'_> {
    fn place(&self, index: usize) -> Result<(Dir, &str), GitError> {
        let name = &self.files[index];
        self.turn.place(name, false)?.ok_or_else(|| at(&self.turn.path(name))(io::ErrorKind::NotFound.into()))
    }

    /// Replaces the content that was prepared.
    pub(super) fn prepare(&self, index: usize, content: &[u8]) -> Result<(), GitError> {
        // The lock is the same file under another name, so it changes, too.
        let write = || -> io::Result<()> {
            let mut file = self.moves.overwrite(&index.to_string())?;
            file.write_all(content)?;
            file.sync_all()
        };
        write().map_err(at(self.moves.path()))
    }

    /// Puts the prepared content into its place.
    pub(super) fn put(&self, index: usize) -> Result<(), GitError> {
        let (dir, last) = self.place(index)?;
        // git leaves empty directories of removed branches behind, which would be in the way.
        remove_empty_dirs(&dir, last);
        let put = || {
            dir.rename(&format!("{last}.lock"), last)?;
            dir.sync()
        };
        put().map_err(at(&self.turn.path(&self.files[index])))
    }

    /// Removes a file, if it exists. It stays locked.
    pub(super) fn remove(&self, index: usize) -> Result<(), GitError> {
        let (dir, last) = self.place(index)?;
        match dir.remove(last) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(at(&self.turn.path(&self.files[index]))(error))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Locks<'_> {
    fn drop(&mut self) {
        // What fails here is left to the next run.
        let mut is_clean = true;
        for (index, name) in self.files.iter().enumerate() {
            is_clean &= self.turn.unlock(&self.moves, index, name).is_ok();
            let mut dirs = name.rsplit_once('/').map_or("", |(dirs, _)| dirs);
            while let Some((above, _)) = dirs.rsplit_once('/').filter(|_| dirs.starts_with("refs/heads/")) {
                if let Ok(Some((dir, last))) = self.turn.place(dirs, false) {
                    // Those that are not empty stay.
                    let _ = dir.remove_dir(last);
                }
                dirs = above;
            }
        }
        if is_clean && self.moves.remove(LIST).is_ok() {
            let _ = self.turn.remove_moves(&self.moves);
        }
    }
}

fn lock_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Removes a directory, if only empty ones are in it.
fn remove_empty_dirs(above: &Dir, name: &str) {
    let Ok(Seen::Directory(_)) = above.seen(name) else { return };
    if let Ok(dir) = above.below(name) {
        dir.names().unwrap_or_default().iter().for_each(|inner| remove_empty_dirs(&dir, inner));
    }
    let _ = above.remove_dir(name);
}

/// Whether two names are the same file.
fn is_same_file(moves: &Dir, prepared: &str, dir: &Dir, lock: &str) -> bool {
    let (Ok(Seen::File(prepared_facts)), Ok(Seen::File(lock_facts))) = (moves.seen(prepared), dir.seen(lock)) else {
        return false;
    };
    if prepared_facts.id != (0, 0) {
        return prepared_facts.id == lock_facts.id;
    }
    // Ids are not known on this system; only this program writes this content.
    matches!((moves.read(prepared), dir.read(lock)), (Ok((one, _)), Ok((other, _))) if one == other)
}

fn refuse_locked(locks: Vec<PathBuf>) -> Result<(), GitError> {
    if locks.is_empty() {
        return Ok(());
    }
    let now = SystemTime::now();
    let age = |lock: &PathBuf| fs::symlink_metadata(lock).ok()?.modified().ok().map(|made| now.duration_since(made));
    let ages = locks.iter().filter_map(age).map(Result::unwrap_or_default);
    let oldest = ages.max().unwrap_or_default();
    let remove = locks.iter().map(|lock| shell(&lock.display().to_string())).collect::<Vec<_>>().join(" ");
    Err(GitError::Locked { locks, age: in_words(oldest), remove: format!("rm {remove}") })
}

fn in_words(age: Duration) -> String {
    let (count, unit) = match age.as_secs() {
        seconds @ 0..60 => (seconds, "second"),
        seconds @ 60..3600 => (seconds / 60, "minute"),
        seconds @ 3600..86_400 => (seconds / 3600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
#[path = "locks_tests.rs"]
mod tests;
