//! Whole repositories, mutated: lines and files of the golden cases are removed, doubled, moved and
//! changed at random. Whatever comes out, the program ends with 0 to 2 and does not call anything a
//! mistake of its own; `apply`, the diff and the merged branches make the same tree, in files that
//! the plan names, and a second run finds nothing to write.
//!
//! `FLUX_CODEMOD_EXHAUSTIVE=1 cargo test --release --test it mutants` makes 10,000 of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::rounds::{Numbers, exhaustive, rounds};
use crate::support::{Repo, Run, in_parallel, root};
use serde_json::Value;

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The files of a golden case, changed in one to three places, and what was changed.
fn mutated(files: &Files, numbers: &mut Numbers) -> (Files, Vec<String>) {
    let (mut files, mut said) = (files.clone(), Vec::new());
    for _ in 0..=numbers.below(3) {
        let path = pick(&files.keys().cloned().collect::<Vec<_>>(), numbers).clone();
        let text = String::from_utf8_lossy(&files[&path]).into_owned();
        let kind = numbers.below(12);
        match kind {
            0 => drop(files.remove(&path)),
            1 => drop(files.insert(path.with_file_name("copy.yaml"), text.into_bytes())),
            2 => {
                let bytes = files.remove(&path).unwrap_or_default();
                files.insert(path.with_file_name("other.yaml"), bytes);
            }
            _ => drop(files.insert(path.clone(), of_text(&text, kind, numbers).into_bytes())),
        }
        said.push(format!("{kind} in {}", path.display()));
    }
    (files, said)
}

fn pick<'l, T>(list: &'l [T], numbers: &mut Numbers) -> &'l T {
    &list[usize::try_from(numbers.below(list.len() as u64)).unwrap()]
}

/// A text with one line, or a key with its value, changed.
fn of_text(text: &str, kind: u64, numbers: &mut Numbers) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let at = usize::try_from(numbers.below(lines.len() as u64)).unwrap();
    let indent = |line: &String| line.len() - line.trim_start_matches([' ', '-']).len();
    let inside = lines[at + 1..].iter().take_while(|line| indent(line) > indent(&lines[at])).count();
    let block: Vec<String> = lines[at..=at + inside].to_vec();
    let other = pick(&lines, numbers).clone();
    match kind {
        3 => drop(lines.remove(at)),
        4 => lines.insert(at, block[0].clone()),
        5 => drop(lines.splice(at..=at + inside, [])),
        6 => drop(lines.splice(at..at, block)),
        7 => lines.swap(at, at.saturating_sub(1)),
        8 => lines[at].insert_str(0, "  "),
        // A value of another line.
        9 => {
            let value = other.split_once(": ").map(|(_, value)| value.trim_end().to_owned());
            if let (Some((key, _)), Some(value)) = (lines[at].clone().split_once(": "), value) {
                lines[at] = format!("{key}: {value}\n");
            }
        }
        // A key of another line.
        10 => {
            let key = other.trim_start_matches([' ', '-']).split_once(':').map(|(key, _)| key.to_owned());
            let (spaces, rest) = lines[at].split_at(indent(&lines[at]));
            if let (Some(key), Some((_, value))) = (key, rest.split_once(':')) {
                lines[at] = format!("{spaces}{key}:{value}");
            }
        }
        _ => lines[at] = format!("# a comment\n{}", lines[at].replace('\n', " # another\n")),
    }
    lines.concat()
}

fn repo_of(files: &Files) -> Repo {
    let repo = Repo::empty();
    for (path, bytes) in files {
        repo.write(path.to_str().unwrap(), bytes);
    }
    let repo = repo.commit();
    follow(&repo);
    repo
}

/// Brings the branches that clusters of golden cases follow, beside main, to where main is.
fn follow(repo: &Repo) {
    for branch in ["edge", "lab", "next"] {
        repo.git(&["branch", "--force", branch, "main"]);
    }
}

/// Runs the program; it must not fail in a way that it calls a mistake of its own.
fn run(repo: &Repo, args: &[&str]) -> Result<Run, String> {
    let run = repo.run(args);
    let words = crate::support::unfolded(&run.stderr);
    let is_wrong =
        !(0..=2).contains(&run.status) || words.contains("mistake in flux-codemod") || words.contains("panicked");
    if is_wrong { Err(format!("{args:?} ends with {}: {}", run.status, run.stderr)) } else { Ok(run) }
}

