//! What [`Repository::write`] makes, keeps, rebuilds and removes.

use std::path::Path;

use super::*;
use crate::git::testing::{A, B, C, Home, change, existing, file, home, outcomes, refs, stack, wanted, write};
use crate::repo::{FileChange, Mode, RepoPath};

fn log(home: &Home, branch: &str) -> String {
    home.git(&["reflog", "show", "--format=%gs", branch])
}

#[test]
fn a_stack_is_made_and_a_rerun_changes_nothing() {
    let home = home();
    let written = write(&home, &stack()).unwrap();
    assert_eq!(outcomes(&written), ["created"; 3]);
    assert_eq!(home.git(&["log", "--format=%s", &format!("main..{C}")]).lines().count(), 3);
    assert_eq!(home.git(&["show", "--format=", "--name-status", B]), "D\tb.yaml");
    assert_eq!(home.git(&["ls-tree", "-r", "--name-only", C]), "a.yaml\nd.yaml\nnew/a.yaml", "empty directories go");
    assert_eq!(log(&home, B), "flux-codemod: 30-deployments-b created");
    let trailer = home.git(&["log", "-1", "--format=%(trailers:key=Flux-Codemod-Patch-Id,valueonly)", A]);
    let patch = home.run(&home.path(), &["diff-tree", "-p", A]).stdout;
    fs::write(home.beside("patch"), patch).unwrap();
    let script = format!("git patch-id --verbatim < {}", home.beside("patch").display());
    let id = home.git(&["-c", &format!("alias.id=!{script}"), "id"]);
    assert_eq!(id.split(' ').next().unwrap(), trailer.trim());
    home.git(&["fsck", "--strict"]);

    let before = (refs(&home), home.git(&["count-objects", "-v"]), log(&home, A));
    // A run that changes nothing needs no identity.
    fs::write(home.beside("global"), "").unwrap();
    assert_eq!(outcomes(&write(&home, &stack()).unwrap()), ["unchanged"; 3]);
    assert_eq!((refs(&home), home.git(&["count-objects", "-v"]), log(&home, A)), before);
}

#[test]
fn on_a_moved_base_all_is_rebuilt_and_what_is_gone_removed() {
    for packed in [false, true] {
        let home = home();
        write(&home, &stack()).unwrap();
        home.commit("second", &[("d.yaml", "d: 2\n")]);
        if packed {
            home.git(&["tag", "-a", "-m", "a tag", "v1"]);
            home.git(&["pack-refs", "--all"]);
        }
        let old = home.git(&["rev-parse", A]);
        let mut two = stack();
        two.remove(1);
        two[1].onto = Onto::Branch(0);
        let written = write(&home, &two).unwrap();
        assert_eq!(outcomes(&written), ["rebuilt", "rebuilt", "removed"]);
        assert!(matches!(written[0].outcome, Outcome::Rebuilt { from } if from.to_string() == old));
        assert_eq!(home.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]), format!("main\n{A}\n{C}"));
        assert_eq!(home.git(&["rev-parse", &format!("{C}~2")]), home.git(&["rev-parse", "main"]));
        assert_eq!(log(&home, A), "flux-codemod: 10-sources-a rebuilt\nflux-codemod: 10-sources-a created");
        assert!(!home.path().join(".git/logs/refs/heads").join(B).exists());
        // The lowest alone changes: those above are made again.
        let written = write(&home, &[wanted(A, &[("d.yaml", Some("d: 2\n"), Some("d: 3\n"))])]).unwrap();
        assert_eq!(outcomes(&written), ["rebuilt", "removed"]);
        home.git(&["fsck", "--strict"]);
        assert_eq!(outcomes(&write(&home, &[]).unwrap()), ["removed"]);
        assert!(!home.path().join(".git/refs/heads/x").exists());
    }
}

#[test]
fn the_top_is_rebuilt_and_what_is_below_kept() {
    let home = home();
    let before = write(&home, &stack()).unwrap();
    let mut other = stack();
    other[2] = wanted(C, &[("c/c.yaml", Some("c: 1\n"), Some("c: 2\n"))]);
    other[2].onto = Onto::Branch(1);
    let after = write(&home, &other).unwrap();
    assert_eq!(outcomes(&after), ["unchanged", "unchanged", "rebuilt"]);
    assert_eq!((before[1].tip, home.git(&["rev-parse", &format!("{C}~1")])), (after[1].tip, after[1].tip.to_string()));
    // Several commits on a branch: those that are the same stay.
    let mut one = stack()[..1].to_vec();
    one[0].commits.push(stack()[1].commits[0].clone());
    let tip = write(&home, &one).unwrap()[0].tip;
    assert_eq!(home.git(&["rev-parse", &format!("{A}~1")]), before[0].tip.to_string());
    assert_eq!(tip.to_string(), home.git(&["rev-parse", A]));
    assert_eq!(outcomes(&write(&home, &one).unwrap()), ["unchanged"]);
}

