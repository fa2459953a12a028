//! The key that shows that a journal is ours: a secret of the user, kept outside of every
//! repository. Whoever can write to a git directory and not read the key cannot make a journal that
//! counts.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::dir::Dir;

const FILE: &str = "key";
const LENGTH: usize = 32;

/// A secret of the user.
#[derive(Clone)]
pub struct Key([u8; LENGTH]);

impl Key {
    /// The key of the user who runs this. It is made if there is none.
    ///
    /// # Errors
    /// Why there is no key, as a part of a sentence: no place for it, a place inside one of the
    /// given directories, or one that others can read.
    pub fn of_user(not_below: &[&Path]) -> Result<Key, String> {
        let state = state_of_user().ok_or("no home directory is known")?;
        Key::below(&state, not_below)
    }

    /// The key that is kept below a directory for the state of programs. It is made if there is
    /// none.
    ///
    /// # Errors
    /// As [`Key::of_user`].
    pub fn below(state: &Path, not_below: &[&Path]) -> Result<Key, String> {
        let place = state.join("flux-codemod");
        let why = |error: io::Error| format!("{} cannot be used: {error}", place.display());
        std::fs::create_dir_all(state).map_err(why)?;
        let real = state.canonicalize().map_err(why)?;
        if not_below.iter().filter_map(|dir| dir.canonicalize().ok()).any(|dir| real.starts_with(dir)) {
            return Err(format!("{} is inside of the repository", place.display()));
        }
        let state = Dir::open(&real).map_err(why)?;
        match state.make("flux-codemod", true) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(why(error)),
            _ => {}
        }
        let dir = state.below("flux-codemod").map_err(why)?;
        if !dir.facts().map_err(why)?.is_ours() {
            return Err(format!("{} belongs to another user", place.display()));
        }
        dir.make_private().map_err(why)?;
        match Key::read(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Key::make(&dir).map_err(why),
            read => read.map_err(why),
        }
    }

    fn read(dir: &Dir) -> io::Result<Key> {
        let (bytes, facts) = dir.read(FILE)?;
        if !facts.is_ours() || !facts.is_private() {
            return Err(io::Error::other("others can read or write the key in it; remove it"));
        }
        let key = bytes.try_into().map_err(|_| io::Error::other("the key in it is broken; remove it"))?;
        Ok(Key(key))
    }

    fn make(dir: &Dir) -> io::Result<Key> {
        let mut key = [0; LENGTH];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        let unready = random_name(FILE)?;
        let mut file = dir.create(&unready)?;
        file.write_all(&key)?;
        file.sync_all()?;
        let put = match dir.rename_to_free(&unready, FILE) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => dir.rename(&unready, FILE),
            put => put,
        };
        match put {
            // Another run made one at the same moment.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => dir.remove(&unready)?,
            put => put?,
        }
        Key::read(dir)
    }

    /// What only someone with the key can say about a text.
    pub(super) fn seal(&self, text: &str) -> String {
        // Two rounds, so that nobody can seal a longer text who has seen the seal of a shorter one.
        let inner = Sha256::new().chain_update(self.0).chain_update(text).finalize();
        let outer = Sha256::new().chain_update(self.0).chain_update(inner).finalize();
        hex(&outer)
    }
}

/// A name that nobody can foresee, short enough for every file system.
pub(super) fn random_name(start: &str) -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{start}-{}", hex(&bytes)))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Where programs of this user keep what must outlast them.
fn state_of_user() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    if cfg!(windows) {
        return variable("LOCALAPPDATA");
    }
    let home = || std::env::home_dir().filter(|home| home.is_absolute());
    variable("XDG_STATE_HOME").or_else(|| Some(home()?.join(".local/state")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let key = Key::below(&dir.path().join("a/b"), &[]).unwrap();
        let again = Key::below(&dir.path().join("a/b"), &[]).unwrap();
        assert_eq!(key.seal("x"), again.seal("x"));
        assert_ne!(key.seal("x"), key.seal("y"));
        assert_ne!(key.seal("x"), Key::below(&dir.path().join("other"), &[]).unwrap().seal("x"));
        let names: Vec<_> = std::fs::read_dir(dir.path().join("a/b/flux-codemod")).unwrap().collect();
        assert_eq!(names.len(), 1);
    }

    #[test]
    fn a_key_inside_of_the_repository_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let why = Key::below(&dir.path().join("state"), &[dir.path()]).err().unwrap();
        assert!(why.contains("inside of the repository"), "{why}");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_or_that_is_a_link_is_none() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        Key::below(dir.path(), &[]).unwrap();
        let file = dir.path().join("flux-codemod/key");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Key::below(dir.path(), &[]).err().unwrap().contains("others can read"));
        std::fs::rename(&file, dir.path().join("elsewhere")).unwrap();
        symlink("../elsewhere", &file).unwrap();
        assert!(Key::below(dir.path(), &[]).is_err());
    }
}
