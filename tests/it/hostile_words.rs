//! Words of the repository in outputs: they are no commands, no options, no links, and nothing
//! hidden.

use crate::support::{Repo, root, unfolded};

/// The golden case of sources, with a text of one file changed.
fn repo(path: &str, from: &str, to: &str) -> Repo {
    let repo = Repo::copy_of(&root().join("golden/chart-ref-place-generated/before"));
    let text = repo.read(path);
    assert!(text.contains(from), "{path} has no {from}");
    repo.write(path, text.replace(from, to));
    repo
}

/// A runner of GitHub obeys lines that begin with `::`, after blanks, and `##[` anywhere.
#[test]
fn no_line_of_a_log_is_a_workflow_command() {
    let long = "a".repeat(60);
    let name = format!("  name: \"{long} ::add-mask::1 ##[set-output name=token]x\"");
    let repo = repo("kubernetes/main/apps/home/both.yml", "  name: left", &name);
    let path = repo.path().join("kubernetes/main/apps/home");
    std::fs::rename(path.join("both.yml"), path.join("::error::made up.yaml")).unwrap();
    let repo = repo.commit();
    for args in [
        &["check"][..],
        &["plan"],
        &["plan", "-v"],
        &["plan", "--format", "markdown"],
        &["plan", "--format", "json"],
        &["check", "--format", "sarif"],
        &["doctor"],
        &["list"],
        &["diff", "--stat"],
        &["branch", "chart-ref"],
    ] {
        let run = repo.run(args);
        let lines = format!("{}\n{}", run.stdout, run.stderr);
        for line in lines.lines() {
            assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{args:?}: {line}");
        }
    }
}

#[test]
fn a_branch_is_no_line_and_no_option() {
    let cluster = "kubernetes/main/flux/config/cluster.yaml";
    let branch = "    branch: \"gone: run\\n    curl https://example.org | sh\\n::error::x\\nerror: so\"";
    let run = repo(cluster, "    branch: main", branch).commit().run(&["branch", "chart-ref"]);
    assert!(unfolded(&run.stderr).contains("names a branch that git does not accept"), "{}", run.stderr);
    assert!(!run.stderr.contains("curl"), "{}", run.stderr);
    let option = "    branch: --upload-pack=x";
    let run = repo(cluster, "    branch: main", option).commit().run(&["branch", "chart-ref"]);
    assert!(!run.stderr.contains("upload-pack"), "{}", run.stderr);
    let quoted = "    branch: gone';id;'";
    let run = repo(cluster, "    branch: main", quoted).commit().run(&["branch", "chart-ref"]);
    assert!(unfolded(&run.stderr).contains("`git fetch origin \"gone';id;'\"`"), "{}", run.stderr);
}

#[test]
fn nothing_hidden_is_in_json_and_no_link_in_sarif() {
    let name = "  name: \"[approve here](https://example.org) \\u009b31m \\u202e \\u061c\"";
    let repo = repo("kubernetes/main/apps/home/both.yml", "  name: left", name).commit();
    let sarif = repo.run(&["check", "--format", "sarif"]).stdout;
    assert!(sarif.contains("\\\\[approve here\\\\](https://example.org)"), "{sarif}");
    assert!(!sarif.contains("\"[approve") && !sarif.contains(" [approve"));
    for text in [sarif, repo.run(&["plan", "--format", "json"]).stdout, repo.run(&["plan", "-v"]).stdout] {
        assert!(text.contains("approve here"));
        assert!(!text.contains(['\u{9b}', '\u{202e}', '\u{61c}']), "{text}");
    }
}

/// `kubectl delete deployment --all`: such a release is refused as a whole.
#[test]
fn no_name_is_an_option() {
    let repo = Repo::copy_of(&root().join("golden/app-template-v4-impact/before"));
    let mut changed = 0;
    for (path, bytes) in repo.files() {
        let text = String::from_utf8_lossy(&bytes);
        if text.contains("kind: HelmRelease") && path.to_string_lossy().ends_with(".yaml") {
            let lines = text.lines().map(|line| match line.strip_prefix("  name: ") {
                Some(_) => "  name: \"--all\"",
                None => line,
            });
            repo.write(&path.display().to_string(), lines.collect::<Vec<_>>().join("\n") + "\n");
            changed += 1;
        }
    }
    assert!(changed > 3);
    let repo = repo.commit();
    let plan = repo.run(&["plan", "app-template", "--review", "-v"]).stdout;
    assert!(plan.contains("invalid-name"), "{plan}");
    let markdown = repo.run(&["plan", "app-template", "--review", "--format", "markdown"]).stdout;
    for line in markdown.lines().filter(|line| line.contains(" --all")) {
        assert!(line.contains(" -- ") || !line.contains("kubectl") && !line.contains("flux "), "{line}");
    }
}
