//! Which new files git would ignore, according to the `.gitignore` files of a tree.

use ignore::Match;
use ignore::gitignore::GitignoreBuilder;

use super::{RepoPath, Tree};

/// The files in which git looks for paths to ignore.
const RULES: &str = ".gitignore";

impl Tree {
    /// Whether git would ignore a new file at a path: the rules of the nearest `.gitignore` in this
    /// tree that mentions it count. Files that are in the tree are never ignored.
    pub fn ignores(&self, path: &RepoPath) -> bool {
        self.entry(path).is_none() && path.ancestors().find_map(|dir| self.rule(&dir, path)).unwrap_or(false)
    }

    /// What the `.gitignore` of a directory says about a path below it; `None` if nothing.
    fn rule(&self, dir: &RepoPath, path: &RepoPath) -> Option<bool> {
        let file = self.read(&dir.join(RULES)?).ok()??;
        let rules = String::from_utf8_lossy(&file.bytes);
        let mut builder = GitignoreBuilder::new("");
        for rule in rules.lines() {
            // git skips lines that it cannot read.
            let _ = builder.add_line(None, rule);
        }
        let below = path.as_str().strip_prefix(dir.as_str())?.trim_start_matches('/');
        match builder.build().ok()?.matched_path_or_any_parents(below, false) {
            Match::Ignore(_) => Some(true),
            Match::Whitelist(_) => Some(false),
            Match::None => None,
        }
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
        ]);
        for (name, ignored) in [
            ("x.yaml", false),
            ("x.tmp.yaml", true),
            ("apps/x.tmp.yaml", true),
            ("apps/keep.tmp.yaml", false),
            ("apps/there.tmp.yaml", false),
            ("secret/a/x.yaml", true),
            ("apps/secret/x.yaml", false),
        ] {
            assert_eq!(tree.ignores(&path(name)), ignored, "{name}");
        }
    }
}
