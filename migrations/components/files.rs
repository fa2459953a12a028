//! Files of a tree.

use crate::flux::View;
use crate::repo::{EntryKind, File, RepoPath};

/// All files in a directory and below.
pub(super) fn files_in<'v>(view: &'v View, dir: &'v RepoPath) -> impl Iterator<Item = RepoPath> + 'v {
    entries_in(view, dir).filter(|(_, kind)| matches!(kind, EntryKind::File { .. })).map(|(path, _)| path)
}

/// All files and links in a directory and below.
pub(super) fn entries_in<'v>(view: &'v View, dir: &'v RepoPath) -> impl Iterator<Item = (RepoPath, EntryKind)> + 'v {
    let inside = view.tree().below(dir).filter(|path| path.is_in(dir));
    inside.filter_map(|path| Some((path.clone(), view.tree().entry(path)?)))
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
        && read(view, path).is_ok_and(|file| file.bytes.text().is_some())
}
