//! granit-parser's events made into nodes with exact spans. All its traps are here.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle, Tag, options};

use super::comments::Comment;
use super::error::{Error, Problem};
use super::node::{Content, Notation, Stored, Style};
use super::nodes::{Id, New, Nodes};
use super::stream::Stream;
use crate::text::Lines;

/// The usual minimum of bytes per node: memory is reserved for that many nodes, and what is unused
/// is released.
const BYTES_A_NODE: usize = 8;

/// The deepest nesting that both parsers read: that of yaml_serde; granit-parser allows 255.
const NESTING: usize = 127;

impl Stream {
    /// Reads a text with granit-parser.
    ///
    /// # Errors
    /// [`Problem::Syntax`] where it is not YAML, or has 4 GiB.
    pub fn parse(text: impl Into<Arc<str>>) -> Result<Stream, Error> {
        let text = text.into();
        let lines = Lines::of(&text);
        if u32::try_from(text.len()).is_err() {
            let problem = Problem::Syntax("a text of 4 GiB or more".into());
            return Err(Error { problem, at: lines.position(&text, 0), range: 0..0 });
        }
        if let Some(nul) = text.find('\0') {
            let problem = Problem::Syntax("a NUL byte, which YAML does not allow".into());
            return Err(Error { problem, at: lines.position(&text, nul), range: nul..nul + 1 });
        }
        let mut builder = Builder::new(&text, &lines);
        let options = options! {
            emit_anchor_events: true,
            max_buffered_comment_events: usize::MAX,
            block_nesting_limit: NESTING,
            flow_nesting_limit: NESTING,
        };
        for event in Parser::new_from_str_with_options(&text, options) {
            let (event, span) = event.map_err(|error| syntax(&text, &lines, &error))?;
            builder.take(event, &span);
        }
        let Builder { nodes, roots, markers, mut comments, .. } = builder;
        comments.sort_by_key(|comment| comment.range.start);
        let (roots, markers, comments) = (roots.into(), markers.into(), comments.into());
        let kept = OnceLock::new();
        let mut stream = Stream { text: text.clone(), nodes, roots, markers, comments, has_keys_once: false, kept };
        stream.settle_empty_items();
        stream.close_block_collections();
        stream.nodes.shrink();
        Ok(stream)
    }

    /// The trap of empty items: `- # comment` has its item after the comment.
    fn settle_empty_items(&mut self) {
        for id in self.nodes.ids() {
            let Stored { content, span, .. } = self.nodes.get(id);
            if !span.is_empty() || !content.is_scalar() {
                continue;
            }
            let at = self.end_of_token_before(span.start);
            if self.text[..at].ends_with('-') && self.comments_in(&(at..span.start)).next().is_some() {
                self.nodes.set_span(id, at..at);
            }
        }
    }

    /// A block collection begins where its first child begins, for a sequence at the `-` before it,
    /// and ends where its last leaf ends. Children come after their parents, so going backwards
    /// finds them closed.
    fn close_block_collections(&mut self) {
        for id in self.nodes.ids().rev() {
            let Stored { content, span, .. } = self.nodes.get(id);
            let (start, last) = match content {
                Content::Sequence { style: Style::Block, items } => match (items.clone().next(), items.last()) {
                    (Some(first), Some(last)) => (self.dash_before(self.nodes.get(first).whole().start), last),
                    _ => continue,
                },
                Content::Mapping { style: Style::Block, entries } => match (entries.clone().next(), entries.last()) {
                    (Some((first, _)), Some((_, last))) => (self.nodes.get(first).whole().start.min(span.start), last),
                    _ => continue,
                },
                _ => continue,
            };
            let end = self.nodes.get(last).whole().end;
            self.nodes.set_span(id, start..end);
        }
    }
}

fn syntax(text: &str, lines: &Lines, error: &ScanError) -> Error {
    let at = error.marker().byte_offset().map_or(text.len(), |at| at.min(text.len()));
    let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    Error { problem: Problem::Syntax(error.kind().to_string()), at: lines.position(text, at), range: at..end }
}

