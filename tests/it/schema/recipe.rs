//! The schema of recipes, which is written by hand, against the reader.

use std::collections::BTreeSet;

use flux_codemod::recipe::language::{self, Known};
use serde_json::Value;

use super::validator::mistakes;

const SCHEMA: &str = include_str!("../../../docs/schema/recipe-1.json");

#[test]
fn the_schema_of_recipes_fits_what_the_program_reads() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let wrong = |text: &str| mistakes(&schema, text);
    for (name, text) in flux_codemod::migrations::recipes::LIBRARY {
        assert_eq!(wrong(text), [""; 0], "{name}");
    }
    let page = include_str!("../../../docs/recipes.md");
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    for text in blocks.filter(|text| text.starts_with("recipe: 1\n")) {
        assert_eq!(wrong(text), [""; 0], "{text}");
    }
    let recipe = |rest: &str| format!("recipe: 1\nname: r\nsummary: s\n{rest}\n");
    for text in [
        recipe(""),
        recipe("do: [{}]"),
        recipe("do: [{remvoe: spec.x}]"),
        recipe("do: [{remove: spec.x, set: spec.y, to: 1}]"),
        recipe("do: [{set: spec.x}]"),
        recipe("selct: {}\ndo: [{remove: spec.x}]"),
        recipe("stages: [{name: a, gate: [{land: b}], do: [{remove: spec.x}]}]"),
        recipe("do: [{remove: spec.x}]").replace("recipe: 1", "recipe: 2"),
    ] {
        assert!(!wrong(&text).is_empty(), "{text}");
    }
}

/// No key of a recipe is called so, or nearly so.
const UNKNOWN: &str = "zzzzzzzzzzzz";

/// A mapping with all keys of a schema, and one that is unknown.
fn probe(schema: &Value) -> String {
    let keys = schema["properties"].as_object().unwrap_or_else(|| panic!("{schema:#}")).keys();
    let keys: String = keys.map(|key| format!("{key}: x, ")).collect();
    format!("{{{keys}{UNKNOWN}: 1}}")
}

/// Checks that the reader, which lists the keys that it asked for where one is unknown, asks for those
/// of a schema.
fn check_keys(text: &str, schema: &Value) {
    let error = language::read("a.yaml", text, &Known::NOTHING).unwrap_err();
    let known = error.mistakes.iter().find(|mistake| mistake.message == format!("unknown key `{UNKNOWN}`"));
    let known = known.and_then(|mistake| mistake.help.strip_prefix("known keys: "));
    let known = known.unwrap_or_else(|| panic!("{text}: {error}")).split(", ");
    let known: BTreeSet<&str> = known.collect();
    let keys: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(known, keys, "{text}");
}

#[test]
fn every_key_of_the_reader_is_in_it_and_the_reverse() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let head = "recipe: 1\nname: r\nsummary: s\n";
    let at = |pointer: &str| schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
    check_keys(&probe(&schema), &schema);
    for (before, after, pointer) in [
        ("stages: [", "]", "/properties/stages/items"),
        ("select: ", "", "/$defs/selector"),
        ("select: {chart: ", "}", "/$defs/selector/properties/chart/anyOf/1"),
        ("select: {runs: ", "}", "/$defs/selector/properties/runs"),
        ("select: {where: ", "}", "/$defs/test"),
        ("promise: ", "", "/$defs/promise/anyOf/1"),
        ("promise: {differs-only-at: [", "]}", "/$defs/promise/anyOf/1/properties/differs-only-at/items/anyOf/1"),
        ("do: [{add: spec.x, value: 1, place: ", "}]", "/$defs/steps/items/anyOf/1/properties/place/anyOf/1"),
    ] {
        let schema = at(pointer);
        check_keys(&format!("{head}{before}{}{after}\n", probe(schema)), schema);
    }
    for form in at("/properties/stages/items/properties/gate/items/anyOf").as_array().unwrap() {
        check_keys(&format!("{head}stages: [{{name: a, gate: [{}]}}]\n", probe(form)), form);
    }
    for form in at("/$defs/steps/items/anyOf").as_array().unwrap() {
        check_keys(&format!("{head}do: [{}]\n", probe(form)), form);
    }
}
