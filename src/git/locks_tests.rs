//! Locks of an interrupted run are removed; those of other programs are not.

use std::mem;

use super::*;
use crate::git::testing::Home;

const A: &str = "refs/heads/x/a";
const B: &str = "refs/heads/x/b";

fn files(content: &str) -> Vec<(String, String)> {
    [A, B].map(|name| (name.to_owned(), content.to_owned())).to_vec()
}

/// A home with a branch, and one of its commits.
fn home() -> (Home, String) {
    let home = Home::new();
    let id = home.commit("first", &[("a.yaml", "a: 1\n")]);
    (home, id)
}

/// The files below a directory of `.git`.
fn below(home: &Home, name: &str) -> Vec<String> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            found.push(entry.path());
            walk(&entry.path(), found);
        }
    }
    let top = home.path().join(".git").join(name);
    let mut found = Vec::new();
    walk(&top, &mut found);
    let mut names: Vec<_> = found.iter().map(|path| path.strip_prefix(&top).unwrap().display().to_string()).collect();
    names.sort();
    names
}

fn moves(turn: &Turn) -> PathBuf {
    turn.dir.path().join(MOVES)
}

/// Whoever has filled the git directory does not decide where files are written.
#[cfg(unix)]
#[test]
fn nothing_under_the_git_directory_is_followed_out_of_it() {
    use std::os::unix::fs::symlink;
    for place in ["flux-codemod", "flux-codemod/branches", "flux-codemod/branches/lock", "flux-codemod/branches/moves"]
    {
        let (home, _) = home();
        let outside = home.beside("outside");
        fs::create_dir_all(outside.join("moves")).unwrap();
        fs::write(outside.join("file"), "precious").unwrap();
        let link = home.path().join(".git").join(place);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(if place.ends_with("lock") { outside.join("file") } else { outside.clone() }, &link).unwrap();
        assert!(Turn::take(&home.repository()).is_err(), "{place}");
        assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "precious", "{place}");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 2, "{place}");
    }
    for place in ["refs/heads/x", "logs/refs/heads/x", "logs/refs/heads/x/a"] {
        let (home, id) = home();
        let outside = home.beside("outside");
        fs::create_dir_all(&outside).unwrap();
        let link = home.path().join(".git").join(place);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(&outside, &link).unwrap();
        let turn = Turn::take(&home.repository()).unwrap();
        let written =
            turn.lock(&files(&format!("{id}\n"))).map(|_| ()).and(turn.append("logs/refs/heads/x/a", "line\n"));
        assert!(written.is_err(), "{place}");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "{place}");
    }
}

