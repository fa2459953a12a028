//! The commits that branches start from: finds them by name, and reads their trees.

use std::fmt;
use std::sync::Arc;

use git2::{Direction, ErrorCode, ObjectType, Oid, Reference};

use super::{GitError, Repository, branch};
use crate::flux::FollowedBranch;
use crate::repo::Tree;

/// The id of a commit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub(super) Oid);

impl CommitId {
    /// The seven digits that git shows in lists.
    pub fn short(&self) -> String {
        self.to_string()[..7].to_owned()
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitId({self})")
    }
}

/// A commit that branches start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The commit.
    pub id: CommitId,
    /// The branch that pull requests are opened against: `edge` for `edge` and `origin/edge`;
    /// `None` for a commit or a tag.
    pub branch: Option<String>,
    /// What to call it: `edge`, `origin/edge`, the name of a tag, or the commit, shortened.
    pub reference: String,
}

impl Repository {
    /// The commit that a name given by the user means. Tried in this order: a branch, a
    /// remote-tracking branch, a tag, a branch that only a remote has, any other revision.
    ///
    /// # Errors
    /// [`GitError::NoSuchBase`] if there is no such commit.
    pub fn base(&self, name: &str) -> Result<Base, GitError> {
        if matches!(name, "HEAD" | "@") {
            return self.head();
        }
        let places = ["refs/heads/", "refs/remotes/", "refs/tags/", ""];
        let mut found = places.iter().filter_map(|place| self.git.find_reference(&format!("{place}{name}")).ok());
        // Names outside of `refs/`, such as `FETCH_HEAD`, are left to the revision parser below.
        if let Some(reference) = found.find(|it| it.name_bytes().starts_with(b"refs/")) {
            return self.base_at(&reference).map_err(|_| self.no_base(name));
        }
        if let Some(elsewhere) = branch::find(&self.git, name, &branch::remotes(&self.git)) {
            let id = CommitId(elsewhere.id);
            return Ok(Base { id, branch: Some(name.to_owned()), reference: elsewhere.reference });
        }
        let commit = self.git.revparse_single(name).and_then(|object| object.peel_to_commit());
        let id = CommitId(commit.map_err(|_| self.no_base(name))?.id());
        Ok(Base { id, branch: None, reference: id.short() })
    }

    /// The commit that is checked out, with its branch unless HEAD is detached.
    ///
    /// # Errors
    /// [`GitError::NoCommit`] if the branch has none yet; [`GitError::Unreadable`] if HEAD cannot
    /// be read.
    pub fn head(&self) -> Result<Base, GitError> {
        let head = match self.git.head() {
            Ok(head) => head,
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => {
                return Err(GitError::NoCommit(self.place().to_owned()));
            }
            Err(error) => return Err(self.unreadable(&error)),
        };
        self.base_at(&head).map_err(|error| self.unreadable(&error))
    }

    /// The branch that a cluster follows, as [`follow`](Repository::follow) found it.
    ///
    /// # Errors
    /// [`GitError::NoSuchBase`] if it was removed in the meantime.
    pub fn followed(&self, branch: &FollowedBranch) -> Result<Base, GitError> {
        let name = match &branch.reference {
            full if full.starts_with("refs/") => full.clone(),
            short if branch.is_remote => format!("refs/remotes/{short}"),
            short => format!("refs/heads/{short}"),
        };
        let base = self.git.find_reference(&name).and_then(|reference| self.base_at(&reference));
        base.map_err(|_| self.no_base(&branch.reference))
    }

    /// The tree of a base: its commit as a source, whatever the work tree contains.
    ///
    /// # Errors
    /// [`GitError`] if its objects are missing, as in a partial clone.
    pub fn tree(&self, base: &Base) -> Result<Tree, GitError> {
        Ok(Tree::of(Arc::new(self.commit(base.id.0)?)))
    }

    fn base_at(&self, reference: &Reference<'_>) -> Result<Base, git2::Error> {
        let id = CommitId(reference.peel(ObjectType::Commit)?.id());
        // `origin/HEAD` is the branch that it names.
        let direct = reference.resolve()?;
        let name = String::from_utf8_lossy(direct.name_bytes()).into_owned();
        let (branch, short) = match name.split_at_checked("refs/heads/".len()) {
            Some(("refs/heads/", local)) => (Some(local.to_owned()), local.to_owned()),
            _ => (self.branch_of_remote(&name), name.strip_prefix("refs/remotes/").unwrap_or(&name).to_owned()),
        };
        let reference = match name.as_str() {
            "HEAD" => id.short(),
            _ => short.strip_prefix("refs/tags/").unwrap_or(&short).to_owned(),
        };
        Ok(Base { id, branch, reference })
    }

