//! `flux-operator`: the order of its stages, which nothing lifts, and what real Kustomize builds at each.

use std::collections::BTreeMap;
use std::path::Path;

use crate::kubectl::kustomize;
use crate::support::rounds::exhaustive;
use crate::support::{Repo, corpus_tree, root};
use serde::Deserialize;
use serde_yaml::Value;

const MAIN: &str = "kubernetes/main";
const INSTANCE: &str = "apps/flux-system/flux-instance/app/fluxinstance.yaml";

fn oci() -> Repo {
    Repo::copy_of(&root().join("golden/flux-operator-oci/before"))
}

fn gotk() -> Repo {
    Repo::copy_of(&root().join("golden/flux-operator-gotk/before"))
}

/// All of a migration, with everything that can be insisted on.
fn diff(repo: &Repo) -> String {
    repo.run_gated(&["diff", "flux-operator", "--review", "--no-gate"]).stdout
}

fn apply(repo: &Repo) {
    let run = repo.run_gated(&["apply", "flux-operator", "--review", "--no-gate", "--yes", "--here"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
}

pub(crate) fn commit(repo: &Repo, subject: &str) {
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--message", subject]);
}

fn has(repo: &Repo, path: &str) -> bool {
    repo.path().join(path).exists()
}

/// Whether a diff takes away what installs Flux.
fn removes(diff: &str) -> bool {
    diff.lines()
        .any(|line| line.starts_with('-') && (line.contains("flux-manifests") || line.contains("gotk-components")))
}

/// Whether a diff adds the FluxInstance.
fn adds(diff: &str) -> bool {
    diff.lines().any(|line| line == "+kind: FluxInstance")
}

#[test]
fn each_stage_waits_for_the_branch() {
    let repo = oci().commit();
    let first = diff(&repo);
    assert!(first.contains("+  deletionPolicy: Orphan") && first.contains("+  name: flux-operator"), "{first}");
    assert!(!adds(&first) && !removes(&first) && !first.contains("kind: FluxInstance"), "{first}");
    apply(&repo);
    assert_eq!(diff(&repo), "", "guard and operator are in the files, and not on the branch");
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    commit(&repo, "guard and operator");
    assert_eq!(diff(&repo), "", "they are on another branch");
    repo.git(&["branch", "--force", "main", "work"]);
    let second = diff(&repo);
    assert!(adds(&second) && !removes(&second), "{second}");
    apply(&repo);
    assert_eq!(diff(&repo), "", "the instance is in the files, and not on the branch");
    commit(&repo, "instance");
    assert_eq!(diff(&repo), "", "it is on another branch");
    repo.git(&["branch", "--force", "main", "work"]);
    let third = diff(&repo);
    assert!(removes(&third) && third.contains("+    - kind: FluxInstance"), "{third}");
    apply(&repo);
    assert!(!has(&repo, "kubernetes/main/flux/config/flux.yaml"));
    commit(&repo, "old one out");
    repo.git(&["branch", "--force", "main", "work"]);
    assert_eq!(diff(&repo), "");
    let list = repo.run_gated(&["list"]).stdout;
    assert!(list.contains("Flux 2.7.5"), "the FluxInstance states the version: {list}");
}

#[test]
fn a_chart_takes_over_as_an_object_does() {
    const RELEASE: &str = "kubernetes/main/apps/flux-system/flux-instance/app/helmrelease.yaml";
    let repo = oci();
    repo.write(".flux-codemod.yaml", "flux-operator: {instance: chart}\n");
    let repo = repo.commit();
    apply(&repo);
    commit(&repo, "guard and operator");
    apply(&repo);
    let release = repo.read(RELEASE);
    assert!(release.contains("helm.sh/resource-policy: keep"), "{release}");
    let unprotected = repo.run_gated(&["doctor"]).stdout;
    assert!(!unprotected.contains("flux-instance-unprotected"), "{unprotected}");
    assert_eq!(diff(&repo), "", "it is in the files, and not on the branch");
    // On the branch, and suspended.
    repo.write(RELEASE, release.replace("  interval: 1h\n", "  interval: 1h\n  suspend: true\n"));
    commit(&repo, "instance, suspended");
    assert!(!removes(&diff(&repo)), "a suspended release takes nothing over");
    repo.write(RELEASE, &release);
    commit(&repo, "instance");
    let plan = repo.run_gated(&["plan", "flux-operator", "--format", "markdown"]).stdout;
    assert!(!plan.contains("helm template"), "the instance is done: {plan}");
    assert!(removes(&diff(&repo)), "{}", diff(&repo));
    apply(&repo);
    commit(&repo, "old one out");
    assert_eq!(diff(&repo), "");
}

#[test]
fn the_runbook_renders_what_the_chart_makes() {
    let repo = Repo::copy_of(&root().join("golden/flux-operator-chart/before")).commit();
    let body = repo.run_gated(&["plan", "flux-operator", "--review", "--format", "markdown"]).stdout;
    for line in [
        "yq .spec.values kubernetes/main/apps/flux-system/flux-instance/app/helmrelease.yaml > values.yaml",
        "helm template flux-instance oci://ghcr.io/controlplaneio-fluxcd/charts/flux-instance --version 0.58.1",
        "flux-operator build instance --filename instance.yaml > new.yaml",
        "kubectl --namespace flux-system delete 'helmrelease,ocirepository' flux-instance",
    ] {
        assert!(body.contains(line), "{line} is not in\n{body}");
    }
}

/// Every verb that writes, with every flag that lifts something.
fn insists(repo: &Repo) {
    let all: [&[&str]; 7] = [
        &["apply", "flux-operator", "--review", "--no-gate", "--yes", "--here"],
        &["apply", "--review", "--no-gate", "--yes", "--here", "--allow-dirty"],
        &["branch", "flux-operator", "--review", "--no-gate"],
        &["branch", "flux-operator", "--review", "--no-gate", "--per", "phase"],
        &["branch", "flux-operator", "--review", "--no-gate", "--independent", "--on-edited", "replace"],
        &["branch", "flux-operator", "--review", "--no-gate", "--base", "main"],
        &[
            "apply",
            "flux-operator",
            "--review",
            "--no-gate",
            "--yes",
            "--here",
            "--path",
            "kubernetes/main/flux/config/flux.yaml",
        ],
    ];
    for arguments in all {
        repo.run_gated(arguments);
    }
}

/// No work tree and no branch is without what installs Flux.
#[track_caller]
fn keeps_the_old_one(repo: &Repo, file: &str) {
    assert!(has(repo, file), "the work tree");
    for branch in repo.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]).lines() {
        let files = repo.git(&["ls-tree", "-r", "--name-only", branch]);
        assert!(files.lines().any(|path| path == file), "{branch} has no {file}");
    }
}

