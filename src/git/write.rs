//! Writes branches: makes all commits, locks and compares all refs, then moves them one by one.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use git2::{ErrorCode, Oid, Signature};

use super::identity::zone;
use super::locks::{Locks, Turn};
use super::make::Maker;
use super::names::without;
use super::repository::open_exactly;
use super::{Base, CommitId, Existing, GitError, Onto, Outcome, Repository, Wanted, Whose, Written};

const PACKED: &str = "packed-refs";

/// What happens to a ref.
struct Move {
    name: String,
    from: Option<Oid>,
    to: Option<Oid>,
    /// Whether it throws away what others did: then the reflog keeps it, whatever is configured.
    is_loss: bool,
}

impl Move {
    fn reference(&self) -> String {
        format!("refs/heads/{}", self.name)
    }

    fn moves(&self) -> bool {
        self.from != self.to
    }

    fn outcome(&self) -> Outcome {
        match (self.from.map(CommitId), self.to.map(CommitId)) {
            (None, _) => Outcome::Created,
            (Some(from), None) => Outcome::Removed { from },
            (Some(from), Some(to)) if from == to => Outcome::Unchanged,
            (Some(from), Some(_)) => Outcome::Rebuilt { from },
        }
    }
}

impl Repository {
    /// Makes the branches that are wanted, the lowest first, and removes those in `gone`. Neither
    /// work tree nor index nor HEAD is touched.
    ///
    /// `existing` are the branches as [`branches`](Repository::branches) gave them; a branch whose
    /// name is wanted is replaced, whoever wrote it, so leave out of `wanted` what must stay.
    /// `gone` are removed, unless they are wanted. Our commits that would be the same are kept.
    /// First all objects are made, then all refs are locked and compared with what was read, then
    /// they move one after the other. If the program is killed, each branch is either old or new,
    /// and the next run finishes.
    ///
    /// # Errors
    /// On all but [`GitError::Stopped`] no ref has moved: [`GitError::Busy`],
    /// [`GitError::InvalidName`], [`GitError::InTheWay`], [`GitError::CheckedOut`],
    /// [`GitError::Locked`], [`GitError::Moved`], [`GitError::Unfit`], [`GitError::EmptyCommit`],
    /// [`GitError::Message`], [`GitError::NoIdentity`], [`GitError::LocalSigning`],
    /// [`GitError::Program`], [`GitError::Io`], [`GitError::Unreadable`].
    pub fn write(
        &self,
        base: &Base,
        wanted: &[Wanted],
        existing: &[Existing],
        gone: &[Existing],
        sign: bool,
    ) -> Result<Vec<Written>, GitError> {
        let turn = Turn::take(self)?;
        self.check_names(wanted)?;
        let mut maker = Maker::new(self, sign);
        let mut moves = self.make(base, wanted, existing, &mut maker)?;
        moves.extend(removals(wanted, gone));
        if moves.iter().any(Move::moves) {
            self.refuse_checked_out(&moves)?;
            let who = maker.identity()?.0.committer.clone();
            let locks = lock_all(&turn, &moves)?;
            // Nobody else can move them now, so everything is checked again.
            self.compare(&moves)?;
            self.check_names(wanted)?;
            self.refuse_checked_out(&moves)?;
            self.move_all(&turn, &locks, &moves, &who)?;
        }
        Ok(outcomes(base, moves))
    }

    /// What [`write`](Repository::write) would do. No ref moves, and no object is left: they are made
    /// in memory.
    ///
    /// # Errors
    /// As [`write`](Repository::write), but for those about locks and signatures.
    pub fn would_write(
        &self,
        base: &Base,
        wanted: &[Wanted],
        existing: &[Existing],
        gone: &[Existing],
    ) -> Result<Vec<Written>, GitError> {
        let unreadable = |error: git2::Error| self.unreadable(&error);
        let git = open_exactly(self.git.path()).map_err(unreadable)?;
        let trial = Repository { git, environment: self.environment.clone() };
        // The backend with the highest priority takes what is written.
        let objects = trial.git.odb().map_err(unreadable)?;
        let _in_memory = objects.add_new_mempack_backend(i32::MAX).map_err(unreadable)?;
        trial.check_names(wanted)?;
        let mut moves = trial.make(base, wanted, existing, &mut Maker::new(&trial, false))?;
        moves.extend(removals(wanted, gone));
        if moves.iter().any(Move::moves) {
            self.refuse_checked_out(&moves)?;
        }
        Ok(outcomes(base, moves))
    }

    /// Makes all commits.
    fn make(
        &self,
        base: &Base,
        wanted: &[Wanted],
        existing: &[Existing],
        maker: &mut Maker<'_>,
    ) -> Result<Vec<Move>, GitError> {
        let mut moves: Vec<Move> = Vec::new();
        for Wanted { name, onto, commits } in wanted {
            let below = match onto {
                Onto::Base => Some(base.id.0),
                Onto::Branch(index) => moves.get(*index).and_then(|below| below.to),
            };
            let mut tip = below.ok_or_else(|| GitError::InvalidName(name.clone()))?;
            let there = existing.iter().find(|branch| branch.name == *name);
            let kept = match there {
                Some(Existing { whose: Whose::Ours, tip, .. }) => {
                    self.over_base(tip.0, base).map_err(|error| self.unreadable(&error))?
                }
                _ => Vec::new(),
            };
            for commit in commits {
                tip = maker.commit(commit, tip, &kept)?;
            }
            let is_loss = there.is_some_and(|branch| branch.whose != Whose::Ours);
            moves.push(Move { name: name.clone(), from: there.map(|branch| branch.tip.0), to: Some(tip), is_loss });
        }
        Ok(moves)
    }

