//! Which branches are checked out, in the main work tree or a linked one: such a branch must not
//! move.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::repository::open_exactly;
use super::{GitError, Repository};

impl Repository {
    /// The branches that are checked out in the main or a linked work tree, by full name, including
    /// those that are being rebased or bisected there.
    ///
    /// # Errors
    /// [`GitError`] if the main repository of a linked work tree cannot be opened.
    pub(super) fn checked_out(&self) -> Result<BTreeMap<String, PathBuf>, GitError> {
        let common = self.git.commondir();
        let mut found = BTreeMap::new();
        let main = open_exactly(common).map_err(|error| self.unreadable(&error))?;
        // The HEAD of a bare repository belongs to no work tree.
        if let Some(root) = main.workdir() {
            stands_on(common, root, &mut found);
        }
        for linked in fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten() {
            let git_dir = linked.path();
            let Ok(root) = fs::read_to_string(git_dir.join("gitdir")) else { continue };
            // It is the path of a `.git` file, absolute or relative to this directory.
            let root = git_dir.join(root.trim_end());
            stands_on(&git_dir, root.parent().unwrap_or(&root), &mut found);
        }
        Ok(found)
    }
}

fn stands_on(git_dir: &Path, root: &Path, found: &mut BTreeMap<String, PathBuf>) {
    let read = |name: &str| fs::read_to_string(git_dir.join(name)).unwrap_or_default();
    let mut add = |reference: &str| {
        if reference.starts_with("refs/heads/") {
            found.entry(reference.to_owned()).or_insert_with(|| root.to_owned());
        }
    };
    add(read("HEAD").strip_prefix("ref:").unwrap_or_default().trim());
    add(read("rebase-merge/head-name").trim_end());
    add(read("rebase-apply/head-name").trim_end());
    // `rebase --update-refs` will move these: a name and two ids, each on its line.
    read("rebase-merge/update-refs").lines().for_each(&mut add);
    let bisected = read("BISECT_START");
    if !bisected.is_empty() {
        add(&format!("refs/heads/{}", bisected.trim_end()));
    }
}

#[cfg(test)]
mod tests {
    use crate::git::Repository;
    use crate::git::testing::Home;

    #[test]
    fn main_linked_and_rebasing_work_trees_are_seen_from_everywhere() {
        let home = Home::new();
        home.commit("first", &[("a.yaml", "a: 1\n")]);
        home.git(&["branch", "side"]);
        home.commit("second", &[("a.yaml", "a: 2\n")]);
        let linked = home.beside("linked");
        home.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "side"]);
        for dir in [home.path(), linked.clone()] {
            let found = Repository::around(&dir).unwrap().unwrap().checked_out().unwrap();
            let names: Vec<_> = found.keys().map(String::as_str).collect();
            assert_eq!(names, ["refs/heads/main", "refs/heads/side"]);
            assert_eq!(found["refs/heads/side"].canonicalize().unwrap(), linked.canonicalize().unwrap());
            assert_eq!(found["refs/heads/main"].canonicalize().unwrap(), home.path().canonicalize().unwrap());
        }
        // A rebase that stops: HEAD is detached, and the branch will move in the end.
        std::fs::write(linked.join("a.yaml"), "a: 3\n").unwrap();
        assert!(home.run(&linked, &["commit", "-qam", "third"]).status.success());
        assert!(!home.run(&linked, &["rebase", "main"]).status.success());
        assert!(home.repository().checked_out().unwrap().contains_key("refs/heads/side"));
    }

    #[test]
    fn the_head_of_a_bare_repository_is_checked_out_nowhere() {
        let home = Home::new();
        home.commit("first", &[("a.yaml", "a: 1\n")]);
        let bare = home.beside("bare.git");
        home.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
        assert!(Repository::around(&bare).unwrap().unwrap().checked_out().unwrap().is_empty());
    }
}
