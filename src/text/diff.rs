//! What differs between two texts, line by line.

use std::fmt;
use std::ops::Range;

use similar::algorithms::{Capture, Compact, Replace, myers};
pub use similar::{ChangeTag, DiffOp};

/// Lines that change, with some around them: a part of a unified diff, which is what it is shown as.
#[derive(Debug, PartialEq, Eq)]
pub struct Hunk<'t> {
    old: Range<usize>,
    new: Range<usize>,
    /// The lines in order, each with its line break.
    pub lines: Vec<(ChangeTag, &'t str)>,
}

impl Hunk<'_> {
    /// `@@ -1,2 +1,3 @@`
    pub fn header(&self) -> String {
        format!("@@ -{} +{} @@", counted(&self.old), counted(&self.new))
    }
}

impl fmt::Display for Hunk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.header())?;
        for (tag, line) in &self.lines {
            writeln!(f, "{tag}{}", line.strip_suffix('\n').unwrap_or(line))?;
        }
        Ok(())
    }
}

/// What differs between two texts, with up to `around` lines before and after.
pub fn hunks<'t>(old: &'t str, new: &'t str, around: usize) -> Vec<Hunk<'t>> {
    let (old, new) = (lines(old), lines(new));
    let groups = similar::group_diff_ops(changes(&old, &new), around);
    let hunk = |ops: Vec<DiffOp>| {
        let (first, last) = (ops.first()?, ops.last()?);
        let mut lines = Vec::new();
        for op in &ops {
            if let DiffOp::Equal { .. } = op {
                lines.extend(old[op.old_range()].iter().map(|line| (ChangeTag::Equal, *line)));
            } else {
                lines.extend(old[op.old_range()].iter().map(|line| (ChangeTag::Delete, *line)));
                lines.extend(new[op.new_range()].iter().map(|line| (ChangeTag::Insert, *line)));
            }
        }
        let old = first.old_range().start..last.old_range().end;
        let new = first.new_range().start..last.new_range().end;
        Some(Hunk { old, new, lines })
    };
    groups.into_iter().filter_map(hunk).collect()
}

/// What makes new lines of old ones, by Myers' algorithm, which is that of git.
///
/// All texts are compared here: the algorithm is compiled anew for each kind of lines.
pub fn changes(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let mut found = Compact::new(Replace::new(Capture::new()), old, new);
    // What captures changes never fails.
    let Ok(()) = myers::diff(&mut found, old, 0..old.len(), new, 0..new.len());
    found.into_inner().into_inner().into_ops()
}

/// Lines end at `\n` alone, as in git: a lone `\r` ends no line.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// `start,length` as git counts: from 1, or from 0 without a line. A length of 1 is omitted.
fn counted(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => (lines.start + 1).to_string(),
        length => format!("{},{length}", lines.start + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_around_are_shown() {
        let shown = |old, new, around| hunks(old, new, around).iter().map(Hunk::to_string).collect::<String>();
        assert_eq!(
            shown("a\nb\nc\nd\ne\nf\n", "a\nB\nc\nd\ne\nF", 1),
            "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n@@ -5,2 +5,2 @@\n e\n-f\n+F\n"
        );
        assert_eq!(shown("", "a\n", 3), "@@ -0,0 +1 @@\n+a\n");
        assert_eq!(shown("a\n", "a\n", 3), "");
    }
}
