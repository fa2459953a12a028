//! The schema of `.flux-codemod.yaml` against the reader, whose questions it is made of.

use std::collections::BTreeSet;

use flux_codemod::config::{self, ConfigError, SectionType, Settings, UNKNOWN_KEY};
use flux_codemod::migrations;
use flux_codemod::recipe::language::RecipesSettings;
use serde_json::{Value, json};

use super::validator::mistakes;
use super::{all_golden_follow, check_stored};
use crate::support::Repo;

fn sections() -> Vec<SectionType> {
    let migrations = migrations::all().iter().filter_map(|migration| migration.section());
    migrations.chain([SectionType::of::<RecipesSettings>()]).collect()
}

fn schema() -> Value {
    serde_json::from_str(&config::schema(&sections())).unwrap()
}

fn read(text: &str) -> Result<Settings, ConfigError> {
    Settings::read("a.yaml", text, &sections())
}

/// A mapping, or an item of a list, in the schema: its keys from the root, `-` for an item.
struct Place<'s> {
    path: Vec<&'s str>,
    schema: &'s Value,
}

/// All places below one, itself first.
fn places<'s>(path: &[&'s str], schema: &'s Value) -> Vec<Place<'s>> {
    let mut found = vec![Place { path: path.to_vec(), schema }];
    let mut add = |key: &'s str, schema: &'s Value| found.extend(places(&[path, &[key]].concat(), schema));
    schema["properties"].as_object().into_iter().flatten().for_each(|(key, schema)| add(key, schema));
    schema.get("items").into_iter().for_each(|items| add("-", items));
    schema.get("additionalProperties").filter(|others| others.is_object()).into_iter().for_each(|it| add("name", it));
    for form in schema["anyOf"].as_array().into_iter().flatten() {
        found.extend(places(path, form));
    }
    found
}

/// A document with this at a path, and nothing beside it.
fn document(path: &[&str], value: Value) -> String {
    let nested = path.iter().rev().fold(value, |inner, key| match *key {
        "-" => json!([inner]),
        key => json!({key: inner}),
    });
    nested.to_string()
}

/// The keys of a mapping by the reader, which lists them where one is unknown.
fn keys_read(path: &[&str]) -> Option<BTreeSet<String>> {
    let error = read(&document(path, json!({"zzzzzzzzzzzz": 1}))).unwrap_err();
    let mistake = error.mistakes.iter().find(|mistake| mistake.code == UNKNOWN_KEY)?;
    let known = mistake.help.strip_prefix("known keys: ")?;
    Some(known.split(", ").map(str::to_owned).collect())
}

#[test]
fn the_file_is_what_init_prints() {
    let printed = Repo::two_clusters().run(&["init", "--schema"]);
    assert_eq!((printed.status, printed.stderr.as_str()), (0, ""));
    check_stored("config-1.json", &printed.stdout);
    assert_eq!(printed.stdout, config::schema(&sections()));
}

#[test]
fn every_key_of_the_reader_is_in_it_and_the_reverse() {
    let schema = schema();
    let mut compared = 0;
    for Place { path, schema } in places(&[], &schema) {
        let Some(properties) = schema["properties"].as_object() else { continue };
        let current = properties.iter().filter(|(_, property)| property["deprecated"] != true);
        let keys: BTreeSet<String> = current.map(|(key, _)| key.clone()).collect();
        // Fields in the shape of `spec` have a reader and messages of their own.
        if let Some(read) = keys_read(&path) {
            assert_eq!(read, keys, "{path:?}");
            compared += 1;
        }
        for (key, property) in properties {
            let text = document(&[&path[..], &[key]].concat(), json!(null));
            let unknown = |error: ConfigError| error.mistakes.iter().any(|mistake| mistake.code == UNKNOWN_KEY);
            assert!(!read(&text).is_err_and(unknown), "{text}");
            assert!(property["description"].is_string() || property["properties"].is_object(), "{path:?} {key}");
        }
    }
    assert!(compared > 10, "{compared}");
}

#[test]
fn what_is_valid_is_valid_in_both() {
    let schema = schema();
    assert!(all_golden_follow(&schema, "before/.flux-codemod.yaml") > 10);
    for text in [
        "clusters: [{name: edge}, {name: main, path: k/main, branch: main, context: home, root: k}]",
        "exclude: []",
        "schemas: ['schemas/**/*.json', crds/*.yaml]",
        "app-template-v4: {target: 5.1.0}",
        "chart-ref: {charts: [app-template, {name: volsync, strategy: per-app}]}",
        "chart-ref: {charts: {all: true, except: [volsync], named: [app-template]}}",
        "recipes: {my-recipe: {enabled: false, with: {a: [1]}, files: ['k/**'], clusters: [edge], confirmed: [drop]}}",
        "remediation-defaults: {spec: {install: {remediation: {retries: 3}}}, kustomization: {timeout: 5m}}",
    ] {
        assert!(read(text).is_ok(), "{text}: {}", read(text).unwrap_err());
        assert_eq!(mistakes(&schema, text), [""; 0], "{text}");
    }
}

#[test]
fn what_is_wrong_is_wrong_in_both() {
    let schema = schema();
    for text in [
        "cluster: []",
        "clusters: [{name: a, pth: x}]",
        "clusters: [{path: x}]",
        "clusters: {name: a}",
        "clusters: []",
        "exclude: old",
        "exclude: [a, a]",
        "schemas: []",
        "schemas: {a: b}",
        "batches: {alone-above: x}",
        "batches: {recreate-at-most: 0}",
        "batches: {one-app-each: 'yes'}",
        "promotion: {soak: 24}",
        "components: {create: move}",
        "components: {pairs: [{template: a}]}",
        "chart-ref: {charts: [{strategy: shared}]}",
        "chart-ref: {charts: [{name: a, strategy: share}]}",
        "chart-ref: {charts: {except: [a]}}",
        "app-template: {target: 4}",
        "app-template: {}\nselectors: keep",
        "recipes: {a: {enable: true}}",
        "remediation-defaults: {spec: {install: {retries: 3}}}",
        "remediation-defaults: {spec: {install: {remediation: {retries: x}}}}",
    ] {
        assert!(read(text).is_err(), "{text}");
        assert!(!mistakes(&schema, text).is_empty(), "{text}");
    }
}

#[test]
fn init_writes_a_schema_that_its_first_line_names() {
    let repo = Repo::two_clusters();
    assert_eq!(repo.run(&["init"]).status, 0);
    let text = repo.read(".flux-codemod.yaml");
    let named = text.lines().next().unwrap().strip_prefix("# yaml-language-server: $schema=").unwrap();
    let schema = serde_json::from_str(&repo.read(named)).unwrap();
    assert_eq!(mistakes(&schema, &text), [""; 0]);
    // Nothing is overwritten, and a schema of another version is reported.
    repo.write(named, "{}\n");
    std::fs::remove_file(repo.path().join(".flux-codemod.yaml")).unwrap();
    let again = repo.run(&["init"]);
    let said = again.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(&format!("flux-codemod init --schema > {named}")), "{said}");
    assert_eq!(repo.read(named), "{}\n");
}
