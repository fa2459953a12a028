//! The nodes of a stream, packed: a tree has millions of them, and most are never looked at.
//!
//! Offsets and ids have four bytes, so a text has less than 4 GiB; once a text is read, they have two where that
//! is enough. The children of all collections are in one list each, and what few nodes have (a text that differs
//! from the file, anchor, tag) is beside them.

use std::ops::Range;

use super::node::{Content, Notation, Properties, Stored, Style};

/// The index of a node in its stream.
pub(super) type Id = u32;

/// The nodes of a stream, each after its parent.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    all: All,
    items: Vec<Id>,
    entries: Vec<(Id, Id)>,
    texts: Vec<Box<str>>,
    properties: Vec<Properties>,
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
    /// Of a scalar its text, unless that is the text of its span; of a collection the first of its children in
    /// the list of all (none until it is closed); of an alias the node that it repeats.
    first: N,
    /// How many children it has.
    count: N,
    start: N,
    end: N,
    parent: N,
    properties: N,
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
        let Packed { what, first, count, start, end, parent, properties } = *node;
        Some(Packed {
            what,
            first: index(first)?,
            count: small(count)?,
            start: small(start)?,
            end: small(end)?,
            parent: index(parent)?,
            properties: index(properties)?,
        })
    }

    #[inline]
    fn wide(self) -> Packed<u32> {
        let index = |index: u16| if index == u16::MAX { NONE } else { index.into() };
        let Packed { what, first, count, start, end, parent, properties } = self;
        Packed {
            what,
            first: index(first),
            count: count.into(),
            start: start.into(),
            end: end.into(),
            parent: index(parent),
            properties: index(properties),
        }
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
    /// A scalar; without a text, it is that of its span.
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
        Nodes { all: All::Wide(Vec::with_capacity(nodes)), ..Nodes::default() }
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

    /// The node that an alias stands for, else the node itself.
    #[inline]
    pub(super) fn resolve(&self, id: Id) -> Id {
        match self.what(id) {
            What::Alias => self.all.get(id).first,
            _ => id,
        }
    }

    /// The text of a scalar, if it is one; the text of the file is that of its span.
    #[inline]
    pub(super) fn text<'s>(&'s self, id: Id, file: &'s str) -> Option<&'s str> {
        let node = self.all.get(id);
        match node.what {
            What::Scalar(_) if node.first == NONE => Some(&file[node.start as usize..node.end as usize]),
            What::Scalar(_) => at(&self.texts, node.first).map(|text| &**text),
            _ => None,
        }
    }

    /// The items of a sequence; none of anything else.
    #[inline]
    pub(super) fn items(&self, id: Id) -> &[Id] {
        let node = self.all.get(id);
        if matches!(node.what, What::Sequence(_)) { part(&self.items, &node) } else { &[] }
    }

    /// The keys and values of a mapping; none of anything else.
    #[inline]
    pub(super) fn entries(&self, id: Id) -> &[(Id, Id)] {
        let node = self.all.get(id);
        if matches!(node.what, What::Mapping(_)) { part(&self.entries, &node) } else { &[] }
    }

    /// A node.
    pub(super) fn get(&self, id: Id) -> Stored<'_> {
        let node = self.all.get(id);
        let content = match node.what {
            What::Scalar(notation) => Content::Scalar { notation },
            What::Sequence(style) => Content::Sequence { style, items: part(&self.items, &node) },
            What::Mapping(style) => Content::Mapping { style, entries: part(&self.entries, &node) },
            What::Alias => Content::Alias { target: node.first },
        };
        let span = node.start as usize..node.end as usize;
        let parent = (node.parent != NONE).then_some(node.parent);
        Stored { content, span, properties: at(&self.properties, node.properties), parent }
    }

    /// Adds a node.
    pub(super) fn push(&mut self, new: &New<'_>, span: Range<usize>, parent: Option<Id>) -> Id {
        let (what, first) = match *new {
            New::Scalar { text: None, notation } => (What::Scalar(notation), NONE),
            New::Scalar { text: Some(text), notation } => {
                self.texts.push(text.into());
                (What::Scalar(notation), last(&self.texts))
            }
            New::Sequence(style) => (What::Sequence(style), NONE),
            New::Mapping(style) => (What::Mapping(style), NONE),
            New::Alias { target } => (What::Alias, target),
        };
        let (start, end) = (small(span.start), small(span.end));
        let parent = parent.unwrap_or(NONE);
        let all = self.all.wide();
        all.push(Packed { what, first, count: 0, start, end, parent, properties: NONE });
        last(all)
    }

    /// Gives a collection its children: items, or keys and values in turn.
    pub(super) fn close(&mut self, id: Id, children: &[Id]) {
        let node = &mut self.all.wide()[id as usize];
        (node.first, node.count) = match node.what {
            What::Sequence(_) => add(&mut self.items, children.iter().copied()),
            What::Mapping(_) => add(&mut self.entries, children.chunks_exact(2).map(|pair| (pair[0], pair[1]))),
            What::Scalar(_) | What::Alias => unreachable!("only collections are open"),
        };
    }

    /// Moves a node.
    pub(super) fn set_span(&mut self, id: Id, span: Range<usize>) {
        let node = &mut self.all.wide()[id as usize];
        (node.start, node.end) = (small(span.start), small(span.end));
    }

    /// Anchor and tag of a node, to be stated; at first they are at a range.
    pub(super) fn properties_mut(&mut self, id: Id, range: &Range<usize>) -> &mut Properties {
        let properties = &mut self.all.wide()[id as usize].properties;
        if *properties == NONE {
            self.properties.push(Properties { range: range.clone(), anchor: None, tag: None });
            *properties = last(&self.properties);
        }
        &mut self.properties[*properties as usize]
    }

    /// Releases the memory that is not used, once nothing is to be changed.
    pub(super) fn shrink(&mut self) {
        self.all.shrink();
        self.items.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.texts.shrink_to_fit();
        self.properties.shrink_to_fit();
    }
}

