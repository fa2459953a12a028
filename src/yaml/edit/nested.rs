//! Edits of YAML inside of a block scalar, such as an inline patch.

use std::ops::Range;

use super::{Edit, Edited, Error, Node, Problem, Splice, What};
use crate::yaml::Stream;
use crate::yaml::emit::New;
use crate::yaml::node::{Content, Notation};

/// The lines of a literal block scalar: where each begins in the text of the scalar, and where in
/// the file.
struct Lines {
    indentation: usize,
    file_end: usize,
    /// Starts of lines in the scalar, and, in the file, of the lines and of their content.
    starts: Vec<(usize, usize, usize)>,
}

impl<'s> Edit<'s> {
    /// Edits the YAML in a literal block scalar (`patch: |-`). The inner edit is proven separately;
    /// its splices are translated to the file, line by line.
    ///
    /// # Errors
    /// If this is no literal block scalar, if its text is no YAML, or whatever `edit` refuses in
    /// the inner stream. The places of inner errors and comments are those in the file.
    pub fn nested(
        &mut self,
        scalar: Node<'s>,
        edit: impl for<'n> FnOnce(&mut Edit<'n>, &'n Stream) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let stored = scalar.stored();
        let is_block = matches!(stored.content, Content::Scalar { notation: Notation::Block { .. }, .. });
        let Some(old) = scalar.own_text().filter(|_| is_block) else {
            return Err(self.unsupported(scalar, "nested YAML can only be edited in a block scalar that is no alias"));
        };
        let lines = self.lines_of(scalar, old)?;
        let in_file = |error: Error| self.in_file(&lines, error);
        let inner = Stream::parse(old).map_err(in_file)?;
        let mut inner_edit = Edit::of(&inner);
        edit(&mut inner_edit, &inner).map_err(in_file)?;
        let Edited { splices, comments } = inner_edit.finish().map_err(in_file)?;
        if splices.is_empty() {
            return Ok(());
        }
        let new = splices.apply(old).expect("they were made for this text");
        let indentation = " ".repeat(lines.indentation);
        for splice in splices.iter() {
            let Range { start, end } = splice.range;
            let begins = |at: usize| at == 0 || old[..at].ends_with('\n');
            // Whole lines are removed and added with their indentation; other splices do not touch
            // it.
            let whole = begins(start) && begins(end) && (splice.with.is_empty() || splice.with.ends_with('\n'));
            let range = lines.in_file(start, whole)..lines.in_file(end, whole);
            // Whatever the line breaks of the file are, in the scalar they are `\n`.
            let ending = self.stream.lines().ending(self.stream.text(), range.start);
            let with = indented(&splice.with, &indentation, whole).replace('\n', ending);
            self.splices.push(Splice { range, with });
        }
        for mut comment in comments {
            comment.range = lines.range_in_file(&comment.range);
            comment.line = self.stream.position(comment.range.start).line;
            self.nested_fates.push(comment);
        }
        self.record(scalar.id, What::Set(New::Text(new)))
    }

    /// An error in the scalar with its places in the file.
    fn in_file(&self, lines: &Lines, error: Error) -> Error {
        let line_in_file = |line: usize| {
            let start = lines.starts.get(line - 1).map_or(0, |(_, outer, _)| *outer);
            self.stream.position(start).line
        };
        let problem = match error.problem {
            Problem::AnchorInUse { anchor, used_at } => Problem::AnchorInUse { anchor, used_at: line_in_file(used_at) },
            other => other,
        };
        self.stream.error(lines.range_in_file(&error.range), problem)
    }

    fn lines_of(&self, scalar: Node<'s>, text: &str) -> Result<Lines, Error> {
        let span = scalar.stored().span.clone();
        let file = self.stream.text();
        if !file[span.start..].starts_with('|') {
            return Err(self.unsupported(scalar, "a folded block scalar"));
        }
        let Some(first) = self.stream.lines().next(span.start).filter(|first| *first < span.end) else {
            return Err(self.unsupported(scalar, "an empty block scalar"));
        };
        let widths = file[first..span.end].lines().filter(|line| !line.trim().is_empty());
        let indentation = widths.map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or(0);
        let mut starts = Vec::new();
        let (mut inner, mut outer) = (0, first);
        for line in text.split_inclusive('\n') {
            let there = &file[outer.min(file.len())..];
            let blanks = there.len() - there.trim_start_matches(' ').len();
            let content = outer + blanks.min(indentation);
            let bare = line.trim_end_matches('\n');
            if !file[content..].starts_with(bare) {
                return Err(self.unsupported(scalar, "a block scalar whose lines differ from its text"));
            }
            starts.push((inner, outer, content));
            inner += line.len();
            outer = self.stream.lines().next(content).unwrap_or(file.len());
        }
        if text.is_empty() || text.ends_with('\n') {
            starts.push((inner, outer, outer));
        }
        Ok(Lines { indentation, file_end: file.len(), starts })
    }
}

impl Lines {
    /// Translates a range of bytes in the scalar to the file.
    fn range_in_file(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.in_file(range.start, false);
        // What ends with a line does not reach into the next one's indentation.
        let last = range.end.saturating_sub(1).max(range.start);
        let end = self.in_file(last, false) + (range.end - last);
        // The last line of a file may have no line break, though that of the scalar has.
        start..end.min(self.file_end)
    }

    /// Translates a place in the scalar to the file; for whole lines, to the start of the line.
    fn in_file(&self, at: usize, whole_lines: bool) -> usize {
        let line = self.starts.partition_point(|(inner, ..)| *inner <= at) - 1;
        let (inner, outer, content) = self.starts[line];
        if whole_lines { outer } else { content + (at - inner) }
    }
}

/// Inner text as it is written in the file: lines that are not blank are indented, the first one
/// only if it begins its line.
fn indented(text: &str, indentation: &str, whole_lines: bool) -> String {
    let mut out = String::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if (index > 0 || whole_lines) && !line.trim().is_empty() {
            out.push_str(indentation);
        }
        out.push_str(line);
    }
    out
}
