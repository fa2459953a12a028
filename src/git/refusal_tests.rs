//! What [`Repository::write`] refuses, and that no ref has moved then.

use std::fs;

use super::testing::{A, B, C, existing, home, outcomes, refs, stack, wanted, write};
use super::{GitError, Wanted};

#[test]
fn refs_move_from_the_lowest_and_stop_where_one_cannot() {
    let home = home();
    write(&home, &stack()).unwrap();
    home.commit("second", &[("d.yaml", "d: 2\n")]);
    let before = refs(&home);
    let log = home.path().join(".git/logs/refs/heads").join(B);
    fs::remove_file(&log).unwrap();
    fs::create_dir_all(log.join("in/the/way")).unwrap();
    let error = write(&home, &stack()).unwrap_err();
    assert!(matches!(&error, GitError::Stopped { moved, name, .. } if *moved == [A] && name == B), "{error}");
    let differs = refs(&home).lines().zip(before.lines()).filter(|(a, b)| a != b).count();
    assert_eq!(differs, 1);
    fs::remove_dir_all(&log).unwrap();
    assert_eq!(outcomes(&write(&home, &stack()).unwrap()), ["unchanged", "rebuilt", "rebuilt"]);
}

#[test]
fn where_a_branch_is_checked_out_it_does_not_move() {
    let home = home();
    write(&home, &stack()).unwrap();
    let linked = home.beside("linked");
    home.git(&["worktree", "add", "-q", linked.to_str().unwrap(), B]);
    let there = existing(&home.repository());
    assert_eq!(there.iter().map(|branch| branch.checked_out.is_some()).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(outcomes(&write(&home, &stack()).unwrap()), ["unchanged"; 3]);
    home.commit("second", &[("d.yaml", "d: 2\n")]);
    let before = refs(&home);
    for wanted in [&stack()[..], &stack()[..1]] {
        let error = write(&home, wanted).unwrap_err();
        assert!(matches!(&error, GitError::CheckedOut { name, .. } if name == B), "{error}");
        assert_eq!(refs(&home), before);
    }
}

#[test]
fn what_is_read_and_what_is_there_must_be_the_same() {
    let home = home();
    let repository = home.repository();
    let base = repository.base("main").unwrap();
    write(&home, &stack()[..2]).unwrap();
    let read = existing(&repository);
    let mut other = stack();
    other[0] = wanted(A, &[("d.yaml", Some("d: 1\n"), Some("d: 2\n"))]);
    other[2] = wanted(C, &[("d.yaml", Some("d: 1\n"), Some("d: 2\n"))]);
    other.remove(1);
    home.git(&["branch", "-q", "-f", B, "main"]);
    let before = refs(&home);
    // A wanted branch has appeared, and one to be removed has moved.
    for (known, gone) in [(&read[1..], &read[..0]), (&read[..1], &read[1..])] {
        let error = repository.write(&base, &other, known, gone, true).unwrap_err();
        assert!(matches!(error, GitError::Moved(_)), "{error}");
        assert_eq!(refs(&home), before);
    }
    home.git(&["symbolic-ref", &format!("refs/heads/{C}"), "refs/heads/main"]);
    assert!(matches!(repository.write(&base, &other, &read, &[], true), Err(GitError::Symbolic(_))));
}

#[test]
fn locks_of_others_are_named_and_nothing_moves() {
    let home = home();
    write(&home, &stack()).unwrap();
    home.git(&["pack-refs", "--all"]);
    home.commit("second", &[("d.yaml", "d: 2\n")]);
    let before = refs(&home);
    for name in [format!("refs/heads/{B}.lock"), "packed-refs.lock".to_owned()] {
        let lock = home.path().join(".git").join(&name);
        fs::create_dir_all(lock.parent().unwrap()).unwrap();
        fs::write(&lock, "").unwrap();
        let error = write(&home, &stack()[..1]).unwrap_err();
        assert!(matches!(&error, GitError::Locked { locks, .. } if locks[0].ends_with(&name)), "{error}");
        assert!(lock.exists() && refs(&home) == before);
        fs::remove_file(lock).unwrap();
    }
    write(&home, &stack()[..1]).unwrap();
}

#[test]
fn mistakes_are_refused_before_anything_moves() {
    let home = home();
    let refused = |wanted: &[Wanted]| {
        let error = write(&home, wanted).unwrap_err();
        assert_eq!(home.git(&["for-each-ref", "refs/heads/x"]), "", "{error}");
        error
    };
    let unfit = wanted(B, &[("a.yaml", Some("a: other\n"), Some("a: 2\n"))]);
    assert!(matches!(refused(&[stack()[0].clone(), unfit]), GitError::Unfit(_)));
    assert!(matches!(refused(&[wanted(A, &[("a.yaml", None, Some("a: 2\n"))])]), GitError::Unfit(_)));
    assert!(matches!(refused(&[wanted(A, &[])]), GitError::EmptyCommit(_)));
    let mut foreign = stack()[..1].to_vec();
    foreign[0].commits[0].message = "subject\n\nno trailers\n".to_owned();
    assert!(matches!(refused(&foreign), GitError::Message(_)));
    assert!(matches!(refused(&stack()[1..2]), GitError::InvalidName(_)), "what it stands on is not there");
    fs::write(home.beside("global"), "").unwrap();
    assert!(matches!(refused(&stack()), GitError::NoIdentity));
}