#[test]
fn nothing_removes_the_old_installation_before_the_instance_is_live() {
    const OLD: &str = "kubernetes/main/flux/config/flux.yaml";
    let repo = oci().commit();
    insists(&repo);
    keeps_the_old_one(&repo, OLD);
    // Guard and operator are live, and no instance.
    commit(&repo, "guard and operator");
    insists(&repo);
    keeps_the_old_one(&repo, OLD);

    // Instance and operator are live, and no guard.
    let unguarded = oci().commit();
    apply(&unguarded);
    commit(&unguarded, "guard and operator");
    apply(&unguarded);
    let guarded = unguarded.read(OLD);
    unguarded.write(OLD, oci().read(OLD));
    commit(&unguarded, "instance, and the guard is gone");
    insists(&unguarded);
    keeps_the_old_one(&unguarded, OLD);
    let plan = unguarded.run_gated(&["plan", "flux-operator", "--format", "json"]).stdout;
    assert!(plan.contains("guard-not-live"), "{plan}");

    // Both are live, and the operator leaves the instance alone; then it has another version; then it is suspended.
    let path = format!("{MAIN}/{INSTANCE}");
    let instance = unguarded.read(&path);
    let mark = "    kustomize.toolkit.fluxcd.io/prune: disabled\n";
    let left_alone = instance.replace(mark, &format!("{mark}    fluxcd.controlplane.io/reconcile: disabled\n"));
    let flux = format!("{MAIN}/apps/flux-system/flux-instance/ks.yaml");
    let suspended = unguarded.read(&flux) + "  suspend: true\n";
    for (file, text) in
        [(&path, left_alone), (&path, instance.replace("version: 2.7.5", "version: 2.6.4")), (&flux, suspended)]
    {
        let repo = oci().commit();
        apply(&repo);
        commit(&repo, "guard and operator");
        apply(&repo);
        repo.write(file, &text);
        repo.write(OLD, &guarded);
        commit(&repo, "instance");
        insists(&repo);
        keeps_the_old_one(&repo, OLD);
    }
}

#[test]
fn without_git_nothing_is_taken_over() {
    let repo = oci();
    apply(&repo);
    let diff = diff(&repo);
    assert_eq!(diff, "", "the files prove nothing");
    assert!(has(&repo, "kubernetes/main/flux/config/flux.yaml") && !has(&repo, &format!("{MAIN}/{INSTANCE}")));
}

