//! Sets values: scalars in their notation, other values in the layout around them.

use std::ops::Range;

use super::{Edit, Error, Fate, Node, Splice, What};
use crate::yaml::emit::{Layout, New};
use crate::yaml::node::{Content, Notation, Style};
use crate::yaml::nodes::Id;

/// What contains a value, which decides on the layout of a new one.
enum Holder {
    /// A block mapping; the key and its column.
    Entry { key: Id, column: usize },
    /// A block sequence; the column of the dash.
    Item { column: usize },
    /// A flow collection.
    Flow,
    /// The document.
    Root,
}

impl<'s> Edit<'s> {
    /// Sets a scalar to another text, in its notation if possible. The same text changes nothing.
    ///
    /// # Errors
    /// For anything but a plain or quoted scalar (also for an alias of one).
    pub fn set_scalar(&mut self, node: Node<'s>, text: &str) -> Result<(), Error> {
        let stored = node.stored();
        let (Content::Scalar { notation }, Some(old)) = (&stored.content, node.own_text()) else {
            return Err(self.unsupported(node, "only a scalar that is no alias can be set"));
        };
        if old == text && !node.is_null() {
            return Ok(());
        }
        let layout = Layout::near(self.stream, stored.span.start);
        let with = match notation {
            Notation::Plain if old.is_empty() => return self.set(node, &New::string(text), |_| Fate::Moved),
            Notation::Plain => layout.scalar(text),
            Notation::Quoted => self.in_quotes_of(stored.span.start, layout, text),
            Notation::Block { .. } => return self.set(node, &New::string(text), |_| Fate::Moved),
        };
        if stored.tag().is_some() {
            return Err(self.unsupported(node, "setting a value with a tag"));
        }
        // The anchor stays, and so does what its aliases mean.
        self.refuse_if_repeated(node.id, false)?;
        self.splices.push(Splice { range: stored.span.clone(), with });
        self.record(node.id, What::Set(New::string(text)))
    }

    /// Sets a scalar to a number, a boolean or nothing. An anchor stays.
    ///
    /// # Errors
    /// As [`Edit::set_scalar`]; also for a block scalar.
    pub fn set_plain(&mut self, node: Node<'s>, text: &str) -> Result<(), Error> {
        let stored = node.stored();
        let is_one_line =
            matches!(stored.content, Content::Scalar { notation: Notation::Plain | Notation::Quoted, .. });
        if !is_one_line || stored.tag().is_some() || stored.span.is_empty() {
            return Err(self.unsupported(node, "setting such a value, whose anchor must stay"));
        }
        self.refuse_if_repeated(node.id, false)?;
        self.splices.push(Splice { range: stored.span.clone(), with: text.to_owned() });
        self.record(node.id, What::Set(New::Plain(text.to_owned())))
    }

    /// Sets a value to another of any kind: scalars and flow collections on the line, other
    /// collections as blocks in the layout of their surroundings. A comment on the line of the key
    /// stays; `fate` decides on those between the lines of the old value, moved ones are placed
    /// above.
    ///
    /// # Errors
    /// If the old value has an anchor that is used elsewhere, or a comment cannot be moved.
    pub fn set(&mut self, node: Node<'s>, new: &New, fate: impl Fn(&str) -> Fate) -> Result<(), Error> {
        let holder = self.holder(node)?;
        let whole = node.range();
        let layout = Layout::near(self.stream, whole.start);
        let mut layout =
            self.stream.nodes.parent(node.id).map_or(layout.clone(), |parent| layout.inside(self.stream, parent));
        let old_below = self.block_below(node);
        // A comment after it must not become text. One whose line is placed above does not follow
        // it.
        let on_key_line = matches!(holder, Holder::Entry { .. }) && old_below.is_none() && !self.spans_lines(&whole);
        layout.block_scalars = !layout.is_below(new) || on_key_line || !self.stream.is_followed_by_comment(whole.end);
        let splices = match (&holder, old_below) {
            (Holder::Flow, _) => vec![Splice { range: whole, with: self.spaced(node, &layout.flow(new)) }],
            (Holder::Root, _) => vec![Splice { range: whole, with: layout.block(new, 0) }],
            (Holder::Item { column }, _) => {
                let column = if whole.is_empty() { column + 2 } else { self.stream.column(whole.start) };
                self.on_its_line(whole, self.spaced(node, &layout.block(new, column)), &layout)
            }
            (Holder::Entry { key, column }, old_below) => {
                self.set_in_entry(node, *key, *column, new, old_below, &layout)
            }
        };
        for splice in &splices {
            self.settle_anchors_in(&splice.range)?;
            // Only comments in the range need a new place.
            let start = self.child_start(node);
            let can_move = !matches!(holder, Holder::Flow) && self.stream.begins_its_line(start);
            let moved = self.take_comments(&splice.range, can_move, &fate)?;
            if !moved.is_empty() {
                let above = self.stream.line_start(start);
                let indentation = " ".repeat(self.stream.column(start));
                let with = moved.iter().map(|comment| format!("{indentation}{comment}{}", layout.ending)).collect();
                self.splices.push(Splice { range: above..above, with });
            }
        }
        self.splices.extend(splices);
        self.record(node.id, What::Set(new.clone()))
    }