/// Turns events into nodes.
struct Builder<'t> {
    text: &'t str,
    lines: &'t Lines,
    nodes: Nodes,
    roots: Vec<Id>,
    markers: Vec<usize>,
    comments: Vec<Comment>,
    /// The open collections, the innermost last.
    open: Vec<Id>,
    anchors: HashMap<usize, Id>,
    last: Id,
    /// Where the token before the current node ended, as far as nodes show it.
    seen: usize,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, lines: &'t Lines) -> Builder<'t> {
        Builder {
            text,
            lines,
            nodes: Nodes::with_capacity(text.len() / BYTES_A_NODE),
            roots: Vec::new(),
            markers: Vec::new(),
            comments: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            last: 0,
            seen: 0,
        }
    }

    fn take(&mut self, event: Event<'_>, span: &Span) {
        let range = span.byte_range().expect("a parser over a str gives byte offsets");
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let properties = span.tag_span().and_then(|tag| tag.byte_range());
                let (new, range) = self.scalar(&text, style, range, properties.as_ref());
                self.add(&new, range, properties, anchor, tag.as_deref());
            }
            Event::SequenceStart(style, anchor, tag) => {
                let properties = span.tag_span().and_then(|tag| tag.byte_range());
                let id = self.add(&New::Sequence(style.into()), range, properties, anchor, tag.as_deref());
                self.open.push(id);
            }
            Event::MappingStart(style, anchor, tag) => {
                let properties = span.tag_span().and_then(|tag| tag.byte_range());
                let id = self.add(&New::Mapping(style.into()), range, properties, anchor, tag.as_deref());
                self.open.push(id);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let id = self.open.pop().expect("collections end once");
                self.nodes.close(id);
                let span = self.nodes.get(id).span;
                self.nodes.set_span(id, span.start..span.end.max(range.end));
                if !range.is_empty() {
                    self.seen = range.end;
                }
            }
            Event::Alias(anchor) => {
                let target = self.anchors[&anchor];
                self.add(&New::Alias { target }, range, None, 0, None);
            }
            Event::Anchor(_, name) => {
                let properties = self.nodes.properties_mut(self.last, &range);
                properties.anchor = Some(name.into());
                let tag = &properties.range;
                properties.range = tag.start.min(range.start)..tag.end.max(range.end);
            }
            Event::Comment(..) => {
                let before = &self.text[self.lines.start(range.start)..range.start];
                let trailing = !before.trim_start_matches('\u{feff}').trim().is_empty();
                let line = self.lines.number(range.start) + 1;
                // A `\r` before the line break belongs to the line ending, not to the comment.
                let end = range.start + self.text[range.clone()].trim_end_matches('\r').len();
                self.comments.push(Comment { range: range.start..end, line, trailing });
            }
            Event::DocumentStart(true, _) => {
                self.markers.push(range.start);
                self.seen = range.end;
            }
            _ => {}
        }
    }

    fn add(
        &mut self,
        new: &New<'_>,
        span: Range<usize>,
        properties: Option<Range<usize>>,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Id {
        self.seen = self.seen.max(span.end);
        let id = self.nodes.push(new, span);
        self.last = id;
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        if let Some(range) = properties {
            self.nodes.properties_mut(id, &range).tag = tag.map(|tag| tag.to_string().into());
        }
        if self.open.is_empty() {
            self.roots.push(id);
        }
        id
    }

    /// The trap of scalars: a block scalar's span starts at its content and includes what follows
    /// it; that of an empty value is at the `:`.
    fn scalar<'e>(
        &self,
        text: &'e str,
        style: ScalarStyle,
        range: Range<usize>,
        properties: Option<&Range<usize>>,
    ) -> (New<'e>, Range<usize>) {
        let scalar = |text, notation| New::Scalar { text: Some(text), notation };
        let stands_here = New::Scalar { text: None, notation: Notation::Plain };
        let in_quotes = || self.text.get(range.start + 1..range.end.saturating_sub(1));
        match style {
            ScalarStyle::Plain if range.is_empty() => {
                let at = range.start + usize::from(self.text[range.start..].starts_with(':'));
                (stands_here, at..at)
            }
            ScalarStyle::Plain if self.text[range.clone()] == *text => (stands_here, range),
            ScalarStyle::Plain => (scalar(text, Notation::Plain), range),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted if in_quotes() == Some(text) => {
                (New::Scalar { text: None, notation: Notation::Quoted }, range)
            }
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (scalar(text, Notation::Quoted), range),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let (header, keep) = self.block_header(properties);
                let end = self.block_end(header, &range, keep);
                (scalar(text, Notation::Block { keep }), header..end)
            }
        }
    }

    /// Where the `|` or `>` of a block scalar is, and whether it keeps its last line breaks.
    fn block_header(&self, properties: Option<&Range<usize>>) -> (usize, bool) {
        // Between the token before and the content there are only `:` or `-`, properties, blanks,
        // the header and comments: the first `|` or `>` after a blank.
        let from = properties.map_or(self.seen, |properties| properties.end);
        let rest = &self.text[from..];
        let after = self.comments.iter().rev().take_while(|comment| comment.range.end > from);
        let mut near: Vec<_> = after.map(|comment| &comment.range).collect();
        near.sort_by_key(|range| range.start);
        let in_comment = |at: usize| {
            let next = near.partition_point(|range| range.end <= at);
            near.get(next).is_some_and(|range| range.contains(&at))
        };
        let begins = |at: usize| rest[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || c == '\u{feff}');
        let at = rest
            .char_indices()
            .find(|(at, c)| matches!(c, '|' | '>') && begins(*at) && !in_comment(from + at))
            .map_or(from, |(at, _)| from + at);
        let header: String =
            self.text[at..].chars().skip(1).take_while(|c| matches!(c, '+' | '-' | '1'..='9')).collect();
        (at, header.contains('+'))
    }

    /// Where a block scalar ends: after its last line, blank lines after it included only if it
    /// keeps them.
    fn block_end(&self, header: usize, content: &Range<usize>, keep: bool) -> usize {
        let header_end = self.lines.next(header).unwrap_or(self.text.len());
        let end = content.end.max(header_end.min(self.text.len())).min(self.text.len());
        // granit includes the indentation of the next line: cut back to the line break.
        let end = match self.text[..end].rfind('\n') {
            Some(newline) if self.text[newline + 1..end].trim().is_empty() => newline,
            _ => end,
        };
        let whole = &self.text[header..end];
        if keep {
            return header + whole.trim_end_matches('\r').len();
        }
        // Blanks at the end of the last non-blank line are content, blank lines are not.
        let said = whole.trim_end().len();
        let blanks = whole[said..].find(['\r', '\n']).unwrap_or(whole.len() - said);
        let in_content = whole[..said].contains('\n');
        header + said + if in_content { blanks } else { 0 }
    }
}