/// An offset or index of a text of less than 4 GiB.
fn small(number: usize) -> u32 {
    u32::try_from(number).expect("the text is shorter than 4 GiB (Stream::parse)")
}

/// What has an index, if it is one.
#[inline]
fn at<T>(list: &[T], index: u32) -> Option<&T> {
    list.get(index as usize)
}

/// The children of a collection in the list of all.
#[inline]
fn part<'l, T>(list: &'l [T], node: &Packed<u32>) -> &'l [T] {
    let first = node.first as usize;
    list.get(first..first.saturating_add(node.count as usize)).unwrap_or_default()
}

fn last<T>(list: &[T]) -> u32 {
    small(list.len() - 1)
}

/// Adds to a list, and says where and how many.
fn add<T>(list: &mut Vec<T>, new: impl Iterator<Item = T>) -> (u32, u32) {
    let first = small(list.len());
    list.extend(new);
    (first, small(list.len()) - first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_the_same_in_two_bytes_and_in_four() {
        assert_eq!((size_of::<Packed<u16>>(), size_of::<Packed<u32>>()), (14, 28));
        // The last node of each ends at the largest offset of two bytes, or behind it.
        for (length, is_narrow) in [(65_534, true), (65_535, false), (70_000, false)] {
            let mut nodes = Nodes::default();
            let root = nodes.push(&New::Mapping(Style::Block), 0..length, None);
            let key = nodes.push(&New::Scalar { text: None, notation: Notation::Plain }, 0..1, Some(root));
            let value =
                nodes.push(&New::Scalar { text: Some("text"), notation: Notation::Quoted }, 3..length, Some(root));
            nodes.properties_mut(value, &(3..5)).tag = Some("!t".into());
            nodes.close(root, &[key, value]);
            nodes.set_span(key, 0..2);
            let all = |nodes: &Nodes| -> Vec<String> {
                let text = "x".repeat(length);
                nodes.ids().map(|id| format!("{:?} {:?}", nodes.get(id), nodes.text(id, &text))).collect()
            };
            let before = all(&nodes);
            nodes.shrink();
            assert_eq!(matches!(nodes.all, All::Narrow(_)), is_narrow, "{length}");
            assert_eq!(all(&nodes), before, "{length}");
            assert_eq!((nodes.get(key).span, nodes.text(value, "")), (0..2, Some("text")));
        }
    }
}
