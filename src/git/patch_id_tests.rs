//! Patch ids are compared with those of the real git.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use super::*;
use crate::git::testing::Home;

/// The patch of HEAD and its id, as the real git writes them.
fn of_git(home: &Home) -> (Vec<u8>, Option<String>) {
    let arguments = ["diff-tree", "-p", "--full-index", "--no-commit-id", "HEAD"];
    let patch = home.run(&home.path(), &arguments).stdout;
    let mut command = Command::new("git");
    command.args(["patch-id", "--verbatim"]).current_dir(home.path()).envs(home.environment());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&patch).unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    (patch, output.split(' ').next().filter(|id| !id.is_empty()).map(str::to_owned))
}

/// Only git shows the line above in hunk headers; it does not count.
fn without_functions(patch: &[u8]) -> String {
    let bare = |line: &str| match line.strip_prefix("@@ ").and_then(|rest| rest.split_once(" @@")) {
        Some((ranges, _)) => format!("@@ {ranges} @@"),
        None => line.to_owned(),
    };
    String::from_utf8_lossy(patch).split('\n').map(bare).collect::<Vec<_>>().join("\n")
}

fn check(home: &Home, what: &str) {
    home.git(&["add", "--all"]);
    home.git(&["commit", "-q", "--allow-empty", "-m", what]);
    let repository = home.repository();
    let commit = repository.git.head().unwrap().peel_to_commit().unwrap();
    let (patch_of_git, id_of_git) = of_git(home);
    let ours = patch(&repository.git, &commit.parent(0).unwrap().tree().unwrap(), &commit.tree().unwrap()).unwrap();
    assert_eq!(without_functions(&ours), without_functions(&patch_of_git), "{what}");
    assert_eq!(of_commit(&repository.git, &commit).unwrap().map(|id| id.to_string()), id_of_git, "{what}");
}

fn lines(count: usize) -> String {
    (0..count).map(|index| format!("line{index}:\n  value: {}\n", index % 3)).collect()
}

#[test]
fn it_is_what_git_says() {
    let home = Home::new();
    home.commit("first", &[("a.yaml", &lines(40)), ("b.yaml", "b: 1"), ("keep", "")]);
    let a = |text: String| home.write("a.yaml", &text);

    check(&home, "nothing");
    a(lines(40).replace("line3:\n", "line3:\n  more: 1\n").replace("line30:", "other:"));
    check(&home, "an edit in two places");
    a(lines(40).replace("\n  value: 2\n", "\n    value: 2\n"));
    check(&home, "white space alone");
    home.write("b.yaml", "b: 2");
    check(&home, "no newline at the end, on both sides");
    home.write("b.yaml", "b: 2\n");
    check(&home, "a newline at the end comes");
    home.write("b.yaml", "b: 2\nc: 1");
    check(&home, "a newline at the end goes");
    home.write("b.yaml", "b: 2\r\nc: 1\r\nd: 3\r\n");
    check(&home, "CRLF");
    home.write("b.yaml", "b: 2\nc: 1\r\nd:\r3\r\n");
    check(&home, "CRLF and LF mixed, and a lone CR");
    home.write("new/one.yaml", "a: 1\n");
    home.write("new/empty.yaml", "");
    home.write("new/ü \"quoted\\\".yaml", "a: 1\n");
    home.write("new/with blank.yaml", "a: 1\n");
    check(&home, "new files");
    fs::rename(home.path().join("new/one.yaml"), home.path().join("renamed.yaml")).unwrap();
    check(&home, "a rename, as two files");
    fs::remove_file(home.path().join("new/with blank.yaml")).unwrap();
    fs::remove_file(home.path().join("new/empty.yaml")).unwrap();
    check(&home, "removed files");
    home.write("--dashes.yaml", "--- a\n+++ b\n@@ -1 +1 @@\n");
    check(&home, "lines like those of a patch");
    home.write("--dashes.yaml", "-- a\n++ b\n@@ -1 +1 @@\ndiff x\n");
    check(&home, "such lines change");
}

#[test]
fn it_is_what_git_says_of_what_is_no_text() {
    let home = Home::new();
    home.commit("first", &[("a.yaml", "a: 1\n"), ("b.yaml", "b: 1\n"), ("z.yaml", "z: 1\n"), ("link", "x")]);
    home.write("m.bin", "a\0b");
    home.write("z.yaml", "z: 2\n");
    check(&home, "a new binary file, and a file after it");
    home.write("m.bin", "a\0c");
    home.write("a.yaml", "a: 2\n");
    check(&home, "a changed binary file, and a file before it");
    home.git(&["config", "core.fileMode", "false"]);
    home.git(&["update-index", "--chmod=+x", "a.yaml"]);
    home.write("b.yaml", "b: 2\n");
    check(&home, "a mode alone, and a file after it");
    home.git(&["update-index", "--chmod=-x", "a.yaml"]);
    home.write("a.yaml", "a: 3\n");
    check(&home, "a mode and the content");
    let link = home.path().join("link");
    fs::remove_file(&link).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("a.yaml", &link).unwrap();
    check(&home, "a file becomes a link");
    let head = home.git(&["rev-parse", "HEAD"]);
    home.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},module")]);
    fs::create_dir(home.path().join("module")).unwrap();
    check(&home, "a submodule");
}

#[test]
fn it_does_not_depend_on_attributes_or_configuration() {
    let home = Home::new();
    let text = lines(20);
    home.commit("first", &[("a.yaml", &text)]);
    home.commit("second", &[("a.yaml", &text.replace("line7", "other"))]);
    let id = || {
        let repository = home.repository();
        of_commit(&repository.git, &repository.git.head().unwrap().peel_to_commit().unwrap()).unwrap().unwrap()
    };
    let before = id();
    home.write(".gitattributes", "*.yaml -diff\n");
    for (key, value) in [("diff.context", "9"), ("diff.noprefix", "true"), ("diff.indentHeuristic", "false")] {
        home.git(&["config", key, value]);
    }
    assert_eq!(id(), before);
}

#[test]
fn commits_without_one_parent_have_none() {
    let home = Home::new();
    home.commit("first", &[("a.yaml", "a: 1\n")]);
    let repository = home.repository();
    let commit = repository.git.head().unwrap().peel_to_commit().unwrap();
    assert_eq!(of_commit(&repository.git, &commit).unwrap(), None);
}

/// Edits of all shapes: other hunks than those of git would give another id.
#[test]
fn hunks_are_those_of_git() {
    let home = Home::new();
    home.commit("first", &[("a.yaml", &lines(60))]);
    // A small generator is enough; what matters is that blocks repeat.
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((state >> 33) % below).unwrap()
    };
    let mut text: Vec<String> = (0..40).map(|index| format!("  - name: app{}\n", index % 5)).collect();
    for round in 0..40 {
        for _ in 0..=next(6) {
            let at = next(text.len() as u64);
            match next(4) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, format!("{}key: {}\n", "  ".repeat(next(4)), next(3))),
                2 => text.insert(at, "\n".to_owned()),
                _ => {
                    let block: Vec<String> = text[at..(at + next(5)).min(text.len())].to_vec();
                    text.splice(at..at, block);
                }
            }
        }
        home.write("a.yaml", &text.concat());
        check(&home, &format!("round {round}"));
    }
}
