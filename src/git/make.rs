//! Makes trees and commits. No ref moves here.

use git2::build::TreeUpdateBuilder;
use git2::{Commit, FileMode, ObjectType, Oid, Tree};

use super::identity::Identity;
use super::{GitError, NewCommit, Repository, patch_id, trailer};
use crate::repo::{File, FileChange, Mode};
use crate::text::ContentId;

/// Makes commits: all objects of a run, before any ref moves.
pub(super) struct Maker<'a> {
    repository: &'a Repository,
    sign: bool,
    /// Read for the first new commit: a run that changes nothing needs no identity.
    identity: Option<(Identity, bool)>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(repository: &'a Repository, sign: bool) -> Maker<'a> {
        Maker { repository, sign, identity: None }
    }

    /// Who commits, and whether commits are signed.
    pub(super) fn identity(&mut self) -> Result<&(Identity, bool), GitError> {
        if self.identity.is_none() {
            let signs = self.sign && self.repository.signs()?;
            self.identity = Some((self.repository.identity()?, signs));
        }
        self.identity.as_ref().ok_or(GitError::NoIdentity)
    }

    /// The commit on a parent: the one in `old` with this parent, tree and message, else a new one.
    pub(super) fn commit(&mut self, new: &NewCommit, parent: Oid, old: &[Commit<'_>]) -> Result<Oid, GitError> {
        let repository = self.repository;
        let git = &repository.git;
        let unreadable = |error| repository.unreadable(&error);
        let parent = git.find_commit(parent).map_err(unreadable)?;
        let before = parent.tree().map_err(unreadable)?;
        let after = repository.changed(&before, &new.changes)?;
        let id = patch_id::between(git, &before, &after).map_err(unreadable)?;
        let subject = || new.message.lines().next().unwrap_or_default().to_owned();
        let message = trailer::with_patch_id(&new.message, id.ok_or_else(|| GitError::EmptyCommit(subject()))?);
        if !trailer::names_us(&message) || new.message.contains('\0') {
            return Err(GitError::Message(subject()));
        }
        let is_same = |old: &&Commit<'_>| {
            old.parent_ids().eq([parent.id()])
                && old.tree_id() == after.id()
                && trailer::without_digest(old.message_raw_bytes()) == Some(&*message)
        };
        if let Some(old) = old.iter().find(is_same) {
            return Ok(old.id());
        }
        let (who, signs) = self.identity()?;
        let message = trailer::with_digest(&message, &who.author);
        if *signs {
            return repository.signed_commit(who, &message, &after, &parent);
        }
        git.commit(None, &who.author, &who.committer, &message, &after, &[&parent]).map_err(unreadable)
    }
}

impl Repository {
    /// A tree with changes. Everything else in it stays, including submodules and files that a
    /// [`crate::repo::Tree`] leaves out.
    fn changed<'a>(&'a self, tree: &Tree<'_>, changes: &[FileChange]) -> Result<Tree<'a>, GitError> {
        let unreadable = |error: git2::Error| self.unreadable(&error);
        let mut removed = TreeUpdateBuilder::new();
        let mut written = TreeUpdateBuilder::new();
        let (mut removals, mut writes) = (0, 0);
        for change in changes {
            let path = change.path.as_str();
            let entry = tree.get_path(std::path::Path::new(path)).ok();
            let now = entry.map(|entry| (entry.id(), entry.filemode_raw(), entry.kind()));
            if !is(change.before.as_ref(), now) {
                return Err(GitError::Unfit(change.path.clone()));
            }
            let Some(file) = &change.after else {
                removed.remove(path);
                removals += 1;
                continue;
            };
            let kept = change.before.as_ref().is_some_and(|before| before.mode == file.mode);
            let mode = match (now, file.mode) {
                // Old versions of git wrote this mode; it is kept.
                (Some((_, 0o100_664, _)), _) if kept => FileMode::BlobGroupWritable,
                (_, Mode::File) => FileMode::Blob,
                (_, Mode::Executable) => FileMode::BlobExecutable,
            };
            written.upsert(path, self.git.blob(&file.bytes).map_err(unreadable)?, mode);
            writes += 1;
        }
        // Removals first, in a separate step: a directory can become a file, and a file a
        // directory.
        let mut id = tree.id();
        for (count, builder) in [(removals, &mut removed), (writes, &mut written)] {
            if count > 0 {
                let baseline = self.git.find_tree(id).map_err(unreadable)?;
                id = builder.create_updated(&self.git, &baseline).map_err(unreadable)?;
            }
        }
        self.git.find_tree(id).map_err(unreadable)
    }
}

/// Whether the entry of a tree is the file that a change was made for.
fn is(before: Option<&File>, now: Option<(Oid, i32, Option<ObjectType>)>) -> bool {
    match (before, now) {
        (None, now) => now.is_none_or(|(_, _, kind)| kind == Some(ObjectType::Tree)),
        (Some(before), Some((id, mode, Some(ObjectType::Blob)))) => {
            let of_mode = match before.mode {
                Mode::Executable => mode == 0o100_755,
                Mode::File => matches!(mode, 0o100_644 | 0o100_664),
            };
            of_mode && ContentId::of_blob(id.as_bytes()) == Some(before.id())
        }
        _ => false,
    }
}
