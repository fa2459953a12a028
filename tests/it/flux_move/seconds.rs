//! Second objects, stage by stage.

use super::builds::same_but_for_names;
use super::{apply, commit, diff};
use crate::support::{Repo, root, unfolded};

/// Nothing depends on what is not there at any stage, `doctor` has nothing to say, and the first objects are
/// never suspended.
#[test]
fn a_first_object_is_removed_when_nothing_names_it() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-second/before")).commit();
    let before = Repo::copy_of(repo.path());
    let objects = |text: &str, line: &str| text.lines().filter(|other| *other == line).count();
    let mut stages = Vec::new();
    for _ in 0..9 {
        apply(&repo);
        let changed = repo.git(&["diff"]);
        if changed.is_empty() {
            break;
        }
        let names = ["+  namespace: secrets", "+  namespace: &ns secrets", "-  namespace: flux-system"];
        stages.push(names.map(|line| objects(&changed, line)));
        assert!(!changed.contains("suspend"), "{changed}");
        commit(&repo, "a stage");
        let doctor = repo.run_gated(&["doctor", "--format", "json"]).stdout;
        assert!(!doctor.contains("owned-twice") && !doctor.contains("depends-on-missing"), "{doctor}");
    }
    // Second objects of `keeper` and `store`, and three moves; what stays is switched; `keeper` goes, then
    // `store`, which that one named; and the last guard.
    assert_eq!(stages, [[2, 1, 3], [0, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]);
    let moved = [("plex", "media"), ("web", "media"), ("store", "secrets"), ("keeper", "secrets"), ("few", "secrets")];
    let moved = moved.map(|(name, to)| (name.to_owned(), to.to_owned())).into();
    if let Some(count) = same_but_for_names("apps", before.path(), repo.path(), &moved) {
        assert_eq!(count, 5);
    }
}

/// Without its guard on the branch there is no second object, and no first one is removed.
#[test]
fn a_second_object_waits_for_its_guard() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-second/before"));
    let path = "apps/secrets/ks.yaml";
    let guard = "  # flux-codemod: guard[flux-move] was prune true\n  deletionPolicy: Orphan\n";
    repo.write(path, repo.read(path).replacen(guard, "", 1));
    let repo = repo.commit();
    let has_second = |text: &str| text.contains("namespace: &ns secrets");
    for options in [&["--batch", "14-seconds"][..], &["--object", "Kustomization/secrets/store"], &[]] {
        let diff = repo.run_gated(&[&["diff", "flux-move", "--review", "--no-gate"], options].concat());
        assert!(!has_second(&diff.stdout), "{options:?}: {}", diff.stdout);
    }
    apply(&repo);
    assert!(repo.read(path).contains(guard) && !has_second(&repo.read(path)), "{}", repo.read(path));
    assert!(!has_second(&diff(&repo)), "the guard is in the files, and not on the branch");
    commit(&repo, "guards");
    assert!(has_second(&diff(&repo)));
}

/// By hand, one dependent is forgotten: it keeps the first object.
#[test]
fn a_first_object_stays_while_something_names_it() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-second/before")).commit();
    for _ in 0..2 {
        apply(&repo);
        commit(&repo, "a stage");
    }
    let text = repo.read("apps/flux-system/ks.yaml");
    repo.write(
        "apps/flux-system/ks.yaml",
        text.replace(
            "      name: keeper\n      namespace: secrets",
            "      name: keeper\n      namespace: flux-system",
        ),
    );
    commit(&repo, "one is forgotten");
    assert!(!diff(&repo).contains("-  name: keeper"), "{}", diff(&repo));
    let plan = repo.run_gated(&["plan", "flux-move", "-v", "--no-gate"]).stdout;
    assert!(unfolded(&plan).contains("apps/flux-system/ks.yaml names flux-system/keeper"), "{plan}");
}
