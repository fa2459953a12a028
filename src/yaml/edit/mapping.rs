//! Operations on the entries of mappings: insert, replace, rename, move, remove.

use std::ops::Range;

use super::slots::{Moved, Slots};
use super::{Edit, Emptied, Error, Fate, Node, Place, Problem, Splice, What};
use crate::yaml::emit::{Layout, New};
use crate::yaml::node::{Content, Notation, Style};
use crate::yaml::nodes::Id;

/// The entry of a mapping that an operation is about.
pub(super) struct Entry {
    pub(super) at: usize,
    pub(super) key: Id,
    pub(super) value: Id,
}

impl<'s> Edit<'s> {
    /// Replaces the key and value of an entry, in the style of its mapping and its value. `fate`
    /// decides on each comment inside the entry, including one at the end of its last line and
    /// comment lines directly below that are indented deeper than the key. Moved comments are
    /// placed above the new key.
    ///
    /// # Errors
    /// If there is no such entry, or more than one, if it has an anchor that is used elsewhere, or
    /// if a comment cannot be moved.
    pub fn replace_entry(
        &mut self,
        mapping: Node<'s>,
        key: &str,
        new_key: &str,
        value: &New,
        fate: impl Fn(&str) -> Fate,
    ) -> Result<(), Error> {
        let slots = self.slots(mapping)?;
        let entry = self.entry(mapping, key)?;
        let mut range = slots.child(entry.at);
        let start = range.start;
        if !slots.is_flow() && self.stream.lines().number(range.start) < self.stream.lines().number(range.end) {
            range = self.stream.with_trailing_comment(range);
            range.end = self.stream.end_with_deeper_comments(range.end, self.stream.column(start));
        }
        self.settle_anchors_in(&range)?;

        let mut layout = Layout::near(self.stream, start).inside(self.stream, mapping.id);
        // A comment after it must not become text.
        layout.block_scalars = !self.stream.is_followed_by_comment(range.end);
        let column = self.stream.column(start);
        let can_move = !slots.is_flow() && self.stream.begins_its_line(start);
        let moved = self.take_comments(&range, can_move, fate)?;
        let mut with: String =
            moved.iter().map(|comment| format!("{comment}{}{}", layout.ending, " ".repeat(column))).collect();
        let old_is_flow = matches!(
            self.stream.nodes.get(entry.value).content,
            Content::Mapping { style: Style::Flow, .. } | Content::Sequence { style: Style::Flow, .. }
        );
        with.push_str(&if slots.is_flow() || old_is_flow {
            layout.flow_entry(new_key, value)
        } else {
            layout.entry(new_key, value, column)
        });
        self.splices.push(Splice { range, with });
        self.record(mapping.id, What::ReplaceEntry(entry.at, new_key.to_owned(), value.clone()))
    }

    /// Puts an entry into a mapping.
    ///
    /// # Errors
    /// If the mapping has that key already, if the place names a key that it does not have, or if
    /// nothing can be inserted there safely.
    pub fn insert_entry(&mut self, mapping: Node<'s>, place: Place<'_>, key: &str, value: &New) -> Result<(), Error> {
        let Content::Mapping { .. } = &self.stored(mapping)?.content else {
            return Err(self.unsupported(mapping, "entries can only be added to a mapping"));
        };
        let slots = self.slots(mapping)?;
        if mapping.own_entry(key).is_some() {
            return Err(self.stream.error(mapping.range(), Problem::DuplicateKey(key.to_owned())));
        }
        let at = self.index_of(mapping, place)?;
        self.refuse_explicit_keys(mapping)?;
        self.insert(&slots, at, None, &|layout, column| {
            if slots.is_flow() || slots.len() == 0 {
                layout.flow_entry(key, value)
            } else {
                layout.entry(key, value, column)
            }
        })?;
        self.record(mapping.id, What::InsertEntry(at, key.to_owned(), value.clone()))
    }

    /// As [`Edit::insert_entry`], with comments on separate lines above the entry, if the mapping
    /// is in block style. Give them without `#`, which is added.
    ///
    /// # Errors
    /// As [`Edit::insert_entry`]; also for a mapping in flow style, where comments have no lines of
    /// their own.
    pub fn insert_commented_entry(
        &mut self,
        mapping: Node<'s>,
        place: Place<'_>,
        comments: &[&str],
        key: &str,
        value: &New,
    ) -> Result<(), Error> {
        let slots = self.slots(mapping)?;
        if slots.is_flow() || slots.len() == 0 {
            return Err(self.unsupported(mapping, "a comment in a mapping on one line"));
        }
        if mapping.own_entry(key).is_some() {
            return Err(self.stream.error(mapping.range(), Problem::DuplicateKey(key.to_owned())));
        }
        let at = self.index_of(mapping, place)?;
        self.refuse_explicit_keys(mapping)?;
        let comments = self.comments_to_add(mapping, comments)?;
        self.insert(&slots, at, None, &|layout, column| {
            let lines = comments.iter().map(|comment| format!("{comment}{}{}", layout.ending, " ".repeat(column)));
            format!("{}{}", lines.collect::<String>(), layout.entry(key, value, column))
        })?;
        self.record(mapping.id, What::InsertEntry(at, key.to_owned(), value.clone()))
    }

