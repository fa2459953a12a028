//! Which untracked files git would ignore: the `.gitignore` files of a tree, and the lists outside
//! of it (`info/exclude`, `core.excludesFile`).
//!
//! As for git, a `.gitignore` that is a link or a device is none, and what is below an ignored
//! directory stays ignored whatever is said inside.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::dir::read_file;
use super::{RepoPath, Tree};

/// The files in which git looks for paths to ignore.
const RULES: &str = ".gitignore";

/// The rules of one file.
#[derive(Clone)]
pub struct Rules {
    globs: Arc<Gitignore>,
    /// What they last said about files and directories: a tree asks for the same ones again and again.
    said: Arc<Mutex<Answers>>,
}

/// What rules said about paths, each with whether it is a directory.
type Answers = HashMap<(Box<str>, bool), Option<Said>>;

/// The place of a rule in its file, and whether it leaves out what it matches.
type Said = (usize, bool);

impl Rules {
    /// Reads the text of a file. Lines that git could not read are skipped, as git does.
    pub fn of(text: &[u8]) -> Rules {
        let text = String::from_utf8_lossy(text);
        let mut builder = GitignoreBuilder::new("");
        for (number, rule) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            // The place of a rule is read again in [`Rules::last_said`].
            let _ = builder.add_line(Some(PathBuf::from(number.to_string())), rule);
        }
        let globs = Arc::new(builder.build().unwrap_or_else(|_| Gitignore::empty()));
        Rules { globs, said: Arc::default() }
    }

    /// Whether they leave a file out, as the rules of archives do: the last of all rules that match
    /// it or a directory above it decides. `None` if none does. The path is relative to where the
    /// rules apply.
    pub fn last_said(&self, path: &str) -> Option<bool> {
        self.last_rule(path, false).map(|(_, is_out)| is_out)
    }

    fn last_rule(&self, path: &str, is_dir: bool) -> Option<Said> {
        if path.is_empty() {
            return None;
        }
        let said = || self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = (Box::from(path), is_dir);
        if let Some(known) = said().get(&asked) {
            return *known;
        }
        let own = match self.globs.matched(path, is_dir) {
            Match::Ignore(glob) => Some((glob, true)),
            Match::Whitelist(glob) => Some((glob, false)),
            Match::None => None,
        };
        let own = own.and_then(|(glob, is_out)| Some((glob.from()?.to_str()?.parse().ok()?, is_out)));
        let above = path.rsplit_once('/').and_then(|(dir, _)| self.last_rule(dir, true));
        let last = own.max(above);
        said().insert(asked, last);
        last
    }

    /// What they say about a path, relative to where they apply; `None` if nothing.
    fn say(&self, path: &Path, is_dir: bool) -> Option<bool> {
        match self.globs.matched(path, is_dir) {
            Match::Ignore(_) => Some(true),
            Match::Whitelist(_) => Some(false),
            Match::None => None,
        }
    }
}

impl Tree {
    /// Whether git would ignore a new file at a path. Files that are in the tree are never ignored.
    pub fn ignores(&self, path: &RepoPath) -> bool {
        if self.entry(path).is_some() {
            return false;
        }
        let mut above: Vec<RepoPath> = path.ancestors().collect();
        above.reverse();
        // The root is not ignored; then each directory on the way, and last the file.
        let mut rules = vec![(RepoPath::root(), self.rules(&RepoPath::root()))];
        for part in above.iter().skip(1) {
            let is_dir = part != path;
            let said = |(dir, rules): &(RepoPath, Option<Rules>)| {
                rules
                    .as_ref()?
                    .say(Path::new(part.as_str().strip_prefix(dir.as_str())?.trim_start_matches('/')), is_dir)
            };
            let everywhere = || self.excludes().iter().find_map(|rules| rules.say(Path::new(part.as_str()), is_dir));
            if rules.iter().rev().find_map(said).or_else(everywhere) == Some(true) {
                return true;
            }
            if is_dir {
                rules.push((part.clone(), self.rules(part)));
            }
        }
        false
    }

    fn rules(&self, dir: &RepoPath) -> Option<Rules> {
        Some(Rules::of(&self.read(&dir.join(RULES)?).ok()??.bytes))
    }
}

/// The rules that apply in the directories of a walk, read once for each.
pub(super) struct Ignored {
    root: PathBuf,
    excludes: Vec<Rules>,
    levels: Mutex<HashMap<PathBuf, Arc<Level>>>,
}

/// The rules of a directory, and those above it.
struct Level {
    dir: PathBuf,
    rules: Option<Rules>,
    above: Option<Arc<Level>>,
}

impl Ignored {
    /// `excludes` apply everywhere, the first before the next, and all after every `.gitignore`.
    pub(super) fn new(root: &Path, excludes: &[Rules]) -> Ignored {
        Ignored { root: root.to_owned(), excludes: excludes.to_vec(), levels: Mutex::default() }
    }

    /// Whether an entry is ignored. All directories above it are not.
    pub(super) fn is_ignored(&self, path: &Path, is_dir: bool) -> bool {
        let (Ok(relative), Some(dir)) = (path.strip_prefix(&self.root), path.parent()) else { return false };
        let mut level = Some(self.level(dir));
        while let Some(here) = level {
            let below = path.strip_prefix(&here.dir).unwrap_or(relative);
            if let Some(said) = here.rules.as_ref().and_then(|rules| rules.say(below, is_dir)) {
                return said;
            }
            level = here.above.clone();
        }
        self.excludes.iter().find_map(|rules| rules.say(relative, is_dir)).unwrap_or(false)
    }

    fn level(&self, dir: &Path) -> Arc<Level> {
        if let Some(known) = self.levels.lock().unwrap_or_else(PoisonError::into_inner).get(dir) {
            return Arc::clone(known);
        }
        let above = dir.parent().filter(|_| dir != self.root && dir.starts_with(&self.root));
        let above = above.map(|above| self.level(above));
        let rules = read_file(&dir.join(RULES)).ok().map(|text| Rules::of(&text));
        let level = Arc::new(Level { dir: dir.to_owned(), rules, above });
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(levels.entry(dir.to_owned()).or_insert(level))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Change, Changes, Folder, Mode};
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn tree(files: &[(&str, &str)]) -> Tree {
        let empty = tempfile::tempdir().unwrap();
        let mut changes = Changes::new();
        for (name, text) in files {
            changes.set(path(name), Change::Create { text: (*text).to_owned(), mode: Mode::File });
        }
        Tree::of(Arc::new(Folder::plain(empty.path()).unwrap())).with(&changes).unwrap()
    }

    #[test]
    fn the_nearest_rule_counts() {
        let tree = tree(&[
            (".gitignore", "*.tmp.yaml\n/secret/\n"),
            ("apps/.gitignore", "!keep.tmp.yaml\n"),
            ("apps/there.tmp.yaml", "a: 1\n"),
            ("secret/.gitignore", "!kept.yaml\n"),
        ]);
        for (name, ignored) in [
            ("x.yaml", false),
            ("x.tmp.yaml", true),
            ("apps/x.tmp.yaml", true),
            ("apps/keep.tmp.yaml", false),
            ("apps/there.tmp.yaml", false),
            ("secret/a/x.yaml", true),
            ("secret/kept.yaml", true),
            ("apps/secret/x.yaml", false),
        ] {
            assert_eq!(tree.ignores(&path(name)), ignored, "{name}");
        }
    }
}
