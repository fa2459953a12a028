use std::ops::Range;

/// A comment of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its bytes, from `#` to the end of the line, without the line break.
    pub range: Range<usize>,
    /// Its line, from 1.
    pub line: usize,
    /// Whether something stands before it on its line.
    pub trailing: bool,
}

/// What became of one comment in a range that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentFate {
    /// The comment as it stood, `#` included.
    pub text: String,
    /// The line where it stood, from 1.
    pub line: usize,
    /// The bytes where it stood. Those of a comment in a block scalar that was edited as YAML are of the file, too.
    pub range: Range<usize>,
    /// What became of it.
    pub fate: Fate,
}

/// What can become of a comment in a range that is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stands on a line of its own directly above what replaces the range.
    Moved,
    /// It is gone, for this reason.
    Dropped(String),
}

/// A comment with this text, on one line.
pub(super) fn written(text: &str) -> String {
    format!("# {text}").trim_end().to_owned()
}