    /// Puts text before the child at `at`, or after the last.
    pub(super) fn insert(
        &mut self,
        slots: &Slots<'s>,
        at: usize,
        moved: Option<Moved<'s>>,
        text: &dyn Fn(&Layout, usize) -> String,
    ) -> Result<(), Error> {
        // To insert before a child other than the first is to insert after the previous one and its
        // comments.
        let beside = (slots.len() > 0).then(|| slots.child(at.saturating_sub(1)));
        let mut layout = Layout::near(self.stream, beside.as_ref().map_or(0, |child| child.start));
        if let Some(beside) = beside {
            // The line next to it.
            let line = if at == 0 { self.stream.start_with_comments_above(beside.start) } else { beside.end };
            layout.ending = self.stream.lines().ending(self.stream.text(), line).to_owned();
        }
        let layout = layout.inside(self.stream, slots.id());
        for splice in slots.insertion(at, &layout, moved, text)? {
            // Several insertions at one place keep their order: inner ones come first.
            let is_there = |there: &&mut Splice| there.range.is_empty() && there.range == splice.range;
            match self.splices.iter_mut().find(is_there).filter(|_| self.in_order) {
                Some(there) => {
                    let comma = if slots.len() == 0 { ", " } else { "" };
                    there.with.push_str(&format!("{comma}{}", splice.with));
                }
                None => self.splices.push(splice),
            }
        }
        Ok(())
    }

    /// Removes an entry from a mapping, with the comments that belong to it: those directly above
    /// at its indentation, in it, and on its line. `fate` must drop each of them. `emptied` says
    /// what is left if it is the only one.
    ///
    /// # Errors
    /// If there is no such entry, or more than one, or if it has an anchor that is used elsewhere.
    pub fn remove_entry(
        &mut self,
        mapping: Node<'s>,
        key: &str,
        emptied: Emptied,
        fate: impl Fn(&str) -> Fate,
    ) -> Result<(), Error> {
        let slots = self.slots(mapping)?;
        let entry = self.entry(mapping, key)?;
        if slots.len() == 1 {
            return self.empty(mapping, emptied, &fate);
        }
        self.remove(&slots, entry.at, false, &fate)?;
        self.record(mapping.id, What::RemoveEntry(entry.at))
    }

    /// Cuts a child that is not the only one out of the text. `may_stay` says whether comments to
    /// be moved may simply stay where they are.
    pub(super) fn remove(
        &mut self,
        slots: &Slots<'s>,
        at: usize,
        may_stay: bool,
        fate: &dyn Fn(&str) -> Fate,
    ) -> Result<(), Error> {
        let mut stay = String::new();
        let column = self.stream.column(slots.child(at).start);
        let ranges: Vec<_> = slots.removal(at)?.into_iter().map(|range| self.with_taken_below(range, column)).collect();
        for range in &ranges {
            self.settle_anchors_in(range)?;
            // If whole lines are removed, comments can stay, each on its line.
            let text = self.stream.text();
            let lines = may_stay
                && !slots.is_flow()
                && self.stream.line_start(range.start) == range.start
                && text[..range.end].ends_with('\n')
                && !self.stream.follows_kept_block(range.start);
            let indentation = " ".repeat(column);
            let ending = self.stream.lines().ending(text, range.start).to_owned();
            let stays = |fate| if fate == Fate::Moved { Fate::Stays } else { fate };
            let moved = self.take_comments(range, lines, |text| stays(fate(text)))?;
            stay.extend(moved.iter().map(|comment| format!("{indentation}{comment}{ending}")));
        }
        self.cut(slots, at, ranges, &stay)
    }

    /// Records that the text of a child is removed, except the comments in `stay`.
    fn cut(&mut self, slots: &Slots<'s>, at: usize, ranges: Vec<Range<usize>>, stay: &str) -> Result<(), Error> {
        let others = self.cut.entry(slots.id()).or_default();
        if !others.insert(at) {
            return Err(self.stream.error(slots.child(at), Problem::Overlap));
        }
        if !slots.is_flow() {
            // In flow style, which comma is removed depends on what else is.
            self.splices.extend(ranges.into_iter().map(|range| Splice { range, with: stay.to_owned() }));
        }
        Ok(())
    }

