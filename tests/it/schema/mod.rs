//! The JSON of `list`, `plan`, `check` and `doctor` against the JSON Schema in `docs/schema`, and that
//! against the types. What people write is in `configuration` and `recipe`.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it -- schema::` writes the files.

mod configuration;
mod recipe;
mod validator;

use flux_codemod::output::{
    BranchesDocument, DiffDocument, FindingsDocument, ListDocument, PlanDocument, SecretsDocument,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use self::validator::{as_json, mistakes};
use crate::support::{Repo, root};

/// The schema of a type, which must be the one in the file.
fn schema<T: JsonSchema>(file: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = generator.into_root_schema_for::<T>().to_value();
    check_stored(file, &format!("{schema:#}\n"));
    schema
}

fn check_stored(file: &str, text: &str) {
    let path = root().join("docs/schema").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    assert!(stored == text, "{} is not what the types say; UPDATE_GOLDEN=1 writes it", path.display());
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

fn secrets() -> Value {
    schema::<SecretsDocument>("secrets-1.json")
}

fn branches() -> Value {
    schema::<BranchesDocument>("branch-1.json")
}

fn diff() -> Value {
    schema::<DiffDocument>("diff-1.json")
}

/// Checks a file of all golden cases that have it; how many these are.
fn all_golden_follow(schema: &Value, file: &str) -> usize {
    let mut seen = 0;
    for case in std::fs::read_dir(root().join("golden")).unwrap() {
        let path = case.unwrap().path().join(file);
        if let Ok(text) = std::fs::read_to_string(&path) {
            assert_eq!(mistakes(schema, &text), [""; 0], "{}", path.display());
            seen += 1;
        }
    }
    seen
}

#[test]
fn golden_plans_follow_the_schema() {
    assert!(all_golden_follow(&plan(), "plan.json") > 1);
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
    let encrypted = Repo::copy_of(&root().join("golden/doctor-secrets/before")).commit();
    let printed = encrypted.run(&["doctor", "--secrets", "--format", "json"]).stdout;
    assert_eq!(mistakes(&secrets(), &printed), [""; 0]);
    let other = printed.replacen("\"fate\": \"stays\"", "\"fate\": \"moves\"", 1);
    assert_eq!(mistakes(&secrets(), &other).len(), 1);
}
