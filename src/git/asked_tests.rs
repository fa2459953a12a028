//! What is ignored and what is filtered, as git says it.

use std::fs;

use crate::git::WorkTree;
use crate::git::testing::Home;
use crate::repo::{EntryKind, Source};

fn home() -> Home {
    let home = Home::new();
    home.commit("first", &[("a.yml", "a: 1\n"), ("d/b.yml", "b: 1\n"), ("c.txt", "c\n")]);
    home
}

/// The files that are never written.
fn filtered(home: &Home) -> Vec<String> {
    let folder = WorkTree::of(home.repository()).unwrap().files().unwrap();
    let is_filtered = |kind: &EntryKind| matches!(kind, EntryKind::File { filtered: true, .. });
    folder.list().iter().filter(|entry| is_filtered(&entry.kind)).map(|entry| entry.path.to_string()).collect()
}

fn listed(home: &Home) -> Vec<String> {
    let folder = WorkTree::of(home.repository()).unwrap().files().unwrap();
    folder.list().iter().map(|entry| entry.path.to_string()).collect()
}

#[test]
fn attributes_count_wherever_git_reads_them() {
    let at = |name: &str, text: &str| {
        let home = home();
        home.write(name, text);
        filtered(&home)
    };
    let all = ["a.yml", "d/b.yml"];
    assert!(filtered(&home()).is_empty());
    assert_eq!(at(".gitattributes", "*.yml filter=git-crypt\n"), all);
    assert_eq!(at(".git/info/attributes", "*.yml filter=x\n"), all);
    assert_eq!(at("d/.gitattributes", "*.yml filter=x\n"), ["d/b.yml"]);
    assert_eq!(at(".gitattributes", "[attr]crypt filter=x diff=x\n*.yml crypt\n"), all);
    assert_eq!(at(".gitattributes", "*.yml working-tree-encoding=UTF-16LE\n"), all);
    assert!(at(".gitattributes", "*.yml text eol=lf -filter\n").is_empty());

    let home = home();
    home.write("attributes", "*.yml filter=x\n");
    home.git(&["config", "core.attributesFile", home.path().join("attributes").to_str().unwrap()]);
    assert_eq!(filtered(&home), all);
}

#[test]
fn attributes_of_the_index_count_while_the_file_is_gone() {
    let home = home();
    home.commit("more", &[(".gitattributes", "*.yml filter=x\n")]);
    fs::remove_file(home.path().join(".gitattributes")).unwrap();
    assert_eq!(filtered(&home), ["a.yml", "d/b.yml"]);
}

/// git does not follow the link, and would wait for the pipe; so would libgit2.
#[cfg(unix)]
#[test]
fn attributes_that_are_links_or_pipes_are_not_opened() {
    let home = home();
    home.write("attributes", "*.yml filter=x\n");
    std::os::unix::fs::symlink("attributes", home.path().join(".gitattributes")).unwrap();
    for name in [".gitattributes", ".gitignore"] {
        let pipe = home.path().join("d").join(name);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    }
    home.write("d/new.yml", "new: 1\n");
    assert_eq!(filtered(&home), ["d/b.yml", "d/new.yml"], "what the pipe says is not known");
    assert!(!WorkTree::of(home.repository()).unwrap().is_modified(&crate::repo::RepoPath::new("a.yml").unwrap()));
}

#[test]
fn what_git_ignores_is_left_out() {
    let home = home();
    for name in ["new.yml", "d/new.yml", "kept.yml"] {
        home.write(name, "new: 1\n");
    }
    home.write(".git/info/exclude", "d/new.yml\n");
    home.write("../excludes", "/new.yml\n");
    home.git(&["config", "core.excludesFile", home.beside("excludes").to_str().unwrap()]);
    assert_eq!(listed(&home), ["a.yml", "c.txt", "d/b.yml", "kept.yml"]);
    let others = home.git(&["ls-files", "--others", "--exclude-standard"]);
    assert_eq!(others, "kept.yml", "as git says");
    // A tracked file is part of the tree, whatever is said.
    home.write(".gitignore", "*.yml\n");
    assert_eq!(listed(&home), [".gitignore", "a.yml", "c.txt", "d/b.yml"]);
}

#[test]
fn uncommitted_is_what_git_shows() {
    let modified = |home: &Home, name: &str| {
        WorkTree::of(home.repository()).unwrap().is_modified(&crate::repo::RepoPath::new(name).unwrap())
    };
    let home = home();
    assert!(!modified(&home, "a.yml") && !modified(&home, "new.yml"), "committed, and not there");
    home.write("new.yml", "a: 1\n");
    assert!(modified(&home, "new.yml"), "untracked");
    home.write("a.yml", "a: 2\n");
    assert!(modified(&home, "a.yml"));
    home.git(&["add", "a.yml"]);
    assert!(modified(&home, "a.yml"), "staged");
    home.git(&["commit", "-q", "-m", "second"]);
    assert!(!modified(&home, "a.yml"));

    // A conflict that was solved in the text alone.
    home.git(&["checkout", "-q", "-b", "other", "HEAD~1"]);
    home.commit("theirs", &[("a.yml", "a: 3\n")]);
    assert!(!home.run(&home.path(), &["merge", "main"]).status.success());
    home.write("a.yml", "a: 3\n");
    assert!(modified(&home, "a.yml"), "unmerged");
}

#[test]
fn a_sparse_checkout_says_what_is_not_here() {
    let home = home();
    home.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/d/"]);
    let folder = WorkTree::of(home.repository()).unwrap().files().unwrap();
    assert_eq!(folder.not_checked_out(), [crate::repo::RepoPath::new("d/b.yml").unwrap()]);
    home.git(&["sparse-checkout", "set", "--cone", "--sparse-index"]);
    let error = WorkTree::of(home.repository()).unwrap().files().err().map(|error| error.to_string());
    assert!(error.is_none_or(|error| error.contains("--no-sparse-index")));
}
