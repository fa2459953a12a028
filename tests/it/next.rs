//! `next`: the life of a migration on two clusters, from the first branch to the end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::{Repo, Run, program, unfolded};

/// A repository with two clusters on two branches and a bare origin, and a clone in which branches
/// are merged, as people do with pull requests.
struct World {
    repo: Repo,
    others: Repo,
}

impl World {
    fn new() -> World {
        let repo = Repo::example();
        for dir in std::fs::read_dir(repo.path().join("kubernetes/main/apps")).unwrap() {
            let path = dir.unwrap().path();
            if path.is_dir() && !path.ends_with("office") {
                std::fs::remove_dir_all(path).unwrap();
            }
        }
        let repo = repo.commit();
        repo.git(&["branch", "edge"]);
        let others = Repo::empty();
        let (origin, clone) = (others.path().join("origin.git"), others.path().join("clone"));
        let text = |path: &Path| path.display().to_string();
        repo.git(&["clone", "--quiet", "--bare", ".", &text(&origin)]);
        repo.git(&["clone", "--quiet", &text(&origin), &text(&clone)]);
        repo.git(&["remote", "add", "origin", &text(&origin)]);
        repo.git(&["fetch", "--quiet", "origin"]);
        let gh = others.path().join("bin/gh");
        std::fs::create_dir_all(gh.parent().unwrap()).unwrap();
        let log = text(&others.path().join("gh"));
        std::fs::write(&gh, format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >{log}.args\ncat >{log}.body\n")).unwrap();
        std::fs::set_permissions(&gh, std::fs::Permissions::from_mode(0o755)).unwrap();
        World { repo, others }
    }

    fn next(&self, args: &[&str]) -> Run {
        let bin = self.others.path().join("bin");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut command: Command = program();
        command.arg("-C").arg(self.repo.path()).args(["next", "chart-ref", "--no-sign"]).args(args).env("PATH", path);
        Run::of(command.output().unwrap())
    }

    /// What `gh` was asked since the last time: head and base of the pull request, and its body.
    fn pull_request(&self) -> Option<(String, String, String)> {
        let args = std::fs::read_to_string(self.others.path().join("gh.args")).ok()?;
        std::fs::remove_file(self.others.path().join("gh.args")).unwrap();
        let after = |name: &str| args.lines().skip_while(|arg| *arg != name).nth(1).unwrap().to_owned();
        let body = std::fs::read_to_string(self.others.path().join("gh.body")).unwrap();
        Some((after("--head"), after("--base"), body))
    }

    /// Merges a branch as a site does, and fetches.
    fn merge(&self, head: &str, base: &str, how: &str) {
        let clone = self.others.path().join("clone");
        let git = |args: &[&str]| Repo::git_in(&clone, args);
        git(&["fetch", "--quiet", "origin"]);
        git(&["checkout", "--quiet", "-B", base, &format!("origin/{base}")]);
        let head = format!("origin/{head}");
        match how {
            "squash" => {
                git(&["merge", "--quiet", "--squash", &head]);
                git(&["commit", "--quiet", "--message", "a pull request"]);
            }
            "rebase" => drop(git(&["cherry-pick", &format!("{base}..{head}")])),
            _ => drop(git(&["merge", "--quiet", "--no-ff", "--message", "merged", &head])),
        }
        git(&["push", "--quiet", "origin", base]);
        self.repo.git(&["fetch", "--quiet", "origin"]);
    }
}

/// Edge by `next` to its end, edge merged into main, main by `next` to its end: nothing conflicts,
/// and nothing is left.
#[test]
fn edge_proves_then_main() {
    for how in ["merge", "squash", "rebase"] {
        let world = World::new();
        let mut landed: Vec<(String, String)> = Vec::new();
        let mut promoted = false;
        for _ in 0..12 {
            let run = world.next(&["--run", "--yes"]);
            assert_eq!(run.status, 0, "{how}: {}{}", run.stdout, run.stderr);
            let shown = unfolded(&run.stdout);
            if let Some((head, base, body)) = world.pull_request() {
                assert!(body.starts_with("### refactor("), "{body}");
                world.merge(&head, &base, how);
                landed.push((base, head));
            } else if shown.contains("next: merge origin/edge into origin/main") {
                assert!(!promoted, "{how}: {shown}");
                promoted = true;
                world.merge("edge", "main", "merge");
            } else {
                assert!(!shown.contains("next:"), "{how}: {shown}");
                break;
            }
        }
        let bases: Vec<&str> = landed.iter().map(|(base, _)| base.as_str()).collect();
        assert!(
            promoted && bases.is_sorted() && bases.contains(&"edge") && bases.contains(&"main"),
            "{how}: {landed:?}"
        );
        let check = world.repo.run_gated(&["plan", "chart-ref", "--base", "origin/main", "--format", "json"]);
        let plan: serde_json::Value = serde_json::from_str(&check.stdout).unwrap();
        let left = plan["units"].as_array().unwrap().iter().filter(|unit| unit["chosen"] == true);
        assert_eq!(left.count(), 0, "{how}: {}", check.stdout);
    }
}

/// Where each batch is, from its refs, without running anything.
#[test]
fn where_batches_are() {
    let world = World::new();
    // What main changes alone is no business of edge.
    let listing = "kubernetes/shared/repositories/oci/kustomization.yaml";
    world.repo.write(listing, format!("{}# the sources of both\n", world.repo.read(listing)));
    world.repo.git(&["commit", "--quiet", "--all", "--message", "main goes on"]);
    world.repo.git(&["push", "--quiet", "origin", "main"]);
    let first = world.next(&[]);
    assert_eq!(first.status, 0, "{}", first.stderr);
    assert!(!first.stdout.contains("git merge"), "{}", first.stdout);
    assert!(
        first.stdout.contains("not made     flux-codemod/edge/chart-ref/10-sources-flux-system"),
        "{}",
        first.stdout
    );
    assert!(unfolded(&first.stdout).contains("held"), "main waits: {}", first.stdout);
    assert!(world.repo.git(&["for-each-ref", "refs/heads/flux-codemod"]).is_empty(), "it only looks");
    assert_eq!(world.repo.run(&["branch", "chart-ref", "--no-sign"]).status, 0);
    let made = world.next(&[]).stdout;
    assert!(made.contains("made         flux-codemod/edge/chart-ref/10-sources-flux-system"), "{made}");
    let head = "flux-codemod/edge/chart-ref/10-sources-flux-system";
    world.repo.git(&["push", "--quiet", "origin", head]);
    let pushed = world.next(&[]).stdout;
    assert!(pushed.contains(&format!("pushed       {head}")) && unfolded(&pushed).contains("merge it"), "{pushed}");
    let no_terminal = world.next(&["--run"]);
    assert_eq!(no_terminal.status, 2);
    assert!(unfolded(&no_terminal.stderr).contains("needs a terminal"), "{}", no_terminal.stderr);
}
