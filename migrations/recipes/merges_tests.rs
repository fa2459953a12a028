//! Every order in which people can merge the stages of `external-dns-ga`, over two clusters on two
//! branches that apply an object in common: none leads to a controller that does not find the keys
//! it reads. `tests/it/lattice.rs` walks some of them with the program and git.

use std::collections::{BTreeMap, BTreeSet};

use super::{Gates, LIBRARY, Origin, RecipeMigration};
use crate::config::Settings;
use crate::flux::{View, on_all_cores};
use crate::plan::ClusterTree;
use crate::plan::{Migration, Unit, land, plan};
use crate::recipe::language::{Known, read};
use crate::repo::{Memory, RepoPath};

const OLD: &str = "external-dns.alpha.kubernetes.io/";
const NEW: &str = "external-dns.kubernetes.io/";
const CLUSTERS: [&str; 2] = ["edge", "main"];
/// What both clusters apply.
const SHARED: &str = "kubernetes/shared/ingress.yaml";

/// The files of a branch.
type Files = BTreeMap<String, String>;
/// The branches of both clusters.
type State = [Files; 2];

fn controller(cluster: &str) -> String {
    format!("kubernetes/{cluster}/apps/external-dns.yaml")
}

fn files() -> Files {
    let mut files = Files::new();
    let ingress = format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  namespace: web\n  annotations:\n    \
         {OLD}target: example.org\nspec: {{}}\n"
    );
    files.insert(SHARED.to_owned(), ingress);
    for cluster in CLUSTERS {
        let kustomization = |name: &str, path: &str| {
            format!(
                "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  \
                 namespace: flux-system\nspec:\n  interval: 1h\n  path: {path}\n  prune: true\n  sourceRef:\n    \
                 kind: GitRepository\n    name: flux-system\n"
            )
        };
        let entry = format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: flux-system\n  \
             namespace: flux-system\nspec:\n  interval: 1h\n  ref:\n    branch: {cluster}\n  url: https://example.org/ops.git\n{}",
            kustomization("flux-system", &format!("./kubernetes/{cluster}/flux"))
        );
        files.insert(format!("kubernetes/{cluster}/flux/flux-system/gotk-sync.yaml"), entry);
        let apps = kustomization("apps", &format!("./kubernetes/{cluster}/apps"));
        let all = apps + &kustomization("shared", "./kubernetes/shared");
        files.insert(format!("kubernetes/{cluster}/flux/apps.yaml"), all);
        let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: external-dns\n  \
                       namespace: network\nspec:\n  interval: 1h\n  chart:\n    spec:\n      chart: external-dns\n      \
                       version: 1.21.1\n      sourceRef:\n        kind: HelmRepository\n        name: external-dns\n  \
                       values:\n    policy: sync\n";
        files.insert(controller(cluster), release.to_owned());
    }
    files
}

fn view(files: &Files) -> View {
    View::of(Memory::tree(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))).unwrap()
}

/// The text behind a key of a release, as a reader with no YAML sees it.
fn stated<'f>(text: &'f str, key: &str) -> Option<&'f str> {
    text.lines().find_map(|line| line.trim().strip_prefix(key)?.trim().strip_prefix(':').map(str::trim))
}

/// The prefix that the controller of a cluster reads: 0.22 (chart 1.22) has the new one.
fn reads(files: &Files, cluster: &str) -> String {
    let release = &files[&controller(cluster)];
    let is_new = stated(release, "version") == Some("1.22.0");
    stated(release, "annotationPrefix").unwrap_or(if is_new { NEW } else { OLD }).to_owned()
}

/// A cluster whose controller reads a key that the object does not have.
fn blind(state: &State) -> Option<&'static str> {
    let is_blind = |at: usize| !state[at][SHARED].contains(&reads(&state[at], CLUSTERS[at]));
    (0..2).find(|at| is_blind(*at)).map(|at| CLUSTERS[at])
}

