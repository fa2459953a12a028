//! Operations on the items of sequences: insert, remove, list.

use super::{Edit, Emptied, Error, Fate, Node, Order, Place, What};
use crate::yaml::emit::{Layout, New};
use crate::yaml::node::Content;

impl<'s> Edit<'s> {
    /// Puts an item into a sequence, before the one at `at`, or at the end.
    ///
    /// # Errors
    /// If this is not a sequence or an alias of one, or if nothing can be inserted there safely.
    pub fn insert_item(&mut self, sequence: Node<'s>, at: usize, item: &New) -> Result<(), Error> {
        let Content::Sequence { .. } = &self.stored(sequence)?.content else {
            return Err(self.unsupported(sequence, "items can only be added to a sequence"));
        };
        let slots = self.slots(sequence)?;
        let at = at.min(slots.len());
        self.insert(&slots, at, None, &|layout, column| {
            if slots.is_flow() || slots.len() == 0 { layout.flow(item) } else { layout.item(item, column) }
        })?;
        self.record(sequence.id, What::InsertItem(at, item.clone()))
    }

    /// As [`Edit::insert_item`], with comments on separate lines above the item, if the sequence is
    /// in block style and has items already. Give them without `#`, which is added.
    ///
    /// # Errors
    /// As [`Edit::insert_item`]; also for a sequence in flow style and for an empty one, where
    /// comments have no lines of their own.
    pub fn insert_commented_item(
        &mut self,
        sequence: Node<'s>,
        at: usize,
        comments: &[&str],
        item: &New,
    ) -> Result<(), Error> {
        let Content::Sequence { .. } = &self.stored(sequence)?.content else {
            return Err(self.unsupported(sequence, "items can only be added to a sequence"));
        };
        let slots = self.slots(sequence)?;
        if slots.is_flow() || slots.len() == 0 {
            return Err(self.unsupported(sequence, "a comment in a sequence on one line"));
        }
        let at = at.min(slots.len());
        let comments = self.comments_to_add(sequence, comments)?;
        self.insert(&slots, at, None, &|layout, column| {
            let lines = comments.iter().map(|comment| format!("{comment}{}{}", layout.ending, " ".repeat(column)));
            format!("{}{}", lines.collect::<String>(), layout.item(item, column))
        })?;
        self.record(sequence.id, What::InsertItem(at, item.clone()))
    }

    /// Removes an item from a sequence, with the comments that belong to it: those directly above
    /// at its indentation, in it, and on its line. `fate` decides on each of them: in block style,
    /// a moved comment stays, on a separate line. `emptied` says what is left if it is the only
    /// item.
    ///
    /// # Errors
    /// If the item does not exist, or if it has an anchor that is used elsewhere.
    pub fn remove_item(
        &mut self,
        sequence: Node<'s>,
        at: usize,
        emptied: Emptied,
        fate: impl Fn(&str) -> Fate,
    ) -> Result<(), Error> {
        let slots = self.slots(sequence)?;
        if !matches!(sequence.stored().content, Content::Sequence { .. }) {
            return Err(self.unsupported(sequence, "this is not a sequence"));
        }
        if at >= slots.len() {
            return Err(self.unsupported(sequence, "the item does not exist"));
        }
        if slots.len() == 1 {
            return self.empty(sequence, emptied, &fate);
        }
        self.remove(&slots, at, true, &fate)?;
        self.record(sequence.id, What::RemoveItem(at))
    }

    /// Makes the sequence under `key` list a string. Idempotent: an item for which `same` is true
    /// is enough.
    ///
    /// [`Order`] decides on the place of the new item, so several units may add theirs in any order
    /// with the same result. `[]` and a missing value become a block sequence; a missing key is
    /// added at the end of the mapping.
    ///
    /// Returns whether anything had to change.
    ///
    /// # Errors
    /// If the value of the key is no sequence, or if nothing can be inserted there safely.
    pub fn list(
        &mut self,
        mapping: Node<'s>,
        key: &str,
        item: &str,
        order: &Order<'_>,
        same: impl Fn(&str) -> bool,
    ) -> Result<bool, Error> {
        let new = New::string(item);
        if mapping.own_entry(key).is_none() {
            self.insert_entry(mapping, Place::Last, key, &New::Sequence(vec![new]))?;
            return Ok(true);
        }
        let sequence = self.node(self.entry(mapping, key)?.value);
        if sequence.items().any(|item| item.text().is_some_and(&same)) {
            return Ok(false);
        }
        match self.stored(sequence)?.content {
            Content::Sequence { items, .. } if !items.is_empty() => {
                let texts: Vec<_> = items.map(|id| self.node(id).text()).collect();
                self.insert_item(sequence, order.place(&texts, item), &new)?;
            }
            Content::Sequence { .. } => self.set(sequence, &New::Sequence(vec![new]), |_| Fate::Moved)?,
            Content::Scalar { .. } if sequence.is_null() => {
                self.set(sequence, &New::Sequence(vec![new]), |_| Fate::Moved)?
            }
            _ => return Err(self.unsupported(sequence, "the list is not a sequence")),
        }
        Ok(true)
    }

    /// Removes all items for which `same` is true from the sequence under `key`. Returns whether
    /// anything had to change.
    ///
    /// # Errors
    /// As [`Edit::remove_item`].
    pub fn unlist(
        &mut self,
        mapping: Node<'s>,
        key: &str,
        same: impl Fn(&str) -> bool,
        emptied: Emptied,
        fate: impl Fn(&str) -> Fate,
    ) -> Result<bool, Error> {
        let sequence = self.node(self.entry(mapping, key)?.value);
        let found = sequence.items().position(|item| item.text().is_some_and(&same));
        let Some(at) = found else { return Ok(false) };
        self.remove_item(sequence, at, emptied, fate)?;
        Ok(true)
    }

    /// What is left of a collection whose only child is removed.
    pub(super) fn empty(
        &mut self,
        collection: Node<'s>,
        emptied: Emptied,
        fate: &dyn Fn(&str) -> Fate,
    ) -> Result<(), Error> {
        let brackets = match collection.stored().content {
            Content::Sequence { .. } => New::Sequence(Vec::new()),
            _ => New::Mapping(Vec::new()),
        };
        let parent = self.stream.nodes.parent(collection.id).filter(|_| emptied == Emptied::NoEntry);
        let Some(parent) = parent.map(|parent| self.node(parent)) else {
            return self.set(collection, &brackets, fate);
        };
        match parent.stored().content {
            Content::Mapping { entries, .. } => {
                let key = entries.key_of(collection.id);
                match key.and_then(|key| self.node(key).text()) {
                    Some(key) => self.remove_entry(parent, key, emptied, fate),
                    None => Err(self.unsupported(parent, "a key that is not a scalar")),
                }
            }
            Content::Sequence { mut items, .. } => {
                let at = items.position(|item| item == collection.id).unwrap_or(usize::MAX);
                self.remove_item(parent, at, emptied, fate)
            }
            _ => self.set(collection, &brackets, fate),
        }
    }
}

impl Layout {
    /// `key: value` on one line.
    pub(super) fn flow_entry(&self, key: &str, value: &New) -> String {
        format!("{}: {}", self.key(key), self.flow(value))
    }
}
