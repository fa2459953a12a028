//! Kustomize as judge at run time: what it finds that the native proof does not see is refused before anything is written.
#![cfg(unix)]

use std::process::Command;

use crate::support::{Repo, Run, corpus, program, root, unfolded};
use serde_json::{Value, json};

const ONLY: &str = "kubernetes/main/apps/only/app";
const NESTED: &str = "kubernetes/main/apps/nested/app";

fn repo() -> Repo {
    Repo::copy_of(&root().join("golden/components-switch/before"))
}

/// A kustomize that does what the `fake.sh` of a directory says.
fn fake() -> String {
    root().join("tests/kustomize/fake").display().to_string()
}

fn run(repo: &Repo, args: &[&str], change: impl Fn(&mut Command)) -> Run {
    let mut command = program();
    command.arg("-C").arg(repo.path()).args(args);
    change(&mut command);
    Run::of(command.output().unwrap())
}

fn judged_by(repo: &Repo, kustomize: &str, args: &[&str]) -> Run {
    run(repo, &[args, &["--kustomize", kustomize]].concat(), |_| {})
}

fn plan(repo: &Repo, kustomize: &str) -> Value {
    let run = judged_by(repo, kustomize, &["plan", "components", "--review", "--format", "json"]);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr))
}

/// The consumers that the judge has refused, with what is said of each.
fn refused(plan: &Value) -> Vec<(&str, &str)> {
    let units = plan["units"].as_array().unwrap().iter().filter(|unit| unit["safety"] == "refused");
    units
        .filter_map(|unit| {
            let findings = unit["findings"].as_array().unwrap();
            let own = findings.iter().find(|finding| finding["code"] == "build-differs")?;
            Some((unit["subject"]["path"].as_str().unwrap(), own["message"].as_str().unwrap()))
        })
        .collect()
}

fn verdict<'p>(plan: &'p Value, name: &str) -> &'p Value {
    let builds = plan["judged"]["builds"].as_array().unwrap();
    builds.iter().find(|build| build["name"] == name).unwrap_or_else(|| panic!("{name} is not judged: {builds:?}"))
}

/// A ConfigMap that says what the kustomization file says.
const SHOWS_ITSELF: &str = "printf '{apiVersion: v1, kind: ConfigMap, metadata: {name: shown, namespace: home}, data: {text: \"%s\"}}' \
                            \"$(grep -c components \"$dir/kustomization.yaml\")\"\n";

#[test]
fn a_surprise_is_refused_and_nothing_of_it_is_written() {
    let repo = repo();
    repo.write(&format!("{ONLY}/fake.sh"), SHOWS_ITSELF);
    let repo = repo.commit();
    let plan = plan(&repo, &fake());
    let path = format!("{ONLY}/kustomization.yaml");
    let message =
        "flux-system/only on main would not build the same: ConfigMap home/shown would be different (kustomize v9.9.9)";
    assert_eq!(refused(&plan), [(path.as_str(), message)]);
    assert_eq!(plan["judged"]["by"], "kustomize v9.9.9");
    assert_eq!(verdict(&plan, "flux-system/both")["verdict"], "same");

    let before = repo.read(&path);
    let apply = judged_by(&repo, &fake(), &["apply", "components", "--review"]);
    assert_eq!(apply.status, 1, "{}", apply.stderr);
    assert_eq!(repo.read(&path), before);
    assert!(repo.read("kubernetes/main/apps/both/app/kustomization.yaml").contains("components:"));
    assert!(repo.path().join("kubernetes/shared/templates/probe/outside").is_dir(), "it is still needed");
}

#[test]
fn who_is_to_blame_of_several() {
    let repo = repo();
    let both = "grep -q components \"$dir/b/kustomization.yaml\" && \
                echo '{apiVersion: v1, kind: Secret, metadata: {name: leaked}}'; true\n";
    repo.write(&format!("{NESTED}/fake.sh"), both);
    let plan = plan(&repo, &fake());
    let refused = refused(&plan);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].0, format!("{NESTED}/b/kustomization.yaml"));
    assert!(refused[0].1.contains("Secret leaked would be added"), "{refused:?}");
    assert_eq!(verdict(&plan, "flux-system/nested")["verdict"], "same", "of what is left");
}

/// All of it builds the same, a part of it does not: nothing is written of the part.
#[test]
fn a_part_is_judged_by_itself() {
    let repo = repo();
    let one_of_two = "if [ \"$(cat \"$dir\"/a/*.yaml \"$dir\"/b/*.yaml | grep -c components:)\" = 1 ]; then\n\
                      echo '{apiVersion: v1, kind: Secret, metadata: {name: half}}'; fi\n";
    repo.write(&format!("{NESTED}/fake.sh"), one_of_two);
    let repo = repo.commit();
    assert_eq!(refused(&plan(&repo, &fake())), []);
    let part = ["apply", "components", "--path", &format!("{NESTED}/a/kustomization.yaml")];
    let apply = judged_by(&repo, &fake(), &part);
    assert_eq!(apply.status, 2);
    let stderr = unfolded(&apply.stderr);
    assert!(
        stderr.contains("flux-system/nested on main would not build the same: Secret half would be added"),
        "{stderr}"
    );
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    assert_eq!(judged_by(&repo, "none", &part).status, 0, "natively it is the same");
}

