//! Checks the names of branches before anything is written, and edits `packed-refs`.

use std::collections::BTreeSet;

use super::{GitError, Repository, Wanted};

/// Whether git accepts a name for a branch.
pub fn is_branch_name(name: &str) -> bool {
    git2::Branch::name_is_valid(name).unwrap_or(false)
}

impl Repository {
    /// Refuses names that git does not accept, and names that conflict with each other or with a
    /// branch that exists: refs are files to git, and a name cannot be both a file and a directory.
    ///
    /// # Errors
    /// [`GitError::InvalidName`], [`GitError::InTheWay`].
    pub(super) fn check_names(&self, wanted: &[Wanted]) -> Result<(), GitError> {
        let ignores_case = self.git.config().and_then(|config| config.get_bool("core.ignorecase")).unwrap_or(false);
        let folded = |name: &str| if ignores_case { name.to_lowercase() } else { name.to_owned() };
        let there = self.branch_names().map_err(|error| self.unreadable(&error))?;
        let mut wanted_before: Vec<&str> = Vec::new();
        for Wanted { name, .. } in wanted {
            if !is_branch_name(name) || wanted_before.contains(&name.as_str()) {
                return Err(GitError::InvalidName(name.clone()));
            }
            let folded_name = folded(name);
            let is_in_the_way = |other: &&str| {
                let folded = folded(other);
                let is_below = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with('/'));
                is_below(&folded_name, &folded)
                    || is_below(&folded, &folded_name)
                    || (folded_name == folded && name != other)
            };
            if let Some(other) = there.iter().map(String::as_str).find(is_in_the_way) {
                return Err(GitError::InTheWay { name: name.clone(), other: other.to_owned() });
            }
            if let Some(other) = wanted_before.iter().copied().find(is_in_the_way) {
                return Err(GitError::InTheWay { name: name.clone(), other: other.to_owned() });
            }
            wanted_before.push(name);
        }
        Ok(())
    }

    fn branch_names(&self) -> Result<BTreeSet<String>, git2::Error> {
        let mut found = BTreeSet::new();
        for reference in self.git.references()? {
            let reference = reference?;
            let name = String::from_utf8_lossy(reference.name_bytes());
            found.extend(name.strip_prefix("refs/heads/").map(str::to_owned));
        }
        Ok(found)
    }
}

/// `packed-refs` without some refs; `None` if it contains none of them.
pub(super) fn without(packed: &[u8], gone: &[&str]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(packed.len());
    let mut is_gone = false;
    for line in packed.split_inclusive(|byte| *byte == b'\n') {
        // What an annotated tag points to is on the line below it.
        if !line.starts_with(b"^") {
            let name = line.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or_default().trim_ascii_end();
            is_gone = !line.starts_with(b"#") && gone.iter().any(|reference| reference.as_bytes() == name);
        }
        if !is_gone {
            kept.extend_from_slice(line);
        }
    }
    (kept.len() < packed.len()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Onto;
    use crate::git::testing::Home;

    fn wanted(names: &[&str]) -> Vec<Wanted> {
        let one = |name: &&str| Wanted { name: (*name).to_owned(), onto: Onto::Base, commits: Vec::new() };
        names.iter().map(one).collect()
    }

    #[test]
    fn a_name_cannot_be_a_file_and_a_directory() {
        let home = Home::new();
        home.commit("first", &[("a.yaml", "a: 1\n")]);
        let check = |names: &[&str]| home.repository().check_names(&wanted(names));
        for (there, packed) in [("x", false), ("x/edge", true), ("x/edge/10-a/more", false), ("x/edge/10-a/more", true)]
        {
            home.git(&["branch", there]);
            if packed {
                home.git(&["pack-refs", "--all"]);
            }
            let error = check(&["x/edge/10-a"]).unwrap_err();
            assert!(matches!(&error, GitError::InTheWay { other, .. } if other == there), "{error}");
            assert!(error.to_string().contains(&format!("git branch -m {there} ")), "{error}");
            home.git(&["branch", "-q", "-D", there]);
        }
        check(&["x/edge/10-a", "x/edge/10-ab"]).unwrap();
        assert!(matches!(check(&["x/a", "x/a/b"]), Err(GitError::InTheWay { .. })));
        for name in ["x/a..b", "x/a.lock", "-x", "x/", "x/a b"] {
            assert!(matches!(check(&[name]), Err(GitError::InvalidName(_))), "{name}");
        }
        assert!(matches!(check(&["x", "x"]), Err(GitError::InvalidName(_))));
    }

    #[test]
    fn case_matters_unless_the_file_system_ignores_it() {
        let home = Home::new();
        home.commit("first", &[("a.yaml", "a: 1\n")]);
        home.git(&["branch", "X/Edge/10-a"]);
        home.git(&["config", "core.ignoreCase", "false"]);
        home.repository().check_names(&wanted(&["x/edge/10-a"])).unwrap();
        home.git(&["config", "core.ignoreCase", "true"]);
        for name in ["x/edge/10-a", "x/edge"] {
            assert!(matches!(home.repository().check_names(&wanted(&[name])), Err(GitError::InTheWay { .. })));
        }
    }

    #[test]
    fn packed_refs_lose_lines_and_what_belongs_to_them() {
        let packed = b"# pack-refs with: peeled\n1 refs/heads/a\n2 refs/tags/t\n^3\n4 refs/heads/b\n";
        let left = without(packed, &["refs/tags/t", "refs/heads/c"]).unwrap();
        assert_eq!(left, b"# pack-refs with: peeled\n1 refs/heads/a\n4 refs/heads/b\n");
        assert_eq!(without(packed, &["refs/heads"]), None);
    }
}
