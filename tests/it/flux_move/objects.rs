//! Sources and stores, stage by stage.

use std::collections::{BTreeMap, BTreeSet};

use super::builds::built;
use super::{apply, commit, diff, run};
use crate::support::{Repo, root, unfolded};

/// Enacts all stages, and says how many there are.
pub(super) fn enacted(repo: &Repo) -> usize {
    for stage in 0..9 {
        apply(repo);
        if repo.git(&["diff"]).is_empty() {
            return stage;
        }
        commit(repo, "a stage");
        let doctor = repo.run_gated(&["doctor", "--format", "json"]).stdout;
        for code in ["source-ref-missing", "depends-on-missing"] {
            assert!(!doctor.contains(&format!("\"{code}\"")), "stage {stage}: {doctor}");
        }
    }
    panic!("it never ends");
}

/// Real Kustomize builds the same objects, but for those that have other names, and those whose second ones were there
/// before.
pub(super) fn same_but_for(
    repo: &Repo,
    before: &Repo,
    dir: &str,
    renamed: &[(&str, [&str; 2], [&str; 2])],
    gone: &[(&str, &str, &str)],
) {
    let (Some(was), Some(is)) = (built(before.path(), dir), built(repo.path(), dir)) else { return };
    let renamed: BTreeMap<_, _> = renamed
        .iter()
        .map(|(kind, from, to)| {
            let key = |[namespace, name]: &[&str; 2]| ((*kind).to_owned(), (*namespace).to_owned(), (*name).to_owned());
            (key(from), key(to))
        })
        .collect();
    let is_gone = |(kind, namespace, name): &(String, String, String)| gone.contains(&(kind, namespace, name));
    let kept = was.into_keys().filter(|key| !is_gone(key));
    let expected: BTreeSet<_> = kept.map(|key| renamed.get(&key).cloned().unwrap_or(key)).collect();
    assert_eq!(is.into_keys().collect::<BTreeSet<_>>(), expected, "{dir}");
}

#[test]
fn sources_move_stage_by_stage() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-sources/before")).commit();
    let before = Repo::copy_of(repo.path());
    // The entry point comes last, when nothing else names its source.
    apply(&repo);
    assert!(repo.read("flux/gotk-sync.yaml").contains("name: home # this repository"));
    let stages = enacted(&repo);
    assert!((3..7).contains(&stages), "{stages}");
    let sync = repo.read("flux/gotk-sync.yaml");
    assert!(sync.contains("name: cluster # this repository") && !sync.contains("name: home"), "{sync}");
    let release = repo.read("apps/media/plex.yaml");
    assert!(
        release.contains("namespace: network # where all are") && release.contains("name: charts-oci"),
        "{release}"
    );
    // The Flux Kustomization has moved as well, and names its source where that is now.
    assert!(repo.read("apps/media/ks.yaml").contains("    name: themes\n    namespace: media\n"));
    let system = "flux-system";
    let names = [
        ("HelmRepository", [system, "charts"], [system, "charts-oci"]),
        ("GitRepository", [system, "themes"], ["media", "themes"]),
        ("OCIRepository", [system, "app-template"], ["network", "app-template"]),
        ("Bucket", [system, "backups"], [system, "old-backups"]),
        ("Kustomization", [system, "themes"], ["media", "themes"]),
    ];
    same_but_for(&repo, &before, "apps", &names, &[]);
}

#[test]
fn stores_get_other_names_stage_by_stage() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-stores/before")).commit();
    let before = Repo::copy_of(repo.path());
    let stages = enacted(&repo);
    assert!((2..5).contains(&stages), "{stages}");
    for (path, text) in repo.files() {
        let is_old = |line: &str| ["name: vault", "name: onepassword"].iter().any(|old| line.contains(old));
        let text = String::from_utf8(text).unwrap();
        assert!(!text.lines().any(is_old), "{}: {text}", path.display());
    }
    // The one of another namespace is another one.
    assert!(repo.read("apps/network/secrets.yaml").contains("secretStoreRef: {name: local}"));
    let names = [
        ("ClusterSecretStore", ["", "onepassword"], ["", "secrets"]),
        ("ClusterSecretStore", ["", "vault"], ["", "openbao"]),
        ("SecretStore", ["media", "local"], ["media", "own"]),
        ("SecretStore", ["network", "old"], ["network", "new"]),
    ];
    same_but_for(&repo, &before, "apps", &names, &[]);
}

/// Nothing names a second object that is not on the branch, by no verb and no option.
#[test]
fn references_wait_for_the_second_object() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-stores/before")).commit();
    let names_it = |text: &str| {
        text.lines().any(|line| line.starts_with('+') && line.contains("ClusterSecretStore, name: secrets"))
    };
    apply(&repo);
    assert!(repo.read("apps/stores/stores.yaml").contains("name: secrets # of the family"));
    for options in
        [&["--object", "ClusterSecretStore/secrets"][..], &["--object", "ClusterSecretStore/onepassword"], &[]]
    {
        let all = [&["flux-move", "--review", "--no-gate"], options].concat();
        let diff = repo.run_gated(&[&["diff"], &*all].concat()).stdout;
        assert!(!names_it(&diff), "{options:?}: {diff}");
        let branch = repo.run_gated(&[&["branch"], &*all, &["--dry-run"]].concat()).stdout;
        assert!(!branch.contains("ClusterSecretStore onepassword"), "{options:?}: {branch}");
    }
    commit(&repo, "second objects");
    assert!(names_it(&diff(&repo)), "{}", diff(&repo));
    assert!(run(&repo, &["branch"]).stdout.contains("71-switches"));
}

/// By hand, one is forgotten: the first object stays.
#[test]
fn a_first_store_stays_while_something_names_it() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-stores/before")).commit();
    apply(&repo);
    let path = "apps/network/secrets.yaml";
    repo.write(path, repo.read(path).replace("name: openbao", "name: vault"));
    commit(&repo, "one is forgotten");
    assert!(!diff(&repo).contains("-  name: vault"), "{}", diff(&repo));
    let plan = repo.run_gated(&["plan", "flux-move", "-v", "--no-gate"]).stdout;
    assert!(unfolded(&plan).contains("ExternalSecret network/proxy names ClusterSecretStore vault"), "{plan}");
}
