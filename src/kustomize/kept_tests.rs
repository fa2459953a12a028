//! What counts of what is kept, and what does not.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use tempfile::TempDir;

use super::kept::Kept;
use super::objects::{Metadata, Objects};
use crate::repo::Key;

struct Cache {
    dir: TempDir,
    key: Key,
}

impl Cache {
    fn new() -> Cache {
        Cache { dir: tempfile::tempdir().unwrap(), key: Key::of_run().unwrap() }
    }

    fn open(&self) -> Kept {
        Kept::open(self.dir.path(), &self.key, &[]).unwrap()
    }

    /// With this in it.
    fn of(all: &[(char, &str)]) -> Cache {
        let cache = Cache::new();
        let mut kept = cache.open();
        all.iter().for_each(|(id, name)| kept.put(&self::id(*id), &objects(name)));
        cache
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("flux-codemod/builds")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn get(&self, letter: char) -> Option<Objects> {
        self.open().get(&id(letter))
    }
}

fn id(letter: char) -> String {
    letter.to_string().repeat(64)
}

fn objects(name: &str) -> Objects {
    let text = format!("{{apiVersion: v1, kind: Secret, metadata: {{name: {name}}}, data: {{password: hunter2}}}}");
    let key = Key::below(&tempfile::tempdir().unwrap().path().join("state"), &[]).unwrap();
    Objects::read(&text, &Metadata::default(), &key).unwrap()
}

#[test]
fn what_is_kept_is_found_and_holds_no_secret() {
    let one = objects("one");
    let cache = Cache::new();
    cache.open().put(&id('a'), &one);
    assert_eq!(cache.get('a'), Some(one));
    assert_eq!(cache.get('b'), None);
    assert!(!cache.text().contains("hunter2") && !cache.text().contains("aHVudGVyMg"));
    let mode = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(cache.file()), mode(cache.dir.path().join("flux-codemod"))), (0o600, 0o700));
    // It can be removed at any time.
    fs::remove_dir_all(cache.dir.path().join("flux-codemod")).unwrap();
    assert_eq!(cache.get('a'), None);
}

#[test]
fn what_is_forged_or_broken_does_not_count() {
    let cache = Cache::of(&[('a', "one"), ('b', "two")]);
    let good = cache.text();
    let lines: Vec<&str> = good.lines().collect();
    let swapped = format!("{}{}\n{}{}\n", &lines[0][..64], &lines[1][64..], &lines[1][..64], &lines[0][64..]);
    let changed = good.replacen("one", "two", 1);
    let emptied = format!("{}[]\n", &lines[0][..128]);
    let cut = lines[0][..lines[0].len() - 1].to_owned();
    for forged in [&swapped, &changed, &emptied, &cut, &format!("{}\n", id('a')), "\n\n", "\u{e9}", ""] {
        fs::write(cache.file(), forged).unwrap();
        assert_eq!(cache.get('a'), None, "{forged}");
    }
    // What stands beside it does.
    fs::write(cache.file(), changed).unwrap();
    assert!(cache.get('b').is_some());
    // A key that is not the user's seals nothing.
    fs::write(cache.file(), &good).unwrap();
    let other = Cache { dir: cache.dir, key: Key::of_run().unwrap() };
    assert_eq!(other.get('a'), None);
}

#[test]
fn a_line_that_was_cut_spoils_no_other() {
    let cache = Cache::of(&[('a', "one")]);
    let good = cache.text();
    fs::write(cache.file(), format!("{good}{}{}", id('c'), &good[64..100])).unwrap();
    cache.open().put(&id('b'), &objects("two"));
    assert!(cache.get('a').is_some() && cache.get('b').is_some());
}

#[test]
fn no_link_is_followed_and_nothing_that_others_can_write_counts() {
    let cache = Cache::of(&[('a', "one")]);
    let elsewhere = cache.dir.path().join("elsewhere");
    fs::rename(cache.file(), &elsewhere).unwrap();
    symlink(&elsewhere, cache.file()).unwrap();
    assert!(Kept::open(cache.dir.path(), &cache.key, &[]).is_err());
    fs::remove_file(cache.file()).unwrap();
    fs::rename(&elsewhere, cache.file()).unwrap();
    fs::set_permissions(cache.file(), fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(cache.get('a'), None);
    assert_eq!(cache.file().metadata().unwrap().permissions().mode() & 0o777, 0o600, "a new file is in its place");
    let dir = cache.dir.path().join("flux-codemod");
    fs::rename(&dir, &elsewhere).unwrap();
    symlink(&elsewhere, &dir).unwrap();
    assert!(Kept::open(cache.dir.path(), &cache.key, &[]).is_err());
}

#[test]
fn nothing_is_kept_in_the_repository() {
    let cache = Cache::new();
    let why = Kept::open(&cache.dir.path().join("cache"), &cache.key, &[cache.dir.path()]).err().unwrap();
    assert!(why.contains("inside of the repository"), "{why}");
}

#[test]
fn old_lines_go_and_used_ones_stay() {
    let cache = Cache::new();
    let room = |bytes| Kept::with_room(cache.dir.path(), &cache.key, &[], bytes).unwrap();
    let mut kept = room(1 << 20);
    "abcdefgh".chars().for_each(|letter| kept.put(&id(letter), &objects("one")));
    let line = cache.text().len() as u64 / 8;
    // `b` is used, and so it is young.
    assert!(room(line * 9).get(&id('b')).is_some());
    assert_eq!(cache.text().lines().count(), 9);
    fs::write(cache.dir.path().join("flux-codemod/builds-of-a-killed-run"), "").unwrap();
    let mut kept = room(line * 8);
    let left: String = "abcdefgh".chars().filter(|letter| kept.get(&id(*letter)).is_some()).collect();
    assert_eq!(left, "bfgh");
    assert_eq!(fs::read_dir(cache.dir.path().join("flux-codemod")).unwrap().count(), 1);
    // A run adds no more than there is room.
    let mut kept = room(line * 8);
    (0..100).for_each(|number| kept.put(&format!("{number:064}"), &objects("one")));
    assert!(cache.text().len() as u64 <= line * 16, "{}", cache.text().len() as u64 / line);
    // One that is far too long is not read.
    fs::write(cache.file(), "x".repeat(1000)).unwrap();
    drop(room(100));
    assert_eq!(cache.text(), "");
}
