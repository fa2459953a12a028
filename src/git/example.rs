//! Example repositories, for tests and demonstrations.

use std::path::Path;

use git2::{IndexAddOption, RepositoryInitOptions, Signature, Time};

use super::{GitError, unreadable};

/// A commit of an example: its message, and which files of the directory it adds.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// The message.
    pub message: &'static str,
    /// Patterns of paths, as `git add` takes them.
    pub adds: &'static [&'static str],
}

/// Turns a directory into a repository: its files become a history on branch `main`, with further
/// branches at the end of it. The commits are always the same. An identity for later commits is
/// configured, too.
///
/// # Errors
/// [`GitError`] if libgit2 cannot.
pub fn init_example(dir: &Path, history: &[Stage], branches: &[&str]) -> Result<(), GitError> {
    const NAME: &str = "flux-codemod demo";
    const EMAIL: &str = "demo@example.org";
    let make = || -> Result<(), git2::Error> {
        let mut options = RepositoryInitOptions::new();
        let repository = git2::Repository::init_opts(dir, options.initial_head("main"))?;
        let mut config = repository.config()?;
        config.set_str("user.name", NAME)?;
        config.set_str("user.email", EMAIL)?;
        let mut index = repository.index()?;
        for (day, Stage { message, adds }) in (0..).zip(history) {
            index.add_all(*adds, IndexAddOption::DEFAULT, None)?;
            index.write()?;
            let tree = repository.find_tree(index.write_tree()?)?;
            let author = Signature::new(NAME, EMAIL, &Time::new(1_767_225_600 + day * 86_400, 0))?;
            let parent = repository.head().and_then(|head| head.peel_to_commit()).ok();
            let parents: Vec<_> = parent.iter().collect();
            repository.commit(Some("HEAD"), &author, &author, message, &tree, &parents)?;
        }
        let tip = repository.head()?.peel_to_commit()?;
        for name in branches {
            repository.branch(name, &tip, false)?;
        }
        repository.tag_lightweight("start", tip.as_object(), false)?;
        Ok(())
    };
    make().map_err(|error| unreadable(dir, &error))
}

/// The branch on top of a stack: of those with this prefix, the one with the most commits.
///
/// # Errors
/// [`GitError`] if there is no such branch, or the repository cannot be read.
pub fn top_of(dir: &Path, prefix: &str) -> Result<String, GitError> {
    let find = || -> Result<Option<(usize, String)>, git2::Error> {
        let repository = git2::Repository::open(dir)?;
        let mut top = None;
        for branch in repository.branches(Some(git2::BranchType::Local))? {
            let (branch, _) = branch?;
            let Some(name) = branch.name()?.filter(|name| name.starts_with(prefix)) else { continue };
            let mut commits = repository.revwalk()?;
            commits.push(branch.get().peel_to_commit()?.id())?;
            top = top.max(Some((commits.count(), name.to_owned())));
        }
        Ok(top)
    };
    let nothing = || git2::Error::from_str(&format!("there is no branch {prefix}..."));
    let top = find().and_then(|top| top.ok_or_else(nothing));
    top.map(|(_, name)| name).map_err(|error| unreadable(dir, &error))
}

/// Fast-forwards a branch to another one, with the work tree if it is checked out.
///
/// # Errors
/// [`GitError`] if there are no such branches, or `into` has commits of its own.
pub fn fast_forward(dir: &Path, into: &str, branch: &str) -> Result<(), GitError> {
    let forward = || -> Result<(), git2::Error> {
        let repository = git2::Repository::open(dir)?;
        let tip = repository.find_branch(branch, git2::BranchType::Local)?.get().peel_to_commit()?;
        let target = repository.find_branch(into, git2::BranchType::Local)?;
        let is_checked_out = target.is_head();
        let mut target = target.into_reference();
        let old = target.peel_to_commit()?.id();
        if old != tip.id() && !repository.graph_descendant_of(tip.id(), old)? {
            return Err(git2::Error::from_str("it has commits that the other branch does not have"));
        }
        if is_checked_out {
            repository.checkout_tree(tip.as_object(), None)?;
        }
        target.set_target(tip.id(), &format!("merge {branch}: Fast-forward"))?;
        Ok(())
    };
    forward().map_err(|error| unreadable(dir, &error))
}
