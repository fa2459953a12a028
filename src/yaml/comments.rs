//! Comments of a text, and what becomes of those in a removed range.

use std::ops::Range;

/// A comment of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its bytes, from `#` to the end of the line, without the line break.
    pub range: Range<usize>,
    /// Its line, from 1.
    pub line: usize,
    /// Whether anything else is before it on its line.
    pub trailing: bool,
}

/// What became of one comment in a range that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentFate {
    /// The comment as it was, `#` included.
    pub text: String,
    /// The line where it was, from 1.
    pub line: usize,
    /// The bytes where it was, in the file: also for a comment in a block scalar that was edited as
    /// YAML.
    pub range: Range<usize>,
    /// What became of it.
    pub fate: Fate,
}

/// What can become of a comment in a range that is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is now on a separate line directly above what replaces the range.
    Moved,
    /// It was removed, for this reason.
    Dropped(String),
}

/// A comment with this text, on one line.
pub(super) fn written(text: &str) -> String {
    format!("# {text}").trim_end().to_owned()
}
