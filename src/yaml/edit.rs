use std::ops::Range;

use super::comments::{CommentFate, Fate};
use super::emit::{Layout, New};
use super::error::{Error, Problem};
use super::node::{Content, Id, Node, Notation, Style};
use super::operation::{Operation, Path, What};
use super::{Kind, Stream, proof};
use crate::text::{Splice, SpliceError, Splices};

/// Operations on the nodes of one stream, collected and then proven at once.
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
    operations: Vec<Operation>,
    fates: Vec<CommentFate>,
}

/// An edit that both parsers agree on.
#[derive(Clone, Debug)]
pub struct Edited {
    /// What changes in the text.
    pub splices: Splices,
    /// What became of each comment in a removed range.
    pub comments: Vec<CommentFate>,
}

/// Where a new entry of a mapping goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'k> {
    /// After the last entry.
    Last,
    /// Before the entry with this key, and before the comments above it.
    Before(&'k str),
    /// After the entry with this key.
    After(&'k str),
}

/// How the items of a list are ordered, for a new one to find its place.
pub struct Order<'o> {
    /// What items are compared by.
    pub key: &'o dyn Fn(&str) -> String,
    /// The item that the new one belongs to and goes after, with others of its kind; without one the whole list decides.
    pub after: Option<&'o dyn Fn(&str) -> bool>,
}

impl Order<'_> {
    /// The place of a new item among the others.
    ///
    /// Either way it stands behind what sorts before it: in the run that follows its anchor, else behind the last such item of the list.
    /// So two new items have one result in whichever order they come.
    fn place(&self, items: &[Option<&str>], new: &str) -> usize {
        let key = (self.key)(new);
        let sorts_before = |item: &Option<&str>| item.is_none_or(|item| (self.key)(item) <= key);
        let anchor = self.after.and_then(|is_it| items.iter().position(|item| item.is_some_and(is_it)));
        match anchor {
            Some(anchor) => anchor + 1 + items[anchor + 1..].iter().take_while(|item| sorts_before(item)).count(),
            None => items.iter().rposition(sorts_before).map_or(0, |last| last + 1),
        }
    }
}

/// The entry of a mapping that an operation is about.
struct Entry {
    at: usize,
    key: Id,
    value: Id,
    count: usize,
}

