//! The geometry of collections: where the text of a child begins and ends, what is cut out to
//! remove it, where a new one is inserted.
//!
//! A *child* is an entry of a mapping, from its key, or an item of a sequence, from its dash in
//! block style.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Edit, Error, Node, Problem, Splice};
use crate::yaml::Stream;
use crate::yaml::emit::Layout;
use crate::yaml::node::{Content, Style};
use crate::yaml::nodes::Id;

/// A collection seen as the bytes of its children.
#[derive(Clone, Debug)]
pub(super) struct Slots<'s> {
    pub(super) stream: &'s Stream,
    id: Id,
    style: Style,
    children: Vec<Range<usize>>,
    /// The last node of each child: its value or item.
    last: Vec<Id>,
}

/// What is known about text that is moved, not written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved<'s> {
    /// The line break after it, which moves with it; empty at the end of a file.
    pub(super) line_break: &'s str,
    /// Whether it ends in a `|+`, which owns the blank lines after it: others must not be added
    /// there.
    pub(super) keeps: bool,
}

impl<'s> Edit<'s> {
    /// The children of a collection (not of an alias).
    ///
    /// # Errors
    /// If it is no collection, and for shapes in which children share bytes: `?` keys, `[a: b]`.
    pub(super) fn slots(&self, collection: Node<'s>) -> Result<Slots<'s>, Error> {
        let stored = self.stored(collection)?;
        let stream = self.stream;
        let (style, children, last) = match stored.content {
            Content::Sequence { style, items } => {
                let start = |id: Id| match style {
                    Style::Block => stream.dash_before(self.whole(id).start),
                    Style::Flow => self.whole(id).start,
                };
                let children = items
                    .clone()
                    .map(|id| start(id)..self.whole(id).end.max(start(id) + usize::from(style == Style::Block)));
                (style, children.collect(), items.collect())
            }
            Content::Mapping { style, entries } => {
                let children = entries.clone().map(|(key, value)| self.whole(key).start..self.whole(value).end);
                (style, children.collect(), entries.map(|(_, value)| value).collect())
            }
            _ => return Err(self.unsupported(collection, "this is neither a sequence nor a mapping")),
        };
        let opens = stream.text()[stored.span.start..].starts_with(['[', '{']);
        if style == Style::Flow && !opens {
            return Err(self.unsupported(collection, "a pair without braces in a flow sequence"));
        }
        Ok(Slots { stream, id: collection.id, style, children, last })
    }
}

impl<'s> Slots<'s> {
    pub(super) fn len(&self) -> usize {
        self.children.len()
    }

    pub(super) fn id(&self) -> Id {
        self.id
    }

    pub(super) fn is_flow(&self) -> bool {
        self.style == Style::Flow
    }

    pub(super) fn child(&self, at: usize) -> Range<usize> {
        self.children[at].clone()
    }

    /// The last node of a child.
    pub(super) fn last(&self, at: usize) -> Id {
        self.last[at]
    }

    fn text(&self) -> &'s str {
        self.stream.text()
    }

    fn unsupported(&self, range: Range<usize>, what: &'static str) -> Error {
        self.stream.error(range, Problem::Unsupported(what))
    }

    /// What is cut out to remove a child that is not the only one: its lines with the comments
    /// directly above, or its part of a line.
    pub(super) fn removal(&self, at: usize) -> Result<Vec<Range<usize>>, Error> {
        match self.style {
            Style::Block => Ok(vec![self.block_removal(at)?]),
            Style::Flow => Ok(self.flow_removal(&BTreeSet::from([at]))),
        }
    }

    fn block_removal(&self, at: usize) -> Result<Range<usize>, Error> {
        let (stream, text) = (self.stream, self.text());
        let child = self.child(at);
        if !stream.begins_its_line(child.start) {
            // `- key:`: what comes next takes its place, the comments above that included.
            let Some(next) = self.children.get(at + 1) else {
                return Err(self.unsupported(child, "removing the last child on a line where others begin"));
            };
            let end = stream.line_content_end(child.end).min(next.start);
            let blanks = text[end..next.start].len() - text[end..next.start].trim_start().len();
            return Ok(child.start..end + blanks);
        }
        let above = stream.start_with_comments_above(child.start);
        let content_end = stream.line_content_end(child.end);
        if !stream.ends_with(child.end, content_end) {
            return Err(self.unsupported(child, "something else is on the line where it ends"));
        }
        match stream.lines().next(content_end) {
            // Blank lines below must not become those of a `|+` above.
            Some(next) if stream.follows_kept_block(above) => Ok(above..stream.end_of_blank_lines(next)),
            Some(next) => Ok(above..next),
            // A file without a line break at its end stays so, unless a block scalar would then
            // end in the middle of a line.
            None if stream.ends_block_scalar(above) => Ok(above..text.len()),
            None => Ok(text[..above].trim_end_matches('\n').trim_end_matches('\r').len()..text.len()),
        }
    }

