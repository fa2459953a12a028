//! The branches that exist below our prefix, and who wrote their commits.

use std::collections::BTreeMap;
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
    /// The units that its own commits over the base name, each with its migration: not those of the
    /// branches that it is stacked on.
    pub units: Vec<(String, String)>,
    /// The main or linked work tree where it is checked out or being rebased.
    pub checked_out: Option<PathBuf>,
}

/// Who wrote the commits of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This program: each commit has our trailers, its change, message and author are those that we
    /// made, and the last one is of the batch that the branch is named after. A commit that was
    /// rebased without conflicts is still ours. A merged branch has nothing that could be lost, so
    /// its name alone counts.
    Ours,
    /// Other people, too.
    Edited {
        /// Their commits, the lowest first, shortened, with the subject: those without our
        /// trailers, those that were changed or have a git note, and merges.
        commits: Vec<(String, String)>,
    },
    /// Other people: its commits may be ours or those of the base, but we did not give it this
    /// name.
    Named,
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
        let mut authors = Authors::of(self).map_err(|error| self.unreadable(&error))?;
        let existing = |(reference, tip): (String, Oid)| {
            let name = reference.trim_start_matches("refs/heads/").to_owned();
            let whose = authors.whose(&name, tip, base).map_err(|error| self.unreadable(&error))?;
            let units = self.units_of(&name, tip, base).map_err(|error| self.unreadable(&error))?;
            Ok(Existing { name, tip: CommitId(tip), whose, units, checked_out: checked_out.get(&reference).cloned() })
        };
        found.into_iter().map(existing).collect()
    }

    /// The names of all local branches.
    ///
    /// # Errors
    /// [`GitError`] if references cannot be read.
    pub fn local_branches(&self) -> Result<Vec<String>, GitError> {
        let read = || -> Result<Vec<String>, git2::Error> {
            let branches = self.git.branches(Some(git2::BranchType::Local))?;
            let name =
                |branch: Result<(git2::Branch<'_>, _), git2::Error>| Some(branch.ok()?.0.name().ok()??.to_owned());
            Ok(branches.filter_map(name).collect())
        };
        read().map_err(|error| self.unreadable(&error))
    }

    /// Who wrote the commits over the base of a branch that ends at `tip`, which is not a local branch.
    ///
    /// # Errors
    /// [`GitError`] if the commits over the base cannot be read.
    pub fn whose(&self, name: &str, tip: CommitId, base: &Base) -> Result<Whose, GitError> {
        let whose = Authors::of(self).and_then(|mut authors| authors.whose(name, tip.0, base));
        whose.map_err(|error| self.unreadable(&error))
    }

    /// The units of the commits that are of the batch, or the phase, which a branch is named after.
    fn units_of(&self, name: &str, tip: Oid, base: &Base) -> Result<Vec<(String, String)>, git2::Error> {
        let commits = self.over_base(tip, base)?;
        let own = commits.iter().map(git2::Commit::message_raw_bytes);
        let own = own.filter(|message| is_named_after(name, trailer::batch(message)));
        Ok(own.flat_map(|message| trailer::units(message).collect::<Vec<_>>()).collect())
    }

    /// The commits that a branch has over the base, the lowest first.
    pub(super) fn over_base(&self, tip: Oid, base: &Base) -> Result<Vec<git2::Commit<'_>>, git2::Error> {
        let mut walk = self.git.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        walk.push(tip)?;
        walk.hide(base.id.0)?;
        walk.map(|id| self.git.find_commit(id?)).collect()
    }
}

/// Who wrote the commits of branches. Stacked branches share most of them, so each is looked at
/// once.
struct Authors<'r> {
    repository: &'r Repository,
    /// The refs of git notes.
    notes: Vec<String>,
    /// The short id and the subject of commits of others; `None` for ours.
    known: BTreeMap<Oid, Option<(String, String)>>,
}

impl<'r> Authors<'r> {
    fn of(repository: &'r Repository) -> Result<Authors<'r>, git2::Error> {
        let mut notes = Vec::new();
        for reference in repository.git.references_glob("refs/notes/*")? {
            notes.extend(reference?.name().map(str::to_owned));
        }
        Ok(Authors { repository, notes, known: BTreeMap::new() })
    }

    fn whose(&mut self, name: &str, tip: Oid, base: &Base) -> Result<Whose, git2::Error> {
        let mut commits = Vec::new();
        for commit in self.repository.over_base(tip, base)? {
            if !self.known.contains_key(&commit.id()) {
                let other = self.other(&commit)?;
                self.known.insert(commit.id(), other);
            }
            commits.extend(self.known[&commit.id()].clone());
        }
        if !commits.is_empty() {
            return Ok(Whose::Edited { commits });
        }
        // Also that of a branch which is merged, so that it has no commits over the base.
        let last = self.repository.git.find_commit(tip)?;
        let is_named = is_named_after(name, trailer::batch(last.message_raw_bytes()));
        Ok(if is_named { Whose::Ours } else { Whose::Named })
    }

    /// The short id and the subject of a commit, if it is not ours or somebody wrote a note to it.
    fn other(&self, commit: &git2::Commit<'_>) -> Result<Option<(String, String)>, git2::Error> {
        let has_note = self.notes.iter().any(|name| self.repository.git.find_note(Some(name), commit.id()).is_ok());
        if !has_note && self.is_ours(commit)? {
            return Ok(None);
        }
        let subject = String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default());
        let with = if has_note { ", with a git note" } else { "" };
        Ok(Some((CommitId(commit.id()).short(), format!("{subject}{with}"))))
    }

