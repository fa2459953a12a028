//! Where two values differ, field by field, as it is shown to users.

use super::Value;

/// A field that is different in two values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldDifference {
    /// Its path: `spec.resources.requests.storage`, `spec.accessModes[0]`; empty for the whole.
    pub field: String,
    /// The first value, as it is shown; `None` if it does not have the field.
    pub before: Option<String>,
    /// The second value, likewise.
    pub after: Option<String>,
}

/// How many characters of a value are shown.
const SHOWN: usize = 60;

impl Value {
    /// The smallest parts that differ. Lists of different lengths differ as a whole, because nobody
    /// knows which item is which.
    pub fn differences(&self, other: &Value) -> Vec<FieldDifference> {
        let mut found = Vec::new();
        compare(String::new(), Some(self), Some(other), &mut found);
        found
    }

    /// The value on one line: text as it is, collections in flow style, cut if it is long.
    pub fn shown(&self) -> String {
        let text = match self {
            Value::Null => "null".to_owned(),
            Value::Scalar { text, .. } => text.clone(),
            Value::Sequence(items) => format!("[{}]", items.iter().map(Value::shown).collect::<Vec<_>>().join(", ")),
            Value::Mapping(entries) => {
                let entry = |(key, value): &(String, Value)| format!("{key}: {}", value.shown());
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        };
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

fn compare(field: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<FieldDifference>) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Mapping(old)), Some(Value::Mapping(new))) => {
            let deeper = |key: &str| if field.is_empty() { key.to_owned() } else { format!("{field}.{key}") };
            for (key, value) in old {
                compare(deeper(key), Some(value), after.and_then(|after| after.get(key)), found);
            }
            for (key, value) in new.iter().filter(|(key, _)| old.iter().all(|(old_key, _)| old_key != key)) {
                compare(deeper(key), None, Some(value), found);
            }
        }
        (Some(Value::Sequence(old)), Some(Value::Sequence(new))) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(format!("{field}[{index}]"), Some(old), Some(new), found);
            }
        }
        _ => found.push(FieldDifference { field, before: before.map(Value::shown), after: after.map(Value::shown) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn differences(before: &str, after: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let value = |text: &str| Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap();
        let found = value(before).differences(&value(after));
        found.into_iter().map(|one| (one.field, one.before, one.after)).collect()
    }

    #[test]
    fn the_smallest_parts_are_named() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(differences("a: {b: 1, c: [x]}", "a: {c: [x], b: 1}"), []);
        assert_eq!(
            differences("a: {b: 1, c: [x, {y: 2}], d: 1}", "a: {b: 2, c: [x, {y: 3}], e: {f: g}}"),
            [
                ("a.b".to_owned(), text("1"), text("2")),
                ("a.c[1].y".to_owned(), text("2"), text("3")),
                ("a.d".to_owned(), text("1"), None),
                ("a.e".to_owned(), None, text("{f: g}")),
            ]
        );
        assert_eq!(differences("a: [1]", "a: [1, 2]"), [("a".to_owned(), text("[1]"), text("[1, 2]"))]);
        assert_eq!(differences("a: 1", "a: '1'").len(), 1, "a number is no text");
    }

    #[test]
    fn what_is_long_is_cut() {
        assert_eq!(Value::string(&"ü".repeat(100)).shown(), format!("{}…", "ü".repeat(60)));
    }
}
