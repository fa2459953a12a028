//! The unified diff in git's format: `git apply` takes it.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::SCHEMA;
use crate::repo::{File, FileChange};
use crate::text::{ChangeTag, ContentId, hunks};

/// A line of a diff, without its line break, and its kind, for colors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiffLine {
    /// `diff --git`, `index`, `---`, `+++`, modes.
    Header(String),
    /// `@@ ... @@`.
    Hunk(String),
    /// ` same`.
    Same(String),
    /// `-old`.
    Removed(String),
    /// `+new`.
    Added(String),
    /// `\ No newline at end of file`.
    NoNewline(String),
}

impl DiffLine {
    /// The line as git writes it.
    pub fn text(&self) -> &str {
        match self {
            DiffLine::Header(text)
            | DiffLine::Hunk(text)
            | DiffLine::Same(text)
            | DiffLine::Removed(text)
            | DiffLine::Added(text)
            | DiffLine::NoNewline(text) => text,
        }
    }
}

/// The diff of files, in the order given. Their contents are text: files that are not UTF-8 are
/// never changed.
pub fn diff_lines(changes: &[FileChange]) -> Vec<DiffLine> {
    let mut out = Vec::new();
    for change in changes {
        header(change, &mut out);
        let (before, after) = (text(change.before.as_ref()), text(change.after.as_ref()));
        for hunk in hunks(&before, &after, 3) {
            out.push(DiffLine::Hunk(hunk.header()));
            for (tag, line) in &hunk.lines {
                self::line(*tag, line, &mut out);
            }
        }
    }
    out
}

fn text(file: Option<&File>) -> String {
    file.map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default()
}

fn header(change: &FileChange, out: &mut Vec<DiffLine>) {
    let path = change.path.as_str();
    let (a, b) = (quoted("a/", path), quoted("b/", path));
    let mut line = |text: String| out.push(DiffLine::Header(text));
    line(format!("diff --git {a} {b}"));
    let id = |file: &Option<File>| file.as_ref().map_or(ContentId::NONE, File::id).short();
    let ids = format!("index {}..{}", id(&change.before), id(&change.after));
    match (&change.before, &change.after) {
        (None, Some(new)) => {
            line(format!("new file mode {}", new.mode.digits()));
            line(ids);
        }
        (Some(old), None) => {
            line(format!("deleted file mode {}", old.mode.digits()));
            line(ids);
        }
        (Some(old), Some(_)) => line(format!("{ids} {}", old.mode.digits())),
        (None, None) => line(ids),
    }
    // git puts a tab after a name with blanks, so that the end of the name can be seen.
    let ended = |name: String| if name.contains(' ') { format!("{name}\t") } else { name };
    let name = |file: &Option<File>, name: String| if file.is_some() { ended(name) } else { "/dev/null".to_owned() };
    if change.before.as_ref().is_some_and(|file| !file.bytes.is_empty())
        || change.after.as_ref().is_some_and(|file| !file.bytes.is_empty())
    {
        line(format!("--- {}", name(&change.before, a)));
        line(format!("+++ {}", name(&change.after, b)));
    }
}

