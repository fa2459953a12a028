//! The journal of a run that writes: what it changes, the old contents, and how far it came.
//!
//! It is a directory under the git directory, for this user alone. Its list is called
//! `prepared.json` until every new content lies beside its file, `list.json` while the files are
//! put into place, and `done.json` when all are: each step is one rename. The list is sealed with
//! the user's key, so a journal that came with a repository does not count.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::dir::Dir;
use super::ground::at;
use super::key::{Key, random_name};
use super::lock::{Lock, lock};
use super::seen::Seen;
use super::step::Step;
use super::{FileChange, Foreign, RepoPath, Versions, WriteError};
use crate::text::ContentId;

/// The directory of this program under a git directory.
const OFFICE: &str = "flux-codemod";
const JOURNAL: &str = "journal";
const LOCK: &str = "lock";
const SCHEMA: u64 = 2;

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// New contents are being written beside their files.
    Prepared,
    /// Files are being put into place.
    Begun,
    /// All files are in place.
    Done,
}

impl Stage {
    const ALL: [Stage; 3] = [Stage::Done, Stage::Begun, Stage::Prepared];

    fn list(self) -> &'static str {
        match self {
            Stage::Prepared => "prepared.json",
            Stage::Begun => "list.json",
            Stage::Done => "done.json",
        }
    }
}

/// The exclusive right to write, and to look at the journal.
pub(super) struct Office {
    dir: Dir,
    _lock: Lock,
}

/// What is under the git directory before anything is locked.
pub(super) enum Found {
    Nothing,
    Journal,
}

fn foreign(path: &Path, why: impl Into<String>) -> WriteError {
    WriteError::Foreign(Foreign { path: path.to_owned(), why: why.into(), advice: "" })
}

/// Opens a directory of this program in another one: one that belongs to the user, and no link.
pub(crate) fn own_dir(above: &Dir, name: &str, make: bool) -> Result<Option<Dir>, Foreign> {
    let path = above.path().join(name);
    let foreign = |why: String| Foreign { path: path.clone(), why, advice: "" };
    let failed = |cause: io::Error| Foreign {
        path: path.clone(),
        why: format!("cannot be used: {cause}"),
        advice: super::advice(&cause),
    };
    if make {
        match above.make(name, true) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
    }
    match above.seen(name).map_err(failed)? {
        Seen::Nothing => Ok(None),
        Seen::Directory(facts) if !facts.is_ours() => Err(foreign("belongs to another user".to_owned())),
        Seen::Directory(_) => Ok(Some(above.below(name).map_err(failed)?)),
        seen => Err(foreign(format!("is {}, not a directory", seen.words()))),
    }
}

/// Whether a run was interrupted under a git directory, or runs now.
pub(super) fn look(git: &Path) -> Result<Found, WriteError> {
    let git = Dir::open(git).map_err(at(git))?;
    let Some(dir) = own_dir(&git, OFFICE, false)? else { return Ok(Found::Nothing) };
    let names = dir.names().map_err(at(dir.path()))?;
    Ok(if names.iter().any(|name| is_journal(name)) { Found::Journal } else { Found::Nothing })
}