    fn refuse_checked_out(&self, moves: &[Move]) -> Result<(), GitError> {
        let checked_out: BTreeMap<_, _> = self.checked_out()?;
        for change in moves.iter().filter(|change| change.moves()) {
            if let Some(path) = checked_out.get(&change.reference()) {
                return Err(GitError::CheckedOut { name: change.name.clone(), path: path.clone() });
            }
        }
        Ok(())
    }

    /// Refuses if a branch has moved since it was read.
    fn compare(&self, moves: &[Move]) -> Result<(), GitError> {
        for change in moves {
            let now = match self.git.find_reference(&change.reference()) {
                Ok(reference) => match reference.target() {
                    Some(id) => Some(id),
                    None => return Err(GitError::Symbolic(change.name.clone())),
                },
                Err(error) if error.code() == ErrorCode::NotFound => None,
                Err(error) => return Err(self.unreadable(&error)),
            };
            if now != change.from {
                return Err(GitError::Moved(change.name.clone()));
            }
        }
        Ok(())
    }

    /// Moves the lowest branch first; removals come last.
    fn move_all(&self, turn: &Turn, locks: &Locks<'_>, moves: &[Move], who: &Signature<'_>) -> Result<(), GitError> {
        let mut moved = Vec::new();
        let (gone, kept): (Vec<_>, Vec<_>) =
            moves.iter().enumerate().filter(|(_, change)| change.moves()).partition(|(_, change)| change.to.is_none());
        let names: Vec<String> = gone.iter().map(|(_, change)| change.reference()).collect();
        for (index, change) in kept.into_iter().chain(gone) {
            let step = || match change.to {
                Some(to) => {
                    self.log(turn, change, to, who)?;
                    locks.put(index)
                }
                None => {
                    // The first removal takes all of them out of `packed-refs`; those that also
                    // have a loose ref file still exist.
                    unpack(turn, locks, moves.len(), &names)?;
                    locks.remove(index)?;
                    // A log without its branch is a leftover, not a loss.
                    let _ = self.git.reflog_delete(&change.reference());
                    Ok(())
                }
            };
            match step() {
                Ok(()) => moved.push(change.name.clone()),
                Err(why) => return Err(GitError::Stopped { moved, name: change.name.clone(), why: Box::new(why) }),
            }
        }
        Ok(())
    }

    /// Adds to the reflog of a branch, where git would.
    fn log(&self, turn: &Turn, change: &Move, to: Oid, who: &Signature<'_>) -> Result<(), GitError> {
        let path = turn.path(&format!("logs/{}", change.reference()));
        let setting = self.git.config().and_then(|config| config.get_string("core.logallrefupdates"));
        let is_kept = match setting.as_deref() {
            Ok(word) if word.eq_ignore_ascii_case("always") => true,
            Ok(word) => git2::Config::parse_bool(word).unwrap_or(false),
            Err(_) => !self.git.is_bare(),
        };
        if !is_kept && !change.is_loss && !path.exists() {
            return Ok(());
        }
        let verb = if change.from.is_some() { "rebuilt" } else { "created" };
        let batch = change.name.rsplit('/').next().unwrap_or(&change.name);
        let from = change.from.unwrap_or(Oid::ZERO_SHA1);
        let when = format!("{} {}", who.when().seconds(), zone(who));
        let line = format!("{from} {to} {who} {when}\tflux-codemod: {batch} {verb}\n");
        turn.append(&format!("logs/{}", change.reference()), &line)
    }
}

fn removals(wanted: &[Wanted], gone: &[Existing]) -> impl Iterator<Item = Move> {
    let gone = gone.iter().filter(|branch| !wanted.iter().any(|it| it.name == branch.name));
    gone.map(|branch| Move { name: branch.name.clone(), from: Some(branch.tip.0), to: None, is_loss: false })
}

fn outcomes(base: &Base, moves: Vec<Move>) -> Vec<Written> {
    let written = |change: Move| {
        let outcome = change.outcome();
        let tip = CommitId(change.to.or(change.from).unwrap_or(base.id.0));
        Written { name: change.name, tip, outcome }
    };
    moves.into_iter().map(written).collect()
}

/// Locks all branches, including those that do not move, and `packed-refs` if a branch is to be
/// removed.
fn lock_all<'a>(turn: &'a Turn, moves: &[Move]) -> Result<Locks<'a>, GitError> {
    let content = |change: &Move| change.to.map_or("removed by flux-codemod\n".to_owned(), |id| format!("{id}\n"));
    let mut files: Vec<_> = moves.iter().map(|change| (change.reference(), content(change))).collect();
    if moves.iter().any(|change| change.to.is_none()) {
        files.push((PACKED.to_owned(), String::new()));
    }
    turn.lock(&files)
}

/// Takes refs out of `packed-refs`, whose lock has this index.
fn unpack(turn: &Turn, locks: &Locks<'_>, index: usize, gone: &[String]) -> Result<(), GitError> {
    let path = turn.path(PACKED);
    let packed = match fs::read(&path) {
        Ok(packed) => packed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(GitError::Io { path, cause }),
    };
    let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
    match without(&packed, &gone) {
        Some(left) => {
            locks.prepare(index, &left)?;
            locks.put(index)
        }
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
