//! A parsed YAML file.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use memchr::memchr_iter;

use super::comments::Comment;
use super::emit::Habits;
use super::error::{Error, Problem};
use super::node::Node;
use super::nodes::{Id, Nodes};
use crate::text::{ContentId, Lines, Position, Splice, SpliceError, Splices};

/// A YAML file: its text, and the nodes and comments in it with their bytes.
#[derive(Debug)]
pub struct Stream {
    pub(super) text: Arc<str>,
    pub(super) nodes: Nodes,
    pub(super) roots: Box<[Id]>,
    /// Where each `---` is.
    pub(super) markers: Box<[usize]>,
    pub(super) comments: Box<[Comment]>,
    /// Whether no key is twice in one mapping, as has been looked at.
    pub(super) has_keys_once: bool,
    /// Few streams of a tree are edited or compared.
    pub(super) kept: OnceLock<Box<Kept>>,
}

/// What is worked out of a stream when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Kept {
    lines: OnceLock<Lines>,
    pub(super) proven: Proven,
    content: OnceLock<ContentId>,
    /// The documents that can be read by themselves.
    pub(super) parts: OnceLock<Vec<Range<usize>>>,
    pub(super) habits: OnceLock<Habits>,
}

/// The edits of a stream that have passed the proof, as all that the proof depends on. Views share
/// their streams, and the same edit is tried on many of them.
#[derive(Debug, Default)]
pub(super) struct Proven(Mutex<BTreeSet<String>>);

impl Proven {
    pub(super) fn has(&self, edit: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(edit)
    }

    pub(super) fn add(&self, edit: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(edit);
    }
}

impl Stream {
    pub(super) fn kept(&self) -> &Kept {
        self.kept.get_or_init(Box::default)
    }

    /// The text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The id of the text.
    pub fn content(&self) -> ContentId {
        *self.kept().content.get_or_init(|| ContentId::of(self.text.as_bytes()))
    }

    /// Edits of the text.
    ///
    /// # Errors
    /// As [`Splices::new`].
    pub fn splices(&self, list: Vec<Splice>) -> Result<Splices, SpliceError> {
        Splices::of_content(self.content(), &self.text, list)
    }

    /// The edited text.
    ///
    /// # Errors
    /// As [`Splices::apply`].
    pub fn apply(&self, splices: &Splices) -> Result<String, SpliceError> {
        splices.apply_to(self.content(), &self.text)
    }

    /// The root nodes of the documents that have one, in order.
    pub fn documents(&self) -> impl ExactSizeIterator<Item = Node<'_>> {
        self.roots.iter().map(|id| Node { stream: self, id: *id })
    }

    /// The root node of a document.
    pub fn document(&self, index: usize) -> Option<Node<'_>> {
        self.roots.get(index).map(|id| Node { stream: self, id: *id })
    }

    /// The comments, in order.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// The place of a byte, to show to the user.
    pub fn position(&self, offset: usize) -> Position {
        self.lines().position(&self.text, offset)
    }

    /// The bytes of a line, from 1, without its line break; `None` if there is no such line.
    pub fn line(&self, number: usize) -> Option<Range<usize>> {
        let line = self.lines().nth(&self.text, number.checked_sub(1)?)?;
        Some(line.start..self.line_end(line.start))
    }

    pub(super) fn error(&self, range: Range<usize>, problem: Problem) -> Error {
        Error { problem, at: self.position(range.start), range }
    }

    /// The number of the line that holds a byte, from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        // Most places that are asked for are near the beginning: to count is quicker there than to find all lines.
        const NEAR: usize = 4096;
        match offset {
            ..=NEAR => memchr_iter(b'\n', &self.text.as_bytes()[..offset]).count() + 1,
            _ => self.lines().number(offset) + 1,
        }
    }

    pub(super) fn lines(&self) -> &Lines {
        self.kept().lines.get_or_init(|| Lines::of(&self.text))
    }
}
