//! Golden cases: `golden/<case>/before` is a repository, `expected.diff` and `plan.json` what the program must say of it, `doctor.txt` what
//! `doctor` must, where that is there. A case that is named after a migration is about that one alone.
//!
//! Each case runs twice (the second run must find nothing to write) and both ways (the diff goes through `git apply` and must give the
//! tree that `apply` gives). `UPDATE_GOLDEN=1 cargo test --test golden` writes the expectations; read them before you commit them.

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use support::{Repo, root};

fn main() {
    let arguments = Arguments::from_args();
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(root().join("golden")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|case| case.join("before").is_dir());
    cases.sort();
    let trial = |case: PathBuf| {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        Trial::test(name, move || run(&case))
    };
    libtest_mimic::run(&arguments, cases.into_iter().map(trial).collect()).exit();
}

/// What plain files cannot show, made at test time.
fn prepared(case: &Path) -> Result<Repo, Failed> {
    let repo = Repo::copy_of(&case.join("before"));
    let text = std::fs::read_to_string(case.join("case.toml")).unwrap_or_default();
    let settings: toml::Table = text.parse()?;
    let paths = |key: &str| -> Vec<String> {
        let list = settings.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
        list.iter().filter_map(|path| path.as_str().map(str::to_owned)).collect()
    };
    let known = ["crlf", "bom", "executable", "links"];
    if let Some(key) = settings.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("case.toml: unknown key {key}").into());
    }
    for path in paths("crlf") {
        let text = repo.read(&path).replace('\n', "\r\n");
        repo.write(&path, text);
    }
    for path in paths("bom") {
        let text = format!("\u{feff}{}", repo.read(&path));
        repo.write(&path, text);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt, symlink};
        for path in paths("executable") {
            std::fs::set_permissions(repo.path().join(path), std::fs::Permissions::from_mode(0o755))?;
        }
        for (path, target) in settings.get("links").and_then(toml::Value::as_table).cloned().unwrap_or_default() {
            symlink(target.as_str().unwrap_or_default(), repo.path().join(path))?;
        }
    }
    Ok(repo.commit())
}

fn run(case: &Path) -> Result<(), Failed> {
    let repo = prepared(case)?;
    let plan = repo.run(&of(case, &["plan", "--review", "--format", "json"]));
    let diff = repo.run(&of(case, &["diff", "--review"]));
    let json: Value = serde_json::from_str(&plan.stdout).map_err(|error| format!("{error}: {}", plan.stderr))?;
    matches_file(&case.join("plan.json"), &format!("{json:#}\n"))?;
    matches_file(&case.join("expected.diff"), &diff.stdout)?;
    if case.join("doctor.txt").exists() {
        matches_file(&case.join("doctor.txt"), &repo.run(&["doctor"]).stdout)?;
    }

    let applied = prepared(case)?;
    applied.run(&of(case, &["apply", "--review"]));
    let again = applied.run(&of(case, &["diff", "--review"]));
    same("the second diff", "", &again.stdout)?;
    let left: Value = serde_json::from_str(&applied.run(&of(case, &["plan", "--review", "--format", "json"])).stdout)?;
    let mut stays = ids(&json, Some("refused"));
    stays.extend(ids(&json, Some("opted-out")));
    same("what is left after all is applied", &stays, &ids(&left, None))?;

    let patched = prepared(case)?;
    if !diff.stdout.is_empty() {
        patched.write(".git/the.diff", &diff.stdout);
        patched.git(&["apply", "--whitespace=nowarn", ".git/the.diff"]);
    }
    if patched.files() != applied.files() {
        return Err("git apply and apply give different trees".into());
    }
    one_by_one(case, &json)
}

/// A command for the migration that a case is named after, or for all.
fn of<'a>(case: &Path, command: &[&'a str]) -> Vec<&'a str> {
    let name = case.file_name().unwrap_or_default().to_string_lossy();
    let all = flux_codemod::migrations::all().into_iter().map(|migration| migration.meta().id);
    command.iter().copied().chain(all.filter(|id| name.starts_with(&format!("{id}-")))).collect()
}

/// A part that lands leaves exactly the others, under the same names.
fn one_by_one(case: &Path, json: &Value) -> Result<(), Failed> {
    let units = json["units"].as_array().expect("units");
    let Some(unit) = units.iter().find(|unit| unit["step"] == "release" && unit["chosen"] == true) else {
        return Ok(());
    };
    let repo = prepared(case)?;
    let (namespace, name) = (unit["subject"]["namespace"].as_str(), unit["subject"]["name"].as_str());
    let release = format!("{}/{}", namespace.unwrap_or_default(), name.unwrap_or_default());
    let release = release.trim_start_matches('/');
    repo.run(&of(case, &["apply", "--review", "--release", release]));
    let left: Value = serde_json::from_str(&repo.run(&of(case, &["plan", "--review", "--format", "json"])).stdout)?;
    // What is done to that release, by one migration or several, and all that it needs.
    let mut landed: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&Value> =
        units.iter().filter(|own| own["chosen"] == true && own["subject"] == unit["subject"]).collect();
    while let Some(unit) = open.pop() {
        landed.extend(unit["id"].as_str());
        let needs = unit["needs"].as_array().expect("needs");
        open.extend(units.iter().filter(|own| needs.contains(&own["id"])));
    }
    let expected: BTreeSet<String> = ids(json, None).into_iter().filter(|id| !landed.contains(id.as_str())).collect();
    same("what is left after one release", &expected, &ids(&left, None))
}

fn ids(plan: &Value, safety: Option<&str>) -> BTreeSet<String> {
    let units = plan["units"].as_array().expect("units");
    let asked = units.iter().filter(|unit| safety.is_none_or(|safety| unit["safety"] == safety));
    asked.filter_map(|unit| unit["id"].as_str().map(str::to_owned)).collect()
}

fn same<T: PartialEq + std::fmt::Debug + ?Sized>(what: &str, expected: &T, found: &T) -> Result<(), Failed> {
    if expected == found { Ok(()) } else { Err(format!("{what}: expected {expected:#?}, found {found:#?}").into()) }
}

fn matches_file(path: &Path, found: &str) -> Result<(), Failed> {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return Ok(std::fs::write(path, found)?);
    }
    let expected = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if expected == found {
        return Ok(());
    }
    let diff = similar_lines(&expected, found);
    Err(format!("{} is not what is expected (UPDATE_GOLDEN=1 rewrites it):\n{diff}", path.display()).into())
}

fn similar_lines(expected: &str, found: &str) -> String {
    similar::TextDiff::from_lines(expected, found).unified_diff().context_radius(2).to_string()
}
