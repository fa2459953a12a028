//! Writing that survives a crash, and locks that do not.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file that is on the disk when this returns.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes sure that a directory's names are on the disk.
#[cfg(unix)]
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A lock on a file, until it is dropped, however the program ends.
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing it is not enough: a program that another thread starts at this moment inherits it
        // and keeps it open a little longer.
        let _ = self.0.unlock();
    }
}

/// Takes the lock on a file, which is created if it does not exist; `None` if another run holds it.
pub(crate) fn lock(path: &Path) -> io::Result<Option<Lock>> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let file = File::create(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}
