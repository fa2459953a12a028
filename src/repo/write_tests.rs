//! All or nothing, and never over what a person has.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::repo::File;

fn file(text: &str) -> File {
    File { bytes: text.as_bytes().into(), mode: Mode::File }
}

fn change(path: &str, before: Option<&str>, after: Option<&str>) -> FileChange {
    FileChange { path: RepoPath::new(path).unwrap(), before: before.map(file), after: after.map(file) }
}

fn changes() -> [FileChange; 3] {
    [change("a", Some("a1"), Some("a2")), change("n/m/c", None, Some("c2")), change("b", Some("b1"), None)]
}

/// What git has recorded, as a test says.
#[derive(Default)]
struct Stated(RefCell<BTreeMap<RepoPath, Versions>>);

impl Recorded for Stated {
    fn versions(&self, path: &RepoPath) -> Versions {
        self.0.borrow().get(path).copied().unwrap_or_default()
    }
}

/// A folder with a git directory, and a place for the key outside of it.
struct Home {
    dir: tempfile::TempDir,
    recorded: Stated,
}

impl Home {
    fn new() -> Home {
        let home = Home { dir: tempfile::tempdir().unwrap(), recorded: Stated::default() };
        fs::create_dir_all(home.git()).unwrap();
        fs::write(home.root().join("a"), "a1").unwrap();
        fs::write(home.root().join("b"), "b1").unwrap();
        home
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    fn git(&self) -> PathBuf {
        self.root().join(".git")
    }

    fn journal(&self) -> PathBuf {
        self.git().join("flux-codemod/journal")
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.root().join(name)).ok()
    }

    fn in_git<T>(&self, with: impl FnOnce(InGit<'_>) -> T) -> T {
        let key = || Key::below(&self.dir.path().join("state"), &[&self.root()]);
        let git = self.git();
        with(InGit { git: &git, common: &git, key: &key, recorded: &self.recorded })
    }

    fn write(&self, changes: &[FileChange]) -> Result<Vec<String>, WriteError> {
        self.in_git(|git| write(&self.root(), Some(git), changes))
    }

    fn die_after(&self, changes: &[FileChange], count: usize) {
        self.in_git(|git| write_and_die(&self.root(), git, changes, count)).unwrap();
    }

    fn recover(&self) -> Result<Recovered, WriteError> {
        self.in_git(|git| recover(&self.root(), git)).map(|(recovered, _)| recovered)
    }

    /// The names at the top that are not there from the start.
    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !["a", "b", ".git"].contains(&&**name)).collect()
    }

    /// The files beside others.
    fn beside(&self) -> Vec<PathBuf> {
        let names = self.left().into_iter().filter(|name| name.starts_with(SIDE));
        names.map(|name| self.root().join(name)).collect()
    }
}

#[test]
fn writes_all_and_leaves_no_journal() {
    let home = Home::new();
    assert!(home.write(&changes()).unwrap().is_empty());
    assert_eq!(
        (home.read("a").unwrap(), home.read("n/m/c").unwrap(), home.read("b")),
        ("a2".into(), "c2".into(), None)
    );
    assert!(!home.journal().exists());
    assert_eq!(home.left(), ["n"]);
    assert_eq!(home.recover().unwrap(), Recovered::Nothing);
}

#[test]
fn without_git_it_is_all_or_nothing_while_it_runs() {
    let home = Home::new();
    let mut all = changes().to_vec();
    all.push(change("a/below-a-file", None, Some("x")));
    assert!(write(&home.root(), None, &all).is_err());
    write(&home.root(), None, &changes()).unwrap();
    assert_eq!(
        (home.read("a").unwrap(), home.read("n/m/c").unwrap(), home.read("b")),
        ("a2".into(), "c2".into(), None)
    );
    assert_eq!(home.left(), ["n"]);
}

