//! What was merged: the batches in the history of a branch, as their commits say.

use git2::Sort;

use super::{Base, Claim, CommitId, GitError, Repository, trailer};

/// A batch in the history of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    /// What its commit says. `verify` tells whether that is true.
    pub claim: Claim,
    /// Its commit.
    pub commit: CommitId,
    /// When its commit was made, in seconds since 1970.
    pub time: i64,
}

impl Repository {
    /// The batches in the history of a base, the newest first. A commit has several where their commits were
    /// squashed into one.
    ///
    /// # Errors
    /// [`GitError`] if commits cannot be read.
    pub fn landed(&self, base: &Base) -> Result<Vec<Landed>, GitError> {
        let read = || -> Result<Vec<Landed>, git2::Error> {
            let mut walk = self.git.revwalk()?;
            walk.set_sorting(Sort::TOPOLOGICAL)?;
            walk.push(base.id.0)?;
            let mut landed = Vec::new();
            for id in walk {
                // The parents of the last commits of a shallow clone are missing.
                let Ok(commit) = self.git.find_commit(id?) else { continue };
                let (id, time) = (CommitId(commit.id()), commit.committer().when().seconds());
                let claims = trailer::claims(commit.message_raw_bytes());
                landed.extend(claims.into_iter().map(|claim| Landed { claim, commit: id, time }));
            }
            Ok(landed)
        };
        read().map_err(|error| self.unreadable(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{home, stack, write};

    #[test]
    fn batches_are_read_from_their_commits_and_from_squashed_ones() {
        let home = home();
        write(&home, &stack()[..1]).unwrap();
        let of = |name: &str| {
            let repository = home.repository();
            let landed = repository.landed(&repository.base(name).unwrap()).unwrap();
            landed.into_iter().map(|batch| (batch.claim.batch, batch.claim.units)).collect::<Vec<_>>()
        };
        assert_eq!(of("main"), []);
        // As GitHub squashes, and as `git merge --squash` indents.
        let squashed = "Sources (#3)\n\n* refactor(main): a\n\nFlux-Codemod: chart-ref@1\nFlux-Codemod-Lane: main\n\
                        Flux-Codemod-Batch: 10-sources\nFlux-Codemod-Unit: release a\nFlux-Codemod-Unit: release b\n\n\
                        \x20   Flux-Codemod: components@two\n    Flux-Codemod-Lane: main\n    Flux-Codemod-Batch: 20-volsync\n";
        home.commit(squashed, &[("a.yaml", "a: 2\n")]);
        let units = ["release a", "release b"].map(str::to_owned).into();
        assert_eq!(of("main"), [("10-sources".to_owned(), units), ("20-volsync".to_owned(), [].into())]);
    }
}
