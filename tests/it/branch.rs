//! `branch`: what it makes, what it leaves alone, and how it goes on when things have moved.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::rounds::{Numbers, rounds};
use crate::support::{Repo, Run, program, root, unfolded};

/// Branches by name, with their commits.
type Refs = BTreeMap<String, String>;

const KOMGA: &str = "kubernetes/main/apps/media/komga/app/helmrelease.yaml";

fn refs(repo: &Repo) -> Refs {
    let text = repo.git(&["for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads/flux-codemod"]);
    text.lines().filter_map(|line| line.split_once(' ')).map(|(name, id)| (name.into(), id.into())).collect()
}

fn names(repo: &Repo) -> Vec<String> {
    refs(repo).into_keys().collect()
}

fn tree(repo: &Repo, commit: &str) -> String {
    repo.git(&["rev-parse", &format!("{commit}^{{tree}}")]).trim().to_owned()
}

/// The branches of a lane in the order in which they are stacked: each is the parent of the next.
fn stack(repo: &Repo, lane: &str) -> Vec<String> {
    let prefix = format!("flux-codemod/{lane}/");
    let mut own: Vec<String> = names(repo).into_iter().filter(|name| name.starts_with(&prefix)).collect();
    own.sort_by_cached_key(|name| repo.git(&["rev-list", "--count", name]).trim().parse::<usize>().unwrap());
    own
}

fn succeeded(run: &Run) {
    assert!(run.status <= 1, "{}{}", run.stdout, run.stderr);
}

