//! Operations on comments, and the fates of comments in removed ranges.

use std::ops::Range;

use super::{Edit, Error, Node, Problem, Splice};
use crate::yaml::comments::{Comment, CommentFate, Fate, written};

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

    /// Whether a comment moves with an anchored node.
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
            if fate == Fate::Moved {
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
