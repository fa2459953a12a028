//! Immutable versions of a whole repository: a source plus an overlay of changed files.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, OnceLock};

use thiserror::Error;

use super::{Bytes, Change, Changes, EntryKind, FileChange, LeftOut, Mode, RepoPath, Rules, Source};
use crate::text::{ContentId, SpliceError};

/// A file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its content.
    pub bytes: Bytes,
    /// Its mode.
    pub mode: Mode,
}

impl File {
    /// The id of its content.
    pub fn id(&self) -> ContentId {
        ContentId::of(&self.bytes)
    }
}

/// An immutable version of a whole repository: a source and the changes to it. Cheap to clone.
///
/// Each file of the source is read once: its content stays the same for this tree, whatever an
/// editor saves meanwhile.
#[derive(Clone)]
pub struct Tree {
    base: Arc<dyn Source>,
    entries: Arc<BTreeMap<RepoPath, OfSource>>,
    has_links: bool,
    over: Arc<BTreeMap<RepoPath, Option<File>>>,
}

/// An entry of the source, and its file once it was read.
struct OfSource {
    kind: EntryKind,
    read: OnceLock<File>,
}

/// Why changes do not fit a tree.
#[derive(Debug, Error)]
pub enum TreeError {
    /// An edit was made for another content.
    #[error("{path}: {cause}")]
    Splice {
        /// The file.
        path: RepoPath,
        /// What is wrong.
        cause: SpliceError,
    },
    /// A file to edit does not exist, or one to create does.
    #[error("{path}: {what}")]
    Unfit {
        /// The file.
        path: RepoPath,
        /// What is wrong.
        what: &'static str,
    },
    /// The source could not be read.
    #[error("{path}: {cause}")]
    Read {
        /// The file.
        path: RepoPath,
        /// What is wrong.
        cause: io::Error,
    },
}

impl Tree {
    /// The tree of a source, unchanged.
    pub fn of(base: Arc<dyn Source>) -> Tree {
        let of = |kind: &EntryKind| OfSource { kind: kind.clone(), read: OnceLock::new() };
        let entries = base.list().iter().map(|entry| (entry.path.clone(), of(&entry.kind))).collect();
        let has_links = base.list().iter().any(|entry| matches!(entry.kind, EntryKind::Link { .. }));
        Tree { base, entries: Arc::new(entries), has_links, over: Arc::default() }
    }

    /// What the source left out.
    pub fn left_out(&self) -> &[LeftOut] {
        self.base.left_out()
    }

    /// The files that are tracked and not checked out, by path.
    pub fn not_checked_out(&self) -> &[RepoPath] {
        self.base.not_checked_out()
    }

    /// Lists outside of the tree of what git ignores in it.
    pub(super) fn excludes(&self) -> &[Rules] {
        self.base.excludes()
    }

    /// The files and links of this version, by path.
    pub fn entries(&self) -> impl Iterator<Item = (RepoPath, EntryKind)> {
        let unchanged = self.entries.iter().filter(|(path, _)| !self.over.contains_key(*path));
        let changed = self.over.iter().filter_map(|(path, file)| {
            file.as_ref().map(|file| (path.clone(), EntryKind::File { mode: file.mode, filtered: false }))
        });
        let mut unchanged = unchanged.map(|(path, entry)| (path.clone(), entry.kind.clone())).peekable();
        let mut changed = changed.peekable();
        std::iter::from_fn(move || match (unchanged.peek(), changed.peek()) {
            (Some((one, _)), Some((other, _))) if one < other => unchanged.next(),
            (_, Some(_)) => changed.next(),
            (_, None) => unchanged.next(),
        })
    }

    /// What is at a path.
    pub fn entry(&self, path: &RepoPath) -> Option<EntryKind> {
        match self.over.get(path) {
            Some(file) => file.as_ref().map(|file| EntryKind::File { mode: file.mode, filtered: false }),
            None => self.entries.get(path).map(|entry| entry.kind.clone()),
        }
    }

    /// Whether a file or link is at or below a path.
    pub fn holds(&self, path: &RepoPath) -> bool {
        self.below(path).next().is_some()
    }

    /// The files and links at or below a path.
    pub fn below(&self, path: &RepoPath) -> impl Iterator<Item = &RepoPath> {
        let (all, inside) = (path.clone(), path.clone());
        let is_below = move |it: &&RepoPath| it.as_str().starts_with(all.as_str());
        let unchanged = self.entries.range(path.clone()..).map(|(it, _)| it).take_while(is_below.clone());
        let unchanged = unchanged.filter(|it| !self.over.contains_key(*it));
        let changed = self.over.range(path.clone()..).take_while(move |(it, _)| is_below(it));
        let changed = changed.filter_map(|(it, file)| file.as_ref().map(|_| it));
        unchanged.chain(changed).filter(move |it| it.is_in(&inside))
    }

