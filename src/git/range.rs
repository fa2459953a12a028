//! The commits of a range, and what they say of themselves.

use std::collections::BTreeSet;

use git2::Sort;

use super::{Base, CommitId, GitError, Repository, trailer};

/// A commit of a range.
#[derive(Clone, Debug)]
pub struct Made {
    /// The commit.
    pub commit: Base,
    /// Its subject.
    pub subject: String,
    /// The commits before it: one, unless it is the first one or a merge.
    pub parents: Vec<Base>,
    /// What it says of itself, if it has our trailers. Nothing of it is trusted.
    pub claim: Option<Claim>,
}

/// What a commit says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// The migration.
    pub migration: String,
    /// The version of the migration.
    pub version: u32,
    /// The clusters that it is for.
    pub lane: String,
    /// The name of the batch in its lane.
    pub batch: String,
    /// The subjects of its units.
    pub units: BTreeSet<String>,
}

impl Repository {
    /// The commits of a range as git has it (`A..B`), the oldest first; of a single commit, this one.
    ///
    /// # Errors
    /// [`GitError::NoSuchBase`] if there is no such range, [`GitError`] if commits cannot be read.
    pub fn made_in(&self, range: &str) -> Result<Vec<Made>, GitError> {
        if !range.contains("..") {
            return Ok(vec![self.made(self.base(range)?.id)?]);
        }
        let mut walk = self.git.revwalk().map_err(|error| self.unreadable(&error))?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE).map_err(|error| self.unreadable(&error))?;
        walk.push_range(range).map_err(|_| self.no_base(range))?;
        walk.map(|id| self.made(CommitId(id.map_err(|error| self.unreadable(&error))?))).collect()
    }

    fn made(&self, id: CommitId) -> Result<Made, GitError> {
        let commit = self.git.find_commit(id.0).map_err(|error| self.unreadable(&error))?;
        let base = |id: CommitId| Base { id, branch: None, reference: id.short() };
        let message = commit.message_raw_bytes();
        let subject = String::from_utf8_lossy(message).lines().next().unwrap_or_default().to_owned();
        let parents = commit.parent_ids().map(|parent| base(CommitId(parent))).collect();
        Ok(Made { commit: base(id), subject, parents, claim: trailer::claim(message) })
    }

    /// The paths that differ between two commits, as git has them.
    ///
    /// # Errors
    /// [`GitError`] if their trees cannot be read.
    pub fn changed_between(&self, from: &Base, to: &Base) -> Result<BTreeSet<Vec<u8>>, GitError> {
        let read = || -> Result<BTreeSet<Vec<u8>>, git2::Error> {
            let [from, to] = [from, to].map(|base| self.git.find_commit(base.id.0)?.tree());
            let diff = self.git.diff_tree_to_tree(Some(&from?), Some(&to?), None)?;
            let files = diff.deltas().flat_map(|delta| {
                [delta.old_file(), delta.new_file()].map(|file| file.path_bytes().map(<[u8]>::to_vec))
            });
            Ok(files.flatten().collect())
        };
        read().map_err(|error| self.unreadable(&error))
    }
}
