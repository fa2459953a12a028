//! Editing a stream: operations on its nodes, collected and then proven together.

mod anchors;
mod comments;
mod documents;
mod flow;
mod header;
mod line_breaks;
mod mapping;
mod nested;
mod order;
mod sequence;
mod slots;
#[cfg(test)]
mod tests;
mod uncomment;
mod upsert;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

pub use order::Order;

use super::comments::{CommentFate, Fate};
use super::error::{Error, Problem};
use super::node::{Content, Node, Stored, Style};
use super::nodes::Id;
use super::operation::{Operation, Path, What};
use super::{Stream, proof};
use crate::text::{Splice, SpliceError, Splices};

/// Operations on the nodes of one stream. Nodes are those of the stream as it was read: operations
/// do not see each other, and two that touch the same bytes are refused.
///
/// ```
/// use flux_codemod::yaml::{Edit, Fate, New, Stream};
///
/// let stream = Stream::parse("a:\n  b: 1 # one\n  c: 2\n").unwrap();
/// let root = stream.documents().next().unwrap();
/// let mut edit = Edit::of(&stream);
/// edit.replace_entry(root, "a", "z", &New::string("yes"), |_| Fate::Moved).unwrap();
/// let edited = edit.finish().unwrap();
/// assert_eq!(edited.splices.apply(stream.text()).unwrap(), "# one\nz: \"yes\"\n");
/// ```
#[derive(Debug)]
pub struct Edit<'s> {
    stream: &'s Stream,
    splices: Vec<Splice>,
    /// The children of each collection whose text is removed or moved.
    cut: BTreeMap<Id, BTreeSet<usize>>,
    operations: Vec<Operation>,
    fates: Vec<CommentFate>,
    /// Fates of comments in block scalars, which are not comments of the stream itself.
    nested_fates: Vec<CommentFate>,
    added: Vec<String>,
    /// What has moved with its comments: anchored nodes, and the comments of items that go elsewhere.
    carried: Vec<Range<usize>>,
    move_anchors: bool,
    /// Whether the order of operations counts: several insertions at one place are allowed.
    in_order: bool,
    /// Anchored nodes that change together with their uses, and the uses of which that is known.
    shared: BTreeSet<Id>,
    repeated: BTreeSet<Id>,
}

/// An edit that both parsers agree on.
#[derive(Clone, Debug)]
pub struct Edited {
    /// What changes in the text.
    pub splices: Splices,
    /// What became of each comment in a removed range.
    pub comments: Vec<CommentFate>,
}

/// Where an entry is placed in a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'k> {
    /// Before the first entry, and before the comments above it.
    First,
    /// After the last entry.
    Last,
    /// Before the entry with this key, and before the comments above it.
    Before(&'k str),
    /// After the entry with this key.
    After(&'k str),
}

/// What is left when the last child of a collection is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emptied {
    /// `[]` or `{}`.
    Brackets,
    /// Nothing: the entry that contains the collection is removed, too.
    NoEntry,
}

impl<'s> Edit<'s> {
    /// An edit of this stream, with nothing in it yet.
    pub fn of(stream: &'s Stream) -> Edit<'s> {
        Edit {
            stream,
            splices: Vec::new(),
            cut: BTreeMap::new(),
            operations: Vec::new(),
            fates: Vec::new(),
            nested_fates: Vec::new(),
            added: Vec::new(),
            carried: Vec::new(),
            move_anchors: false,
            in_order: false,
            shared: BTreeSet::new(),
            repeated: BTreeSet::new(),
        }
    }

    /// From here on, an anchor in a removed range that is used elsewhere moves to its first
    /// remaining use, instead of being refused. The data stays the same, which the proof checks.
    /// Comments inside move along and have no fate.
    pub fn moving_anchors(mut self) -> Edit<'s> {
        self.move_anchors = true;
        self
    }

