//! Golden cases. `golden/<case>/before` is a repository. What the program must make of it stands
//! beside it: `expected.diff`, the plan as `plan.txt` (see [`plan_text`]), and, where the files are
//! there, the plan as `plan.json`, the output of `doctor` as `doctor.txt` and that of
//! `doctor --secrets` as `secrets.txt`.
//!
//! A case plans the migrations that its `case.toml` names (`migrations = ["chart-ref"]`), or else
//! the one that it is named after. So a new migration changes no case but its own. `plan.json` is
//! there in two cases only, to show the shape.
//!
//! Each case runs twice (the second run must find nothing to write) and both ways (the diff goes
//! through `git apply` and must give the tree that `apply` gives). `UPDATE_GOLDEN=1 cargo test
//! --test golden` writes the expectations; read them before you commit them.

mod plan_text;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use plan_text::plan_text;
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

/// A case, with what its `case.toml` says.
struct Case {
    dir: PathBuf,
    settings: toml::Table,
    migrations: Vec<String>,
}

impl Case {
    fn of(dir: &Path) -> Result<Case, Failed> {
        let settings: toml::Table = std::fs::read_to_string(dir.join("case.toml")).unwrap_or_default().parse()?;
        let known = ["crlf", "bom", "executable", "links", "migrations"];
        if let Some(key) = settings.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("case.toml: unknown key {key}").into());
        }
        let mut case = Case { dir: dir.to_owned(), migrations: Vec::new(), settings };
        case.migrations = case.strings("migrations");
        if case.migrations.is_empty() {
            let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let all = flux_codemod::migrations::all().iter().map(|migration| migration.meta().id);
            let longest = all.filter(|id| name.starts_with(&format!("{id}-"))).max_by_key(|id| id.len());
            let named = longest.ok_or("case.toml: `migrations` must say which migrations this case plans")?;
            case.migrations.push(named.to_owned());
        }
        Ok(case)
    }

    fn strings(&self, key: &str) -> Vec<String> {
        let list = self.settings.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
        list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    }

    /// The repository, in git, with what plain files cannot show.
    fn prepared(&self) -> Result<Repo, Failed> {
        let repo = Repo::copy_of(&self.dir.join("before"));
        for path in self.strings("crlf") {
            let text = repo.read(&path).replace('\n', "\r\n");
            repo.write(&path, text);
        }
        for path in self.strings("bom") {
            let text = format!("\u{feff}{}", repo.read(&path));
            repo.write(&path, text);
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt, symlink};
            for path in self.strings("executable") {
                std::fs::set_permissions(repo.path().join(path), std::fs::Permissions::from_mode(0o755))?;
            }
            let links = self.settings.get("links").and_then(toml::Value::as_table).cloned().unwrap_or_default();
            for (path, target) in links {
                symlink(target.as_str().unwrap_or_default(), repo.path().join(path))?;
            }
        }
        Ok(repo.commit())
    }

    /// A command for the migrations of the case.
    fn command<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        command.iter().copied().chain(self.migrations.iter().map(String::as_str)).collect()
    }

    fn plan(&self, repo: &Repo) -> Result<Value, Failed> {
        let run = repo.run(&self.command(&["plan", "--review", "--format", "json"]));
        serde_json::from_str(&run.stdout).map_err(|error| format!("{error}: {}", run.stderr).into())
    }
}

