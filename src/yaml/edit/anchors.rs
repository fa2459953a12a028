//! Anchors and aliases: an edit never changes what an alias elsewhere stands for.

use std::collections::BTreeMap;
use std::ops::Range;

use super::slots::Slots;
use super::{Edit, Error, Node, Operation, Problem, Splice};
use crate::yaml::emit::Layout;
use crate::yaml::node::{Content, Notation, Style};
use crate::yaml::nodes::Id;

/// How many operations an edit may have when changes are repeated.
const REPEATED: usize = 100_000;

impl Edit<'_> {
    /// Handles the anchors in a range that is to be removed: an anchor that is used outside is
    /// refused, or moves to its first remaining use.
    ///
    /// # Errors
    /// [`Problem::AnchorInUse`]; [`Problem::Unsupported`] where the node cannot be written out at
    /// the place of that use.
    pub(super) fn settle_anchors_in(&mut self, range: &Range<usize>) -> Result<(), Error> {
        let inside = |id: Id| {
            let start = self.stream.nodes.get(id).whole().start;
            range.contains(&start)
        };
        let mut first_uses: BTreeMap<Id, Id> = BTreeMap::new();
        for (user, other) in self.stream.nodes.ids().zip(self.stream.nodes.iter()) {
            if let Content::Alias { target } = other.content
                && inside(target)
                && !inside(user)
                && !self.is_gone(user)
            {
                first_uses.entry(target).or_insert(user);
            }
        }
        let mut moves = Vec::new();
        for (id, user) in first_uses {
            let (stored, used) = (self.stream.nodes.get(id), self.stream.nodes.get(user));
            if !self.move_anchors {
                let anchor = stored.anchor().unwrap_or_default().to_owned();
                let used_at = self.stream.position(used.span.start).line;
                return Err(self.stream.error(stored.whole(), Problem::AnchorInUse { anchor, used_at }));
            }
            self.refuse_uses_that_go(id, &inside)?;
            moves.push((id, self.written_out(id, user)?));
        }
        for (id, splices) in moves {
            // The comments inside move with the copy.
            let span = self.with_last_comment(id);
            if self.stream.comments_in(&span).any(|comment| self.is_carried(&comment.range)) {
                let what = "moving an anchor inside something that moves with another anchor, with comments that would be there twice";
                return Err(self.unsupported(self.node(id), what));
            }
            self.carried.push(span);
            self.splices.extend(splices);
        }
        Ok(())
    }

    /// Whether this edit, in order, has removed or replaced a node before.
    fn is_gone(&self, id: Id) -> bool {
        let start = self.stream.nodes.get(id).whole().start;
        self.in_order && self.splices.iter().any(|splice| splice.range.contains(&start))
    }

    /// Refuses what would change a node that an alias repeats. A node that is set as a whole loses
    /// its anchor, which is handled elsewhere.
    ///
    /// # Errors
    /// [`Problem::AnchorInUse`].
    pub(super) fn refuse_if_repeated(&self, id: Id, is_set: bool) -> Result<(), Error> {
        let own = (!is_set).then_some(id);
        for above in own.into_iter().chain(self.stream.nodes.above(id)) {
            let stored = self.stream.nodes.get(above);
            let Some(anchor) = stored.anchor().filter(|_| !self.shared.contains(&above)) else { continue };
            let is_use = |content: &Content| matches!(content, Content::Alias { target } if *target == above);
            let mut all = self.stream.nodes.ids().zip(self.stream.nodes.iter());
            if let Some((_, used)) = all.find(|(id, other)| is_use(&other.content) && !self.is_gone(*id)) {
                let used_at = self.stream.position(used.span.start).line;
                let problem = Problem::AnchorInUse { anchor: anchor.to_string(), used_at };
                return Err(self.stream.error(stored.whole(), problem));
            }
        }
        Ok(())
    }

    /// From here on, an anchored node may change although aliases repeat it: each of them has to be
    /// [repeated](Edit::repeat), be gone, or [`Edit::check_uses`] refuses the edit.
    pub fn share(&mut self, node: Node<'_>) {
        if node.stored().anchor().is_some() && !node.is_alias() {
            self.shared.insert(node.id);
        }
    }

    /// Says that an alias changes as what it stands for: all that was done there is done here, too.
    ///
    /// # Errors
    /// If aliases of aliases make that more than anyone can mean.
    pub fn repeat(&mut self, alias: Node<'_>) -> Result<(), Error> {
        let Content::Alias { target } = alias.stored().content else { return Ok(()) };
        if !self.repeated.insert(alias.id) {
            return Ok(());
        }
        let ((document, from), (_, to)) = (self.place_of(target), self.place_of(alias.id));
        let below = |operation: &&Operation| operation.document == document && operation.path.starts_with(&from);
        let repeated = |operation: &Operation| {
            let path = to.iter().chain(&operation.path[from.len()..]).copied().collect();
            Operation { document, path, what: operation.what.clone() }
        };
        let all: Vec<Operation> = self.operations.iter().filter(below).map(repeated).collect();
        if self.operations.len() + all.len() > REPEATED {
            return Err(self.unsupported(self.node(alias.id), "a change that aliases repeat too often"));
        }
        self.operations.extend(all);
        Ok(())
    }

    /// Whether a node was [shared](Edit::share).
    pub fn is_shared(&self, node: Node<'_>) -> bool {
        self.shared.contains(&node.id)
    }

    /// Refuses an edit after which an alias would stand for something else than is meant there.
    ///
    /// # Errors
    /// [`Problem::AnchorInUse`], with the line of the alias.
    pub fn check_uses(&self) -> Result<(), Error> {
        if self.shared.is_empty() {
            return Ok(());
        }
        for (id, node) in self.stream.nodes.ids().zip(self.stream.nodes.iter()) {
            let Content::Alias { target } = node.content else { continue };
            if !self.shared.contains(&target) || self.repeated.contains(&id) || self.is_gone(id) {
                continue;
            }
            let stored = self.stream.nodes.get(target);
            let anchor = stored.anchor().unwrap_or_default().to_owned();
            let used_at = self.stream.position(node.span.start).line;
            return Err(self.stream.error(stored.whole(), Problem::AnchorInUse { anchor, used_at }));
        }
        Ok(())
    }

    /// Refuses to move a child if an alias would then be before its anchor, or after another anchor
    /// with that name.
    ///
    /// # Errors
    /// [`Problem::AnchorInUse`].
    pub(super) fn refuse_uses_before_anchors(&self, slots: &Slots<'_>, from: usize, to: usize) -> Result<(), Error> {
        let moved = slots.child(from);
        let passed = match to < from {
            true => slots.child(to).start..moved.start,
            false => moved.end..slots.child(to - 1).end,
        };
        let nodes = &self.stream.nodes;
        let anchors_in = |range: &Range<usize>| -> BTreeMap<&str, Id> {
            let inside = nodes.ids().zip(nodes.iter()).filter(|(_, node)| range.contains(&node.whole().start));
            inside.filter_map(|(id, node)| Some((node.anchor()?, id))).collect()
        };
        let (in_moved, in_passed) = (anchors_in(&moved), anchors_in(&passed));
        for node in nodes.iter() {
            let Content::Alias { target } = node.content else { continue };
            let name = nodes.get(target).anchor().unwrap_or_default();
            let other = match node.span.start {
                at if moved.contains(&at) => in_passed.get(name),
                at if passed.contains(&at) => in_moved.get(name),
                _ => in_moved.get(name).and(in_passed.get(name)),
            };
            if let Some(other) = other {
                let used_at = self.stream.position(node.span.start).line;
                let problem = Problem::AnchorInUse { anchor: name.to_owned(), used_at };
                return Err(self.stream.error(nodes.get(*other).whole(), problem));
            }
        }
        Ok(())
    }

    /// Refuses a node that contains an alias whose anchor is outside of the node and is removed,
    /// too.
    ///
    /// # Errors
    /// [`Problem::Unsupported`].
    fn refuse_uses_that_go(&self, id: Id, goes: &dyn Fn(Id) -> bool) -> Result<(), Error> {
        let nodes = &self.stream.nodes;
        let span = nodes.get(id).span.clone();
        let is_lost = |target: Id| goes(target) && !span.contains(&nodes.get(target).whole().start);
        let mut aliases = nodes.iter().filter(|node| span.contains(&node.span.start));
        match aliases.any(|node| matches!(node.content, Content::Alias { target } if is_lost(target))) {
            true => Err(self.unsupported(self.node(id), "moving an anchor of a node that uses another removed anchor")),
            false => Ok(()),
        }
    }

    /// The splice that puts an anchored node with its anchor in the place of an alias. Its text is
    /// copied, never printed; the lines after its first are shifted by the difference in
    /// indentation of the two places.
    fn written_out(&self, id: Id, user: Id) -> Result<Vec<Splice>, Error> {
        let (stored, used) = (self.stream.nodes.get(id), self.stream.nodes.get(user));
        let text = self.stream.text();
        let node = self.node(id);
        let properties = stored.properties().map_or("", |properties| &text[properties.clone()]);
        let copy = &text[self.with_last_comment(id)];
        let place = self.holding(user);
        let is_plain = matches!(stored.content, Content::Scalar { notation: Notation::Plain, .. });
        let into_flow = matches!(place, Holding::Flow | Holding::Key) && self.holding(id) != Holding::Flow;
        if is_plain && into_flow && copy.contains([',', '[', ']', '{', '}', '?']) {
            return Err(
                self.unsupported(node, "moving an anchor of plain text that means something else in flow style")
            );
        }
        let is_collection = self.node(id).style() == Some(Style::Block);
        if !copy.contains('\n') && !is_collection {
            let blank = if properties.is_empty() || copy.is_empty() { "" } else { " " };
            return Ok(vec![Splice { range: used.span.clone(), with: format!("{properties}{blank}{copy}") }]);
        }
        let ending = self.stream.lines().ending(text, used.span.start);
        let to = match place {
            Holding::Entry(column) | Holding::Item(column) => column,
            Holding::Key => return Err(self.unsupported(node, "moving an anchor of several lines to a key")),
            // In flow style, indentation has no meaning.
            Holding::Flow | Holding::Root if !is_block(&stored.content) => {
                return Ok(vec![Splice { range: used.span.clone(), with: format!("{properties} {copy}") }]);
            }
            Holding::Flow | Holding::Root => {
                return Err(self.unsupported(node, "moving an anchor of a block into a flow collection"));
            }
        };
        let (first, below) = if is_collection {
            if !self.stream.begins_its_line(stored.span.start) {
                return Err(self.unsupported(node, "moving an anchor of a block that does not begin its line"));
            }
            let step = match place {
                Holding::Item(_) => 2,
                _ => Layout::near(self.stream, used.span.start).step,
            };
            let shifted = shift(copy, self.stream.column(stored.span.start), to + step);
            (properties.to_owned(), format!("{ending}{}{shifted}", " ".repeat(to + step)))
        } else {
            let (Holding::Entry(from) | Holding::Item(from)) = self.holding(id) else {
                return Err(self.unsupported(node, "moving an anchor of several lines out of a flow collection"));
            };
            let shifted = format!("{properties} {}", shift(copy, from, to));
            if !is_block(&stored.content) {
                return Ok(vec![Splice { range: used.span.clone(), with: shifted }]);
            }
            let header_end = shifted.find(['\r', '\n']).unwrap_or(shifted.len());
            (shifted[..header_end].to_owned(), shifted[header_end..].to_owned())
        };
        if self.stream.ends_in_block(id) {
            let next = self.stream.lines().next(used.span.start);
            let blank_below = |next| self.stream.end_of_blank_lines(next) != next;
            if next.is_none_or(|next| self.stream.ends_in_kept_block(id) && blank_below(next)) {
                let what = "moving an anchor of a block scalar to a place where it would end in different line breaks";
                return Err(self.unsupported(node, what));
            }
        }
        // A comment after the alias stays on the line.
        let line_end = self.stream.line_end(used.span.end);
        if line_end == used.span.end {
            return Ok(vec![Splice { range: used.span.clone(), with: first + &below }]);
        }
        Ok(vec![Splice { range: used.span.clone(), with: first }, Splice { range: line_end..line_end, with: below }])
    }

    /// The bytes of a node; for a block collection, with the comment on its last line.
    fn with_last_comment(&self, id: Id) -> Range<usize> {
        let span = self.stream.nodes.get(id).span.clone();
        let line_end = self.stream.line_end(span.end);
        let is_comment = self.stream.text()[span.end..line_end].trim_start().starts_with('#');
        match self.node(id).style() == Some(Style::Block) && is_comment {
            true => span.start..line_end,
            false => span,
        }
    }

    /// What contains a node, which decides how its lines may be indented.
    fn holding(&self, id: Id) -> Holding {
        let Some(parent) = self.stream.nodes.parent(id) else { return Holding::Root };
        match self.stream.nodes.get(parent).content {
            Content::Mapping { entries, .. } if entries.clone().key_of(id).is_none() => Holding::Key,
            Content::Sequence { style: Style::Block, .. } => {
                Holding::Item(self.stream.column(self.stream.dash_before(self.whole(id).start)))
            }
            Content::Mapping { style: Style::Block, entries } => {
                let column = |key| Holding::Entry(self.stream.column(self.whole(key).start));
                entries.key_of(id).map_or(Holding::Key, column)
            }
            _ => Holding::Flow,
        }
    }
}

/// What contains a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holding {
    /// A block mapping, with the column of the key.
    Entry(usize),
    /// A block sequence, with the column of the dash.
    Item(usize),
    /// A mapping, as a key.
    Key,
    Flow,
    Root,
}

/// Whether the indentation of the lines of a node has a meaning.
fn is_block(content: &Content) -> bool {
    match content {
        Content::Scalar { notation, .. } => matches!(notation, Notation::Block { .. }),
        Content::Sequence { style, .. } | Content::Mapping { style, .. } => *style == Style::Block,
        Content::Alias { .. } => false,
    }
}

/// The lines of a node: the first without its indentation, the others shifted from one column to
/// another.
fn shift(node: &str, from: usize, to: usize) -> String {
    let mut out = String::new();
    for (index, line) in node.split_inclusive('\n').enumerate() {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        if index > 0 && !line.trim_end_matches(['\r', '\n']).is_empty() {
            // Comments may be indented less than the node that they are in, and blank lines may
            // have fewer blanks.
            out.push_str(&" ".repeat((blanks + to).saturating_sub(from)));
            out.push_str(&line[blanks..]);
        } else {
            out.push_str(line);
        }
    }
    out
}