    /// The file at a path; `None` if there is none (a link is not a file).
    ///
    /// # Errors
    /// If the source cannot be read.
    pub fn read(&self, path: &RepoPath) -> Result<Option<File>, TreeError> {
        if let Some(file) = self.over.get(path) {
            return Ok(file.clone());
        }
        let Some(OfSource { kind: EntryKind::File { mode, .. }, read }) = self.entries.get(path) else {
            return Ok(None);
        };
        if let Some(file) = read.get() {
            return Ok(Some(file.clone()));
        }
        let bytes = self.base.read(path).map_err(|cause| TreeError::Read { path: path.clone(), cause })?;
        // If two threads read at the same time, the first result is kept.
        Ok(Some(read.get_or_init(|| File { bytes, mode: *mode }).clone()))
    }

    /// How many bytes the file at a path has; `None` if there is none.
    ///
    /// # Errors
    /// If the source cannot be asked.
    pub fn length(&self, path: &RepoPath) -> Result<Option<u64>, TreeError> {
        if let Some(file) = self.over.get(path) {
            return Ok(file.as_ref().map(|file| file.bytes.len() as u64));
        }
        let Some(OfSource { kind: EntryKind::File { .. }, read }) = self.entries.get(path) else {
            return Ok(None);
        };
        let length = read.get().map_or_else(|| self.base.length(path), |file| Ok(file.bytes.len() as u64));
        length.map(Some).map_err(|cause| TreeError::Read { path: path.clone(), cause })
    }

    /// The id of the content at a path, where it is known without reading it.
    pub fn content(&self, path: &RepoPath) -> Option<ContentId> {
        match self.over.get(path) {
            Some(file) => file.as_ref().map(File::id),
            None => self.base.content(path),
        }
    }

    /// The path with all links in it followed; `None` if one leaves the tree, or leads nowhere.
    ///
    /// One part is followed after the other, as the kernel does it: the `..` of a link's target is
    /// the parent of where the parts before it lead, which their text does not say.
    pub fn follow(&self, path: &RepoPath) -> Option<RepoPath> {
        const LINKS: usize = 40;
        if !self.has_links {
            return Some(path.clone());
        }
        let mut left = LINKS;
        let mut at = RepoPath::root();
        // The parts that are still to be followed, the next one last.
        let mut parts: Vec<String> = path.as_str().rsplit('/').map(str::to_owned).collect();
        while let Some(part) = parts.pop() {
            if part == ".." {
                let is_dir = at.as_str().is_empty() || (self.entry(&at).is_none() && self.holds(&at));
                at = at.parent().filter(|_| is_dir)?;
                continue;
            }
            let next = at.join(&part)?;
            match self.entry(&next) {
                Some(EntryKind::Link { target }) => {
                    left = left.checked_sub(1).filter(|_| !target.starts_with('/'))?;
                    parts.extend(target.rsplit('/').map(str::to_owned));
                }
                _ => at = next,
            }
        }
        Some(at)
    }

    /// This tree with changes applied.
    ///
    /// # Errors
    /// If they do not fit: an edit of another content, a file to create that exists, one to delete
    /// that does not.
    pub fn with(&self, changes: &Changes) -> Result<Tree, TreeError> {
        let mut over = (*self.over).clone();
        for (path, change) in changes.iter() {
            let unfit = |what| TreeError::Unfit { path: path.clone(), what };
            match change {
                Change::Edit(splices) => {
                    let file = self.read(path)?.ok_or_else(|| unfit("the file to edit does not exist"))?;
                    over.insert(path.clone(), Some(splice(path, &file, splices)?));
                }
                Change::Create { text, mode } => {
                    if self.entry(path).is_some() {
                        return Err(unfit("the file already exists"));
                    }
                    over.insert(path.clone(), Some(File { bytes: text.as_str().into(), mode: *mode }));
                }
                Change::Delete { of } => match self.read(path)? {
                    Some(file) if file.id() == *of => drop(over.insert(path.clone(), None)),
                    _ => return Err(unfit("the file to delete is missing or has changed")),
                },
                Change::Move { from, splices } => {
                    let file = self.read(from)?.ok_or_else(|| unfit("the file to move does not exist"))?;
                    if self.entry(path).is_some() {
                        return Err(unfit("the file already exists"));
                    }
                    over.insert(path.clone(), Some(splice(path, &file, splices)?));
                    over.insert(from.clone(), None);
                }
            }
        }
        Ok(Tree { over: Arc::new(over), ..self.clone() })
    }

    /// How this tree differs from its source.
    ///
    /// # Errors
    /// If the source cannot be read.
    pub fn changed_files(&self) -> Result<Vec<FileChange>, TreeError> {
        self.changed_since(&Tree { over: Arc::default(), ..self.clone() })
    }