    /// Renames the key of an entry, in the notation of the old key if possible. An anchor of the
    /// key stays.
    ///
    /// # Errors
    /// If there is no such entry, or more than one, if the new key exists already and was not removed
    /// by this edit before, or if the key is no scalar.
    pub fn rename_key(&mut self, mapping: Node<'s>, key: &str, new_key: &str) -> Result<(), Error> {
        let entry = self.entry(mapping, key)?;
        if key == new_key {
            return Ok(());
        }
        let is_there = mapping.own_entry(new_key).is_some();
        if is_there && !self.is_removed(mapping, new_key)? {
            return Err(self.stream.error(self.whole(entry.key), Problem::DuplicateKey(new_key.to_owned())));
        }
        let stored = self.stream.nodes.get(entry.key);
        let layout = Layout::near(self.stream, stored.span.start);
        let with = match &stored.content {
            Content::Scalar { notation: Notation::Quoted, .. } => self.in_quotes_of(stored.span.start, layout, new_key),
            Content::Scalar { notation: Notation::Plain, .. } if stored.span.is_empty() => {
                return Err(self.unsupported(self.node(entry.key), "an empty key"));
            }
            Content::Scalar { notation: Notation::Plain, .. } | Content::Alias { .. } => layout.scalar(new_key),
            _ => {
                return Err(self.unsupported(self.node(entry.key), "a key that is neither a plain nor a quoted scalar"));
            }
        };
        if stored.tag().is_some() {
            return Err(self.unsupported(self.node(entry.key), "a key with a tag"));
        }
        self.splices.push(Splice { range: stored.span.clone(), with });
        self.record(mapping.id, What::RenameEntry(entry.at, new_key.to_owned()))
    }

    /// Whether this edit removes an entry.
    fn is_removed(&self, mapping: Node<'s>, key: &str) -> Result<bool, Error> {
        let at = self.entry(mapping, key)?.at;
        let slots = self.slots(mapping)?;
        Ok(self.cut.get(&slots.id()).is_some_and(|cut| cut.contains(&at)))
    }

    /// Moves an entry within its mapping, with the comments that belong to it, as it is written.
    ///
    /// # Errors
    /// As for removing and inserting; also if an alias would then be before its anchor.
    pub fn move_entry(&mut self, mapping: Node<'s>, key: &str, place: Place<'_>) -> Result<(), Error> {
        let slots = self.slots(mapping)?;
        let from = self.entry(mapping, key)?.at;
        let to = self.index_of(mapping, place)?;
        if to == from || to == from + 1 {
            return Ok(());
        }
        let child = slots.child(from);
        self.refuse_explicit_keys(mapping)?;
        self.refuse_uses_before_anchors(&slots, from, to)?;
        // With its comments, without its indentation, which the insertion adds.
        let begins = self.stream.begins_its_line(child.start) && !slots.is_flow();
        let start = if begins { self.stream.start_with_comments_above(child.start) } else { child.start };
        let end = if slots.is_flow() { child.end } else { self.stream.line_content_end(child.end) };
        let text = self.stream.text()[start..end].trim_start_matches('\u{feff}').trim_start_matches(' ').to_owned();
        let moved =
            Moved { line_break: self.stream.line_break(end), keeps: self.stream.ends_in_kept_block(slots.last(from)) };
        self.insert(&slots, to, Some(moved), &|_, _| text.clone())?;
        self.cut(&slots, from, slots.removal(from)?, "")?;
        self.record(mapping.id, What::MoveEntry(from, to))
    }

    /// The index of the entry that a place is before; the number of entries for the end.
    fn index_of(&self, mapping: Node<'s>, place: Place<'_>) -> Result<usize, Error> {
        Ok(match place {
            Place::First => 0,
            Place::Last => self.slots(mapping)?.len(),
            Place::Before(sibling) => self.entry(mapping, sibling)?.at,
            Place::After(sibling) => self.entry(mapping, sibling)?.at + 1,
        })
    }

    pub(super) fn entry(&self, mapping: Node<'s>, key: &str) -> Result<Entry, Error> {
        let Content::Mapping { entries, .. } = self.stored(mapping)?.content else {
            return Err(self.unsupported(mapping, "this is not a mapping"));
        };
        let is_it = |(id, _): &(Id, Id)| self.node(*id).text() == Some(key);
        let mut found = entries.enumerate().filter(|(_, entry)| is_it(entry));
        let Some((at, (key_id, value))) = found.next() else {
            return Err(self.stream.error(mapping.range(), Problem::NoSuchKey(key.to_owned())));
        };
        if let Some((_, (second, _))) = found.next() {
            return Err(self.stream.error(self.whole(second), Problem::DuplicateKey(key.to_owned())));
        }
        self.refuse_explicit_keys(mapping)?;
        Ok(Entry { at, key: key_id, value })
    }

    /// `? key` splits an entry in a way that this editor does not support.
    pub(super) fn refuse_explicit_keys(&self, mapping: Node<'s>) -> Result<(), Error> {
        let explicit = |key: &Node<'s>| {
            let before = &self.stream.text()[..self.stream.end_of_token_before(key.range().start)];
            let mark = before.strip_suffix('?');
            mark.is_some_and(|before| {
                before.is_empty() || before.ends_with([' ', '\t', '\n', '\r', '\u{feff}', '-', '{', '[', ','])
            })
        };
        match mapping.entries().find(|(key, _)| explicit(key)) {
            Some((key, _)) => Err(self.unsupported(key, "a key written with `?`")),
            None => Ok(()),
        }
    }
}
