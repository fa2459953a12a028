//! Writes a set of files, all or none, even if the program is killed in the middle.
//!
//! The journal is a directory (under the git directory). First the old contents are saved in it,
//! then, in one rename, the list of what will change: from then on the writing has begun. Each file
//! is written to a temporary name beside it and renamed over it. Last, the list is removed. A run
//! that finds a list puts every file back that still has the new content, and touches none that
//! somebody changed since.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use thiserror::Error;

use super::durable::{self, write_durably};
use super::folder::is_below_link;
use super::{FileChange, InvalidPath, Mode, RepoPath};
use crate::text::ContentId;

const LIST: &str = "list.json";

/// Why files could not be written or put back.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The work tree has changed since the plan was made.
    #[error("{0} changed while this ran; nothing was written, run again")]
    Moved(RepoPath),
    /// A directory on the way to a file is a symbolic link.
    #[error("{0} is below a symbolic link; nothing was written")]
    BehindLink(RepoPath),
    /// Another run was interrupted since this one checked.
    #[error("another run was interrupted in the meantime; nothing was written. Run again to roll it back")]
    Interrupted,
    /// Another run holds the journal.
    #[error("another run of flux-codemod is writing here ({0} is locked); wait for it, then run again")]
    Busy(PathBuf),
    /// A file of an interrupted run was changed since by somebody else.
    #[error(
        "an earlier run was interrupted, and {path} was changed since then, so it cannot be rolled back: {restore}, or remove {journal} \
         to keep everything as it is now"
    )]
    Conflict {
        /// The file.
        path: RepoPath,
        /// How to restore the old content.
        restore: String,
        /// The journal.
        journal: String,
    },
    /// The journal is not one that this version wrote.
    #[error("the journal {0} cannot be read; look at it, and remove it if the work tree is as you want it")]
    Unreadable(String),
    /// Reading or writing failed.
    #[error("{path}: {cause}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        cause: io::Error,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    move |cause| WriteError::Io { path, cause }
}

/// What a rollback did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The files that were put back.
    pub files: Vec<RepoPath>,
}

/// Takes the lock beside a journal.
fn lock(journal: &Path) -> Result<durable::Lock, WriteError> {
    let path = journal.parent().unwrap_or(journal).join("lock");
    durable::lock(&path).map_err(at(&path))?.ok_or(WriteError::Busy(path))
}

/// Writes the changes into the folder, in the order given; under a journal if there is one, so that
/// the next run rolls an interrupted one back. Without a journal only the order gives safety: what
/// others need comes first.
///
/// # Errors
/// [`WriteError::Moved`] if a file is not as `before` says; then nothing was written. On any other
/// error, files that were written are put back.
pub fn write(root: &Path, journal: Option<&Path>, changes: &[FileChange]) -> Result<(), WriteError> {
    let _lock = journal.map(lock).transpose()?;
    if journal.is_some_and(|journal| journal.join(LIST).exists()) {
        return Err(WriteError::Interrupted);
    }
    for change in changes {
        if is_below_link(root, Path::new(change.path.as_str())) {
            return Err(WriteError::BehindLink(change.path.clone()));
        }
        let now = current(&root.join(change.path.as_str()))?;
        if now != change.before.as_ref().map(super::File::id) {
            return Err(WriteError::Moved(change.path.clone()));
        }
    }
    if let Some(journal) = journal {
        begin(root, journal, changes)?;
    }
    let written = changes.iter().try_for_each(|change| put(root, change));
    if let Some(journal) = journal {
        if written.is_err() {
            roll_back(root, journal)?;
        } else {
            end(journal)?;
        }
    }
    written
}

/// Puts back what an interrupted run has written. `None` if there was none.
///
/// # Errors
/// [`WriteError::Conflict`] if one of its files was changed since; then nothing is put back.
/// [`WriteError::Busy`] if that run is still running.
pub fn recover(root: &Path, journal: &Path) -> Result<Option<Recovered>, WriteError> {
    if !journal.exists() {
        return Ok(None);
    }
    let _lock = lock(journal)?;
    if !journal.exists() {
        // It belonged to another run, which has ended since.
        return Ok(None);
    }
    if !journal.join(LIST).exists() {
        // It died before the first file was touched.
        end(journal)?;
        return Ok(None);
    }
    roll_back(root, journal).map(Some)
}

/// One line of the list.
struct Record {
    path: RepoPath,
    before: Option<ContentId>,
    after: Option<ContentId>,
    executable: bool,
    backup: PathBuf,
    new_dirs: Vec<RepoPath>,
}

