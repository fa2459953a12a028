//! A repository with files: lists the work tree and finds uncommitted changes.

use std::path::{Path, PathBuf};

use git2::{Index, IndexEntry, IndexEntryExtendedFlag};

use super::{GitError, Repository};
use crate::repo::{Folder, Listed, Recorded, RepoPath, Rules, Versions, read_file};
use crate::text::ContentId;

/// A git repository with files to read and write: a [`Repository`] and the top of one of its work
/// trees.
pub struct WorkTree {
    repository: Repository,
    root: PathBuf,
}

impl WorkTree {
    /// The work tree that a directory is in, or `None` outside of git.
    ///
    /// # Errors
    /// Those of [`Repository::around`], and [`GitError::Bare`].
    pub fn around(dir: &Path) -> Result<Option<WorkTree>, GitError> {
        Repository::around(dir)?.map(WorkTree::of).transpose()
    }

    /// The work tree of a repository.
    ///
    /// # Errors
    /// [`GitError::Bare`] if it has none.
    pub fn of(repository: Repository) -> Result<WorkTree, GitError> {
        let Some(root) = repository.git.workdir().map(Path::to_owned) else {
            return Err(GitError::Bare(repository.git.path().to_owned()));
        };
        Ok(WorkTree { repository, root })
    }

    /// The repository: its commits and branches.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The top of the work tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The git directory of this work tree, under which `apply` keeps its journal.
    pub fn git_dir(&self) -> &Path {
        self.repository.git.path()
    }

    /// The git directory that all work trees of the repository share.
    pub fn common_dir(&self) -> &Path {
        self.repository.git.commondir()
    }

    /// The files of the work tree: those of the index, and untracked ones that are not ignored.
    ///
    /// # Errors
    /// [`GitError`] if the index or the directories cannot be read.
    pub fn files(&self) -> Result<Folder, GitError> {
        const GITLINK: u32 = 0o160_000;
        let index = self.index().map_err(|error| self.unreadable_index(&error))?;
        let mut listed = Listed::default();
        for entry in index.iter() {
            if entry.mode == GITLINK {
                listed.submodules.push(entry.path);
                continue;
            }
            if IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended).is_skip_worktree() {
                listed.skipped.insert(entry.path.clone());
            }
            listed.tracked.insert(entry.path);
        }
        listed.excludes = self.excludes();
        let io = |cause| GitError::Io { path: self.root.clone(), cause };
        let mut folder = Folder::work_tree(&self.root, &listed).map_err(io)?;
        self.repository.leave_out_ignored(&self.root, &mut folder, &listed.tracked);
        self.repository.mark_converted(&self.root, &mut folder, &listed.tracked);
        Ok(folder)
    }

    /// The index, read anew where it is needed: the repository would keep its own.
    fn index(&self) -> Result<Index, git2::Error> {
        Index::open(&self.git_dir().join("index"))
    }

    /// The lists of ignored files outside of the tree, in the order in which they count.
    fn excludes(&self) -> Vec<Rules> {
        let git = &self.repository.git;
        let configured = git.config().and_then(|config| config.get_path("core.excludesFile")).ok();
        let users = configured.or_else(|| of_user("ignore"));
        let lists = [Some(git.commondir().join("info/exclude")), users];
        let texts =
            lists.into_iter().flatten().filter(|list| list.is_file()).filter_map(|list| std::fs::read(list).ok());
        texts.map(|text| Rules::of(&text)).collect()
    }

    fn unreadable_index(&self, error: &git2::Error) -> GitError {
        // The extension for whole directories that are left out.
        if error.message().contains("sdir") {
            return GitError::SparseIndex(self.root.clone());
        }
        self.repository.unreadable(error)
    }

    /// Whether a file has uncommitted content: it is untracked, unmerged, differs from the index,
    /// or the index differs from HEAD.
    pub fn is_modified(&self, path: &RepoPath) -> bool {
        // libgit2 would look for rules of ignored files, and open whatever has their name.
        let git = &self.repository.git;
        let entry = git.index().ok().and_then(|index| index.get_path(Path::new(path.as_str()), 0));
        // Untracked or unmerged, if it is there at all.
        let Some(entry) = entry else { return self.root.join(path.as_str()).symlink_metadata().is_ok() };
        ContentId::of_blob(entry.id.as_bytes()) != self.at_head(path) || !self.is_as_in_index(path, &entry)
    }

    /// Whether the index has a file.
    pub fn is_tracked(&self, path: &RepoPath) -> bool {
        self.repository.git.index().is_ok_and(|index| index.get_path(Path::new(path.as_str()), 0).is_some())
    }

    /// Whether the work tree is as HEAD has it, untracked files included: `files` are its files.
    pub fn is_clean(&self, files: &[RepoPath]) -> bool {
        let git = &self.repository.git;
        let Ok(index) = self.index() else { return false };
        let staged = || -> Result<usize, git2::Error> {
            let head = git.head()?.peel_to_tree()?;
            Ok(git.diff_tree_to_index(Some(&head), Some(&index), None)?.deltas().len())
        };
        // The directories of this commit are not asked for again.
        git2::opts::enable_caching(false);
        let staged = staged();
        git2::opts::enable_caching(true);
        if staged.ok() != Some(0) {
            return false;
        }
        let in_index = |path: &RepoPath| index.get_path(Path::new(path.as_str()), 0);
        let is_there = |path: &RepoPath| in_index(path).is_some_and(|entry| self.is_as_in_index(path, &entry));
        let tracked = index.iter().filter(|entry| entry.mode & 0o170_000 == 0o100_000).count();
        files.iter().all(is_there) && files.len() >= tracked
    }

    /// The content in the commit at HEAD.
    fn at_head(&self, path: &RepoPath) -> Option<ContentId> {
        let entry = self.repository.git.head().ok()?.peel_to_tree().ok()?.get_path(Path::new(path.as_str())).ok()?;
        ContentId::of_blob(entry.id().as_bytes())
    }

    fn is_as_in_index(&self, path: &RepoPath, entry: &IndexEntry) -> bool {
        let full = self.root.join(path.as_str());
        // As git does it: a file that was not touched since it was written has the same content,
        // even if its line ends are converted.
        let same_time = |data: &std::fs::Metadata| {
            let since = data.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
            let (seconds, nanoseconds) = (entry.mtime.seconds(), entry.mtime.nanoseconds());
            Some(since.as_secs() == u64::try_from(seconds).ok()? && since.subsec_nanos() == nanoseconds)
        };
        let Ok(data) = full.symlink_metadata() else { return false };
        let is_untouched = data.len() == u64::from(entry.file_size) && same_time(&data) == Some(true);
        let is_same = || {
            let bytes = read_file(&full).ok()?;
            Some(ContentId::of_blob(entry.id.as_bytes())? == ContentId::of(&bytes))
        };
        is_untouched || is_same() == Some(true)
    }
}

