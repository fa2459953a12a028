//! Where this program keeps what must outlast it: a directory of the user, outside of every
//! repository, that nobody else can enter.

use std::io;
use std::path::{Path, PathBuf};

use super::dir::Dir;

/// The directory of this program in a directory of the user. Both are made if they are missing.
///
/// # Errors
/// Why it cannot be used, as a part of a sentence: it is inside of one of the given directories, it
/// belongs to another user, or it is a link.
pub(crate) fn own_place(above: &Path, not_below: &[&Path]) -> Result<Dir, String> {
    let place = above.join("flux-codemod");
    let why = |error: io::Error| format!("{} cannot be used: {error}", place.display());
    std::fs::create_dir_all(above).map_err(why)?;
    let real = above.canonicalize().map_err(why)?;
    if not_below.iter().filter_map(|dir| dir.canonicalize().ok()).any(|dir| real.starts_with(dir)) {
        return Err(format!("{} is inside of the repository", place.display()));
    }
    let above = Dir::open(&real).map_err(why)?;
    match above.make("flux-codemod", true) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(why(error)),
        _ => {}
    }
    let dir = above.below("flux-codemod").map_err(why)?;
    if !dir.facts().map_err(why)?.is_ours() {
        return Err(format!("{} belongs to another user", place.display()));
    }
    dir.make_private().map_err(why)?;
    Ok(dir)
}

/// Where programs of this user keep what must outlast them.
pub fn state_of_user() -> Option<PathBuf> {
    below_home("XDG_STATE_HOME", ".local/state")
}

/// Where programs of this user keep what they can make again.
pub fn cache_of_user() -> Option<PathBuf> {
    below_home("XDG_CACHE_HOME", if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" })
}

fn below_home(named_by: &str, usual: &str) -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    if cfg!(windows) {
        return variable("LOCALAPPDATA");
    }
    let home = || std::env::home_dir().filter(|home| home.is_absolute());
    variable(named_by).or_else(|| Some(home()?.join(usual)))
}
