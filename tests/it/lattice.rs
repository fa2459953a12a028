//! `external-dns-ga` on two clusters, in every order of merges: whatever is merged when, and whoever bumps
//! the controller in between, no controller ever looks for keys that are not there
//! (`docs/hazards.md#r14`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::Repo;
use crate::support::rounds::{Numbers, exhaustive};

const OLD: &str = "external-dns.alpha.kubernetes.io/hostname";
const NEW: &str = "external-dns.kubernetes.io/hostname";
const CLUSTERS: [&str; 2] = ["edge", "main"];

fn write(repo: &Repo, cluster: &str) {
    repo.write(
        &format!("kubernetes/{cluster}/flux/cluster.yaml"),
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {{name: home, namespace: flux-system}}
spec: {{url: https://git.example.org/home, ref: {{branch: {cluster}}}}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {cluster}, namespace: flux-system}}
spec:
  path: ./kubernetes/{cluster}
  prune: true
  sourceRef: {{kind: GitRepository, name: home}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {{name: external-dns, namespace: flux-system}}
spec: {{url: https://charts.example.org/external-dns}}
"
        ),
    );
    repo.write(
        &format!("kubernetes/{cluster}/dns.yaml"),
        "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: external-dns
  namespace: network
spec:
  interval: 30m
  chart:
    spec:
      chart: external-dns
      version: 1.21.0
      sourceRef:
        kind: HelmRepository
        name: external-dns
        namespace: flux-system
  values:
    policy: sync
",
    );
    for (name, kind, version) in [("web", "Service", "v1"), ("films", "Ingress", "networking.k8s.io/v1")] {
        repo.write(
            &format!("kubernetes/{cluster}/{name}.yaml"),
            format!(
                "apiVersion: {version}
kind: {kind}
metadata:
  name: {name}
  namespace: network
  annotations:
    {OLD}: {name}.example.org # its record
spec: {{}}
"
            ),
        );
    }
}

fn repository() -> Repo {
    let repo = Repo::empty();
    CLUSTERS.iter().for_each(|cluster| write(&repo, cluster));
    let repo = repo.commit();
    repo.git(&["checkout", "--quiet", "-b", "start"]);
    repo.git(&["branch", "edge"]);
    repo
}

fn read(repo: &Repo, cluster: &str, file: &str) -> Value {
    let text = repo.git(&["show", &format!("{cluster}:kubernetes/{cluster}/{file}.yaml")]);
    serde_json::to_value(serde_yaml::from_str::<serde_yaml::Value>(&text).unwrap()).unwrap()
}

/// What a controller reads is there, on each cluster.
fn is_sound(repo: &Repo, said: &[String]) {
    for cluster in CLUSTERS {
        let dns = read(repo, cluster, "dns");
        let is_new = dns["spec"]["chart"]["spec"]["version"] != "1.21.0";
        let own = if is_new { "external-dns.kubernetes.io/" } else { "external-dns.alpha.kubernetes.io/" };
        let prefix = dns["spec"]["values"]["annotationPrefix"].as_str().unwrap_or(own);
        for name in ["web", "films"] {
            let annotations = &read(repo, cluster, name)["metadata"]["annotations"];
            let value = &annotations[format!("{prefix}hostname")];
            assert_eq!(
                value,
                &format!("{name}.example.org"),
                "{cluster} reads {prefix}, and {annotations} has not: {said:#?}"
            );
        }
    }
}

/// What somebody can do now, each as what is said of it and the branch that is moved to what.
fn choices(repo: &Repo) -> BTreeMap<String, (&'static str, String)> {
    let made = repo.run_gated(&["branch", "external-dns-ga", "--review"]);
    assert!(made.status == 0, "{}{}", made.stdout, made.stderr);
    let mut choices = BTreeMap::new();
    for cluster in CLUSTERS {
        let below = format!("refs/heads/flux-codemod/{cluster}/");
        for branch in repo.git(&["for-each-ref", "--format=%(refname)", &below]).lines() {
            // Any of a stack, with those below it.
            choices.insert(format!("merge {branch}"), (cluster, branch.to_owned()));
        }
        let dns = read(repo, cluster, "dns");
        let is_pinned = dns["spec"]["values"]["annotationPrefix"].is_string();
        if is_pinned && dns["spec"]["chart"]["spec"]["version"] == "1.21.0" {
            choices.insert(format!("bump {cluster}"), (cluster, String::new()));
        }
    }
    if !repo.git(&["log", "--format=%h", "main..edge"]).is_empty() {
        choices.insert("merge edge into main".to_owned(), ("main", "edge".to_owned()));
    }
    choices
}

fn commit(repo: &Repo, tree: &str, parents: &[&str]) -> String {
    let parents = parents.iter().flat_map(|parent| ["-p", parent]);
    let arguments: Vec<&str> = ["commit-tree", tree, "-m", "a step"].into_iter().chain(parents).collect();
    repo.git(&arguments).trim().to_owned()
}

fn act(repo: &Repo, said: &str, cluster: &str, branch: &str) {
    let tip = if said.starts_with("bump") {
        let (file, index) = (format!("kubernetes/{cluster}/dns.yaml"), repo.path().join(".git/other-index"));
        let text = repo.git(&["show", &format!("{cluster}:{file}")]).replace("version: 1.21.0", "version: 1.22.0");
        repo.write(".git/bumped", text);
        let blob = repo.git(&["hash-object", "-w", ".git/bumped"]);
        let git = |arguments: &[&str]| {
            let mut git = std::process::Command::new("git");
            let done = git.args(arguments).current_dir(repo.path()).env("GIT_INDEX_FILE", &index).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8(done.stdout).unwrap().trim().to_owned()
        };
        git(&["read-tree", cluster]);
        git(&["update-index", "--cacheinfo", &format!("100644,{},{file}", blob.trim())]);
        commit(repo, &git(&["write-tree"]), &[cluster])
    } else {
        let tree = repo.git(&["merge-tree", "--write-tree", cluster, branch]);
        commit(repo, tree.trim(), &[cluster, branch])
    };
    repo.git(&["branch", "--force", cluster, &tip]);
}

/// One order: until nobody can do anything any more.
fn walk(numbers: &mut Numbers) -> Vec<String> {
    let repo = repository();
    let mut said: Vec<String> = Vec::new();
    for _ in 0..40 {
        let choices = choices(&repo);
        let names: Vec<&String> = choices.keys().collect();
        let Some(name) = names.get(usize::try_from(numbers.below(names.len().max(1) as u64)).unwrap()) else { break };
        let (cluster, branch) = &choices[*name];
        said.push((*name).clone());
        act(&repo, name, cluster, branch);
        is_sound(&repo, &said);
    }
    for cluster in CLUSTERS {
        let annotations = &read(&repo, cluster, "web")["metadata"]["annotations"];
        assert!(annotations[OLD].is_null() && annotations[NEW].is_string(), "{cluster} is not done: {said:#?}");
    }
    said
}

#[test]
fn no_order_of_merges_loses_a_key() {
    let mut numbers = Numbers::new();
    let walks: Vec<Vec<String>> = (0..if exhaustive() { 300 } else { 3 }).map(|_| walk(&mut numbers)).collect();
    assert!(walks.iter().all(|walk| walk.len() > 5), "{walks:#?}");
}

/// A merge that brings both steps at once is what the gates are against: a branch with it is never made.
#[test]
fn the_next_stage_is_not_stacked_on_the_one_before() {
    let repo = repository();
    let first: Vec<String> = choices(&repo).into_keys().collect();
    assert!(first.iter().all(|name| name.contains("/edge/external-dns-ga/expand-")), "{first:?}");
}
