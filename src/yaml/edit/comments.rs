//! Operations on comments, and the fates of comments in removed ranges.

use std::ops::Range;

use super::{Edit, Error, Node, Problem, Splice};
use crate::yaml::comments::{Attached, Comment, CommentFate, Fate, written};

impl<'s> Edit<'s> {
    /// Puts a comment on separate lines directly above an entry or item, at its indentation. Give
    /// the text without `#`, which is added.
    ///
    /// # Errors
    /// If the child does not begin its line, or the text contains a character that ends a comment.
    pub fn add_comment_above(&mut self, child: Node<'s>, text: &str) -> Result<(), Error> {
        let start = self.child_start(child);
        if !self.stream.begins_its_line(start) {
            return Err(self.unsupported(child, "a comment above something that is not at the beginning of its line"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(self.unsupported(child, "a comment with control characters"));
        }
        let ending = self.stream.lines().ending(self.stream.text(), start).to_owned();
        let indentation = " ".repeat(self.stream.column(start));
        let line_start = self.stream.line_start(start);
        let mut with = String::new();
        for line in text.lines() {
            let comment = written(line);
            with.push_str(&format!("{indentation}{comment}{ending}"));
            self.added.push(comment);
        }
        self.splices.push(Splice { range: line_start..line_start, with });
        Ok(())
    }

    /// Records the comments of a new node, and returns them as they are written.
    ///
    /// # Errors
    /// If one contains a character that ends a comment.
    pub(super) fn comments_to_add(&mut self, at: Node<'s>, comments: &[&str]) -> Result<Vec<String>, Error> {
        if comments.iter().any(|text| text.chars().any(|c| c.is_control() && c != '\t')) {
            return Err(self.unsupported(at, "a comment with control characters"));
        }
        let comments: Vec<String> = comments.iter().map(|comment| written(comment)).collect();
        self.added.extend(comments.iter().cloned());
        Ok(comments)
    }

    /// Puts a comment after an entry or item, on the line where it ends. Give the text without `#`,
    /// which is added.
    ///
    /// # Errors
    /// If something else follows it on that line, if it ends in a block scalar, or if the text has
    /// several lines.
    pub fn add_comment_beside(&mut self, child: Node<'s>, text: &str) -> Result<(), Error> {
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(self.unsupported(child, "a comment of several lines at the end of a line"));
        }
        let end = child.range().end;
        let line_end = self.stream.line_content_end(end);
        if line_end != end || self.stream.ends_in_block(child.id) {
            return Err(self.unsupported(child, "a comment at the end of a line with something else behind it"));
        }
        let comment = written(text);
        self.splices.push(Splice { range: end..end, with: format!(" {comment}") });
        self.added.push(comment);
        Ok(())
    }

    /// Replaces a comment. Give the text without `#`, which is added.
    ///
    /// # Errors
    /// If the text contains a character that ends a comment.
    pub fn set_comment(&mut self, comment: &Comment, text: &str, because: &str) -> Result<(), Error> {
        if text.chars().any(|c| c.is_control() && c != '\t') {
            let problem = Problem::Unsupported("replacing a comment by several lines");
            return Err(self.stream.error(comment.range.clone(), problem));
        }
        let (old, new) = (self.stream.text()[comment.range.clone()].to_owned(), written(text));
        if old == new {
            return Ok(());
        }
        let (range, line) = (comment.range.clone(), comment.line);
        self.fates.push(CommentFate { text: old, line, range: range.clone(), fate: Fate::Dropped(because.to_owned()) });
        self.added.push(new.clone());
        self.splices.push(Splice { range, with: new });
        Ok(())
    }

    /// Takes off the comments that belong to an item, to be written where it goes: those directly
    /// above at its indentation, the one on its line, and those directly below that are indented
    /// deeper. One for which `stays` is true is about something else, and so are those above it.
    /// The item is to be removed by this edit, too. An item that shares its line has no comments.
    ///
    /// # Errors
    /// If this is not a sequence.
    pub fn take_comments_of_item(
        &mut self,
        sequence: Node<'s>,
        at: usize,
        stays: impl Fn(&str) -> bool,
    ) -> Result<Attached, Error> {
        let (stream, slots) = (self.stream, self.slots(sequence)?);
        let child = slots.child(at);
        let line_end = stream.line_end(child.end);
        let shares_line = at + 1 < slots.len() && slots.child(at + 1).start < line_end;
        if shares_line || !stream.begins_its_line(child.start) {
            return Ok(Attached::default());
        }
        let mut above: Vec<_> =
            stream.comments_in(&(stream.start_with_comments_above(child.start)..child.start)).collect();
        let about_others = above.iter().rposition(|comment| stays(&stream.text()[comment.range.clone()]));
        above.drain(..about_others.map_or(0, |last| last + 1));
        let beside = stream.comments_in(&(child.end..line_end)).next();
        let below = stream.end_with_deeper_comments(line_end, stream.column(child.start));
        let below: Vec<_> = stream.comments_in(&(line_end..below)).collect();
        let mut take = |comment: &Comment| {
            let (text, range) = (stream.text()[comment.range.clone()].to_owned(), comment.range.clone());
            self.carried.push(range.clone());
            self.fates.push(CommentFate { text: text.clone(), line: comment.line, range, fate: Fate::Taken });
            text
        };
        Ok(Attached {
            above: above.into_iter().map(&mut take).collect(),
            beside: beside.map(&mut take),
            below: below.into_iter().map(&mut take).collect(),
        })
    }

    /// Puts comments that were taken off an item on separate lines directly above an entry, where
    /// they have no place in its value.
    ///
    /// # Errors
    /// If the entry does not begin its line.
    pub fn add_taken_above(&mut self, child: Node<'s>, comments: &Attached) -> Result<(), Error> {
        let lines: Vec<String> = comments.all().cloned().collect();
        self.added.extend(lines.iter().cloned());
        self.put_lines_above(child, &lines)
    }

    /// Puts all comments of an entry, which is to be removed by this edit, on separate lines
    /// directly above another.
    ///
    /// # Errors
    /// If there is no such entry, or the other one does not begin its line.
    pub fn move_comments_of_entry(&mut self, mapping: Node<'s>, key: &str, to: Node<'s>) -> Result<(), Error> {
        let (slots, entry) = (self.slots(mapping)?, self.entry(mapping, key)?);
        let child = slots.child(entry.at);
        let mut lines = Vec::new();
        for mut range in slots.removal(entry.at)? {
            range.end = self.stream.end_with_deeper_comments(child.end, self.stream.column(child.start)).max(range.end);
            lines.extend(self.take_comments(&range, true, |_| Fate::Moved)?);
            self.carried.push(range);
        }
        self.put_lines_above(to, &lines)
    }

    fn put_lines_above(&mut self, child: Node<'s>, lines: &[String]) -> Result<(), Error> {
        let start = self.child_start(child);
        if !self.stream.begins_its_line(start) {
            return Err(self.unsupported(child, "a comment above something that is not at the beginning of its line"));
        }
        let ending = self.stream.lines().ending(self.stream.text(), start);
        let indentation = " ".repeat(self.stream.column(start));
        let with: String = lines.iter().map(|line| format!("{indentation}{line}{ending}")).collect();
        let at = self.stream.line_start(start);
        match self.splices.iter_mut().find(|there| there.range == (at..at)) {
            Some(there) => there.with.push_str(&with),
            None if with.is_empty() => {}
            None => self.splices.push(Splice { range: at..at, with }),
        }
        Ok(())
    }

    /// The range of a removed child, extended over the comments below it that were taken off it.
    pub(super) fn with_taken_below(&self, mut range: Range<usize>, column: usize) -> Range<usize> {
        let stream = self.stream;
        while stream.line_start(range.end) == range.end {
            let line = stream.lines().line(stream.text(), range.end);
            let comment = stream.comments_in(&line).next().filter(|comment| !comment.trailing);
            let is_taken =
                |comment: &Comment| self.is_carried(&comment.range) && stream.column(comment.range.start) > column;
            if !comment.is_some_and(is_taken) {
                break;
            }
            range.end = line.end;
        }
        range
    }

    /// Whether a comment moves with an anchored node, or was taken off an item.
    pub(super) fn is_carried(&self, comment: &Range<usize>) -> bool {
        self.carried.iter().any(|node| node.contains(&comment.start))
    }

    /// Decides on the comments of a removed range. Returns the ones to move, in order.
    ///
    /// # Errors
    /// If one is to be moved and there is no place for it.
    pub(super) fn take_comments(
        &mut self,
        range: &Range<usize>,
        can_move: bool,
        fate: impl Fn(&str) -> Fate,
    ) -> Result<Vec<String>, Error> {
        let mut moved = Vec::new();
        let comments: Vec<_> =
            self.stream.comments_in(range).filter(|comment| !self.is_carried(&comment.range)).collect();
        for comment in comments {
            let text = self.stream.text()[comment.range.clone()].to_owned();
            let fate = fate(&text);
            if fate.is_kept() {
                if !can_move {
                    return Err(self.stream.error(comment.range.clone(), Problem::CommentLost(text)));
                }
                moved.push(text.clone());
            }
            self.fates.push(CommentFate { text, line: comment.line, range: comment.range.clone(), fate });
        }
        Ok(moved)
    }
}
