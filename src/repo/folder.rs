//! A directory on disk as the source of a tree: a git work tree or a plain folder.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use ignore::{WalkBuilder, WalkState};

use super::dir::read_file;
use super::ignored::Ignored;
use super::{Bytes, Entry, EntryKind, LeftOut, Mode, RepoPath, Rules, Source};

/// A folder as a source: the files in it now.
///
/// In a git work tree its files are those of the index and the untracked ones that git does not
/// ignore, so a tracked file that matches an ignore rule is part of it. In a plain folder all files
/// are included.
pub struct Folder {
    root: PathBuf,
    entries: Vec<Entry>,
    left_out: Vec<LeftOut>,
    not_checked_out: Vec<RepoPath>,
    excludes: Vec<Rules>,
}

/// What git lists of a work tree. Paths are bytes, as in the index.
#[derive(Default)]
pub struct Listed {
    /// The files and links of the index.
    pub tracked: BTreeSet<Vec<u8>>,
    /// Those of them that a sparse checkout leaves out, if they are not there.
    pub skipped: BTreeSet<Vec<u8>>,
    /// The directories that belong to other repositories.
    pub submodules: Vec<Vec<u8>>,
    /// What is ignored everywhere, the most important list first.
    pub excludes: Vec<Rules>,
}

impl Folder {
    /// Reads the names in a plain folder.
    ///
    /// # Errors
    /// Those of reading directories.
    pub fn plain(root: &Path) -> io::Result<Folder> {
        Folder::walk(root, None, &Listed::default())
    }

    /// Reads the names in a git work tree.
    ///
    /// # Errors
    /// Those of reading directories.
    pub fn work_tree(root: &Path, listed: &Listed) -> io::Result<Folder> {
        Folder::walk(root, Some(Ignored::new(root, &listed.excludes)), listed)
    }

    fn walk(root: &Path, ignored: Option<Ignored>, listed: &Listed) -> io::Result<Folder> {
        let top = root.to_owned();
        let submodules = listed.submodules.iter();
        let not_ours: Vec<PathBuf> = submodules.filter_map(|path| Some(top.join(str::from_utf8(path).ok()?))).collect();
        // With a slash at the end, a root that is a link is followed. Rules are read here and not
        // by the walk, which would open links and devices that are called `.gitignore`.
        let walk = WalkBuilder::new(root.join(""))
            .standard_filters(false)
            .filter_entry(move |entry| {
                let path = entry.path();
                let is_top = entry.depth() == 0;
                let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
                let is_nested = || is_dir && path.join(".git").symlink_metadata().is_ok();
                let is_ignored = || ignored.as_ref().is_some_and(|ignored| ignored.is_ignored(path, is_dir));
                let is_skipped = || {
                    entry.file_name() == ".git" || not_ours.iter().any(|it| it == path) || is_nested() || is_ignored()
                };
                is_top || !is_skipped()
            })
            .build_parallel();
        let (sender, met) = mpsc::channel();
        walk.run(|| {
            let sender = sender.clone();
            Box::new(move |entry| {
                let met = match entry {
                    Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_dir()) => return WalkState::Continue,
                    Ok(entry) => entry.path().strip_prefix(root).map_or(Ok(Met::Nothing), |path| Met::at(root, path)),
                    Err(error) => Err(io::Error::other(error)),
                };
                // The receiver is closed only after an error.
                if sender.send(met).is_ok() { WalkState::Continue } else { WalkState::Quit }
            })
        });
        drop(sender);
        let mut entries = Vec::new();
        let mut left_out = Vec::new();
        let mut take = |met: Met| match met {
            Met::Entry(entry) => entries.push(entry),
            Met::LeftOut(path) => left_out.push(path),
            Met::Nothing => {}
        };
        let mut walked = HashSet::new();
        for met in met {
            let met = met?;
            if let Met::Entry(entry) = &met {
                walked.insert(entry.path.clone());
            }
            take(met);
        }
        let mut not_checked_out = Vec::new();
        for path in &listed.tracked {
            let Ok(name) = str::from_utf8(path) else {
                take(Met::LeftOut(LeftOut { name: path.escape_ascii().to_string() }));
                continue;
            };
            let repo_path = RepoPath::new(name);
            if repo_path.as_ref().is_ok_and(|path| walked.contains(path)) || is_below_link(root, Path::new(name)) {
                continue;
            }
            match (Met::at(root, Path::new(name))?, repo_path) {
                (Met::Nothing, Ok(repo_path)) if listed.skipped.contains(path) => not_checked_out.push(repo_path),
                (met, _) => take(met),
            }
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        left_out.sort_by(|a, b| a.name.cmp(&b.name));
        left_out.dedup();
        Ok(Folder { root: root.to_owned(), entries, left_out, not_checked_out, excludes: listed.excludes.clone() })
    }

    /// Leaves out files and links.
    pub fn leave_out(&mut self, is_out: impl Fn(&RepoPath) -> bool) {
        self.entries.retain(|entry| !is_out(&entry.path));
    }

    /// Marks the files that git stores in another form.
    pub fn mark_filtered(&mut self, is_filtered: impl Fn(&RepoPath) -> bool) {
        for entry in &mut self.entries {
            if let EntryKind::File { filtered, .. } = &mut entry.kind {
                *filtered = is_filtered(&entry.path);
            }
        }
    }
}

/// What a walk met.
enum Met {
    Entry(Entry),
    LeftOut(LeftOut),
    /// A directory, something that is neither file nor link, or a file that no longer exists.
    Nothing,
}

