//! The key that shows that a journal is ours: a secret of the user, kept outside of every
//! repository. Whoever can write to a git directory and not read the key cannot make a journal that
//! counts.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::dir::Dir;
use super::own_place::{own_place, state_of_user};

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
        let dir = own_place(state, not_below)?;
        let why = |error: io::Error| format!("{} cannot be used: {error}", dir.path().display());
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
        let Key(key) = Key::of_run()?;
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

    /// A key that ends with this run.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub(crate) fn of_run() -> io::Result<Key> {
        let mut key = [0; LENGTH];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        Ok(Key(key))
    }

    /// The key for one purpose. A seal that was made for another does not count for it.
    pub(crate) fn made_for(&self, purpose: &str) -> Key {
        Key(self.digest(purpose.as_bytes()))
    }

    /// What only someone with the key can say about some bytes.
    pub(crate) fn seal(&self, bytes: impl AsRef<[u8]>) -> String {
        hex(&self.digest(bytes.as_ref()))
    }

    fn digest(&self, bytes: &[u8]) -> [u8; LENGTH] {
        // Two rounds, so that nobody can seal a longer text who has seen the seal of a shorter one.
        let inner = Sha256::new().chain_update(self.0).chain_update(bytes).finalize();
        Sha256::new().chain_update(self.0).chain_update(inner).finalize().into()
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
        assert_ne!(key.seal("x"), key.made_for("another purpose").seal("x"));
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
