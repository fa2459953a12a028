//! Editing a stream: operations on its nodes, collected and then proven at once.

mod anchors;
mod mapping;
mod nested;
mod order;
mod sequence;
mod slots;
#[cfg(test)]
mod tests;
mod value;

use std::ops::Range;

pub use order::Order;

use super::comments::{CommentFate, Fate};
use super::emit::New;
use super::error::{Error, Problem};
use super::node::{Content, Id, Node, Stored, Style};
use super::operation::{Operation, Path, What};
use super::{Stream, proof};
use crate::text::{Splice, SpliceError, Splices};

/// Operations on the nodes of one stream. Nodes are those of the stream as it was read: operations do not see each other, and two that touch
/// the same bytes are refused.
///
/// ```
/// use flux_codemod::yaml::{Edit, Fate, New, Stream};
///
/// let stream = Stream::parse("a:\n  b: 1 # one\n  c: 2\n").unwrap();
/// let root = stream.documents().next().unwrap();
/// let mut edit = Edit::of(&stream);
/// edit.replace_entry(root, "a", "z", &New::string("yes"), |_| Fate::Moved).unwrap();
/// let edited = edit.finish().unwrap();
/// assert_eq!(edited.splices.apply(stream.text()).unwrap(), "# one\nz: \"yes\"\n");
/// ```
#[derive(Debug)]
pub struct Edit<'s> {
    stream: &'s Stream,
    splices: Vec<Splice>,
    operations: Vec<Operation>,
    fates: Vec<CommentFate>,
    /// Those of comments in block scalars, which are none of the stream's own.
    nested_fates: Vec<CommentFate>,
    added: Vec<String>,
    move_anchors: bool,
}

/// An edit that both parsers agree on.
#[derive(Clone, Debug)]
pub struct Edited {
    /// What changes in the text.
    pub splices: Splices,
    /// What became of each comment in a removed range.
    pub comments: Vec<CommentFate>,
}

/// Where an entry of a mapping goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'k> {
    /// Before the first entry, and before the comments above it.
    First,
    /// After the last entry.
    Last,
    /// Before the entry with this key, and before the comments above it.
    Before(&'k str),
    /// After the entry with this key.
    After(&'k str),
}

/// What is left where the last child of a collection is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emptied {
    /// `[]` or `{}`.
    Brackets,
    /// Nothing: the entry that holds the collection goes, too.
    NoEntry,
}