impl From<StructureStyle> for Style {
    fn from(style: StructureStyle) -> Style {
        match style {
            StructureStyle::Block => Style::Block,
            StructureStyle::Flow => Style::Flow,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every node as `text of its bytes`, one per line, collections too.
    fn spans(text: &str) -> Vec<String> {
        let stream = Stream::parse(text).unwrap();
        stream.nodes.iter().map(|node| text[node.whole()].to_string()).collect()
    }

    #[test]
    fn spans_are_exact() {
        let cases: &[(&str, &[&str])] = &[
            ("a: 1 # x\nb: c\n", &["a: 1 # x\nb: c", "a", "1", "b", "c"]),
            ("a:\n- x\n- y # c\n\nb:\n", &["a:\n- x\n- y # c\n\nb:", "a", "- x\n- y", "x", "y", "b", ""]),
            ("a:\n  - x\n", &["a:\n  - x", "a", "- x", "x"]),
            (
                "- - a\n  - b\n- # c\n  k: v\n",
                &["- - a\n  - b\n- # c\n  k: v", "- a\n  - b", "a", "b", "k: v", "k", "v"],
            ),
            ("a: |\n  x\n\nb: 1\n", &["a: |\n  x\n\nb: 1", "a", "|\n  x", "b", "1"]),
            ("a: |+ # c\n  x\n\nb: 1\n", &["a: |+ # c\n  x\n\nb: 1", "a", "|+ # c\n  x\n", "b", "1"]),
            ("- p # a | b\n- &x >-\n  q\n  r\n", &["- p # a | b\n- &x >-\n  q\n  r", "p", "&x >-\n  q\n  r"]),
            ("a: &x {b: [c, *x ]}\n", &["a: &x {b: [c, *x ]}", "a", "&x {b: [c, *x ]}", "b", "[c, *x ]", "c", "*x"]),
            ("a: !t &x\n  b: 1\n", &["a: !t &x\n  b: 1", "a", "!t &x\n  b: 1", "b", "1"]),
            ("&k a: *k\n", &["&k a: *k", "&k a", "*k"]),
            ("- - x # c\n  - # d\n", &["- - x # c\n  -", "- x # c\n  -", "x", ""]),
            ("-\n- # c \n  # d\t\n  x\n- # ", &["-\n- # c \n  # d\t\n  x\n-", "", "x", ""]),
            ("- \n- x\n-\n", &["- \n- x\n-", "", "x", ""]),
            ("a: |\n  ü\r\n  x", &["a: |\n  ü\r\n  x", "a", "|\n  ü\r\n  x"]),
            ("a: |-\n  x \n  \nb: 1\n", &["a: |-\n  x \n  \nb: 1", "a", "|-\n  x ", "b", "1"]),
            ("a: |\r\n  x\t\r\n", &["a: |\r\n  x\t", "a", "|\r\n  x\t"]),
            ("a: |  \nb: >  \n", &["a: |  \nb: >", "a", "|", "b", ">"]),
            ("a: |\n\nb: >\n", &["a: |\n\nb: >", "a", "|", "b", ">"]),
            ("\u{feff}a: 1\n", &["a: 1", "a", "1"]),
            ("\u{feff}|\n  x\n", &["|\n  x"]),
            ("a: [\n  x,\n]\nb: 2\n", &["a: [\n  x,\n]\nb: 2", "a", "[\n  x,\n]", "x", "b", "2"]),
        ];
        for (text, expected) in cases {
            assert_eq!(spans(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn comments_know_their_line_and_company() {
        let stream = Stream::parse("# a\nb: 1 # c\r\nd: |\n  # not one\n# e").unwrap();
        let found: Vec<_> =
            stream.comments().iter().map(|c| (&stream.text()[c.range.clone()], c.line, c.trailing)).collect();
        assert_eq!(found, [("# a", 1, false), ("# c", 2, true), ("# e", 5, false)]);
    }

    #[test]
    fn errors_say_where() {
        let error = Stream::parse("a: b\nc: [\n").unwrap_err();
        assert_eq!(error.problem.code(), "broken-yaml");
        assert!(error.at.line >= 2, "{error:?}");
        assert!(Stream::parse("a: \0").is_err());
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(Stream::parse(deep).is_err(), "the joint limit of both readers");
    }
}
