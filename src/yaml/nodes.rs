//! The nodes of a stream, packed: a tree has millions of them, and most are never looked at.
//!
//! Nodes are in the order of the text, so the children of a collection need no list: the first is the node behind it,
//! each other is behind all that is in the one before. Offsets and ids have four bytes, so a text has less than 4 GiB;
//! once a text is read, they have two where that is enough. What few nodes have (a text that differs from the file,
//! anchor, tag) is beside them.

use std::fmt;
use std::ops::Range;

use super::node::{Content, Notation, Properties, Stored, Style};

/// The index of a node in its stream.
pub(super) type Id = u32;

/// The nodes of a stream, each after its parent.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    all: All,
    aside: Option<Box<Aside>>,
}

/// What few nodes have.
#[derive(Debug, Default)]
struct Aside {
    /// The texts of scalars, one behind the other, and where each ends.
    texts: String,
    ends: Vec<u32>,
    /// By node, in order.
    properties: Vec<(Id, Properties)>,
}

/// Nodes with numbers of one size.
#[derive(Debug)]
enum All {
    Narrow(Box<[Packed<u16>]>),
    Wide(Vec<Packed<u32>>),
}

/// A node.
#[derive(Clone, Copy, Debug)]
struct Packed<N> {
    what: What,
    start: N,
    end: N,
    /// Of a scalar its text, unless that stands in its span; of a collection the node behind all that is in it
    /// (none until it is closed); of an alias the node that it repeats.
    other: N,
}

/// What a node is.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Scalar(Notation),
    Sequence(Style),
    Mapping(Style),
    Alias,
}

/// No index, in four bytes.
const NONE: u32 = u32::MAX;

impl Packed<u16> {
    /// The same in two bytes each, if all numbers are small enough.
    fn of(node: &Packed<u32>) -> Option<Packed<u16>> {
        let small = |number| u16::try_from(number).ok().filter(|number| *number != u16::MAX);
        let index = |index| if index == NONE { Some(u16::MAX) } else { small(index) };
        let Packed { what, start, end, other } = *node;
        Some(Packed { what, start: small(start)?, end: small(end)?, other: index(other)? })
    }

    #[inline]
    fn wide(self) -> Packed<u32> {
        let Packed { what, start, end, other } = self;
        let other = if other == u16::MAX { NONE } else { other.into() };
        Packed { what, start: start.into(), end: end.into(), other }
    }
}

impl Default for All {
    fn default() -> All {
        All::Wide(Vec::new())
    }
}

impl All {
    fn len(&self) -> usize {
        match self {
            All::Narrow(nodes) => nodes.len(),
            All::Wide(nodes) => nodes.len(),
        }
    }

    #[inline]
    fn get(&self, id: Id) -> Packed<u32> {
        match self {
            All::Narrow(nodes) => nodes[id as usize].wide(),
            All::Wide(nodes) => nodes[id as usize],
        }
    }

    /// The nodes, to be changed while the text is read.
    fn wide(&mut self) -> &mut Vec<Packed<u32>> {
        match self {
            All::Wide(nodes) => nodes,
            All::Narrow(_) => unreachable!("a text that was read does not change"),
        }
    }

    /// Releases the memory that is not needed.
    fn shrink(&mut self) {
        let All::Wide(nodes) = self else { return };
        match nodes.iter().map(Packed::of).collect() {
            Some(narrow) => *self = All::Narrow(narrow),
            None => nodes.shrink_to_fit(),
        }
    }
}

/// A node that is new.
pub(super) enum New<'t> {
    /// A scalar; without a text, it is that of its span, without the quotes around it.
    Scalar { text: Option<&'t str>, notation: Notation },
    /// A sequence, still without items.
    Sequence(Style),
    /// A mapping, still without entries.
    Mapping(Style),
    /// An alias.
    Alias { target: Id },
}

impl Nodes {
    /// No nodes, with room for some.
    pub(super) fn with_capacity(nodes: usize) -> Nodes {
        Nodes { all: All::Wide(Vec::with_capacity(nodes)), aside: None }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The ids of all, in the order of the text.
    pub(super) fn ids(&self) -> impl DoubleEndedIterator<Item = Id> + use<> {
        0..small(self.all.len())
    }

    /// All of them, in the order of the text.
    pub(super) fn iter(&self) -> impl Iterator<Item = Stored<'_>> {
        self.ids().map(|id| self.get(id))
    }

