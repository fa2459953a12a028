//! Kustomize as judge at run time: what it finds that the native proof does not see is refused
//! before anything is written.
#![cfg(unix)]

use std::process::Command;

use crate::support::rounds::exhaustive;
use crate::support::{Repo, Run, corpus, is_ignored, program, root, unfolded, ungated};
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

/// Has the fake build a directory by a script, which the kustomization must name to have it read.
fn by_script(repo: &Repo, dir: &str, script: &str) {
    repo.write(&format!("{dir}/fake.sh"), script);
    let file = format!("{dir}/kustomization.yaml");
    repo.write(&file, format!("{}crds: [fake.sh]\n", repo.read(&file)));
}

fn run(repo: &Repo, args: &[&str], change: impl Fn(&mut Command)) -> Run {
    let mut command = program();
    command.arg("-C").arg(repo.path()).args(ungated(args));
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
    by_script(&repo, ONLY, SHOWS_ITSELF);
    let repo = repo.commit();
    let plan = plan(&repo, &fake());
    let path = format!("{ONLY}/kustomization.yaml");
    let message =
        "flux-system/only on main would not build the same: ConfigMap home/shown would be different (kustomize v9.9.9)";
    assert_eq!(refused(&plan), [(path.as_str(), message)]);
    assert_eq!(plan["judged"]["by"], "kustomize v9.9.9");
    assert_eq!(verdict(&plan, "flux-system/both")["verdict"], "same");

    let before = repo.read(&path);
    let apply = judged_by(&repo, &fake(), &["apply", "components", "--here", "--review"]);
    assert_eq!(apply.status, 0, "{}", apply.stderr);
    assert_eq!(repo.read(&path), before);
    assert!(repo.read("kubernetes/main/apps/both/app/kustomization.yaml").contains("components:"));
    assert!(repo.path().join("kubernetes/shared/templates/probe/outside").is_dir(), "it is still needed");
}

#[test]
fn who_is_to_blame_of_several() {
    let repo = repo();
    let both = "grep -q components \"$dir/b/kustomization.yaml\" && \
                echo '{apiVersion: v1, kind: Secret, metadata: {name: leaked}}'; true\n";
    by_script(&repo, NESTED, both);
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
    by_script(&repo, NESTED, one_of_two);
    let repo = repo.commit();
    assert_eq!(refused(&plan(&repo, &fake())), []);
    let part = ["apply", "components", "--here", "--path", &format!("{NESTED}/a/kustomization.yaml")];
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
    by_script(&repo, ONLY, "echo Error: it never did >&2; exit 1\n");
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
    // Nothing on the PATH; then something that is named by the environment, and by the option,
    // which counts more.
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

/// What stands in a file is never shown, and no file outside of the tree is read.
#[test]
fn nothing_of_a_file_is_shown() {
    let Some(kubectl) = crate::kubectl::kubectl() else { return };
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("file"), "hunter2-outside").unwrap();
    let file = outside.path().join("file").display().to_string();
    let of_host = format!(
        "generators:\n- |-\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n  metadata: {{name: g}}\n\
         \x20 options: {{disableNameSuffixHash: true}}\n  files: [k={file}]\nreplacements:\n\
         - source: {{kind: ConfigMap, name: pre-g, fieldPath: data.k.z}}\n\
         \x20 targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [data.x]}}]\n"
    );
    let literal = "secretGenerator: [{name: s, literals: [hunter2withoutequals]}]\n".to_owned();
    let patch = "patches: [{patch: 'hunter2: [', target: {kind: ConfigMap}}]\n".to_owned();
    for (text, format) in [(of_host, "text"), (literal, "markdown"), (patch, "text")] {
        let repo = repo();
        let path = format!("{ONLY}/kustomization.yaml");
        repo.write(&path, format!("{}{text}", repo.read(&path)));
        let repo = repo.commit();
        if format == "markdown" || exhaustive() {
            let plan = plan(&repo, &kubectl.display().to_string());
            assert_eq!(verdict(&plan, "flux-system/only")["verdict"], "unknown", "{text}");
            assert!(!plan.to_string().contains("hunter2"), "{text}: {plan}");
        }
        let args = ["plan", "components", "--review", "--format", format];
        let run = judged_by(&repo, &kubectl.display().to_string(), &args);
        assert!(!format!("{}{}", run.stdout, run.stderr).contains("hunter2"), "{text}: {}", run.stdout);
    }
}

