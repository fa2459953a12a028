//! The id of what a commit changes: what `git diff-tree -p --full-index COMMIT | git patch-id
//! --verbatim` prints.
//!
//! libgit2 has patch ids, too, but they ignore white space, which has meaning in YAML. So the patch
//! is written here as git's plumbing writes it, whatever configuration and attributes say (with
//! whole ids in `index` lines; they count for binary files only), and read as git's `patch-id`
//! reads it.

use git2::{DiffOptions, Oid, Patch, Tree};
use sha1::{Digest, Sha1};

/// The patch id of a commit; `None` if it changes nothing, or has no parent or several.
pub(super) fn of_commit(git: &git2::Repository, commit: &git2::Commit<'_>) -> Result<Option<Oid>, git2::Error> {
    if commit.parent_count() != 1 {
        return Ok(None);
    }
    between(git, &commit.parent(0)?.tree()?, &commit.tree()?)
}

/// The patch id of the change from one tree to another; `None` if they are the same.
pub(super) fn between(git: &git2::Repository, old: &Tree<'_>, new: &Tree<'_>) -> Result<Option<Oid>, git2::Error> {
    id_of(&patch(git, old, new)?).map(|id| Oid::from_bytes(&id)).transpose()
}

/// One side of a file that differs.
struct Side {
    mode: u32,
    id: Oid,
    name: String,
    content: Vec<u8>,
}

impl Side {
    fn read(git: &git2::Repository, file: &git2::DiffFile<'_>, prefix: &str) -> Result<Side, git2::Error> {
        let (mode, id) = (u32::from(file.mode()), file.id());
        let content = match mode {
            0 => Vec::new(),
            0o160_000 => format!("Subproject commit {id}\n").into_bytes(),
            _ => git.find_blob(id)?.content().to_vec(),
        };
        Ok(Side { mode, id, name: quoted(prefix, file.path_bytes().unwrap_or_default()), content })
    }

    /// What follows `---` or `+++`. After a name with blanks git writes a tab.
    fn label(&self) -> String {
        match self.mode {
            0 => "/dev/null".to_owned(),
            _ if self.name.contains(' ') => format!("{}\t", self.name),
            _ => self.name.clone(),
        }
    }

    fn is_binary(&self) -> bool {
        self.content.iter().take(8000).any(|byte| *byte == 0)
    }
}

/// The patch, as git's plumbing writes it.
fn patch(git: &git2::Repository, old: &Tree<'_>, new: &Tree<'_>) -> Result<Vec<u8>, git2::Error> {
    let mut text = Vec::new();
    for delta in git.diff_tree_to_tree(Some(old), Some(new), None)?.deltas() {
        let old = Side::read(git, &delta.old_file(), "a/")?;
        let new = Side::read(git, &delta.new_file(), "b/")?;
        let mut line = |line: String| {
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        };
        line(format!("diff --git {} {}", old.name, new.name));
        match (old.mode, new.mode) {
            (0, mode) => line(format!("new file mode {mode:06o}")),
            (mode, 0) => line(format!("deleted file mode {mode:06o}")),
            (a, b) if a != b => {
                line(format!("old mode {a:06o}"));
                line(format!("new mode {b:06o}"));
            }
            _ => {}
        }
        if old.id == new.id {
            continue;
        }
        let mode = if old.mode == new.mode { format!(" {:06o}", old.mode) } else { String::new() };
        line(format!("index {}..{}{mode}", old.id, new.id));
        if old.is_binary() || new.is_binary() {
            line(format!("Binary files {} and {} differ", old.label(), new.label()));
        } else if old.content != new.content {
            line(format!("--- {}", old.label()));
            line(format!("+++ {}", new.label()));
            hunks(&old.content, &new.content, &mut text)?;
        }
    }
    Ok(text)
}

fn hunks(old: &[u8], new: &[u8], text: &mut Vec<u8>) -> Result<(), git2::Error> {
    let mut options = DiffOptions::new();
    options.context_lines(3).interhunk_lines(0).indent_heuristic(true).force_text(true);
    let mut patch = Patch::from_buffers(old, None, new, None, Some(&mut options))?;
    patch.print(&mut |_, _, line| {
        match line.origin() {
            'F' => return true,
            origin @ (' ' | '+' | '-') => text.push(origin as u8),
            _ => {}
        }
        text.extend_from_slice(line.content());
        true
    })
}