impl Met {
    fn at(root: &Path, relative: &Path) -> io::Result<Met> {
        let Some(Ok(path)) = relative.to_str().map(RepoPath::new) else {
            let name = relative.as_os_str().as_encoded_bytes().escape_ascii().to_string();
            return Ok(Met::LeftOut(LeftOut { name }));
        };
        let full = root.join(relative);
        let metadata = match std::fs::symlink_metadata(&full) {
            Ok(metadata) => metadata,
            // In the index, and deleted in the work tree.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Met::Nothing);
            }
            Err(error) => return Err(error),
        };
        let kind = if metadata.is_symlink() {
            EntryKind::Link { target: std::fs::read_link(&full)?.to_string_lossy().into_owned() }
        } else if metadata.is_file() {
            EntryKind::File { mode: mode(&metadata), filtered: false }
        } else {
            return Ok(Met::Nothing);
        };
        Ok(Met::Entry(Entry { path, kind }))
    }
}

/// Whether a directory above a path is a link: the files behind it are not those that git tracks.
pub(super) fn is_below_link(root: &Path, relative: &Path) -> bool {
    let above = relative.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    above.map(|above| root.join(above)).any(|above| above.is_symlink())
}

#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> Mode {
    use std::os::unix::fs::PermissionsExt;
    if metadata.permissions().mode() & 0o111 == 0 { Mode::File } else { Mode::Executable }
}

#[cfg(not(unix))]
fn mode(_: &std::fs::Metadata) -> Mode {
    Mode::File
}

impl Source for Folder {
    fn list(&self) -> &[Entry] {
        &self.entries
    }

    fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    fn not_checked_out(&self) -> &[RepoPath] {
        &self.not_checked_out
    }

    fn excludes(&self) -> &[Rules] {
        &self.excludes
    }

    fn read(&self, path: &RepoPath) -> io::Result<Bytes> {
        read_file(&self.root.join(path.as_str())).map(Into::into)
    }

    fn length(&self, path: &RepoPath) -> io::Result<u64> {
        Ok(self.root.join(path.as_str()).symlink_metadata()?.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Folder) -> Vec<&str> {
        folder.list().iter().map(|entry| entry.path.as_str()).collect()
    }

    #[test]
    fn a_work_tree_is_its_index_and_what_is_not_ignored() {
        let dir = tempfile::tempdir().unwrap();
        for path in [".gitignore", "a", "b.log", ".hidden", "d/e", "sub/x", "nested/.git/HEAD", "nested/y", ".git/HEAD"]
        {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
        }
        std::fs::write(dir.path().join(".gitignore"), "*.log\nd/\n").unwrap();
        let tracked = [&b"b.log"[..], b"gone", b"sparse", b"\xff"].map(<[u8]>::to_vec);
        let listed = Listed {
            tracked: tracked.into(),
            skipped: [b"sparse".to_vec(), b"b.log".to_vec()].into(),
            submodules: vec![b"sub".to_vec()],
            excludes: vec![Rules::of(b"!x.log\n"), Rules::of(b"/excluded\n")],
        };
        std::fs::write(dir.path().join("excluded"), "").unwrap();
        let folder = Folder::work_tree(dir.path(), &listed).unwrap();
        assert_eq!(names(&folder), [".gitignore", ".hidden", "a", "b.log"]);
        assert_eq!(folder.not_checked_out(), [RepoPath::new("sparse").unwrap()]);
        std::fs::remove_file(dir.path().join("excluded")).unwrap();
        assert_eq!(folder.left_out(), [LeftOut { name: "\\xff".into() }]);
        let plain = Folder::plain(dir.path()).unwrap();
        assert_eq!(names(&plain), [".gitignore", ".hidden", "a", "b.log", "d/e", "sub/x"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_root_that_is_a_link_is_what_it_points_to() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("real/d")).unwrap();
        std::fs::write(dir.path().join("real/d/a"), "").unwrap();
        std::os::unix::fs::symlink("real", dir.path().join("link")).unwrap();
        assert_eq!(names(&Folder::plain(&dir.path().join("link")).unwrap()), ["d/a"]);
    }

    /// git opens neither, and what they say does not count.
    #[cfg(unix)]
    #[test]
    fn rules_that_are_links_or_pipes_are_not_opened() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        for name in ["d/e", "real"] {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
            std::fs::write(dir.path().join(name).join("a.log"), "").unwrap();
        }
        std::fs::write(dir.path().join("rules"), "*.log\n").unwrap();
        symlink("rules", dir.path().join(".gitignore")).unwrap();
        symlink("/dev/zero", dir.path().join("d/.gitignore")).unwrap();
        let pipe = dir.path().join("real/.gitignore");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let folder = Folder::work_tree(dir.path(), &Listed::default()).unwrap();
        assert_eq!(names(&folder), [".gitignore", "d/.gitignore", "d/e/a.log", "real/a.log", "rules"]);
    }

    #[cfg(unix)]
    #[test]
    fn odd_names_and_links_are_told_apart() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x\u{1b}[31m\ny"), "").unwrap();
        std::fs::write(dir.path().join("run"), "").unwrap();
        std::fs::set_permissions(dir.path().join("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
        symlink("run", dir.path().join("link")).unwrap();
        let folder = Folder::plain(dir.path()).unwrap();
        assert_eq!(folder.left_out(), [LeftOut { name: "x\\x1b[31m\\ny".into() }]);
        assert_eq!(folder.list()[0].kind, EntryKind::Link { target: "run".into() });
        assert_eq!(folder.list()[1].kind, EntryKind::File { mode: Mode::Executable, filtered: false });
    }
}
