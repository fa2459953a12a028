//! Paths inside a repository, relative and in normal form.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// The path of a file or directory, relative to the root of the repository, with `/`, in normal
/// form. The root itself is empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<str>);

/// A text that is no path inside a repository: absolute, leading out of it, or with control
/// characters.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0:?} is not a path inside the repository")]
pub struct InvalidPath(pub String);

impl RepoPath {
    /// Reads a path that is in normal form already, as git and directory walks give it.
    ///
    /// # Errors
    /// [`InvalidPath`] if it is not, or if it holds control characters.
    pub fn new(path: &str) -> Result<RepoPath, InvalidPath> {
        let normal = path.is_empty() || path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if normal && !path.chars().any(char::is_control) {
            Ok(RepoPath(path.into()))
        } else {
            Err(InvalidPath(path.to_owned()))
        }
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

    /// Follows a relative path, with `./` and `../`, from this directory. `None` if it is absolute
    /// or leaves the repository.
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