#[test]
fn what_cannot_be_told_is_said() {
    let repo = repo();
    repo.write(&format!("{ONLY}/fake.sh"), "echo Error: it never did >&2; exit 1\n");
    let path = format!("{NESTED}/kustomization.yaml");
    let remote = repo.read(&path).replace("  - ./a\n", "  - ./a\n  - https://git.example.org/x.yaml\n");
    repo.write(&path, remote);
    let plan = plan(&repo, &fake());
    assert_eq!(refused(&plan), []);
    assert_eq!(verdict(&plan, "flux-system/nested")["verdict"], "unknown");
    let notes: Vec<_> =
        plan["findings"].as_array().unwrap().iter().filter(|note| note["code"] == "build-not-compared").collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes.iter().any(|note| note["message"].as_str().unwrap().contains("https://git.example.org/x.yaml")));
    assert!(notes.iter().all(|note| note["path"].as_str().unwrap().ends_with("ks.yaml")), "{notes:?}");
}

#[test]
fn who_judges() {
    let repo = repo();
    let text = |run: Run| unfolded(&run.stdout);
    let shown = text(judged_by(&repo, &fake(), &["plan", "components"]));
    assert!(shown.contains("kustomize v9.9.9: 6 of 6 Flux Kustomizations build the same"), "{shown}");
    let natively = "builds are compared by flux-codemod alone";
    assert!(text(judged_by(&repo, "none", &["plan", "components"])).contains(natively));
    // Nothing on the PATH; then something that is named by the environment, and by the option, which counts more.
    let nowhere = tempfile::tempdir().unwrap();
    let alone = run(&repo, &["plan", "components"], |command| {
        command.env("PATH", nowhere.path()).env_remove("FLUX_CODEMOD_KUSTOMIZE");
    });
    assert!(text(alone).contains(natively));
    let on_path = run(&repo, &["plan", "components"], |command| {
        std::os::unix::fs::symlink(fake(), nowhere.path().join("kustomize")).unwrap();
        let path = format!("{}:{}", nowhere.path().display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env_remove("FLUX_CODEMOD_KUSTOMIZE");
    });
    assert!(text(on_path).contains("kustomize v9.9.9: "));
    let wrong = |args: &[&str], variable: &str| {
        let run = run(&repo, args, |command| {
            command.env("FLUX_CODEMOD_KUSTOMIZE", variable);
        });
        (run.status, unfolded(&run.stderr))
    };
    let (status, stderr) = wrong(&["diff", "components"], "/no/such");
    assert!(status == 2 && stderr.starts_with("error: FLUX_CODEMOD_KUSTOMIZE: /no/such cannot be run"), "{stderr}");
    let (status, stderr) = wrong(&["plan", "chart-ref", "--kustomize", "/bin/echo"], "none");
    assert!(status == 2 && stderr.starts_with("error: --kustomize: /bin/echo is neither"), "{stderr}");
    // Other migrations are not judged, and say nothing of it.
    let other = judged_by(&Repo::example(), &fake(), &["plan", "chart-ref", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&other.stdout).unwrap().get("judged"), None);
}

/// What no stage of the native proof knows: Kustomize writes where each object comes from into it.
#[test]
fn kustomize_itself_sees_what_the_native_proof_does_not() {
    let Some(kubectl) = crate::kubectl::kubectl() else { return };
    let repo = repo();
    let path = format!("{ONLY}/kustomization.yaml");
    repo.write(&path, format!("{}buildMetadata: [originAnnotations]\n", repo.read(&path)));
    assert_eq!(refused(&plan(&repo, "none")), []);
    let plan = plan(&repo, &kubectl.display().to_string());
    let refused = refused(&plan);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].0, path);
    assert_eq!(plan["judged"]["same"], json!(5));
}

#[test]
fn haynes_ops_builds_the_same() {
    let (Some(corpus), Some(kubectl)) = (corpus(), crate::kubectl::kubectl()) else { return };
    let repo = Repo::copy_of(&corpus.join("haynes-ops/before"));
    let plan = plan(&repo, &kubectl.display().to_string());
    assert_eq!(refused(&plan), []);
    assert!(plan["judged"]["by"].as_str().unwrap().starts_with("kubectl kustomize v"));
    let builds = plan["judged"]["builds"].as_array().unwrap();
    assert!(builds.len() > 20 && builds.iter().all(|build| build["verdict"] == "same"), "{builds:?}");
}
