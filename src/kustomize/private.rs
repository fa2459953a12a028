//! Private directories for builds, which do not outlive the program.
//!
//! A directory is readable by this user alone. It goes away when it is dropped, and when the
//! program is ended by SIGINT, SIGTERM or SIGHUP. After a SIGKILL it stays until the next start:
//! whoever holds the lock of a directory is alive, and what nobody holds is removed, if it is ours
//! by owner, mode and name.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Once;

use crate::programs::ending;

/// How the names begin.
const PREFIX: &str = "flux-codemod-judge-";

/// The file in each directory that its owner has locked.
const LOCK: &str = "lock";

/// A directory of this user alone, removed when this is dropped.
pub(super) struct PrivateDir {
    path: PathBuf,
    _lock: File,
}

impl PrivateDir {
    /// An empty one. The first call removes what killed runs have left.
    ///
    /// # Errors
    /// Those of making a directory.
    pub(super) fn new() -> io::Result<PrivateDir> {
        static FIRST: Once = Once::new();
        let parent = std::path::absolute(std::env::temp_dir())?;
        FIRST.call_once(|| {
            ending::watch();
            remove_leftovers(&parent);
        });
        PrivateDir::new_in(&parent)
    }

    fn new_in(parent: &Path) -> io::Result<PrivateDir> {
        const ATTEMPTS: usize = 100;
        for _ in 0..ATTEMPTS {
            let path = ending::enlist(|| {
                let mut builder = tempfile::Builder::new();
                builder.prefix(PREFIX);
                #[cfg(unix)]
                builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
                Ok(builder.tempdir_in(parent)?.keep())
            })?;
            // Another run may have taken it for left over, between these two steps.
            match create(&path.join(LOCK)).map(|lock| lock.try_lock().map(|()| lock)) {
                Ok(Ok(lock)) if is_there(&lock) => return Ok(PrivateDir { path, _lock: lock }),
                Ok(Err(TryLockError::Error(error))) => {
                    ending::remove(&path);
                    return Err(error);
                }
                _ => ending::remove(&path),
            }
        }
        Err(io::Error::other("another run removes it each time"))
    }

    /// The directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        ending::remove(&self.path);
    }
}

/// A new file that only this user can read.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a new file that only this user can read.
///
/// # Errors
/// Those of writing, and if something is there.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create(path)?.write_all(bytes)
}

/// Makes a directory and those above it that are missing, for this user alone.
///
/// # Errors
/// Those of making a directory.
pub(super) fn create_dir_all(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(unix)]
fn is_there(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
}

#[cfg(not(unix))]
fn is_there(_: &File) -> bool {
    true
}

/// Removes the directories of runs that have ended without doing so. What cannot be removed stays.
fn remove_leftovers(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.filter_map(Result::ok) {
        let is_named = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_named && is_ours(&entry.path()) && is_left(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether this is a directory (and no link to one) that only this user can change.
#[cfg(unix)]
fn is_ours(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::symlink_metadata(path).is_ok_and(|metadata| {
        metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0
    })
}

#[cfg(not(unix))]
fn is_ours(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Whether no living run holds the directory.
fn is_left(path: &Path) -> bool {
    let lock = path.join(LOCK);
    match fs::symlink_metadata(&lock) {
        Ok(metadata) if metadata.is_file() => {
            // Whoever makes the directory at this moment finds it locked, and makes another one.
            OpenOptions::new().write(true).open(&lock).is_ok_and(|lock| lock.try_lock().is_ok())
        }
        Ok(_) => false,
        Err(_) => is_old(path),
    }
}

/// Whether a directory without a lock is not one that is being made.
fn is_old(path: &Path) -> bool {
    const HOUR: std::time::Duration = std::time::Duration::from_secs(60 * 60);
    let changed = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > HOUR))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn nobody_else_can_read_it() {
        let dir = PrivateDir::new().unwrap();
        create_dir_all(&dir.path().join("a/b")).unwrap();
        write(&dir.path().join("a/b/c"), b"x").unwrap();
        assert_eq!((mode(dir.path()), mode(&dir.path().join("a/b"))), (0o700, 0o700));
        assert_eq!(mode(&dir.path().join("a/b/c")), 0o600);
        symlink("/etc/passwd", dir.path().join("link")).unwrap();
        assert!(write(&dir.path().join("link"), b"x").is_err(), "nothing is written through a link");
        let path = dir.path().to_owned();
        drop(dir);
        assert!(!path.exists());
    }

    #[test]
    fn only_what_is_ours_and_left_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let living = PrivateDir::new_in(parent.path()).unwrap();
        let make = |name: &str, mode: u32, lock: bool| {
            let path = parent.path().join(name);
            fs::create_dir(&path).unwrap();
            if lock {
                fs::write(path.join(LOCK), "").unwrap();
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        let left = make("flux-codemod-judge-left", 0o700, true);
        let kept = [
            make("flux-codemod-judge-new", 0o700, false),
            make("flux-codemod-judge-open", 0o755, true),
            make("other", 0o700, true),
        ];
        let link = parent.path().join("flux-codemod-judge-link");
        symlink(&kept[2], &link).unwrap();
        remove_leftovers(parent.path());
        assert!(!left.exists());
        assert!(kept.iter().chain([&link, &living.path().to_owned()]).all(|path| path.exists()));
        assert!(kept[2].join(LOCK).exists(), "a link is not followed");
    }
}
