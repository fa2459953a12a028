use serde_json::Value;

/// A document of YAML as JSON, aliases and all.
pub(super) fn as_json(text: &str) -> Value {
    serde_yaml::from_str::<serde_yaml::Value>(text).map(|value| serde_json::to_value(value).unwrap()).unwrap()
}

/// What is wrong in a document, which may be JSON.
pub(super) fn mistakes(schema: &Value, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    validate(schema, schema, &as_json(text), "", &mut found);
    found
}

/// A validator of JSON Schema for the keywords that our schemas use; any other is a panic. A crate
/// that knows all of them takes as long to build as a third of this program.
fn validate(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let fits = |schema: &Value| {
        let mut inner = Vec::new();
        validate(root, schema, value, at, &mut inner);
        inner.is_empty()
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    // `true` takes everything.
    if *schema == Value::Bool(true) {
        return;
    }
    let Some(keywords) = schema.as_object() else { panic!("{at}: a schema is an object, not {schema}") };
    for (keyword, given) in keywords {
        let holds = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" | "deprecated" => true,
            "$ref" => {
                let target = root.pointer(given.as_str().unwrap().trim_start_matches('#')).unwrap();
                validate(root, target, value, at, found);
                true
            }
            "type" => list(given).iter().any(|kind| is_of(kind.as_str().unwrap(), value)),
            "const" => given == value,
            "enum" => list(given).contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= given.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= given.as_u64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= given.as_u64().unwrap()),
            "anyOf" => list(given).iter().any(fits),
            "oneOf" => list(given).iter().filter(|schema| fits(schema)).count() == 1,
            "required" => value
                .as_object()
                .is_none_or(|object| list(given).iter().all(|key| object.contains_key(key.as_str().unwrap()))),
            "properties" => {
                for (key, schema) in given.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        validate(root, schema, value, &format!("{at}/{key}"), found);
                    }
                }
                true
            }
            // Of what has no property of its name.
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                let others = value.as_object().into_iter().flatten();
                let mut others = others.filter(|(key, _)| known.is_none_or(|known| !known.contains_key(*key)));
                if *given == Value::Bool(false) {
                    others.next().is_none()
                } else {
                    others.for_each(|(key, value)| validate(root, given, value, &format!("{at}/{key}"), found));
                    true
                }
            }
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(root, given, item, &format!("{at}/{number}"), found);
                }
                true
            }
            "uniqueItems" => value
                .as_array()
                .is_none_or(|items| items.iter().enumerate().all(|(number, item)| !items[..number].contains(item))),
            other => panic!("{at}: add the keyword {other} here"),
        };
        if !holds {
            found.push(format!("{at}: {keyword}"));
        }
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type of JSON"),
    }
}