    fn is_ours(&self, commit: &git2::Commit<'_>) -> Result<bool, git2::Error> {
        let message = commit.message_raw_bytes();
        let Some(stated) = trailer::patch_id(message) else { return Ok(false) };
        if !trailer::is_unchanged(message, &commit.author()) {
            return Ok(false);
        }
        match patch_id::of_commit(&self.repository.git, commit) {
            Ok(actual) => Ok(actual == Some(stated)),
            // A shallow or partial clone cannot show the change, so it may not be ours to discard.
            Err(error) if error.code() == ErrorCode::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether a branch has the name of a batch, or of a phase, whose last batch may be any.
fn is_named_after(name: &str, batch: Option<&str>) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    batch.is_some_and(|batch| name == batch || last == batch || last.starts_with("phase-"))
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
            Whose::Named => vec!["named".to_owned()],
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
        let with_notes = whose(&|home| {
            let text = home.git(&["log", "-1", "--format=%B"]);
            home.git(&["commit", "-q", "--amend", "-m", &text.replacen("Why.", "Why.\n\nTested on edge.", 1)]);
        });
        assert_eq!(subjects(with_notes), [&*ours], "a paragraph above the trailers");
        let other_author = whose(&|home| {
            home.git(&["commit", "-q", "--amend", "--no-edit", "--author", "Some One <one@example.org>"]);
        });
        assert_eq!(subjects(other_author), [&*ours]);
        let noted = whose(&|home| drop(home.git(&["notes", "--ref", "review", "add", "-m", "look here", "HEAD"])));
        assert_eq!(subjects(noted), [format!("{ours}, with a git note")]);
        let empty = whose(&|home| drop(home.git(&["commit", "-q", "--allow-empty", "-m", "a note"])));
        assert_eq!(subjects(empty), ["a note"]);
        let forged = whose(&|home| {
            home.write("d.yaml", "d: mine\n");
            home.git(&["add", "--all"]);
            home.git(&["commit", "-q", "-m", "placeholder"]);
            let git = git2::Repository::open(home.path()).unwrap();
            let commit = git.head().unwrap().peel_to_commit().unwrap();
            let id = patch_id::of_commit(&git, &commit).unwrap().unwrap();
            let text = trailer::with_patch_id("work\n\nFlux-Codemod: chart-ref@1\n", id);
            home.git(&["commit", "-q", "--amend", "-m", &text]);
        });
        assert_eq!(subjects(forged), ["work"]);
        let rebased = whose(&|home| {
            home.git(&["checkout", "-q", "main"]);
            home.commit("second", &[("d.yaml", "d: 2\n")]);
            home.git(&["rebase", "-q", "main", A]);
        });
        assert_eq!(rebased, Whose::Ours);
    }

    /// Branches below our prefix that somebody else named: without commits, or with ours.
    #[test]
    fn a_branch_that_we_did_not_name_is_not_ours() {
        let home = home();
        write(&home, &stack()[..1]).unwrap();
        home.git(&["branch", "x/main/chart-ref/wip", "main"]);
        home.git(&["branch", "x/main/chart-ref/copy", A]);
        let whose = |name: &str| {
            existing(&home.repository()).into_iter().find(|branch| branch.name == name).map(|branch| branch.whose)
        };
        assert_eq!(whose(A), Some(Whose::Ours));
        assert_eq!(whose("x/main/chart-ref/wip"), Some(Whose::Named));
        assert_eq!(whose("x/main/chart-ref/copy"), Some(Whose::Named));
        // Merged, it has no commits of its own any more, whoever has edited it.
        home.git(&["checkout", "-q", A]);
        home.write("a.yaml", "a: mine\n");
        home.git(&["commit", "-q", "-a", "--amend", "--no-edit"]);
        home.git(&["checkout", "-q", "main"]);
        assert!(matches!(whose(A), Some(Whose::Edited { .. })));
        home.git(&["merge", "-q", "--ff-only", A]);
        assert_eq!(whose(A), Some(Whose::Ours));
    }
}