impl<'s> Edit<'s> {
    /// An edit of this stream, with nothing in it yet.
    pub fn of(stream: &'s Stream) -> Edit<'s> {
        Edit { stream, splices: Vec::new(), operations: Vec::new(), fates: Vec::new() }
    }

    /// Puts another key and value in the place of an entry, in the style of its mapping and its value. `fate` decides on each comment
    /// inside the entry, one that trails its last line included; moved ones come to stand above the new key.
    ///
    /// # Errors
    /// If there is no such entry, or two, if it carries an anchor that is used elsewhere, or if a comment cannot be moved.
    pub fn replace_entry(
        &mut self,
        mapping: Node<'s>,
        key: &str,
        new_key: &str,
        value: &New,
        fate: impl Fn(&str) -> Fate,
    ) -> Result<(), Error> {
        let entry = self.entry(mapping, key)?;
        let (old_key, old_value) = (&self.stream.nodes[entry.key], &self.stream.nodes[entry.value]);
        let start = old_key.whole().start;
        let mut range = start..old_value.whole().end;
        let in_flow = self.in_flow(mapping);
        if !in_flow && self.stream.lines().number(range.start) < self.stream.lines().number(range.end) {
            range = self.stream.with_trailing_comment(range);
        }
        self.refuse_anchors_in(&range)?;

        let layout = Layout::near(self.stream, start);
        let column = self.stream.column(start);
        let mut with =
            self.take_comments(&range, in_flow || !self.stream.begins_its_line(start), &layout, column, fate)?;
        let is_flow = |content: &Content| {
            matches!(
                content,
                Content::Mapping { style: Style::Flow, .. } | Content::Sequence { style: Style::Flow, .. }
            )
        };
        if in_flow || is_flow(&old_value.content) {
            with.push_str(&format!("{}: {}", layout.scalar(new_key), layout.flow(value)));
        } else {
            with.push_str(&layout.entry(new_key, value, column));
        }
        self.splices.push(Splice { range, with });
        self.record(mapping.resolved().id, What::ReplaceEntry(entry.at, new_key.to_owned(), value.clone()));
        Ok(())
    }

    /// Puts an entry into a mapping.
    ///
    /// # Errors
    /// If the mapping has that key, if the place names a key that it has not, or if nothing can be put there safely.
    pub fn insert_entry(&mut self, mapping: Node<'s>, place: Place<'_>, key: &str, value: &New) -> Result<(), Error> {
        if mapping.own_entry(key).is_some() {
            return Err(self.error(mapping.range().start, Problem::DuplicateKey(key.to_owned())));
        }
        let Content::Mapping { style, entries } = &self.stored(mapping)?.content else {
            return Err(self.unsupported(mapping, "entries can only be put into a mapping"));
        };
        if entries.is_empty() {
            return Err(self.unsupported(mapping, "putting an entry into an empty mapping"));
        }
        let (at, before) = match place {
            Place::Last => (entries.len(), false),
            Place::Before(sibling) => (self.entry(mapping, sibling)?.at, true),
            Place::After(sibling) => (self.entry(mapping, sibling)?.at + 1, false),
        };
        let sibling = if before { entries[at] } else { entries[at - 1] };
        let key_start = self.stream.nodes[sibling.0].whole().start;
        let layout = Layout::near(self.stream, key_start);
        if *style == Style::Flow {
            let text = format!("{}: {}", layout.scalar(key), layout.flow(value));
            self.insert_in_flow(before, key_start, self.stream.nodes[sibling.1].whole().end, &text);
        } else {
            let column = self.stream.column(key_start);
            let text = layout.entry(key, value, column);
            self.insert_in_block(before, key_start, sibling.1, &text, &layout)?;
        }
        self.record(mapping.resolved().id, What::InsertEntry(at, key.to_owned(), value.clone()));
        Ok(())
    }

    /// Takes an entry out of a mapping, with the comments directly above it and in it; `fate` must drop each of them.
    ///
    /// # Errors
    /// If there is no such entry, or two, if it is the only one, or if it carries an anchor that is used elsewhere.
    pub fn remove_entry(&mut self, mapping: Node<'s>, key: &str, fate: impl Fn(&str) -> Fate) -> Result<(), Error> {
        let entry = self.entry(mapping, key)?;
        if entry.count == 1 {
            return Err(self.unsupported(mapping, "removing the only entry of a mapping"));
        }
        let key_start = self.stream.nodes[entry.key].whole().start;
        let end = self.stream.nodes[entry.value].whole().end;
        let range = self.removal(mapping, key_start, end, entry.at)?;
        self.refuse_anchors_in(&range)?;
        self.take_comments(&range, true, &Layout::default(), 0, fate)?;
        self.splices.push(Splice { range, with: String::new() });
        self.record(mapping.resolved().id, What::RemoveEntry(entry.at));
        Ok(())
    }

    /// Sets a scalar to another text, in its own notation where that can say it. Same text, no change.
    ///
    /// # Errors
    /// For anything but a plain or quoted scalar that stands here itself.
    pub fn set_scalar(&mut self, node: Node<'s>, text: &str) -> Result<(), Error> {
        let stored = node.stored();
        let Content::Scalar { text: old, notation } = &stored.content else {
            return Err(self.unsupported(node, "only a scalar that stands here itself can be set"));
        };
        if &**old == text && !node.is_null() {
            return Ok(());
        }
        let mut layout = Layout::near(self.stream, stored.span.start);
        let with = match notation {
            Notation::Plain if old.is_empty() => return Err(self.unsupported(node, "setting an empty value")),
            Notation::Plain => layout.scalar(text),
            Notation::Quoted => {
                let single = self.stream.text()[stored.span.clone()].starts_with('\'');
                layout.quote = if single { '\'' } else { '"' };
                layout.quoted(text)
            }
            Notation::Block { .. } => return Err(self.unsupported(node, "setting a block scalar")),
        };
        self.splices.push(Splice { range: stored.span.clone(), with });
        self.record(node.id, What::Set(New::string(text)));
        Ok(())
    }

    /// Sees to it that the sequence under `key` lists a string. Idempotent: an item for which `same` holds is enough.
    ///
    /// The new item goes where [`Order`] says, so that several units may list theirs in any order with the same result. `[]` and a missing
    /// value become a block sequence; a missing key is added at the end of the mapping.
    ///
    /// Returns whether anything had to change.
    ///
    /// # Errors
    /// If what is under the key is no sequence, or nothing can be put there safely.
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
        let entry = self.entry(mapping, key)?;
        let sequence = Node { stream: self.stream, id: entry.value };
        if sequence.items().any(|item| item.text().is_some_and(&same)) {
            return Ok(false);
        }
        let (style, items) = match &self.stored(sequence)?.content {
            Content::Sequence { items, .. } if items.is_empty() => {
                self.begin_sequence(&entry, new)?;
                return Ok(true);
            }
            Content::Scalar { .. } if sequence.is_null() => {
                self.begin_sequence(&entry, new)?;
                return Ok(true);
            }
            Content::Sequence { style, items } => (*style, items),
            _ => return Err(self.unsupported(sequence, "what is listed here is no sequence")),
        };
        let texts: Vec<_> = items.iter().map(|id| Node { stream: self.stream, id: *id }.text()).collect();
        let at = order.place(&texts, item);
        let (before, sibling) = if at == 0 { (true, items[0]) } else { (false, items[at - 1]) };
        let stored = &self.stream.nodes[sibling];
        let layout = Layout::near(self.stream, stored.whole().start);
        if style == Style::Flow {
            self.insert_in_flow(before, stored.whole().start, stored.whole().end, &layout.flow(&new));
        } else {
            let dash = self.stream.dash_before(stored.whole().start);
            let text = layout.item(&new, self.stream.column(dash));
            self.insert_in_block(before, dash, sibling, &text, &layout)?;
        }
        self.record(entry.value, What::InsertItem(at, new));
        Ok(true)
    }

