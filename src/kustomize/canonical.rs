//! Values as bytes: two values are equal if and only if their bytes are.

use serde_yaml::Value;

/// The bytes of a value. The order of keys makes no difference; the type of a scalar does.
pub(super) fn canonical(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(value, &mut bytes);
    bytes
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(b'n'),
        Value::Bool(is_true) => out.extend([b'b', u8::from(*is_true)]),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(whole), _) => part(b'i', whole.to_string().as_bytes(), out),
            (None, Some(negative)) => part(b'i', negative.to_string().as_bytes(), out),
            // Zero has two signs, and is the same number.
            (None, None) if number.as_f64() == Some(0.0) => part(b'f', b"0", out),
            (None, None) => part(b'f', number.to_string().as_bytes(), out),
        },
        Value::String(text) => part(b's', text.as_bytes(), out),
        Value::Sequence(items) => {
            count(b'l', items.len(), out);
            items.iter().for_each(|item| write(item, out));
        }
        Value::Mapping(mapping) => {
            let mut entries: Vec<_> = mapping.iter().map(|(key, value)| (canonical(key), canonical(value))).collect();
            entries.sort();
            count(b'm', entries.len(), out);
            entries.into_iter().for_each(|(key, value)| out.extend([key, value].concat()));
        }
        Value::Tagged(tagged) => {
            part(b't', tagged.tag.to_string().as_bytes(), out);
            write(&tagged.value, out);
        }
    }
}

/// Bytes behind their length, so that nothing can be read as a part of what stands beside it.
pub(super) fn part(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    count(kind, bytes.len(), out);
    out.extend(bytes);
}

fn count(kind: u8, number: usize, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend((number as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_equal_bytes_and_others_do_not() {
        let all = [
            "a: 1\nb: [x, 'y']",
            "{b: [x, y], a: 1}",
            "{b: [y, x], a: 1}",
            "{b: [x, y], a: '1'}",
            "{b: [x, y], a: 1.0}",
            "{b: [x, y], a: -1}",
            "{b: [xy], a: 1}",
            "{b: x, y: 1}",
            "{b: [x, y], a: !t 1}",
            "{b: [x, y], a: true}",
            "{b: [x, y], a: null}",
            "{b: [x, y], a: ''}",
            "{b: [x, y], a: .nan}",
            "{b: [x, y], a: -0.0}",
            "{b: [x, y], a: 0.0}",
            "{b: [x, y], a: 0}",
            "{b: {x: y}, a: 1}",
            "{b: [x, [y]], a: 1}",
            "{b: [[x], y], a: 1}",
            "[]",
            "{}",
        ];
        let values = all.map(|text| serde_yaml::from_str::<Value>(text).unwrap());
        for (one, one_text) in values.iter().zip(all) {
            for (other, other_text) in values.iter().zip(all) {
                assert_eq!(one == other, canonical(one) == canonical(other), "{one_text} and {other_text}");
            }
        }
    }
}
