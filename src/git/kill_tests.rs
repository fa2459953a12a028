//! `kill -9` at any moment: each branch is old or new, nothing is broken, and the next run
//! finishes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::testing::{Home, wanted};
use super::{GitError, Onto, Written};
use crate::rounds::{Numbers, rounds};

/// The environment variable that names the repository in which a child process writes until it is
/// killed.
const VICTIM: &str = "FLUX_CODEMOD_TEST_VICTIM";
const BRANCHES: usize = 8;

fn write(home: &Home) -> Result<Vec<Written>, GitError> {
    let repository = home.repository();
    let base = repository.base("main").unwrap();
    let mut stack = Vec::new();
    for index in 0..BRANCHES {
        let file = format!("new/{index}.yaml");
        let mut one = wanted(&format!("x/main/{index:02}"), &[(&file, None, Some("a: 1\n"))]);
        one.onto = if index == 0 { Onto::Base } else { Onto::Branch(index - 1) };
        stack.push(one);
    }
    let existing = repository.branches("x/main", &base).unwrap();
    let gone = repository.branches("x/gone", &base).unwrap();
    repository.write(&base, &stack, &existing, &gone, true)
}

/// Not a test by itself: it is run in a child process, which is killed.
#[test]
fn victim() {
    if let Some(dir) = std::env::var_os(VICTIM) {
        write(&Home::at(Path::new(&dir))).unwrap();
    }
}

fn tips(home: &Home, below: &str) -> Vec<String> {
    home.git(&["for-each-ref", "--format=%(objectname)", below]).lines().map(str::to_owned).collect()
}

fn locks(dir: &Path) -> Vec<PathBuf> {
    let paths = dir.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let below = paths.flat_map(|path| if path.is_dir() { locks(&path) } else { vec![path] });
    below.filter(|path| path.extension().is_some_and(|extension| extension == "lock")).collect()
}

#[test]
fn killed_at_any_moment_each_branch_is_old_or_new() {
    let home = Home::new();
    home.commit("first", &[("d.yaml", "d: 1\n")]);
    write(&home).unwrap();
    let moves = home.path().join(".git/flux-codemod/branches/moves");
    let (mut interrupted, mut half) = (0, 0);
    let mut numbers = Numbers::new();
    let rounds = rounds(8, 40);
    for round in 0..rounds {
        home.commit("next", &[("d.yaml", &format!("round: {round}\n"))]);
        let gone = home.git(&["rev-parse", "x/main/03"]);
        home.git(&["branch", "x/gone/03", &gone]);
        if round % 3 == 0 {
            home.git(&["pack-refs", "--all"]);
        }
        let before = tips(&home, "refs/heads/x/main");

        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "git::kill_tests::victim"]).env(VICTIM, home.beside(""));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if round % 8 != 0 {
            // The critical time begins with the list of moves; it takes a few milliseconds.
            while !moves.exists() && child.try_wait().unwrap().is_none() {
                thread::sleep(Duration::from_micros(100));
            }
        }
        thread::sleep(Duration::from_micros(numbers.below(25_000)));
        child.kill().unwrap();
        child.wait().unwrap();

        interrupted += usize::from(moves.exists());
        let after = tips(&home, "refs/heads/x/main");
        assert_eq!(after.len(), BRANCHES);
        let main = home.git(&["rev-parse", "main"]);
        let mut is_old_below = false;
        for (index, (old, new)) in before.iter().zip(&after).enumerate() {
            if old == new {
                is_old_below = true;
            } else {
                assert!(!is_old_below, "a branch moved before the one below it");
                assert_eq!(home.git(&["rev-parse", &format!("{new}~{}", index + 1)]), main, "it is complete");
            }
        }
        half += usize::from(before.first() != after.first() && is_old_below);
        home.git(&["fsck", "--strict"]);
        write(&home).unwrap();
        assert_eq!(tips(&home, "refs/heads/x/gone"), Vec::<String>::new());
        assert_eq!(home.git(&["rev-parse", &format!("x/main/07~{BRANCHES}")]), main);
        assert!(!moves.exists() && locks(&home.path().join(".git/refs")).is_empty());
    }
    eprintln!(
        "{interrupted} of {rounds} runs were killed while they moved branches, {half} with some moved and others not"
    );
}
