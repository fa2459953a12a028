//! Sets a value at a path of keys, and adds the mappings that are missing.

use super::{Edit, Place};
use crate::yaml::{Error, Fate, Kind, New, Node};

impl<'s> Edit<'s> {
    /// Sets the value at the end of a path of keys, each with the place where it is inserted if it
    /// is missing. A mapping on the path that is absent, null or empty is written with its content.
    ///
    /// ```
    /// use flux_codemod::yaml::{Edit, New, Place, Stream};
    ///
    /// let stream = Stream::parse("metadata:\n  name: a\n").unwrap();
    /// let root = stream.documents().next().unwrap();
    /// let mut edit = Edit::of(&stream);
    /// let path = [("metadata", Place::Last), ("annotations", Place::Last), ("b.org/c", Place::Last)];
    /// edit.upsert(root, &path, &New::string("d")).unwrap();
    /// let text = edit.finish().unwrap().splices.apply(stream.text()).unwrap();
    /// assert_eq!(text, "metadata:\n  name: a\n  annotations:\n    b.org/c: d\n");
    /// ```
    ///
    /// # Errors
    /// If something other than a mapping is on the path, or the text does not allow the edit.
    pub fn upsert(&mut self, mapping: Node<'s>, path: &[(&str, Place<'_>)], value: &New) -> Result<(), Error> {
        let [(key, place), rest @ ..] = path else { return Ok(()) };
        let below = |rest: &[(&str, Place<'_>)]| {
            rest.iter().rev().fold(value.clone(), |value, (key, _)| New::mapping([(*key, value)]))
        };
        let Some((_, there)) = mapping.own_entry(key) else {
            return self.insert_entry(mapping, *place, key, &below(rest));
        };
        let is_empty = there.is_null() || (there.kind() == Kind::Mapping && there.entries().next().is_none());
        match (rest, value) {
            ([], New::Text(text) | New::String(text)) if there.text() == Some(text) => Ok(()),
            ([], _) => self.set(there, value, |_| Fate::Moved),
            _ if is_empty => self.set(there, &below(rest), |_| Fate::Moved),
            _ => self.upsert(there, rest, value),
        }
    }
}