fn run(dir: &Path) -> Result<(), Failed> {
    let case = Case::of(dir)?;
    let repo = case.prepared()?;
    let plan = case.plan(&repo)?;
    let diff = repo.run(&case.command(&["diff", "--review"])).stdout;
    matches_file(&dir.join("plan.txt"), &plan_text(&plan))?;
    matches_file(&dir.join("expected.diff"), &diff)?;
    if dir.join("plan.json").exists() {
        matches_file(&dir.join("plan.json"), &format!("{plan:#}\n"))?;
    }
    if dir.join("doctor.txt").exists() {
        matches_file(&dir.join("doctor.txt"), &repo.run(&["doctor"]).stdout)?;
    }
    if dir.join("secrets.txt").exists() {
        matches_file(&dir.join("secrets.txt"), &repo.run(&["doctor", "--secrets"]).stdout)?;
    }

    let applied = case.prepared()?;
    applied.run(&case.command(&["apply", "--yes", "--here", "--review"]));
    let again = applied.run(&case.command(&["diff", "--review"]));
    same("the second diff", "", &again.stdout)?;
    let mut stays = ids(&plan, Some("refused"));
    stays.extend(ids(&plan, Some("opted-out")));
    let units = plan["units"].as_array().expect("units");
    // By the gate of a stage, which looks at branches: that of promotion opens when the tree is written.
    let is_of_stage = |gate: &Value| gate["code"].as_str().is_some_and(|code| code.starts_with("gate-"));
    let is_held = |unit: &&Value| unit["held"].as_array().is_some_and(|gates| gates.iter().any(is_of_stage));
    let waiting = units.iter().filter(|unit| unit.get("waits_for").is_some() || is_held(unit));
    stays.extend(waiting.filter_map(|unit| unit["id"].as_str().map(str::to_owned)));
    same("what is left after all is applied", &stays, &without_later_steps(&case.plan(&applied)?))?;

    // The repository that was only read is as it was.
    if !diff.is_empty() {
        repo.write(".git/the.diff", &diff);
        repo.git(&["apply", "--whitespace=nowarn", ".git/the.diff"]);
    }
    if repo.files() != applied.files() {
        return Err("git apply and apply give different trees".into());
    }
    one_by_one(&case, &plan)
}

/// What lands leaves exactly the other units, under the same names.
fn one_by_one(case: &Case, json: &Value) -> Result<(), Failed> {
    let units = json["units"].as_array().expect("units");
    let Some(unit) = units.iter().find(|unit| unit["step"] == "release" && unit["chosen"] == true) else {
        return Ok(());
    };
    let repo = case.prepared()?;
    let (namespace, name) = (unit["subject"]["namespace"].as_str(), unit["subject"]["name"].as_str());
    let release = format!("{}/{}", namespace.unwrap_or_default(), name.unwrap_or_default());
    let release = release.trim_start_matches('/');
    repo.run(&case.command(&["apply", "--yes", "--here", "--review", "--release", release]));
    let left = case.plan(&repo)?;
    // What is done to that release, by one migration or several, and all that it needs.
    let mut landed: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&Value> =
        units.iter().filter(|other| other["chosen"] == true && other["subject"] == unit["subject"]).collect();
    while let Some(unit) = open.pop() {
        landed.extend(unit["id"].as_str());
        let needs = unit["needs"].as_array().expect("needs");
        open.extend(units.iter().filter(|other| needs.contains(&other["id"])));
    }
    let expected: BTreeSet<String> = ids(json, None).into_iter().filter(|id| !landed.contains(id.as_str())).collect();
    same("what is left after one release", &expected, &ids(&left, None))
}

/// The gates of steps that wait for the step before.
const WAITS: [&str; 10] = [
    "policy-waits",
    "cut-waits",
    "leftover-waits",
    "guard-not-live",
    "guard-unknown",
    "move-not-live",
    "still-named",
    "operator-not-live",
    "instance-not-live",
    "sync-not-live",
];

/// The ids of units, but for those that wait for a branch to show what was just applied.
fn without_later_steps(plan: &Value) -> BTreeSet<String> {
    let units = plan["units"].as_array().expect("units");
    let waits = |gate: &Value| WAITS.iter().any(|code| gate["code"] == *code);
    let is_later = |unit: &&Value| unit["held"].as_array().is_some_and(|gates| gates.iter().any(waits));
    let now = units.iter().filter(|unit| !is_later(unit));
    now.filter_map(|unit| unit["id"].as_str().map(str::to_owned)).collect()
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
