//! The edits that turn the text of a node into another value, and change nothing else.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Value;
use crate::yaml::{Edit, Emptied, Error, Fate, Kind, New, Node, Place, Stream, Style};

/// Changes a node that is `from` now ([`Value::of`] it) to `to`. What is in both stays as it is
/// written: an entry with another key but the same value is renamed, also if a mapping has more in
/// it then; an entry that another one takes the place of is replaced, and an alias is written out if
/// its value changes. The comments
/// of a replaced entry stay; those of a removed entry are dropped, for the reason given. The edit
/// should be one [in order](Edit::in_order), because several entries may be added in one place.
///
/// # Errors
/// If the text does not allow it: what is to change is repeated by an alias elsewhere, or what is
/// to be removed is merged in.
pub fn rewrite<'s>(
    edit: &mut Edit<'s>,
    node: Node<'s>,
    from: &Value,
    to: &Value,
    dropped_because: &str,
) -> Result<(), Error> {
    rewrite_with(edit, node, (from, to), &as_it_is, dropped_because)
}

/// How the value of a new entry is written, by the mapping that gets it and its key: parts may be aliases.
pub type Spelling<'a> = dyn Fn(Node<'_>, &str, &Value) -> New + 'a;

fn as_it_is(_: Node<'_>, _: &str, value: &Value) -> New {
    New::from(value)
}

/// The same as [`rewrite`], with new entries as they are spelled.
///
/// # Errors
/// As [`rewrite`].
pub fn rewrite_with<'s>(
    edit: &mut Edit<'s>,
    node: Node<'s>,
    (from, to): (&Value, &Value),
    spelling: &Spelling<'_>,
    dropped_because: &str,
) -> Result<(), Error> {
    Rewrite { dropped_because, spelling, changed: BTreeMap::new() }.node(edit, node, from, to)?;
    edit.check_uses()
}

struct Rewrite<'a> {
    dropped_because: &'a str,
    spelling: &'a Spelling<'a>,
    /// What anchored nodes become, each by where it begins.
    changed: BTreeMap<usize, Value>,
}

