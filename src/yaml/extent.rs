//! Where things begin and end in the text: lines, columns, and the comments that belong to an
//! entry.

use std::ops::Range;

use super::Stream;
use super::comments::Comment;
use super::node::{Content, Notation, Style};
use super::nodes::Id;

impl Stream {
    /// The column of a byte, from 0, in characters: what indentation is counted in.
    pub(super) fn column(&self, offset: usize) -> usize {
        self.text()[self.lines().start(offset)..offset].trim_start_matches('\u{feff}').chars().count()
    }

    /// Whether only blanks are before this byte on its line.
    pub(super) fn begins_its_line(&self, offset: usize) -> bool {
        self.text()[self.lines().start(offset)..offset].trim_start_matches('\u{feff}').trim().is_empty()
    }

    /// The range, extended over a comment that follows it on its last line.
    pub(super) fn with_trailing_comment(&self, range: Range<usize>) -> Range<usize> {
        let line = self.lines().line(self.text(), range.end);
        let trailing = self.comments_in(&(range.end..line.end)).next();
        range.start..trailing.map_or(range.end, |comment| comment.range.end)
    }

    /// Whether a comment follows a byte on its line.
    pub(super) fn is_followed_by_comment(&self, offset: usize) -> bool {
        self.with_trailing_comment(offset..offset).end > offset
    }

    /// The comments in a range.
    pub(super) fn comments_in(&self, range: &Range<usize>) -> impl Iterator<Item = &Comment> {
        let first = self.comments.partition_point(|comment| comment.range.start < range.start);
        let end = range.end;
        self.comments[first..].iter().take_while(move |comment| comment.range.end <= end)
    }

    /// The start of the block of comment lines directly above the line of `offset`, at its
    /// indentation; else the start of the line itself.
    pub(super) fn start_with_comments_above(&self, offset: usize) -> usize {
        let column = self.column(offset);
        let mut start = self.lines().start(offset);
        while start > 0 {
            let above = self.lines().start(start - 1);
            let is_comment = self
                .comments_in(&(above..start))
                .next()
                .is_some_and(|comment| !comment.trailing && self.column(comment.range.start) == column);
            if !is_comment {
                break;
            }
            start = above;
        }
        self.line_start(start)
    }

    /// The end of the line's content: after a trailing comment, before blanks and the line break,
    /// but not before `offset`: a block scalar may end in blanks.
    pub(super) fn line_content_end(&self, offset: usize) -> usize {
        let line = self.lines().line(self.text(), offset);
        offset.max(line.start + self.text()[line.clone()].trim_end().len())
    }

    /// Where the line of a byte begins, after a byte order mark, before which nothing can be
    /// inserted.
    pub(super) fn line_start(&self, offset: usize) -> usize {
        let start = self.lines().start(offset);
        if start == 0 && self.text().starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { start }
    }

    /// The end of the line: after blanks at its end, which may be a comment's or a block scalar's,
    /// before the line break.
    pub(super) fn line_end(&self, offset: usize) -> usize {
        let line = self.lines().line(self.text(), offset);
        let whole = &self.text()[line.clone()];
        let content = whole.strip_suffix('\n').map_or(whole, |text| text.strip_suffix('\r').unwrap_or(text));
        line.start + content.len()
    }

    /// The line break that ends the line of a byte; nothing at the end of the text.
    pub(super) fn line_break(&self, offset: usize) -> &str {
        &self.text()[self.line_end(offset)..self.lines().line(self.text(), offset).end]
    }

    /// The start of the first line that is not blank, from the one that begins here.
    pub(super) fn end_of_blank_lines(&self, line_start: usize) -> usize {
        let rest = &self.text()[line_start..];
        let lines = rest.split_inclusive('\n').take_while(|line| line.ends_with('\n') && line.trim().is_empty());
        line_start + lines.map(str::len).sum::<usize>()
    }

    /// The end of the last text before a byte that is no blank, line break or comment.
    pub(super) fn end_of_token_before(&self, mut at: usize) -> usize {
        loop {
            at = self.text[..at].trim_end().len();
            let comment = self.comments.partition_point(|comment| comment.range.end < at);
            match self.comments.get(comment) {
                // Blanks at the end of a comment belong to it.
                Some(comment) if comment.range.start < at => at = comment.range.start,
                _ => return at,
            }
        }
    }