/// A journal, or one that was not finished.
fn is_journal(name: &str) -> bool {
    name.strip_prefix(JOURNAL).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

impl Office {
    /// Takes the right to write.
    ///
    /// # Errors
    /// [`WriteError::Busy`] if another run has it.
    pub(super) fn take(git: &Path) -> Result<Office, WriteError> {
        let git = Dir::open(git).map_err(at(git))?;
        let path = git.path().join(OFFICE);
        let dir = own_dir(&git, OFFICE, true)?.ok_or_else(|| at(&path)(io::ErrorKind::NotFound.into()))?;
        dir.make_private().map_err(at(&path))?;
        let path = path.join(LOCK);
        let lock = lock(&dir, LOCK).map_err(at(&path))?.ok_or(WriteError::Busy(path))?;
        Ok(Office { dir, _lock: lock })
    }

    /// Where the journal is, for messages.
    pub(super) fn journal_path(&self) -> PathBuf {
        self.dir.path().join(JOURNAL)
    }

    /// The permissions that new files have.
    pub(super) fn usual_mode(&self) -> Result<u32, WriteError> {
        let probe = random_name("probe").map_err(at(self.dir.path()))?;
        self.dir.usual_mode(&probe).map_err(at(self.dir.path()))
    }

    /// The journal, if there is one. Journals that were not finished are removed.
    pub(super) fn journal(&self) -> Result<Option<Journal<'_>>, WriteError> {
        let path = self.journal_path();
        for name in self.dir.names().map_err(at(self.dir.path()))? {
            if name != JOURNAL && is_journal(&name) {
                let dir = own_dir(&self.dir, &name, false)?;
                dir.map_or(Ok(()), |dir| self.clear(&dir, &name))?;
            }
        }
        let Some(dir) = own_dir(&self.dir, JOURNAL, false)? else { return Ok(None) };
        for stage in Stage::ALL {
            match dir.seen(stage.list()).map_err(at(&path))? {
                Seen::Nothing => {}
                Seen::File(_) => return Ok(Some(Journal { office: self, dir, stage })),
                seen => return Err(foreign(&path, format!("has {} in the place of its list", seen.words()))),
            }
        }
        // It has no list: nothing was written.
        self.clear(&dir, JOURNAL)?;
        Ok(None)
    }

    /// Removes a journal: files that have no directory below.
    fn clear(&self, dir: &Dir, name: &str) -> Result<(), WriteError> {
        let path = dir.path();
        for file in dir.names().map_err(at(path))? {
            if matches!(dir.seen(&file), Ok(Seen::Directory(_))) {
                return Err(foreign(path, format!("has a directory {file}, which flux-codemod does not make")));
            }
            dir.remove(&file).map_err(at(path))?;
        }
        self.dir.remove_dir(name).map_err(at(path))
    }

    /// Begins a journal: the old contents and the list. Nothing is written elsewhere yet.
    pub(super) fn begin(
        &self,
        root: &Path,
        steps: &[Step],
        changes: &[FileChange],
        key: Option<&Key>,
    ) -> Result<Journal<'_>, WriteError> {
        let path = self.journal_path();
        let unready = random_name(JOURNAL).map_err(at(&path))?;
        self.dir.make(&unready, true).map_err(at(&path))?;
        let dir = self.dir.below(&unready).map_err(at(&path))?;
        let write = || -> io::Result<()> {
            for (index, change) in changes.iter().enumerate() {
                if let Some(before) = &change.before {
                    write_new(&dir, &index.to_string(), &before.bytes)?;
                }
            }
            write_new(&dir, Stage::Prepared.list(), sealed(list(root, steps), key).to_string().as_bytes())?;
            dir.sync()?;
            self.dir.rename(&unready, JOURNAL)?;
            self.dir.sync()
        };
        let written = write();
        if let Err(cause) = written {
            // What cannot be removed is left to the next run.
            let _ = self.clear(&dir, &unready);
            return Err(at(&path)(cause));
        }
        let dir = self.dir.below(JOURNAL).map_err(at(&path))?;
        Ok(Journal { office: self, dir, stage: Stage::Prepared })
    }
}

/// A journal.
pub(super) struct Journal<'o> {
    office: &'o Office,
    dir: Dir,
    pub(super) stage: Stage,
}

