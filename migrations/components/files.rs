//! Files of a tree.

use crate::flux::View;
use crate::repo::{EntryKind, File, RepoPath};

/// All files in a directory and below.
pub(super) fn files_in<'v>(view: &'v View, dir: &'v RepoPath) -> impl Iterator<Item = RepoPath> + 'v {
    let files = view.tree().entries().filter(|(_, kind)| matches!(kind, EntryKind::File { .. }));
    files.map(|(path, _)| path).filter(|path| path.is_in(dir))
}

/// The path that something in one directory has in another.
pub(super) fn relocated(path: &RepoPath, from: &RepoPath, to: &RepoPath) -> RepoPath {
    let rest = path.as_str()[from.as_str().len()..].trim_start_matches('/');
    to.join(rest).expect("a path in the repository")
}

/// A file, or why it cannot be read.
pub(super) fn read(view: &View, path: &RepoPath) -> Result<File, String> {
    let file = view.tree().read(path).map_err(|error| error.to_string())?;
    file.ok_or_else(|| format!("{path} does not exist any more"))
}

/// Whether a file may be moved, copied or removed with its directory: git stores it as it is here,
/// it is text that this program may change, and if it is YAML, then YAML that can be read. What
/// nobody could read, nobody reviews.
pub(super) fn is_readable(view: &View, path: &RepoPath, kind: &EntryKind) -> bool {
    matches!(kind, EntryKind::File { filtered: false, .. })
        && view.barred(path).is_none()
        && view.file(path).is_none_or(|file| file.broken.is_none())
        && read(view, path).is_ok_and(|file| str::from_utf8(&file.bytes).is_ok())
}