    /// What a node is: most of them are only asked for that.
    #[inline]
    pub(super) fn what(&self, id: Id) -> What {
        match &self.all {
            All::Narrow(nodes) => nodes[id as usize].what,
            All::Wide(nodes) => nodes[id as usize].what,
        }
    }

    /// The node behind all that is in a node.
    #[inline]
    fn after(&self, id: Id) -> Id {
        let (what, other) = match &self.all {
            All::Narrow(nodes) => (nodes[id as usize].what, nodes[id as usize].other.into()),
            All::Wide(nodes) => (nodes[id as usize].what, nodes[id as usize].other),
        };
        match what {
            What::Sequence(_) | What::Mapping(_) => other,
            What::Scalar(_) | What::Alias => id + 1,
        }
    }

    /// The node that an alias stands for, else the node itself.
    #[inline]
    pub(super) fn resolve(&self, id: Id) -> Id {
        match self.what(id) {
            What::Alias => self.all.get(id).other,
            _ => id,
        }
    }

    /// The text of a scalar, if it is one; `file` is that of the stream.
    #[inline]
    pub(super) fn text<'s>(&'s self, id: Id, file: &'s str) -> Option<&'s str> {
        let Packed { what, start, end, other, .. } = self.all.get(id);
        let (start, end) = (start as usize, end as usize);
        match what {
            What::Scalar(Notation::Quoted) if other == NONE => Some(&file[start + 1..end - 1]),
            What::Scalar(_) if other == NONE => Some(&file[start..end]),
            What::Scalar(_) => self.aside.as_deref()?.text(other),
            _ => None,
        }
    }

    /// The items of a sequence; none of anything else.
    #[inline]
    pub(super) fn items(&self, id: Id) -> Items<'_> {
        let to = if matches!(self.what(id), What::Sequence(_)) { self.after(id) } else { id + 1 };
        Items { nodes: self, next: id + 1, to }
    }

    /// The keys and values of a mapping; none of anything else.
    #[inline]
    pub(super) fn entries(&self, id: Id) -> Entries<'_> {
        let to = if matches!(self.what(id), What::Mapping(_)) { self.after(id) } else { id + 1 };
        Entries(Items { nodes: self, next: id + 1, to })
    }

    /// A node.
    pub(super) fn get(&self, id: Id) -> Stored<'_> {
        let node = self.all.get(id);
        let content = match node.what {
            What::Scalar(notation) => Content::Scalar { notation },
            What::Sequence(style) => Content::Sequence { style, items: self.items(id) },
            What::Mapping(style) => Content::Mapping { style, entries: self.entries(id) },
            What::Alias => Content::Alias { target: node.other },
        };
        let span = node.start as usize..node.end as usize;
        Stored { content, span, properties: self.aside.as_deref().and_then(|aside| aside.properties(id)) }
    }

    /// The collection that a node is in; none for a root.
    pub(super) fn parent(&self, id: Id) -> Option<Id> {
        self.above(id).first().copied()
    }

    /// The collections that a node is in, the innermost first. They are looked for from the top, as only edits ask.
    pub(super) fn above(&self, id: Id) -> Vec<Id> {
        let holding = |first: Id| {
            let mut holding = first;
            while self.after(holding) <= id {
                holding = self.after(holding);
            }
            holding
        };
        let mut above = Vec::new();
        let mut at = holding(0);
        while at != id {
            above.push(at);
            at = holding(at + 1);
        }
        above.reverse();
        above
    }

    fn aside(&mut self) -> &mut Aside {
        self.aside.get_or_insert_default()
    }

    /// Adds a node. What is not closed yet has no children.
    pub(super) fn push(&mut self, new: &New<'_>, span: Range<usize>) -> Id {
        let (what, other) = match *new {
            New::Scalar { text: None, notation } => (What::Scalar(notation), NONE),
            New::Scalar { text: Some(text), notation } => (What::Scalar(notation), self.aside().add(text)),
            New::Sequence(style) => (What::Sequence(style), NONE),
            New::Mapping(style) => (What::Mapping(style), NONE),
            New::Alias { target } => (What::Alias, target),
        };
        let (start, end) = (small(span.start), small(span.end));
        let all = self.all.wide();
        all.push(Packed { what, start, end, other });
        small(all.len() - 1)
    }

    /// Closes a collection: what has been added behind it is in it.
    pub(super) fn close(&mut self, id: Id) {
        let all = self.all.wide();
        all[id as usize].other = small(all.len());
    }

    /// Moves a node.
    pub(super) fn set_span(&mut self, id: Id, span: Range<usize>) {
        let node = &mut self.all.wide()[id as usize];
        (node.start, node.end) = (small(span.start), small(span.end));
    }

    /// Anchor and tag of a node, to be stated; at first they are at a range.
    pub(super) fn properties_mut(&mut self, id: Id, range: &Range<usize>) -> &mut Properties {
        let all = &mut self.aside().properties;
        let place = all.binary_search_by_key(&id, |(of, _)| *of).unwrap_or_else(|place| {
            all.insert(place, (id, Properties { range: range.clone(), anchor: None, tag: None }));
            place
        });
        &mut all[place].1
    }

    /// Releases the memory that is not used, once nothing is to be changed.
    pub(super) fn shrink(&mut self) {
        self.all.shrink();
        if let Some(aside) = self.aside.as_deref_mut() {
            aside.texts.shrink_to_fit();
            aside.ends.shrink_to_fit();
            aside.properties.shrink_to_fit();
        }
    }
}

