//! `apply`: what it writes is what `diff` showed, all of it or nothing, and nothing else.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::support::rounds::{Numbers, rounds};
use crate::support::{Repo, program, root, state, unfolded, ungated};
use flux_codemod::git::WorkTree;
use flux_codemod::repo::{File, FileChange, InGit, Key, Mode, RepoPath, write_and_die};
use serde_json::Value;

type Files = BTreeMap<PathBuf, Vec<u8>>;

const JELLYFIN: &str = "kubernetes/main/apps/media/jellyfin/app/helmrelease.yaml";
const KOMGA: &str = "kubernetes/main/apps/media/komga/app/helmrelease.yaml";
const NEW_SOURCE: &str = "kubernetes/shared/repositories/oci/app-template-3-7-3.yaml";

fn example() -> Repo {
    Repo::part()
}

/// The example, and the trees before and after all of it is applied.
fn before_and_after() -> (Repo, &'static Files, &'static Files) {
    static TREES: LazyLock<(Files, Files)> = LazyLock::new(|| {
        let applied = example();
        let before = applied.files();
        let run = applied.run(&["apply", "--yes", "--here", "--review"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        (before, applied.files())
    });
    let (before, after) = &*TREES;
    assert_ne!(before, after);
    (example(), before, after)
}

/// Which of the trees this is; a mixture is none of them.
fn which(files: &Files, before: &Files, after: &Files) -> &'static str {
    if files == before {
        return "old";
    }
    if files == after {
        return "new";
    }
    let other = |tree: &Files| -> Vec<PathBuf> {
        let paths = files.keys().chain(tree.keys());
        paths.filter(|path| files.get(*path) != tree.get(*path)).cloned().collect()
    };
    panic!("neither old nor new; not as before: {:?}; not as after: {:?}", other(before), other(after));
}

fn journal(repo: &Repo) -> PathBuf {
    repo.path().join(".git/flux-codemod/journal")
}

fn mode(repo: &Repo, path: &str) -> u32 {
    std::fs::metadata(repo.path().join(path)).unwrap().permissions().mode() & 0o777
}

fn set_mode(repo: &Repo, path: &str, mode: u32) {
    std::fs::set_permissions(repo.path().join(path), std::fs::Permissions::from_mode(mode)).unwrap();
}

fn plan(repo: &Repo) -> Value {
    let run = repo.run(&["plan", "--review", "--format", "json"]);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr))
}

/// The unit about a release, by its path.
fn unit_of<'p>(plan: &'p Value, path: &str) -> Option<&'p Value> {
    plan["units"].as_array().unwrap().iter().find(|unit| unit["subject"]["path"] == path)
}

