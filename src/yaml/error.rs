//! What can be wrong with a text or an edit of it, with a place and a stable code.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use thiserror::Error;

use crate::text::Position;

/// Why a text could not be read or edited, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{problem}")]
pub struct Error {
    /// What is wrong.
    pub problem: Problem,
    /// Where it is wrong.
    pub at: Position,
    /// The bytes that are wrong.
    pub range: Range<usize>,
}

impl Error {
    /// The error as a compiler would show it: code, message, and the lines of the text with the
    /// place marked. Without colours.
    pub fn render(&self, path: &str, text: &str) -> String {
        // The text may be another one than that of the place.
        let end = text.ceil_char_boundary(self.range.end.min(text.len()));
        let range = text.floor_char_boundary(self.range.start.min(end))..end;
        let snippet = Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(range));
        let title = self.problem.to_string();
        let group = Level::ERROR.primary_title(&title).id(self.problem.code()).element(snippet);
        Renderer::plain().render(&[group])
    }
}

/// What can be wrong with a text, or with an edit of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Problem {
    /// It is not YAML.
    #[error("{0}")]
    Syntax(String),
    /// The two parsers do not agree on the text, or on the edit of it.
    #[error("two YAML parsers read this differently: {0}")]
    ParsersDisagree(String),
    /// A removed node has an anchor that is used outside of the removed range.
    #[error("the anchor `&{anchor}` is used elsewhere in the file (line {used_at})")]
    AnchorInUse {
        /// The name of the anchor.
        anchor: String,
        /// The line of the first use outside.
        used_at: usize,
    },
    /// The key is in its mapping twice.
    #[error("the key `{0}` is twice in one mapping")]
    DuplicateKey(String),
    /// The key is missing, or only there through a merge key (`<<`).
    #[error("this mapping has no key `{0}` itself (merge keys do not count)")]
    NoSuchKey(String),
    /// A shape that this editor does not edit.
    #[error("{0}")]
    Unsupported(&'static str),
    /// A comment would be lost without a stated reason.
    #[error("the comment `{0}` would be lost")]
    CommentLost(String),
    /// Two operations of one edit touch the same bytes.
    #[error("two operations touch the same bytes")]
    Overlap,
}

impl Problem {
    /// The stable code of this problem.
    pub fn code(&self) -> &'static str {
        match self {
            Problem::Syntax(_) => "broken-yaml",
            Problem::ParsersDisagree(_) => "parsers-disagree",
            Problem::AnchorInUse { .. } => "anchor-in-use",
            Problem::DuplicateKey(_) => "duplicate-key",
            Problem::NoSuchKey(_) => "inherited-key",
            Problem::Unsupported(_) => "unsupported-yaml",
            Problem::CommentLost(_) => "comment-lost",
            Problem::Overlap => "edits-overlap",
        }
    }
}
