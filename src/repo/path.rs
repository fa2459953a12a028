//! Paths inside a repository, relative and in normal form.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::reserved::is_git_directory;

/// The path of a file or directory, relative to the root of the repository, with `/`, in normal
/// form. The root itself is empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<str>);

/// Why a text is not a path inside a repository.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidPath {
    /// It is absolute, leads out of the repository, or has control characters.
    #[error("{0:?} is not a path inside the repository")]
    Outside(String),
    /// It leads into git's own directory, under one of the names that a system knows for it.
    #[error("{0:?} leads into git's own directory, where nothing is ever read or written")]
    OfGit(String),
}

impl RepoPath {
    /// Reads a path that is in normal form already, as git and directory walks give it.
    ///
    /// # Errors
    /// [`InvalidPath`] if it is not, if it holds control characters, or if a part of it is `.git`.
    pub fn new(path: &str) -> Result<RepoPath, InvalidPath> {
        let normal = path.is_empty() || path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !normal || path.chars().any(char::is_control) {
            return Err(InvalidPath::Outside(path.to_owned()));
        }
        if path.split('/').any(is_git_directory) {
            return Err(InvalidPath::OfGit(path.to_owned()));
        }
        Ok(RepoPath(path.into()))
    }

    /// The path that a person wrote, from the root of the repository.
    ///
    /// # Errors
    /// [`InvalidPath`] if it leaves the repository, or leads into git's own directory.
    pub fn from_root(written: &str) -> Result<RepoPath, InvalidPath> {
        let of_git = || written.split('/').any(is_git_directory).then(|| InvalidPath::OfGit(written.to_owned()));
        let outside = || of_git().unwrap_or_else(|| InvalidPath::Outside(written.to_owned()));
        RepoPath::root().join(written).ok_or_else(outside)
    }

    /// The root of the repository.
    pub fn root() -> RepoPath {
        RepoPath("".into())
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The directory that holds this; `None` for the root.
    pub fn parent(&self) -> Option<RepoPath> {
        if self.0.is_empty() {
            return None;
        }
        let parent = self.0.rsplit_once('/').map_or("", |(parent, _)| parent);
        Some(RepoPath(parent.into()))
    }

    /// The directory that holds this; the root for the root.
    pub fn dir(&self) -> RepoPath {
        self.parent().unwrap_or_else(RepoPath::root)
    }

    /// This directory and all above it, the root last.
    pub fn ancestors(&self) -> impl Iterator<Item = RepoPath> {
        std::iter::successors(Some(self.clone()), RepoPath::parent)
    }

    /// Follows a relative path, with `./` and `../`, from this directory. `None` if it is absolute,
    /// leaves the repository, or passes through git's own directory.
    pub fn join(&self, relative: &str) -> Option<RepoPath> {
        if relative.starts_with('/') {
            return None;
        }
        let mut path = String::with_capacity(self.0.len() + 1 + relative.len());
        path.push_str(&self.0);
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." if path.is_empty() => return None,
                ".." => path.truncate(path.rfind('/').unwrap_or(0)),
                part if is_git_directory(part) => return None,
                part => {
                    path.push_str(if path.is_empty() { "" } else { "/" });
                    path.push_str(part);
                }
            }
        }
        (!path.chars().any(char::is_control)).then(|| RepoPath(path.into()))
    }

    /// Whether this is `dir` or is below it.
    pub fn is_in(&self, dir: &RepoPath) -> bool {
        dir.0.is_empty() || self.0.strip_prefix(&*dir.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The relative path from a directory to this, beginning with `./` or `../`.
    pub fn seen_from(&self, dir: &RepoPath) -> String {
        let up = dir.ancestors().take_while(|above| !self.is_in(above)).count();
        let common = dir.ancestors().nth(up).unwrap_or_else(RepoPath::root);
        let rest = self.0[common.0.len()..].trim_start_matches('/');
        if up == 0 { format!("./{rest}") } else { format!("{}{rest}", "../".repeat(up)) }
    }

    /// Whether the name ends in `.yaml` or `.yml`.
    pub fn is_yaml(&self) -> bool {
        self.0.ends_with(".yaml") || self.0.ends_with(".yml")
    }
}

impl Default for RepoPath {
    fn default() -> RepoPath {
        RepoPath::root()
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    #[test]
    fn only_normal_paths_inside_are_paths() {
        for bad in ["/a", "a/../b", "a//b", "./a", "a/", "..", "a\nb", "a\u{1b}[31m"] {
            assert!(RepoPath::new(bad).is_err(), "{bad:?}");
        }
        assert!(RepoPath::new("ü/ä b.yaml").is_ok());
    }

    #[test]
    fn nothing_in_the_directory_of_git_is_a_path() {
        for bad in [".git", ".git/hooks", "a/.git/b", ".GIT/hooks", "a/git~1", ".git./x"] {
            assert_eq!(RepoPath::new(bad), Err(InvalidPath::OfGit(bad.to_owned())));
            assert_eq!(path("d").join(bad), None);
        }
        assert_eq!(path("a/b").join("../.git/x"), None);
        assert_eq!(RepoPath::from_root(".git/.."), Err(InvalidPath::OfGit(".git/..".to_owned())));
        assert_eq!(RepoPath::from_root("../x"), Err(InvalidPath::Outside("../x".to_owned())));
        assert_eq!(RepoPath::from_root("./a//b/../.github/"), Ok(path("a/.github")));
    }

    #[test]
    fn relative_ways_are_walked_both_ways() {
        let dir = path("a/b");
        assert_eq!(dir.join("../c/./d.yaml"), Some(path("a/c/d.yaml")));
        assert_eq!(dir.join("./"), Some(path("a/b")));
        assert_eq!(dir.join("../../.."), None);
        assert_eq!(dir.join("/etc"), None);
        assert_eq!(path("a/c/d").seen_from(&dir), "../c/d");
        assert_eq!(path("a/b/x").seen_from(&dir), "./x");
        assert_eq!(path("x").seen_from(&RepoPath::root()), "./x");
        assert!(path("a/bc").seen_from(&dir) == "../bc" && !path("a/bc").is_in(&dir));
    }
}
