//! Writes new nodes, in the layout of their neighbours.

use super::node::{Content, Notation, Style};
use super::nodes::Id;
use super::plain::reads_as_string;
use super::{Attached, Stream, comments};

/// A node to be written. Existing YAML is never printed; this is the only thing that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum New {
    /// A string, quoted if some parser would read the plain text as something else.
    String(String),
    /// A scalar that is meant as what it looks like: a number, `true`.
    Plain(String),
    /// A string that may have several lines; as [`New::String`] if it has one.
    Text(String),
    /// A sequence.
    Sequence(Vec<New>),
    /// A mapping, in this order.
    Mapping(Vec<(String, New)>),
    /// An item of a sequence in block style, with its comments. Elsewhere comments have no place,
    /// so the proof refuses the edit.
    Commented(Box<New>, Attached),
    /// An alias of what has this anchor, which is this. That it is so the proof sees.
    Alias(String, Box<New>),
}

impl New {
    /// A string.
    pub fn string(text: impl Into<String>) -> New {
        New::String(text.into())
    }

    /// A mapping with these entries.
    pub fn mapping<K: Into<String>>(entries: impl IntoIterator<Item = (K, New)>) -> New {
        New::Mapping(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// An item with the comments that belong to it.
    pub fn with_comments(self, comments: Attached) -> New {
        if comments.is_empty() { self } else { New::Commented(Box::new(self), comments) }
    }

    /// The comments of all items in it.
    pub(super) fn comments(&self) -> Vec<String> {
        match self {
            New::Commented(item, attached) => attached.all().cloned().chain(item.comments()).collect(),
            New::Sequence(items) => items.iter().flat_map(New::comments).collect(),
            New::Mapping(entries) => entries.iter().flat_map(|(_, value)| value.comments()).collect(),
            New::String(_) | New::Plain(_) | New::Text(_) | New::Alias(..) => Vec::new(),
        }
    }

    /// The whole text of a new document, without `---`: comments (without `#`, which is added),
    /// then a block at column 0.
    pub fn document(&self, comments: &[&str], ending: &str) -> String {
        let layout = Layout { ending: ending.to_owned(), ..Layout::default() };
        let mut out: String = comments.iter().map(|comment| comments::written(comment) + ending).collect();
        out.push_str(&layout.block(self, 0));
        out.push_str(ending);
        out
    }
}

/// The layout of new nodes, which is that of their neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Columns per level.
    pub(super) step: usize,
    /// Whether the `-` of a sequence in a mapping is indented deeper than the key.
    pub(super) indented_sequences: bool,
    /// `'` or `"`.
    pub(super) quote: char,
    /// The line ending.
    pub(super) ending: String,
    /// Whether keys are quoted, as all those beside them are.
    pub(super) quoted_keys: bool,
    /// Whether strings are quoted, as in JSON.
    pub(super) quoted_strings: bool,
    /// Whether text of several lines may become a block scalar.
    pub(super) block_scalars: bool,
}

/// How a stream is laid out.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    /// Where block mappings in block mappings have their keys, and how many columns deeper they are.
    steps: Vec<(usize, usize)>,
    /// Where block sequences in block mappings have their keys, and whether their `-` is deeper.
    sequences: Vec<(usize, bool)>,
    /// `'` or `"`.
    quote: char,
}

impl Habits {
    fn of(stream: &Stream) -> Habits {
        let mut steps: Vec<(usize, usize)> = Vec::new();
        let mut sequences: Vec<(usize, bool)> = Vec::new();
        let (mut single, mut double) = (0, 0);
        for node in stream.nodes.iter() {
            match node.content {
                Content::Mapping { style: Style::Block, entries } => {
                    for (key, value) in entries {
                        let (key, value) = (stream.nodes.get(key).whole(), stream.nodes.get(value));
                        let deeper = stream.column(value.span.start).checked_sub(stream.column(key.start));
                        let below = stream.lines().number(value.span.start) > stream.lines().number(key.start);
                        match (&value.content, deeper) {
                            (Content::Mapping { style: Style::Block, .. }, Some(step)) if below && step > 0 => {
                                steps.push((key.start, step));
                            }
                            (Content::Sequence { style: Style::Block, .. }, Some(step)) => {
                                sequences.push((key.start, step > 0));
                            }
                            _ => {}
                        }
                    }
                }
                Content::Scalar { notation: Notation::Quoted, .. } => match &stream.text()[node.span.clone()] {
                    text if text.starts_with('\'') => single += 1,
                    _ => double += 1,
                },
                _ => {}
            }
        }
        steps.sort_unstable();
        sequences.sort_unstable();
        Habits { steps, sequences, quote: if single > double { '\'' } else { '"' } }
    }
}

