//! Nodes as they are stored, and the view of them that callers read.

use std::ops::Range;

use super::Stream;
use super::nodes::{Entries, Id, Items, What};
use crate::text::Position;

/// Block or flow, for sequences and mappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// One entry per line, by indentation.
    Block,
    /// In brackets or braces.
    Flow,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A scalar of any notation.
    Scalar,
    /// A sequence.
    Sequence,
    /// A mapping.
    Mapping,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    Plain,
    Quoted,
    /// `|` or `>`; a kept one (`+`) owns the blank lines after it.
    Block {
        keep: bool,
    },
}

/// A node as it is stored: nothing here is resolved.
#[derive(Clone, Debug)]
pub(super) enum Content<'s> {
    Scalar { notation: Notation },
    Sequence { style: Style, items: Items<'s> },
    Mapping { style: Style, entries: Entries<'s> },
    Alias { target: Id },
}

impl Content<'_> {
    pub(super) fn is_scalar(&self) -> bool {
        matches!(self, Content::Scalar { .. })
    }
}

/// What can precede a node: an anchor, a tag, or both.
#[derive(Clone, Debug)]
pub(super) struct Properties {
    pub(super) range: Range<usize>,
    pub(super) anchor: Option<Box<str>>,
    pub(super) tag: Option<Box<str>>,
}

/// One node with its bytes.
///
/// `span` is trustworthy in both ends for every content ([`super::parse`] takes care of the traps,
/// see `docs/yaml.md#traps-of-spans`): it starts at the node's first character, a block scalar's at
/// its `|`, and ends after its last, for block collections after the last leaf. Anchor and tag
/// precede it, at `properties`.
#[derive(Clone, Debug)]
pub(super) struct Stored<'s> {
    pub(super) content: Content<'s>,
    pub(super) span: Range<usize>,
    pub(super) properties: Option<&'s Properties>,
}

impl<'s> Stored<'s> {
    /// The whole node, its anchor and tag included.
    pub(super) fn whole(&self) -> Range<usize> {
        self.properties().map_or(self.span.start, |range| range.start)..self.span.end
    }

    /// The bytes of its anchor and tag.
    pub(super) fn properties(&self) -> Option<&'s Range<usize>> {
        self.properties.map(|properties| &properties.range)
    }

    pub(super) fn anchor(&self) -> Option<&'s str> {
        self.properties?.anchor.as_deref()
    }

    pub(super) fn tag(&self) -> Option<&'s str> {
        self.properties?.tag.as_deref()
    }
}

/// A node of a stream, to read and to point at. Cheap to copy.
///
/// Reading follows aliases and merge keys, as a YAML loader would; [`Node::own_entry`] does not,
/// for edits.
#[derive(Clone, Copy, Debug)]
pub struct Node<'s> {
    pub(super) stream: &'s Stream,
    pub(super) id: Id,
}

