//! Other programs: found by the absolute entries of the PATH alone.
//!
//! An empty entry, `.`, or any other relative one would run a program out of the directory in
//! which the user happens to be, and that may be somebody else's repository.

pub(crate) mod ending;

use std::env::consts::EXE_SUFFIX;
use std::env::{join_paths, split_paths, var_os};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The files with this name in the directories of the PATH, in its order.
pub fn on_path(name: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let name = format!("{}{}", name.trim_end_matches(EXE_SUFFIX), EXE_SUFFIX);
    directories().into_iter().map(move |dir| dir.join(&name)).filter(|file| is_program(file))
}

/// The PATH without its relative entries, for programs that look for others themselves.
pub fn absolute_path() -> OsString {
    join_paths(directories()).unwrap_or_default()
}

fn directories() -> Vec<PathBuf> {
    split_paths(&var_os("PATH").unwrap_or_default()).filter(|dir| dir.is_absolute()).collect()
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}