fn migration() -> RecipeMigration {
    let (name, text) = LIBRARY.iter().find(|(name, _)| *name == "external-dns-ga").unwrap();
    let recipe = read(name, text, &Known::NOTHING).unwrap();
    RecipeMigration::new(recipe, Origin::BuiltIn, None, BTreeSet::new())
}

/// The states that one merge leads to: of all units of one stage and lane into one branch, or of an
/// update of one controller that states its prefix.
fn merges(migration: &RecipeMigration, state: &State, asks: bool) -> Vec<(String, State)> {
    let tree = |at: usize| ClusterTree {
        cluster: Some(CLUSTERS[at]),
        from: format!("origin/{}", CLUSTERS[at]),
        is_followed: true,
        view: Ok(view(&state[at])),
    };
    let gates = if asks { migration.ask_gates(&[tree(0), tree(1)]) } else { Gates::open() };
    let migration = migration.with_gates(gates);
    let all: [&dyn Migration; 1] = [&migration];
    let mut next = Vec::new();
    for (at, cluster) in CLUSTERS.into_iter().enumerate() {
        let branch = view(&state[at]);
        let planned = plan(&branch, &all, &Settings::default(), None).unwrap();
        let mut groups: BTreeMap<(String, String), Vec<&Unit>> = BTreeMap::new();
        for unit in planned.units.iter().filter(|unit| unit.is_able()) {
            // What only the other cluster applies lands on the branch of that one.
            if unit.lane.clusters.contains(cluster) {
                groups.entry((unit.id.step.to_owned(), unit.lane.to_string())).or_default().push(unit);
            }
        }
        for ((stage, lane), units) in groups {
            let landed = land(&branch, &units, &all, &Settings::default()).unwrap();
            let mut new = state.clone();
            for (path, text) in &mut new[at] {
                let file = landed.view.tree().read(&RepoPath::new(path).unwrap()).unwrap().unwrap();
                *text = file.bytes.text().unwrap().to_owned();
            }
            if new != *state {
                next.push((format!("{stage} of {lane} into {cluster}"), new));
            }
        }
        let release = &state[at][&controller(cluster)];
        if release.contains("annotationPrefix") && release.contains("version: 1.21.1") {
            let mut new = state.clone();
            new[at].insert(controller(cluster), release.replace("version: 1.21.1", "version: 1.22.0"));
            next.push((format!("update of {cluster}"), new));
        }
    }
    next
}

/// All states that merges lead to, each with the merges on one way there; up to the first in which a
/// controller does not find its keys.
fn reachable(asks: bool) -> BTreeMap<State, Vec<String>> {
    let migration = migration();
    let mut seen = BTreeMap::from([([files(), files()], Vec::new())]);
    let mut open: Vec<State> = seen.keys().cloned().collect();
    while !open.is_empty() && !seen.keys().any(|state| blind(state).is_some()) {
        let next = on_all_cores(&open, |state| merges(&migration, state, asks));
        for (state, merges) in std::mem::take(&mut open).into_iter().zip(next) {
            let way = seen[&state].clone();
            for (merge, new) in merges {
                if !seen.contains_key(&new) {
                    seen.insert(new.clone(), way.iter().cloned().chain([merge]).collect());
                    open.push(new);
                }
            }
        }
    }
    seen
}

#[test]
fn no_order_of_merges_takes_keys_from_a_controller() {
    let states = reachable(true);
    for (state, way) in &states {
        assert_eq!(blind(state), None, "{way:#?}");
    }
    let is_done = |state: &&State| {
        let has = |text: &str| state.iter().any(|branch| branch[SHARED].contains(text));
        !has(OLD) && has(NEW) && CLUSTERS.iter().enumerate().all(|(at, name)| reads(&state[at], name) == NEW)
    };
    assert!(states.keys().any(|state| is_done(&state)), "all of it can land: {} states", states.len());
    assert!(states.len() > 20, "{} states", states.len());
}

#[test]
fn without_gates_some_order_does() {
    assert!(reachable(false).keys().any(|state| blind(state).is_some()));
}