    /// The `-` of a block sequence's item, given the start of the item: before that are only
    /// blanks, line breaks and comments.
    pub(super) fn dash_before(&self, item: usize) -> usize {
        let at = self.end_of_token_before(item);
        // The span of an empty item is at its `-` or directly after it.
        if self.text[..at].ends_with('-') { at - 1 } else { item }
    }

    /// The last leaf below a node.
    fn last_leaf(&self, id: Id) -> Id {
        match self.nodes.get(id).content {
            Content::Sequence { items, .. } => items.last().map_or(id, |last| self.last_leaf(last)),
            Content::Mapping { entries, .. } => entries.last().map_or(id, |(_, value)| self.last_leaf(value)),
            _ => id,
        }
    }

    /// The end of the lines of comments directly below a place that are indented deeper than a
    /// column: they belong to the node above.
    pub(super) fn end_with_deeper_comments(&self, offset: usize, column: usize) -> usize {
        let mut end = offset;
        while let Some(next) = self.lines().next(end) {
            let line = self.lines().line(self.text(), next);
            let comment = self.comments_in(&line).next().filter(|comment| !comment.trailing);
            match comment.filter(|comment| self.column(comment.range.start) > column) {
                Some(comment) => end = comment.range.end,
                None => break,
            }
        }
        end
    }

    /// The end of the comments below an entry or item that are its own, given the end of its line,
    /// its column and its last node: those indented deeper, and those that look like further items
    /// of a sequence that is not indented. Blank lines may be between them.
    pub(super) fn end_of_own_comments(&self, offset: usize, column: usize, last: Id) -> usize {
        let Some(next) = self.lines().next(offset) else { return offset };
        let is_sequence = matches!(self.nodes.get(last).content, Content::Sequence { style: Style::Block, .. });
        let has_its_column = is_sequence && self.column(self.dash_before(self.first_item(last))) == column;
        let mut end = offset;
        let mut next = Some(next);
        while let Some(start) = next {
            let line = self.lines().line(self.text(), start);
            let comment = self.comments_in(&line).next().filter(|comment| !comment.trailing);
            let is_own = |comment: &Comment| {
                let deeper = self.column(comment.range.start).checked_sub(column);
                let is_item =
                    || self.text()[comment.range.clone()].trim_start_matches('#').trim_start().starts_with("- ");
                deeper.is_some_and(|deeper| deeper > 0 || has_its_column && is_item())
            };
            match comment.filter(|comment| is_own(comment)) {
                Some(comment) => end = comment.range.end,
                None if self.text()[line.clone()].trim().is_empty() && line.end > line.start => {}
                None => break,
            }
            next = self.lines().next(start);
        }
        end
    }

    /// Where the first item of a sequence begins, behind its dash.
    fn first_item(&self, sequence: Id) -> usize {
        match self.nodes.get(sequence).content {
            Content::Sequence { mut items, .. } => items.next().map_or(0, |first| self.nodes.get(first).whole().start),
            _ => 0,
        }
    }

    /// Whether a node ends in a block scalar.
    pub(super) fn ends_in_block(&self, id: Id) -> bool {
        matches!(self.nodes.get(self.last_leaf(id)).content, Content::Scalar { notation: Notation::Block { .. }, .. })
    }

    /// Whether the text before a place ends in a block scalar, blank lines aside.
    pub(super) fn ends_block_scalar(&self, offset: usize) -> bool {
        let end = self.text()[..offset].trim_end().len();
        let is_block = |content: &Content| matches!(content, Content::Scalar { notation: Notation::Block { .. }, .. });
        self.nodes.iter().any(|node| is_block(&node.content) && node.span.end.max(node.span.start) == end)
    }

    /// Whether the text before a place ends in a block scalar that keeps the blank lines after it.
    pub(super) fn follows_kept_block(&self, offset: usize) -> bool {
        let is_kept =
            |content: &Content| matches!(content, Content::Scalar { notation: Notation::Block { keep: true }, .. });
        let ends_here = |end: usize| end <= offset && self.text()[end..offset].trim().is_empty();
        self.nodes.iter().any(|node| is_kept(&node.content) && ends_here(node.span.end))
    }

    /// Whether a node ends in a block scalar that keeps the blank lines after it, so that nothing
    /// can be added after it without changing it.
    pub(super) fn ends_in_kept_block(&self, id: Id) -> bool {
        let last = self.last_leaf(id);
        matches!(self.nodes.get(last).content, Content::Scalar { notation: Notation::Block { keep: true }, .. })
    }
}
