//! The history of a branch: when what reached it, and whether commits of a migration are in it.

use std::collections::BTreeSet;

use git2::Sort;

use super::{Base, CommitId, GitError, Repository, branch, trailer};
use crate::flux::address;

/// A commit that was the tip of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The commit, as a base to plan on.
    pub base: Base,
    /// When it was made, in seconds since 1970.
    pub time: i64,
}

impl Repository {
    /// The tips that a branch had, the newest first: its commits by first parents, down to the first
    /// that was made at `since` or before. A merge counts when it was merged.
    ///
    /// # Errors
    /// [`GitError`] if commits cannot be read, or if a shallow clone ends before `since`.
    pub fn tips_since(&self, base: &Base, since: i64) -> Result<Vec<Past>, GitError> {
        let read = || -> Result<Vec<Past>, git2::Error> {
            let mut tips = Vec::new();
            let mut next = Some(self.git.find_commit(base.id.0)?);
            while let Some(commit) = next {
                let (id, time) = (CommitId(commit.id()), commit.committer().when().seconds());
                tips.push(Past { base: Base { id, branch: None, reference: id.short() }, time });
                next = if time > since && commit.parent_count() > 0 { Some(commit.parent(0)?) } else { None };
            }
            Ok(tips)
        };
        read().map_err(|error| self.unreadable(&error))
    }

