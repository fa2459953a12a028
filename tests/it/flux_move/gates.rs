//! Nothing is written before the branch of the cluster has what comes first.

use super::{apply, commit, diff, moves, run};
use crate::support::{Repo, root, unfolded};

/// Nothing of what comes before moves is there.
fn bare() -> Repo {
    Repo::copy_of(&root().join("golden/flux-move-label/before"))
}

/// Sees that no verb and no option writes a move.
fn writes_no_move(repo: &Repo, why: &str) {
    let before = repo.files();
    for options in [
        &["--path", "apps/media/plex/ks.yaml"][..],
        &["--namespace", "media"],
        &["--batch", "70-moves-media"],
        &["--cluster", "cluster"],
        &[],
    ] {
        let all = [&["flux-move", "--review", "--no-gate"], options].concat();
        let diff = repo.run_gated(&[&["diff"], &*all].concat()).stdout;
        assert_eq!(moves(&diff), [""; 0], "{why}: {options:?}");
        let made = repo.run_gated(&[&["branch"], &*all, &["--dry-run"]].concat());
        assert!(!made.stdout.contains("70-moves"), "{why}: {}", made.stdout);
        repo.run_gated(&[&["apply"], &*all, &["--yes", "--here"]].concat());
        for (path, bytes) in repo.files() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let is_moved = text.contains("namespace: media\n  labels") || text.contains("namespace: &ns media");
            assert!(!is_moved, "{why}: {options:?} moves something in {}", path.display());
        }
        for (path, bytes) in &before {
            std::fs::write(repo.path().join(path), bytes).unwrap();
        }
    }
    let branches = repo.git(&["branch", "--list"]);
    repo.run_gated(&["branch", "flux-move", "--review", "--no-gate", "--per", "phase"]);
    repo.run_gated(&["next", "--run", "--yes", "--review", "--no-gate"]);
    for branch in repo.git(&["branch", "--format", "%(refname:short)"]).lines() {
        let shown = repo.git(&["diff", "main", branch]);
        assert_eq!(moves(&shown), [""; 0], "{why}: {branch}");
        if !branches.contains(branch) {
            repo.git(&["branch", "--quiet", "-D", branch]);
        }
    }
}

#[test]
fn moves_wait_for_the_branch() {
    let repo = bare().commit();
    writes_no_move(&repo, "nothing is guarded");
    apply(&repo);
    assert_eq!(diff(&repo), "", "guards are in the files, and not on the branch");
    writes_no_move(&repo, "guards are only in the files");
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    commit(&repo, "guards");
    assert_eq!(diff(&repo), "", "they are on another branch");
    let plan = repo.run_gated(&["plan", "flux-move", "-v", "--no-gate"]).stdout;
    assert!(plan.contains("flux-system/plex is not guarded yet"), "{plan}");
    repo.git(&["branch", "--force", "main", "work"]);
    assert_eq!(moves(&diff(&repo)).len(), 4, "{}", diff(&repo));
    // Now they come, each namespace in a batch, and the guards stay.
    repo.git(&["checkout", "--quiet", "main"]);
    let made = run(&repo, &["branch"]);
    assert!(made.stdout.contains("70-moves-media") && !made.stdout.contains("85-guards"), "{}", made.stdout);
}

#[test]
fn what_is_missed_by_hand_keeps_a_move_back() {
    for (path, part, why) in [
        (
            "templates/backup/claim.yaml",
            "    kustomize.toolkit.fluxcd.io/prune: disabled\n",
            "has a claim in templates",
        ),
        ("apps/media/plex/ks.yaml", "  deletionPolicy: Orphan\n", "is not guarded yet"),
        ("apps/media/plex/ks.yaml", "    substitution.example.org/disabled: \"true\"\n", "still gets what media"),
        ("apps/flux-system/alerts.yaml", "      namespace: media\n", "would go out of sight of Alert all"),
    ] {
        let repo = bare().commit();
        apply(&repo);
        repo.write(path, repo.read(path).replacen(part, "", 1));
        commit(&repo, "all but one thing");
        let left = diff(&repo);
        assert!(!left.contains("namespace: &ns media"), "{path}: {left}");
        let plan = repo.run_gated(&["plan", "flux-move", "-v", "--no-gate"]).stdout;
        assert!(unfolded(&plan).contains(why), "{path}: {plan}");
    }
}

