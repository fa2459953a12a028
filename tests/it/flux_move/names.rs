//! Other names, stage by stage.

use super::{apply, commit};
use crate::support::{Repo, root};

/// Nothing depends on what is not there at any stage, and in the end all have their new names, without a guard.
#[test]
fn names_change_stage_by_stage() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-rename/before")).commit();
    let renamed = ["films", "movies", "vault"].map(|name| format!("+  name: {name}"));
    let mut stages = Vec::new();
    for _ in 0..9 {
        apply(&repo);
        let changed = repo.git(&["diff"]).replace("&app ", "");
        if changed.is_empty() {
            break;
        }
        let has = |name: &String| changed.lines().any(|line| line.split(" #").next() == Some(name));
        stages.push(renamed.each_ref().map(has));
        commit(&repo, "a stage");
        let doctor = repo.run_gated(&["doctor", "--format", "json"]).stdout;
        assert!(!doctor.contains("depends-on-missing"), "{doctor}");
    }
    // `plex` waits for its guard; the second `store` comes at once; then it is switched to, and the first goes.
    assert_eq!(stages[..2], [[false, true, true], [true, false, false]]);
    assert!(stages[2..].iter().all(|stage| *stage == [false; 3]), "{stages:?}");
    let text = ["apps/media/ks.yaml", "apps/flux-system/ks.yaml"].map(|path| repo.read(path)).concat();
    assert!(!text.contains("guard[flux-move]") && !text.contains("name: store"), "{text}");
    assert!(!text.contains("name: plex") && text.contains("app.kubernetes.io/name: radarr"), "{text}");
    assert!(repo.read("apps/flux-system/alerts.yaml").contains("name: vault\n      namespace: media"));
}
