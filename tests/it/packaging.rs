//! What people install and what runs in their CI: archives and manifests of a release, the steps of
//! `action.yml`, the hooks of pre-commit.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{Repo, root};

fn yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::to_value(serde_yaml::from_str::<serde_yaml::Value>(&text).unwrap()).unwrap()
}

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_flux-codemod")
}

fn succeeds(command: &mut Command) -> Output {
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    done
}

/// An archive of this program, as `packaging/build` packs it.
fn packed(dist: &Path) -> PathBuf {
    let target = concat!(env!("CARGO_PKG_VERSION"), "_linux_amd64.tar.gz");
    // The program of the tests is large, and takes long to compress.
    let small = dist.join("program");
    std::fs::write(&small, format!("#!/bin/sh\nexec '{}' \"$@\"\n", program())).unwrap();
    std::fs::set_permissions(&small, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut build = Command::new(root().join("packaging/build"));
    succeeds(build.arg("--binary").arg(&small).arg("x86_64-unknown-linux-gnu").env("DIST", dist));
    dist.join(format!("flux-codemod_{target}"))
}

#[test]
fn an_archive_is_the_same_each_time_and_installers_find_what_is_in_it() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (archive, again) = (packed(first.path()), packed(second.path()));
    assert!(std::fs::read(&archive).unwrap() == std::fs::read(&again).unwrap(), "the same bytes");

    let listed = succeeds(Command::new("tar").arg("tzf").arg(&archive)).stdout;
    let listed = String::from_utf8(listed).unwrap();
    let called = |name: &str| listed.lines().filter(|path| path.rsplit('/').next() == Some(name)).count();
    // The Flux CLI takes the first file of this name, wherever it is.
    for name in ["flux-codemod", "flux-codemod.bash", "flux-codemod.1", "flux-codemod-next.1", "LICENSE-MIT"] {
        assert_eq!(called(name), 1, "{name} in {listed}");
    }
    succeeds(Command::new("sha256sum").arg("--check").arg("SHA256SUMS").current_dir(first.path()));

    let home = "https://github.com/team/flux-codemod";
    succeeds(Command::new(root().join("packaging/manifests")).arg(home).env("DIST", first.path()));
    let sums = std::fs::read_to_string(first.path().join("SHA256SUMS")).unwrap();
    let sum = sums.split(' ').next().unwrap();
    let plugin = yaml(&first.path().join("codemod.yaml"));
    let platform = &plugin["versions"][0]["platforms"][0];
    assert_eq!((&plugin["apiVersion"], &plugin["kind"]), (&"cli.fluxcd.io/v1beta1".into(), &"Plugin".into()));
    assert_eq!((&plugin["name"], &plugin["bin"]), (&"codemod".into(), &"flux-codemod".into()));
    assert_eq!((&platform["os"], &platform["arch"]), (&"linux".into(), &"amd64".into()));
    assert_eq!(platform["checksum"], format!("sha256:{sum}"));
    let name = archive.file_name().unwrap().to_str().unwrap();
    assert_eq!(platform["url"], format!("{home}/releases/download/v{}/{name}", env!("CARGO_PKG_VERSION")));
    let formula = std::fs::read_to_string(first.path().join("flux-codemod.rb")).unwrap();
    assert!(formula.contains(sum) && formula.contains(name), "{formula}");
    assert_eq!(yaml(&first.path().join("aqua.yaml"))["packages"][0]["repo_owner"], "team");
}

/// A runner of GitHub Actions that knows as much as `action.yml` needs: steps in bash, inputs, and a
/// `gh` that keeps the comments of one pull request in a file.
struct Runner {
    action: Value,
    inputs: BTreeMap<String, String>,
    place: tempfile::TempDir,
}

const GH: &str = r#"#!/usr/bin/env bash
echo "$*" >>"$RUNNER_TEMP/gh.log"
case "$*" in
  *"--method POST"*) [ ! -e "$RUNNER_TEMP/read-only" ] || exit 1 ;;&
  *"--method "*) last=${@: -1}; cp "${last#body=@}" "$RUNNER_TEMP/comment" ;;
  "api user"*) exit 1 ;;
  *"--paginate"*) [ ! -e "$RUNNER_TEMP/comment" ] || echo 4711 ;;
esac
"#;

