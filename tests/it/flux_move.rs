//! `flux-move`: no move without its guard on the branch of the cluster, and what real Kustomize builds at
//! each stage.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_yaml::Value;

use crate::kubectl::kustomize;
use crate::support::{Repo, Run, corpus, root};

/// Nothing of what comes before moves is there.
fn bare() -> Repo {
    Repo::copy_of(&root().join("golden/flux-move-label/before"))
}

/// What a text has of moves.
fn moves(text: &str) -> Vec<&str> {
    let is_move = |line: &&str| line.starts_with("-  namespace: flux-system") || line.starts_with("-  namespace: &ns");
    text.lines().filter(is_move).collect()
}

/// All of the migration, with everything that can be insisted on.
fn run(repo: &Repo, verb: &[&str]) -> Run {
    repo.run_gated(&[verb, &["flux-move", "--review", "--no-gate"]].concat())
}

fn diff(repo: &Repo) -> String {
    run(repo, &["diff"]).stdout
}

fn apply(repo: &Repo) {
    let run = repo.run_gated(&["apply", "flux-move", "--review", "--no-gate", "--yes", "--here"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
}

fn commit(repo: &Repo, message: &str) {
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--message", message]);
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
        assert!(plan.contains(why), "{path}: {plan}");
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

/// Kind, namespace and name of each object that a directory builds.
fn built(repo: &Path, dir: &str) -> Option<BTreeMap<(String, String, String), Value>> {
    let text = kustomize(&repo.join(dir))?.unwrap();
    let object = |document| Value::deserialize(document).unwrap();
    let named = |object: Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        ((text(&object["kind"]), text(&metadata["namespace"]), text(&metadata["name"])), object)
    };
    Some(serde_yaml::Deserializer::from_str(&text).map(object).map(named).collect())
}

/// The Flux Kustomizations and Alerts of a build, with all that they name under the full new name.
fn renamed(mut object: Value, to: &dyn Fn(&str, &str) -> String) -> Value {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let own = text(&object["metadata"]["namespace"]).unwrap_or_default();
    let name = text(&object["metadata"]["name"]).unwrap_or_default();
    if object["kind"] != "Kustomization" {
        return object;
    }
    object["metadata"]["namespace"] = to(&own, &name).into();
    let spec = &mut object["spec"];
    let source = text(&spec["sourceRef"]["namespace"]).unwrap_or_else(|| own.clone());
    spec["sourceRef"]["namespace"] = source.into();
    for item in spec.get_mut("dependsOn").and_then(Value::as_sequence_mut).into_iter().flatten() {
        let namespace = text(item.get("namespace").unwrap_or(&Value::Null)).unwrap_or_else(|| own.clone());
        item["namespace"] = to(&namespace, item["name"].as_str().unwrap()).into();
    }
    object
}

/// Sees that what a directory builds is the same but for names, and gives the number of moves.
fn same_but_for_names(dir: &str, before: &Path, after: &Path, moved: &BTreeMap<String, String>) -> Option<usize> {
    let (was, is) = (built(before, dir)?, built(after, dir)?);
    let to = |namespace: &str, name: &str| match moved.get(name).filter(|_| namespace == "flux-system") {
        Some(to) => to.clone(),
        None => namespace.to_owned(),
    };
    let same = |namespace: &str, _: &str| namespace.to_owned();
    let mut count = 0;
    let mut expected = BTreeMap::new();
    for ((kind, namespace, name), object) in was {
        let now = if kind == "Kustomization" { to(&namespace, &name) } else { namespace.clone() };
        count += usize::from(now != namespace);
        // The namespace of an Alert's entry by name is compared in the golden case.
        let object = if kind == "Alert" { Value::Null } else { renamed(object, &to) };
        expected.insert((kind, now, name), object);
    }
    let found: BTreeMap<_, _> = is
        .into_iter()
        .map(|(key, object)| {
            let object = if key.0 == "Alert" { Value::Null } else { renamed(object, &same) };
            (key, object)
        })
        .collect();
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>(), "{dir}");
    for (key, object) in &expected {
        assert_eq!(object, &found[key], "{dir}: {key:?}");
    }
    Some(count)
}

#[test]
fn kustomize_builds_the_same_but_for_names() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-live/before")).commit();
    let before = Repo::copy_of(repo.path());
    apply(&repo);
    let moved = [("plex", "media"), ("hooks", "media"), ("web", "network"), ("store", "network")];
    let moved = moved.map(|(name, to)| (name.to_owned(), to.to_owned())).into();
    if let Some(count) = same_but_for_names("apps", before.path(), repo.path(), &moved) {
        assert_eq!(count, 4);
    }
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

#[test]
fn haynes_ops_moves_as_its_owner_did() {
    let Some(corpus) = corpus() else { return };
    let tree = corpus.join("haynes-ops/before");
    if !tree.is_dir() {
        eprintln!("SKIPPED: no haynes-ops in the corpus");
        return;
    }
    let repo = Repo::copy_of(&tree);
    let settings = "flux-move:\n  kustomizations: {from: [flux-system], to: target-namespace}\n";
    repo.write(".flux-codemod.yaml", settings);
    let repo = repo.commit();
    repo.git(&["branch", "edge"]);
    let plan: serde_json::Value = serde_json::from_str(
        &repo.run_gated(&["plan", "flux-move", "--review", "--no-gate", "--format", "json"]).stdout,
    )
    .unwrap();
    let count = |cluster: &str, step: &str, safety: &str| {
        let is_it =
            |unit: &&serde_json::Value| unit["lane"] == cluster && unit["step"] == step && unit["safety"] == safety;
        plan["units"].as_array().unwrap().iter().filter(is_it).count()
    };
    assert_eq!((count("edge", "move", "safe"), count("edge", "guard", "safe")), (9, 3));
    assert_eq!((count("main", "move", "safe"), count("main", "move", "review")), (79, 2));
    assert_eq!((count("main", "move", "refused"), count("main", "guard", "safe")), (2, 70));
    assert_eq!((count("main", "protect", "safe"), count("main", "watch", "safe")), (7, 2));
    let mut stages = Vec::new();
    let mut trees = vec![Repo::copy_of(repo.path())];
    loop {
        let now = diff(&repo);
        if now.is_empty() {
            break;
        }
        stages.push(moves(&now).len());
        apply(&repo);
        assert_eq!(diff(&repo), "", "the next stage waits for the branch");
        commit(&repo, "a stage");
        repo.git(&["branch", "--force", "edge"]);
        trees.push(Repo::copy_of(repo.path()));
    }
    assert_eq!(stages, [0, 90, 0], "what comes first, the moves, and the guards go");
    let moved: BTreeMap<String, String> = plan["units"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|unit| unit["step"] == "move" && unit["safety"] != "refused" && unit["lane"] == "main")
        .map(|unit| {
            let also = unit["also"][0].as_str().unwrap().split_once('/').unwrap();
            (also.1.to_owned(), also.0.to_owned())
        })
        .collect();
    let apps = trees[0].path().join("kubernetes/main/apps");
    let mut total = 0;
    for entry in std::fs::read_dir(apps).unwrap() {
        let dir = format!("kubernetes/main/apps/{}", entry.unwrap().file_name().to_string_lossy());
        if trees[0].path().join(&dir).join("kustomization.yaml").is_file() {
            let Some(count) = same_but_for_names(&dir, trees[1].path(), trees[2].path(), &moved) else { return };
            total += count;
        }
    }
    assert!(total > 60, "{total}");
    // Guards leave nothing behind: only labels, annotations and entries of Alerts, and the moves.
    let left = repo.run_gated(&["plan", "flux-move", "-v"]).stdout;
    assert!(!String::from_utf8_lossy(&concat(&trees[3])).contains("guard[flux-move]"), "{left}");
}

fn concat(repo: &Repo) -> Vec<u8> {
    repo.files().into_values().flatten().collect()
}