fn begin(root: &Path, journal: &Path, changes: &[FileChange]) -> Result<(), WriteError> {
    if journal.exists() {
        end(journal)?;
    }
    fs::create_dir_all(journal).map_err(at(journal))?;
    let mut files = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        if let Some(before) = &change.before {
            durable(&journal.join(index.to_string()), &before.bytes)?;
        }
        let id = |file: &Option<super::File>| file.as_ref().map(|file| file.id().to_string());
        let dirs = change.path.dir();
        let new_dirs: Vec<String> = dirs
            .ancestors()
            .take_while(|dir| !root.join(dir.as_str()).exists())
            .map(|dir| dir.as_str().to_owned())
            .collect();
        files.push(json!({
            "path": change.path.as_str(),
            "before": id(&change.before),
            "after": id(&change.after),
            "executable": change.before.as_ref().is_some_and(|file| file.mode == Mode::Executable),
            "new_dirs": new_dirs,
        }));
    }
    let list = json!({ "schema": 1, "files": files });
    let unready = journal.join("list.new");
    durable(&unready, list.to_string().as_bytes())?;
    fs::rename(&unready, journal.join(LIST)).map_err(at(&unready))?;
    sync_dir(journal)
}

fn end(journal: &Path) -> Result<(), WriteError> {
    let list = journal.join(LIST);
    if list.exists() {
        fs::remove_file(&list).map_err(at(&list))?;
        sync_dir(journal)?;
    }
    fs::remove_dir_all(journal).map_err(at(journal))
}

fn read_list(journal: &Path) -> Result<Vec<Record>, WriteError> {
    let unreadable = || WriteError::Unreadable(journal.display().to_string());
    let path = journal.join(LIST);
    let list: Value = serde_json::from_slice(&fs::read(&path).map_err(at(&path))?).map_err(|_| unreadable())?;
    let files = list["files"].as_array().filter(|_| list["schema"] == 1).ok_or_else(unreadable)?;
    let record = |(index, file): (usize, &Value)| -> Option<Record> {
        let id = |key: &str| match &file[key] {
            Value::String(hex) => ContentId::parse(hex).map(Some),
            _ => Some(None),
        };
        let dirs =
            file["new_dirs"].as_array()?.iter().map(|dir| dir.as_str().ok_or(InvalidPath::Outside(String::new())));
        Some(Record {
            path: RepoPath::new(file["path"].as_str()?).ok()?,
            before: id("before")?,
            after: id("after")?,
            executable: file["executable"].as_bool()?,
            backup: journal.join(index.to_string()),
            new_dirs: dirs.map(|dir| dir.and_then(RepoPath::new)).collect::<Result<_, _>>().ok()?,
        })
    };
    files.iter().enumerate().map(record).collect::<Option<_>>().ok_or_else(unreadable)
}

fn roll_back(root: &Path, journal: &Path) -> Result<Recovered, WriteError> {
    let records = read_list(journal)?;
    for record in &records {
        let now = current(&root.join(record.path.as_str()))?;
        if now != record.before && now != record.after {
            let restore = match record.before {
                Some(_) => {
                    format!("restore it as it was before that run ({} holds its old content)", record.backup.display())
                }
                None => "remove it, as it was not there before that run".to_owned(),
            };
            let (path, journal) = (record.path.clone(), journal.display().to_string());
            return Err(WriteError::Conflict { path, restore, journal });
        }
    }
    let mut files = Vec::new();
    for record in records {
        let full = root.join(record.path.as_str());
        let beside = beside(&full);
        if beside.exists() {
            fs::remove_file(&beside).map_err(at(&beside))?;
        }
        if current(&full)? != record.before {
            match record.before {
                None => fs::remove_file(&full).map_err(at(&full))?,
                Some(_) => {
                    let bytes = fs::read(&record.backup).map_err(at(&record.backup))?;
                    let mode = if record.executable { Mode::Executable } else { Mode::File };
                    replace(&full, &bytes, mode)?;
                }
            }
            files.push(record.path.clone());
        }
        for dir in &record.new_dirs {
            // Only empty directories are removed: other files in them are not ours.
            let _ = fs::remove_dir(root.join(dir.as_str()));
        }
    }
    end(journal)?;
    Ok(Recovered { files })
}

/// The id of the content at a path now.
fn current(path: &Path) -> Result<Option<ContentId>, WriteError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(ContentId::of(&bytes))),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(cause) => Err(WriteError::Io { path: path.to_owned(), cause }),
    }
}

