//! Results of builds that outlast the program: a file in the user's cache directory.
//!
//! Each line has the id of a build, a seal, and its objects. The id is a seal of all that goes into
//! the build ([`Job::id`](super::job::Job::id)), so a line cannot be taken for the result of another
//! build. The seal is over id and objects, so a line that was changed, cut or made by anyone without
//! the key of the user does not count, and the build is run again. The key lies outside of the cache
//! and of every repository ([`Key::of_user`]).
//!
//! Only builds that succeed are kept: one that fails may fail for want of memory or space, and a
//! build that failed before is one with which nothing can be compared.
//!
//! The file can be removed at any time. Lines are only added to it; when it is opened and has become
//! too long, the older ones go. What is used is added again before it is old.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::Path;

use super::job::Id;
use super::objects::Objects;
use crate::programs::ending;
use crate::repo::{Dir, Key, own_place};

/// The file.
const FILE: &str = "builds";

/// How the name of a file begins that is to take its place.
const NEW: &str = "builds-";

/// How long the file may be when it is opened, in bytes. A build takes one or two thousand.
const LONGEST: u64 = 16 << 20;

/// How long an id or a seal is.
const SEAL: usize = 64;

/// What the key is used for here.
const PURPOSE: &str = "builds of kustomize";

/// Results of builds of earlier runs and of this one.
pub(super) struct Kept {
    /// The file, at its end.
    file: File,
    key: Key,
    old: Vec<u8>,
    /// The lines of `old`, by the id of the build.
    lines: BTreeMap<String, Range<usize>>,
    /// What is older goes when the file gets too long.
    young_from: usize,
    /// How much may be added.
    free: u64,
}

impl Kept {
    /// Opens the file below a cache directory, which it must not share with one of the given
    /// directories. It is made if there is none.
    ///
    /// # Errors
    /// Why nothing is kept, as a part of a sentence.
    pub(super) fn open(cache: &Path, key: &Key, not_below: &[&Path]) -> Result<Kept, String> {
        Kept::with_room(cache, key, not_below, LONGEST)
    }

    /// As [`Kept::open`], with another length.
    pub(super) fn with_room(cache: &Path, key: &Key, not_below: &[&Path], longest: u64) -> Result<Kept, String> {
        let dir = own_place(cache, not_below)?;
        let why = |error: io::Error| format!("{} cannot be used: {error}", dir.path().join(FILE).display());
        let key = key.made_for(PURPOSE);
        let mut old = read(&dir, longest).map_err(why)?;
        if old.len() as u64 > longest {
            old = shortened(&dir, &old, longest / 2).map_err(why)?;
        }
        let mut file = dir.append(FILE, 0o600).map_err(why)?;
        // A run that was killed may have left a part of a line.
        if old.last().is_some_and(|last| *last != b'\n') {
            file.write_all(b"\n").map_err(why)?;
        }
        let mut lines = BTreeMap::new();
        let mut at = 0;
        for line in old.split_inclusive(|byte| *byte == b'\n') {
            let range = at..at + line.len();
            at = range.end;
            if let Some(id) = line.get(..SEAL).and_then(|id| str::from_utf8(id).ok()) {
                lines.insert(id.to_owned(), range);
            }
        }
        let young_from = old.len().saturating_sub(usize::try_from(longest / 4).unwrap_or(usize::MAX));
        Ok(Kept { file, key, old, lines, young_from, free: longest })
    }

    /// The objects of a build, if they are kept.
    pub(super) fn get(&mut self, id: &Id) -> Option<Objects> {
        let range = self.lines.get(id)?.clone();
        let line = str::from_utf8(&self.old[range.clone()]).ok()?.strip_suffix('\n')?;
        let (seal, objects) = line.get(SEAL..)?.split_at_checked(SEAL)?;
        if self.key.seal(format!("{id}{objects}")) != seal {
            return None;
        }
        let found = serde_json::from_str(objects).ok()?;
        if range.start < self.young_from {
            let line = format!("{line}\n");
            self.add(&line);
        }
        Some(found)
    }

    /// Keeps the objects of a build. If they cannot be written, they are not kept.
    pub(super) fn put(&mut self, id: &Id, objects: &Objects) {
        let Ok(objects) = serde_json::to_string(objects) else { return };
        let seal = self.key.seal(format!("{id}{objects}"));
        self.add(&format!("{id}{seal}{objects}\n"));
    }

    fn add(&mut self, line: &str) {
        let Some(free) = self.free.checked_sub(line.len() as u64) else { return };
        self.free = free;
        // In one step, so that runs at the same time do not mix their lines. One that is mixed
        // does not count.
        let _ = ending::undisturbed(|| self.file.write_all(line.as_bytes()));
    }
}

/// The content of the file; nothing if there is none.
fn read(dir: &Dir, longest: u64) -> io::Result<Vec<u8>> {
    match dir.read_at_most(FILE, longest.saturating_mul(4)) {
        Ok((bytes, facts)) if facts.is_ours() && facts.is_private() => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        // It is not as this program makes it.
        Err(error) if error.kind() != io::ErrorKind::FileTooLarge => Err(error),
        _ => {
            dir.remove(FILE)?;
            Ok(Vec::new())
        }
    }
}

/// Puts a file with the last lines into the place of the file, and gives its content.
fn shortened(dir: &Dir, old: &[u8], length: u64) -> io::Result<Vec<u8>> {
    let cut = old.len().saturating_sub(usize::try_from(length).unwrap_or(usize::MAX));
    // The line that is cut goes.
    let ends = old.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(end, _)| end + 1);
    let start = ends.into_iter().find(|end| *end >= cut).unwrap_or(old.len());
    let rest = &old[start..];
    ending::undisturbed(|| {
        for left in dir.names()?.iter().filter(|name| name.starts_with(NEW)) {
            dir.remove(left)?;
        }
        let name = format!("{NEW}{}", std::process::id());
        dir.create(&name)?.write_all(rest)?;
        dir.rename(&name, FILE)
    })?;
    Ok(rest.to_vec())
}