impl Rewrite<'_> {
    fn node<'s>(&mut self, edit: &mut Edit<'s>, node: Node<'s>, from: &Value, to: &Value) -> Result<(), Error> {
        if from == to {
            return Ok(());
        }
        if node.is_alias() {
            return match self.becomes(node.resolved()) {
                Some(new) if new == to => edit.repeat(node),
                _ => edit.set(node, &New::from(to), |_| self.dropped()),
            };
        }
        let is_anchored = node.anchor().is_some();
        match (from, to) {
            (Value::Mapping(from), Value::Mapping(to)) if !to.is_empty() => {
                edit.share(node);
                self.entries(edit, node, from, to)?;
            }
            (Value::Sequence(from), Value::Sequence(to)) if from.len() == to.len() => {
                edit.share(node);
                let items: Vec<_> = node.items().zip(from.iter().zip(to)).collect();
                items.into_iter().try_for_each(|(item, (from, to))| self.node(edit, item, from, to))?;
            }
            (Value::Sequence(from), Value::Sequence(to)) => self.items(edit, node, from, to)?,
            (Value::Scalar { text: old, .. }, Value::Scalar { text, string: true }) if !node.is_null() => {
                edit.share(node);
                match nested(old, text).filter(|_| node.is_literal()) {
                    Some(documents) => edit.nested(node, |inner, stream| {
                        Rewrite { changed: BTreeMap::new(), ..*self }.nested(inner, stream, &documents)
                    })?,
                    None => edit.set_scalar(node, text)?,
                }
            }
            (Value::Scalar { .. }, Value::Scalar { text, string: false }) if is_anchored && !node.is_null() => {
                edit.share(node);
                edit.set_plain(node, text)?;
            }
            _ => edit.set(node, &New::from(to), |_| self.dropped())?,
        }
        if edit.is_shared(node) {
            self.changed.entry(node.range().start).or_insert_with(|| to.clone());
        }
        Ok(())
    }

    /// What an anchored node becomes, if it changes.
    fn becomes(&self, node: Node<'_>) -> Option<&Value> {
        self.changed.get(&node.range().start)
    }

    /// YAML in a text is edited as YAML, so that its lines stay as they are written.
    fn nested<'s>(&mut self, edit: &mut Edit<'s>, stream: &'s Stream, to: &[Value]) -> Result<(), Error> {
        *edit = Edit::of(stream).moving_anchors().in_order();
        stream.documents().zip(to).try_for_each(|(root, to)| match Value::of(root) {
            Some(from) => self.node(edit, root, &from, to),
            None => Ok(()),
        })?;
        edit.check_uses()
    }

    /// Items that come and go, between those that stay.
    fn items<'s>(&mut self, edit: &mut Edit<'s>, node: Node<'s>, from: &[Value], to: &[Value]) -> Result<(), Error> {
        let stays = common(from, to);
        let (is_cut, is_grown) = (stays.len() < from.len(), stays.len() < to.len());
        if stays.is_empty() || is_cut && is_grown && node.style() != Some(Style::Block) {
            return edit.set(node, &New::from(&Value::Sequence(to.to_vec())), |_| self.dropped());
        }
        edit.share(node);
        let mut new = 0;
        for (old, item) in from.iter().enumerate() {
            let kept = stays.iter().find(|(kept, _)| *kept == old).map(|(_, at)| *at);
            let Some(at) = kept else {
                edit.remove_item(node, old, Emptied::Brackets, |_| self.dropped())?;
                continue;
            };
            to[new..at].iter().try_for_each(|new| edit.insert_item(node, old, &New::from(new)))?;
            debug_assert_eq!(item, &to[at]);
            new = at + 1;
        }
        to[new..].iter().try_for_each(|new| edit.insert_item(node, from.len(), &New::from(new)))
    }

    fn entries<'s>(
        &mut self,
        edit: &mut Edit<'s>,
        node: Node<'s>,
        from: &[(String, Value)],
        to: &[(String, Value)],
    ) -> Result<(), Error> {
        let (mut from, mut to) = (Cow::Borrowed(from), Cow::Borrowed(to));
        if let Some(merged) = self.merged(node) {
            // What changes where it is merged from needs nothing here.
            let is_merged = |key: &str| node.own_entry(key).is_none();
            let of = |entries: &[(String, Value)], key: &str| {
                entries.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone())
            };
            let is_gone = |key: &str| of(&to, key).is_none();
            let is_kept = |key: &str| of(&from, key) == of(&to, key) && of(&to, key).as_ref() != merged.get(key);
            let mut all = merged.entries().iter().map(|(key, _)| key).filter(|key| is_merged(key));
            if !all.any(|key| is_gone(key) || is_kept(key)) {
                let stays = |(key, value): &&(String, Value)| !is_merged(key) || merged.get(key) != Some(value);
                from = from.iter().filter(|(key, _)| !is_merged(key)).cloned().collect();
                to = to.iter().filter(stays).cloned().collect();
                let aliases = merges(node).into_iter().filter(|merged| merged.is_alias());
                aliases
                    .filter(|alias| self.becomes(alias.resolved()).is_some())
                    .try_for_each(|alias| edit.repeat(alias))?;
            }
        }
        self.own_entries(edit, node, &from, &to)
    }

    /// What a mapping merges in, if some of that changes.
    fn merged(&self, node: Node<'_>) -> Option<Value> {
        let all = merges(node);
        all.iter().find(|merged| self.becomes(merged.resolved()).is_some())?;
        let mut merged = Value::Mapping(Vec::new());
        for one in all {
            let value = self.becomes(one.resolved()).cloned().or_else(|| Value::of(one))?;
            for (key, value) in value.entries() {
                if merged.get(key).is_none() {
                    merged.set(key, value.clone());
                }
            }
        }
        Some(merged)
    }

    fn own_entries<'s>(
        &mut self,
        edit: &mut Edit<'s>,
        node: Node<'s>,
        from: &[(String, Value)],
        to: &[(String, Value)],
    ) -> Result<(), Error> {
        let has = |entries: &[(String, Value)], key: &str| entries.iter().any(|(name, _)| name == key);
        let stands_here = |key: &str| node.own_entry(key).is_some();
        let merge = stands_here("<<").then_some("<<");
        // The entries that stay divide the others into gaps, in the order of the text.
        let mut rest = to;
        let mut before: Option<&str> = None;
        let mut removed: Vec<&(String, Value)> = Vec::new();
        for entry @ (key, old) in from {
            if !has(to, key) {
                removed.push(entry);
                continue;
            }
            let Some(at) = rest.iter().position(|(name, _)| name == key) else {
                // Another order: nothing can stay in its place.
                return edit.set(node, &New::from(&Value::Mapping(to.to_vec())), |_| self.dropped());
            };
            self.gap(edit, node, before, &removed, &rest[..at])?;
            removed.clear();
            let new = &rest[at].1;
            match node.own_entry(key) {
                Some((_, value)) => self.node(edit, value, old, new)?,
                None if old == new => {}
                // It is merged in; an entry of the mapping itself wins over that.
                None => edit.insert_entry(node, Place::Last, key, &New::from(new))?,
            }
            rest = &rest[at + 1..];
            // What is merged in stands where that is said.
            before = if stands_here(key) { Some(key) } else { before.or(merge) };
        }
        self.gap(edit, node, before, &removed, rest)
    }

    /// Removed and added entries, between two that stay.
    fn gap<'s>(
        &mut self,
        edit: &mut Edit<'s>,
        node: Node<'s>,
        before: Option<&str>,
        removed: &[&(String, Value)],
        added: &[(String, Value)],
    ) -> Result<(), Error> {
        let extended = |(_, old): &&(String, Value)| added.iter().position(|(_, new)| is_extended(old, new));
        if let Some((at, to)) = removed.iter().enumerate().find_map(|(at, entry)| Some((at, extended(entry)?))) {
            let ((key, old), (new_key, new)) = (removed[at], &added[to]);
            self.gap(edit, node, before, &removed[..at], &added[..to])?;
            edit.rename_key(node, key, new_key)?;
            if let Some((_, value)) = node.own_entry(key) {
                self.node(edit, value, old, new)?;
            }
            return self.gap(edit, node, Some(key), &removed[at + 1..], &added[to + 1..]);
        }
        let mut place = before.map_or(Place::First, Place::After);
        let mut added = added.iter();
        for (key, old) in removed {
            let Some((new_key, new)) = added.next() else {
                edit.remove_entry(node, key, Emptied::NoEntry, |_| self.dropped())?;
                continue;
            };
            if old == new {
                edit.rename_key(node, key, new_key)?;
            } else {
                edit.replace_entry(node, key, new_key, &New::from(new), |_| Fate::Moved)?;
            }
            place = Place::After(key);
        }
        added.try_for_each(|(key, new)| edit.insert_entry(node, place, key, &(self.spelling)(node, key, new)))
    }

    fn dropped(&self) -> Fate {
        Fate::Dropped(self.dropped_because.to_owned())
    }
}