    /// The branch that a remote-tracking branch tracks: according to the refspecs of the remotes,
    /// else by the name of its remote.
    fn branch_of_remote(&self, tracking: &str) -> Option<String> {
        let remotes = branch::remotes(&self.git);
        let by_refspec = remotes.iter().find_map(|name| {
            let remote = self.git.find_remote(name).ok()?;
            let mut specs = remote.refspecs().filter(|spec| spec.direction() == Direction::Fetch);
            let source = specs.find(|spec| spec.dst_matches(tracking))?.rtransform(tracking).ok()?;
            Some(str::from_utf8(&source).ok()?.strip_prefix("refs/heads/")?.to_owned())
        });
        let by_name = || {
            let short = tracking.strip_prefix("refs/remotes/")?;
            remotes.iter().find_map(|name| Some(short.strip_prefix(name.as_str())?.strip_prefix('/')?.to_owned()))
        };
        by_refspec.or_else(by_name)
    }

    pub(super) fn no_base(&self, name: &str) -> GitError {
        GitError::NoSuchBase { name: name.to_owned(), path: self.place().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Home;

    fn named(repository: &Repository, name: &str) -> (Option<String>, String) {
        let base = repository.base(name).unwrap();
        (base.branch, base.reference)
    }

    fn some(branch: &str, reference: &str) -> (Option<String>, String) {
        (Some(branch.to_owned()), reference.to_owned())
    }

    #[test]
    fn a_name_is_a_branch_a_remote_one_a_tag_or_a_commit() {
        let home = Home::new();
        let first = home.commit("first", &[("a.yaml", "a: 1\n")]);
        home.git(&["tag", "-a", "-m", "a tag", "v1"]);
        home.git(&["update-ref", "refs/remotes/origin/edge", &first]);
        home.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/edge"]);
        home.git(&["remote", "add", "origin", "https://git.example.org/home.git"]);
        home.git(&["config", "remote.mirror.url", "https://git.example.org/mirror.git"]);
        home.git(&["config", "remote.mirror.fetch", "+refs/heads/*:refs/mirror/x-*"]);
        home.git(&["update-ref", "refs/mirror/x-prod", &first]);
        let second = home.commit("second", &[("a.yaml", "a: 2\n")]);
        let repository = home.repository();
        assert_eq!(named(&repository, "main"), some("main", "main"));
        assert_eq!(named(&repository, "HEAD"), some("main", "main"));
        assert_eq!(named(&repository, "origin/edge"), some("edge", "origin/edge"));
        assert_eq!(named(&repository, "origin/HEAD"), some("edge", "origin/edge"));
        assert_eq!(named(&repository, "edge"), some("edge", "origin/edge"), "as `git checkout edge` would have it");
        assert_eq!(named(&repository, "refs/mirror/x-prod").0.as_deref(), Some("prod"));
        assert_eq!(named(&repository, "v1"), (None, "v1".to_owned()));
        assert_eq!(repository.base("v1").unwrap().id.to_string(), first);
        assert_eq!(named(&repository, "main~1"), (None, first[..7].to_owned()));
        assert_eq!(named(&repository, &second[..9]), (None, second[..7].to_owned()));
        let error = repository.base("nothing").unwrap_err();
        assert!(matches!(error, GitError::NoSuchBase { .. }) && error.to_string().contains("nothing"), "{error}");

        home.git(&["checkout", "-q", "--detach"]);
        let head = home.repository().head().unwrap();
        assert_eq!((head.branch, head.reference), (None, second[..7].to_owned()));
    }

    #[test]
    fn a_branch_without_a_commit_is_no_base() {
        let home = Home::new();
        let error = home.repository().head().unwrap_err();
        assert!(matches!(error, GitError::NoCommit(_)), "{error}");
    }

    #[test]
    fn the_tree_of_a_base_is_that_of_its_commit_also_in_a_bare_or_shallow_one() {
        let home = Home::new();
        home.commit("first", &[("a.yaml", "a: 1\n")]);
        home.commit("second", &[("a.yaml", "a: 2\n")]);
        let from = format!("file://{}", home.path().display());
        for kind in ["--bare", "--depth=1"] {
            let clone = home.beside(kind.trim_start_matches('-'));
            home.git(&["clone", "-q", kind, &from, clone.to_str().unwrap()]);
            let repository = Repository::around(&clone).unwrap().unwrap();
            let tree = repository.tree(&repository.base("main").unwrap()).unwrap();
            let file = tree.read(&crate::repo::RepoPath::new("a.yaml").unwrap()).unwrap().unwrap();
            assert_eq!(&*file.bytes, b"a: 2\n", "{kind}");
        }
    }
}
