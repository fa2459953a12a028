//! `flux-move`: no move without its guard on the branch of the cluster, and what real Kustomize builds at
//! each stage.

mod branches;
mod builds;
mod gates;
mod gateways;
mod names;
mod objects;
mod seconds;

use std::collections::{BTreeMap, BTreeSet};

use self::builds::same_but_for_names;
use crate::support::rounds::exhaustive;
use crate::support::{Repo, Run, corpus_tree};

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

/// The namespaces whose moves are enacted, unless nothing is to be left out: each stage plans the whole tree.
const SAMPLE: [&str; 3] = ["database", "external-secrets", "media"];

#[test]
fn haynes_ops_moves_as_its_owner_did() {
    let Some(tree) = corpus_tree("haynes-ops/before") else { return };
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
    assert_eq!((count("main", "move", "safe"), count("main", "move", "review")), (78, 2));
    assert_eq!((count("main", "move", "refused"), count("main", "guard", "safe")), (2, 70));
    let mut refused: Vec<(&str, Vec<&str>)> = Vec::new();
    for unit in plan["units"].as_array().unwrap().iter().filter(|unit| unit["safety"] == "refused") {
        let errors = unit["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
        let codes = errors.map(|finding| finding["code"].as_str().unwrap()).collect();
        refused.push((unit["subject"]["name"].as_str().unwrap(), codes));
    }
    refused.sort_unstable();
    let expected = [("certificates", vec!["move-target-taken"]), ("onepassword-connect", vec!["needs-decryption"])];
    assert_eq!(refused, expected);
    assert_eq!((count("main", "protect", "safe"), count("main", "watch", "safe")), (7, 2));
    assert_eq!((count("main", "second", "safe"), count("main", "switch", "safe")), (1, 4));
    let moved = plan["units"].as_array().unwrap().iter().filter(|unit| {
        let moves = unit["step"] == "move" || unit["step"] == "second";
        moves && unit["safety"] != "refused" && unit["lane"] == "main"
    });
    let moved: BTreeMap<String, String> = moved
        .map(|unit| unit["also"][0].as_str().unwrap().split_once('/').unwrap())
        .map(|(to, name)| (name.to_owned(), to.to_owned()))
        .collect();
    assert_eq!(moved.len(), 81);
    let (moved, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        moved.into_iter().partition(|(_, to)| exhaustive() || SAMPLE.contains(&&**to));
    let stay: Vec<String> = others.into_keys().map(|name| format!("flux-system/{name}")).collect();
    repo.write(".flux-codemod.yaml", format!("{settings}  stay: [{}]\n", stay.join(", ")));
    // `edge` has a branch of its own.
    std::fs::remove_dir_all(repo.path().join("kubernetes/edge")).unwrap();
    commit(&repo, "some of them, on main");
    let before = repo.git(&["rev-parse", "HEAD"]);
    let mut stages = Vec::new();
    let mut guarded = None;
    for _ in 0..5 {
        apply(&repo);
        let changed = repo.git(&["diff"]);
        let count = |line: &str| changed.lines().filter(|changed| changed.starts_with(line)).count();
        stages.push((moves(&changed).len(), count("+kind: Kustomization"), count("-kind: Kustomization")));
        commit(&repo, "a stage");
        guarded.get_or_insert_with(|| Repo::copy_of(repo.path()));
    }
    // What comes first; the moves and a second object; what stays is switched, and guards go; the first object
    // goes; its guard goes.
    assert_eq!(stages, [(0, 0, 0), (moved.len() - 1, 1, 0), (0, 0, 0), (1, 0, 1), (0, 0, 0)]);
    let guarded = guarded.unwrap();
    let mut total = 0;
    let changed = repo.git(&["diff", "--name-only", before.trim(), "--", "kubernetes/main/apps"]);
    let dirs: BTreeSet<String> =
        changed.lines().map(|path| path.split('/').take(4).collect::<Vec<_>>().join("/")).collect();
    for dir in dirs.into_iter().filter(|dir| repo.path().join(dir).join("kustomization.yaml").is_file()) {
        let Some(count) = same_but_for_names(&dir, guarded.path(), repo.path(), &moved) else { return };
        total += count;
    }
    assert!(total == moved.len() || exhaustive() && total > 60, "{total}");
    // Guards leave nothing behind: only labels, annotations and entries of Alerts, and the moves.
    assert!(!String::from_utf8_lossy(&concat(&repo)).contains("guard[flux-move]"));
}

fn concat(repo: &Repo) -> Vec<u8> {
    repo.files().into_values().flatten().collect()
}
