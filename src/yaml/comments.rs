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
    /// It is still where it was, on a separate line.
    Stays,
    /// It was taken off with the item that it belongs to, and is written where that goes
    /// ([`New::Commented`](super::New::Commented)).
    Taken,
    /// It has another text, or another place with the same meaning.
    Rewritten,
    /// It was removed, for this reason.
    Dropped(String),
}

impl Fate {
    /// Whether the comment is still in the text after the edit that decided on it.
    pub fn is_kept(&self) -> bool {
        matches!(self, Fate::Moved | Fate::Stays)
    }
}

/// The comments that belong to an item of a sequence, as they are written, `#` included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attached {
    /// Those on the lines directly above it, at its indentation.
    pub above: Vec<String>,
    /// The one at the end of its line.
    pub beside: Option<String>,
    /// Those on the lines directly below it, indented deeper than its dash.
    pub below: Vec<String>,
}

impl Attached {
    /// All of them, in their order.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.above.iter().chain(&self.beside).chain(&self.below)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }
}

/// A comment with this text, on one line.
pub(super) fn written(text: &str) -> String {
    format!("# {text}").trim_end().to_owned()
}