#[test]
fn writes_nothing_on_a_tree_that_moved() {
    let home = Home::new();
    fs::write(home.root().join("b"), "other").unwrap();
    assert!(matches!(home.write(&changes()), Err(WriteError::Moved(_))));
    assert_eq!(home.read("a").unwrap(), "a1");
    assert!(home.left().is_empty() && !home.journal().exists());
}

/// Files of the names that earlier versions used are a person's, as all files are.
#[test]
fn a_name_beside_a_file_is_nobody_elses() {
    let home = Home::new();
    let long = "ä".repeat(127);
    for name in [".a.flux-codemod", &*long] {
        fs::write(home.root().join(name), "mine").unwrap();
    }
    home.write(&[change("a", Some("a1"), Some("a2")), change(&long, Some("mine"), Some("ours"))]).unwrap();
    assert_eq!((home.read(".a.flux-codemod").unwrap(), home.read(&long).unwrap()), ("mine".into(), "ours".into()));
    assert_eq!(home.left().len(), 2);
}

#[cfg(unix)]
#[test]
fn what_is_in_the_way_is_named_and_never_opened() {
    use std::os::unix::fs::symlink;
    let home = Home::new();
    let pipe = home.root().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    symlink("nowhere", home.root().join("dangling")).unwrap();
    fs::write(home.root().join("ignored"), "mine").unwrap();
    for (name, what) in [("pipe", "a named pipe"), ("dangling", "a symbolic link"), ("ignored", "a file")] {
        let error = home.write(&[change("a", Some("a1"), Some("a2")), change(name, None, Some("new"))]).unwrap_err();
        assert!(matches!(&error, WriteError::InTheWay { what: seen, .. } if *seen == what), "{error}");
        assert!(error.to_string().contains(name) && error.to_string().contains("Move it away"), "{error}");
        assert_eq!(home.read("a").unwrap(), "a1");
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_and_nothing_goes_to_git() {
    use std::os::unix::fs::symlink;
    let home = Home::new();
    fs::create_dir(home.dir.path().join("outside")).unwrap();
    symlink("../outside", home.root().join("link")).unwrap();
    let error = home.write(&[change("link/x", None, Some("x"))]).unwrap_err();
    assert!(matches!(error, WriteError::BehindLink(_)), "{error}");
    assert_eq!(fs::read_dir(home.dir.path().join("outside")).unwrap().count(), 0);

    // A git directory can have any name.
    let meta = home.root().join("meta");
    fs::create_dir_all(meta.join("hooks")).unwrap();
    let key = || Err("none".to_owned());
    let git = InGit { git: &meta, common: &meta, key: &key, recorded: &home.recorded };
    let error = write(&home.root(), Some(git), &[change("meta/hooks/x", None, Some("x"))]).unwrap_err();
    assert!(matches!(error, WriteError::OfGit(_)), "{error}");

    fs::create_dir_all(home.root().join("sub/.git")).unwrap();
    let error = home.write(&[change("sub/d/x", None, Some("x"))]).unwrap_err();
    assert!(matches!(error, WriteError::OtherRepository(_)), "{error}");
}

#[cfg(unix)]
#[test]
fn copies_are_as_private_as_what_they_copy() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    let home = Home::new();
    fs::set_permissions(home.root().join("a"), fs::Permissions::from_mode(0o640)).unwrap();
    home.die_after(&changes(), 0);
    assert_eq!(mode(&home.journal()), 0o700);
    for entry in fs::read_dir(home.journal()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    let beside = home.beside();
    assert!(!beside.is_empty() && beside.iter().all(|path| mode(path) == 0o600));
    home.recover().unwrap();
    home.write(&changes()).unwrap();
    assert_eq!(mode(&home.root().join("a")), 0o640);
    fs::write(home.root().join("usual"), "").unwrap();
    assert_eq!(mode(&home.root().join("n/m/c")), mode(&home.root().join("usual")));
}

#[test]
fn an_interruption_anywhere_is_rolled_back() {
    for done in 0..=3 {
        let home = Home::new();
        home.die_after(&changes(), done);
        let Recovered::RolledBack { files, kept } = home.recover().unwrap() else { panic!("not rolled back") };
        assert_eq!((files.len(), kept.len()), (done, 0));
        assert_eq!((home.read("a").unwrap(), home.read("b").unwrap()), ("a1".into(), "b1".into()));
        assert!(home.left().is_empty(), "made directories go, too: {:?}", home.left());
        assert!(!home.journal().exists());
    }
}

/// Where files cannot be swapped, the old content is in the journal alone.
#[test]
fn the_journal_has_what_is_no_longer_beside() {
    let home = Home::new();
    home.die_after(&changes(), 3);
    home.beside().iter().for_each(|path| fs::remove_file(path).unwrap());
    home.recover().unwrap();
    assert_eq!((home.read("a").unwrap(), home.read("b").unwrap()), ("a1".into(), "b1".into()));
    assert!(home.left().is_empty());
}

#[test]
fn all_written_is_all_written_before_the_journal_goes() {
    let home = Home::new();
    home.die_after(&changes(), 3);
    fs::rename(home.journal().join("list.json"), home.journal().join("done.json")).unwrap();
    assert_eq!(home.recover().unwrap(), Recovered::Nothing);
    assert_eq!((home.read("a").unwrap(), home.read("b")), ("a2".into(), None));
    assert!(home.left() == ["n"] && !home.journal().exists());
}

#[test]
fn a_run_that_died_while_it_prepared_leaves_nothing() {
    let home = Home::new();
    home.die_after(&changes(), 0);
    fs::rename(home.journal().join("list.json"), home.journal().join("prepared.json")).unwrap();
    let half = home.beside().pop().unwrap();
    fs::write(half, "ha").unwrap();
    assert_eq!(home.recover().unwrap(), Recovered::Nothing);
    assert!(home.left().is_empty() && !home.journal().exists());
}

#[test]
fn what_a_person_changed_since_is_not_touched() {
    let home = Home::new();
    home.die_after(&changes(), 1);
    fs::write(home.root().join("b"), "mine").unwrap();
    assert!(matches!(home.recover(), Err(WriteError::Conflict { .. })));
    assert_eq!(home.read("a").unwrap(), "a2", "nothing is put back by halves");
    assert!(home.journal().exists() && home.beside().is_empty());
}

/// The swap has taken a person's last save out of its place, and then the program was killed.
#[test]
fn a_save_that_was_swapped_out_comes_back() {
    let home = Home::new();
    home.die_after(&changes(), 3);
    for path in home.beside() {
        let text = format!("{} and a person's", fs::read_to_string(&path).unwrap());
        fs::write(path, text).unwrap();
    }
    home.recover().unwrap();
    assert_eq!(home.read("a").unwrap(), "a1 and a person's");
    assert_eq!(home.read("b").unwrap(), "b1 and a person's");
}

#[test]
fn what_was_committed_since_stays() {
    let versions = Versions { index: Some(ContentId::of(b"a2")), head: None };
    for (done, rolled_back) in [(3, false), (2, true)] {
        let home = Home::new();
        home.die_after(&changes(), done);
        home.recorded.0.borrow_mut().insert(RepoPath::new("a").unwrap(), versions);
        let recovered = home.recover().unwrap();
        assert_eq!(matches!(recovered, Recovered::RolledBack { .. }), rolled_back, "{recovered:?}");
        assert_eq!(home.read("a").unwrap(), "a2");
        assert_eq!(home.read("n/m/c").is_none(), rolled_back);
        assert_eq!(home.read("b").is_some(), rolled_back);
        assert!(!home.journal().exists() && home.beside().is_empty());
    }
}

#[test]
fn a_journal_of_somebody_else_does_not_count() {
    let forged = |text: String| text.replace("\"path\":\"b\"", "\"path\":\"z\"");
    let other_key = |home: &Home| fs::remove_dir_all(home.dir.path().join("state")).unwrap();
    for why in ["not written by flux-codemod", "cannot be read", "another version", "no other key"] {
        let home = Home::new();
        home.die_after(&changes(), 2);
        let list = home.journal().join("list.json");
        match why {
            "not written by flux-codemod" => fs::write(&list, forged(fs::read_to_string(&list).unwrap())).unwrap(),
            "cannot be read" => fs::write(&list, "{").unwrap(),
            "another version" => fs::write(&list, r#"{"schema":1,"files":[]}"#).unwrap(),
            _ => other_key(&home),
        }
        let why = if why == "no other key" { "not written by flux-codemod" } else { why };
        let error = home.recover().unwrap_err();
        assert!(matches!(&error, WriteError::Foreign(foreign) if foreign.why.contains(why)), "{error}");
        assert_eq!(home.read("a").unwrap(), "a2", "nothing is touched");
        assert!(home.journal().exists() && home.write(&changes()).is_err());
    }
}

/// Whoever has seen one of our journals cannot use it at another place.
#[test]
fn a_journal_of_another_place_does_not_count() {
    let home = Home::new();
    home.die_after(&changes(), 2);
    let moved = home.dir.path().join("moved");
    fs::rename(home.root(), &moved).unwrap();
    let git = moved.join(".git");
    let key = || Key::below(&home.dir.path().join("state"), &[]);
    let git = InGit { git: &git, common: &git, key: &key, recorded: &home.recorded };
    let error = recover(&moved, git).unwrap_err();
    assert!(matches!(&error, WriteError::Foreign(foreign) if foreign.why.contains("another place")), "{error}");
}

#[cfg(unix)]
#[test]
fn the_place_of_the_journal_is_no_link_and_private() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let home = Home::new();
    let outside = home.dir.path().join("outside");
    fs::create_dir_all(outside.join("journal")).unwrap();
    fs::write(outside.join("journal/precious"), "x").unwrap();
    symlink(&outside, home.git().join("flux-codemod")).unwrap();
    assert!(matches!(home.recover(), Err(WriteError::Foreign(_))));
    assert!(home.write(&changes()).is_err() && outside.join("journal/precious").exists());

    let home = Home::new();
    fs::create_dir(home.git().join("flux-codemod")).unwrap();
    symlink(&outside, home.journal()).unwrap();
    assert!(matches!(home.recover(), Err(WriteError::Foreign(_))) && outside.join("journal/precious").exists());

    let home = Home::new();
    fs::create_dir(home.git().join("flux-codemod")).unwrap();
    symlink(outside.join("journal/precious"), home.git().join("flux-codemod/lock")).unwrap();
    assert!(home.write(&changes()).is_err());
    assert_eq!(fs::read_to_string(outside.join("journal/precious")).unwrap(), "x");

    let home = Home::new();
    home.die_after(&changes(), 1);
    fs::set_permissions(home.journal(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(home.recover(), Err(WriteError::Foreign(_))));
}

#[test]
fn two_runs_at_once_are_one_too_many() {
    let home = Home::new();
    let _held = Office::take(&home.git()).unwrap();
    assert!(matches!(home.write(&changes()), Err(WriteError::Busy(_))));
}

/// A person saves between the look at all files and the moment at which theirs is written.
#[test]
fn a_file_that_is_saved_at_the_last_moment_is_left_as_it_is() {
    for name in ["a", "b", "n/m/c"] {
        let home = Home::new();
        let office = Office::take(&home.git()).unwrap();
        let ground = Ground::open(&home.root(), &[]).unwrap();
        let changes = changes();
        let steps = steps(&ground, None, &changes, 0o644).unwrap();
        let journal = office.begin(&home.root(), &steps, &changes, None).unwrap();
        let mut run =
            Run { ground: &ground, steps: &steps, changes: &changes, journal: Some(journal), is_to_stop: &|| false };
        run.prepare().unwrap();
        fs::write(home.root().join(name), "a person's").unwrap();
        let (done, written) = run.put();
        assert!(matches!(written, Err(WriteError::Moved(_) | WriteError::InTheWay { .. })), "{name}");
        run.undo(done).unwrap();
        assert_eq!(home.read(name).unwrap(), "a person's");
        let others: Vec<_> = [("a", "a1"), ("b", "b1")].into_iter().filter(|(other, _)| *other != name).collect();
        others.iter().for_each(|(other, text)| assert_eq!(home.read(other).unwrap(), *text, "{name}"));
        assert!(home.beside().is_empty() && !home.journal().exists(), "{name}");
    }
}

/// An editor that had the file open writes into it after the swap.
#[test]
fn a_save_into_the_old_file_wins() {
    let home = Home::new();
    let office = Office::take(&home.git()).unwrap();
    let ground = Ground::open(&home.root(), &[]).unwrap();
    let changes = changes();
    let steps = steps(&ground, None, &changes, 0o644).unwrap();
    let journal = office.begin(&home.root(), &steps, &changes, None).unwrap();
    let mut run =
        Run { ground: &ground, steps: &steps, changes: &changes, journal: Some(journal), is_to_stop: &|| false };
    run.prepare().unwrap();
    let mut editor = fs::OpenOptions::new().append(true).open(home.root().join("a")).unwrap();
    steps[0].put(&ground).unwrap();
    assert_eq!(home.read("a").unwrap(), "a2");
    std::io::Write::write_all(&mut editor, b" and more").unwrap();
    assert!(matches!(run.close(), Err(WriteError::Moved(_))));
    run.undo(1).unwrap();
    assert_eq!(home.read("a").unwrap(), "a1 and more");
    assert!(home.beside().is_empty() && !home.journal().exists());
}

/// What a signal asks for between any two files.
#[test]
fn a_run_that_is_to_stop_puts_everything_back() {
    for done in 0..3 {
        let home = Home::new();
        let asked = std::cell::Cell::new(0);
        let is_to_stop = || asked.replace(asked.get() + 1) == done;
        let stopped = home.in_git(|git| write_unless(&home.root(), Some(git), &changes(), &is_to_stop));
        assert!(matches!(stopped, Err(WriteError::Stopped)), "{done}");
        assert_eq!((home.read("a").unwrap(), home.read("b").unwrap()), ("a1".into(), "b1".into()));
        assert!(home.left().is_empty() && !home.journal().exists(), "{done}: {:?}", home.left());
    }
}

#[test]
fn directories_that_are_emptied_go_and_come_back() {
    let changes = [change("t/x/y/old", Some("o"), None), change("t/kept", Some("k"), None)];
    let home = || {
        let home = Home::new();
        fs::create_dir_all(home.root().join("t/x/y")).unwrap();
        fs::create_dir_all(home.root().join("u/empty")).unwrap();
        fs::write(home.root().join("t/x/y/old"), "o").unwrap();
        fs::write(home.root().join("t/kept"), "k").unwrap();
        home
    };
    let some = home();
    some.write(&changes[..1]).unwrap();
    assert!(!some.root().join("t/x").exists() && some.root().join("t/kept").exists());
    assert!(some.root().join("u/empty").exists(), "a directory that nothing was removed from stays");
    let all = home();
    all.write(&changes).unwrap();
    assert!(!all.root().join("t").exists());

    let killed = home();
    killed.die_after(&changes, 2);
    fs::rename(killed.journal().join("list.json"), killed.journal().join("done.json")).unwrap();
    killed.recover().unwrap();
    assert!(!killed.root().join("t").exists(), "the next run finishes");
    let killed = home();
    killed.die_after(&changes, 2);
    killed.recover().unwrap();
    assert_eq!(killed.read("t/x/y/old").unwrap(), "o");
}
