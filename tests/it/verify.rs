//! `verify`: commits of `branch` are what the program writes, and nothing else is.
#![cfg(unix)]

use crate::support::{Repo, Run, unfolded};

const OTHER: &str = "kubernetes/edge/flux/apps.yaml";

/// The highest branch of edge, stacked on all others, checked out.
fn checked_out(args: &[&str]) -> Repo {
    let repo = Repo::two_clusters();
    let run = repo.run(&[&["branch", "--cluster", "edge"], args].concat());
    assert!(run.status <= 1, "{}{}", run.stdout, run.stderr);
    let all = repo.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads/flux-codemod/edge"]);
    let depth = |name: &&str| repo.git(&["rev-list", "--count", name]).trim().parse::<usize>().unwrap();
    let top = all.lines().max_by_key(depth).unwrap();
    repo.git(&["checkout", "--quiet", "-b", "proposed", top]);
    repo
}

fn verify(repo: &Repo, range: &str) -> Run {
    repo.run_gated(&["verify", range])
}

#[test]
fn what_branch_makes_is_what_it_writes() {
    let repo = checked_out(&["chart-ref", "app-template", "--review"]);
    let run = verify(&repo, "edge..proposed");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let commits = repo.git(&["rev-list", "--count", "edge..proposed"]);
    assert!(run.stdout.ends_with(&format!("all {} commits are what flux-codemod writes\n", commits.trim())));
    assert_eq!(run.stdout.lines().filter(|line| line.starts_with("same ")).count().to_string(), commits.trim());
    let run = verify(&repo, "proposed");
    assert!(run.status == 0 && run.stdout.ends_with("the commit is what flux-codemod writes\n"), "{}", run.stdout);
    // As it was written while the migration had another name.
    let message = repo.git(&["log", "-1", "--format=%B", "proposed"]);
    let former = message.replace("Flux-Codemod: app-template@", "Flux-Codemod: app-template-v4@");
    assert_ne!(message, former);
    repo.git(&["commit", "--quiet", "--amend", "--message", &former]);
    let run = verify(&repo, "proposed");
    assert!(run.status == 0 && run.stdout.starts_with("same "), "{}", run.stdout);
}

/// What a person did to the last commit, with its message as it was.
#[test]
fn one_other_byte_is_found() {
    let repo = checked_out(&["chart-ref"]);
    let touched = repo.git(&["show", "--format=", "--name-only", "proposed"]);
    let file = touched.lines().find(|file| file.ends_with("helmrelease.yaml")).unwrap();
    for (path, change) in [
        (file, repo.read(file).replace("interval: ", "interval:  ")),
        (OTHER, format!("{}# one more line\n", repo.read(OTHER))),
        ("new.yaml", "a: 1\n".to_owned()),
    ] {
        repo.git(&["checkout", "--quiet", "-B", "edited", "proposed"]);
        repo.write(path, change);
        repo.git(&["add", "--all"]);
        repo.git(&["commit", "--quiet", "--amend", "--no-edit"]);
        let run = verify(&repo, "edited~1..edited");
        assert_eq!((run.status, run.stderr.as_str()), (1, ""), "{}", run.stdout);
        let shown = unfolded(&run.stdout);
        assert!(
            shown.starts_with("other ") && shown.contains(path) && shown.contains("is not what chart-ref@"),
            "{shown}"
        );
    }
    // A file that the commit left as it was.
    repo.git(&["checkout", "--quiet", "-B", "edited", "proposed"]);
    repo.git(&["checkout", "--quiet", "proposed~1", "--", file]);
    repo.git(&["commit", "--quiet", "--amend", "--no-edit", "--allow-empty"]);
    assert_eq!(verify(&repo, "edited").status, 1);
}

/// What a commit says of itself is not believed.
#[test]
fn trailers_are_no_proof() {
    let repo = checked_out(&["chart-ref"]);
    let message = repo.git(&["log", "-1", "--format=%B"]);
    let amend = |message: &str| {
        repo.git(&["checkout", "--quiet", "-B", "edited", "proposed"]);
        repo.git(&["commit", "--quiet", "--amend", "--message", message]);
        let run = verify(&repo, "edited");
        (run.status, unfolded(&run.stdout))
    };
    let unit = message.lines().find(|line| line.starts_with("Flux-Codemod-Unit: ")).unwrap();
    for (message, why) in [
        (message.replace(unit, "Flux-Codemod-Unit: release media/none"), "has no batch"),
        (message.replace("Flux-Codemod-Lane: edge", "Flux-Codemod-Lane: nowhere"), "has no batch"),
        (message.replace("Flux-Codemod: chart-ref@", "Flux-Codemod: components@"), "has no batch"),
        (message.replace("Flux-Codemod: chart-ref@", "Flux-Codemod: chart-deref@"), "there is no migration"),
        ("a subject".to_owned(), "it names no batch"),
    ] {
        let (status, shown) = amend(&message);
        assert!(status == 1 && shown.contains(why), "{why}: {shown}");
    }
    // A subject is free: the bytes are what is verified.
    assert_eq!(amend(&message.replacen("refactor", "chore", 1)).0, 0);
    repo.git(&["checkout", "--quiet", "-B", "merged", "edge"]);
    repo.git(&["merge", "--quiet", "--no-ff", "--message", &message, "proposed"]);
    assert!(unfolded(&verify(&repo, "merged").stdout).contains("it is a merge"));
}

#[test]
fn a_range_without_commits_is_a_mistake() {
    let repo = checked_out(&["chart-ref"]);
    let run = verify(&repo, "edge..edge");
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("there is no commit in edge..edge"), "{}", run.stderr);
    assert_eq!(verify(&repo, "edge..nowhere").status, 2);
}
