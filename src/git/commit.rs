//! A commit as a source of files, read from the object database.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use git2::{AttrCheckFlags, Index, ObjectType, Oid};

use super::asked::{has_attributes_outside, is_converted};
use super::repository::open_exactly;
use super::{GitError, Repository};
use crate::repo::{Bytes, Entry, EntryKind, LeftOut, Mode, RepoPath, Source};
use crate::text::ContentId;

/// A commit as a source: its files and links as git stores them, submodules left out.
///
/// Attributes are those of the commit itself: a `filter=` that the work tree has now says nothing
/// about what was stored then.
pub struct Commit {
    repository: Mutex<git2::Repository>,
    id: Oid,
    entries: Vec<Entry>,
    blobs: BTreeMap<RepoPath, Oid>,
    left_out: Vec<LeftOut>,
}

impl Repository {
    /// A commit as a source.
    ///
    /// # Errors
    /// [`GitError`] if there is no such commit, or its trees are missing, as in a partial clone.
    pub(super) fn commit(&self, id: Oid) -> Result<Commit, GitError> {
        // Opened separately, because its index is replaced and its readers share a lock.
        let read = || -> Result<Commit, git2::Error> { Commit::read(open_exactly(self.git.path())?, id) };
        read().map_err(|error| self.unreadable(&error))
    }
}

/// How many files and directories a commit may have. A few objects can make any number of them, if
/// each tree holds another one several times.
const PATHS: usize = 500_000;

impl Commit {
    fn read(repository: git2::Repository, id: Oid) -> Result<Commit, git2::Error> {
        let mut found = BTreeMap::new();
        let mut left_out = Vec::new();
        let mut open = vec![(Vec::new(), repository.find_commit(id)?.tree_id())];
        let mut paths = 0;
        while let Some((above, tree)) = open.pop() {
            let tree = repository.find_tree(tree)?;
            paths += tree.len();
            if paths > PATHS {
                return Err(git2::Error::from_str(&format!("commit {id} has more than {PATHS} files and directories")));
            }
            for entry in &tree {
                let mut name: Vec<u8> = above.clone();
                name.extend_from_slice(entry.name_bytes());
                let kind = match (entry.kind(), entry.filemode()) {
                    (Some(ObjectType::Tree), _) => {
                        name.push(b'/');
                        open.push((name, entry.id()));
                        continue;
                    }
                    (Some(ObjectType::Blob), 0o120_000) => {
                        let target = repository.find_blob(entry.id())?;
                        EntryKind::Link { target: String::from_utf8_lossy(target.content()).into_owned() }
                    }
                    (Some(ObjectType::Blob), 0o100_755) => EntryKind::File { mode: Mode::Executable, filtered: false },
                    (Some(ObjectType::Blob), _) => EntryKind::File { mode: Mode::File, filtered: false },
                    _ => continue,
                };
                match str::from_utf8(&name).ok().and_then(|name| RepoPath::new(name).ok()) {
                    Some(path) => drop(found.insert(path, (kind, entry.id()))),
                    None => left_out.push(LeftOut { name: name.escape_ascii().to_string() }),
                }
            }
        }
        left_out.sort_by(|a, b| a.name.cmp(&b.name));
        let blobs = found.iter().map(|(path, (_, id))| (path.clone(), *id)).collect();
        let entries = found.into_iter().map(|(path, (kind, _))| Entry { path, kind }).collect();
        let mut commit = Commit { repository: Mutex::new(repository), id, entries, blobs, left_out };
        commit.mark_filtered()?;
        Ok(commit)
    }

    /// libgit2 reads attributes from an index, so it is given one of this commit.
    fn mark_filtered(&mut self) -> Result<(), git2::Error> {
        let repository = self.repository.get_mut().unwrap_or_else(PoisonError::into_inner);
        let has_attributes = self.entries.iter().any(|entry| entry.path.name() == ".gitattributes")
            || has_attributes_outside(repository);
        if !has_attributes {
            return Ok(());
        }
        let mut index = Index::new()?;
        index.read_tree(&repository.find_commit(self.id)?.tree()?)?;
        repository.set_index(&mut index)?;
        for entry in &mut self.entries {
            if let EntryKind::File { filtered, .. } = &mut entry.kind {
                *filtered = is_converted(repository, &entry.path, AttrCheckFlags::INDEX_ONLY);
            }
        }
        Ok(())
    }
}

impl Source for Commit {
    fn list(&self) -> &[Entry] {
        &self.entries
    }

    fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    fn read(&self, path: &RepoPath) -> io::Result<Bytes> {
        let id = self.blobs.get(path).ok_or(io::ErrorKind::NotFound)?;
        let repository = self.repository.lock().unwrap_or_else(PoisonError::into_inner);
        let blob = repository.find_blob(*id).map_err(|error| io::Error::other(error.message().to_owned()))?;
        Ok(blob.content().into())
    }

    fn length(&self, path: &RepoPath) -> io::Result<u64> {
        let id = self.blobs.get(path).ok_or(io::ErrorKind::NotFound)?;
        let repository = self.repository.lock().unwrap_or_else(PoisonError::into_inner);
        let header = repository.odb().and_then(|objects| objects.read_header(*id));
        let (length, _) = header.map_err(|error| io::Error::other(error.message().to_owned()))?;
        Ok(length as u64)
    }