/// Its directories are private, and gone after a signal; after SIGKILL, at the next start.
#[test]
fn nothing_is_left_of_a_run_that_is_ended() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    let temporary = tempfile::tempdir().unwrap();
    let repo = repo();
    // It says which run of ours it belongs to: both trees are built, at about the same time.
    by_script(
        &repo,
        ONLY,
        &format!("touch {}/runs-in-$(basename $(dirname \"$HOME\"))\nexec sleep 300\n", temporary.path().display()),
    );
    let repo = repo.commit();
    let left = || -> Vec<_> {
        let entries = std::fs::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir()).collect()
    };
    for signal in ["INT", "TERM", "HUP", "KILL"] {
        if is_ignored(signal) {
            eprintln!("SKIPPED: SIG{signal} is ignored here");
            continue;
        }
        let mut command = program();
        command.arg("-C").arg(repo.path()).args(["plan", "components", "--kustomize", &fake()]);
        command.env("TMPDIR", temporary.path()).stdout(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        let is_built = |dir: &std::path::PathBuf| {
            temporary.path().join(format!("runs-in-{}", dir.file_name().unwrap().display())).exists()
        };
        while !left().iter().any(is_built) {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::sleep(Duration::from_millis(10));
        }
        for dir in left() {
            assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
        let killed = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let status = child.wait().unwrap();
        assert!(!status.success());
        assert_eq!(left().is_empty(), signal != "KILL", "{signal}: {:?}", left());
    }
    let mut next = program();
    next.arg("-C")
        .arg(repo.path())
        .args(["plan", "components", "--kustomize", "/bin/true"])
        .env("TMPDIR", temporary.path());
    next.output().unwrap();
    assert_eq!(left(), Vec::<std::path::PathBuf>::new());
}

/// `.` and an empty entry of the PATH would run what stands in the repository.
#[test]
fn programs_of_the_repository_are_not_run() {
    let repo = Repo::example();
    let ran = repo.path().join("ran");
    for name in ["git", "kustomize", "kubectl", "unshare", "setpriv"] {
        repo.write(name, format!("#!/bin/sh\ntouch {}\nexit 1\n", ran.display()));
        Command::new("chmod").arg("+x").arg(repo.path().join(name)).status().unwrap();
    }
    let repo = repo.commit();
    let path = format!(".::{}:", std::env::var("PATH").unwrap());
    for args in [&["branch", "chart-ref"][..], &["plan", "components"]] {
        let mut command = program();
        command.current_dir(repo.path()).args(args).env("PATH", &path).env_remove("FLUX_CODEMOD_KUSTOMIZE");
        command.output().unwrap();
        assert!(!repo.path().join("ran").exists(), "{args:?}");
    }
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

/// A selection has no more judged than it reaches, and what was judged once is not judged again.
#[test]
fn what_is_not_reached_or_known_is_not_built() {
    let repo = repo();
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("builds");
    let counts = place.path().join("kustomize");
    let script = std::fs::read_to_string(fake()).unwrap();
    let script = script.replace("for dir; do", &format!("echo built >>'{}'\nfor dir; do", log.display()));
    std::fs::write(&counts, script).unwrap();
    std::fs::set_permissions(&counts, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let builds = |cache: &str, args: &[&str]| {
        let _ = std::fs::remove_file(&log);
        let run = run(&repo, &[args, &["--kustomize", counts.to_str().unwrap()]].concat(), |command| {
            command.env("XDG_CACHE_HOME", cache);
        });
        assert!(run.status < 2, "{}", run.stderr);
        (std::fs::read_to_string(&log).unwrap_or_default().lines().count(), unfolded(&run.stdout))
    };
    let cache = place.path().join("cache").display().to_string();
    let part = ["plan", "components", "--path", &format!("{ONLY}/kustomization.yaml")];
    let (of_part, shown) = builds("/dev/null", &part);
    assert!(shown.contains("1 of 1 Flux Kustomization builds the same"), "{shown}");
    assert_eq!(of_part, 2, "before and after");
    let (of_all, shown) = builds(&cache, &["plan", "components"]);
    assert!(shown.contains("6 of 6 Flux Kustomizations build the same"), "{shown}");
    assert!(of_all > of_part, "{of_all}");
    assert_eq!(builds(&cache, &["plan", "components"]).0, 0, "nothing has changed");
    assert_eq!(builds(&cache, &part).0, 0);
    assert_eq!(builds(&cache, &["diff", "components"]).0, 0);
    // Another migration has nothing judged.
    assert_eq!(builds("/dev/null", &["plan", "chart-ref", "--cluster", "main"]).0, 0);
}