fn put(root: &Path, change: &FileChange) -> Result<(), WriteError> {
    let full = root.join(change.path.as_str());
    match &change.after {
        Some(file) => {
            let dir = full.parent().unwrap_or(root);
            fs::create_dir_all(dir).map_err(at(dir))?;
            replace(&full, &file.bytes, file.mode)
        }
        None => fs::remove_file(&full).map_err(at(&full)),
    }
}

/// The name under which a file is written before it is renamed into place.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.flux-codemod"))
}

fn replace(path: &Path, bytes: &[u8], mode: Mode) -> Result<(), WriteError> {
    let new = beside(path);
    durable(&new, bytes)?;
    match fs::metadata(path) {
        Ok(old) => fs::set_permissions(&new, old.permissions()).map_err(at(&new))?,
        Err(_) => set_mode(&new, mode).map_err(at(&new))?,
    }
    fs::rename(&new, path).map_err(at(path))
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: Mode) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if mode == Mode::Executable { fs::set_permissions(path, fs::Permissions::from_mode(0o755)) } else { Ok(()) }
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: Mode) -> io::Result<()> {
    Ok(())
}

fn durable(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write_durably(path, bytes).map_err(at(path))
}

fn sync_dir(dir: &Path) -> Result<(), WriteError> {
    durable::sync_dir(dir).map_err(at(dir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::File;

    fn change(path: &str, before: Option<&str>, after: Option<&str>) -> FileChange {
        let file = |text: &str| File { bytes: text.as_bytes().into(), mode: Mode::File };
        FileChange { path: RepoPath::new(path).unwrap(), before: before.map(file), after: after.map(file) }
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "a1").unwrap();
        fs::write(dir.path().join("b"), "b1").unwrap();
        let journal = dir.path().join(".git/flux-codemod/journal");
        (dir, journal)
    }

    fn read(dir: &Path, name: &str) -> Option<String> {
        fs::read_to_string(dir.join(name)).ok()
    }

    fn changes() -> [FileChange; 3] {
        [change("a", Some("a1"), Some("a2")), change("n/m/c", None, Some("c2")), change("b", Some("b1"), None)]
    }

    #[test]
    fn writes_all_and_leaves_no_journal() {
        let (dir, journal) = folder();
        write(dir.path(), Some(&journal), &changes()).unwrap();
        assert_eq!(read(dir.path(), "a").unwrap(), "a2");
        assert_eq!(read(dir.path(), "n/m/c").unwrap(), "c2");
        assert_eq!(read(dir.path(), "b"), None);
        assert!(!journal.exists());
        assert_eq!(recover(dir.path(), &journal).unwrap(), None);
    }

    #[test]
    fn writes_nothing_on_a_tree_that_moved() {
        let (dir, journal) = folder();
        fs::write(dir.path().join("b"), "other").unwrap();
        assert!(matches!(write(dir.path(), Some(&journal), &changes()), Err(WriteError::Moved(_))));
        assert_eq!(read(dir.path(), "a").unwrap(), "a1");
    }

    #[test]
    fn an_interruption_anywhere_is_rolled_back() {
        for done in 0..=3 {
            let (dir, journal) = folder();
            begin(dir.path(), &journal, &changes()).unwrap();
            for change in &changes()[..done] {
                put(dir.path(), change).unwrap();
            }
            fs::write(dir.path().join(".a.flux-codemod"), "half").unwrap();
            let recovered = recover(dir.path(), &journal).unwrap().unwrap();
            assert_eq!(recovered.files.len(), done);
            assert_eq!((read(dir.path(), "a").unwrap(), read(dir.path(), "b").unwrap()), ("a1".into(), "b1".into()));
            assert!(!dir.path().join("n").exists(), "made directories go too");
            assert!(!dir.path().join(".a.flux-codemod").exists() && !journal.exists());
        }
    }

    #[test]
    fn what_a_person_changed_since_is_not_touched() {
        let (dir, journal) = folder();
        begin(dir.path(), &journal, &changes()).unwrap();
        put(dir.path(), &changes()[0]).unwrap();
        fs::write(dir.path().join("b"), "mine").unwrap();
        assert!(matches!(recover(dir.path(), &journal), Err(WriteError::Conflict { .. })));
        assert_eq!(read(dir.path(), "a").unwrap(), "a2", "nothing is put back by halves");
        assert!(journal.exists());
    }

    #[test]
    fn two_runs_at_once_are_one_too_many() {
        let (dir, journal) = folder();
        let _held = lock(&journal).unwrap();
        assert!(matches!(write(dir.path(), Some(&journal), &changes()), Err(WriteError::Busy(_))));
    }
}
