//! All stages as branches: each is merged and fetched, then what comes next is planned again.

use super::{apply, commit, run};
use crate::support::{Repo, root};

/// Merges all branches that are made, as a forge does, until none is; the titles of those of each round.
fn merged(origin: &Repo, clone: &Repo) -> Vec<Vec<String>> {
    let mut rounds = Vec::new();
    for _ in 0..12 {
        let made = run(clone, &["branch"]);
        assert_eq!(made.status, 0, "{}", made.stderr);
        let branches = clone.git(&["branch", "--format", "%(refname:short)"]);
        let mut branches: Vec<String> = branches.lines().filter(|name| *name != "main").map(str::to_owned).collect();
        branches.sort();
        if branches.is_empty() {
            return rounds;
        }
        for branch in &branches {
            clone.git(&["push", "--quiet", "--force", "origin", branch]);
            origin.git(&["merge", "--quiet", "--no-edit", branch]);
            clone.git(&["branch", "--quiet", "-D", branch]);
            origin.git(&["branch", "--quiet", "-D", branch]);
        }
        clone.git(&["fetch", "--quiet", "--prune"]);
        clone.git(&["reset", "--quiet", "--hard", "origin/main"]);
        rounds.push(branches);
    }
    panic!("it never ends: {rounds:?}");
}

#[test]
fn stages_come_one_after_the_other_as_branches() {
    for (case, least) in [("flux-move-label", 3), ("flux-move-second", 3), ("flux-move-gateways", 3)] {
        let start = Repo::copy_of(&root().join("golden").join(case).join("before"));
        let at_once = Repo::copy_of(start.path()).commit();
        let origin = start.commit();
        let clone = Repo::empty();
        Repo::git_in(clone.path(), &["clone", "--quiet", origin.path().to_str().unwrap(), "."]);
        let rounds = merged(&origin, &clone);
        assert!(rounds.len() >= least, "{case}: {rounds:?}");
        // What must come first is in no round with what waits for it.
        let round = |part: &str| rounds.iter().position(|round| round.iter().any(|name| name.contains(part)));
        let (guards, moves, off) = (round("13-guards"), round("70-moves"), round("85-guards-off"));
        assert!(guards.is_none_or(|guards| moves.is_none_or(|moves| guards < moves)), "{case}: {rounds:?}");
        assert!(moves.is_none_or(|moves| off.is_none_or(|off| moves < off)), "{case}: {rounds:?}");
        let (seconds, firsts) = (
            round("14-seconds"),
            rounds.iter().rposition(|round| round.iter().any(|name| name.contains("72-firsts-out"))),
        );
        assert!(seconds.is_none_or(|seconds| firsts.is_some_and(|firsts| seconds < firsts)), "{case}: {rounds:?}");
        // In the end all is as if each stage had been one commit.
        for _ in 0..9 {
            apply(&at_once);
            if at_once.git(&["diff"]).is_empty() {
                break;
            }
            commit(&at_once, "a stage");
        }
        let [by_branches, by_stages] = [&origin, &at_once].map(|repo| {
            let files = repo.files().into_iter();
            files.filter(|(path, _)| !path.starts_with(".git")).collect::<std::collections::BTreeMap<_, _>>()
        });
        assert_eq!(by_branches, by_stages, "{case}");
    }
}