#[test]
fn neither_work_tree_nor_index_nor_head_is_touched() {
    let home = home();
    home.git(&["checkout", "-q", "--detach"]);
    home.write("a.yaml", "a: dirty\n");
    home.write("b.yaml", "b: staged\n");
    home.git(&["add", "b.yaml"]);
    home.write("untracked.yaml", "u: 1\n");
    let read = |name: &str| fs::read(home.path().join(name)).unwrap();
    let names = [".git/index", ".git/HEAD", ".git/logs/HEAD", "a.yaml", "b.yaml", "untracked.yaml"];
    let before = names.map(read);
    write(&home, &stack()).unwrap();
    assert_eq!(names.map(read), before);
}

#[cfg(unix)]
#[test]
fn all_else_in_the_tree_stays() {
    let home = home();
    std::os::unix::fs::symlink("a.yaml", home.path().join("link")).unwrap();
    home.write("odd \n name", "x\n");
    home.write("run.sh", "#!/bin/sh\n");
    home.git(&["add", "--all"]);
    home.git(&["update-index", "--chmod=+x", "run.sh"]);
    let head = home.git(&["rev-parse", "HEAD"]);
    home.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},module")]);
    home.git(&["commit", "-q", "-m", "odd things"]);
    let mut one = stack()[..1].to_vec();
    let script = |text: &str| Some(crate::repo::File { mode: Mode::Executable, ..file(text) });
    one[0].commits[0].changes.push(FileChange {
        path: RepoPath::new("run.sh").unwrap(),
        before: script("#!/bin/sh\n"),
        after: script("#!/bin/sh\nexit\n"),
    });
    // A file becomes a directory, a directory a file.
    let files = [("d.yaml", Some("d: 1\n"), None), ("d.yaml/e.yaml", None, Some("e: 1\n"))];
    let dirs = [("c/c.yaml", Some("c: 1\n"), None), ("c", None, Some("c: 1\n"))];
    one[0].commits[0].changes.extend(files.iter().chain(&dirs).map(|(path, old, new)| change(path, *old, *new)));
    write(&home, &one).unwrap();
    let tree = home.git(&["ls-tree", "-r", A]);
    let shown: Vec<_> = tree.lines().map(|line| (&line[..6], line.split('\t').nth(1).unwrap())).collect();
    let wanted = [
        ("100644", "a.yaml"),
        ("100644", "b.yaml"),
        ("100644", "c"),
        ("100644", "d.yaml/e.yaml"),
        ("120000", "link"),
        ("160000", "module"),
        ("100644", "new/a.yaml"),
        ("100644", "\"odd \\n name\""),
        ("100755", "run.sh"),
    ];
    assert_eq!(shown, wanted);
    home.git(&["fsck", "--strict"]);
    assert_eq!(existing(&home.repository())[0].whose, Whose::Ours);
    assert_eq!(outcomes(&write(&home, &one).unwrap()), ["unchanged"]);
}

#[test]
fn bare_shallow_and_linked_ones_will_do() {
    let home = home();
    home.commit("second", &[("e.yaml", "e: 1\n")]);
    let from = format!("file://{}", home.path().display());
    let (bare, shallow, linked) = (home.beside("bare"), home.beside("shallow"), home.beside("linked"));
    home.git(&["clone", "-q", "--bare", &from, bare.to_str().unwrap()]);
    home.git(&["clone", "-q", "--depth=1", &from, shallow.to_str().unwrap()]);
    home.git(&["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
    let run = |dir: &Path| {
        let repository = Repository::around(dir).unwrap().unwrap().with_environment(home.environment());
        let base = repository.base("main").unwrap();
        repository.write(&base, &stack(), &existing(&repository), &[], true).unwrap()
    };
    for dir in [bare, shallow, linked] {
        assert_eq!(outcomes(&run(&dir)), ["created"; 3], "{}", dir.display());
        assert_eq!(outcomes(&run(&dir)), ["unchanged"; 3], "{}", dir.display());
        assert!(home.run(&dir, &["fsck", "--strict"]).status.success());
    }
    assert_eq!(home.git(&["for-each-ref", "refs/heads/x"]).lines().count(), 3, "linked work trees share refs");
}