/// What is said nearest to a byte; the smaller of two at the same distance.
fn nearest<T: Copy + Ord>(all: &[(usize, T)], offset: usize) -> Option<T> {
    let after = all.partition_point(|(at, _)| *at < offset);
    let around = [after.checked_sub(1), Some(after)];
    let found = around.into_iter().flatten().filter_map(|place| all.get(place));
    found.map(|(at, what)| (at.abs_diff(offset), *what)).min().map(|(_, what)| what)
}

impl Default for Layout {
    fn default() -> Layout {
        Layout {
            step: 2,
            indented_sequences: true,
            quote: '"',
            ending: "\n".into(),
            quoted_keys: false,
            quoted_strings: false,
            block_scalars: true,
        }
    }
}

impl Layout {
    /// The layout of a stream around one of its bytes: indentation and sequence style of the
    /// nearest collection, quotes as most are.
    pub(super) fn near(stream: &Stream, offset: usize) -> Layout {
        let habits = stream.kept().habits.get_or_init(|| Habits::of(stream));
        let default = Layout::default();
        Layout {
            step: nearest(&habits.steps, offset).unwrap_or(default.step),
            indented_sequences: nearest(&habits.sequences, offset).unwrap_or(default.indented_sequences),
            quote: habits.quote,
            ending: stream.lines().ending(stream.text(), offset).to_owned(),
            ..default
        }
    }

    /// This layout for new children of a collection: if all its keys are quoted, new ones are, and
    /// in flow style, as in JSON, strings too.
    pub(super) fn inside(mut self, stream: &Stream, collection: Id) -> Layout {
        let is_quoted =
            |id: Id| matches!(stream.nodes.get(id).content, Content::Scalar { notation: Notation::Quoted, .. });
        let first = match stream.nodes.get(collection).content {
            Content::Mapping { style, entries } => {
                self.quoted_keys = !entries.is_empty() && entries.clone().all(|(key, _)| is_quoted(key));
                self.quoted_strings = self.quoted_keys && style == Style::Flow;
                entries.map(|(key, _)| key).next()
            }
            Content::Sequence { style: Style::Flow, mut items } => {
                self.quoted_strings = !items.is_empty() && items.clone().all(is_quoted);
                items.next()
            }
            _ => None,
        };
        if let Some(first) = first.filter(|_| self.quoted_keys || self.quoted_strings) {
            let single = stream.text()[stream.nodes.get(first).span.start..].starts_with('\'');
            self.quote = if single { '\'' } else { '"' };
        }
        self
    }

    /// A node in block style whose first line is already at `column`; no line break at the end.
    pub(super) fn block(&self, new: &New, column: usize) -> String {
        let separator = format!("{}{}", self.ending, " ".repeat(column));
        match new {
            New::Mapping(entries) if !entries.is_empty() => {
                let entries: Vec<_> = entries.iter().map(|(key, value)| self.entry(key, value, column)).collect();
                entries.join(&separator)
            }
            New::Sequence(items) if !items.is_empty() => {
                let items: Vec<_> = items.iter().map(|item| self.item(item, column)).collect();
                items.join(&separator)
            }
            New::String(text) | New::Text(text) if column > 0 => {
                self.literal(text, column).unwrap_or_else(|| self.scalar(text))
            }
            other => self.flow(other),
        }
    }

    /// `key: value`, with the key already at `column`.
    pub(super) fn entry(&self, key: &str, value: &New, column: usize) -> String {
        let key = self.key(key);
        if self.is_below(value) {
            format!("{key}:{}", self.below(value, column))
        } else {
            format!("{key}: {}", self.value(value, column))
        }
    }

    /// Whether a value in block style is on separate lines below its key.
    pub(super) fn is_below(&self, value: &New) -> bool {
        match value {
            New::Mapping(entries) => !entries.is_empty(),
            New::Sequence(items) => !items.is_empty(),
            New::Commented(item, _) => self.is_below(item),
            New::String(_) | New::Text(_) | New::Plain(_) | New::Alias(..) => false,
        }
    }

    /// The line break after a key at `column`, and the value below it.
    pub(super) fn below(&self, value: &New, column: usize) -> String {
        let indentless = matches!(value, New::Sequence(_)) && !self.indented_sequences;
        let deeper = if indentless { column } else { column + self.step };
        format!("{}{}{}", self.ending, " ".repeat(deeper), self.block(value, deeper))
    }