impl Aside {
    fn text(&self, index: u32) -> Option<&str> {
        let index = index as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.texts.get(start as usize..*self.ends.get(index)? as usize)
    }

    /// Adds a text, and says which it is.
    fn add(&mut self, text: &str) -> u32 {
        self.texts.push_str(text);
        self.ends.push(small(self.texts.len()));
        small(self.ends.len() - 1)
    }

    fn properties(&self, id: Id) -> Option<&Properties> {
        let place = self.properties.binary_search_by_key(&id, |(of, _)| *of).ok()?;
        Some(&self.properties[place].1)
    }
}

/// The items of a sequence that are still to come.
#[derive(Clone)]
pub(super) struct Items<'s> {
    nodes: &'s Nodes,
    next: Id,
    to: Id,
}

impl Items<'_> {
    /// Whether none is to come.
    pub(super) fn is_empty(&self) -> bool {
        self.next == self.to
    }
}

impl Iterator for Items<'_> {
    type Item = Id;

    #[inline]
    fn next(&mut self) -> Option<Id> {
        let id = (self.next != self.to).then_some(self.next)?;
        self.next = self.nodes.after(id);
        Some(id)
    }
}

/// The keys and values of a mapping that are still to come.
#[derive(Clone)]
pub(super) struct Entries<'s>(Items<'s>);

impl Entries<'_> {
    /// Whether none is to come.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that has a value; none for a key.
    pub(super) fn key_of(mut self, value: Id) -> Option<Id> {
        self.find(|entry| entry.1 == value).map(|(key, _)| key)
    }
}

impl Iterator for Entries<'_> {
    type Item = (Id, Id);

    #[inline]
    fn next(&mut self) -> Option<(Id, Id)> {
        Some((self.0.next()?, self.0.next()?))
    }
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// An offset or index of a text of less than 4 GiB.
fn small(number: usize) -> u32 {
    u32::try_from(number).expect("the text is shorter than 4 GiB (Stream::parse)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_the_same_in_two_bytes_and_in_four() {
        assert_eq!((size_of::<Packed<u16>>(), size_of::<Packed<u32>>()), (8, 16));
        // The last node of each ends at the largest offset of two bytes, or behind it.
        for (length, is_narrow) in [(65_534, true), (65_535, false), (70_000, false)] {
            let mut nodes = Nodes::default();
            let root = nodes.push(&New::Mapping(Style::Block), 0..length);
            let key = nodes.push(&New::Scalar { text: None, notation: Notation::Plain }, 0..1);
            let value = nodes.push(&New::Scalar { text: Some("text"), notation: Notation::Quoted }, 3..length);
            nodes.properties_mut(value, &(3..5)).tag = Some("!t".into());
            nodes.close(root);
            nodes.set_span(key, 0..2);
            let all = |nodes: &Nodes| -> Vec<String> {
                let text = "x".repeat(length);
                let shown = |id| format!("{:?} {:?} {:?}", nodes.get(id), nodes.parent(id), nodes.text(id, &text));
                nodes.ids().map(shown).collect()
            };
            let before = all(&nodes);
            nodes.shrink();
            assert_eq!(matches!(nodes.all, All::Narrow(_)), is_narrow, "{length}");
            assert_eq!(all(&nodes), before, "{length}");
            assert_eq!((nodes.get(key).span, nodes.text(value, "")), (0..2, Some("text")));
            assert_eq!([root, key, value].map(|id| nodes.parent(id)), [None, Some(root), Some(root)]);
        }
    }
}