#[test]
fn without_a_section_nothing_is_pending() {
    let repo = oci();
    std::fs::remove_file(repo.path().join(".flux-codemod.yaml")).unwrap();
    let repo = repo.commit();
    assert_eq!(diff(&repo), "");
    let list = repo.run_gated(&["list"]).stdout;
    assert!(list.contains("installations of Flux: 1"), "{list}");
    let init = repo.run_gated(&["init"]);
    assert_eq!(init.status, 0, "{}", init.stderr);
    assert_eq!(diff(&repo), "", "what `init` writes asks for nothing");
}

/// Two clusters with the same installation; both follow `main`.
fn two() -> Repo {
    let repo = oci();
    let files: Vec<_> = repo.files().into_keys().filter(|path| path.starts_with(MAIN)).collect();
    for path in files {
        let (path, text) = (path.to_string_lossy().into_owned(), repo.read(&path.to_string_lossy()));
        repo.write(&path.replace("/main/", "/edge/"), text.replace("kubernetes/main", "kubernetes/edge"));
    }
    repo
}

#[test]
fn a_stage_waits_for_the_same_stage_of_the_earlier_cluster() {
    let repo = two().commit();
    let on = |repo: &Repo, cluster: &str| {
        let run = repo.run_gated(&["diff", "flux-operator", "--review", "--no-gate", "--cluster", cluster]);
        run.stdout
    };
    assert!(on(&repo, "edge").contains("kubernetes/edge"));
    assert_eq!(on(&repo, "main"), "", "edge comes first, and `--no-gate` lifts nothing");
    let plan = repo.run_gated(&["plan", "flux-operator", "--review", "--no-gate", "--format", "json"]).stdout;
    assert!(plan.contains("earlier-cluster-first"), "{plan}");
    repo.run_gated(&["apply", "flux-operator", "--review", "--cluster", "edge", "--yes", "--here"]);
    commit(&repo, "edge: guard and operator");
    assert!(on(&repo, "main").contains("deletionPolicy: Orphan"), "its guard may follow");
    apply(&repo);
    commit(&repo, "edge: instance; main: guard and operator");
    assert!(!adds(&repo.read("kubernetes/main/apps/flux-system/kustomization.yaml")));
    assert!(adds(&on(&repo, "main")), "the instance of edge is on the branch");
    repo.write(".flux-codemod.yaml", "flux-operator: {promotion: off}\n");
    let alone = two();
    alone.write(".flux-codemod.yaml", "flux-operator: {promotion: off}\n");
    let alone = alone.commit();
    assert!(on(&alone, "main").contains("deletionPolicy: Orphan"), "`promotion: off` lifts it");
}

/// Kind and name of each object that a directory builds.
pub(crate) fn built(dir: &Path) -> Option<BTreeMap<(String, String), Value>> {
    let text = kustomize(dir)?.unwrap();
    let object = |document| Value::deserialize(document).unwrap();
    let named = |object: Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        ((text(&object["kind"]), text(&object["metadata"]["name"])), object)
    };
    Some(serde_yaml::Deserializer::from_str(&text).map(object).map(named).collect())
}

#[test]
fn kustomize_builds_of_gotk_what_is_meant_at_each_stage() {
    const DIR: &str = "clusters/home/flux-system";
    let repo = gotk().commit();
    let Some(before) = built(&repo.path().join(DIR)) else { return };
    apply(&repo);
    let guarded = built(&repo.path().join(DIR)).unwrap();
    for (key, object) in &guarded {
        let mut object = object.clone();
        let is_flux = before[key]["metadata"]["labels"]["app.kubernetes.io/part-of"] == "flux";
        let metadata = object["metadata"].as_mapping_mut().unwrap();
        let annotations = metadata.remove("annotations");
        let mark = annotations.as_ref().map(|all| all["kustomize.toolkit.fluxcd.io/prune"] == "disabled");
        assert_eq!(mark, is_flux.then_some(true), "{key:?}");
        assert_eq!(object, before[key], "nothing else changes, pod templates least of all");
    }
    commit(&repo, "guard and operator");
    apply(&repo);
    commit(&repo, "instance");
    apply(&repo);
    let after = built(&repo.path().join(DIR)).unwrap();
    let kept: Vec<_> = after.keys().map(|(kind, name)| format!("{kind} {name}")).collect();
    assert_eq!(kept, ["GitRepository flux-system", "Kustomization flux-system"]);
    for (key, object) in after {
        assert_eq!(object, before[&key], "what Flux starts with stays as it is");
    }
    assert!(built(&repo.path().join("apps")).is_some());
}

