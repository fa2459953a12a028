//! Operations of JSON patches (RFC 6902), read as objects: `add` of `/spec/interval` is an object that
//! has `spec.interval` and nothing else. So paths and keys mean the same in them as in objects.
//!
//! Parts of a pointer are keys, also those that are indexes of lists: of which list, only the object
//! knows that is patched.

use crate::flux::{Value, pointer_part, pointer_parts};

/// Whether an operation puts a value somewhere.
pub fn states(operation: &Value) -> bool {
    matches!(operation.text_at(&["op"]), Some("add" | "replace"))
}

/// How deep in the object the value of an operation is.
pub fn depth(operation: &Value) -> usize {
    pointer_parts(operation.text_at(&["path"]).unwrap_or_default()).len()
}

/// The object that has what an operation is about; `None` if it is no operation.
pub fn lifted(operation: &Value) -> Option<Value> {
    operation.text_at(&["op"])?;
    let value = operation.get("value").cloned().unwrap_or(Value::Null);
    let path = pointer_parts(operation.text_at(&["path"])?);
    let below = |path: Vec<String>, value: Value| {
        path.into_iter().rev().fold(value, |value, part| Value::Mapping(vec![(part, value)]))
    };
    let mut object = below(path, value);
    if let Some(from) = operation.text_at(&["from"]) {
        let from = pointer_parts(from);
        let keys: Vec<&str> = from.iter().map(String::as_str).collect();
        if object.at(&keys).is_none() {
            object.set_at(&keys, Value::Null);
        }
    }
    Some(object)
}

/// The places of an object at a depth, each as the keys that lead to it.
pub fn places(object: &Value, depth: usize) -> Vec<Vec<String>> {
    if depth == 0 {
        return vec![Vec::new()];
    }
    let below = |(key, value): &(String, Value)| {
        let rest = places(value, depth - 1).into_iter();
        rest.map(|rest| [key.clone()].into_iter().chain(rest).collect()).collect::<Vec<_>>()
    };
    object.entries().iter().flat_map(below).collect()
}

/// The operations that state what an object has at the depth of one.
pub fn lowered(operation: &Value, object: &Value) -> Vec<Value> {
    let stated = |keys: Vec<String>| {
        let at: Vec<&str> = keys.iter().map(String::as_str).collect();
        let pointer: String = keys.iter().map(|part| format!("/{}", pointer_part(part))).collect();
        let mut new = operation.clone();
        // What is written in another way and means the same stays.
        if pointer_parts(operation.text_at(&["path"]).unwrap_or_default()) != keys {
            new.set("path", Value::string(&pointer));
        }
        if let Some(value) = object.at(&at).filter(|value| operation.get("value") != Some(value)) {
            new.set("value", value.clone());
        }
        new
    };
    places(object, depth(operation)).into_iter().map(stated).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn value(text: &str) -> Value {
        Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
    }

    #[test]
    fn an_operation_is_an_object_with_one_place() {
        for (operation, object) in [
            ("{op: add, path: /spec/interval, value: 1h}", "{spec: {interval: 1h}}"),
            (
                "{op: replace, path: /metadata/annotations/a.b~1c~0d, value: x}",
                "{metadata: {annotations: {a.b/c~d: x}}}",
            ),
            ("{op: add, path: /spec/rules/-, value: {host: x}}", "{spec: {rules: {'-': {host: x}}}}"),
            ("{op: remove, path: /spec/x}", "{spec: {x: null}}"),
            ("{op: move, from: /spec/x, path: /spec/y}", "{spec: {y: null, x: null}}"),
            ("{op: replace, path: '', value: {a: 1}}", "{a: 1}"),
        ] {
            assert_eq!(lifted(&value(operation)), Some(value(object)), "{operation}");
        }
        assert_eq!(lifted(&value("{path: /a}")), None);
    }

    fn value_of(text: &str) -> String {
        value(text).to_flow()
    }

    #[test]
    fn an_object_is_stated_by_operations() {
        let operation = value("{op: add, path: /m/a~1b, value: why}");
        let lowered = |object: &str| -> Vec<String> {
            super::lowered(&operation, &value(object)).iter().map(Value::to_flow).collect()
        };
        let stated = |path: &str, value: &str| value_of(&format!("{{op: add, path: {path}, value: {value}}}"));
        assert_eq!(lowered("{m: {a/b: why}}"), [stated("/m/a~1b", "why")]);
        assert_eq!(lowered("{m: {a/b: other}}"), [stated("/m/a~1b", "other")]);
        assert_eq!(lowered("{m: {a/b: why, c/d: why}}"), [stated("/m/a~1b", "why"), stated("/m/c~1d", "why")]);
        assert_eq!(lowered("{m: {}}"), [""; 0]);
        assert_eq!(lowered("{}"), [""; 0]);
    }
}