    /// A value that begins on the line of its key, which is at `column`: text of several lines as a
    /// block scalar.
    pub(super) fn value(&self, value: &New, column: usize) -> String {
        match value {
            New::String(text) | New::Text(text) => {
                self.literal(text, column + self.step).unwrap_or_else(|| self.scalar(text))
            }
            other => self.flow(other),
        }
    }

    /// A `|` block scalar with its lines at `column`; `None` for text that has one line, or that a
    /// block scalar cannot represent for certain.
    fn literal(&self, text: &str, column: usize) -> Option<String> {
        let body = text.trim_end_matches('\n');
        let plain = |c: char| {
            c == '\n'
                || c == '\t'
                || !c.is_control() && c != '\u{feff}' && c != '\u{2028}' && c != '\u{2029}' && c != '\u{85}'
        };
        let certain = self.block_scalars
            && body.contains('\n')
            && text.chars().all(plain)
            && !body.starts_with([' ', '\n', '\t'])
            && body.lines().all(|line| !line.ends_with([' ', '\t']) || line.trim().len() == line.len());
        if !certain || text.len() - body.len() > 1 {
            return None;
        }
        let chomp = if text.len() == body.len() { "-" } else { "" };
        let lines = body
            .split('\n')
            .map(|line| if line.is_empty() { String::new() } else { format!("{}{line}", " ".repeat(column)) });
        Some(format!("|{chomp}{}{}", self.ending, lines.collect::<Vec<_>>().join(&self.ending)))
    }

    /// `- item`, with the `-` already at `column`.
    pub(super) fn item(&self, item: &New, column: usize) -> String {
        let New::Commented(item, attached) = item else { return format!("- {}", self.block(item, column + 2)) };
        let break_to = |column: usize| format!("{}{}", self.ending, " ".repeat(column));
        let text = self.item(item, column);
        // Only the end of one line is certain to be no text.
        let (beside, too_long) = attached.beside.iter().partition::<Vec<_>, _>(|_| !text.contains('\n'));
        let above = attached.above.iter().chain(too_long).map(|comment| format!("{comment}{}", break_to(column)));
        let beside = beside.into_iter().map(|comment| format!(" {comment}"));
        let below = attached.below.iter().map(|comment| format!("{}{comment}", break_to(column + 2)));
        above.chain([text]).chain(beside).chain(below).collect()
    }

    /// A node on one line.
    pub(super) fn flow(&self, new: &New) -> String {
        match new {
            New::String(text) | New::Text(text) => self.scalar(text),
            New::Plain(text) => text.clone(),
            New::Alias(anchor, _) => format!("*{anchor}"),
            New::Commented(item, _) => self.flow(item),
            New::Sequence(items) => {
                let items: Vec<_> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(", "))
            }
            New::Mapping(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(key, value)| format!("{}: {}", self.key(key), self.flow(value))).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// A string: plain if every parser reads it as this string, else in quotes.
    pub(super) fn scalar(&self, text: &str) -> String {
        if reads_as_string(text) && !self.quoted_strings { text.to_owned() } else { self.quoted(text) }
    }

    /// A key.
    pub(super) fn key(&self, text: &str) -> String {
        if reads_as_string(text) && !self.quoted_keys { text.to_owned() } else { self.quoted(text) }
    }

    /// A string in quotes.
    pub(super) fn quoted(&self, text: &str) -> String {
        if self.quote == '\'' && !text.chars().any(char::is_control) {
            format!("'{}'", text.replace('\'', "''"))
        } else {
            // JSON's escapes are YAML's.
            serde_json::Value::from(text).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_the_layout() {
        let new = New::mapping([
            ("kind", New::string("A")),
            (
                "list",
                New::Sequence(vec![
                    New::string("x"),
                    New::mapping([("w", New::Plain("1".into())), ("z", New::string("no"))]),
                ]),
            ),
            ("none", New::Sequence(vec![])),
        ]);
        assert_eq!(new.document(&["c"], "\n"), "# c\nkind: A\nlist:\n  - x\n  - w: 1\n    z: \"no\"\nnone: []\n");
        let layout =
            Layout { step: 4, indented_sequences: false, quote: '\'', ending: "\r\n".into(), ..Layout::default() };
        assert_eq!(layout.block(&new, 2), "kind: A\r\n  list:\r\n  - x\r\n  - w: 1\r\n    z: 'no'\r\n  none: []");
        assert_eq!(layout.flow(&new), "{kind: A, list: [x, {w: 1, z: 'no'}], none: []}");
    }
}