    /// From here on, several insertions at one place are made in the order of the operations,
    /// instead of being refused; and an alias that an operation has removed uses its anchor no more.
    pub fn in_order(mut self) -> Edit<'s> {
        self.in_order = true;
        self
    }

    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.splices.is_empty() && self.cut.is_empty()
    }

    /// Proves the edit: both parsers read the new text as their own reading of the old text with
    /// the operations applied, and every comment is still there or accounted for.
    ///
    /// # Errors
    /// If one of them does not.
    pub fn finish(mut self) -> Result<Edited, Error> {
        self.cut_flow()?;
        line_breaks::keep(self.stream, &mut self.splices);
        let Edit { stream, splices, operations, mut fates, nested_fates, added, .. } = self;
        let first = splices.iter().min_by_key(|splice| splice.range.start);
        let range = first.map_or(0..0, |splice| splice.range.clone());
        let error = |problem| stream.error(range.clone(), problem);
        let splices = stream.splices(splices).map_err(|cause| match cause {
            SpliceError::Overlap(..) => error(Problem::Overlap),
            other => error(Problem::ParsersDisagree(other.to_string())),
        })?;
        proof::prove(stream, &splices, &operations, &fates, &added).map_err(error)?;
        fates.extend(nested_fates);
        Ok(Edited { splices, comments: fates })
    }

    /// Cuts children out of flow collections.
    ///
    /// # Errors
    /// Where a collection would be left without children.
    fn cut_flow(&mut self) -> Result<(), Error> {
        for (id, children) in std::mem::take(&mut self.cut) {
            let (document, path) = self.place_of(id);
            let slots = self.slots(self.node(id))?;
            let grows = |operation: &Operation| {
                (operation.document, &operation.path) == (document, &path)
                    && matches!(operation.what, What::InsertEntry(..) | What::InsertItem(..) | What::MoveEntry(..))
            };
            if children.len() == slots.len() && (slots.is_flow() || !self.operations.iter().any(grows)) {
                let what = "removing everything in a collection one by one: set it to an empty one";
                return Err(self.unsupported(self.node(id), what));
            }
            if slots.is_flow() {
                let ranges = slots.flow_removal(&children).into_iter();
                self.splices.extend(ranges.map(|range| Splice { range, with: String::new() }));
            }
        }
        Ok(())
    }

    fn unsupported(&self, node: Node<'_>, what: &'static str) -> Error {
        self.stream.error(node.range(), Problem::Unsupported(what))
    }

    /// A collection that is not an alias: editing it through an alias would change it elsewhere.
    fn stored(&self, node: Node<'s>) -> Result<Stored<'s>, Error> {
        match node.stored().content {
            Content::Alias { .. } => Err(self.unsupported(node, "this value is an alias: its content is elsewhere")),
            _ => Ok(node.stored()),
        }
    }

    fn node(&self, id: Id) -> Node<'s> {
        Node { stream: self.stream, id }
    }

    fn whole(&self, id: Id) -> Range<usize> {
        self.stream.nodes.get(id).whole()
    }

    /// Where a child of a collection begins: at its key, at its dash, or, in flow style and at the
    /// root, at the node itself.
    fn child_start(&self, child: Node<'s>) -> usize {
        let start = child.range().start;
        match self.stream.nodes.parent(child.id).map(|parent| self.stream.nodes.get(parent).content) {
            Some(Content::Sequence { style: Style::Block, .. }) => self.stream.dash_before(start),
            Some(Content::Mapping { entries, .. }) => {
                entries.key_of(child.id).map_or(start, |key| self.whole(key).start)
            }
            _ => start,
        }
    }

    /// Records what an operation does to the data.
    ///
    /// # Errors
    /// [`Problem::AnchorInUse`] inside a node that an alias repeats elsewhere: there it would
    /// change, too.
    fn record(&mut self, id: Id, what: What) -> Result<(), Error> {
        self.refuse_if_repeated(id, matches!(what, What::Set(_)))?;
        if let What::Set(new)
        | What::ReplaceEntry(_, _, new)
        | What::InsertEntry(_, _, new)
        | What::InsertItem(_, new) = &what
        {
            self.added.extend(new.comments());
        }
        let (document, path) = self.place_of(id);
        self.operations.push(Operation { document, path, what });
        Ok(())
    }

    /// The document of a node, and the way to it from the root.
    fn place_of(&self, id: Id) -> (usize, Path) {
        let mut path: Path = Vec::new();
        let mut child = id;
        for parent in self.stream.nodes.above(id) {
            let at = match self.stream.nodes.get(parent).content {
                Content::Sequence { mut items, .. } => items.position(|item| item == child),
                Content::Mapping { mut entries, .. } => entries.position(|(_, value)| value == child),
                _ => None,
            };
            path.push(at.unwrap_or(usize::MAX));
            child = parent;
        }
        path.reverse();
        let document = self.stream.roots.iter().position(|root| *root == child).unwrap_or(usize::MAX);
        (document, path)
    }
}
