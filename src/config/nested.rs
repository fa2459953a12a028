//! Mappings below a mapping. Each is read by a function, which also shows what may be in it.

use serde_json::{Value, json};

use super::keys::{DUPLICATE_KEY, Keys, a_text};
use super::section::Described;
use crate::yaml::{Kind, Node};

impl<'s> Keys<'_, 's> {
    /// Reads a mapping that is an item or a value here.
    pub fn nested<T>(&mut self, node: Node<'s>, what: &str, read: impl FnOnce(&mut Keys<'_, 's>) -> T) -> T {
        Keys::of(node, what, self.mistakes, read)
    }

    /// Reads the mapping of a key.
    pub fn mapping<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Keys<'_, 's>) -> T) -> Option<T> {
        if self.record.is_some() {
            let mapping = self.recorded(read);
            self.takes(key, || mapping);
            return None;
        }
        let node = self.value(key)?;
        Some(self.nested(node, &format!("`{key}`"), read))
    }

    /// Reads the mapping of a key, or else what the key has in another form.
    pub fn mapping_or<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Keys<'_, 's>) -> T,
        other: impl FnOnce(&mut Keys<'_, 's>) -> T,
    ) -> T {
        if self.record.is_some() {
            let mapping = self.recorded(read);
            let value = other(self);
            self.also_takes(key, mapping);
            return value;
        }
        match self.value(key).filter(|node| node.kind() == Kind::Mapping) {
            Some(node) => self.nested(node, &format!("`{key}`"), read),
            None => other(self),
        }
    }

    /// Reads the mappings in the list of a key, each with its node; there is at least one. `what` is
    /// the name of one in messages.
    pub fn mappings<T>(
        &mut self,
        key: &'static str,
        what: &str,
        mut read: impl FnMut(&mut Keys<'_, 's>) -> T,
    ) -> Option<Vec<(Node<'s>, T)>> {
        if self.record.is_some() {
            let item = self.recorded(read);
            self.takes(key, || json!({"type": "array", "items": item, "minItems": 1}));
            return None;
        }
        let items = self.list(key)?;
        Some(items.into_iter().map(|item| (item, self.nested(item, what, &mut read))).collect())
    }

    /// The same, where an item may also be a text.
    pub fn texts_or_mappings<T>(
        &mut self,
        key: &'static str,
        what: &str,
        of_text: impl Fn(&str) -> T,
        mut read: impl FnMut(&mut Keys<'_, 's>) -> Option<T>,
    ) -> Option<Vec<(Node<'s>, T)>> {
        if self.record.is_some() {
            let item = json!({"anyOf": [a_text(), self.recorded(read)]});
            self.takes(key, || json!({"type": "array", "items": item, "minItems": 1}));
            return None;
        }
        let items = self.list(key)?.into_iter().filter_map(|item| match item.kind() {
            Kind::Mapping => Some((item, self.nested(item, what, &mut read)?)),
            _ => Some((item, of_text(self.as_text(item, key)?))),
        });
        Some(items.collect())
    }

    /// Reads the mappings of all keys here, which are names that the reader does not know.
    pub fn named<T>(&mut self, what: &str, mut read: impl FnMut(&mut Keys<'_, 's>, &'s str, Node<'s>) -> T) -> Vec<T> {
        if self.record.is_some() {
            let at = self.mapping;
            let mapping = self.recorded(|keys| read(keys, "", at));
            self.takes_others(|| mapping);
        }
        let all = self.all().into_iter();
        all.map(|(name, at, node)| self.nested(node, what, |keys| read(keys, name, at))).collect()
    }

    /// Reads the section of a key, or of one that it was called before.
    pub(super) fn section<T>(
        &mut self,
        key: &'static str,
        aliases: &'static [&'static str],
        described: impl FnOnce() -> Vec<Described>,
        read: impl FnOnce(&mut Keys<'_, 's>) -> T,
    ) -> Option<T> {
        if self.record.is_some() {
            let mut section = self.recorded(read);
            for described in described() {
                section["properties"][described.key]
                    .as_object_mut()
                    .map(|property| property.entry("description").or_insert(Value::from(described.about)));
            }
            self.takes(key, || section.clone());
            section["deprecated"] = Value::from(true);
            aliases.iter().for_each(|alias| self.takes(alias, || section.clone()));
            return None;
        }
        let (key, node) = self.value_of(key, aliases)?;
        Some(self.nested(node, &format!("`{key}`"), read))
    }

    /// The value of a key, or of one that it was called before, with the key that is there. Two of
    /// them are a mistake. The former ones are not proposed.
    fn value_of(&mut self, key: &'static str, aliases: &'static [&'static str]) -> Option<(&'static str, Node<'s>)> {
        let old = aliases.iter().copied().filter(|alias| self.has(alias)).collect::<Vec<_>>();
        let mut there = self.has(key).then_some(key).into_iter().chain(old);
        let Some(first) = there.next() else {
            // What is not there is known all the same.
            return self.value(key).map(|node| (key, node));
        };
        for second in there {
            let (node, _) = self.mapping.own_entry(second)?;
            let message = format!("`{first}` and `{second}` are names of one section");
            self.asked.push(second);
            self.mistake(DUPLICATE_KEY, node, message, format!("move what it says to `{key}`, and remove it"));
        }
        self.value(first).map(|node| (first, node))
    }
}