    fn set_in_entry(
        &self,
        node: Node<'s>,
        key: Id,
        column: usize,
        new: &New,
        old_below: Option<usize>,
        layout: &Layout,
    ) -> Vec<Splice> {
        let whole = node.range();
        // Everything between the colon and the old value except a comment.
        let colon = self.colon_after(key);
        let key_line_end = self.stream.line_content_end(colon);
        let below = layout.is_below(new);
        match (below, old_below) {
            (false, None) => self.on_its_line(whole, self.spaced(node, &layout.value(new, column)), layout),
            // `key: value` becomes `key:` and lines below; a comment on the line stays there.
            (true, None) => {
                let below = layout.below(new, column);
                let line_end = self.stream.line_content_end(whole.end);
                if line_end == whole.end || self.stream.lines().number(colon) != self.stream.lines().number(line_end) {
                    return vec![Splice { range: colon..whole.end, with: below }];
                }
                let line_end = self.stream.line_end(line_end);
                vec![
                    Splice { range: colon..whole.end, with: String::new() },
                    Splice { range: line_end..line_end, with: below },
                ]
            }
            // Lines below are removed, and the value is placed on the line of the key, before its
            // comment.
            (false, Some(_)) => {
                let properties = node.stored().properties();
                let at = properties.map_or(colon..colon, |properties| colon..properties.end);
                let with = format!(" {}", layout.value(new, column));
                let is_text = with.contains('\n');
                let end = if is_text || at.end != key_line_end {
                    // A line can have only one comment, and none can follow the text of a block
                    // scalar.
                    self.stream.with_trailing_comment(whole.clone()).end
                } else {
                    whole.end
                };
                if at.end == key_line_end {
                    return vec![Splice { range: at.start..end, with }];
                }
                let header = with.find(layout.ending.as_str()).filter(|_| is_text).unwrap_or(with.len());
                let (header, body) = with.split_at(header);
                vec![
                    Splice { range: at, with: header.to_owned() },
                    Splice { range: key_line_end..end, with: body.to_owned() },
                ]
            }
            // Lines below become other lines below, where the old ones were if that is deep enough.
            (true, Some(old_column)) => {
                let deep_enough = old_column > column || matches!(new, New::Sequence(_)) && old_column == column;
                let at = if deep_enough { old_column } else { column + layout.step };
                let span = node.stored().span.clone();
                let line = self.stream.lines().start(span.start);
                let with = format!("{}{}", " ".repeat(at), layout.block(new, at));
                let mut splices = vec![Splice { range: line..span.end, with }];
                if let Some(properties) = node.stored().properties() {
                    let blanks = self.stream.text()[colon..properties.start].len();
                    splices.push(Splice { range: properties.start - blanks..properties.end, with: String::new() });
                }
                splices
            }
        }
    }

    /// Text that replaces something at the end of its line, or before a comment, which stays on the
    /// line: for a block scalar it follows the header.
    pub(super) fn on_its_line(&self, range: Range<usize>, with: String, layout: &Layout) -> Vec<Splice> {
        let header = with.find(layout.ending.as_str()).filter(|_| self.stream.is_followed_by_comment(range.end));
        // Anything but a scalar may precede a comment as a whole.
        let Some(header) = header.filter(|header| with[..*header].trim_start().starts_with('|')) else {
            return vec![Splice { range, with }];
        };
        let line_end = self.stream.line_end(range.end);
        let (header, body) = with.split_at(header);
        vec![Splice { range, with: header.to_owned() }, Splice { range: line_end..line_end, with: body.to_owned() }]
    }

    /// Text for the place of a value; an empty value has no blank before it.
    fn spaced(&self, node: Node<'s>, text: &str) -> String {
        let start = node.range().start;
        let needs_blank = node.range().is_empty() && self.stream.text()[..start].ends_with([':', '-']);
        if needs_blank { format!(" {text}") } else { text.to_owned() }
    }

    fn spans_lines(&self, range: &Range<usize>) -> bool {
        self.stream.lines().number(range.start) != self.stream.lines().number(range.end)
    }

    /// The column of a block collection whose first line is not that of its key or dash.
    fn block_below(&self, node: Node<'s>) -> Option<usize> {
        let stored = node.stored();
        let block = matches!(
            stored.content,
            Content::Mapping { style: Style::Block, .. } | Content::Sequence { style: Style::Block, .. }
        );
        let start = stored.span.start;
        (block && self.stream.begins_its_line(start)).then(|| self.stream.column(start))
    }

    /// Directly after the `:` of a key.
    fn colon_after(&self, key: Id) -> usize {
        let end = self.whole(key).end;
        let text = self.stream.text();
        // The span of an empty key is directly after its `:`.
        if self.stream.nodes.get(key).span.is_empty() && text[..end].ends_with(':') {
            return end;
        }
        end + text[end..].find(':').map_or(0, |at| at + 1)
    }

    fn holder(&self, node: Node<'s>) -> Result<Holder, Error> {
        let Some(parent) = self.stream.nodes.parent(node.id) else { return Ok(Holder::Root) };
        Ok(match self.stream.nodes.get(parent).content {
            Content::Mapping { style: Style::Block, entries } => {
                self.refuse_explicit_keys(self.node(parent))?;
                let Some(key) = entries.key_of(node.id) else { return Err(self.unsupported(node, "setting a key")) };
                Holder::Entry { key, column: self.stream.column(self.whole(key).start) }
            }
            Content::Sequence { style: Style::Block, .. } => {
                let dash = self.stream.dash_before(node.range().start);
                Holder::Item { column: self.stream.column(dash) }
            }
            Content::Mapping { style: Style::Flow, entries } if entries.clone().key_of(node.id).is_none() => {
                return Err(self.unsupported(node, "setting a key"));
            }
            _ => {
                self.slots(self.node(parent))?;
                self.refuse_explicit_keys(self.node(parent))?;
                Holder::Flow
            }
        })
    }

    pub(super) fn in_quotes_of(&self, start: usize, mut layout: Layout, text: &str) -> String {
        layout.quote = if self.stream.text()[start..].starts_with('\'') { '\'' } else { '"' };
        layout.quoted(text)
    }
}
