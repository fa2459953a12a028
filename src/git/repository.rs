//! Opens a repository, bare or not, and refuses formats that libgit2 does not read.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use git2::ErrorCode;

use super::{GitError, unreadable};

/// A git repository, with or without a work tree: used to read commits and to make branches.
pub struct Repository {
    pub(super) git: git2::Repository,
    /// Environment variables for git's programs, in addition to those of this process.
    pub(super) environment: Vec<(OsString, OsString)>,
}

impl Repository {
    /// The repository that a directory is in, bare ones included, or `None` outside of git.
    ///
    /// # Errors
    /// [`GitError`] if there is a repository that cannot be read: [`GitError::Reftable`],
    /// [`GitError::Sha256`] or what libgit2 reports.
    pub fn around(dir: &Path) -> Result<Option<Repository>, GitError> {
        match git2::Repository::discover(dir) {
            Ok(git) => Ok(Some(Repository { git, environment: Vec::new() })),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(foreign_format(dir).unwrap_or_else(|| unreadable(dir, &error))),
        }
    }

    /// The same, with further environment variables for git's programs.
    #[cfg(test)]
    pub(super) fn with_environment(self, environment: Vec<(OsString, OsString)>) -> Repository {
        Repository { environment, ..self }
    }

    /// Where it is, for messages: the top of its work tree, or the git directory of a bare
    /// repository.
    pub fn place(&self) -> &Path {
        self.git.workdir().unwrap_or(self.git.path())
    }

    pub(super) fn unreadable(&self, error: &git2::Error) -> GitError {
        unreadable(self.place(), error)
    }
}

/// Recognizes formats that libgit2 does not read. Its own message names a configuration key, but
/// not what to do.
fn foreign_format(dir: &Path) -> Option<GitError> {
    let path = git2::Repository::discover_path(dir, None::<&Path>).ok()?;
    let common = match std::fs::read_to_string(path.join("commondir")) {
        Ok(common) => path.join(common.trim_end()),
        Err(_) => path.clone(),
    };
    let config = git2::Config::open(&common.join("config")).ok()?;
    let is = |key: &str, value: &str| config.get_string(key).is_ok_and(|set| set.eq_ignore_ascii_case(value));
    if is("extensions.objectformat", "sha256") {
        return Some(GitError::Sha256(named(path)));
    }
    is("extensions.refstorage", "reftable").then(|| GitError::Reftable(named(path)))
}

/// A repository is better known by its work tree than by its git directory.
fn named(path: PathBuf) -> PathBuf {
    if path.ends_with(".git") { path.parent().map_or(path.clone(), Path::to_owned) } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Home;
    use std::fs;

    #[test]
    fn formats_that_cannot_be_read_are_named_with_a_way_out() {
        let home = Home::new();
        let make = |name: &str, option: &str| {
            let dir = home.beside(name);
            home.git(&["init", "-q", option, dir.to_str().unwrap()]);
            dir
        };
        let reftable = make("reftable", "--ref-format=reftable");
        let error = Repository::around(&reftable).err().unwrap();
        assert!(matches!(&error, GitError::Reftable(path) if path.ends_with("reftable")), "{error}");
        assert!(error.to_string().contains("git refs migrate --ref-format=files"), "{error}");

        let sha256 = make("sha256", "--object-format=sha256");
        fs::create_dir(sha256.join("sub")).unwrap();
        let error = Repository::around(&sha256.join("sub")).err().unwrap();
        assert!(matches!(&error, GitError::Sha256(path) if path.ends_with("sha256")), "{error}");

        home.git(&["config", "core.repositoryFormatVersion", "1"]);
        home.git(&["config", "extensions.another", "x"]);
        let error = Repository::around(&home.path()).err().unwrap();
        assert!(matches!(&error, GitError::Unreadable { why, .. } if why.contains("extensions.another")), "{error}");
    }

    #[test]
    fn bare_repositories_and_linked_work_trees_are_repositories() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Repository::around(dir.path()).unwrap().is_none());
        let bare = git2::Repository::init_bare(dir.path().join("bare")).unwrap();
        let found = Repository::around(&dir.path().join("bare")).unwrap().unwrap();
        assert_eq!(found.place(), bare.path());
    }
}