    /// How this tree differs from an earlier version of it, which has the same source.
    ///
    /// # Errors
    /// If the source cannot be read.
    pub fn changed_since(&self, earlier: &Tree) -> Result<Vec<FileChange>, TreeError> {
        let touched: BTreeSet<&RepoPath> = earlier.over.keys().chain(self.over.keys()).collect();
        let mut changed = Vec::new();
        for path in touched {
            let (before, after) = (earlier.read(path)?, self.read(path)?);
            if before != after {
                changed.push(FileChange { path: path.clone(), before, after });
            }
        }
        Ok(changed)
    }
}

fn splice(path: &RepoPath, file: &File, splices: &crate::text::Splices) -> Result<File, TreeError> {
    let unfit = || TreeError::Unfit { path: path.clone(), what: "the file to edit is not UTF-8" };
    let before = file.bytes.text().ok_or_else(unfit)?;
    let after = splices.apply(before).map_err(|cause| TreeError::Splice { path: path.clone(), cause })?;
    Ok(File { bytes: after.into(), mode: file.mode })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Entry;
    use crate::text::{Splice, Splices};

    struct Given(Vec<Entry>);

    impl Source for Given {
        fn list(&self) -> &[Entry] {
            &self.0
        }
        fn left_out(&self) -> &[LeftOut] {
            &[]
        }
        fn read(&self, path: &RepoPath) -> io::Result<Bytes> {
            Ok(path.as_str().into())
        }
        fn length(&self, path: &RepoPath) -> io::Result<u64> {
            Ok(path.as_str().len() as u64)
        }
    }

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn tree() -> Tree {
        let file = EntryKind::File { mode: Mode::File, filtered: false };
        let link = |target: &str| EntryKind::Link { target: target.into() };
        let entries = [
            ("a", file.clone()),
            ("d/b", file.clone()),
            ("l", link("d")),
            ("out", link("../../etc")),
            ("round", link("round")),
            ("a1/b1/c1", file.clone()),
            ("a1/b1/root", link("../..")),
            ("a1/b1/up", link("root/../x")),
            ("a1/b1/in", link("root/d/b")),
            ("a1/b1/by", link("root/a1/../d/./b")),
            ("a1/b1/nowhere", link("missing/../c1")),
            ("a1/b1/absolute", link("/a")),
            ("a1/b1/chain", link("deep/..//c1")),
            ("a1/b1/deep", link("../../a1/b1")),
        ];
        Tree::of(Arc::new(Given(entries.map(|(at, kind)| Entry { path: path(at), kind }).into())))
    }

    #[test]
    fn changes_fit_or_are_refused() {
        let tree = tree();
        let splices = Splices::new("a", vec![Splice { range: 1..1, with: "!".into() }]).unwrap();
        let mut changes = Changes::new();
        changes.set(path("a"), Change::Edit(splices.clone()));
        changes.set(path("n"), Change::Create { text: "new".into(), mode: Mode::File });
        changes.set(path("d/b"), Change::Delete { of: ContentId::of(b"d/b") });
        let next = tree.with(&changes).unwrap();
        assert_eq!(&*next.read(&path("a")).unwrap().unwrap().bytes, b"a!");
        assert!(next.read(&path("d/b")).unwrap().is_none());
        assert!(
            tree.holds(&path("d")) && !next.holds(&path("d")) && next.holds(&path("n")) && !tree.holds(&path("ou"))
        );
        assert_eq!(next.changed_files().unwrap().len(), 3);
        assert!(tree.changed_files().unwrap().is_empty(), "the first tree is as it was");

        assert!(next.with(&changes).is_err(), "splices are for one content, files are created once");
        let mut delete = Changes::new();
        delete.set(path("a"), Change::Delete { of: ContentId::of(b"other") });
        assert!(tree.with(&delete).is_err());
    }

    #[test]
    fn links_are_followed_inside_only() {
        let tree = tree();
        assert_eq!(tree.follow(&path("l/b")), Some(path("d/b")));
        assert_eq!(tree.follow(&path("out/passwd")), None);
        assert_eq!(tree.follow(&path("round")), None);
    }

    /// What the text of a target says is not where the kernel arrives.
    #[test]
    fn links_are_followed_part_by_part() {
        let tree = tree();
        for outside in ["up", "absolute", "nowhere", "up/b"] {
            assert_eq!(tree.follow(&path("a1/b1").join(outside).unwrap()), None, "{outside}");
        }
        assert_eq!(tree.follow(&path("a1/b1/root/a")), Some(path("a")));
        assert_eq!(tree.follow(&path("a1/b1/in")), Some(path("d/b")));
        assert_eq!(tree.follow(&path("a1/b1/by")), Some(path("d/b")));
        assert_eq!(tree.follow(&path("a1/b1/chain")), Some(path("a1/c1")), "`deep/..` is a1");
        assert_eq!(tree.follow(&path("a1/b1/deep/c1")), Some(path("a1/b1/c1")));
        assert_eq!(tree.follow(&path("a1/b1/missing/x")), Some(path("a1/b1/missing/x")));
    }
}