/// Writes a directory with controllers and patches, and builds it; namespaces do not count.
fn patched(repo: &Repo, dir: &str, namespace: Option<&str>, patches: &Value) -> Option<Vec<Value>> {
    let mut objects = String::new();
    for name in ["source-controller", "kustomize-controller", "helm-controller", "notification-controller"] {
        let namespace = namespace.map(|namespace| format!(", namespace: {namespace}")).unwrap_or_default();
        objects.push_str(&format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}{namespace}}}\nspec: {{template: {{spec: \
             {{containers: [{{name: manager, args: [--log-level=info]}}]}}}}}}\n"
        ));
    }
    objects.push_str("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: allow-egress}\n");
    repo.write(&format!("{dir}/objects.yaml"), objects);
    let patches = serde_yaml::to_string(patches).unwrap();
    let patches: String = patches.lines().map(|line| format!("  {line}\n")).collect();
    repo.write(&format!("{dir}/kustomization.yaml"), format!("resources: [objects.yaml]\npatches:\n{patches}"));
    let mut built: Vec<Value> = built(&repo.path().join(dir))?.into_values().collect();
    built.iter_mut().for_each(|object| drop(object["metadata"].as_mapping_mut().unwrap().remove("namespace")));
    Some(built)
}

#[test]
fn kustomize_patches_controllers_of_the_instance_as_today() {
    let repo = oci().commit();
    let today = repo.read("kubernetes/main/flux/config/flux.yaml");
    let today = serde_yaml::Deserializer::from_str(&today).map(|one| Value::deserialize(one).unwrap()).nth(1).unwrap();
    apply(&repo);
    commit(&repo, "guard and operator");
    apply(&repo);
    let instance: Value = serde_yaml::from_str(&repo.read(&format!("{MAIN}/{INSTANCE}"))).unwrap();
    assert_eq!(instance["spec"]["cluster"]["networkPolicy"], Value::Bool(false));
    let Some(before) = patched(&repo, "today", Some("flux-system"), &today["spec"]["patches"]) else { return };
    let after = patched(&repo, "then", None, &instance["spec"]["kustomize"]["patches"]).unwrap();
    // The operator leaves the NetworkPolicies out.
    let after: Vec<Value> = after.into_iter().filter(|object| object["kind"] != "NetworkPolicy").collect();
    assert_eq!(before.len(), 4);
    assert_eq!(before, after);
    assert_ne!(before[0], patched(&repo, "none", None, &Value::Sequence(Vec::new())).unwrap()[0], "they do something");
}

/// The tree of the golden case of `sync: adopt`: the old installation is out, and the root is guarded.
fn adopting() -> Repo {
    Repo::copy_of(&root().join("golden/flux-operator-adopt/before"))
}

const ROOT: &str = "kubernetes/main/flux/config/cluster.yaml";

#[test]
fn the_root_waits_for_the_branch() {
    let goes = |diff: &str| diff.contains(&format!("--- a/{ROOT}"));
    let repo = adopting().commit();
    let first = diff(&repo);
    assert!(first.contains("+    ref: refs/heads/main") && !goes(&first), "{first}");
    insists(&repo);
    keeps_the_old_one(&repo, ROOT);
    assert!(!goes(&diff(&repo)), "`sync` is in the files, and not on the branch");
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    commit(&repo, "sync");
    assert!(!goes(&diff(&repo)), "it is on another branch");
    repo.git(&["branch", "--force", "main", "work"]);
    assert!(goes(&diff(&repo)));

    // Without the guard it stays, and so it does where somebody has changed what the operator makes.
    let path = format!("{MAIN}/{INSTANCE}");
    for (file, from, to) in [
        (ROOT, "  deletionPolicy: Orphan\n", ""),
        (&*path, "    ref: refs/heads/main\n", "    ref: refs/heads/other\n"),
        (&*path, "            path: /spec/decryption\n", "            path: /spec/other\n"),
    ] {
        let text = repo.read(file);
        assert!(text.contains(from), "{file}: {text}");
        repo.write(file, text.replace(from, to));
        commit(&repo, "changed");
        repo.git(&["branch", "--force", "main", "work"]);
        insists(&repo);
        keeps_the_old_one(&repo, ROOT);
        repo.write(file, text);
        commit(&repo, "as it was");
        repo.git(&["branch", "--force", "main", "work"]);
    }
    apply(&repo);
    assert!(!has(&repo, ROOT) && !has(&repo, "kubernetes/main/flux/config/kustomization.yaml"));
    commit(&repo, "root out");
    repo.git(&["branch", "--force", "main", "work"]);
    assert_eq!(diff(&repo), "");
    let list = repo.run_gated(&["list"]).stdout;
    assert!(list.contains("Flux 2.7.5") && list.contains("branch main"), "the FluxInstance is the cluster: {list}");
}

