//! Opens a repository, bare or not, and refuses formats that libgit2 does not read.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use git2::{ErrorCode, RepositoryOpenFlags};

use super::program::OTHER_PLACES;
use super::{GitError, branch, unreadable};

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
    /// [`GitError::Sha256`], [`GitError::Owner`], [`GitError::Broken`] or what libgit2 reports.
    pub fn around(dir: &Path) -> Result<Option<Repository>, GitError> {
        let git = match open(dir, RepositoryOpenFlags::empty()) {
            Ok(git) => Some(git),
            Err(error) if error.code() == ErrorCode::NotFound => None,
            Err(error) => return Err(foreign_format(dir).unwrap_or_else(|| refused(dir, &error))),
        };
        // The search goes on upwards where a `.git` is not a repository, and may find another one.
        if let Some(place) = nearest(dir)
            && !git.as_ref().is_some_and(|git| is_of(git, &place))
        {
            let why = open(&place, RepositoryOpenFlags::NO_SEARCH).err();
            let why = why.map_or_else(|| "it is not one".to_owned(), |error| error.message().to_owned());
            return Err(GitError::Broken { path: place.join(".git"), why });
        }
        Ok(git.map(|git| Repository { git, environment: Vec::new() }))
    }

    /// The same, with further environment variables for git's programs.
    #[cfg(test)]
    pub(super) fn with_environment(self, environment: Vec<(OsString, OsString)>) -> Repository {
        Repository { environment, ..self }
    }

    /// The addresses of its remotes.
    pub fn urls(&self) -> Vec<String> {
        branch::urls(&self.git)
    }

    /// Where it is, for messages: the top of its work tree, or the git directory of a bare
    /// repository.
    pub fn place(&self) -> &Path {
        self.git.workdir().unwrap_or(self.git.path())
    }

    /// Its directories: the top of its work tree, its git directory, and the one that all its work
    /// trees share.
    pub fn dirs(&self) -> Vec<PathBuf> {
        let all = self.git.workdir().into_iter().chain([self.git.path(), self.git.commondir()]);
        all.map(Path::to_owned).collect()
    }

    pub(super) fn unreadable(&self, error: &git2::Error) -> GitError {
        unreadable(self.place(), error)
    }
}

/// Opens a repository with the user's configuration as git sees it (`GIT_CONFIG_GLOBAL`).
fn open(dir: &Path, flags: RepositoryOpenFlags) -> Result<git2::Repository, git2::Error> {
    // With the environment come variables that name another repository, or parts of one: not then.
    let is_elsewhere = OTHER_PLACES.iter().any(|name| std::env::var_os(name).is_some());
    let environment = if is_elsewhere { RepositoryOpenFlags::empty() } else { RepositoryOpenFlags::FROM_ENV };
    git2::Repository::open_ext(dir, flags | environment | RepositoryOpenFlags::CROSS_FS, &[] as &[&OsStr])
}

/// Opens the repository at a path that is known to be one.
pub(super) fn open_exactly(path: &Path) -> Result<git2::Repository, git2::Error> {
    open(path, RepositoryOpenFlags::NO_SEARCH)
}

/// The nearest directory, upwards, that has a `.git`.
fn nearest(dir: &Path) -> Option<PathBuf> {
    let dir = dir.canonicalize().ok()?;
    dir.ancestors().find(|dir| dir.join(".git").symlink_metadata().is_ok()).map(Path::to_owned)
}

/// Whether a repository is the one of a directory with a `.git`, or a bare one below it.
fn is_of(git: &git2::Repository, place: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is_bare_below = git.workdir().is_none() && real(git.path()).starts_with(place);
    let is_same = || open_exactly(place).is_ok_and(|there| real(there.path()) == real(git.path()));
    is_bare_below || real(git.path()) == real(&place.join(".git")) || is_same()
}

fn refused(dir: &Path, error: &git2::Error) -> GitError {
    if error.code() == ErrorCode::Owner {
        return GitError::Owner(nearest(dir).unwrap_or_else(|| dir.to_owned()));
    }
    unreadable(dir, error)
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

    /// Otherwise files that git ignores would be edited, and nothing could be rolled back.
    #[test]
    fn a_broken_repository_is_not_a_plain_folder() {
        let home = Home::new();
        home.commit("first", &[("sub/a.yaml", "a: 1\n")]);
        let linked = home.beside("linked");
        home.git(&["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
        let broken = |dir: &Path| {
            let error = Repository::around(dir).err().unwrap();
            assert!(matches!(&error, GitError::Broken { path, .. } if path.ends_with(".git")), "{error}");
            assert!(error.to_string().contains("git worktree repair"), "{error}");
        };
        // A broken one inside of a good one.
        fs::create_dir_all(home.path().join("nested/.git")).unwrap();
        fs::create_dir_all(home.path().join("nested/d")).unwrap();
        broken(&home.path().join("nested/d"));
        assert!(Repository::around(&home.path().join("sub")).unwrap().is_some());
        fs::rename(home.path(), home.beside("moved")).unwrap();
        broken(&linked);
        broken(&linked.join("sub"));
        fs::remove_file(home.beside("moved").join(".git/HEAD")).unwrap();
        broken(&home.beside("moved"));
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
