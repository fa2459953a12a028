//! Names in texts: as they are, or as they may be with a variable.

use std::ops::Range;

use crate::flux::Value;

/// Whether a name is one that is asked for, or may be, with a variable in it.
pub(super) fn fits(name: &str, asked: &str) -> bool {
    let Some((before, rest)) = name.split_once("${") else { return name == asked };
    let after = rest.rsplit_once('}').map_or("", |(_, after)| after);
    asked.starts_with(before) && asked.ends_with(after)
}

/// Whether a text is what arrives: nothing in it is left to Flux or Helm.
pub(super) fn is_literal(text: &str) -> bool {
    !text.contains("${") && !text.contains("{{")
}

/// All texts and keys of a value.
pub(super) struct Words {
    /// One on a line. No name has several lines.
    all: String,
    /// Those with a variable, which may be anything.
    open: Vec<String>,
}

impl Words {
    pub(super) fn of(value: &Value) -> Words {
        let mut words = Words { all: String::new(), open: Vec::new() };
        words.add(value);
        words
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::Null => {}
            Value::Scalar { text, .. } => self.add_text(text),
            Value::Sequence(items) => items.iter().for_each(|item| self.add(item)),
            Value::Mapping(entries) => entries.iter().for_each(|(key, value)| {
                self.add_text(key);
                self.add(value);
            }),
        }
    }

    fn add_text(&mut self, text: &str) {
        self.all.push_str(text);
        self.all.push('\n');
        // A text that is nothing but a variable says nothing.
        if text.contains("${") && !(text.starts_with("${") && text.ends_with('}')) {
            self.open.push(text.to_owned());
        }
    }

    /// Whether a text has a name in it, or may have with a variable.
    pub(super) fn have(&self, name: &str) -> bool {
        self.all.contains(name) || self.open.iter().any(|text| fits(text, name))
    }
}

/// Whether a name is not a part of a longer one.
pub(super) fn is_whole_word(text: &[u8], range: Range<usize>) -> bool {
    let goes_on =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let before = range.start.checked_sub(1).and_then(|before| text.get(before));
    !goes_on(before) && !goes_on(text.get(range.end))
}

/// Whether there is a `#` before a place on its line.
pub(super) fn is_in_comment(text: &[u8], at: usize) -> bool {
    text[..at].iter().rev().take_while(|byte| **byte != b'\n').any(|byte| *byte == b'#')
}
