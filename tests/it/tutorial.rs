//! The tutorial, typed line by line into a shell.

use std::process::Command;

use crate::support::{Repo, root};

#[test]
fn the_tutorial_can_be_typed() {
    let page = std::fs::read_to_string(root().join("docs/tutorial.md")).unwrap();
    let blocks = page.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines: Vec<&str> = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(lines.len() > 20, "{lines:?}");
    let place = Repo::empty();
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_flux-codemod")).parent().unwrap().to_owned();
    // What was typed last is on the last line of standard error.
    let typed = |line: &&str| {
        // `diff` ends with 1 if there is one, and `branch` with 2 if it refuses.
        let may_end_with = if line.starts_with("flux-codemod ") { 2 } else { 0 };
        format!("echo {} >&2\n{line} || [ $? -le {may_end_with} ]\n", shlex::try_quote(line).unwrap())
    };
    let script: String = lines.iter().map(typed).collect();
    let mut shell = Command::new("bash");
    shell.args(["--noprofile", "--norc", "-euo", "pipefail", "-c", &script]).current_dir(place.path());
    shell.env("PATH", format!("{}:{}", programs.display(), std::env::var("PATH").unwrap()));
    shell.env("FLUX_CODEMOD_KUSTOMIZE", "none").env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = shell.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    for text in ["it has the commit", "waits for the new disk", "kubernetes/shared/components/gatus"] {
        assert!(out.contains(text) || err.contains(text), "no {text:?} in {out}{err}");
    }
    assert!(place.path().join("home-ops/report.html").is_file());
}
