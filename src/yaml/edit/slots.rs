//! The geometry of collections: where the text of a child begins and ends, what goes when it is removed, where a new one goes in.
//!
//! A *child* is an entry of a mapping, from its key, or an item of a sequence, from its dash in block style.

use std::ops::Range;

use super::{Edit, Error, Node, Problem, Splice};
use crate::yaml::Stream;
use crate::yaml::emit::Layout;
use crate::yaml::node::{Content, Id, Style};

/// A collection seen as the bytes of its children.
#[derive(Clone, Debug)]
pub(super) struct Slots<'s> {
    stream: &'s Stream,
    id: Id,
    style: Style,
    children: Vec<Range<usize>>,
    /// The last node of each child: its value or item.
    last: Vec<Id>,
}

impl<'s> Edit<'s> {
    /// The children of a collection that stands here itself.
    ///
    /// # Errors
    /// For what is none, and for shapes in which children have no bytes of their own: `?` keys, `[a: b]`.
    pub(super) fn slots(&self, collection: Node<'s>) -> Result<Slots<'s>, Error> {
        let stored = self.stored(collection)?;
        let stream = self.stream;
        let (style, children, last) = match &stored.content {
            Content::Sequence { style, items } => {
                let start = |id: &Id| match style {
                    Style::Block => stream.dash_before(self.whole(*id).start),
                    Style::Flow => self.whole(*id).start,
                };
                let children = items
                    .iter()
                    .map(|id| start(id)..self.whole(*id).end.max(start(id) + usize::from(*style == Style::Block)));
                (*style, children.collect(), items.clone())
            }
            Content::Mapping { style, entries } => {
                let children = entries.iter().map(|(key, value)| self.whole(*key).start..self.whole(*value).end);
                (*style, children.collect(), entries.iter().map(|(_, value)| *value).collect())
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

    fn text(&self) -> &'s str {
        self.stream.text()
    }

    fn unsupported(&self, range: Range<usize>, what: &'static str) -> Error {
        self.stream.error(range, Problem::Unsupported(what))
    }

    /// What goes when a child is removed that is not the only one: its lines with the comments directly above, or its part of a line.
    pub(super) fn removal(&self, at: usize) -> Result<Range<usize>, Error> {
        match self.style {
            Style::Block => self.block_removal(at),
            Style::Flow => Ok(self.flow_removal(at)),
        }
    }

    fn block_removal(&self, at: usize) -> Result<Range<usize>, Error> {
        let (stream, text) = (self.stream, self.text());
        let child = self.child(at);
        if !stream.begins_its_line(child.start) {
            // `- key:`: what comes next takes its place, the comments above that included.
            let Some(next) = self.children.get(at + 1) else {
                return Err(self.unsupported(child, "removing the last child on a line that others begin"));
            };
            let end = stream.line_content_end(child.end).min(next.start);
            let blanks = text[end..next.start].len() - text[end..next.start].trim_start().len();
            return Ok(child.start..end + blanks);
        }
        let above = stream.start_with_comments_above(child.start);
        let content_end = stream.line_content_end(child.end);
        if !stream.ends_with(child.end, content_end) {
            return Err(self.unsupported(child, "something else stands on the line where it ends"));
        }
        match stream.lines().next(content_end) {
            Some(next) => Ok(above..next),
            // The file ends without a line break, and goes on doing so, unless a block scalar would then end in the middle of a line.
            None if stream.ends_block_scalar(above) => Ok(above..text.len()),
            None => Ok(text[..above].trim_end_matches('\n').trim_end_matches('\r').len()..text.len()),
        }
    }

    fn flow_removal(&self, at: usize) -> Range<usize> {
        let (stream, text) = (self.stream, self.text());
        let child = self.child(at);
        let after = &text[child.end..];
        let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
        let comma = after[blanks..].starts_with(',').then_some(child.end + blanks + 1);
        let end = comma.unwrap_or(child.end);
        let content_end = stream.line_content_end(end);
        let alone = stream.begins_its_line(child.start) && stream.ends_with(end, content_end);
        if let Some(next) = stream.lines().next(content_end).filter(|_| alone) {
            return stream.lines().start(child.start)..next;
        }
        match (comma, at) {
            (Some(comma), _) => {
                let rest = &text[comma..];
                child.start..comma + (rest.len() - rest.trim_start_matches([' ', '\t']).len())
            }
            (None, 0) => child,
            (None, _) => self.children[at - 1].end..child.end,
        }
    }

    /// What puts a new child before the one at `at`, or after the last.
    pub(super) fn insertion(
        &self,
        at: usize,
        layout: &Layout,
        text: &dyn Fn(&Layout, usize) -> String,
    ) -> Result<Vec<Splice>, Error> {
        match (self.style, self.children.is_empty()) {
            (_, true) => Ok(vec![self.between_brackets(&text(layout, 0))]),
            (Style::Flow, false) => Ok(self.flow_insertion(at, layout, &text(layout, 0))),
            (Style::Block, false) if at == 0 => Ok(vec![self.before_first(layout, text)]),
            (Style::Block, false) => self.after_block_child(at - 1, layout, text),
        }
    }

    /// `[]` becomes `[text]`.
    fn between_brackets(&self, text: &str) -> Splice {
        let open = self.stream.nodes[self.id].span.start + 1;
        Splice { range: open..open, with: text.to_owned() }
    }

    fn before_first(&self, layout: &Layout, text: &dyn Fn(&Layout, usize) -> String) -> Splice {
        let stream = self.stream;
        let start = self.child(0).start;
        let column = stream.column(start);
        let (indentation, ending) = (" ".repeat(column), &layout.ending);
        let text = text(layout, column);
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
        text: &dyn Fn(&Layout, usize) -> String,
    ) -> Result<Vec<Splice>, Error> {
        let stream = self.stream;
        let child = self.child(sibling);
        let column = stream.column(child.start);
        let (indentation, ending) = (" ".repeat(column), &layout.ending);
        let text = text(layout, column);
        if stream.ends_in_kept_block(self.last[sibling]) {
            // The blank lines behind a `|+` are its own: the new child comes after them.
            return match stream.lines().next(child.end) {
                Some(next) => Ok(vec![Splice { range: next..next, with: format!("{indentation}{text}{ending}") }]),
                None => Err(self.unsupported(child, "putting something after a `|+` that the file ends with")),
            };
        }
        let at = stream.line_content_end(child.end);
        if stream.lines().next(child.end).is_none() && stream.ends_in_block(self.last[sibling]) {
            return Err(
                self.unsupported(child, "putting something after a block scalar in whose last line the file ends")
            );
        }
        if !stream.ends_with(child.end, at) {
            return Err(self.unsupported(child, "something else stands on the line where its sibling ends"));
        }
        let at = stream.line_end(at);
        Ok(vec![Splice { range: at..at, with: format!("{ending}{indentation}{text}") }])
    }

    fn flow_insertion(&self, at: usize, layout: &Layout, text: &str) -> Vec<Splice> {
        let stream = self.stream;
        let sibling = self.child(at.saturating_sub(1));
        let own_lines = stream.begins_its_line(sibling.start);
        let indentation = " ".repeat(stream.column(sibling.start));
        if at == 0 {
            let with = if own_lines { format!("{text},{}{indentation}", layout.ending) } else { format!("{text}, ") };
            return vec![Splice { range: sibling.start..sibling.start, with }];
        }
        let after = &self.text()[sibling.end..];
        let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
        let comma = after[blanks..].starts_with(',').then_some(sibling.end + blanks + 1);
        let line_end = stream.line_content_end(comma.unwrap_or(sibling.end));
        let alone = own_lines && stream.ends_with(comma.unwrap_or(sibling.end), line_end);
        let line = |text: &str| format!("{}{indentation}{text}", layout.ending);
        match (alone, comma) {
            (true, Some(_)) => vec![Splice { range: line_end..line_end, with: line(&format!("{text},")) }],
            (true, None) if line_end == sibling.end => {
                vec![Splice { range: line_end..line_end, with: format!(",{}", line(text)) }]
            }
            (true, None) => vec![
                Splice { range: sibling.end..sibling.end, with: ",".to_owned() },
                Splice { range: line_end..line_end, with: line(text) },
            ],
            (false, _) => vec![Splice { range: sibling.end..sibling.end, with: format!(", {text}") }],
        }
    }
}

impl Stream {
    /// Whether nothing but blanks and a comment stands between the end of a node and the end of its line's content.
    pub(super) fn ends_with(&self, end: usize, content_end: usize) -> bool {
        let comment = self.with_trailing_comment(end..end).end;
        self.text()[comment.min(content_end)..content_end].trim().is_empty()
            && (comment > end || self.text()[end..content_end.max(end)].trim().is_empty())
    }
}
