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

/// Whether a text or key in a value has a name in it, or may have with a variable.
pub(super) fn has_name(value: &Value, name: &str) -> bool {
    // A text that is nothing but a variable says nothing.
    let is_open = |text: &str| text.contains("${") && !(text.starts_with("${") && text.ends_with('}'));
    let is_in = |text: &str| text.contains(name) || is_open(text) && fits(text, name);
    match value {
        Value::Null => false,
        Value::Scalar { text, .. } => is_in(text),
        Value::Sequence(items) => items.iter().any(|item| has_name(item, name)),
        Value::Mapping(entries) => entries.iter().any(|(key, value)| is_in(key) || has_name(value, name)),
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