#[test]
fn without_git_no_root_goes() {
    let repo = adopting();
    apply(&repo);
    assert_eq!(diff(&repo), "", "the files prove nothing");
    assert!(has(&repo, ROOT));
}

/// What is expected of haynes-ops: `specification, section 9`.
#[test]
fn haynes_ops_gets_what_is_expected() {
    for (tree, version, controllers) in [("haynes-ops/before", "2.7.5", 6), ("haynes-ops-2026-08/main", "2.9.4", 7)] {
        let Some(from) = corpus_tree(tree) else { continue };
        let repo = Repo::copy_of(&from);
        repo.write(".flux-codemod.yaml", "flux-operator: {promotion: off}\n");
        let repo = repo.commit();
        // Both clusters at the same commit; edge follows a branch of its own.
        repo.git(&["branch", "edge"]);
        let plan = repo.run_gated(&["plan", "flux-operator", "--review", "--no-gate", "--format", "json"]).stdout;
        let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
        let units: Vec<_> = plan["units"].as_array().unwrap().iter().filter(|unit| unit["lane"] == "main").collect();
        let touched = |step: &str| {
            let of_step = units.iter().filter(|unit| unit["step"] == step);
            of_step.map(|unit| unit["touches"].as_array().unwrap().len()).collect::<Vec<_>>()
        };
        let expected: [(&str, &[usize]); 5] =
            [("guard", &[1]), ("operator", &[5]), ("instance", &[4]), ("remove", &[2]), ("alert", &[1])];
        for (step, expected) in expected {
            assert_eq!(touched(step), expected, "{tree}: {step}");
        }
        let title = units.iter().find(|unit| unit["step"] == "instance").unwrap()["title"].as_str().unwrap();
        assert_eq!(
            title,
            format!(
                "FluxInstance {version} takes over: {controllers} controllers, 3 of 4 patches carried, without NetworkPolicies"
            )
        );
    }
}

/// The whole way of haynes-ops with `sync: adopt`: stage by stage, each once the branch has the one before. It takes
/// minutes, and the golden cases have the same stages.
#[test]
fn haynes_ops_is_adopted() {
    if !exhaustive() {
        eprintln!("SKIPPED: FLUX_CODEMOD_EXHAUSTIVE is not set");
        return;
    }
    let Some(from) = corpus_tree("haynes-ops-2026-08/main") else { return };
    let repo = Repo::copy_of(&from);
    repo.write(".flux-codemod.yaml", "flux-operator: {promotion: off, sync: adopt}\n");
    let repo = repo.commit();
    repo.git(&["branch", "edge"]);
    let main = ["--cluster", "main"];
    let mut stages = Vec::new();
    for _ in 0..7 {
        let plan = repo
            .run_gated(&[&["plan", "flux-operator", "--review", "--no-gate", "--format", "json"], &main[..]].concat())
            .stdout;
        let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
        let units = plan["units"].as_array().unwrap().iter();
        let now = units.filter(|unit| unit["chosen"] == true && unit["lane"] == "main");
        let now: Vec<_> = now.map(|unit| unit["step"].as_str().unwrap().to_owned()).collect();
        if now.is_empty() {
            break;
        }
        stages.push(now);
        let all = ["apply", "flux-operator", "--review", "--no-gate", "--yes", "--here"];
        assert_eq!(repo.run_gated(&[&all, &main[..]].concat()).status, 0);
        commit(&repo, "a stage");
    }
    let expected: [&[&str]; 6] =
        [&["guard", "operator"], &["instance"], &["alert", "remove"], &["sync-guard"], &["sync"], &["sync-out"]];
    stages.iter_mut().for_each(|stage| stage.sort());
    assert_eq!(stages, expected);
    assert!(!has(&repo, ROOT));
    let instance: Value = serde_yaml::from_str(&repo.read(&format!("{MAIN}/{INSTANCE}"))).unwrap();
    assert_eq!(instance["spec"]["sync"]["name"], "haynes-ops");
    assert_eq!(instance["spec"]["kustomize"]["patches"].as_sequence().unwrap().len(), 5);
    let names_it = |path: &&str| {
        let bytes = std::fs::read(repo.path().join(path)).unwrap();
        String::from_utf8_lossy(&bytes).lines().any(|line| line.ends_with("name: cluster"))
    };
    let files = repo.git(&["ls-files", "--", "kubernetes/main"]);
    let naming: Vec<&str> = files.lines().filter(names_it).collect();
    assert_eq!(naming, [""; 0], "the Receiver names the new root");
}
