//! Where files are written: a folder whose directories are opened one by one, never through a link
//! and never into git's own.

use std::io;
use std::path::Path;

use super::dir::Dir;
use super::seen::{Facts, Seen};
use super::{RepoPath, WriteError};
use crate::text::ContentId;

/// A folder to write into.
pub(super) struct Ground {
    root: Dir,
    /// The directories in which git keeps a repository, wherever they are.
    of_git: Vec<(u64, u64)>,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Now {
    Nothing,
    File(ContentId, Facts),
    Other(&'static str),
}

impl Now {
    /// The id of the content, if it is a file.
    pub(super) fn content(self) -> Option<ContentId> {
        match self {
            Now::File(content, _) => Some(content),
            _ => None,
        }
    }

    /// Whether it is what a list says: this content, or nothing.
    pub(super) fn is(self, wanted: Option<ContentId>) -> bool {
        match wanted {
            Some(content) => self.content() == Some(content),
            None => self == Now::Nothing,
        }
    }
}

impl Ground {
    pub(super) fn open(root: &Path, of_git: &[&Path]) -> Result<Ground, WriteError> {
        let open = |path: &Path| Dir::open(path).map_err(at(path));
        let ids = of_git.iter().map(|path| Ok(open(path)?.facts().map_err(at(path))?.id));
        Ok(Ground { of_git: ids.collect::<Result<_, WriteError>>()?, root: open(root)? })
    }

    /// The directory of a path; `None` if it is not there.
    pub(super) fn dir_of(&self, path: &RepoPath) -> Result<Option<Dir>, WriteError> {
        self.walk(path, false)
    }

    /// The directory of a path, which is made if it is not there.
    pub(super) fn made_dir_of(&self, path: &RepoPath) -> Result<Dir, WriteError> {
        let gone = || at(self.root.path())(io::ErrorKind::NotFound.into());
        self.walk(path, true)?.ok_or_else(gone)
    }

    fn walk(&self, path: &RepoPath, make: bool) -> Result<Option<Dir>, WriteError> {
        let mut dir = self.root.again().map_err(at(self.root.path()))?;
        let dirs = path.dir();
        for part in dirs.as_str().split('/').filter(|part| !part.is_empty()) {
            let here = dir.path().join(part);
            match dir.seen(part).map_err(at(&here))? {
                Seen::Directory(facts) if self.of_git.contains(&facts.id) && facts.id != (0, 0) => {
                    return Err(WriteError::OfGit(path.clone()));
                }
                Seen::Directory(_) => {}
                Seen::Nothing if make => match dir.make(part, false) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(&here)(error)),
                    _ => {}
                },
                Seen::Nothing => return Ok(None),
                Seen::Other("a symbolic link") => return Err(WriteError::BehindLink(path.clone())),
                seen => return Err(WriteError::InTheWay { path: here, what: seen.words() }),
            }
            // If a link took its place since, this fails.
            dir = dir.below(part).map_err(at(&here))?;
        }
        Ok(Some(dir))
    }

    /// What is at a path.
    pub(super) fn now(&self, path: &RepoPath) -> Result<Now, WriteError> {
        match self.dir_of(path)? {
            Some(dir) => now(&dir, path.name()),
            None => Ok(Now::Nothing),
        }
    }

    /// Whether a path is in a repository of its own inside of this one.
    pub(super) fn is_in_another_repository(&self, path: &RepoPath) -> Result<bool, WriteError> {
        let dirs = path.dir();
        for above in dirs.ancestors().filter(|above| *above != RepoPath::root()) {
            let Some(parent) = self.dir_of(&above)? else { continue };
            let Ok(dir) = parent.below(above.name()) else { continue };
            if dir.seen(".git").map_err(at(dir.path()))? != Seen::Nothing {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The directories above a path that are not there, the lowest first.
    pub(super) fn missing_dirs(&self, path: &RepoPath) -> Result<Vec<RepoPath>, WriteError> {
        let mut missing = Vec::new();
        for dir in path.dir().ancestors().filter(|dir| *dir != RepoPath::root()) {
            if self.now(&dir)? == Now::Nothing {
                missing.push(dir);
            }
        }
        Ok(missing)
    }

    /// Removes directories that are empty; others in them are not ours.
    pub(super) fn remove_empty(&self, dirs: &[RepoPath]) {
        for dir in dirs {
            if let Ok(Some(above)) = self.dir_of(dir) {
                let _ = above.remove_dir(dir.name());
            }
        }
    }
}

/// What has a name in a directory. Only files are opened.
pub(super) fn now(dir: &Dir, name: &str) -> Result<Now, WriteError> {
    let failed = |cause| at(&dir.path().join(name))(cause);
    match dir.seen(name).map_err(failed)? {
        Seen::Nothing => Ok(Now::Nothing),
        Seen::File(_) => match dir.read(name) {
            Ok((bytes, facts)) => Ok(Now::File(ContentId::of(&bytes), facts)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Now::Nothing),
            Err(cause) => Err(failed(cause)),
        },
        seen => Ok(Now::Other(seen.words())),
    }
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> WriteError + use<> {
    let path = path.to_owned();
    move |cause| WriteError::Io { path, cause }
}