    /// Whether the history of a base has a commit of a migration, by its trailers. `names` are what it is
    /// called, and was.
    ///
    /// # Errors
    /// [`GitError`] if commits cannot be read.
    pub fn has_commits_of(&self, names: &[&str], base: &Base) -> Result<bool, GitError> {
        let read = || -> Result<bool, git2::Error> {
            let mut walk = self.git.revwalk()?;
            walk.set_sorting(Sort::TIME)?;
            walk.push(base.id.0)?;
            for id in walk {
                // The parents of the last commits of a shallow clone are missing.
                let Ok(commit) = self.git.find_commit(id?) else { continue };
                if trailer::migrations(commit.message_raw_bytes()).any(|named| names.contains(&named)) {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        read().map_err(|error| self.unreadable(&error))
    }

    /// The remote that a base was fetched from; of a local branch, the first remote.
    pub fn remote_of(&self, base: &Base) -> Option<String> {
        let of_ref = || {
            let branch = base.branch.as_deref()?;
            Some(base.reference.strip_suffix(branch)?.strip_suffix('/')?.to_owned())
        };
        of_ref().filter(|name| !name.is_empty()).or_else(|| branch::remotes(&self.git).into_iter().next())
    }

    /// The commit that a remote has for a branch, as far as it is known here.
    pub fn tip_at(&self, remote: &str, name: &str) -> Option<CommitId> {
        let found = branch::find(&self.git, name, &[remote.to_owned()])?;
        found.is_remote.then_some(CommitId(found.id))
    }

    /// Whether there is a branch of this name, here or at a remote.
    pub fn has_branch(&self, name: &str) -> bool {
        branch::find(&self.git, name, &branch::remotes(&self.git)).is_some()
    }

    /// Whether a commit is on another, or is the same.
    pub fn is_on(&self, tip: CommitId, base: CommitId) -> bool {
        tip == base || self.git.graph_descendant_of(tip.0, base.0).unwrap_or(false)
    }

    /// Where a browser opens a pull request for a branch, if the remote is GitHub.
    pub fn compare_link(&self, remote: &str, base: &str, name: &str) -> Option<String> {
        let remote = self.git.find_remote(remote).ok()?;
        let address = address(remote.url().ok()?)?;
        let path = address.strip_prefix("github.com/").or_else(|| address.strip_prefix("github.com:"))?;
        Some(format!("https://github.com/{path}/compare/{base}...{name}?expand=1"))
    }

    /// The files that a branch has changed since it parted from another. None, if they have no
    /// common history.
    pub fn changed_since_parting(&self, branch: &Base, other: &Base) -> BTreeSet<String> {
        let read = || -> Result<BTreeSet<String>, git2::Error> {
            let parting = self.git.find_commit(self.git.merge_base(branch.id.0, other.id.0)?)?.tree()?;
            let now = self.git.find_commit(branch.id.0)?.tree()?;
            let diff = self.git.diff_tree_to_tree(Some(&parting), Some(&now), None)?;
            let files = diff.deltas().flat_map(|delta| {
                [delta.old_file(), delta.new_file()].map(|file| file.path_bytes().map(<[u8]>::to_vec))
            });
            Ok(files.flatten().map(|path| String::from_utf8_lossy(&path).into_owned()).collect())
        };
        read().unwrap_or_default()
    }

    /// The files in which a merge of a branch into another stops with conflicts, by name. None, if
    /// that cannot be seen here.
    pub fn conflicts(&self, branch: &Base, into: &Base) -> BTreeSet<String> {
        let read = || -> Result<BTreeSet<String>, git2::Error> {
            let [ours, theirs] = [into, branch].map(|base| self.git.find_commit(base.id.0));
            let merged = self.git.merge_commits(&ours?, &theirs?, None)?;
            let mut files = BTreeSet::new();
            for conflict in merged.conflicts()? {
                let conflict = conflict?;
                let entry = [conflict.our, conflict.their, conflict.ancestor].into_iter().flatten().next();
                files.extend(entry.map(|entry| String::from_utf8_lossy(&entry.path).into_owned()));
            }
            Ok(files)
        };
        read().unwrap_or_default()
    }

    /// Whether all that a commit would bring to a base is there already, as after a merge of whatever
    /// kind. Not if a merge would conflict.
    pub fn has_all_of(&self, base: &Base, tip: CommitId) -> bool {
        let read = || -> Result<bool, git2::Error> {
            let ours = self.git.find_commit(base.id.0)?;
            let merged = self.git.merge_commits(&ours, &self.git.find_commit(tip.0)?, None)?;
            let diff = self.git.diff_tree_to_index(Some(&ours.tree()?), Some(&merged), None)?;
            Ok(!merged.has_conflicts() && diff.deltas().len() == 0)
        };
        self.is_on(base.id, tip) || read().unwrap_or(false)
    }

    /// Whether there is a remote to fetch from.
    pub fn has_remote(&self) -> bool {
        !branch::remotes(&self.git).is_empty()
    }

    /// Whether anything was fetched from a remote: then a branch that only exists locally is not what
    /// a cluster applies.
    pub fn has_fetched(&self) -> bool {
        self.git.references_glob("refs/remotes/*").is_ok_and(|mut all| all.next().is_some())
    }
}

#[cfg(test)]
mod tests {
    use crate::git::testing::{A, home, stack, write};

    #[test]
    fn tips_are_those_of_the_first_parents() {
        let home = home();
        write(&home, &stack()[..1]).unwrap();
        home.git(&["merge", "-q", "--no-ff", "-m", "merged", A]);
        let repository = home.repository();
        let base = repository.head().unwrap();
        let tips = repository.tips_since(&base, 0).unwrap();
        assert_eq!(tips.len(), 2, "the merge and what was there before, not the merged commit");
        assert_eq!(tips[0].base.id, base.id);
        assert_eq!(repository.tips_since(&base, tips[0].time).unwrap().len(), 1, "the first that is old enough");
    }

    #[test]
    fn conflicts_of_a_merge_are_files_that_both_changed() {
        let home = home();
        home.git(&["branch", "edge"]);
        home.commit("main", &[("a.yaml", "a: main\n"), ("b.yaml", "b: 2\n"), ("new.yaml", "n: 1\n")]);
        home.git(&["checkout", "-q", "edge"]);
        home.commit("edge", &[("a.yaml", "a: edge\n"), ("c/c.yaml", "c: 2\n"), ("new.yaml", "n: 2\n")]);
        let repository = home.repository();
        let of = |name: &str| repository.base(name).unwrap();
        let files = repository.conflicts(&of("edge"), &of("main"));
        assert_eq!(files.into_iter().collect::<Vec<_>>(), ["a.yaml", "new.yaml"]);
        assert!(repository.conflicts(&of("edge"), &of("edge")).is_empty());
    }

    #[test]
    fn a_base_has_all_of_what_was_merged_in_any_way() {
        for merge in [&["merge", "-q", "-m", "merged", A][..], &["merge", "-q", "--squash", A], &["cherry-pick", A]] {
            let home = home();
            write(&home, &stack()[..1]).unwrap();
            home.git(&["checkout", "-q", A]);
            home.commit("mine", &[("d.yaml", "d: mine\n")]);
            home.git(&["checkout", "-q", "main"]);
            home.commit("second", &[("b.yaml", "b: 2\n")]);
            let has_all = || {
                let repository = home.repository();
                let tip = repository.base(A).unwrap().id;
                repository.has_all_of(&repository.base("main").unwrap(), tip)
            };
            assert!(!has_all());
            home.git(merge);
            home.run(&home.path(), &["commit", "-q", "-m", "merged"]);
            // Of two commits, the upper one alone is not all.
            assert_eq!(has_all(), merge[0] != "cherry-pick", "{merge:?}");
        }
    }

    #[test]
    fn commits_of_a_migration_are_found_by_their_trailers() {
        let home = home();
        write(&home, &stack()[..1]).unwrap();
        let of = |name: &str| {
            let repository = home.repository();
            repository.has_commits_of(&["before", "chart-ref"], &repository.base(name).unwrap()).unwrap()
        };
        assert_eq!((of(A), of("main")), (true, false));
    }
}