impl Journal<'_> {
    /// Notes that the run has reached a stage.
    pub(super) fn reach(&mut self, stage: Stage) -> Result<(), WriteError> {
        self.dir.rename(self.stage.list(), stage.list()).map_err(at(self.dir.path()))?;
        self.stage = stage;
        self.dir.sync().map_err(at(self.dir.path()))
    }

    /// Removes the journal.
    pub(super) fn end(self) -> Result<(), WriteError> {
        self.dir.remove(self.stage.list()).map_err(at(self.dir.path()))?;
        self.dir.sync().map_err(at(self.dir.path()))?;
        self.office.clear(&self.dir, JOURNAL)
    }

    /// Reads the list, if this user's program has written it for this folder.
    ///
    /// # Errors
    /// [`WriteError::Foreign`] if not.
    pub(super) fn steps(&self, root: &Path, key: Result<&Key, &String>) -> Result<Vec<Step>, WriteError> {
        let not_ours = |why: &str| foreign(self.dir.path(), why);
        let (text, facts) = self.dir.read(self.stage.list()).map_err(at(self.dir.path()))?;
        let is_private = self.dir.facts().map_err(at(self.dir.path()))?.is_private() && facts.is_private();
        if !facts.is_ours() || !is_private {
            return Err(not_ours("can be read or written by other users"));
        }
        let mut read: Value = serde_json::from_slice(&text).map_err(|_| not_ours("cannot be read"))?;
        if read["schema"] != SCHEMA {
            return Err(not_ours("cannot be read: another version of flux-codemod wrote it, or somebody else"));
        }
        let key = key.map_err(|why| not_ours(&format!("cannot be checked, because there is no key: {why}")))?;
        let seal = read.as_object_mut().and_then(|list| list.shift_remove("seal"));
        if seal != Some(key.seal(read.to_string()).into()) {
            return Err(not_ours("was not written by flux-codemod under this user"));
        }
        if read["root"] != root_of(root) {
            return Err(not_ours("belongs to a work tree at another place"));
        }
        let steps = read["files"].as_array().and_then(|files| files.iter().map(step).collect());
        steps.ok_or_else(|| not_ours("cannot be read"))
    }

    /// The file that has the old content of a step.
    pub(super) fn backup(&self, index: usize) -> PathBuf {
        self.dir.path().join(index.to_string())
    }

    /// The old content of a step.
    pub(super) fn old(&self, index: usize, step: &Step) -> Result<Vec<u8>, WriteError> {
        let (bytes, _) = self.dir.read(&index.to_string()).map_err(at(&self.backup(index)))?;
        if Some(ContentId::of(&bytes)) != step.before {
            return Err(foreign(self.dir.path(), format!("has another content in {index} than its list says")));
        }
        Ok(bytes)
    }
}

fn list(root: &Path, steps: &[Step]) -> Value {
    let id = |id: Option<ContentId>| id.map(|id| id.to_string());
    let files = steps.iter().map(|step| {
        json!({
            "path": step.path.as_str(),
            "side": step.side,
            "before": id(step.before),
            "after": id(step.after),
            "mode": step.mode,
            "new_dirs": step.new_dirs.iter().map(RepoPath::as_str).collect::<Vec<_>>(),
            "index": id(step.versions.index),
            "head": id(step.versions.head),
        })
    });
    json!({ "schema": SCHEMA, "root": root_of(root), "files": files.collect::<Vec<_>>() })
}

fn sealed(mut list: Value, key: Option<&Key>) -> Value {
    if let Some(key) = key {
        let seal = key.seal(list.to_string());
        list["seal"] = seal.into();
    }
    list
}

fn step(file: &Value) -> Option<Step> {
    let id = |key: &str| match &file[key] {
        Value::String(hex) => ContentId::parse(hex).map(Some),
        _ => Some(None),
    };
    let dirs = file["new_dirs"].as_array()?.iter().map(|dir| RepoPath::new(dir.as_str()?).ok());
    Some(Step {
        path: RepoPath::new(file["path"].as_str()?).ok()?,
        side: file["side"].as_str().filter(|side| !side.contains('/'))?.to_owned(),
        before: id("before")?,
        after: id("after")?,
        mode: file["mode"].as_u64()?.try_into().ok()?,
        new_dirs: dirs.collect::<Option<_>>()?,
        versions: Versions { index: id("index")?, head: id("head")? },
    })
}

fn root_of(root: &Path) -> String {
    root.canonicalize().unwrap_or_else(|_| root.to_owned()).to_string_lossy().into_owned()
}

fn write_new(dir: &Dir, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = dir.create(name)?;
    file.write_all(bytes)?;
    file.sync_all()
}
