//! The branches that exist below our prefix, and who wrote their commits.

use std::path::PathBuf;

use git2::{ErrorCode, Oid, Sort};

use super::{Base, CommitId, GitError, Repository, patch_id, trailer};

/// A local branch that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// Its name, without `refs/heads/`.
    pub name: String,
    /// The commit it points to.
    pub tip: CommitId,
    /// Who wrote its commits over the base.
    pub whose: Whose,
    /// The main or linked work tree where it is checked out or being rebased.
    pub checked_out: Option<PathBuf>,
}

/// Who wrote the commits of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This program: each commit has our trailers, and its change is the one we made. A commit that
    /// was rebased without conflicts is still ours.
    Ours,
    /// Other people, too.
    Edited {
        /// Their commits, the lowest first, shortened, with the subject: those without our
        /// trailers, those that were changed, and merges.
        commits: Vec<(String, String)>,
    },
}

impl Repository {
    /// The local branches below a prefix (`flux-codemod/main/`), by name.
    ///
    /// # Errors
    /// [`GitError`] if refs or the commits over the base cannot be read.
    pub fn branches(&self, prefix: &str, base: &Base) -> Result<Vec<Existing>, GitError> {
        let read = || -> Result<Vec<(String, Oid)>, git2::Error> {
            let below = format!("refs/heads/{}/", prefix.trim_end_matches('/'));
            let mut found = Vec::new();
            for reference in self.git.references()? {
                let reference = reference?;
                let Ok(name) = reference.name() else { continue };
                if name.starts_with(&below) {
                    found.push((name.to_owned(), reference.peel_to_commit()?.id()));
                }
            }
            Ok(found)
        };
        let mut found = read().map_err(|error| self.unreadable(&error))?;
        found.sort();
        let checked_out = self.checked_out()?;
        let existing = |(reference, tip): (String, Oid)| {
            let whose = self.whose(tip, base).map_err(|error| self.unreadable(&error))?;
            let name = reference.trim_start_matches("refs/heads/").to_owned();
            Ok(Existing { name, tip: CommitId(tip), whose, checked_out: checked_out.get(&reference).cloned() })
        };
        found.into_iter().map(existing).collect()
    }

    /// The commits that a branch has over the base, the lowest first.
    pub(super) fn over_base(&self, tip: Oid, base: &Base) -> Result<Vec<git2::Commit<'_>>, git2::Error> {
        let mut walk = self.git.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        walk.push(tip)?;
        walk.hide(base.id.0)?;
        walk.map(|id| self.git.find_commit(id?)).collect()
    }

    fn whose(&self, tip: Oid, base: &Base) -> Result<Whose, git2::Error> {
        let mut commits = Vec::new();
        for commit in self.over_base(tip, base)? {
            if !self.is_ours(&commit)? {
                let subject = commit.summary_bytes().unwrap_or_default();
                commits.push((CommitId(commit.id()).short(), String::from_utf8_lossy(subject).into_owned()));
            }
        }
        Ok(if commits.is_empty() { Whose::Ours } else { Whose::Edited { commits } })
    }

    fn is_ours(&self, commit: &git2::Commit<'_>) -> Result<bool, git2::Error> {
        let Some(stated) = trailer::patch_id(commit.message_bytes()) else { return Ok(false) };
        match patch_id::of_commit(&self.git, commit) {
            Ok(actual) => Ok(actual == Some(stated)),
            // A shallow or partial clone cannot show the change, so it may not be ours to discard.
            Err(error) if error.code() == ErrorCode::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{A, Home, existing, home, stack, write};

    #[test]
    fn whose_a_branch_is() {
        let whose = |edit: &dyn Fn(&Home)| {
            let home = home();
            write(&home, &stack()[..1]).unwrap();
            home.git(&["checkout", "-q", A]);
            edit(&home);
            home.git(&["checkout", "-q", "--detach", "main"]);
            existing(&home.repository()).remove(0).whose
        };
        let subjects = |whose: Whose| match whose {
            Whose::Ours => Vec::new(),
            Whose::Edited { commits } => commits.into_iter().map(|(_, subject)| subject).collect(),
        };
        let ours = format!("refactor(main): {A}");
        assert_eq!(whose(&|_| {}), Whose::Ours);
        let on_top = whose(&|home| drop(home.commit("mine", &[("d.yaml", "d: mine\n")])));
        assert_eq!(subjects(on_top), ["mine"]);
        let amend = |text: &str| {
            whose(&|home| {
                home.write("a.yaml", text);
                home.git(&["commit", "-q", "-a", "--amend", "--no-edit"]);
            })
        };
        assert_eq!(subjects(amend("a: mine\n")), [&*ours]);
        assert_eq!(subjects(amend("a:  2\n")), [&*ours], "white space is meaning");
        let merged = whose(&|home| {
            home.git(&["checkout", "-q", "-b", "side", "main"]);
            home.commit("theirs", &[("d.yaml", "d: theirs\n")]);
            home.git(&["checkout", "-q", A]);
            home.git(&["merge", "-q", "--no-ff", "-m", "a merge", "side"]);
        });
        assert_eq!(subjects(merged), ["theirs", "a merge"]);
        let reworded = whose(&|home| drop(home.git(&["commit", "-q", "--amend", "-m", "my words"])));
        assert_eq!(subjects(reworded), ["my words"]);
        let rebased = whose(&|home| {
            home.git(&["checkout", "-q", "main"]);
            home.commit("second", &[("d.yaml", "d: 2\n")]);
            home.git(&["rebase", "-q", "main", A]);
        });
        assert_eq!(rebased, Whose::Ours);
    }
}