impl<'s> Edit<'s> {
    /// An edit of this stream, with nothing in it yet.
    pub fn of(stream: &'s Stream) -> Edit<'s> {
        Edit {
            stream,
            splices: Vec::new(),
            operations: Vec::new(),
            fates: Vec::new(),
            nested_fates: Vec::new(),
            added: Vec::new(),
            move_anchors: false,
        }
    }

    /// From here on, an anchor in a removed range that is used elsewhere moves to its first remaining use, instead of being refused. What the
    /// text says as data stays the same, which the proof sees to.
    pub fn moving_anchors(mut self) -> Edit<'s> {
        self.move_anchors = true;
        self
    }

    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.splices.is_empty()
    }

    /// Proves the edit: both parsers read the new text as their own reading of the old text with the operations applied, and every
    /// comment is still there or accounted for.
    ///
    /// # Errors
    /// If one of them does not.
    pub fn finish(self) -> Result<Edited, Error> {
        let Edit { stream, splices, operations, mut fates, nested_fates, added, .. } = self;
        let first = splices.iter().min_by_key(|splice| splice.range.start);
        let range = first.map_or(0..0, |splice| splice.range.clone());
        let error = |problem| stream.error(range.clone(), problem);
        let splices = Splices::new(stream.text(), splices).map_err(|cause| match cause {
            SpliceError::Overlap(..) => error(Problem::Overlap),
            other => error(Problem::ParsersDisagree(other.to_string())),
        })?;
        proof::prove(stream, &splices, &operations, &fates, &added).map_err(error)?;
        fates.extend(nested_fates);
        Ok(Edited { splices, comments: fates })
    }

    /// Puts a comment on lines of its own directly above an entry or item, at its indentation. Without `#`, which is added.
    ///
    /// # Errors
    /// If the child does not begin its line, or the text holds what ends a comment.
    pub fn add_comment_above(&mut self, child: Node<'s>, text: &str) -> Result<(), Error> {
        let start = self.child_start(child);
        if !self.stream.begins_its_line(start) {
            return Err(self.unsupported(child, "a comment above something that does not begin its line"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(self.unsupported(child, "a comment with control characters"));
        }
        let ending = self.stream.lines().ending(self.stream.text(), start).to_owned();
        let indentation = " ".repeat(self.stream.column(start));
        let line_start = self.stream.line_start(start);
        let mut with = String::new();
        for line in text.lines() {
            let comment = format!("# {line}").trim_end().to_owned();
            with.push_str(&format!("{indentation}{comment}{ending}"));
            self.added.push(comment);
        }
        self.splices.push(Splice { range: line_start..line_start, with });
        Ok(())
    }

    /// Puts a comment behind an entry or item, on the line where it ends. Without `#`, which is added.
    ///
    /// # Errors
    /// If something else stands behind it there already, if it ends in a block scalar, or if the text is of several lines.
    pub fn add_comment_beside(&mut self, child: Node<'s>, text: &str) -> Result<(), Error> {
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(self.unsupported(child, "a comment of several lines beside something"));
        }
        let end = child.range().end;
        let line_end = self.stream.line_content_end(end);
        if line_end != end || self.stream.ends_in_block(child.id) {
            return Err(self.unsupported(child, "a comment beside something that does not end its line"));
        }
        let comment = format!("# {text}").trim_end().to_owned();
        self.splices.push(Splice { range: end..end, with: format!(" {comment}") });
        self.added.push(comment);
        Ok(())
    }

    /// Puts a document at the end of the stream, with comments above its content. Comments without `#`, which is added.
    ///
    /// # Errors
    /// If the stream has no document yet, or its last one ends in the middle of a block scalar.
    pub fn append_document(&mut self, comments: &[&str], document: &New) -> Result<(), Error> {
        let text = self.stream.text();
        let Some(last) = self.stream.roots.last() else {
            return Err(self.stream.error(0..0, Problem::Unsupported("a document after nothing: make a file of it")));
        };
        let ending = self.stream.lines().ending(text, text.len()).to_owned();
        if !text.ends_with('\n') && self.stream.ends_in_block(*last) {
            let whole = self.whole(*last);
            return Err(self
                .stream
                .error(whole, Problem::Unsupported("a document after a block scalar that does not end its line")));
        }
        let before = if text.ends_with('\n') { String::new() } else { ending.clone() };
        let with = format!("{before}---{ending}{}", document.document(comments, &ending));
        self.added.extend(comments.iter().map(|comment| format!("# {comment}").trim_end().to_owned()));
        self.splices.push(Splice { range: text.len()..text.len(), with });
        self.operations.push(Operation {
            document: self.stream.roots.len(),
            path: Path::new(),
            what: What::AppendDocument(document.clone()),
        });
        Ok(())
    }

    fn unsupported(&self, node: Node<'_>, what: &'static str) -> Error {
        self.stream.error(node.range(), Problem::Unsupported(what))
    }

    /// A collection that stands here itself: editing it through an alias would change it elsewhere.
    fn stored(&self, node: Node<'s>) -> Result<&'s Stored, Error> {
        match node.stored().content {
            Content::Alias { .. } => Err(self.unsupported(node, "this value is an alias: it stands elsewhere")),
            _ => Ok(node.stored()),
        }
    }

    fn node(&self, id: Id) -> Node<'s> {
        Node { stream: self.stream, id }
    }

    fn whole(&self, id: Id) -> Range<usize> {
        self.stream.nodes[id].whole()
    }

    /// Where a child of a collection begins: at its key, at its dash, or, in flow and at the root, at itself.
    fn child_start(&self, child: Node<'s>) -> usize {
        let start = child.range().start;
        match child.stored().parent.map(|parent| &self.stream.nodes[parent].content) {
            Some(Content::Sequence { style: Style::Block, .. }) => self.stream.dash_before(start),
            Some(Content::Mapping { entries, .. }) => {
                let own = entries.iter().find(|(_, value)| *value == child.id);
                own.map_or(start, |(key, _)| self.whole(*key).start)
            }
            _ => start,
        }
    }

    /// Notes what an operation does to the data.
    ///
    /// # Errors
    /// [`Problem::AnchorInUse`] inside a node that an alias repeats elsewhere: there it would change, too.
    fn record(&mut self, id: Id, what: What) -> Result<(), Error> {
        self.refuse_if_repeated(id, matches!(what, What::Set(_)))?;
        let mut path: Path = Vec::new();
        let mut child = id;
        while let Some(parent) = self.stream.nodes[child].parent {
            let at = match &self.stream.nodes[parent].content {
                Content::Sequence { items, .. } => items.iter().position(|item| *item == child),
                Content::Mapping { entries, .. } => entries.iter().position(|(_, value)| *value == child),
                _ => None,
            };
            path.push(at.unwrap_or(usize::MAX));
            child = parent;
        }
        path.reverse();
        let document = self.stream.roots.iter().position(|root| *root == child).unwrap_or(usize::MAX);
        self.operations.push(Operation { document, path, what });
        Ok(())
    }

    /// Settles the comments of a removed range. Gives the moved ones, in order.
    ///
    /// # Errors
    /// If one is to move and there is no place for it.
    fn take_comments(
        &mut self,
        range: &Range<usize>,
        can_move: bool,
        fate: impl Fn(&str) -> Fate,
    ) -> Result<Vec<String>, Error> {
        let mut moved = Vec::new();
        for comment in self.stream.comments_in(range) {
            let text = self.stream.text()[comment.range.clone()].to_owned();
            let fate = fate(&text);
            if fate == Fate::Moved {
                if !can_move {
                    return Err(self.stream.error(comment.range.clone(), Problem::CommentLost(text)));
                }
                moved.push(text.clone());
            }
            self.fates.push(CommentFate { text, line: comment.line, fate });
        }
        Ok(moved)
    }
}
