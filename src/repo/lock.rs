//! Locks that end with the program that holds them.

use std::fs::{File, TryLockError};
use std::io;

use super::dir::Dir;

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
/// A link, a pipe or a device in its place is an error.
pub(crate) fn lock(dir: &Dir, name: &str) -> io::Result<Option<Lock>> {
    let file = dir.append(name, 0o600)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}