impl Recorded for WorkTree {
    fn versions(&self, path: &RepoPath) -> Versions {
        let index = self.repository.git.index().ok().and_then(|index| index.get_path(Path::new(path.as_str()), 0));
        let index = index.and_then(|entry| ContentId::of_blob(entry.id.as_bytes()));
        Versions { index, head: self.at_head(path) }
    }
}

/// A file of the user's own git configuration, where git looks without being told.
pub(super) fn of_user(name: &str) -> Option<PathBuf> {
    let given = std::env::var_os("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    Some(given.or_else(|| Some(std::env::home_dir()?.join(".config")))?.join("git").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{EntryKind, Source};

    #[test]
    fn a_work_tree_is_found_from_below_and_filters_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        assert!(WorkTree::around(dir.path()).unwrap().is_none());
        git2::Repository::init(dir.path()).unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("sub/secret.yaml"), "a: 1\n").unwrap();
        std::fs::write(dir.path().join("plain.yaml"), "a: 1\n").unwrap();
        std::fs::write(dir.path().join(".gitattributes"), "sub/** filter=git-crypt\n").unwrap();
        let tree = WorkTree::around(&dir.path().join("sub")).unwrap().unwrap();
        assert_eq!(tree.root().canonicalize().unwrap(), dir.path().canonicalize().unwrap());
        let filtered: Vec<_> = tree
            .files()
            .unwrap()
            .list()
            .iter()
            .filter(|entry| matches!(entry.kind, EntryKind::File { filtered: true, .. }))
            .map(|entry| entry.path.to_string())
            .collect();
        assert_eq!(filtered, ["sub/secret.yaml"]);
    }

    #[test]
    fn a_bare_repository_is_refused_where_files_are_needed() {
        let dir = tempfile::tempdir().unwrap();
        git2::Repository::init_bare(dir.path()).unwrap();
        assert!(matches!(WorkTree::around(dir.path()), Err(GitError::Bare(_))));
    }
}