#[test]
fn what_the_remote_has_counts() {
    let origin = bare().commit();
    let clone = Repo::empty();
    Repo::git_in(clone.path(), &["clone", "--quiet", origin.path().to_str().unwrap(), "."]);
    apply(&clone);
    commit(&clone, "guards");
    assert_eq!(diff(&clone), "", "nobody has pushed them");
    clone.git(&["push", "--quiet", "origin", "HEAD:refs/heads/guards"]);
    assert_eq!(diff(&clone), "", "they are on another branch");
    clone.git(&["push", "--quiet", "origin", "HEAD:refs/heads/other"]);
    origin.git(&["reset", "--quiet", "--hard", "guards"]);
    clone.git(&["fetch", "--quiet"]);
    assert_ne!(moves(&diff(&clone)), [""; 0]);
    clone.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    let plan = clone.run_gated(&["plan", "flux-move", "-v", "--no-gate"]).stdout;
    assert!(diff(&clone).is_empty() && plan.contains("was not fetched"), "{plan}");
}

#[test]
fn without_git_nothing_moves() {
    let repo = bare();
    apply(&repo);
    assert!(repo.read("apps/media/plex/ks.yaml").contains("deletionPolicy: Orphan"));
    assert_eq!(diff(&repo), "", "no branch shows that the guard is live");
}

#[test]
fn a_guard_stays_until_the_move_is_on_the_branch() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-live/before")).commit();
    apply(&repo);
    assert!(repo.read("apps/media/plex/ks.yaml").contains("namespace: &ns media"));
    assert_eq!(diff(&repo), "", "the guards are needed until the old objects are gone");
    commit(&repo, "moves");
    let off = diff(&repo);
    assert_eq!(off.matches("-  deletionPolicy: Orphan").count(), 3, "{off}");
    assert!(!off.contains("prune: false"), "what never pruned does not begin to: {off}");
}

#[test]
fn one_is_taken_by_its_old_or_new_name() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-live/before")).commit();
    for name in ["Kustomization/flux-system/plex", "kustomization/media/plex"] {
        let diff = repo.run_gated(&["diff", "flux-move", "--review", "--object", name]).stdout;
        assert_eq!(moves(&diff).len(), 1, "{diff}");
        let files: Vec<&str> = diff.lines().filter_map(|line| line.strip_prefix("+++ b/")).collect();
        assert_eq!(files, ["apps/flux-system/alerts.yaml", "apps/media/plex/ks.yaml"]);
    }
    let run = repo.run_gated(&["diff", "flux-move", "--object", "Kustomization/media/plx"]);
    assert!(run.status == 2 && run.stderr.contains("did you mean"), "{}", run.stderr);
}

/// The branch of a cluster has a Flux Kustomization under another name, with or without a guard there.
#[test]
fn doctor_sees_another_identity_before_the_merge() {
    // What is guarded on the branch is silent; `keys` and `themes` are not, in either tree.
    for (case, expected) in [("flux-move-label", 4), ("flux-move-live", 2)] {
        let repo = Repo::copy_of(&root().join("golden").join(case).join("before")).commit();
        repo.git(&["checkout", "--quiet", "-b", "by-hand"]);
        for path in ["apps/media/plex/ks.yaml", "apps/media/others/ks.yaml"] {
            let text = repo.read(path).replace("namespace: flux-system", "namespace: media");
            repo.write(path, text.replace("namespace: &ns flux-system", "namespace: &ns media"));
        }
        commit(&repo, "by hand");
        let doctor = repo.run_gated(&["doctor", "--format", "json"]).stdout;
        assert_eq!(doctor.matches("\"identity-changed\"").count(), expected, "{case}: {doctor}");
    }
}