    /// The splices that put a new child before the one at `at`, or after the last.
    pub(super) fn insertion(
        &self,
        at: usize,
        layout: &Layout,
        moved: Option<Moved<'s>>,
        text: &dyn Fn(&Layout, usize) -> String,
    ) -> Result<Vec<Splice>, Error> {
        match (self.style, self.children.is_empty()) {
            (_, true) => Ok(vec![self.between_brackets(&text(layout, 0))]),
            (Style::Flow, false) => Ok(self.flow_insertion(at, layout, &text(layout, 0))),
            (Style::Block, false) if at == 0 => Ok(vec![self.before_first(layout, moved, text)]),
            (Style::Block, false) => Ok(vec![self.after_block_child(at - 1, layout, moved, text)?]),
        }
    }

    /// `[]` becomes `[text]`.
    fn between_brackets(&self, text: &str) -> Splice {
        let open = self.stream.nodes.get(self.id).span.start + 1;
        Splice { range: open..open, with: text.to_owned() }
    }

    fn before_first(
        &self,
        layout: &Layout,
        moved: Option<Moved<'s>>,
        text: &dyn Fn(&Layout, usize) -> String,
    ) -> Splice {
        let stream = self.stream;
        let start = self.child(0).start;
        let column = stream.column(start);
        let (indentation, text) = (" ".repeat(column), text(layout, column));
        let ending = own_break(layout, moved);
        if stream.begins_its_line(start) {
            let at = stream.start_with_comments_above(start);
            Splice { range: at..at, with: format!("{indentation}{text}{ending}") }
        } else {
            Splice { range: start..start, with: format!("{text}{ending}{indentation}") }
        }
    }

    fn after_block_child(
        &self,
        sibling: usize,
        layout: &Layout,
        moved: Option<Moved<'s>>,
        text: &dyn Fn(&Layout, usize) -> String,
    ) -> Result<Splice, Error> {
        let stream = self.stream;
        let child = self.child(sibling);
        let column = stream.column(child.start);
        let (indentation, text) = (" ".repeat(column), text(layout, column));
        let next_line = stream.lines().next(child.end);
        let own_break = own_break(layout, moved);
        if stream.ends_in_kept_block(self.last[sibling]) {
            // The blank lines after a `|+` belong to it: the new child comes after them.
            return match next_line {
                Some(next) => Ok(Splice { range: next..next, with: format!("{indentation}{text}{own_break}") }),
                None => Err(self.unsupported(child, "adding something after a `|+` at the end of the file")),
            };
        }
        let at = stream.line_content_end(child.end);
        if next_line.is_none() && stream.ends_in_block(self.last[sibling]) {
            let what = "inserting something after a block scalar without a line break at the end of the file";
            return Err(self.unsupported(child, what));
        }
        if !stream.ends_with(child.end, at) {
            return Err(self.unsupported(child, "something else is on the line where its sibling ends"));
        }
        // Comments below that are indented deeper, commented-out items too, are the sibling's.
        let at = stream.line_end(stream.end_of_own_comments(at, column, self.last[sibling]));
        let next_line = stream.lines().next(at);
        let blank_lines_end = next_line.map_or(at, |next| stream.end_of_blank_lines(next));
        if moved.is_some_and(|moved| moved.keeps) && Some(blank_lines_end) != next_line && next_line.is_some() {
            let range = blank_lines_end..blank_lines_end;
            return Ok(Splice { range, with: format!("{indentation}{text}{own_break}") });
        }
        let line_break = stream.line_break(at);
        if line_break.is_empty() || line_break == own_break {
            return Ok(Splice { range: at..at, with: format!("{}{indentation}{text}", layout.ending) });
        }
        // The line of the sibling keeps its line break, and so does the moved text.
        Ok(Splice { range: at..at + line_break.len(), with: format!("{line_break}{indentation}{text}{own_break}") })
    }
}

/// The line break after the inserted text: moved text brings its own.
fn own_break<'l>(layout: &'l Layout, moved: Option<Moved<'l>>) -> &'l str {
    moved.map(|moved| moved.line_break).filter(|line_break| !line_break.is_empty()).unwrap_or(&layout.ending)
}

impl Stream {
    /// Whether only blanks and a comment are between the end of a node and the end of its line's
    /// content.
    pub(super) fn ends_with(&self, end: usize, content_end: usize) -> bool {
        let comment = self.with_trailing_comment(end..end).end;
        self.text()[comment.min(content_end)..content_end].trim().is_empty()
            && (comment > end || self.text()[end..content_end.max(end)].trim().is_empty())
    }
}