impl Runner {
    fn new(inputs: &[(&str, &str)]) -> Runner {
        let action = yaml(&root().join("action.yml"));
        let place = tempfile::tempdir().unwrap();
        let gh = place.path().join("gh");
        std::fs::write(&gh, GH).unwrap();
        std::fs::set_permissions(&gh, std::fs::Permissions::from_mode(0o755)).unwrap();
        let defaults = action["inputs"].as_object().unwrap();
        let mut all: BTreeMap<String, String> = defaults
            .iter()
            .map(|(name, input)| (name.clone(), input["default"].as_str().unwrap_or_default().to_owned()))
            .collect();
        for (name, value) in inputs {
            assert!(all.insert((*name).to_owned(), (*value).to_owned()).is_some(), "{name} is an input");
        }
        Runner { action, inputs: all, place }
    }

    /// Runs a step: its exit code, and what it printed.
    fn step(&self, name: &str) -> (i32, String) {
        let steps = self.action["runs"]["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["name"] == name).unwrap();
        assert_eq!(step["shell"], "bash", "{name}");
        let mut command = Command::new("bash");
        let here = self.place.path();
        let path = format!("{}:{}", here.display(), std::env::var("PATH").unwrap());
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()]);
        command.env("PATH", path).env("GITHUB_ACTION_PATH", root()).env("RUNNER_TEMP", here);
        command.env("GITHUB_OUTPUT", here.join("output")).env("GITHUB_REPOSITORY", "team/home-ops");
        for (key, value) in step["env"].as_object().into_iter().flatten() {
            command.env(key, self.filled(value.as_str().unwrap()));
        }
        let done = command.output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    fn filled(&self, text: &str) -> String {
        let name = text.trim_start_matches("${{").trim_end_matches("}}").trim();
        match name.strip_prefix("inputs.") {
            Some(input) => self.inputs[input].clone(),
            None if name == "github.event.pull_request.number" => "7".to_owned(),
            None => panic!("what is {text}?"),
        }
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.place.path().join(name)).unwrap_or_default()
    }
}

#[test]
fn the_action_checks_and_keeps_one_comment() {
    let repo = Repo::copy_of(&root().join("golden/home-ops/before")).commit();
    let directory = repo.path().to_str().unwrap();
    let runner = Runner::new(&[("directory", directory), ("program", program()), ("sarif", "true")]);
    let (code, printed) = runner.step("Check");
    assert_eq!((code, runner.read("output")), (0, "check=1\ndoctor=1\n".to_owned()), "{printed}");
    assert!(printed.lines().all(|line| line.starts_with("::")), "annotations, and nothing else: {printed}");
    let report = runner.read("flux-codemod.md");
    assert!(report.starts_with("<!-- flux-codemod -->\n"), "{report}");
    let own = ["<!--", "<details>", "</details>"];
    let is_inside =
        |line: &str| line.is_empty() || line.starts_with("    ") || own.iter().any(|tag| line.starts_with(tag));
    assert!(report.lines().all(is_inside), "{report}");
    assert!(report.contains("\n    error[source-ref-missing]"), "{report}");
    for name in ["check", "doctor"] {
        let sarif: Value = serde_json::from_str(&runner.read(&format!("flux-codemod-sarif/{name}.sarif"))).unwrap();
        assert_eq!(sarif["version"], "2.1.0");
    }

    assert_eq!(runner.step("Comment"), (0, String::new()));
    assert!(runner.read("gh.log").contains("--method POST repos/team/home-ops/issues/7/comments"));
    assert_eq!(runner.step("Comment"), (0, String::new()));
    assert!(runner.read("gh.log").contains("--method PATCH repos/team/home-ops/issues/comments/4711"));
    assert_eq!(runner.read("comment"), report);
    let (code, said) = runner.step("Result");
    assert_eq!(code, 1, "{said}");
}

#[test]
fn an_error_of_the_program_or_of_the_token_is_told() {
    let nowhere = tempfile::tempdir().unwrap();
    let runner = Runner::new(&[("directory", nowhere.path().to_str().unwrap()), ("program", program())]);
    let (code, said) = runner.step("Check");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("flux-codemod check ended with 2"), "{said}");
    std::fs::write(runner.place.path().join("read-only"), "").unwrap();
    let (code, said) = runner.step("Comment");
    assert_eq!(code, 0, "a fork is no failure: {said}");
    assert!(said.starts_with("::warning::flux-codemod: no comment can be written"), "{said}");
}

#[test]
fn hooks_of_pre_commit_are_commands() {
    let repo = Repo::copy_of(&root().join("golden/home-ops/before")).commit();
    let hooks = yaml(&root().join(".pre-commit-hooks.yaml"));
    let hooks = hooks.as_array().unwrap();
    assert_eq!(hooks.len(), 2);
    for hook in hooks {
        let entry = hook["entry"].as_str().unwrap().strip_prefix("flux-codemod ").unwrap();
        let done = repo.run(&[entry]);
        assert_eq!(done.status, 1, "{entry}: {}", done.stderr);
    }
}
