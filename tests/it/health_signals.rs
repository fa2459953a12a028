//! `health-signals`: what the entries of Alerts are worth on a real repository, and that Kustomize builds all
//! that is changed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::kubectl::kustomize;
use crate::support::{Repo, corpus_tree};

const APPLY: [&str; 6] = ["apply", "health-signals", "--review", "--no-gate", "--yes", "--here"];

/// Of 133 Flux Kustomizations, 121 are watched by no Alert, since they were moved by hand.
#[test]
fn haynes_ops_is_watched() {
    let Some(from) = corpus_tree("haynes-ops-2026-08/main") else { return };
    let repo = Repo::copy_of(&from);
    repo.write(".flux-codemod.yaml", "health-signals: {}\n");
    let repo = repo.commit();
    let before = repo.run(&["doctor"]).stdout;
    assert!(before.contains("121 of 133 Kustomizations without an Alert"), "{before}");
    assert!(before.contains("6 of 115 HelmReleases without an Alert"), "{before}");
    let unfolded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let before = unfolded(&before);
    assert!(before.contains("107 of 133 Flux Kustomizations wait; nothing depends on 67 of these"), "{before}");
    assert!(before.contains("others depend on 7 that check nothing, and 1 of these cannot"), "{before}");
    let run = repo.run_gated(&APPLY);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let after = unfolded(&repo.run(&["doctor"]).stdout);
    assert!(!after.contains("unwatched"), "{after}");
    assert!(after.contains("48 of 133 Flux Kustomizations wait; nothing depends on 5"), "{after}");
    assert!(after.contains("others depend on 1 that check nothing"), "one is refused: {after}");
    let changed = repo.git(&["diff", "--name-only"]);
    let changed: Vec<&str> = changed.lines().collect();
    assert!(changed.iter().all(|path| path.starts_with("kubernetes/main/")), "edge has no Provider: {changed:?}");
    // Every kustomization above a changed file.
    let dirs: BTreeSet<PathBuf> = changed
        .iter()
        .flat_map(|path| repo.path().join(path).ancestors().skip(1).map(PathBuf::from).collect::<Vec<_>>())
        .filter(|dir| dir.join("kustomization.yaml").is_file())
        .collect();
    assert!(dirs.len() > 20, "{dirs:?}");
    for dir in dirs {
        let Some(built) = kustomize(&dir) else { return };
        assert!(built.is_ok(), "{}: {built:?}", dir.display());
    }
}
