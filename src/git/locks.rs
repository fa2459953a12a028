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
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::{GitError, Repository};
use crate::repo::{Lock, lock, sync_dir, write_durably};
use crate::text::shell;

fn at(path: &Path) -> impl FnOnce(io::Error) -> GitError {
    let path = path.to_owned();
    move |cause| GitError::Io { path, cause }
}

/// The exclusive right of one run to write branches. Nothing of earlier runs is left when it is
/// taken.
pub(super) struct Turn {
    common: PathBuf,
    moves: PathBuf,
    _lock: Lock,
}

impl Turn {
    /// Takes the turn, and removes what an interrupted run left behind.
    ///
    /// # Errors
    /// [`GitError::Busy`] if another run has it.
    pub(super) fn take(repository: &Repository) -> Result<Turn, GitError> {
        // Linked work trees share refs, so they share the turn.
        let common = repository.git.commondir().to_owned();
        let dir = common.join("flux-codemod").join("branches");
        let path = dir.join("lock");
        let lock = lock(&path).map_err(at(&path))?.ok_or(GitError::Busy(path))?;
        let turn = Turn { common, moves: dir.join("moves"), _lock: lock };
        turn.clean()?;
        Ok(turn)
    }

    /// A path under the common git directory.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.common.join(name)
    }

    fn list(&self) -> PathBuf {
        self.moves.join("list.json")
    }

    fn clean(&self) -> Result<(), GitError> {
        if !self.moves.exists() {
            return Ok(());
        }
        let list = self.list();
        if list.exists() {
            let unreadable = || GitError::List(list.clone());
            let text = fs::read(&list).map_err(at(&list))?;
            let read: Value = serde_json::from_slice(&text).map_err(|_| unreadable())?;
            let names = read["files"].as_array().filter(|_| read["schema"] == 1).ok_or_else(unreadable)?;
            for (index, name) in names.iter().enumerate() {
                let lock = lock_of(&self.path(name.as_str().ok_or_else(unreadable)?));
                if is_same_file(&self.moves.join(index.to_string()), &lock) {
                    fs::remove_file(&lock).map_err(at(&lock))?;
                }
            }
            fs::remove_file(&list).map_err(at(&list))?;
            sync_dir(&self.moves).map_err(at(&self.moves))?;
        }
        fs::remove_dir_all(&self.moves).map_err(at(&self.moves))
    }

    /// Locks files, given by their names under the common git directory, with what each is to
    /// contain. Either all are locked, or none.
    ///
    /// # Errors
    /// [`GitError::Locked`] if another program has some of them locked; [`GitError::Io`].
    pub(super) fn lock<'a>(&'a self, files: &[(String, String)]) -> Result<Locks<'a>, GitError> {
        let locked = files.iter().map(|(name, _)| lock_of(&self.path(name))).filter(|lock| lock.exists());
        refuse_locked(locked.collect())?;
        // A file of an earlier run may have become a ref: never write into an existing one.
        self.clean()?;
        fs::create_dir_all(&self.moves).map_err(at(&self.moves))?;
        for (index, (_, content)) in files.iter().enumerate() {
            let path = self.moves.join(index.to_string());
            write_durably(&path, content.as_bytes()).map_err(at(&path))?;
        }
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let unready = self.moves.join("list.new");
        let text = json!({ "schema": 1, "files": names }).to_string();
        write_durably(&unready, text.as_bytes()).map_err(at(&unready))?;
        fs::rename(&unready, self.list()).map_err(at(&unready))?;
        sync_dir(&self.moves).map_err(at(&self.moves))?;

        // From here on, dropping this unlocks what was locked.
        let mut locks = Locks { turn: self, files: Vec::new() };
        for name in names {
            let file = self.path(name);
            locks.files.push(file.clone());
            let dir = file.parent().unwrap_or(&file);
            fs::create_dir_all(dir).map_err(at(dir))?;
            let lock = lock_of(&file);
            match fs::hard_link(locks.prepared(locks.files.len() - 1), &lock) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => refuse_locked(vec![lock])?,
                Err(cause) => return Err(at(&lock)(cause)),
            }
        }
        Ok(locks)
    }
}

/// Locked files. They are unlocked when this is dropped.
pub(super) struct Locks<'a> {
    turn: &'a Turn,
    files: Vec<PathBuf>,
}

impl Locks<'_> {
    fn prepared(&self, index: usize) -> PathBuf {
        self.turn.moves.join(index.to_string())
    }

    /// Replaces the content that was prepared.
    pub(super) fn prepare(&self, index: usize, content: &[u8]) -> Result<(), GitError> {
        // The lock is the same file under another name, so it changes, too.
        let path = self.prepared(index);
        write_durably(&path, content).map_err(at(&path))
    }

    /// Puts the prepared content into its place.
    pub(super) fn put(&self, index: usize) -> Result<(), GitError> {
        let file = &self.files[index];
        // git leaves empty directories of removed branches behind, which would be in the way.
        if file.is_dir() {
            remove_empty_dirs(file);
        }
        fs::rename(lock_of(file), file).map_err(at(file))?;
        sync_dir(file.parent().unwrap_or(file)).map_err(at(file))
    }

    /// Removes a file, if it exists. It stays locked.
    pub(super) fn remove(&self, index: usize) -> Result<(), GitError> {
        let file = &self.files[index];
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(file)(error)),
            _ => Ok(()),
        }
    }
}

impl Drop for Locks<'_> {
    fn drop(&mut self) {
        // What fails here is left to the next run.
        let mut is_clean = true;
        for (index, file) in self.files.iter().enumerate() {
            let lock = lock_of(file);
            if is_same_file(&self.prepared(index), &lock) {
                is_clean &= fs::remove_file(&lock).is_ok();
            }
            let below = self.turn.path("refs/heads");
            let dirs = file.ancestors().skip(1).take_while(|dir| *dir != below && dir.starts_with(&below));
            // Those that are not empty stay.
            dirs.for_each(|dir| drop(fs::remove_dir(dir)));
        }
        if is_clean && fs::remove_file(self.turn.list()).is_ok() {
            let _ = fs::remove_dir_all(&self.turn.moves);
        }
    }
}

fn lock_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn remove_empty_dirs(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty_dirs(&entry.path());
        }
    }
    let _ = fs::remove_dir(dir);
}

/// Whether two paths are the same file.
#[cfg(unix)]
fn is_same_file(prepared: &Path, lock: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |path: &Path| fs::symlink_metadata(path).ok().map(|data| (data.dev(), data.ino()));
    id(prepared).is_some() && id(prepared) == id(lock)
}

/// File ids are not available on this platform; only this program writes this content.
#[cfg(not(unix))]
fn is_same_file(prepared: &Path, lock: &Path) -> bool {
    let content = |path: &Path| fs::read(path).ok();
    content(prepared).is_some() && content(prepared) == content(lock)
}

fn refuse_locked(locks: Vec<PathBuf>) -> Result<(), GitError> {
    if locks.is_empty() {
        return Ok(());
    }
    let now = SystemTime::now();
    let age = |lock: &PathBuf| fs::metadata(lock).ok()?.modified().ok().map(|made| now.duration_since(made));
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