impl<'s> Node<'s> {
    pub(super) fn stored(self) -> Stored<'s> {
        self.stream.nodes.get(self.id)
    }

    /// Whether it is an alias: its content is elsewhere.
    pub fn is_alias(self) -> bool {
        matches!(self.stream.nodes.what(self.id), What::Alias)
    }

    /// The name of its anchor.
    pub fn anchor(self) -> Option<&'s str> {
        self.stored().anchor()
    }

    /// The node that an alias stands for, else the node itself.
    #[inline]
    pub fn resolved(self) -> Node<'s> {
        Node { stream: self.stream, id: self.stream.nodes.resolve(self.id) }
    }

    /// What the node is, aliases followed.
    pub fn kind(self) -> Kind {
        match self.stream.nodes.what(self.resolved().id) {
            What::Sequence(_) => Kind::Sequence,
            What::Mapping(_) => Kind::Mapping,
            What::Scalar(_) | What::Alias => Kind::Scalar,
        }
    }

    /// The text of a scalar, unquoted and unfolded; `None` for collections. Never resolved to
    /// another type: `1.10` is `"1.10"`.
    pub fn text(self) -> Option<&'s str> {
        self.resolved().own_text()
    }

    /// The text of a scalar that is no alias.
    #[inline]
    pub(super) fn own_text(self) -> Option<&'s str> {
        self.stream.nodes.text(self.id, &self.stream.text)
    }

    /// The text of a scalar that is not empty, `null` or `~`.
    pub fn value(self) -> Option<&'s str> {
        self.text().filter(|_| !self.is_null())
    }

    /// Whether this is a plain scalar that reads as null: nothing at all, `~`, `null`.
    pub fn is_null(self) -> bool {
        self.is_plain() && matches!(self.text(), Some("" | "~" | "null" | "Null" | "NULL"))
    }

    /// Whether this is a plain scalar that reads as true.
    pub fn is_true(self) -> bool {
        self.is_plain() && matches!(self.text(), Some("true" | "True" | "TRUE"))
    }

    /// The items of a sequence; none for anything else.
    pub fn items(self) -> impl Iterator<Item = Node<'s>> {
        let items = self.stream.nodes.items(self.resolved().id);
        items.map(move |id| Node { stream: self.stream, id })
    }

    /// The entries written in a mapping, keys and values; none for anything else. Merge keys are
    /// ordinary entries here.
    pub fn entries(self) -> impl Iterator<Item = (Node<'s>, Node<'s>)> {
        let entries = self.stream.nodes.entries(self.resolved().id);
        let node = move |id| Node { stream: self.stream, id };
        entries.map(move |(key, value)| (node(key), node(value)))
    }

    /// Visits all scalars in it, keys too, aliases followed. Nested aliases can expand without limit: of an
    /// object with those, see first that it has a value.
    pub fn scalars(self, visit: &mut dyn FnMut(Node<'s>)) {
        match self.kind() {
            Kind::Scalar => visit(self),
            Kind::Sequence => self.items().for_each(|item| item.scalars(visit)),
            Kind::Mapping => self.entries().for_each(|(key, value)| {
                key.scalars(visit);
                value.scalars(visit);
            }),
        }
    }

    /// The value of a key, looked up in the mapping itself, then in what it merges (`<<`).
    pub fn get(self, key: &str) -> Option<Node<'s>> {
        const MERGES: usize = 1000;
        self.look_up(key, 0, &mut { MERGES })
    }

    /// `left` is how many mappings may still be searched: mappings that merge each other repeatedly
    /// would be billions.
    fn look_up(self, key: &str, depth: usize, left: &mut usize) -> Option<Node<'s>> {
        const DEPTH: usize = 16;
        *left = left.checked_sub(1)?;
        if let Some((_, value)) = self.own_entry(key) {
            return Some(value);
        }
        let (_, merged) = self.own_entry("<<").filter(|_| depth < DEPTH)?;
        match merged.kind() {
            Kind::Mapping => merged.look_up(key, depth + 1, left),
            Kind::Sequence => merged.items().find_map(|item| item.look_up(key, depth + 1, left)),
            Kind::Scalar => None,
        }
    }

    /// The value at the end of a path of keys.
    pub fn at(self, path: &[&str]) -> Option<Node<'s>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text at the end of a path of keys, if there is any.
    pub fn text_at(self, path: &[&str]) -> Option<&'s str> {
        self.at(path).and_then(Node::value)
    }

    /// The entry with this key in the mapping itself. Of duplicates, the last one, as most parsers
    /// do.
    pub fn own_entry(self, key: &str) -> Option<(Node<'s>, Node<'s>)> {
        let mut same = self.entries().filter(|(own, _)| own.text() == Some(key));
        if self.stream.has_keys_once { same.next() } else { same.last() }
    }

    /// Its tag, as it is written (not that of what an alias stands for).
    pub fn tag(self) -> Option<&'s str> {
        self.stored().tag()
    }

    /// Where the node begins.
    pub fn position(self) -> Position {
        self.stream.position(self.stored().whole().start)
    }

    /// The line where the node begins, from 1.
    pub fn line(self) -> usize {
        self.stream.line_of(self.range().start)
    }

    /// The bytes of the node, its anchor and tag included.
    pub fn range(self) -> Range<usize> {
        self.stored().whole()
    }

    /// The text of these bytes.
    pub fn source(self) -> &'s str {
        &self.stream.text()[self.range()]
    }

    /// Whether this is a scalar without quotes, in one line or several, aliases followed.
    pub fn is_plain(self) -> bool {
        matches!(self.stream.nodes.what(self.resolved().id), What::Scalar(Notation::Plain))
    }

    /// Whether this is a literal block scalar (`|`), and no alias of one.
    pub fn is_literal(self) -> bool {
        let is_block = matches!(self.stored().content, Content::Scalar { notation: Notation::Block { .. }, .. });
        is_block && self.stream.text()[self.stored().span.start..].starts_with('|')
    }

    /// The children of a collection (not of an alias), each with its bytes: an entry of a mapping
    /// from its key, with its value; an item of a sequence, in block style from its dash.
    pub fn children(self) -> Vec<(Range<usize>, Node<'s>)> {
        let whole = |id: Id| self.stream.nodes.get(id).whole();
        let node = |id: Id| Node { stream: self.stream, id };
        match self.stored().content {
            Content::Mapping { entries, .. } => {
                entries.map(|(key, value)| (whole(key).start..whole(value).end, node(value))).collect()
            }
            Content::Sequence { style: Style::Flow, items } => items.map(|id| (whole(id), node(id))).collect(),
            Content::Sequence { style: Style::Block, items } => {
                let dash = |id: Id| self.stream.dash_before(whole(id).start);
                items.map(|id| (dash(id)..whole(id).end.max(dash(id) + 1), node(id))).collect()
            }
            Content::Scalar { .. } | Content::Alias { .. } => Vec::new(),
        }
    }

    /// Block or flow, for a collection (not for an alias).
    pub fn style(self) -> Option<Style> {
        match self.stream.nodes.what(self.id) {
            What::Sequence(style) | What::Mapping(style) => Some(style),
            What::Scalar(_) | What::Alias => None,
        }
    }
}
