//! The nodes of a stream, packed: a tree has millions of them, and most are never looked at.
//!
//! Offsets and ids have four bytes, so a text has less than 4 GiB. The children of all collections
//! are in one list each, and what few nodes have (a text that differs from the file, anchor, tag) is
//! beside them.

use std::ops::Range;

use super::node::{Content, Notation, Properties, Stored, Style};

/// The index of a node in its stream.
pub(super) type Id = u32;

/// The nodes of a stream, each after its parent.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    all: Vec<Packed>,
    items: Vec<Id>,
    entries: Vec<(Id, Id)>,
    texts: Vec<Box<str>>,
    properties: Vec<Properties>,
}

/// A node.
#[derive(Clone, Debug)]
struct Packed {
    body: Body,
    start: u32,
    end: u32,
    parent: Maybe,
    properties: Maybe,
}

/// What a node is; collections are empty until they are closed.
#[derive(Clone, Copy, Debug)]
enum Body {
    Scalar { text: Maybe, notation: Notation },
    Sequence { style: Style, items: Part },
    Mapping { style: Style, entries: Part },
    Alias { target: Id },
}

/// A part of a list.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    first: u32,
    count: u32,
}

impl Part {
    fn of<T>(self, list: &[T]) -> &[T] {
        let first = self.first as usize;
        list.get(first..first + self.count as usize).unwrap_or_default()
    }
}

/// An index, or none.
#[derive(Clone, Copy, Debug)]
struct Maybe(u32);

impl Maybe {
    const NONE: Maybe = Maybe(u32::MAX);

    fn get(self) -> Option<u32> {
        (self.0 != u32::MAX).then_some(self.0)
    }

    fn of<T>(self, list: &[T]) -> Option<&T> {
        list.get(self.get()? as usize)
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
        Nodes { all: Vec::with_capacity(nodes), ..Nodes::default() }
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

    /// A node.
    pub(super) fn get(&self, id: Id) -> Stored<'_> {
        let node = &self.all[id as usize];
        let content = match node.body {
            Body::Scalar { text, notation } => {
                Content::Scalar { text: text.of(&self.texts).map(|text| &**text), notation }
            }
            Body::Sequence { style, items } => Content::Sequence { style, items: items.of(&self.items) },
            Body::Mapping { style, entries } => Content::Mapping { style, entries: entries.of(&self.entries) },
            Body::Alias { target } => Content::Alias { target },
        };
        let span = node.start as usize..node.end as usize;
        Stored { content, span, properties: node.properties.of(&self.properties), parent: node.parent.get() }
    }

    /// Adds a node.
    pub(super) fn push(&mut self, new: &New<'_>, span: Range<usize>, parent: Option<Id>) -> Id {
        let body = match *new {
            New::Scalar { text: None, notation } => Body::Scalar { text: Maybe::NONE, notation },
            New::Scalar { text: Some(text), notation } => {
                self.texts.push(text.into());
                Body::Scalar { text: last(&self.texts), notation }
            }
            New::Sequence(style) => Body::Sequence { style, items: Part::default() },
            New::Mapping(style) => Body::Mapping { style, entries: Part::default() },
            New::Alias { target } => Body::Alias { target },
        };
        let (start, end) = (small(span.start), small(span.end));
        let parent = parent.map_or(Maybe::NONE, Maybe);
        self.all.push(Packed { body, start, end, parent, properties: Maybe::NONE });
        last(&self.all).0
    }

    /// Gives a collection its children: items, or keys and values in turn.
    pub(super) fn close(&mut self, id: Id, children: &[Id]) {
        match &mut self.all[id as usize].body {
            Body::Sequence { items, .. } => *items = add(&mut self.items, children.iter().copied()),
            Body::Mapping { entries, .. } => {
                let pairs = children.chunks_exact(2).map(|pair| (pair[0], pair[1]));
                *entries = add(&mut self.entries, pairs);
            }
            Body::Scalar { .. } | Body::Alias { .. } => unreachable!("only collections are open"),
        }
    }

    /// Moves a node.
    pub(super) fn set_span(&mut self, id: Id, span: Range<usize>) {
        let node = &mut self.all[id as usize];
        (node.start, node.end) = (small(span.start), small(span.end));
    }

    /// Anchor and tag of a node, to be stated; at first they are at a range.
    pub(super) fn properties_mut(&mut self, id: Id, range: &Range<usize>) -> &mut Properties {
        let properties = &mut self.all[id as usize].properties;
        if properties.get().is_none() {
            self.properties.push(Properties { range: range.clone(), anchor: None, tag: None });
            *properties = last(&self.properties);
        }
        &mut self.properties[properties.0 as usize]
    }

    /// Releases the memory that is not used.
    pub(super) fn shrink(&mut self) {
        self.all.shrink_to_fit();
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

fn last<T>(list: &[T]) -> Maybe {
    Maybe(small(list.len() - 1))
}

fn add<T>(list: &mut Vec<T>, new: impl Iterator<Item = T>) -> Part {
    let first = small(list.len());
    list.extend(new);
    Part { first, count: small(list.len()) - first }
}
