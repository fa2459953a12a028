//! The JSON of `plan`, `check` and `doctor` against the JSON Schema in `docs/schema`, and that against the types.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it -- schema::` writes the files.

use flux_codemod::output::{FindingsDocument, PlanDocument};
use jsonschema::Validator;
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

fn plan() -> Validator {
    jsonschema::validator_for(&schema::<PlanDocument>("plan-1.json")).unwrap()
}

fn doctor() -> Validator {
    jsonschema::validator_for(&schema::<FindingsDocument>("doctor-1.json")).unwrap()
}

fn mistakes(schema: &Validator, text: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    schema.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect()
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
    let unsound = Repo::copy_of(&root().join("golden/unsound/before")).commit();
    let printed = unsound.run(&["doctor", "--format", "json"]).stdout;
    assert_eq!(mistakes(&doctor(), &printed), [""; 0]);
    assert!(printed.len() > 1000);
    assert_eq!(mistakes(&doctor(), &printed.replacen("\"line\": ", "\"line\": -", 1)).len(), 1);
}
