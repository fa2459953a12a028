//! The JSON of `list`, `plan`, `check` and `doctor` against the JSON Schema in `docs/schema`, and that
//! against the types.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it -- schema::` writes the files.

use flux_codemod::output::{BranchesDocument, DiffDocument, FindingsDocument, ListDocument, PlanDocument};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::support::{Repo, root};

/// The schema of a type, which must be the one in the file.
fn schema<T: JsonSchema>(file: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = generator.into_root_schema_for::<T>().to_value();
    let path = root().join("docs/schema").join(file);
    let text = format!("{schema:#}\n");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    assert!(stored == text, "{} is not what the types say; UPDATE_GOLDEN=1 writes it", path.display());
    schema
}

fn plan() -> Value {
    schema::<PlanDocument>("plan-1.json")
}

fn list() -> Value {
    schema::<ListDocument>("list-1.json")
}

fn doctor() -> Value {
    schema::<FindingsDocument>("doctor-1.json")
}

fn branches() -> Value {
    schema::<BranchesDocument>("branch-1.json")
}

fn diff() -> Value {
    schema::<DiffDocument>("diff-1.json")
}

fn mistakes(schema: &Value, text: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut found = Vec::new();
    validate(schema, schema, &document, "", &mut found);
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
            "$schema" | "$defs" | "title" | "description" | "format" => true,
            "$ref" => {
                let target = root.pointer(given.as_str().unwrap().trim_start_matches('#')).unwrap();
                validate(root, target, value, at, found);
                true
            }
            "type" => list(given).iter().any(|kind| is_of(kind.as_str().unwrap(), value)),
            "const" => given == value,
            "enum" => list(given).contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= given.as_f64().unwrap()),
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

#[test]
fn golden_plans_follow_the_schema() {
    let schema = plan();
    let mut seen = 0;
    for case in std::fs::read_dir(root().join("golden")).unwrap() {
        let path = case.unwrap().path().join("plan.json");
        if let Ok(text) = std::fs::read_to_string(&path) {
            assert_eq!(mistakes(&schema, &text), [""; 0], "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 1);
}

#[test]
fn what_commands_print_follows_the_schema() {
    let repo = Repo::two_clusters();
    for args in [&["plan", "--format", "json"][..], &["check", "--format", "json"]] {
        let printed = repo.run(args).stdout;
        assert_eq!(mistakes(&plan(), &printed), [""; 0], "{args:?}");
        let held = printed.replacen("\"safety\": \"safe\"", "\"safety\": \"held\"", 1);
        assert_eq!(mistakes(&plan(), &held).len(), 1, "an unknown word is a mistake");
        let renamed = printed.replacen("\"touches\":", "\"changes\":", 1);
        assert_eq!(mistakes(&plan(), &renamed).len(), 1, "a missing key is a mistake");
    }
    let roadmap = repo.run(&["list", "--format", "json"]).stdout;
    assert_eq!(mistakes(&list(), &roadmap), [""; 0]);
    assert!(roadmap.contains("\"pending\": "), "{roadmap}");
    assert_eq!(mistakes(&list(), &roadmap.replacen("\"lanes\":", "\"rows\":", 1)).len(), 1);
    let printed = repo.run(&["diff", "--review", "--format", "json"]).stdout;
    assert_eq!(mistakes(&diff(), &printed), [""; 0]);
    let whole: String =
        as_json(&printed)["files"].as_array().unwrap().iter().map(|file| file["diff"].as_str().unwrap()).collect();
    assert_eq!(whole, repo.run(&["diff", "--review"]).stdout, "the diffs of the files are the diff");
    for options in [&["--dry-run"][..], &[]] {
        let printed = repo.run(&[&["branch", "chart-ref", "--format", "json"][..], options].concat()).stdout;
        assert_eq!(mistakes(&branches(), &printed), [""; 0]);
        let printed = as_json(&printed);
        assert_eq!(printed["bases"][0]["branches"][0]["outcome"], "created", "{printed:#}");
        assert_eq!(printed["next"].as_array().unwrap().is_empty(), !options.is_empty(), "{printed:#}");
    }
    let unsound = Repo::copy_of(&root().join("golden/unsound/before")).commit();
    let printed = unsound.run(&["doctor", "--format", "json"]).stdout;
    assert_eq!(mistakes(&doctor(), &printed), [""; 0]);
    assert!(printed.len() > 1000);
    assert_eq!(mistakes(&doctor(), &printed.replacen("\"line\": ", "\"line\": -", 1)).len(), 1);
}

/// A document of YAML as JSON, aliases and all.
fn as_json(text: &str) -> Value {
    serde_yaml::from_str::<serde_yaml::Value>(text).map(|value| serde_json::to_value(value).unwrap()).unwrap()
}

#[test]
fn the_schema_of_recipes_fits_what_the_program_reads() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/schema/recipe-1.json")).unwrap();
    let wrong = |text: &str| {
        let mut found = Vec::new();
        validate(&schema, &schema, &as_json(text), "", &mut found);
        found
    };
    for (name, text) in flux_codemod::migrations::recipes::LIBRARY {
        assert_eq!(wrong(text), [""; 0], "{name}");
    }
    let page = include_str!("../../docs/recipes.md");
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