fn same(what: &str, left: &Files, right: &Files) -> Result<(), String> {
    let paths: BTreeSet<_> = left.keys().chain(right.keys()).collect();
    match paths.into_iter().find(|path| left.get(*path) != right.get(*path)) {
        None => Ok(()),
        Some(path) => Err(format!("{what}: {} differs", path.display())),
    }
}

/// What is wrong with what the program does to these files, if anything. Whether it wrote any.
fn judged(files: &Files) -> Result<bool, String> {
    let repo = repo_of(files);
    let plan = run(&repo, &["plan", "--review", "--format", "json"])?;
    let diff = run(&repo, &["diff", "--review"])?;
    let applied = repo_of(files);
    let apply = run(&applied, &["apply", "--yes", "--here", "--review"])?;
    if [&plan, &diff, &apply].iter().any(|run| run.status == 2) {
        return if plan.status == diff.status && diff.status == apply.status && applied.files() == *files {
            Ok(false)
        } else {
            Err(format!("plan {}, diff {}, apply {}: {}", plan.status, diff.status, apply.status, apply.stderr))
        };
    }
    let after = applied.files();

    let plan: Value = serde_json::from_str(&plan.stdout).map_err(|error| error.to_string())?;
    let units = plan["units"].as_array().into_iter().flatten();
    let named: BTreeSet<&str> =
        units.flat_map(|unit| unit["touches"].as_array().into_iter().flatten()).filter_map(Value::as_str).collect();
    let changed = files.keys().chain(after.keys()).filter(|path| files.get(*path) != after.get(*path));
    let other: Vec<_> = changed.filter(|path| !named.contains(path.to_str().unwrap())).collect();
    if !other.is_empty() {
        return Err(format!("{other:?} are changed, and no unit names them"));
    }

    let patched = repo_of(files);
    patch(&patched, &diff.stdout)?;
    same("the diff and apply", &patched.files(), &after)?;
    let again = run(&applied, &["diff", "--review"])?;
    if !again.stdout.is_empty() {
        // What was refused may be possible now: a later migration has changed what was in the way.
        let refused = with_safety(&plan, "refused");
        let pending = run(&applied, &["plan", "--review", "--format", "json"])?;
        let pending: Value = serde_json::from_str(&pending.stdout).map_err(|error| error.to_string())?;
        let able = [with_safety(&pending, "safe"), with_safety(&pending, "review")].concat();
        if able.is_empty() || able.iter().any(|id| !refused.contains(id)) {
            return Err(format!("a second run writes more:\n{}", again.stdout));
        }
    }
    let last = if again.stdout.is_empty() { after.clone() } else { to_the_end(&applied)? };
    of_branches(files, &plan, &last)?;
    Ok(after != *files)
}

/// What is written until nothing is left to write.
fn to_the_end(repo: &Repo) -> Result<Files, String> {
    for _ in 0..=8 {
        let before = repo.files();
        run(repo, &["apply", "--yes", "--here", "--review", "--allow-dirty"])?;
        if repo.files() == before {
            return Ok(before);
        }
    }
    Err("each run writes more".to_owned())
}

/// The ids of the units of a plan with this safety.
fn with_safety(plan: &Value, safety: &str) -> Vec<String> {
    let units = plan["units"].as_array().into_iter().flatten().filter(|unit| unit["safety"] == safety);
    units.filter_map(|unit| unit["id"].as_str()).map(str::to_owned).collect()
}