    /// Sees to it that the sequence under `key` has no item for which `same` holds; comments above and beside it must be dropped by
    /// `fate`. Returns whether anything had to change.
    ///
    /// # Errors
    /// If it would leave the sequence empty, or what is under the key is no sequence.
    pub fn unlist(
        &mut self,
        mapping: Node<'s>,
        key: &str,
        same: impl Fn(&str) -> bool,
        fate: impl Fn(&str) -> Fate,
    ) -> Result<bool, Error> {
        let entry = self.entry(mapping, key)?;
        let sequence = Node { stream: self.stream, id: entry.value };
        let Content::Sequence { items, .. } = &self.stored(sequence)?.content else {
            return Err(self.unsupported(sequence, "what is listed here is no sequence"));
        };
        let found = items.iter().position(|id| Node { stream: self.stream, id: *id }.text().is_some_and(&same));
        let Some(at) = found else { return Ok(false) };
        if items.len() == 1 {
            return Err(self.unsupported(sequence, "removing the only item of a sequence"));
        }
        let whole = self.stream.nodes[items[at]].whole();
        let start = if self.in_flow(sequence) { whole.start } else { self.stream.dash_before(whole.start) };
        let range = self.removal(sequence, start, whole.end, at)?;
        self.refuse_anchors_in(&range)?;
        self.take_comments(&range, true, &Layout::default(), 0, fate)?;
        self.splices.push(Splice { range, with: String::new() });
        self.record(entry.value, What::RemoveItem(at));
        Ok(true)
    }

    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.splices.is_empty()
    }

    /// Proves the edit: both parsers read the new text as their own reading of the old text with the operations applied, and every
    /// comment is still there or accounted for.
    ///
    /// # Errors
    /// If one of them does not.
    pub fn finish(self) -> Result<Edited, Error> {
        let Edit { stream, splices, operations, fates } = self;
        let at = splices.iter().map(|splice| splice.range.start).min().unwrap_or(0);
        let error = |problem| Error { problem, at: stream.position(at) };
        let splices = Splices::new(stream.text(), splices).map_err(|cause| match cause {
            SpliceError::Overlap(..) => error(Problem::Overlap),
            other => error(Problem::ParsersDisagree(other.to_string())),
        })?;
        proof::prove(stream, &splices, &operations, &fates).map_err(error)?;
        Ok(Edited { splices, comments: fates })
    }

    fn error(&self, offset: usize, problem: Problem) -> Error {
        Error { problem, at: self.stream.position(offset) }
    }

    fn unsupported(&self, node: Node<'_>, what: &'static str) -> Error {
        self.error(node.range().start, Problem::Unsupported(what))
    }

    /// A collection that stands here itself: editing it through an alias would change it elsewhere.
    fn stored(&self, node: Node<'s>) -> Result<&'s super::node::Stored, Error> {
        match node.stored().content {
            Content::Alias { .. } => Err(self.unsupported(node, "this value is an alias: it stands elsewhere")),
            _ => Ok(node.stored()),
        }
    }

    fn entry(&self, mapping: Node<'s>, key: &str) -> Result<Entry, Error> {
        let start = mapping.range().start;
        let Content::Mapping { entries, .. } = &self.stored(mapping)?.content else {
            return Err(self.unsupported(mapping, "this is no mapping"));
        };
        let is_it = |(id, _): &&(Id, Id)| Node { stream: self.stream, id: *id }.text() == Some(key);
        let mut found = entries.iter().enumerate().filter(|(_, entry)| is_it(entry));
        let Some((at, (key_id, value))) = found.next() else {
            return Err(self.error(start, Problem::NoSuchKey(key.to_owned())));
        };
        if found.next().is_some() {
            return Err(self.error(start, Problem::DuplicateKey(key.to_owned())));
        }
        let entry = Entry { at, key: *key_id, value: *value, count: entries.len() };
        if self.stream.text()[..self.stream.nodes[*key_id].whole().start].trim_end().ends_with('?') {
            return Err(self.unsupported(mapping, "a key written with `?`"));
        }
        Ok(entry)
    }

    fn in_flow(&self, collection: Node<'s>) -> bool {
        collection.style() == Some(Style::Flow)
    }

    fn record(&mut self, id: Id, what: What) {
        let mut path: Path = Vec::new();
        let mut child = id;
        while let Some(parent) = self.stream.nodes[child].parent {
            let at = match &self.stream.nodes[parent].content {
                Content::Sequence { items, .. } => items.iter().position(|item| *item == child),
                Content::Mapping { entries, .. } => entries.iter().position(|(_, value)| *value == child),
                _ => None,
            };
            path.push(at.unwrap_or(usize::MAX));
            child = parent;
        }
        path.reverse();
        let document = self.stream.roots.iter().position(|root| *root == child).unwrap_or(usize::MAX);
        self.operations.push(Operation { document, path, what });
    }

    fn refuse_anchors_in(&self, range: &Range<usize>) -> Result<(), Error> {
        let inside = |id: Id| range.contains(&self.stream.nodes[id].whole().start);
        let nodes = || self.stream.nodes.iter().enumerate();
        for (id, stored) in nodes().filter(|(id, stored)| stored.anchor.is_some() && inside(*id)) {
            let uses = nodes().filter(|(_, other)| matches!(other.content, Content::Alias { target } if target == id));
            if let Some((_, used)) = uses.into_iter().find(|(user, _)| !inside(*user)) {
                let anchor = stored.anchor.as_deref().unwrap_or_default().to_owned();
                let used_at = self.stream.position(used.span.start).line;
                return Err(self.error(stored.whole().start, Problem::AnchorInUse { anchor, used_at }));
            }
        }
        Ok(())
    }

    /// Settles the comments of a removed range; the text of the moved ones, ready to stand before what is at `column`.
    fn take_comments(
        &mut self,
        range: &Range<usize>,
        cannot_move: bool,
        layout: &Layout,
        column: usize,
        fate: impl Fn(&str) -> Fate,
    ) -> Result<String, Error> {
        let mut moved = String::new();
        for comment in self.stream.comments_in(range) {
            let text = self.stream.text()[comment.range.clone()].to_owned();
            let fate = fate(&text);
            if fate == Fate::Moved {
                if cannot_move {
                    return Err(self.error(comment.range.start, Problem::CommentLost(text)));
                }
                moved.push_str(&format!("{text}{}{}", layout.ending, " ".repeat(column)));
            }
            self.fates.push(CommentFate { text, line: comment.line, fate });
        }
        Ok(moved)
    }

    fn insert_in_flow(&mut self, before: bool, start: usize, end: usize, text: &str) {
        let (at, with) = if before { (start, format!("{text}, ")) } else { (end, format!(", {text}")) };
        self.splices.push(Splice { range: at..at, with });
    }

    /// Puts lines before or after a sibling that begins at `start`.
    fn insert_in_block(
        &mut self,
        before: bool,
        start: usize,
        sibling: Id,
        text: &str,
        layout: &Layout,
    ) -> Result<(), Error> {
        let indentation = " ".repeat(self.stream.column(start));
        let ending = &layout.ending;
        if before {
            let splice = if self.stream.begins_its_line(start) {
                let at = self.stream.start_with_comments_above(start);
                Splice { range: at..at, with: format!("{indentation}{text}{ending}") }
            } else {
                Splice { range: start..start, with: format!("{text}{ending}{indentation}") }
            };
            self.splices.push(splice);
            return Ok(());
        }
        if self.stream.ends_in_kept_block(sibling) {
            return Err(self.error(start, Problem::Unsupported("putting something after a `|+` block scalar")));
        }
        let end = self.stream.nodes[sibling].whole().end;
        let at = self.stream.line_content_end(end);
        if self.stream.with_trailing_comment(end..end).end < at && at > end {
            return Err(self.error(end, Problem::Unsupported("something else stands on the line of its sibling")));
        }
        self.splices.push(Splice { range: at..at, with: format!("{ending}{indentation}{text}") });
        Ok(())
    }

    /// `[]`, `{}` or nothing at all under a key becomes a block sequence.
    fn begin_sequence(&mut self, entry: &Entry, new: New) -> Result<(), Error> {
        let key_start = self.stream.nodes[entry.key].whole().start;
        let value = &self.stream.nodes[entry.value];
        if value.properties.is_some() {
            return Err(self.error(value.whole().start, Problem::Unsupported("an empty value with an anchor or a tag")));
        }
        let layout = Layout::near(self.stream, key_start);
        let column = self.stream.column(key_start) + if layout.indented_sequences { layout.step } else { 0 };
        let lines = format!("{}{}{}", layout.ending, " ".repeat(column), layout.item(&new, column));
        let text = self.stream.text();
        let colon = text[..value.span.start].trim_end().len();
        let end = self.stream.line_content_end(value.span.end);
        self.splices.push(Splice { range: colon..value.span.end, with: String::new() });
        if end == value.span.end {
            let splice = self.splices.last_mut().expect("just pushed");
            splice.with = lines;
        } else {
            self.splices.push(Splice { range: end..end, with: lines });
        }
        self.record(entry.value, What::Set(New::Sequence(vec![new])));
        Ok(())
    }

    /// The bytes of an entry or item that go when it is removed: its lines, or its part of a line.
    fn removal(&self, collection: Node<'s>, start: usize, end: usize, at: usize) -> Result<Range<usize>, Error> {
        let siblings: Vec<Range<usize>> = match &collection.stored().content {
            Content::Mapping { entries, .. } => {
                let nodes = &self.stream.nodes;
                entries.iter().map(|(key, value)| nodes[*key].whole().start..nodes[*value].whole().end).collect()
            }
            Content::Sequence { items, .. } => items.iter().map(|item| self.stream.nodes[*item].whole()).collect(),
            _ => Vec::new(),
        };
        if self.in_flow(collection) {
            // With the comma after it, or, for the last, the one before it.
            return Ok(match siblings.get(at + 1) {
                Some(next) => start..next.start,
                None => siblings[at - 1].end..end,
            });
        }
        if collection.kind() == Kind::Mapping && !self.stream.begins_its_line(start) {
            // `- key:`: the next key takes its place.
            return match siblings.get(at + 1) {
                Some(next) => Ok(start..next.start),
                None => Err(self.unsupported(collection, "removing this entry")),
            };
        }
        let above = self.stream.start_with_comments_above(start);
        let line_end = self.stream.line_content_end(end);
        match self.stream.lines().next(line_end) {
            Some(next) => Ok(above..next),
            None if above > 0 => Ok(above..self.stream.text().len()),
            None => Err(self.unsupported(collection, "removing this entry")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text after an operation on the root of its first document, or the code and place of the refusal.
    fn after(text: &str, operation: impl for<'s> FnOnce(&mut Edit<'s>, Node<'s>) -> Result<(), Error>) -> String {
        let stream = Stream::parse(text).unwrap();
        let root = stream.documents().next().unwrap();
        let mut edit = Edit::of(&stream);
        match operation(&mut edit, root).and_then(|()| edit.finish()) {
            Ok(edited) => edited.splices.apply(text).unwrap(),
            Err(error) => format!("{} {}:{}", error.problem.code(), error.at.line, error.at.column),
        }
    }

    const BY_TEXT: Order<'_> = Order { key: &|text| text.to_owned(), after: None };

    fn new() -> New {
        New::mapping([("kind", New::string("K")), ("name", New::string("n-1"))])
    }

    fn drop_it(_: &str) -> Fate {
        Fate::Dropped("test".into())
    }

    #[test]
    fn replace_an_entry() {
        let replaced =
            |text: &str| after(text, |edit, root| edit.replace_entry(root, "a", "z", &new(), |_| Fate::Moved));
        let cases = [
            ("a:\n  b: 1\nc: 2\n", "z:\n  kind: K\n  name: n-1\nc: 2\n"),
            ("a:\n    b: 1\n\n# below\nc: 2", "z:\n    kind: K\n    name: n-1\n\n# below\nc: 2"),
            ("x: 1\r\na: 1\r\n", "x: 1\r\nz:\r\n  kind: K\r\n  name: n-1\r\n"),
            ("a: # one\n  # two\n  b: 1 # three\nc: 2\n", "# one\n# two\n# three\nz:\n  kind: K\n  name: n-1\nc: 2\n"),
            ("a: 1 # stays\nc: 2\n", "z:\n  kind: K\n  name: n-1 # stays\nc: 2\n"),
            ("a: {b: 1} # flow\n", "z: {kind: K, name: n-1} # flow\n"),
            ("{x: 1, a: {b: 1}, c: 2}\n", "{x: 1, z: {kind: K, name: n-1}, c: 2}\n"),
            ("ü: ä # 🎈\na: |\n  text\n\nc: 2\n", "ü: ä # 🎈\nz:\n  kind: K\n  name: n-1\n\nc: 2\n"),
            ("a: &x 1\nb: *x\n", "anchor-in-use 1:4"),
            ("b: &x 1\na: [*x]\n", "b: &x 1\nz: {kind: K, name: n-1}\n"),
            ("a: 1\na: 2\n", "duplicate-key 1:1"),
            ("? a\n: 1\n", "unsupported-yaml 1:1"),
            ("b: 1\n", "no-such-key 1:1"),
        ];
        for (text, expected) in cases {
            assert_eq!(replaced(text), expected, "{text:?}");
        }
    }

    #[test]
    fn insert_an_entry() {
        let inserted = |text: &str, place: Place<'_>| {
            after(text, |edit, root| edit.insert_entry(root, place, "z", &New::string("1")))
        };
        assert_eq!(inserted("a: x\n", Place::Last), "a: x\nz: \"1\"\n");
        assert_eq!(inserted("a: x # c\n\n# d\n", Place::Last), "a: x # c\nz: \"1\"\n\n# d\n");
        assert_eq!(inserted("a: 'x'\r\nb: 2", Place::Last), "a: 'x'\r\nb: 2\r\nz: '1'");
        assert_eq!(inserted("# h\n\n# c\na: x\n", Place::Before("a")), "# h\n\nz: \"1\"\n# c\na: x\n");
        assert_eq!(inserted("a:\n  - x\nb: 2\n", Place::After("a")), "a:\n  - x\nz: \"1\"\nb: 2\n");
        assert_eq!(inserted("{a: 1, b: 2}\n", Place::After("a")), "{a: 1, z: \"1\", b: 2}\n");
        assert_eq!(inserted("a: |\n  x\n\n\nb: 2\n", Place::After("a")), "a: |\n  x\nz: \"1\"\n\n\nb: 2\n");
        assert_eq!(inserted("a: |+\n  x\n\n", Place::Last), "unsupported-yaml 1:1");
        assert_eq!(inserted("z: x\n", Place::Last), "duplicate-key 1:1");
        let in_item = after("- a: 1\n  b: 2\n", |edit, root| {
            let item = root.items().next().unwrap();
            edit.insert_entry(item, Place::Before("a"), "z", &New::string("q"))
        });
        assert_eq!(in_item, "- z: q\n  a: 1\n  b: 2\n");
    }

    #[test]
    fn remove_an_entry() {
        let removed = |text: &str| after(text, |edit, root| edit.remove_entry(root, "a", drop_it));
        assert_eq!(removed("# h\n\n# mine\na: 1 # me\nb: 2\n"), "# h\n\nb: 2\n");
        assert_eq!(removed("b: 2\na:\n  - x\n# stays"), "b: 2\n# stays");
        assert_eq!(removed("b: 2\na: 1"), "b: 2\n");
        assert_eq!(removed("{a: 1, b: 2}\n"), "{b: 2}\n");
        assert_eq!(removed("{b: 1, a: 2}\n"), "{b: 1}\n");
        assert_eq!(removed("a: 1\n"), "unsupported-yaml 1:1");
        assert_eq!(removed("a: &x 1\nb: *x\n"), "anchor-in-use 1:4");
        let kept = after("a: 1 # me\nb: 2\n", |edit, root| edit.remove_entry(root, "a", |_| Fate::Moved));
        assert_eq!(kept, "comment-lost 1:6");
    }

    #[test]
    fn set_a_scalar() {
        let set = |text: &str, to: &str| after(text, |edit, root| edit.set_scalar(root.get("a").unwrap(), to));
        assert_eq!(set("a: x # c\n", "v"), "a: v # c\n");
        assert_eq!(set("a: x\n", "1"), "a: \"1\"\n");
        assert_eq!(set("a: 'x'\n", "it's"), "a: 'it''s'\n");
        assert_eq!(set("a: \"x\"\n", "v"), "a: \"v\"\n");
        assert_eq!(set("a: x\n", "x"), "a: x\n");
        assert_eq!(set("a: |\n  x\n", "y"), "unsupported-yaml 1:4");
    }

    #[test]
    fn list_an_item() {
        let listed = |text: &str, item: &str| {
            after(text, |edit, root| edit.list(root, "r", item, &BY_TEXT, |is| is == item).map(drop))
        };
        assert_eq!(listed("r:\n  - ./b\n  - ./d # d\nx: 1\n", "./c"), "r:\n  - ./b\n  - ./c\n  - ./d # d\nx: 1\n");
        assert_eq!(listed("r:\n  - ./b\n  - ./d # d\nx: 1\n", "./e"), "r:\n  - ./b\n  - ./d # d\n  - ./e\nx: 1\n");
        assert_eq!(listed("r:\n  # first\n  - ./b\n", "./a"), "r:\n  - ./a\n  # first\n  - ./b\n");
        assert_eq!(listed("r:\n- ./b", "./c"), "r:\n- ./b\n- ./c");
        assert_eq!(listed("r: [./b, ./d]\n", "./c"), "r: [./b, ./c, ./d]\n");
        assert_eq!(listed("k:\n- 1\nr: [] # none\n", "./c"), "k:\n- 1\nr: # none\n- ./c\n");
        assert_eq!(listed("r: []\n", "./c"), "r:\n  - ./c\n");
        assert_eq!(listed("r:\nx: 1\n", "./c"), "r:\n  - ./c\nx: 1\n");
        assert_eq!(listed("x: 1\n", "./c"), "x: 1\nr:\n  - ./c\n");
        assert_eq!(listed("r:\n  - ./c\n", "./c"), "r:\n  - ./c\n");
        assert_eq!(listed("r: text\n", "./c"), "unsupported-yaml 1:4");
        assert_eq!(listed("r: &x []\ny: *x\n", "./c"), "unsupported-yaml 1:4");
        assert_eq!(listed("r: &x\n  - ./b\ny: *x\n", "./c"), "parsers-disagree 2:8", "it would change what *x is");
    }

    #[test]
    fn listing_gives_the_same_in_any_order() {
        let list = |text: String, item: &str| {
            after(&text, |edit, root| edit.list(root, "r", item, &BY_TEXT, |is| is == item).map(drop))
        };
        for text in ["r:\n  - m\n  - c\n  - x\n", "r:\n  - a\n  - z\n", "r: []\n", "r: [q, b]\n"] {
            let one = list(list(list(text.into(), "d"), "y"), "b1");
            let other = list(list(list(text.into(), "b1"), "y"), "d");
            assert_eq!(one, other);
        }
    }

    #[test]
    fn a_list_that_is_not_sorted_takes_new_items_behind_the_one_they_belong_to() {
        let order = Order { after: Some(&|item| item == "h"), ..BY_TEXT };
        let list = |text: String, item: &str| {
            after(&text, |edit, root| edit.list(root, "r", item, &order, |is| is == item).map(drop))
        };
        let text = "r:\n  # first\n  - n\n  - h\n  - p\n";
        let one = list(list(text.into(), "a"), "b");
        assert_eq!(one, list(list(text.into(), "b"), "a"));
        assert_eq!(one, "r:\n  # first\n  - n\n  - h\n  - a\n  - b\n  - p\n");
    }

    #[test]
    fn unlist_an_item() {
        let unlisted = |text: &str| after(text, |edit, root| edit.unlist(root, "r", |is| is == "b", drop_it).map(drop));
        assert_eq!(unlisted("r:\n  - a\n  # of b\n  - b # b\n  - c\n"), "r:\n  - a\n  - c\n");
        assert_eq!(unlisted("r: [a, b]\n"), "r: [a]\n");
        assert_eq!(unlisted("r: [a]\n"), "r: [a]\n");
        assert_eq!(unlisted("r: [b]\n"), "unsupported-yaml 1:4");
    }

    #[test]
    fn operations_on_different_nodes_go_together() {
        let both = after("a: 1\nb:\n  - x\nc: 3\n", |edit, root| {
            edit.remove_entry(root, "a", drop_it)?;
            edit.list(root, "b", "z", &BY_TEXT, |_| false)?;
            edit.insert_entry(root, Place::Last, "d", &New::string("e"))?;
            edit.set_scalar(root.get("c").unwrap(), "f")
        });
        assert_eq!(both, "b:\n  - x\n  - z\nc: f\nd: e\n");
        let overlap = after("a: {b: 1}\nc: 2\n", |edit, root| {
            edit.set_scalar(root.at(&["a", "b"]).unwrap(), "x")?;
            edit.remove_entry(root, "a", drop_it)
        });
        assert_eq!(overlap, "edits-overlap 1:1");
    }

    #[test]
    fn only_the_document_that_is_meant_changes() {
        let stream = Stream::parse("a: 1\n---\na: 2\n...\n---\na: 3\n").unwrap();
        let mut edit = Edit::of(&stream);
        edit.set_scalar(stream.documents().nth(1).unwrap().get("a").unwrap(), "x").unwrap();
        let text = edit.finish().unwrap().splices.apply(stream.text()).unwrap();
        assert_eq!(text, "a: 1\n---\na: x\n...\n---\na: 3\n");
    }
}