/// A path, quoted and escaped where git does so.
fn quoted(prefix: &str, path: &[u8]) -> String {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if path.iter().all(plain) {
        return format!("{prefix}{}", String::from_utf8_lossy(path));
    }
    let mut out = format!("\"{prefix}");
    for byte in path {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            7 => out.push_str("\\a"),
            8 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            11 => out.push_str("\\v"),
            12 => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            byte if plain(byte) => out.push(*byte as char),
            byte => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}

/// The sum of the hashes of all files.
struct Sum {
    total: [u8; 20],
    file: Sha1,
}

impl Sum {
    fn end_file(&mut self) {
        let mut carry = 0;
        for (sum, byte) in self.total.iter_mut().zip(std::mem::take(&mut self.file).finalize()) {
            carry += u16::from(*sum) + u16::from(byte);
            *sum = carry.to_le_bytes()[0];
            carry >>= 8;
        }
    }
}

/// What `git patch-id --verbatim` prints for one patch. It follows git step by step, to have the
/// same oddities: a file without hunks counts with the next one, the header of a file after a
/// binary one does not count. `None` if nothing counts.
fn id_of(patch: &[u8]) -> Option<[u8; 20]> {
    let mut sum = Sum { total: [0; 20], file: Sha1::new() };
    let (mut before, mut after) = (-1_i64, -1_i64);
    let (mut is_binary, mut is_empty) = (false, true);
    let mut ids: (&[u8], &[u8]) = (b"", b"");
    for line in patch.split_inclusive(|byte| *byte == b'\n') {
        // To git, a line ends at its first NUL.
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        if line.starts_with(b"\\ ") && line.len() > 12 {
            sum.file.update(line);
            continue;
        }
        if is_empty && !line.starts_with(b"diff ") {
            continue;
        }
        if before == -1 {
            if line.starts_with(b"Binary files") {
                (is_binary, before) = (true, 0);
                sum.file.update(ids.0);
                sum.file.update(ids.1);
                sum.end_file();
                continue;
            } else if let Some(rest) = line.strip_prefix(b"index ") {
                let rest = rest.split(|byte| matches!(byte, b' ' | b'\n')).next().unwrap_or_default();
                let middle = rest.windows(2).position(|two| two == b"..").unwrap_or(rest.len());
                ids = (&rest[..middle], rest.get(middle + 2..).unwrap_or_default());
                continue;
            } else if line.starts_with(b"--- ") {
                (before, after) = (1, 1);
            } else if !line[0].is_ascii_alphabetic() {
                break;
            }
        }
        if is_binary {
            if line.starts_with(b"diff ") {
                (is_binary, before) = (false, -1);
            }
            continue;
        }
        if before == 0 && after == 0 {
            if line.starts_with(b"@@ -") {
                (before, after) = hunk_lengths(line);
                continue;
            }
            if !line.starts_with(b"diff ") {
                break;
            }
            sum.end_file();
            (before, after) = (-1, -1);
        }
        before -= i64::from(matches!(line.first(), Some(b'-' | b' ')));
        after -= i64::from(matches!(line.first(), Some(b'+' | b' ')));
        is_empty &= line.is_empty();
        sum.file.update(line);
    }
    sum.end_file();
    (!is_empty).then_some(sum.total)
}

/// How many lines of the old and of the new file a hunk has, from `@@ -a,b +c,d @@`.
fn hunk_lengths(header: &[u8]) -> (i64, i64) {
    let header = String::from_utf8_lossy(header);
    let mut ranges = header.split(' ').skip(1).map(|range| match range.split_once(',') {
        Some((_, length)) => length.parse().unwrap_or(1),
        None => 1,
    });
    (ranges.next().unwrap_or(1), ranges.next().unwrap_or(1))
}

#[cfg(test)]
#[path = "patch_id_tests.rs"]
mod tests;