fn patch(repo: &Repo, diff: &str) -> Result<(), String> {
    if diff.is_empty() {
        return Ok(());
    }
    let mut git = Command::new("git");
    git.current_dir(repo.path())
        .args(["apply", "--whitespace=nowarn", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = git.spawn().map_err(|error| error.to_string())?;
    child.stdin.take().unwrap().write_all(diff.as_bytes()).map_err(|error| error.to_string())?;
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("git apply: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// Makes the branches of one migration after the other and merges them, as an owner does, until none has anything to
/// write: those that conflict with what another cluster got are made again after that is merged. Of a recipe with
/// stages, `apply` writes what is open, and a merge opens the next gate.
fn of_branches(files: &Files, plan: &Value, last: &Files) -> Result<(), String> {
    let repo = repo_of(files);
    let migrations: Vec<&Value> = plan["migrations"].as_array().into_iter().flatten().collect();
    for round in 0..=8 {
        let mut is_done = true;
        for migration in &migrations {
            let id = migration["id"].as_str().unwrap_or_default();
            let times = match (has_stages(plan, migration), round) {
                (false, _) => 9,
                (true, 0) => 1,
                (true, _) => 0,
            };
            for _ in 0..times {
                match merged(&repo, id)? {
                    Merged::Skipped => return Ok(()),
                    Merged::Nothing => break,
                    Merged::Some => is_done = false,
                }
            }
        }
        if is_done {
            return same("the merged branches and apply", &repo.files(), last);
        }
    }
    Err("branches are made again and again".to_owned())
}

/// Whether what a merge brings opens a gate of a migration.
fn has_stages(plan: &Value, migration: &Value) -> bool {
    // A step of a migration can wait for a gate as well; that one cluster comes after another is no matter here.
    let mut units = plan["units"].as_array().into_iter().flatten();
    let waits = |unit: &Value| {
        let mut held = unit["held"].as_array().into_iter().flatten();
        held.any(|finding| finding["code"] != "held-for-cluster")
    };
    let is_own = |unit: &Value| unit["id"].as_str().and_then(|own| own.split(' ').next()) == migration["id"].as_str();
    !migration["recipe"]["stages"][0]["name"].is_null() || units.any(|unit| is_own(unit) && waits(unit))
}

/// What became of the branches of a migration.
enum Merged {
    /// A cluster gets none.
    Skipped,
    /// Nothing was to be done.
    Nothing,
    /// Some are merged.
    Some,
}

/// Makes the branches of a migration and merges those that do not conflict.
fn merged(repo: &Repo, id: &str) -> Result<Merged, String> {
    let made = run(repo, &["branch", id, "--review"])?;
    // A cluster whose branch is not here, which it says, gets none.
    if made.status == 2 || crate::support::unfolded(&made.stderr).contains("is skipped: it follows") {
        return Ok(Merged::Skipped);
    }
    let created = made.stdout.lines().filter_map(|line| line.strip_prefix("  created    "));
    let names: Vec<&str> = created.collect();
    let merged = names.iter().take_while(|name| merges(repo, name)).count();
    names.iter().for_each(|name| drop(repo.git(&["update-ref", "-d", &format!("refs/heads/{name}")])));
    follow(repo);
    match (names.is_empty(), merged) {
        (true, _) => Ok(Merged::Nothing),
        (false, 0) => Err(format!("{names:?} cannot be merged")),
        (false, _) => Ok(Merged::Some),
    }
}

/// Merges a branch, or leaves everything as it is if there are conflicts.
fn merges(repo: &Repo, name: &str) -> bool {
    let mut git = Command::new("git");
    git.current_dir(repo.path()).args([
        "-c",
        "user.name=Test",
        "-c",
        "user.email=test@example.org",
        "merge",
        "--quiet",
        "--no-edit",
        name,
    ]);
    let is_merged = git.output().is_ok_and(|output| output.status.success());
    if !is_merged {
        repo.git(&["merge", "--abort"]);
    }
    is_merged
}

#[test]
fn of_golden_cases() {
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(root().join("golden")).unwrap().map(|entry| entry.unwrap().path().join("before")).collect();
    cases.sort();
    let is_small = |case: &PathBuf| exhaustive() || !case.ends_with("home-ops/before");
    let cases: Vec<(PathBuf, Files)> =
        cases.into_iter().filter(is_small).map(|case| (case.clone(), Repo::copy_of(&case).files())).collect();
    let mut numbers = Numbers::new();
    let mutants: Vec<_> = (0..rounds(8, 10_000))
        .map(|_| {
            let (case, files) = pick(&cases, &mut numbers);
            (case, mutated(files, &mut numbers))
        })
        .collect();
    let all = mutants.len();
    let judged = in_parallel(mutants, |(case, (files, said))| {
        judged(&files).map_err(|why| {
            // It stays there, to be looked at.
            let repo = std::mem::ManuallyDrop::new(repo_of(&files));
            let wrong = format!("{} of {}, {said:?}: {why}", repo.path().display(), case.display());
            // Ten thousand take an hour: what is wrong is said at once.
            println!("{wrong}");
            wrong
        })
    });
    let wrong: Vec<&String> = judged.iter().filter_map(|judged| judged.as_ref().err()).collect();
    let written = judged.iter().filter(|judged| matches!(judged, Ok(true))).count();
    println!("{all} mutants, {written} of them written, {} wrong", wrong.len());
    assert!(
        wrong.is_empty(),
        "{} of {all}:\n{}",
        wrong.len(),
        wrong.into_iter().take(20).cloned().collect::<Vec<_>>().join("\n\n")
    );
    // Of a few, all may be refused.
    assert!(written > if all < 100 { 0 } else { all / 4 }, "{written} of {all} are written");
}