fn has_code(unit: &Value, code: &str) -> bool {
    unit["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == code)
}

// What is written.

/// The headers of hunks without the line of context that git adds.
fn without_context(diff: &str) -> String {
    let bare = |line: &str| match line.strip_prefix("@@ ").and_then(|rest| rest.split_once(" @@")) {
        Some((range, _)) => format!("@@ {range} @@\n"),
        None => format!("{line}\n"),
    };
    diff.split_terminator('\n').map(bare).collect()
}

#[test]
fn what_git_sees_is_what_diff_showed() {
    let repo = Repo::example();
    repo.write(KOMGA, repo.read(KOMGA).replace('\n', "\r\n"));
    set_mode(&repo, JELLYFIN, 0o755);
    let text = repo.read(KOMGA);
    let last = text.split("  values:").next().unwrap().replace("komga", "groesse");
    let last = format!("{} # größe", last.trim_end());
    repo.write("kubernetes/main/apps/media/größe und \"mehr\".yaml", last);
    let repo = repo.commit();
    let shown = repo.run(&["diff", "--review"]);
    assert_eq!(shown.status, 1);
    for wanted in ["new file mode 100644", " 100755\n", "\\ No newline at end of file", "\r\n"] {
        assert!(shown.stdout.contains(wanted), "the case does not hold {wanted:?}");
    }
    repo.run(&["apply", "--yes", "--here", "--review"]);
    repo.git(&["add", "--all", "--intent-to-add"]);
    let seen = repo.git(&["-c", "core.abbrev=7", "-c", "diff.indentHeuristic=false", "diff"]);
    let shown = without_context(&shown.stdout);
    let difference =
        similar::TextDiff::from_lines(without_context(&seen).as_str(), shown.as_str()).unified_diff().to_string();
    assert!(difference.is_empty(), "git's diff against ours:\n{difference}");
}

#[test]
fn modes_are_kept() {
    let repo = Repo::example();
    set_mode(&repo, JELLYFIN, 0o755);
    set_mode(&repo, KOMGA, 0o640);
    let repo = repo.commit();
    repo.run(&["apply", "--yes", "--here", "--review"]);
    assert!(repo.read(JELLYFIN).contains("chartRef") && repo.read(KOMGA).contains("chartRef"));
    assert_eq!((mode(&repo, JELLYFIN), mode(&repo, KOMGA)), (0o755, 0o640));
    assert_eq!(repo.git(&["diff", "--summary"]), "", "git sees no change of mode");
    assert_eq!(mode(&repo, NEW_SOURCE), mode(&repo, "kubernetes/main/flux/apps.yaml"), "a new file is as others are");
}

#[test]
fn neither_index_nor_head_nor_journal_tell_of_it() {
    let repo = example();
    let index = std::fs::read(repo.path().join(".git/index")).unwrap();
    let refs = repo.git(&["for-each-ref"]);
    repo.run(&["apply", "--yes", "--here", "--review"]);
    assert!(std::fs::read(repo.path().join(".git/index")).unwrap() == index, "the index is untouched");
    assert_eq!(repo.git(&["for-each-ref"]), refs);
    assert!(!journal(&repo).exists(), "the journal is gone");
    let names: Vec<_> = repo.files().into_keys().filter(|path| path.to_string_lossy().contains("codemod")).collect();
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn a_second_apply_writes_nothing() {
    let (repo, _, after) = before_and_after();
    repo.run(&["apply", "--yes", "--here", "--review"]);
    let again = repo.run(&["apply", "--yes", "--here", "--review"]);
    assert!(repo.files() == *after);
    assert_eq!((again.status, again.stdout.as_str()), (0, ""));
    assert!(again.stderr.starts_with("nothing to write\n"), "{}", again.stderr);
}

#[test]
fn a_plain_folder_is_written_without_a_journal() {
    let (_, _, after) = before_and_after();
    let plain = Repo::example_with(&["media"]);
    let run = plain.run(&["apply", "--yes", "--here", "--review"]);
    assert!(plain.files() == *after);
    assert!(
        unfolded(&run.stderr).contains("not a git repository, so an interrupted run cannot be rolled back"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("git diff"), "there is no git to look with: {}", run.stderr);
    assert!(!plain.path().join(".git").exists());
}

#[test]
fn from_a_subdirectory_it_is_the_whole_repository() {
    let (repo, _, after) = before_and_after();
    let sub = repo.path().join("kubernetes/edge/apps");
    let output =
        program().current_dir(&sub).args(["apply", "--no-gate", "--yes", "--here", "--review"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(repo.files() == *after);
    let (other, ..) = before_and_after();
    let output = program()
        .arg("-C")
        .arg(other.path().join("kubernetes"))
        .args(["apply", "--no-gate", "--yes", "--here", "--review"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(other.files() == *after && !journal(&other).exists());
}

#[test]
fn files_with_uncommitted_changes_are_refused() {
    let repo = example();
    let clean = repo.run(&["apply", "--yes", "--release", "media/komga"]);
    assert!(!clean.stderr.contains("uncommitted"), "{}", clean.stderr);

    let repo = example();
    repo.write(JELLYFIN, format!("{}# mine\n", repo.read(JELLYFIN)));
    repo.write(KOMGA, format!("{}\n# staged\n", repo.read(KOMGA))).git(&["add", KOMGA]);
    repo.write("kubernetes/main/flux/apps.yaml", format!("{}# other\n", repo.read("kubernetes/main/flux/apps.yaml")));
    let before = repo.files();
    let run = repo.run(&["apply", "--yes", "--here"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(repo.files() == before, "nothing is written over what git could not bring back");
    let told = unfolded(&run.stderr);
    assert!(told.starts_with("error: 2 files have uncommitted changes"), "{told}");
    assert!(told.contains(JELLYFIN) && told.contains(KOMGA) && told.contains("--allow-dirty"), "{told}");
    assert!(!told.contains("flux/apps.yaml"), "what would not be written is not named: {told}");
    let run = repo.run(&["apply", "--yes", "--here", "--allow-dirty"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(repo.read(JELLYFIN).ends_with("# mine\n") && repo.read(JELLYFIN).contains("chartRef"));
    assert!(repo.read(KOMGA).ends_with("# staged\n"));
}

// What is part of the tree, and what is not.

#[test]
fn tracked_files_count_whatever_is_ignored() {
    let repo = example();
    let ignored = "kubernetes/main/apps/media/private/app/helmrelease.yaml";
    let untracked = "kubernetes/main/apps/media/fresh/app/helmrelease.yaml";
    let text = repo.read(KOMGA);
    repo.write(".gitignore", "/kubernetes/main/apps/media/private/\nkomga\n");
    repo.write(ignored, text.replace("komga", "private")).write(untracked, text.replace("komga", "fresh"));
    let plan = plan(&repo);
    assert!(unit_of(&plan, KOMGA).is_some(), "tracked, though it matches");
    assert!(unit_of(&plan, untracked).is_some(), "untracked, and not ignored");
    assert!(unit_of(&plan, ignored).is_none(), "untracked and ignored");
    repo.run(&["apply", "--yes", "--here", "--allow-dirty", "--review"]);
    assert!(repo.read(KOMGA).contains("chartRef") && repo.read(untracked).contains("chartRef"));
    assert_eq!(repo.read(ignored), text.replace("komga", "private"));
}

#[test]
fn files_behind_a_filter_are_refused() {
    for (place, attributes) in [
        (".gitattributes", "kubernetes/main/apps/media/jellyfin/** filter=x\n"),
        (".git/info/attributes", "jellyfin/** filter=x\n"),
    ] {
        let repo = example();
        let attributes = if place == ".gitattributes" { attributes.to_owned() } else { format!("**/{attributes}") };
        repo.write(place, attributes);
        let before = repo.read(JELLYFIN);
        let plan = plan(&repo);
        let unit = unit_of(&plan, JELLYFIN).unwrap();
        assert_eq!(unit["safety"], "refused", "{place}");
        assert!(has_code(unit, "untouchable-file"), "{place}: {unit:#}");
        assert_eq!(unit_of(&plan, KOMGA).unwrap()["safety"], "safe", "{place}");
        repo.run(&["apply", "--yes", "--here", "--review"]);
        assert_eq!(repo.read(JELLYFIN), before);
        assert!(repo.read(KOMGA).contains("chartRef"));
    }
}

#[test]
fn links_are_not_written_through() {
    let outside = Repo::empty();
    let repo = example();
    let text = repo.read(KOMGA);
    outside.write("helmrelease.yaml", &text);
    let link = repo.path().join(KOMGA);
    std::fs::remove_file(&link).unwrap();
    symlink(outside.path().join("helmrelease.yaml"), &link).unwrap();
    let inside = repo.path().join(JELLYFIN);
    std::fs::rename(&inside, repo.path().join("kubernetes/real.yaml")).unwrap();
    symlink("../../../../../real.yaml", &inside).unwrap();
    let jellyfin = repo.read("kubernetes/real.yaml");
    for tracked in [false, true] {
        if tracked {
            repo.git(&["add", "--all"]);
        }
        repo.run(&["apply", "--yes", "--here", "--review"]);
        assert_eq!(outside.read("helmrelease.yaml"), text, "outside of the tree");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(std::fs::symlink_metadata(&inside).unwrap().is_symlink());
        let real = repo.read("kubernetes/real.yaml");
        assert!(real == jellyfin || real.contains("chartRef"), "the file itself is a release like others");
    }
}

/// The index still names files below what is now a link: they are not there any more.
#[test]
fn tracked_files_below_a_link_are_not_followed_out_of_the_tree() {
    let outside = Repo::empty();
    let repo = example();
    let dir = repo.path().join("kubernetes/main/apps/media/komga");
    crate::support::copy(&dir, outside.path());
    std::fs::remove_dir_all(&dir).unwrap();
    symlink(outside.path(), &dir).unwrap();
    let before = outside.files();
    let run = repo.run(&["apply", "--yes", "--here", "--review"]);
    assert!([0, 2].contains(&run.status));
    assert!(outside.files() == before, "files outside of the repository are written:\n{}", run.stdout);
}

#[test]
fn submodules_and_nested_repositories_are_not_ours() {
    let repo = example();
    let nested = "kubernetes/main/apps/media/nested";
    let text = repo.read(KOMGA);
    repo.write(&format!("{nested}/helmrelease.yaml"), &text);
    repo.git(&["init", "--quiet", nested]);
    assert!(unit_of(&plan(&repo), &format!("{nested}/helmrelease.yaml")).is_none());
    repo.run(&["apply", "--yes", "--here", "--review"]);
    assert_eq!(repo.read(&format!("{nested}/helmrelease.yaml")), text);
}

#[test]
fn what_lies_in_the_way_stops_it_before_the_first_file() {
    let repo = example();
    std::fs::create_dir(repo.path().join(NEW_SOURCE)).unwrap();
    let before = repo.files();
    let run = repo.run(&["apply", "--yes", "--here", "--review"]);
    assert!(repo.files() == before, "something was written");
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains(NEW_SOURCE), "{}", run.stderr);
    assert!(!journal(&repo).exists());
}

/// What is written is written, whether or not that can be shown.
#[test]
fn a_result_that_cannot_be_printed_is_told() {
    let (repo, _, after) = before_and_after();
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        eprintln!("SKIPPED: no /dev/full");
        return;
    };
    let run = program()
        .arg("-C")
        .arg(repo.path())
        .args(["apply", "--no-gate", "--yes", "--here", "--review"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(0));
    assert!(told(&run).contains("files are written, but the list of them cannot be printed"), "{}", told(&run));
    assert!(repo.files() == *after && !journal(&repo).exists());
}

// Interruptions.

/// How soon a test looks again at what another process does.
const LOOK_AGAIN: Duration = Duration::from_micros(100);

fn start(repo: &Repo) -> Child {
    let mut command = program();
    command
        .arg("-C")
        .arg(repo.path())
        .args(["apply", "--no-gate", "--yes", "--here", "--allow-dirty", "--review"])
        .stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// Everything as it was, without making a new repository.
fn reset(repo: &Repo) {
    if repo.git(&["status", "--short"]).is_empty() {
        return;
    }
    repo.git(&["checkout", "--quiet", "--", "."]);
    repo.git(&["clean", "--quiet", "-fd"]);
}

/// What the next command makes of a run that was killed: all old or all new. Gives whether it
/// rolled back.
fn after_the_kill(repo: &Repo, before: &Files, after: &Files, moment: &str) -> bool {
    let begun = journal(repo).join("list.json").exists();
    let run = repo.run(&["diff", "--review"]);
    assert!([0, 1].contains(&run.status), "{moment}: {}", run.stderr);
    let files = repo.files();
    let left: Vec<_> = files.keys().filter(|path| path.to_string_lossy().contains(".flux-codemod")).collect();
    assert!(left.is_empty(), "{moment}: left over: {left:?}");
    let which = which(&files, before, after);
    assert!(!begun || which == "old", "{moment}: it had begun, so it is rolled back");
    assert_eq!(unfolded(&run.stderr).contains("rolled back"), begun, "{moment}: {}", run.stderr);
    assert_eq!(run.stdout.is_empty(), which == "new", "{moment}: the diff is that of the tree as it is now");
    assert!(!journal(repo).exists(), "{moment}");
    begun
}

#[test]
fn killed_at_any_moment_it_is_all_or_nothing() {
    let (repo, before, after) = before_and_after();
    let started = Instant::now();
    start(&repo).wait_with_output().unwrap();
    let typical = started.elapsed();
    let mut numbers = Numbers::new();
    for _ in 0..rounds(3, 50) {
        reset(&repo);
        let moment = Duration::from_micros(numbers.below(typical.as_micros() as u64));
        let mut child = start(&repo);
        std::thread::sleep(moment);
        child.kill().unwrap();
        child.wait().unwrap();
        after_the_kill(&repo, before, after, &format!("after {moment:?} of {typical:?}"));
    }
}

#[test]
fn killed_while_it_writes_it_is_rolled_back() {
    let (repo, before, after) = before_and_after();
    let list = journal(&repo).join("list.json");
    // From the list's appearance until it is gone the files are written.
    let watch = |kill_after: Option<Duration>| -> Duration {
        reset(&repo);
        let mut child = start(&repo);
        while !list.exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(LOOK_AGAIN);
        }
        let begun = Instant::now();
        while list.exists() && kill_after.is_none_or(|limit| begun.elapsed() < limit) {
            std::thread::sleep(LOOK_AGAIN);
        }
        let lasted = begun.elapsed();
        if kill_after.is_some() {
            child.kill().unwrap();
        }
        child.wait().unwrap();
        lasted
    };
    let writing = watch(None);
    let mut numbers = Numbers::new();
    let mut rolled_back = 0;
    let rounds = rounds(3, 30);
    for round in 0..rounds {
        // Every other time as soon as it writes, so that some are killed in the middle.
        let within = Duration::from_nanos(numbers.below(writing.as_nanos() as u64));
        let moment = if round % 2 == 0 { Duration::ZERO } else { within };
        watch(Some(moment));
        rolled_back += usize::from(after_the_kill(&repo, before, after, &format!("{moment:?} into {writing:?}")));
    }
    // How many there are depends on the machine.
    println!("{rolled_back} of {rounds} were rolled back; the writing takes {writing:?}");
}

/// A run that is killed when `done` files are new already. Gives the files that it changes.
fn interrupt(root: &Path, before: &Files, after: &Files, done: usize) -> Vec<PathBuf> {
    let paths: std::collections::BTreeSet<&PathBuf> = before.keys().chain(after.keys()).collect();
    let changed: Vec<PathBuf> =
        paths.into_iter().filter(|path| before.get(*path) != after.get(*path)).cloned().collect();
    let file = |bytes: &Vec<u8>| File { bytes: bytes.as_slice().into(), mode: Mode::File };
    let change = |path: &PathBuf| FileChange {
        path: RepoPath::new(path.to_str().unwrap()).unwrap(),
        before: before.get(path).map(file),
        after: after.get(path).map(file),
    };
    let changes: Vec<_> = changed.iter().map(change).collect();
    let tree = WorkTree::around(root).unwrap().unwrap();
    let key = || Key::below(&state(), &[]);
    let git = InGit { git: tree.git_dir(), common: tree.common_dir(), key: &key, recorded: &tree };
    write_and_die(tree.root(), git, &changes, done).unwrap();
    changed
}

#[test]
fn an_interrupted_run_is_rolled_back_by_the_next_command() {
    let (repo, before, after) = before_and_after();
    let all = before.keys().chain(after.keys()).collect::<std::collections::BTreeSet<_>>();
    let all = all.into_iter().filter(|path| before.get(*path) != after.get(*path)).count();
    assert!(all > 8, "{all}");
    for (command, done) in [("plan", 1), ("diff", 7), ("list", all - 1), ("check", all)] {
        interrupt(repo.path(), before, after, done);
        let run = repo.run(&[command]);
        let told = unfolded(&run.stderr);
        let files = if done == 1 { "(1 file restored: ".to_owned() } else { format!("({done} files restored: ") };
        assert!(told.starts_with("note: an earlier run was interrupted"), "{command}: {told}");
        assert!(told.contains("rolled back") && told.contains(&files), "{command}: {told}");
        assert_eq!(which(&repo.files(), before, after), "old", "{command}");
        assert!(!journal(&repo).exists(), "{command}");
        assert_eq!(run.stdout, example().run(&[command]).stdout, "{command} tells of the tree that was rolled back");
    }
}

#[test]
fn apply_after_an_interruption_rolls_back_and_writes() {
    let (repo, before, after) = before_and_after();
    interrupt(repo.path(), before, after, 5);
    let run = repo.run(&["apply", "--yes", "--here", "--review"]);
    assert!(unfolded(&run.stderr).contains("rolled back"), "{}", run.stderr);
    assert_eq!(which(&repo.files(), before, after), "new");
    assert!(!journal(&repo).exists());
}

/// Nothing was touched yet, or somebody put all of it back: there is nothing to tell of files.
#[test]
fn an_interruption_before_the_first_file_is_told_in_plain_words() {
    let (repo, before, after) = before_and_after();
    interrupt(repo.path(), before, after, 0);
    let run = repo.run(&["diff"]);
    assert_eq!(which(&repo.files(), before, after), "old");
    assert!(!journal(&repo).exists());
    assert!(!run.stderr.contains("0 files") && !run.stderr.contains(": )"), "{}", run.stderr);
}

#[test]
fn a_journal_without_its_list_is_cleared_away() {
    let (repo, before, _) = before_and_after();
    std::fs::create_dir_all(journal(&repo)).unwrap();
    std::fs::write(journal(&repo).join("0"), "a backup").unwrap();
    std::fs::write(journal(&repo).join("list.new"), "{\"schema").unwrap();
    let run = repo.run(&["diff"]);
    assert_eq!(run.status, 1);
    assert!(!run.stderr.contains("rolled back"), "{}", run.stderr);
    assert!(repo.files() == *before && !journal(&repo).exists());
}

#[test]
fn what_a_person_changed_since_stops_the_rollback() {
    for (path, what) in [(JELLYFIN, Some("mine\n")), (JELLYFIN, None), (NEW_SOURCE, Some("mine, too\n"))] {
        let (repo, before, after) = before_and_after();
        let changed = interrupt(repo.path(), before, after, 9);
        let number = changed.iter().position(|own| own == Path::new(path)).unwrap();
        match what {
            Some(text) => drop(repo.write(path, text)),
            None => std::fs::remove_file(repo.path().join(path)).unwrap(),
        }
        // The old contents are in the journal: what lies beside files is not needed, and goes.
        let files = || -> Files {
            let is_beside = |path: &Path| path.to_string_lossy().contains(".flux-codemod-");
            repo.files().into_iter().filter(|(path, _)| !is_beside(path)).collect()
        };
        let (as_left, kept) = (files(), std::fs::read(journal(&repo).join("list.json")).unwrap());
        for command in ["plan", "diff", "apply --yes", "check", "list"] {
            let run = repo.run(&command.split(' ').collect::<Vec<_>>());
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{command}: {}", run.stderr);
            let told = unfolded(&run.stderr);
            assert!(told.starts_with("error: an earlier run was interrupted"), "{told}");
            assert!(told.contains(path), "{told}");
            if before.contains_key(Path::new(path)) {
                let backup = journal(&repo).join(number.to_string()).canonicalize().unwrap();
                assert!(told.contains(backup.to_str().unwrap()), "{} is not in {told}", backup.display());
            }
            assert!(files() == as_left, "{command} touched something");
            assert!(std::fs::read(journal(&repo).join("list.json")).unwrap() == kept);
        }

        // Both ways out that the message names.
        match before.get(Path::new(path)) {
            Some(old) => drop(repo.write(path, old)),
            None => std::fs::remove_file(repo.path().join(path)).unwrap(),
        }
        assert!(unfolded(&repo.run(&["plan"]).stderr).contains("rolled back"));
        assert_eq!(which(&repo.files(), before, after), "old");
    }
}

/// A message names only files that are there.
#[test]
fn a_conflict_about_a_new_file_names_no_backup() {
    let (repo, before, after) = before_and_after();
    interrupt(repo.path(), before, after, 9);
    repo.write(NEW_SOURCE, "mine\n");
    let run = repo.run(&["plan"]);
    assert_eq!(run.status, 2);
    let named = unfolded(&run.stderr);
    let named = named.split([' ', ',', '(', ')', ';']).map(|word| word.trim_end_matches(':'));
    let missing: Vec<_> = named.filter(|word| word.starts_with('/') && !Path::new(word).exists()).collect();
    assert!(missing.is_empty(), "{missing:?} are not there: {}", run.stderr);
}

/// Who only looks goes on, with a warning; nothing is written until a person has looked.
#[test]
fn a_journal_that_does_not_count_is_left_alone() {
    for text in ["", "{\"schema\":2,\"files\":[]}", r#"{"schema":1,"files":[{"path":"../x","before":null}]}"#] {
        let repo = Repo::copy_of(&root().join("golden/chart-ref-home/before")).commit();
        let before = repo.files();
        std::fs::create_dir_all(journal(&repo)).unwrap();
        let list = journal(&repo).join("list.json");
        std::fs::write(&list, text).unwrap();
        for private in if text.is_empty() { &[false, true][..] } else { &[true] } {
            if *private {
                std::fs::set_permissions(journal(&repo), std::fs::Permissions::from_mode(0o700)).unwrap();
                std::fs::set_permissions(&list, std::fs::Permissions::from_mode(0o600)).unwrap();
            }
            let plan = repo.run(&["plan"]);
            assert!([0, 1].contains(&plan.status), "{text}: {}", plan.stderr);
            let apply = repo.run(&["apply", "--yes"]);
            assert_eq!((apply.status, apply.stdout.as_str()), (2, ""), "{text}: {}", apply.stderr);
            for told in [plan.stderr, apply.stderr].map(|text| unfolded(&text)) {
                assert!(told.contains("so it is not used") && told.contains("then remove"), "{text}: {told}");
            }
        }
        assert!(repo.files() == before && list.exists());
        std::fs::remove_dir_all(journal(&repo)).unwrap();
        assert_eq!(repo.run(&["apply", "--yes"]).status, 0);
    }
}

/// A list that was made under another key, in a git directory that somebody else has filled.
#[test]
fn a_forged_journal_writes_nothing() {
    let (repo, before, after) = before_and_after();
    let changed = interrupt(repo.path(), before, after, 5);
    let list = journal(&repo).join("list.json");
    let forged = std::fs::read_to_string(&list).unwrap();
    let forged = forged.replacen(changed[0].to_str().unwrap(), "kubernetes/forged.yaml", 1);
    std::fs::write(&list, forged).unwrap();
    let files = repo.files();
    let run = repo.run(&["list"]);
    assert!(unfolded(&run.stderr).contains("was not written by flux-codemod under this user"), "{}", run.stderr);
    assert!(repo.files() == files);
}

/// The person saw a complete result and committed it; no later command takes it away.
#[test]
fn what_was_committed_after_a_kill_stays() {
    let (repo, before, after) = before_and_after();
    let all = interrupt(repo.path(), before, after, 0).len();
    repo.run(&["list"]);
    interrupt(repo.path(), before, after, all);
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--message", "what apply wrote"]);
    let run = repo.run(&["list"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(unfolded(&run.stderr).contains("committed or staged since"), "{}", run.stderr);
    assert!(!journal(&repo).exists());
    assert_eq!(which(&repo.files(), before, after), "new");
}

// Company.

fn told(output: &Output) -> String {
    unfolded(&String::from_utf8_lossy(&output.stderr))
}

#[test]
fn two_at_once_give_one_tree() {
    let (repo, before, after) = before_and_after();
    let mut numbers = Numbers::new();
    for _ in 0..rounds(4, 12) {
        reset(&repo);
        let first = start(&repo);
        std::thread::sleep(Duration::from_micros(numbers.below(20_000)));
        let outputs = [start(&repo), first].map(|child| child.wait_with_output().unwrap());
        assert_eq!(which(&repo.files(), before, after), "new");
        assert!(!journal(&repo).exists());
        let won = outputs.iter().filter(|output| output.status.code() == Some(0)).count();
        assert!(won >= 1, "{:?}", outputs.each_ref().map(told));
        for lost in outputs.iter().filter(|output| output.status.code() != Some(0)) {
            assert_eq!(lost.status.code(), Some(2));
            let told = told(lost);
            assert!(told.contains("another run of flux-codemod") || told.contains("changed while this ran"), "{told}");
        }
    }
}

/// Who only looks neither disturbs the one that writes nor takes its journal for one that was left.
#[test]
fn looking_while_another_writes_disturbs_nobody() {
    let (repo, before, after) = before_and_after();
    for _ in 0..3 {
        reset(&repo);
        let mut writer = start(&repo);
        let mut lookers = Vec::new();
        while writer.try_wait().unwrap().is_none() {
            let output = program().arg("-C").arg(repo.path()).arg("list").output().unwrap();
            lookers.push(output);
        }
        assert_eq!(writer.wait().unwrap().code(), Some(0));
        assert_eq!(which(&repo.files(), before, after), "new");
        for looker in lookers {
            let told = told(&looker);
            match looker.status.code() {
                Some(0) => assert!(!told.contains("rolled back"), "{told}"),
                code => assert!(code == Some(2) && told.contains("another run of flux-codemod"), "{code:?}: {told}"),
            }
        }
    }
}

#[test]
fn a_linked_work_tree_has_its_own_journal() {
    let (repo, before, after) = before_and_after();
    let place = Repo::empty();
    let linked = place.path().join("linked");
    repo.git(&["worktree", "add", "--quiet", linked.to_str().unwrap(), "-b", "linked"]);
    let run = |dir: &Path, args: &[&str]| program().arg("-C").arg(dir).args(ungated(args)).output().unwrap();
    let files = || Repo::copy_of(&linked).files();

    // The linked one is interrupted: the main one does not care.
    let own = repo.path().join(".git/worktrees/linked/flux-codemod/journal");
    interrupt(&linked, before, after, 4);
    assert!(files() != *before);
    let main = run(repo.path(), &["plan"]);
    assert!(!told(&main).contains("rolled back") && own.exists());
    let rolled_back = run(&linked.join("kubernetes/main"), &["plan"]);
    assert!(told(&rolled_back).contains("rolled back"), "{}", told(&rolled_back));
    assert!(files() == *before && !own.exists());

    // And it is written alone.
    let applied = run(&linked, &["apply", "--yes", "--here", "--review"]);
    assert_eq!(applied.status.code(), Some(0), "{}", told(&applied));
    assert!(files() == *after);
    assert!(repo.files() == *before && !journal(&repo).exists() && !own.exists());
}