/// A path as git writes it: in quotes with octal escapes, if it has quotes, backslashes or bytes
/// beyond ASCII.
fn quoted(prefix: &str, path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_control() && byte != b'"' && byte != b'\\';
    if path.bytes().all(plain) {
        return format!("{prefix}{path}");
    }
    let mut out = format!("\"{prefix}");
    for byte in path.bytes() {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            byte if plain(byte) => out.push(byte as char),
            byte => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}

fn line(tag: ChangeTag, line: &str, out: &mut Vec<DiffLine>) {
    let bare = line.strip_suffix('\n').unwrap_or(line);
    out.push(match tag {
        ChangeTag::Equal => DiffLine::Same(format!(" {bare}")),
        ChangeTag::Delete => DiffLine::Removed(format!("-{bare}")),
        ChangeTag::Insert => DiffLine::Added(format!("+{bare}")),
    });
    if !line.ends_with('\n') {
        out.push(DiffLine::NoNewline("\\ No newline at end of file".to_owned()));
    }
}

/// How many lines of a file are added and removed.
fn counts(lines: &[DiffLine]) -> (usize, usize) {
    let count = |is: fn(&DiffLine) -> bool| lines.iter().filter(|line| is(line)).count();
    (count(|line| matches!(line, DiffLine::Added(_))), count(|line| matches!(line, DiffLine::Removed(_))))
}

/// `--stat`: how many lines change in which file.
pub fn stat(changes: &[FileChange]) -> String {
    let mut out = String::new();
    let (mut added, mut removed) = (0, 0);
    for change in changes {
        let lines = diff_lines(std::slice::from_ref(change));
        let (plus, minus) = counts(&lines);
        (added, removed) = (added + plus, removed + minus);
        let new = if change.before.is_none() { ", new" } else { "" };
        out.push_str(&format!("{} (+{plus} -{minus}{new})\n", super::visible(change.path.as_str())));
    }
    out.push_str(&format!(
        "{} changed, {added} lines added, {removed} removed\n",
        super::layout::count(changes.len(), "file")
    ));
    out
}

/// What changes in each file, as `diff --format json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "A diff of flux-codemod")]
pub struct DiffDocument {
    /// The version of this schema.
    schema: u32,
    /// The files, by path.
    files: Vec<FileEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FileEntry {
    path: String,
    /// What happens to it.
    change: Happens,
    /// How many lines are added.
    added: usize,
    /// How many lines are removed.
    removed: usize,
    /// The unified diff, in git's format.
    diff: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Happens {
    Created,
    Edited,
    Removed,
}

/// A diff as JSON.
pub fn diff_as_json(changes: &[FileChange]) -> DiffDocument {
    let files = changes.iter().map(|change| {
        let lines = diff_lines(std::slice::from_ref(change));
        let (added, removed) = counts(&lines);
        FileEntry {
            path: change.path.to_string(),
            change: match (&change.before, &change.after) {
                (None, _) => Happens::Created,
                (_, None) => Happens::Removed,
                _ => Happens::Edited,
            },
            added,
            removed,
            diff: lines.iter().map(|line| format!("{}\n", line.text())).collect(),
        }
    });
    DiffDocument { schema: SCHEMA, files: files.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Mode, RepoPath};

    fn change(path: &str, before: Option<&str>, after: Option<&str>) -> FileChange {
        let file = |text: &str| File { bytes: text.as_bytes().into(), mode: Mode::File };
        FileChange { path: RepoPath::new(path).unwrap(), before: before.map(file), after: after.map(file) }
    }

    fn diff(change: FileChange) -> String {
        diff_lines(&[change]).iter().map(|line| format!("{}\n", line.text())).collect()
    }

    #[test]
    fn is_what_git_writes() {
        assert_eq!(
            diff(change("a b.yaml", Some("1\n2\n3\n4\n5\n"), Some("1\n2\n3\n4\nx"))),
            "diff --git a/a b.yaml b/a b.yaml\nindex 8a1218a..d685242 100644\n--- a/a b.yaml\t\n+++ b/a b.yaml\t\n\
             @@ -2,4 +2,4 @@\n 2\n 3\n 4\n-5\n+x\n\\ No newline at end of file\n"
        );
        assert_eq!(
            diff(change("ü\"", None, Some("x\n"))),
            "diff --git \"a/\\303\\274\\\"\" \"b/\\303\\274\\\"\"\nnew file mode 100644\nindex 0000000..587be6b\n--- /dev/null\n\
             +++ \"b/\\303\\274\\\"\"\n@@ -0,0 +1 @@\n+x\n"
        );
        let cr = diff(change("a", Some("x\ry\r\n"), Some("x\rz\r\n")));
        assert!(cr.ends_with("@@ -1 +1 @@\n-x\ry\r\n+x\rz\r\n"), "{cr:?}");
    }
}