    fn content(&self, path: &RepoPath) -> Option<ContentId> {
        ContentId::of_blob(self.blobs.get(path)?.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use git2::Signature;
    use std::fs;

    fn commit(repository: &git2::Repository, tree: Oid) -> Oid {
        let who = Signature::now("Test", "test@example.org").unwrap();
        repository.commit(None, &who, &who, "a commit", &repository.find_tree(tree).unwrap(), &[]).unwrap()
    }

    fn kind(commit: &Commit, path: &str) -> Option<EntryKind> {
        commit.list().iter().find(|entry| entry.path.as_str() == path).map(|entry| entry.kind.clone())
    }

    #[test]
    fn a_commit_is_its_files_and_links_by_mode() {
        let dir = tempfile::tempdir().unwrap();
        let repository = git2::Repository::init(dir.path()).unwrap();
        let text = repository.blob(b"a: 1\n").unwrap();
        let mut sub = repository.treebuilder(None).unwrap();
        sub.insert("a.yaml", text, 0o100_644).unwrap();
        sub.insert("run", text, 0o100_755).unwrap();
        sub.insert("link", repository.blob(b"../b.yaml").unwrap(), 0o120_000).unwrap();
        sub.insert(b"\xff.yaml".as_slice(), text, 0o100_644).unwrap();
        let sub = sub.write().unwrap();
        let mut top = repository.treebuilder(None).unwrap();
        top.insert("sub", sub, 0o040_000).unwrap();
        top.insert("b.yaml", text, 0o100_644).unwrap();
        top.insert("other\nname", text, 0o100_644).unwrap();
        top.insert("module", commit(&repository, sub), 0o160_000).unwrap();
        let id = commit(&repository, top.write().unwrap());

        // The files of the work tree do not matter.
        fs::write(dir.path().join("b.yaml"), "b: 2\n").unwrap();
        let commit = Repository::around(dir.path()).unwrap().unwrap().commit(id).unwrap();
        let names: Vec<_> = commit.list().iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(names, ["b.yaml", "sub/a.yaml", "sub/link", "sub/run"]);
        let left_out: Vec<_> = commit.left_out().iter().map(|left_out| left_out.name.as_str()).collect();
        assert_eq!(left_out, ["other\\nname", "sub/\\xff.yaml"]);
        assert_eq!(kind(&commit, "sub/run"), Some(EntryKind::File { mode: Mode::Executable, filtered: false }));
        assert_eq!(kind(&commit, "sub/link"), Some(EntryKind::Link { target: "../b.yaml".into() }));
        let path = RepoPath::new("b.yaml").unwrap();
        assert_eq!(&*commit.read(&path).unwrap(), b"a: 1\n");
        assert_eq!(commit.content(&path), Some(ContentId::of(b"a: 1\n")));
        assert!(commit.read(&RepoPath::new("c.yaml").unwrap()).is_err());
    }

    #[test]
    fn filters_are_those_of_the_commit() {
        let dir = tempfile::tempdir().unwrap();
        let repository = git2::Repository::init(dir.path()).unwrap();
        let with_attributes = |attributes: &[u8]| {
            let text = repository.blob(b"a: 1\n").unwrap();
            let mut sub = repository.treebuilder(None).unwrap();
            sub.insert("a.yaml", text, 0o100_644).unwrap();
            sub.insert("b.yaml", text, 0o100_644).unwrap();
            sub.insert(".gitattributes", repository.blob(attributes).unwrap(), 0o100_644).unwrap();
            let mut top = repository.treebuilder(None).unwrap();
            top.insert("sub", sub.write().unwrap(), 0o040_000).unwrap();
            commit(&repository, top.write().unwrap())
        };
        let (one, other) = (with_attributes(b"a.* filter=git-crypt\n"), with_attributes(b"b.* filter=lfs\n"));
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("sub/.gitattributes"), "* filter=everything\n").unwrap();
        let around = Repository::around(dir.path()).unwrap().unwrap();
        let filtered = |id: Oid| {
            let commit = around.commit(id).unwrap();
            let of = |path: &str| matches!(kind(&commit, path), Some(EntryKind::File { filtered: true, .. }));
            (of("sub/a.yaml"), of("sub/b.yaml"))
        };
        assert_eq!(filtered(one), (true, false));
        assert_eq!(filtered(other), (false, true));
    }

    /// Ten times ten times ten: a hundred million directories, of nine objects.
    #[test]
    fn trees_that_repeat_each_other_come_to_an_end() {
        let dir = tempfile::tempdir().unwrap();
        let repository = git2::Repository::init(dir.path()).unwrap();
        let mut tree = repository.treebuilder(None).unwrap().write().unwrap();
        for _ in 0..8 {
            let mut above = repository.treebuilder(None).unwrap();
            for name in 0..10 {
                above.insert(format!("{name}"), tree, 0o040_000).unwrap();
            }
            tree = above.write().unwrap();
        }
        let id = commit(&repository, tree);
        let error = Repository::around(dir.path()).unwrap().unwrap().commit(id).err().map(|error| error.to_string());
        assert!(error.as_ref().is_some_and(|error| error.contains("more than 500000")), "{error:?}");
    }

    #[test]
    fn what_is_no_commit_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        git2::Repository::init(dir.path()).unwrap();
        let tree = Repository::around(dir.path()).unwrap().unwrap();
        assert!(matches!(tree.commit(Oid::from_bytes(&[1; 20]).unwrap()), Err(GitError::Unreadable { .. })));
    }
}
