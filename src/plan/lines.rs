//! Lines of a tree on which units have landed, as lines of the tree as it is.

use std::collections::BTreeMap;

use super::Finding;
use crate::flux::View;
use crate::repo::RepoPath;
use crate::text::{self, DiffOp};

/// Makes findings point into the tree as it is. A migration finds them on a tree where earlier ones
/// have landed.
pub(super) fn point_into<'f>(start: &View, landed: &View, findings: impl Iterator<Item = &'f mut Finding>) {
    let mut known: BTreeMap<RepoPath, Option<Vec<usize>>> = BTreeMap::new();
    for finding in findings {
        let (Some(path), Some(line)) = (&finding.path, finding.line) else { continue };
        let lines = known.entry(path.clone()).or_insert_with(|| old_lines(start, landed, path));
        if let Some(old) = lines.as_ref().and_then(|lines| lines.get(line - 1)) {
            finding.line = Some(*old);
        }
    }
}

/// A line of a file, in the tree as it is.
pub(super) fn old_line(start: &View, landed: &View, path: &RepoPath, line: usize) -> usize {
    old_lines(start, landed, path).and_then(|lines| lines.get(line - 1).copied()).unwrap_or(line)
}

/// For each line of a file that has changed, that of the old text: a new line has the number of the
/// one that it replaces or follows. `None` for a file that is the same, or is not in both trees.
fn old_lines(start: &View, landed: &View, path: &RepoPath) -> Option<Vec<usize>> {
    let read = |view: &View| {
        let file = view.tree().read(path).ok()??;
        file.bytes.text().map(str::to_owned)
    };
    let (old, new) = (read(start)?, read(landed)?);
    if old == new {
        return None;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut lines = vec![1; new.len()];
    for op in text::changes(&old, &new) {
        let is_equal = matches!(op, DiffOp::Equal { .. });
        let (from, to) = (op.old_range(), op.new_range());
        for (number, at) in to.enumerate() {
            let old = if is_equal {
                from.start + number
            } else {
                (from.start + number).min(from.end.max(from.start + 1) - 1)
            };
            lines[at] = old + 1;
        }
    }
    Some(lines)
}