fn trailers(repo: &Repo, commit: &str, key: &str) -> Vec<String> {
    let format = format!("--format=%(trailers:key={key},valueonly)");
    repo.git(&["log", "-1", &format, commit]).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// What `git patch-id --verbatim` says of a commit.
fn patch_id(repo: &Repo, commit: &str) -> String {
    let patch = repo.git(&["diff-tree", "-p", commit]);
    let mut git = Command::new("git");
    git.current_dir(repo.path()).args(["patch-id", "--verbatim"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut git = git.spawn().unwrap();
    git.stdin.take().unwrap().write_all(patch.as_bytes()).unwrap();
    let output = git.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap_or_default().to_owned()
}

/// The units of a tree that can be written, as `plan --base` names them, by name.
fn pending(repo: &Repo, base: &str, cluster: &str) -> Vec<String> {
    let run = repo.run(&["plan", "chart-ref", "--base", base, "--cluster", cluster, "--format", "json"]);
    succeeded(&run);
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let units = plan["units"].as_array().unwrap().iter().filter(|unit| unit["chosen"] == true);
    let mut units: Vec<String> = units.map(|unit| unit["id"].as_str().unwrap().to_owned()).collect();
    units.sort();
    units
}

#[test]
fn nothing_moves_but_the_branches() {
    let repo = Repo::two_clusters_with(&["media", "office"]);
    repo.write(KOMGA, "mine: true\n");
    repo.write("staged.yaml", "a: 1\n").git(&["add", "staged.yaml"]);
    repo.write("untracked.yaml", "b: 1\n");
    repo.git(&["checkout", "--quiet", "--detach"]);
    let look = || {
        let git = |file: &str| std::fs::read(repo.path().join(".git").join(file)).unwrap();
        (repo.files(), git("index"), git("HEAD"), repo.git(&["rev-parse", "main", "edge"]))
    };
    let before = look();
    let run = repo.run(&["branch", "chart-ref"]);
    succeeded(&run);
    assert!(look() == before, "work tree, index, HEAD and other branches stay");
    assert!(names(&repo).len() > 5, "{}", run.stdout);
    assert_eq!(repo.git(&["fsck", "--strict", "--no-dangling"]), "");
    // What was not committed is not in there.
    let komga = repo.git(&["show", &format!("flux-codemod/main/chart-ref/30-deployments-media:{KOMGA}")]);
    assert!(komga.contains("chartRef") && !komga.contains("mine"), "planned from the branch, never from the work tree");
}

#[test]
fn commits_are_as_promised() {
    let repo = Repo::two_clusters_with(&["media", "office"]);
    succeeded(&repo.run(&["branch", "chart-ref"]));
    for lane in ["edge", "main"] {
        let stack = stack(&repo, lane);
        assert!(stack[0].ends_with("/10-sources-flux-system"), "{stack:?}");
        let mut parent = repo.git(&["rev-parse", lane]);
        for branch in &stack {
            let (_, batch) = branch.rsplit_once('/').unwrap();
            assert_eq!(repo.git(&["rev-parse", &format!("{branch}^")]), parent, "one commit on the branch below");
            parent = repo.git(&["rev-parse", branch]);
            let subject = repo.git(&["log", "-1", "--format=%s", branch]);
            assert!(subject.starts_with(&format!("refactor({lane}): chart-ref, ")), "{subject}");
            assert_eq!(trailers(&repo, branch, "Flux-Codemod"), ["chart-ref@3"]);
            assert_eq!(trailers(&repo, branch, "Flux-Codemod-Lane"), [lane]);
            assert_eq!(trailers(&repo, branch, "Flux-Codemod-Batch"), [batch]);
            assert_eq!(trailers(&repo, branch, "Flux-Codemod-Patch-Id"), [patch_id(&repo, branch)]);
            let units = trailers(&repo, branch, "Flux-Codemod-Unit");
            let changed = repo.git(&["diff-tree", "--no-commit-id", "-r", "--name-only", branch]);
            assert!(!units.is_empty() && !changed.is_empty(), "{units:?}: {changed}");
        }
    }
    assert_eq!(
        trailers(&repo, "flux-codemod/main/chart-ref/30-deployments-office", "Flux-Codemod-Unit"),
        ["release office/miniflux", "release office/paperless", "release office/vaultwarden"]
    );
}

/// Edge first; what it shares comes to main by a merge, and main goes on from there.
#[test]
fn each_tree_leaves_what_comes_after_and_all_are_what_apply_writes() {
    let repo = Repo::part();
    for lane in ["edge", "main"] {
        succeeded(&repo.run(&["branch", "chart-ref", "--cluster", lane]));
        let mut left = pending(&repo, lane, lane);
        for branch in stack(&repo, lane) {
            let now = pending(&repo, &branch, lane);
            let landed = trailers(&repo, &branch, "Flux-Codemod-Unit");
            let is_landed = |unit: &String| landed.iter().any(|own| unit.ends_with(&format!(": {own}")));
            left.retain(|unit| !is_landed(unit));
            assert_eq!(now, left, "after {branch}");
        }
        assert!(left.is_empty(), "{left:?}");
        let top = stack(&repo, lane).pop().unwrap();
        repo.git(&["checkout", "--quiet", lane]);
        repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", &top]);
        repo.git(&["checkout", "--quiet", "main"]);
        repo.git(&["merge", "--quiet", "--no-edit", lane]);
    }
    let applied = Repo::part();
    succeeded(&applied.run(&["apply", "chart-ref", "--here"]));
    applied.git(&["add", "--all"]);
    applied.git(&["commit", "--quiet", "--message", "applied"]);
    assert_eq!(tree(&repo, "main"), tree(&applied, "HEAD"));
}

/// chart-ref can remove a HelmRepository only when app-template has taken the last release off it.
#[test]
fn a_removal_comes_after_what_another_migration_changes() {
    let repo = Repo::copy_of(&root().join("golden/app-template-v4-in-place/before"));
    let broken = |path: &str, line: &str, with: &str| {
        let text = repo.read(path);
        assert!(text.contains(line), "{text}");
        repo.write(path, text.replacen(line, with, 1));
    };
    // Files that cannot be read: what they have is neither moved nor known.
    broken("kubernetes/main/apps/home/labs.yaml", "      app: {}\n", "      app: {}\n      app: {}\n");
    broken("kubernetes/main/flux/repositories/oci/app-template.yaml", "\nmetadata:", "\n  metadata:");
    let repo = repo.commit();
    let migrations = ["chart-ref", "app-template"];
    succeeded(&repo.run(&[&["branch", "--review"], &migrations[..]].concat()));
    let last = repo.git(&[
        "for-each-ref",
        "--format=%(refname:short)",
        "--merged",
        "flux-codemod/main/chart-ref/95-removals-flux-system",
        "refs/heads/flux-codemod",
    ]);
    assert!(last.contains("app-template/30-deployments"), "{last}");
    // By itself chart-ref leaves it.
    let plan = repo.run(&["plan", "chart-ref", "--review"]);
    assert!(!plan.stdout.contains("95-removals"), "{}", plan.stdout);
    let plan = repo.run(&["plan", "chart-ref", "app-template", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let mut units = plan["units"].as_array().unwrap().iter();
    let removal = units.find(|unit| unit["id"] == "chart-ref remove: HelmRepository flux-system/bjw-s").unwrap();
    assert_eq!(removal["needs"], serde_json::json!(["app-template release: release home/frozen"]));
}

/// A list that nobody has sorted: where a new item goes depends on what is still there.
#[test]
fn a_removal_comes_as_late_in_apply_as_in_branches() {
    let list = "kubernetes/main/flux/repositories/oci/kustomization.yaml";
    let repo = || {
        let repo = Repo::copy_of(&root().join("golden/chart-ref-reuse/before"));
        let (sorted, other) = (
            "  - ./app-template-3-5-1.yaml\n  - ./paused.yaml\n",
            "  - ./paused.yaml\n  - ./app-template-3-5-1.yaml\n",
        );
        let text = repo.read(list);
        assert!(text.contains(sorted), "{text}");
        repo.write(list, text.replace(sorted, other));
        repo.commit()
    };
    let (branched, applied) = (repo(), repo());
    succeeded(&branched.run(&["branch", "chart-ref", "app-template", "--review"]));
    let last = branched.git(&["show", &format!("flux-codemod/main/app-template/95-removals-flux-system:{list}")]);
    assert!(last.contains("app-template-4-") && !last.contains("paused"), "{last}");
    succeeded(&applied.run(&["apply", "chart-ref", "app-template", "--yes", "--here", "--review"]));
    assert_eq!(applied.read(list).trim_end(), last.trim_end());
}

/// From the first run to the last: batches are merged, the base moves, a person edits a branch.
#[test]
fn the_life_of_a_migration() {
    let repo = Repo::two_clusters_with(&["media", "office"]);
    succeeded(&repo.run(&["branch", "chart-ref"]));
    let first = refs(&repo);

    let again = repo.run(&["branch", "chart-ref"]);
    assert_eq!(refs(&repo), first);
    assert!(again.stderr.starts_with("nothing changed\n"), "{}", again.stderr);
    assert!(again.stdout.contains("git push"), "what comes next is always told: {}", again.stdout);

    // The sources are merged by squash, and somebody commits something else.
    repo.git(&["merge", "--quiet", "--squash", "flux-codemod/main/chart-ref/10-sources-flux-system"]);
    repo.git(&["commit", "--quiet", "--message", "sources (#1)"]);
    repo.write("docs/notes.md", "# Notes\n").git(&["add", "docs"]);
    repo.git(&["commit", "--quiet", "--message", "notes"]);
    // A branch in the middle is edited by hand.
    let edited = "flux-codemod/main/chart-ref/30-deployments-media";
    let jellyfin = "kubernetes/main/apps/media/jellyfin/app/helmrelease.yaml";
    repo.git(&["checkout", "--quiet", edited]);
    repo.write(jellyfin, format!("{}# by hand\n", repo.read(jellyfin)));
    repo.git(&["commit", "--quiet", "--all", "--message", "by hand"]);
    repo.git(&["checkout", "--quiet", "main"]);
    let by_hand = refs(&repo);

    let refused = repo.run(&["branch", "chart-ref"]);
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains(edited) && refused.stderr.contains("(by hand)"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--on-edited skip"), "{}", refused.stderr);
    assert_eq!(refs(&repo), by_hand, "nothing has moved");

    let skipped = repo.run(&["branch", "chart-ref", "--on-edited", "skip"]);
    assert_eq!(skipped.status, 0, "{}", skipped.stderr);
    let after_skip = refs(&repo);
    assert_eq!(after_skip[edited], by_hand[edited]);
    let sources = "flux-codemod/main/chart-ref/10-sources-flux-system";
    assert!(!after_skip.contains_key(sources), "what is merged vanishes");
    let main = repo.git(&["rev-parse", "main"]).trim().to_owned();
    for (name, id) in after_skip.iter().filter(|(name, _)| name.contains("/main/") && *name != edited) {
        assert_ne!(by_hand[name], *id, "{name} stands on the base as it is now");
        assert_eq!(repo.git(&["merge-base", id, "main"]).trim(), main);
    }
    for (name, id) in after_skip.iter().filter(|(name, _)| name.contains("/edge/")) {
        assert_eq!(by_hand[name], *id, "edge has not moved");
    }

    let replaced = repo.run(&["branch", "chart-ref", "--on-edited", "replace"]);
    succeeded(&replaced);
    let told = format!("it was {}", &by_hand[edited][..7]);
    assert!(unfolded(&replaced.stdout).contains(&told), "{told}: {}", replaced.stdout);
    let after_replace = refs(&repo);
    assert!(!repo.git(&["show", &format!("{edited}:{jellyfin}")]).contains("by hand"));
    assert_eq!(
        after_replace.keys().collect::<Vec<_>>(),
        after_skip.keys().collect::<Vec<_>>(),
        "no other name changes"
    );
    assert_eq!(trailers(&repo, edited, "Flux-Codemod-Patch-Id"), [patch_id(&repo, edited)]);

    // One is merged, one rebased onto its base by hand, the rest merged.
    for lane in ["main", "edge"] {
        repo.git(&["checkout", "--quiet", lane]);
        let stack = stack(&repo, lane);
        repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", &stack[0]]);
        succeeded(&repo.run(&["branch", "chart-ref"]));
        let rest = self::stack(&repo, lane);
        assert_eq!(rest, stack[1..], "what is merged vanishes, and no other name changes");
        repo.git(&["cherry-pick", &format!("{lane}..{}", rest[0])]);
        succeeded(&repo.run(&["branch", "chart-ref"]));
        let rest = self::stack(&repo, lane);
        assert_eq!(rest, stack[2..]);
        if let Some(top) = rest.last() {
            repo.git(&["merge", "--quiet", "--no-edit", top]);
        }
    }
    let done = repo.run(&["branch", "chart-ref"]);
    assert!(names(&repo).is_empty(), "{:?}", names(&repo));
    assert!(done.stdout.contains("removed"), "{}", done.stdout);
    let end = repo.run(&["branch", "chart-ref"]);
    assert!(end.stdout.contains("nothing is pending"), "{}", end.stdout);
    for lane in ["main", "edge"] {
        assert!(pending(&repo, lane, lane).is_empty());
    }
    assert_eq!(repo.git(&["fsck", "--strict", "--no-dangling"]), "");
}

/// What no cluster applies has a branch, too: all of them together are what `apply` writes.
#[test]
fn what_no_cluster_applies_has_a_branch() {
    let repo = Repo::two_clusters_with(&["media", "office"]);
    let made = repo.run(&["branch", "chart-ref", "--review"]);
    succeeded(&made);
    let branch = "flux-codemod/none/chart-ref/30-deployments";
    assert_eq!(trailers(&repo, branch, "Flux-Codemod-Lane"), ["none"]);
    assert_eq!(trailers(&repo, branch, "Flux-Codemod-Unit"), ["release bookmarks"]);
    let message = repo.git(&["log", "-1", "--format=%B", branch]);
    assert!(message.contains("No cluster applies these objects") && !message.contains("kubectl"), "{message}");
    // Of one cluster alone it is no part, and a rerun leaves it as it is.
    let before = refs(&repo);
    succeeded(&repo.run(&["branch", "chart-ref", "--review", "--cluster", "edge"]));
    succeeded(&repo.run(&["branch", "chart-ref", "--review"]));
    assert_eq!(refs(&repo), before);
}

#[test]
fn a_rebase_by_hand_is_no_edit_but_white_space_is() {
    let repo = Repo::part();
    succeeded(&repo.run(&["branch", "chart-ref"]));
    let branch = "flux-codemod/edge/chart-ref/10-sources-flux-system";
    repo.git(&["checkout", "--quiet", "edge"]);
    repo.write("docs/notes.md", "# Notes\n").git(&["add", "docs"]);
    repo.git(&["commit", "--quiet", "--message", "notes"]);
    repo.git(&["rebase", "--quiet", "edge", branch]);
    repo.git(&["checkout", "--quiet", "edge"]);
    succeeded(&repo.run(&["branch", "chart-ref", "--cluster", "edge"]));

    let source = repo.git(&["diff-tree", "--no-commit-id", "-r", "--name-only", "--diff-filter=A", branch]);
    let source = source.lines().next().unwrap();
    repo.git(&["checkout", "--quiet", branch]);
    repo.write(source, repo.read(source).replace("    tag:", "      tag:"));
    repo.git(&["commit", "--quiet", "--all", "--amend", "--no-edit"]);
    repo.git(&["checkout", "--quiet", "edge"]);
    let run = repo.run(&["branch", "chart-ref", "--cluster", "edge"]);
    assert_eq!(run.status, 2, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains(branch), "{}", run.stderr);
}

#[test]
fn side_by_side_where_that_is_the_same() {
    let repo = Repo::part();
    let refused = repo.run(&["branch", "chart-ref", "--independent"]);
    assert_eq!((refused.status, names(&repo).len()), (2, 0));
    assert!(refused.stderr.contains("10-sources-flux-system"), "{}", refused.stderr);
    // Once the sources are there, no batch needs another.
    for lane in ["edge", "main"] {
        succeeded(&repo.run(&["branch", "chart-ref", "--cluster", lane, "--batch", "10-sources-flux-system"]));
        repo.git(&["checkout", "--quiet", lane]);
        repo.git(&["merge", "--quiet", &format!("flux-codemod/{lane}/chart-ref/10-sources-flux-system")]);
    }
    let stacked = {
        succeeded(&repo.run(&["branch", "chart-ref"]));
        stack(&repo, "main").iter().map(|name| patch_id(&repo, name)).collect::<Vec<_>>()
    };
    let order = stack(&repo, "main");
    succeeded(&repo.run(&["branch", "chart-ref", "--independent"]));
    for (name, stacked) in order.iter().zip(&stacked) {
        assert_eq!(repo.git(&["rev-parse", &format!("{name}^")]), repo.git(&["rev-parse", "main"]));
        assert_eq!(patch_id(&repo, name), *stacked, "the same change as on the stack");
    }
}

#[test]
fn a_phase_is_one_branch_and_an_app_can_have_its_own() {
    let repo = Repo::two_clusters();
    succeeded(&repo.run(&["branch", "chart-ref", "--per", "phase"]));
    assert_eq!(names(&repo), ["flux-codemod/edge/phase-3", "flux-codemod/main/phase-3"]);
    let shown = unfolded(&repo.run(&["branch", "chart-ref", "--per", "phase", "--cluster", "main"]).stdout);
    let title = "refactor(main): phase 3: chart-ref (20 units in 8 batches)";
    assert!(shown.contains("git push origin flux-codemod/main/phase-3") && shown.contains(title), "{shown}");
    let body = ["plan", "chart-ref", "--cluster", "main", "--per", "phase", "--format", "markdown"];
    let body = repo.run(&body).stdout;
    assert!(body.starts_with(&format!("### {title}\n")), "{body}");
    for batch in ["10-sources-flux-system", "30-deployments-media"] {
        assert!(body.contains(&format!("`chart-ref/{batch}`")), "{batch}: {body}");
    }
    let apart = ["branch", "chart-ref", "app-template", "--per", "phase", "--cluster", "main"];
    let refused = repo.run(&apart);
    assert_eq!(refused.status, 2);
    let why =
        "have steps to do by hand around their merge; take --per batch (or --per app), or insist with --one-merge";
    assert!(unfolded(&refused.stderr).contains(why), "{}", refused.stderr);
    let insisted = repo.run(&[&apart[..], &["--one-merge", "--dry-run"]].concat());
    assert!(insisted.status == 0 && insisted.stdout.contains("rebuilt"), "{}", insisted.stdout);
    let batches = trailers(&repo, "main..flux-codemod/main/phase-3", "Flux-Codemod-Batch");
    assert_eq!(batches.len(), 1);
    let commits = repo.git(&["rev-list", "--count", "main..flux-codemod/main/phase-3"]);
    let phase = tree(&repo, "flux-codemod/main/phase-3");

    succeeded(&repo.run(&["branch", "chart-ref"]));
    let stack = stack(&repo, "main");
    let (phases, stack): (Vec<_>, Vec<_>) = stack.into_iter().partition(|name| name.ends_with("/phase-3"));
    assert_eq!(phases.len(), 1, "one way leaves the other's branches alone");
    assert_eq!(commits.trim(), stack.len().to_string(), "a commit for each batch");
    assert_eq!(tree(&repo, stack.last().unwrap()), phase);

    let per_app = repo.run(&["branch", "chart-ref", "--per", "app"]);
    succeeded(&per_app);
    let names = names(&repo);
    assert!(names.contains(&"flux-codemod/main/chart-ref/30-deployments-media_komga".to_owned()), "{names:?}");
    assert!(names.contains(&"flux-codemod/main/chart-ref/30-deployments-media".to_owned()), "{names:?}");
    let why = "its units are in flux-codemod/main/chart-ref/30-deployments-media_audiobookshelf now";
    assert!(crate::support::unfolded(&per_app.stdout).contains(why), "{}", per_app.stdout);
}

/// Branches that were made while the migration was called `app-template-v4` are found, kept up to date
/// and removed under their own names, and none is made beside them.
#[test]
fn branches_of_a_former_name_are_not_made_twice() {
    let repo = Repo::two_clusters();
    let make = |name: &str| {
        let run = repo.run(&["branch", "chart-ref", name, "--cluster", "main"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stdout
    };
    make("app-template-v4");
    let own = |name: &&String| name.starts_with("flux-codemod/main/app-template/");
    let before = names(&repo);
    let renamed: Vec<&String> = before.iter().filter(own).collect();
    assert!(renamed.len() > 3, "{before:?}");
    for name in &renamed {
        repo.git(&["branch", "-m", name, &name.replace("app-template/", "app-template-v4/")]);
    }
    let is_as_renamed = || assert!(!names(&repo).iter().any(|name| own(&name)), "{:?}", names(&repo));
    assert!(make("app-template").lines().all(|line| !line.contains("created") && !line.contains("rebuilt")));
    is_as_renamed();
    repo.git(&["commit", "--quiet", "--allow-empty", "-m", "the base moves"]);
    repo.git(&["branch", "--force", "edge", "main"]);
    let rebuilt = make("app-template");
    assert!(rebuilt.contains("rebuilt") && rebuilt.contains("main/app-template-v4/"), "{rebuilt}");
    is_as_renamed();
    // One of the new name, which a clone has made that did not know of the old one, is taken.
    let (old, new) = (renamed[0].replace("app-template/", "app-template-v4/"), renamed[0]);
    repo.git(&["branch", new, &old]);
    let kept = unfolded(&make("app-template"));
    assert!(kept.contains(&format!("its units are in {new} now; `git branch -D {old}` removes it")), "{kept}");
    let last = stack(&repo, "main").pop().unwrap();
    repo.git(&["merge", "--quiet", "--ff-only", &last]);
    make("app-template");
    assert!(!names(&repo).iter().any(|name| name.contains("/30-")), "what is merged is removed");
}

#[test]
fn a_selection_leaves_other_branches_alone() {
    let repo = Repo::two_clusters_with(&["media", "office"]);
    succeeded(&repo.run(&["branch", "chart-ref", "--review"]));
    let all = refs(&repo);
    let run = repo.run(&["branch", "chart-ref", "--cluster", "main", "--namespace", "office"]);
    succeeded(&run);
    let after = refs(&repo);
    assert_eq!(after.keys().collect::<Vec<_>>(), all.keys().collect::<Vec<_>>());
    let office = "flux-codemod/main/chart-ref/30-deployments-office";
    assert_ne!(after[office], all[office], "it stands on the sources alone now");
    assert!(
        after.iter().all(|(name, id)| name == office || name.ends_with("10-sources-flux-system") || all[name] == *id)
    );
}

#[test]
fn other_kinds_of_repositories() {
    let repo = Repo::part();
    succeeded(&repo.run(&["branch", "chart-ref"]));
    let expected = refs(&repo);

    let elsewhere = Repo::empty();
    let url = format!("file://{}", repo.path().display());
    for kind in ["bare", "shallow"] {
        let how: &[&str] = if kind == "bare" { &["--bare"] } else { &["--depth=1", "--no-single-branch"] };
        elsewhere.git(&[&["clone", "--quiet"], how, &[&url, kind]].concat());
        let dir = elsewhere.path().join(kind);
        let git = |args: &[&str]| elsewhere.git(&[&["-C", dir.to_str().unwrap()], args].concat());
        for name in expected.keys() {
            // A bare clone has all branches, which are ours there as well.
            if kind == "bare" {
                git(&["branch", "--quiet", "-D", name]);
            }
        }
        let output = program().arg("-C").arg(&dir).args(["branch", "chart-ref", "--no-gate"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{kind}: {}", String::from_utf8_lossy(&output.stderr));
        let found = git(&["for-each-ref", "--format=%(refname:short)", "refs/heads/flux-codemod"]);
        assert_eq!(found.lines().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{kind}");
    }
    // A linked work tree shares the branches.
    let linked = elsewhere.path().join("linked");
    repo.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap(), "edge"]);
    let output = program().arg("-C").arg(&linked).args(["branch", "chart-ref", "--no-gate"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("nothing changed"));

    let unborn = Repo::example();
    unborn.git(&["init", "--quiet", "--initial-branch=main"]);
    let run = unborn.run(&["branch", "chart-ref"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("--base"), "{}", run.stderr);
    let plain = Repo::example().run(&["branch", "chart-ref"]);
    assert!(plain.status == 2 && plain.stderr.contains("not in a git repository"), "{}", plain.stderr);
}

/// What a cluster runs is what the remote has, as far as it was fetched.
#[test]
fn planned_from_what_the_remote_has() {
    let origin = Repo::part();
    let repo = Repo::empty();
    repo.git(&["clone", "--quiet", origin.path().to_str().unwrap(), "."]);
    repo.write("docs/notes.md", "# Not pushed\n").git(&["add", "docs"]);
    repo.git(&["commit", "--quiet", "--message", "not pushed"]);
    let run = repo.run(&["branch", "chart-ref"]);
    succeeded(&run);
    assert!(unfolded(&run.stderr).contains("main runs origin/main"), "{}", run.stderr);
    assert!(run.stdout.contains("edge, from origin/edge at"), "{}", run.stdout);
    assert!(run.stdout.contains("gh pr create --base edge --head flux-codemod/edge/"), "{}", run.stdout);
    for lane in ["edge", "main"] {
        let first = stack(&repo, lane).remove(0);
        let below = repo.git(&["rev-parse", &format!("{first}^")]);
        assert_eq!(below, repo.git(&["rev-parse", &format!("origin/{lane}")]));
    }
    // One that was never fetched is left out, and told.
    repo.git(&["branch", "--remotes", "--delete", "origin/edge"]);
    let run = repo.run(&["branch", "chart-ref"]);
    assert!(unfolded(&run.stderr).contains("run `git fetch origin edge`"), "{}", run.stderr);
    assert!(!run.stdout.contains("edge, from"), "{}", run.stdout);
}

#[test]
fn what_stands_in_the_way_is_named() {
    let repo = Repo::part();
    repo.git(&["branch", "flux-codemod"]);
    let run = repo.run(&["branch", "chart-ref"]);
    assert_eq!((run.status, names(&repo).len()), (2, 1), "{}", run.stderr);
    assert!(run.stderr.contains("flux-codemod"), "{}", run.stderr);
    repo.git(&["branch", "-D", "flux-codemod"]);

    succeeded(&repo.run(&["branch", "chart-ref"]));
    let before = refs(&repo);
    // Somebody else's lock.
    let lock = repo.path().join(".git/refs/heads/flux-codemod/edge/chart-ref/10-sources-flux-system.lock");
    std::fs::write(&lock, "").unwrap();
    repo.git(&["checkout", "--quiet", "edge"]);
    repo.write("docs/notes.md", "# Notes\n").git(&["add", "docs"]);
    repo.git(&["commit", "--quiet", "--message", "notes"]);
    let run = repo.run(&["branch", "chart-ref", "--cluster", "edge"]);
    assert_eq!((run.status, refs(&repo) == before), (2, true), "{}", run.stderr);
    let command = format!("    rm {}\n", lock.canonicalize().unwrap().display());
    assert!(run.stderr.contains(&command), "{}", run.stderr);
    std::fs::remove_file(lock).unwrap();
    // A branch that is checked out.
    repo.git(&["checkout", "--quiet", "flux-codemod/edge/chart-ref/10-sources-flux-system"]);
    let run = repo.run(&["branch", "chart-ref", "--cluster", "edge"]);
    assert_eq!((run.status, refs(&repo) == before), (2, true), "{}", run.stderr);
    assert!(run.stderr.contains("checked out"), "{}", run.stderr);
}

/// Killed at any moment: each branch is old or new, nothing is broken, and the next run finishes.
#[test]
fn killed_at_any_moment() {
    let repo = Repo::part();
    let finish = || {
        let started = Instant::now();
        succeeded(&repo.run(&["branch", "chart-ref"]));
        u64::try_from(started.elapsed().as_micros()).unwrap()
    };
    // How long a run takes now: others may be at work on this machine.
    let mut whole = finish();
    let new = refs(&repo);
    let mut numbers = Numbers::new();
    let mut seen = [0, 0, 0];
    for round in 0..rounds(3, 50) {
        let all: Vec<String> = names(&repo);
        repo.git(&[vec!["branch", "--quiet", "-D"], all.iter().map(String::as_str).collect()].concat());
        let mut command = program();
        command
            .arg("-C")
            .arg(repo.path())
            .args(["branch", "chart-ref", "--no-gate"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Half of the time near the end, where the branches move.
        let moment = if round % 2 == 0 { numbers.below(whole) } else { whole * 7 / 10 + numbers.below(whole / 2) };
        std::thread::sleep(Duration::from_micros(moment));
        child.kill().unwrap();
        child.wait().unwrap();

        let now = refs(&repo);
        assert!(now.iter().all(|(name, id)| new[name] == *id), "each branch is new, or not there");
        let done = if now == new { 2 } else { usize::from(!now.is_empty()) };
        seen[done] += 1;
        assert_eq!(repo.git(&["fsck", "--strict", "--no-dangling"]), "");
        whole = finish();
        assert_eq!(refs(&repo), new, "the next run finishes");
    }
    // How many of each there are depends on the machine.
    println!("killed before, between and after: {seen:?}");
}