/// A list of locks names branches, and nothing else.
#[test]
fn a_forged_list_removes_no_file() {
    let (home, _) = home();
    let repository = home.repository();
    let turn = Turn::take(&repository).unwrap();
    fs::create_dir_all(moves(&turn)).unwrap();
    fs::write(moves(&turn).join("0"), "x").unwrap();
    fs::hard_link(moves(&turn).join("0"), home.beside("file.lock")).unwrap();
    fs::write(moves(&turn).join(LIST), r#"{"schema":1,"files":["../../file"]}"#).unwrap();
    drop(turn);
    assert!(matches!(Turn::take(&repository), Err(GitError::List(_))));
    assert!(home.beside("file.lock").exists());
}

#[test]
fn locks_are_those_of_git_and_leave_nothing() {
    let (home, id) = home();
    let turn = Turn::take(&home.repository()).unwrap();
    let locks = turn.lock(&files(&format!("{id}\n"))).unwrap();
    assert!(!home.run(&home.path(), &["branch", "x/a"]).status.success(), "git waits for us");
    locks.put(0).unwrap();
    assert_eq!(home.git(&["rev-parse", "x/a"]), id);
    drop(locks);
    assert_eq!(below(&home, "refs/heads"), ["main", "x", "x/a"]);
    assert_eq!(below(&home, "flux-codemod/branches"), ["lock"]);
    // A ref that was put into place is no longer our file.
    drop(turn.lock(&[(B.to_owned(), "other\n".to_owned())]).unwrap());
    assert_eq!(home.git(&["rev-parse", "x/a"]), id);
    home.git(&["branch", "-q", "x/b"]);
}

#[test]
fn two_runs_at_once_are_one_too_many() {
    let (home, _) = home();
    let linked = home.beside("linked");
    home.git(&["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
    let _held = Turn::take(&home.repository()).unwrap();
    let other = Repository::around(&linked).unwrap().unwrap();
    assert!(matches!(Turn::take(&other), Err(GitError::Busy(_))), "linked work trees share refs");
}

#[test]
fn the_next_run_removes_what_a_killed_one_has_locked() {
    for put in 0..=2 {
        let (home, id) = home();
        let repository = home.repository();
        let turn = Turn::take(&repository).unwrap();
        let locks = turn.lock(&files(&format!("{id}\n"))).unwrap();
        (0..put).for_each(|index| locks.put(index).unwrap());
        // As if killed: nothing is cleaned up, and the turn is free.
        mem::forget(locks);
        drop(turn);

        let turn = Turn::take(&repository).unwrap();
        assert_eq!(below(&home, "refs/heads").iter().filter(|name| name.ends_with(".lock")).count(), 0);
        assert!(!moves(&turn).exists());
        assert_eq!(home.git(&["for-each-ref", "refs/heads/x"]).lines().count(), put);
        drop(turn.lock(&files("more\n")).unwrap());
        home.git(&["fsck", "--strict"]);
    }
}

#[test]
fn the_next_run_removes_no_lock_of_others() {
    let (home, id) = home();
    let repository = home.repository();
    let turn = Turn::take(&repository).unwrap();
    mem::forget(turn.lock(&files(&format!("{id}\n"))).unwrap());
    drop(turn);
    // Another program removed our lock and took its own, even with the same content.
    let lock = home.path().join(".git/refs/heads/x/a.lock");
    fs::remove_file(&lock).unwrap();
    fs::write(&lock, format!("{id}\n")).unwrap();
    let turn = Turn::take(&repository).unwrap();
    assert_eq!(below(&home, "refs/heads/x"), ["a.lock"]);
    let error = turn.lock(&files("more\n")).err().unwrap();
    assert!(
        matches!(&error, GitError::Locked { remove, .. } if *remove == format!("rm {}", lock.display())),
        "{error}"
    );
    assert!(error.to_string().contains(" second"), "{error}");
    assert_eq!(below(&home, "refs/heads/x"), ["a.lock"], "all or none");
    fs::remove_file(lock).unwrap();
    turn.lock(&files("more\n")).unwrap();
}

#[test]
fn a_run_killed_before_it_locked_is_no_matter() {
    for stage in ["0", "list.new"] {
        let (home, _) = home();
        let repository = home.repository();
        let turn = Turn::take(&repository).unwrap();
        fs::create_dir_all(moves(&turn)).unwrap();
        fs::write(moves(&turn).join(stage), "half").unwrap();
        drop(turn);
        assert!(!moves(&Turn::take(&repository).unwrap()).exists());
    }
    let (home, _) = home();
    let repository = home.repository();
    let turn = Turn::take(&repository).unwrap();
    fs::create_dir_all(moves(&turn)).unwrap();
    fs::write(moves(&turn).join(LIST), "{}").unwrap();
    drop(turn);
    assert!(matches!(Turn::take(&repository), Err(GitError::List(_))));
}

#[test]
fn empty_directories_are_in_nobodys_way() {
    let (home, id) = home();
    fs::create_dir_all(home.path().join(".git/refs/heads/x/a/deep/er")).unwrap();
    let turn = Turn::take(&home.repository()).unwrap();
    turn.lock(&files(&format!("{id}\n"))).unwrap().put(0).unwrap();
    assert_eq!(home.git(&["rev-parse", "x/a"]), id);
}

#[test]
fn ages_are_in_words() {
    let words = [(0, "0 seconds"), (1, "1 second"), (119, "1 minute"), (7200, "2 hours"), (86_400, "1 day")];
    for (seconds, text) in words {
        assert_eq!(in_words(Duration::from_secs(seconds)), text);
    }
}
