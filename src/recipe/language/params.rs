//! Reads `params`: each with a default, or given by the configuration.

use super::{NAME, is_name};
use crate::config::{EMPTY_VALUE, INVALID_VALUE, Keys, WRONG_TYPE};
use crate::flux::Value;
use crate::recipe::model::Param;
use crate::yaml::Node;

pub(super) fn read(keys: &mut Keys<'_, '_>, with: &[(String, Value)]) -> Vec<Param> {
    let Some(node) = keys.value("params") else { return Vec::new() };
    keys.nested(node, "`params`", |keys| {
        let mut params = Vec::new();
        for (name, at, node) in keys.all() {
            if !is_name(name) {
                let help = "write lowercase letters, digits and `-`, such as `from`";
                keys.mistake(NAME, at, format!("`{name}` is no name of a parameter"), help);
            }
            let given = with.iter().find(|(other, _)| other == name).map(|(_, value)| value);
            params.extend(keys.nested(node, "a parameter", |keys| one(keys, name, at, given)));
        }
        params
    })
}

fn one(keys: &mut Keys<'_, '_>, name: &str, at: Node<'_>, given: Option<&Value>) -> Option<Param> {
    let about = keys.text("about").map(|(text, _)| text.to_owned());
    let default = keys.any_value("default").and_then(Value::of);
    let choices = keys.list("one-of").map(|nodes| nodes.into_iter().filter_map(Value::of).collect::<Vec<_>>());
    let value = match (given, &default) {
        (Some(given), Some(default)) => merged(default, given),
        (Some(given), None) => given.clone(),
        (None, Some(default)) => default.clone(),
        (None, None) => {
            let help = format!("set `{name}` under `with` of the recipe in the configuration, or give it a `default`");
            keys.mistake(EMPTY_VALUE, at, format!("the parameter `{name}` has no value"), help);
            return None;
        }
    };
    if let (Some(given), Some(default)) = (given, default.as_ref().filter(|default| kind(default) != kind(&value))) {
        let message =
            format!("the parameter `{name}` is {}, and the configuration gives {}", kind(default), given.shown());
        keys.mistake(WRONG_TYPE, at, message, format!("give {}", kind(default)));
    }
    if let Some(choices) = choices.filter(|choices| !choices.iter().any(|choice| choice.same_as(&value))) {
        let choices: Vec<String> = choices.iter().map(|choice| format!("`{}`", choice.shown())).collect();
        let message = format!("the parameter `{name}` cannot be {}", value.shown());
        keys.mistake(INVALID_VALUE, at, message, format!("give {}", choices.join(" or ")));
    }
    Some(Param { name: name.to_owned(), about, value, is_given: given.is_some() })
}

/// What is given, and of a mapping what is not given from the default.
fn merged(default: &Value, given: &Value) -> Value {
    let (Value::Mapping(_), Value::Mapping(entries)) = (default, given) else { return given.clone() };
    let mut merged = default.clone();
    entries.iter().for_each(|(key, value)| merged.set(key, value.clone()));
    merged
}

/// The type of a parameter, in words.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Scalar { string: true, .. } => "a text",
        Value::Scalar { text, .. } if text == "true" || text == "false" => "true or false",
        // Some parser may read something else in it, and it is text all the same.
        Value::Scalar { text, .. } if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => "a text",
        Value::Scalar { .. } => "a number",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a mapping",
    }
}