/// What a mapping merges in, in the order in which the first wins.
fn merges(node: Node<'_>) -> Vec<Node<'_>> {
    match node.own_entry("<<").map(|(_, merged)| merged) {
        Some(merged) if merged.kind() == Kind::Sequence && !merged.is_alias() => merged.items().collect(),
        merged => merged.into_iter().collect(),
    }
}

/// The longest run of items that two lists have in common, in order, as pairs of indexes.
fn common(from: &[Value], to: &[Value]) -> Vec<(usize, usize)> {
    // Lists of objects are short; of long ones, only the beginning and the end are compared.
    let head = from.iter().zip(to).take_while(|(old, new)| old == new).count();
    let (rest, others) = (&from[head..], &to[head..]);
    let tail = rest.iter().rev().zip(others.iter().rev()).take_while(|(old, new)| old == new).count();
    let (rest, others) = (&rest[..rest.len() - tail], &others[..others.len() - tail]);
    let mut pairs: Vec<(usize, usize)> = (0..head).map(|at| (at, at)).collect();
    if rest.len() * others.len() <= PAIRS {
        let mut lengths = vec![vec![0usize; others.len() + 1]; rest.len() + 1];
        for (old, new) in (0..rest.len()).rev().flat_map(|old| (0..others.len()).rev().map(move |new| (old, new))) {
            lengths[old][new] = match rest[old] == others[new] {
                true => lengths[old + 1][new + 1] + 1,
                false => lengths[old + 1][new].max(lengths[old][new + 1]),
            };
        }
        let (mut old, mut new) = (0, 0);
        while old < rest.len() && new < others.len() {
            if rest[old] == others[new] {
                pairs.push((head + old, head + new));
                (old, new) = (old + 1, new + 1);
            } else if lengths[old + 1][new] >= lengths[old][new + 1] {
                old += 1;
            } else {
                new += 1;
            }
        }
    }
    pairs.extend((0..tail).rev().map(|at| (from.len() - 1 - at, to.len() - 1 - at)));
    pairs
}

/// How many pairs of items are compared.
const PAIRS: usize = 1_000_000;

/// The documents that a text of YAML is to have, if it can be edited as YAML to be exactly that text.
fn nested(old: &str, new: &str) -> Option<Vec<Value>> {
    if !old.contains('\n') || !new.contains('\n') {
        return None;
    }
    let read = |text: &str| -> Option<Vec<Value>> {
        let stream = Stream::sound(text).ok()?;
        let documents = stream.documents().map(Value::of).collect::<Option<Vec<Value>>>()?;
        let is_nested = |value: &Value| matches!(value, Value::Mapping(_) | Value::Sequence(_));
        Some(documents).filter(|all| all.iter().any(is_nested))
    };
    let stream = Stream::sound(old).ok().filter(|_| read(old).is_some())?;
    let to = read(new).filter(|to| to.len() == stream.documents().len())?;
    let mut edit = Edit::of(&stream);
    let mut rewrite = Rewrite { dropped_because: "", spelling: &as_it_is, changed: BTreeMap::new() };
    rewrite.nested(&mut edit, &stream, &to).ok()?;
    let edited = edit.finish().ok()?;
    (edited.splices.apply(old).ok()? == new).then_some(to)
}

/// Whether a mapping has all that another one has, in its order, and more.
fn is_extended(old: &Value, new: &Value) -> bool {
    let (Value::Mapping(old), Value::Mapping(new)) = (old, new) else { return false };
    let of_old = new.iter().filter(|(key, _)| old.iter().any(|(name, _)| name == key));
    !old.is_empty() && old.len() < new.len() && of_old.eq(old)
}

impl From<&Value> for New {
    fn from(value: &Value) -> New {
        match value {
            Value::Null => New::Plain("null".to_owned()),
            Value::Scalar { text, string: true } if text.contains('\n') => New::Text(text.clone()),
            Value::Scalar { text, string: true } => New::string(text),
            Value::Scalar { text, string: false } => New::Plain(text.clone()),
            Value::Sequence(items) => New::Sequence(items.iter().map(New::from).collect()),
            Value::Mapping(entries) => {
                New::mapping(entries.iter().map(|(key, value)| (key.as_str(), New::from(value))))
            }
        }
    }
}
