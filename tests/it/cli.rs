//! The command line from outside: standard output, standard error and exit status of every command,
//! one file a case in `tests/cli`. They show the migrations that `support::shown` says.
//!
//! `SNAPSHOTS=overwrite cargo test --test it -- cli::` writes the files; read them before you
//! commit them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::SystemTime;

use crate::support::shown::Shown;
use crate::support::{Repo, Run, root};
use serde_json::Value;

static SHOWN: LazyLock<Shown> = LazyLock::new(Shown::of_the_registry);

/// The program, with nothing of the environment that changes how wide or how colourful its output
/// is.
fn program() -> Command {
    let mut command = crate::support::program();
    for name in ["COLUMNS", "LINES", "CLICOLOR", "TERM", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    command
}

/// Runs a prepared program.
fn run(command: &mut Command) -> Run {
    let output = command.output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
    Run { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs the program in a directory.
fn run_in(dir: &Path, args: &[&str]) -> Run {
    run(program().arg("-C").arg(dir).args(args))
}

/// A temporary path is as long as the machine likes, so a message that holds one folds anywhere: it
/// is shown on one line.
fn without_place(text: &str, dir: &Path) -> String {
    let mut text = text.to_owned();
    let resolved = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    for path in [resolved.display().to_string(), dir.display().to_string()] {
        if text.contains(&path) {
            text = format!("{}\n", text.replace(&path, "[REPO]").trim_end().replace('\n', " "));
        }
    }
    text.replace('\u{1b}', "<ESC>")
}

/// Compares all that a run shows with the file of its case.
fn shows(case: &str, args: &[&str], dir: &Path, run: &Run) {
    let quoted = |arg: &&str| if arg.contains([' ', '*', '[']) { format!("'{arg}'") } else { (*arg).to_owned() };
    let args: String = args.iter().map(|arg| format!(" {}", quoted(arg))).collect();
    let shown = format!(
        "$ flux-codemod{}\n--- exit {}\n--- stdout\n{}--- stderr\n{}",
        without_place(&args, dir).trim_end(),
        run.status,
        without_place(&SHOWN.text(&run.stdout), dir),
        without_place(&SHOWN.text(&run.stderr), dir)
    );
    let file = root().join("tests/cli").join(format!("{case}.txt"));
    // Raw: the defaults take backslashes for those of Windows paths.
    snapbox::assert_data_eq!(shown, snapbox::Data::read_from(&file, None).raw());
}

/// Runs the program on a repository and compares all that it shows with the file of the case.
fn case(name: &str, repo: &Repo, args: &[&str]) -> Run {
    let run = run_in(repo.path(), args);
    shows(name, args, repo.path(), &run);
    run
}

/// A file of a release on app-template that nothing applies.
fn release(name: &str, version: &str) -> String {
    format!(
        "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: {name}\n  namespace: media\nspec:\n  \
         interval: 30m\n  chart:\n    spec:\n      chart: app-template\n      version: {version}\n      sourceRef:\n        \
         kind: HelmRepository\n        name: bjw-s\n        namespace: flux-system\n"
    )
}

/// A directory, not yet a git repository, with one release and its source.
fn small() -> Repo {
    let repo = Repo::empty();
    let source = std::fs::read(root().join("golden/home-ops/before/kubernetes/shared/repositories/helm/bjw-s.yaml"));
    repo.write("apps/plex/helmrelease.yaml", release("plex", "3.7.3"));
    repo.write("repositories/bjw-s.yaml", source.unwrap());
    repo
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

// Help.

#[test]
fn help() {
    let repo = Repo::empty();
    for (name, args) in [
        ("help", &["--help"][..]),
        ("help-plan", &["plan", "--help"]),
        ("help-diff", &["diff", "--help"]),
        ("help-apply", &["apply", "--help"]),
        ("no-arguments", &[]),
    ] {
        // Without `-C`: it would count as an argument.
        let run = run(program().current_dir(repo.path()).args(args));
        shows(name, args, repo.path(), &run);
    }
}

// The example.

#[test]
fn list() {
    assert_eq!(case("list", &Repo::two_clusters(), &["list"]).status, 0);
}

#[test]
fn plan() {
    let repo = Repo::two_clusters();
    let plan = case("plan", &repo, &["plan"]);
    assert_eq!((plan.status, plan.stdout.lines().count() <= 28), (0, true), "it is taken in at a glance");
    case("plan-verbose", &repo, &["plan", "-v"]);
    assert_eq!(run_in(repo.path(), &["plan", "-q"]).stdout, "51 held, 7 refused\n");
    let no_body = run_in(repo.path(), &["plan", "--per", "phase"]);
    assert_eq!((no_body.status, no_body.stdout.is_empty()), (2, true));
    assert!(no_body.stderr.contains("add --format markdown"), "{}", no_body.stderr);
    case("plan-cluster", &repo, &["plan", "--cluster", "edge", "-v"]);
    case("plan-release", &repo, &["plan", "--release", "media/jellyfin"]);
    case("plan-path", &repo, &["plan", "--path", "kubernetes/main/apps/media"]);
    case("plan-namespace", &repo, &["plan", "--namespace", "office", "--verbose"]);
    let idle = run_in(repo.path(), &["plan", "components"]);
    assert!(
        idle.stdout.starts_with("nothing to do\n  components\n") && !idle.stdout.contains(" 0 "),
        "{}",
        idle.stdout
    );
}

#[test]
fn plan_as_json_has_what_programs_rely_on() {
    let repo = Repo::part();
    let run = run_in(repo.path(), &["plan", "--format", "json"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let plan = json(&run.stdout);
    assert_eq!(plan["schema"], 1);
    let has = |value: &Value, keys: &[&str]| {
        for key in keys {
            assert!(value.get(key).is_some(), "no {key} in {value:#}");
        }
    };
    let list = |key: &str| plan[key].as_array().unwrap_or_else(|| panic!("{key} is no list")).clone();
    for (key, keys) in [
        ("clusters", &["name", "path", "branch", "flux"][..]),
        ("migrations", &["id", "version", "phase", "out_of_scope"]),
        ("units", &["id", "migration", "step", "subject", "title", "lane", "clusters", "safety", "state", "impact"]),
        ("units", &["workloads", "needs", "touches", "chosen", "findings", "held"]),
        ("findings", &["severity", "code", "path", "line", "message", "help"]),
    ] {
        assert!(!list(key).is_empty(), "no {key}");
        list(key).iter().for_each(|value| has(value, keys));
    }
    let ids: Vec<String> = list("units").iter().map(|unit| unit["id"].as_str().unwrap().to_owned()).collect();
    for unit in list("units") {
        assert!(["safe", "review", "refused"].contains(&unit["safety"].as_str().unwrap()), "{unit:#}");
        let needs = unit["needs"].as_array().unwrap();
        assert!(needs.iter().all(|need| ids.iter().any(|id| need == id)), "needs what is not there: {unit:#}");
        assert!(unit["chosen"] == false || unit["state"] == "pending", "{unit:#}");
        assert!(unit["state"] != "held" || !unit["held"].as_array().unwrap().is_empty(), "{unit:#}");
    }

    let file = repo.path().join(".git/plan.json");
    let to_file = run_in(repo.path(), &["plan", "--format", "json", "--output", file.to_str().unwrap()]);
    assert_eq!((to_file.status, to_file.stdout.as_str()), (0, ""));
    let exit_code = run_in(repo.path(), &["plan", "--exit-code"]);
    assert_eq!(exit_code.status, 1, "something is pending");
    assert_eq!(std::fs::read_to_string(file).unwrap(), run.stdout);
}

#[test]
fn diff() {
    let repo = Repo::two_clusters();
    case("diff-stat", &repo, &["diff", "--no-gate", "--stat"]);
    case("diff-release", &repo, &["diff", "--no-gate", "--release", "media/jellyfin"]);
    case("diff-color", &repo, &["diff", "--no-gate", "--color", "always", "--release", "media/jellyfin"]);
    let plain = run(program().arg("-C").arg(repo.path()).args(["diff", "--no-gate"]));
    let coloured =
        run(program().arg("-C").arg(repo.path()).args(["diff", "--no-gate", "--color", "always"]).env("NO_COLOR", "1"));
    assert!(!plain.stdout.contains('\u{1b}') && coloured.stdout.contains("\u{1b}[32m+"), "what is asked for wins");
}

#[test]
fn colours_are_for_terminals() {
    let repo = Repo::part();
    let args = ["diff", "--no-gate", "--release", "media/jellyfin"];
    let plain = run_in(repo.path(), &args).stdout;
    for (variable, value) in [("NO_COLOR", "1"), ("TERM", "dumb"), ("TERM", "xterm-256color")] {
        let run = run(program().arg("-C").arg(repo.path()).args(args).env(variable, value));
        assert_eq!(run.stdout, plain, "with {variable}={value}");
    }
    let never = run(program().arg("-C").arg(repo.path()).args(["--color=never"]).args(args).env("CLICOLOR_FORCE", "1"));
    assert_eq!(never.stdout, plain, "--color=never wins");
}

#[test]
fn check_before_and_after() {
    let repo = Repo::two_clusters();
    assert_eq!(case("check", &repo, &["check"]).status, 1);
    run_in(repo.path(), &["apply", "--yes", "--here", "--review", "--no-gate"]);
    let left = case("check-after-apply", &repo, &["check"]);
    assert_eq!(left.status, 1, "the refused units are left");
    assert!(!left.stdout.contains("pending") && !left.stdout.contains("to review"), "{}", left.stdout);
}

#[test]
fn check_of_what_is_done_is_silent() {
    let repo = Repo::two_clusters();
    let args = ["--release", "media/jellyfin"];
    assert_eq!(run_in(repo.path(), &[&["apply", "--yes", "--no-gate"], &args[..]].concat()).status, 0);
    let run = case("check-done", &repo, &[&["check"], &args[..]].concat());
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    case("diff-done", &repo, &[&["diff", "--no-gate"], &args[..]].concat());
    case("apply-done", &repo, &[&["apply", "--yes", "--no-gate"], &args[..]].concat());
    let json = json(&run_in(repo.path(), &["check", "--format", "json", "--release", "media/jellyfin"]).stdout);
    assert_eq!(json["units"].as_array().unwrap().len(), 0);
}

#[test]
fn check_as_workflow_commands() {
    let run = case("check-github", &Repo::two_clusters(), &["check", "--no-gate", "--format", "github"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.lines().all(|line| line.starts_with("::") && line.matches("::").count() >= 2), "{}", run.stdout);
}

#[test]
fn doctor() {
    let repo = Repo::two_clusters();
    assert_eq!(case("doctor", &repo, &["doctor"]).status, 1);
    let run = case("doctor-github", &repo, &["doctor", "--format", "github"]);
    assert!(run.stdout.lines().all(|line| line.starts_with("::")), "{}", run.stdout);
    assert_sarif(&repo, &run_in(repo.path(), &["doctor", "--format", "sarif"]).stdout);
    let findings = json(&run_in(repo.path(), &["doctor", "--format", "json"]).stdout);
    assert_eq!((&findings["schema"], findings["findings"].as_array().unwrap().len()), (&Value::from(1), 13));
}

#[test]
fn doctor_finds_nothing() {
    let repo = Repo::empty();
    repo.write("flux/cluster.yaml", CLUSTER);
    let run = case("doctor-nothing", &repo.commit(), &["doctor"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "nothing found\n"));
}

const CLUSTER: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: home, namespace: flux-system}
spec: {interval: 1h, url: https://git.example.org/home, ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: cluster, namespace: flux-system}
spec: {interval: 1h, path: ./flux, prune: true, sourceRef: {kind: GitRepository, name: home}}
";

/// The essentials of the schema, by hand: what SARIF 2.1.0 requires, and what GitHub does on top.
fn assert_sarif(repo: &Repo, text: &str) -> Vec<Value> {
    let sarif = json(text);
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "flux-codemod");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["id"].is_string());
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[text]["text"].as_str().is_some_and(|text| !text.is_empty()), "{rule}");
        }
    }
    let results = run["results"].as_array().unwrap().clone();
    let mut fingerprints = std::collections::BTreeSet::new();
    for result in &results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(matches!(result["level"].as_str(), Some("error" | "warning" | "note")), "{result}");
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()), "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64().is_some_and(|line| line > 0), "{result}");
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|c| c.is_ascii_alphanumeric() || b"-._~/%".contains(&c)), "{uri}");
        assert!(uri.contains('%') || repo.path().join(uri).exists(), "{uri}");
        assert!(fingerprints.insert(result["partialFingerprints"].to_string()), "{result}");
    }
    results
}

#[test]
fn check_as_sarif() {
    let repo = Repo::two_clusters();
    let run = run_in(repo.path(), &["check", "--no-gate", "--format", "sarif"]);
    assert_eq!(run.status, 1);
    let results = assert_sarif(&repo, &run.stdout);
    let of = |code: &str| results.iter().filter(|result| result["ruleId"] == code).count();
    let plan = json(&run_in(repo.path(), &["plan", "--no-gate", "--format", "json"]).stdout);
    let units = plan["units"].as_array().unwrap();
    assert_eq!(of("pending"), units.iter().filter(|unit| unit["chosen"] == true).count());
    assert!(of("pending") > 0 && of("to-review") > 0);
    for unit in units.iter().filter(|unit| unit["safety"] == "refused") {
        let id = format!("{}: ", unit["id"].as_str().unwrap());
        let is_it = |result: &Value| result["message"]["text"].as_str().unwrap().starts_with(&id);
        assert!(results.iter().any(|result| is_it(result) && result["level"] == "error"), "{id}");
    }

    run_in(repo.path(), &["apply", "--yes", "--here", "--review"]);
    let done = run_in(repo.path(), &["check", "--format", "sarif", "--release", "media/jellyfin"]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert_sarif(&repo, &done.stdout);
}

#[test]
fn apply() {
    let (repo, args) = (Repo::two_clusters(), ["apply", "--yes", "--here", "--no-gate"]);
    // Without `-C`: the command that stages the files would name the directory.
    let run = run(program().current_dir(repo.path()).args(args));
    shows("apply", &args, repo.path(), &run);
    assert_eq!(run.status, 0);
}

/// What has landed on a cluster is done there, whatever the other cluster has pending.
#[test]
fn a_cluster_can_be_finished() {
    let repo = Repo::two_clusters();
    let applied = run_in(repo.path(), &["apply", "--here", "--yes", "--review", "--cluster", "edge"]);
    assert_eq!(applied.status, 0, "{}", applied.stderr);
    let left = case("check-cluster-done", &repo, &["check", "--review", "--cluster", "edge"]);
    assert_eq!(left.status, 0);
}

#[test]
fn explain() {
    let repo = Repo::empty();
    let readme = std::fs::read_to_string(root().join("migrations/chart_ref/README.md")).unwrap();
    let run = run_in(repo.path(), &["explain", "chart-ref"]);
    assert_eq!((run.status, run.stdout, run.stderr), (0, readme, String::new()));
    assert_eq!(case("explain-code", &repo, &["explain", "anchor-in-use"]).status, 0);
    assert_eq!(case("explain-misspelt-code", &repo, &["explain", "anchr-in-use"]).status, 2);
    assert_eq!(case("explain-word", &repo, &["explain", "safety"]).status, 0);
    assert_eq!(case("explain-misspelt-word", &repo, &["explain", "release", "root"]).status, 2);
    assert_eq!(case("explain-unknown", &repo, &["explain", "qqq"]).status, 2);
}

/// What README and the pages of `docs` show of the example repository is what the program prints: each
/// block behind a comment `<!-- prints: ARGUMENTS -->`.
#[test]
fn pages_show_what_the_program_prints() {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let pages: Vec<PathBuf> = docs.filter(is_page).chain([root().join("README.md")]).collect();
    let repo = Repo::two_clusters();
    let mut seen = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in text.split("<!-- prints: ").skip(1) {
            let (args, rest) = block.split_once(" -->\n```").unwrap();
            let (_, rest) = rest.split_once('\n').unwrap();
            let shown = &rest[..rest.find("```").unwrap()];
            let printed = run_in(repo.path(), &args.split(' ').collect::<Vec<_>>()).stdout;
            let place = page.display();
            assert!(printed.contains(shown), "{place} does not show what `{args}` prints:\n{shown}\n{printed}");
            seen += 1;
        }
    }
    assert!(seen > 3, "{seen}");
}

/// Whatever code a plan shows can be explained.
#[test]
fn every_code_of_the_example_is_explained() {
    let repo = Repo::two_clusters();
    repo.write("kubernetes/main/broken.yaml", "a: [1\n");
    let plan = json(&run_in(repo.path(), &["plan", "--format", "json"]).stdout);
    let of_units = plan["units"].as_array().unwrap().iter().flat_map(|unit| unit["findings"].as_array().unwrap());
    let codes: std::collections::BTreeSet<&str> = plan["findings"]
        .as_array()
        .unwrap()
        .iter()
        .chain(of_units)
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    assert!(codes.len() >= 8, "{codes:?}");
    for code in codes {
        let run = run_in(repo.path(), &["explain", code]);
        assert_eq!((run.status, run.stdout.lines().next()), (0, Some(code)), "{}", run.stderr);
    }
}

// Mistakes.

#[test]
fn misspelt_names_are_told_with_the_nearest() {
    let repo = Repo::two_clusters();
    for (name, args, near) in [
        ("misspelt-migration", &["plan", "chart-reff"][..], "chart-ref"),
        ("misspelt-cluster", &["plan", "--cluster", "egde"], "edge, main"),
        ("misspelt-release", &["plan", "--release", "media/jelyfin"], "`media/jellyfin`"),
        ("misspelt-namespace", &["plan", "--namespace", "medai"], "`media`"),
        ("misspelt-command", &["pln"], "plan"),
        ("glob-without-match", &["plan", "--path", "kubernetes/prod/**"], "kubernetes/prod"),
        ("glob-invalid", &["plan", "--path", "["], "`[` is not a valid glob"),
    ] {
        let run = case(name, &repo, args);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains(near), "{}", run.stderr);
    }
}

/// A selector that is wrong writes nothing, also where another one is right.
#[test]
fn a_misspelt_selector_writes_nothing() {
    let repo = Repo::part();
    let before = repo.files();
    for args in [
        &["apply", "--yes", "--release", "media/jellyfin", "media/jelyfin"][..],
        &["apply", "--yes", "--path", "kubernetes/main/**", "--path", "nowhere/**"],
        &["apply", "--yes", "--cluster", "main,egde"],
        &["apply", "chart-ref", "chart-reff"],
    ] {
        let run = run_in(repo.path(), args);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}: {}", run.stderr);
        assert!(repo.files() == before, "{args:?} wrote");
    }
}

// Directories that are not what they should be.

#[test]
fn a_directory_that_is_not_there() {
    let repo = Repo::empty();
    let dir = repo.path().join("nowhere");
    let run = run_in(&dir, &["plan"]);
    shows("no-directory", &["plan"], repo.path(), &run);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
}

#[test]
fn a_file_instead_of_a_directory() {
    let repo = Repo::empty();
    repo.write("file", "");
    let run = run_in(&repo.path().join("file"), &["plan"]);
    shows("file-for-directory", &["plan"], repo.path(), &run);
    assert_eq!(run.status, 2);
}

#[test]
fn outside_of_git_it_works() {
    let (plain, git) = (Repo::example(), Repo::two_clusters());
    case("no-git-clusters", &plain, &["list"]);
    for args in [
        &["plan", "-v", "--no-gate"][..],
        &["diff", "--no-gate", "--review"],
        &["check", "--no-gate", "--format", "sarif"],
    ] {
        let (plain, git) = (run_in(plain.path(), args), run_in(git.path(), args));
        assert!(plain.stdout == git.stdout, "{args:?}");
        assert_eq!((plain.status, plain.stderr), (git.status, git.stderr), "{args:?}");
    }
    let repo = small();
    case("no-git-list", &repo, &["list"]);
    case("no-git-plan", &repo, &["plan"]);
    assert_eq!(case("no-git-diff", &repo, &["diff", "--review"]).status, 0, "there is no diff");
}

#[test]
fn directories_without_flux_are_told_at_once() {
    let empty = Repo::empty();
    let git = Repo::empty();
    git.write("README.md", "nothing here\n").write("docker-compose.yaml", "services: {}\n");
    let git = git.commit();
    let broken = Repo::empty();
    broken.write("broken.yaml", "a: [1\nb: }\n");
    for (name, repo) in [("empty-directory", &empty), ("no-flux", &git), ("only-broken", &broken)] {
        for command in ["list", "plan", "diff", "apply --yes", "check"] {
            let run = run_in(repo.path(), &command.split(' ').collect::<Vec<_>>());
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{name}: {command}: {}", run.stderr);
        }
        case(name, repo, &["check"]);
    }
}

#[test]
fn a_broken_file_does_not_keep_the_rest() {
    let repo = Repo::two_clusters();
    repo.write("kubernetes/main/apps/media/broken.yaml", "apiVersion: v1\nkind: [ConfigMap\nmetadata: }\n");
    let sound = run_in(Repo::two_clusters().path(), &["diff"]).stdout;
    let run = case("broken-file", &repo, &["plan", "--release", "media/jellyfin"]);
    assert!(run.stdout.contains("broken-yaml"), "{}", run.stdout);
    let run = run_in(repo.path(), &["diff"]);
    assert!(run.stdout == sound, "the rest is as it was");
    assert!(run.stderr.contains("kubernetes/main/apps/media/broken.yaml"), "{}", run.stderr);
    case("broken-file-diff-stat", &repo, &["diff", "--stat", "--release", "media/jellyfin"]);
}

// Configuration.

/// A configuration that is wrong stops every command that would be guided by it, before it writes
/// anything.
#[test]
fn mistakes_in_the_configuration_are_shown_where_they_stand() {
    let repo = Repo::two_clusters();
    for (name, text) in [
        ("config-unknown-key", "clusters:\n  - name: edge\n    bransh: edge\nchartref:\n  charts: [app-template]\n"),
        ("config-wrong-type", "# The charts that move.\nchart-ref:\n  charts: app-template\n  source-namespace: 1\n"),
        ("config-empty-value", "clusters:\nchart-ref: {charts: [app-template, app-template]}\n"),
        ("config-unknown-cluster", "clusters:\n  - name: egde\n  - name: main\n"),
        ("config-broken", "clusters: [{name: edge}\n"),
    ] {
        repo.write(".flux-codemod.yaml", text);
        let before = repo.files();
        for command in ["list", "plan", "diff", "check", "apply --yes"] {
            let run = run_in(repo.path(), &command.split(' ').collect::<Vec<_>>());
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{name}: {command}");
        }
        case(name, &repo, &["plan"]);
        assert!(repo.files() == before);
    }
}

#[test]
fn a_configuration_from_elsewhere() {
    let repo = Repo::two_clusters();
    let elsewhere = Repo::empty();
    elsewhere.write("settings.yaml", "chart-ref: {charts: [no-such-chart]}\n");
    let file = elsewhere.path().join("settings.yaml");
    let file = file.to_str().unwrap();
    // Seen from where the command starts, wherever the option stands, and instead of the one of the
    // tree.
    repo.write(".flux-codemod.yaml", "nonsense: true\n");
    for args in [&["--config", file, "check", "chart-ref"][..], &["check", "chart-ref", "--config", file]] {
        let run = run_in(repo.path(), args);
        assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    }
    let run = case("config-missing", &repo, &["plan", "--config", "nowhere.yaml"]);
    assert_eq!(run.status, 2);
}

/// What lies there and is not part of the tree is not silently unheard.
#[test]
fn a_configuration_that_would_not_be_heard_is_refused() {
    let repo = Repo::two_clusters();
    repo.write(".gitignore", "/.flux-codemod.yaml\n").write(".flux-codemod.yaml", "clusters: [{name: main}]\n");
    assert_eq!(case("config-ignored", &repo, &["plan"]).status, 2);
    assert_eq!(run_in(repo.path(), &["list", "--config", ".flux-codemod.yaml"]).status, 0);
    let repo = Repo::two_clusters();
    repo.write(".flux-codemod.yml", "clusters: [{name: main}]\n");
    assert_eq!(case("config-other-name", &repo, &["plan"]).status, 2);
}

#[cfg(unix)]
#[test]
fn a_configuration_behind_a_link() {
    let repo = Repo::part();
    repo.write("etc/codemod.yaml", "clusters: [{name: main}, {name: edge}]\n");
    let link = repo.path().join(".flux-codemod.yaml");
    std::os::unix::fs::symlink("etc/codemod.yaml", &link).unwrap();
    let list = run_in(repo.path(), &["list"]).stdout;
    assert!(list.find("  main ") < list.find("  edge "), "{list}");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("../outside.yaml", &link).unwrap();
    assert_eq!(run_in(repo.path(), &["list"]).status, 2);
}

/// Only standard error tells the time.
#[test]
fn timings_change_no_result() {
    let repo = Repo::part();
    for args in [&["plan", "-v"][..], &["diff", "--review"], &["list", "--format", "json"], &["doctor"]] {
        let without = run_in(repo.path(), args);
        let with = run_in(repo.path(), &[args, &["--timings"]].concat());
        assert_eq!((with.status, &with.stdout), (without.status, &without.stdout), "{args:?}");
        let table = with.stderr.strip_prefix(&without.stderr).unwrap_or_else(|| panic!("{}", with.stderr));
        assert!(table.starts_with("time spent on\n  reading and parsing files "), "{table}");
        let seconds = |line: &str| line.trim_end().strip_suffix(" s")?.rsplit(' ').next()?.parse::<f64>().ok();
        let rows: Vec<f64> =
            table.lines().skip(1).map(|line| seconds(line).unwrap_or_else(|| panic!("{line}"))).collect();
        let (all, parts) = rows.split_last().unwrap();
        assert!((parts.iter().sum::<f64>() - all).abs() < 0.01, "{table}");
        assert_eq!(table.contains("survey of chart-ref"), args[0] != "doctor", "{table}");
    }
}

/// What `init` writes is what holds without it.
#[test]
fn init() {
    for case in ["home-ops", "chart-ref-flux-versions", "chart-ref-names"] {
        let repo = Repo::copy_of(&root().join("golden").join(case).join("before")).commit();
        let all = [&["plan", "--review", "--format", "json"][..], &["plan", "-v"], &["list"], &["diff", "--review"]];
        let before = all.map(|args| run_in(repo.path(), args));
        let init = run_in(repo.path(), &["init"]);
        assert_eq!((init.status, init.stdout.as_str()), (0, ""), "{}", init.stderr);
        assert!(repo.read(".flux-codemod.yaml").contains("clusters:\n"));
        for (args, before) in all.iter().zip(before) {
            let after = run_in(repo.path(), args);
            assert!(after.stdout == before.stdout, "{case}: {args:?}: {}{}", after.stdout, after.stderr);
        }
    }
}

#[test]
fn init_twice() {
    let repo = Repo::two_clusters();
    case("init", &repo, &["init"]);
    let written = repo.read(".flux-codemod.yaml");
    snapbox::assert_data_eq!(
        SHOWN.configuration(&written),
        snapbox::Data::read_from(&root().join("tests/cli/init.yaml"), Some(snapbox::data::DataFormat::Text)).raw()
    );
    assert_eq!(case("init-twice", &repo, &["init"]).status, 2);
    assert_eq!(repo.read(".flux-codemod.yaml"), written);
    assert_eq!(run_in(repo.path(), &["init", "--config", "other.yaml"]).status, 0);
    assert_eq!(repo.read("other.yaml"), written);
}

// Opt-outs.

#[test]
fn opt_outs() {
    let repo = small();
    let opted_out = |comment: &str| release("plex", "3.7.3").replace("  chart:\n", &format!("  {comment}\n  chart:\n"));
    let long = "the chart is patched on the cluster by hand until the new disks are there, see the notes of last week";
    repo.write("apps/plex/helmrelease.yaml", opted_out(&format!("# flux-codemod: skip[chart-ref] {long}")));
    let before = repo.files();
    assert_eq!(case("opted-out", &repo, &["plan", "-v"]).status, 0);
    for args in
        [&["check"][..], &["diff"], &["apply", "--yes"], &["apply", "chart-ref", "--review", "--release", "plex"]]
    {
        let run = run_in(repo.path(), args);
        assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{args:?}");
        assert!(repo.files() == before, "{args:?} wrote");
    }
    let plan = json(&run_in(repo.path(), &["plan", "--format", "json"]).stdout);
    assert_eq!((&plan["schema"], &plan["units"][0]["safety"]), (&1.into(), &"opted-out".into()));
    assert_eq!((&plan["units"][0]["chosen"], plan["units"].as_array().unwrap().len()), (&false.into(), 1));

    repo.write("apps/plex/helmrelease.yaml", opted_out("# flux-codemod: skip[chart-ref]"));
    assert_eq!(case("skip-without-reason", &repo, &["plan", "-v"]).status, 0);
    // Nothing is pending, and still something is wrong.
    assert_eq!(case("check-warnings", &repo, &["check"]).status, 0);
    case("explain-skip-unused", &repo, &["explain", "skip-unused"]);
}

/// What a comment does not cover moves as if there were none.
#[test]
fn an_opt_out_of_something_else_changes_nothing() {
    let repo = Repo::part();
    let sound = json(&run_in(repo.path(), &["plan", "chart-ref", "--format", "json"]).stdout);
    let file = "kubernetes/main/apps/media/jellyfin/app/helmrelease.yaml";
    let text = repo.read(file);
    assert!(text.contains("\n  values:\n"));
    repo.write(file, text.replace("\n  values:\n", "\n  # flux-codemod: skip[chart-ref] no\n  values:\n"));
    let plan = json(&run_in(repo.path(), &["plan", "chart-ref", "--format", "json"]).stdout);
    assert_eq!(plan["units"], sound["units"]);
    assert!(plan["findings"].to_string().contains("skip-unused"), "{plan:#}");
}

// What shells and man(1) read.

#[test]
fn completions_and_manual_pages() {
    let repo = Repo::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = run_in(repo.path(), &["completions", shell]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.contains("flux-codemod") && run.stdout.contains("FLUX_CODEMOD_COMPLETE"), "{shell}");
    }
    let page = run_in(repo.path(), &["man"]);
    assert!(
        page.stdout.contains(".TH flux-codemod 1") && page.stdout.contains("flux\\-codemod\\-plan(1)"),
        "{}",
        page.stdout
    );
    let page = run_in(repo.path(), &["man", "plan"]);
    assert!(page.stdout.contains(".TH flux-codemod-plan 1") && page.stdout.contains("namespace"), "{}", page.stdout);
    let run = run_in(repo.path(), &["man", "plam"]);
    assert!(run.status == 2 && run.stderr.contains("`plan`"), "{}", run.stderr);
}

// The demo.

#[test]
fn branch() {
    let repo = Repo::two_clusters();
    assert_eq!(case("branch", &repo, &["branch", "chart-ref"]).status, 0);
    assert_eq!(case("branch-again", &repo, &["branch", "chart-ref", "--cluster", "edge"]).status, 0);
    assert_eq!(case("branch-without-migration", &repo, &["branch"]).status, 2);
    assert_eq!(case("branch-no-base", &repo, &["branch", "chart-ref", "--base", "nothing"]).status, 2);
    assert_eq!(case("branch-independent", &repo, &["branch", "chart-ref", "--independent"]).status, 2);
    let first = "flux-codemod/edge/chart-ref/10-sources-flux-system";
    repo.git(&["checkout", "--quiet", first]);
    repo.write("notes.md", "# Notes\n").git(&["add", "notes.md"]);
    repo.git(&["commit", "--quiet", "--message", "a note"]);
    repo.git(&["checkout", "--quiet", "main"]);
    assert_eq!(case("branch-edited", &repo, &["branch", "chart-ref"]).status, 2);
    assert_eq!(case("branch-skip", &repo, &["branch", "chart-ref", "--on-edited", "skip"]).status, 0);
}

/// The body of a pull request.
#[test]
fn plan_as_markdown() {
    let repo = Repo::two_clusters();
    let args = ["plan", "chart-ref", "--format", "markdown", "--review", "--no-gate"];
    case(
        "plan-markdown",
        &repo,
        &[&args[..], &["--cluster", "main", "--batch", "40-stateful-network_multus"]].concat(),
    );
    case(
        "plan-markdown-sources",
        &repo,
        &[&args[..], &["--base", "edge", "--cluster", "edge", "--batch", "10-sources-flux-system"]].concat(),
    );
    let misspelt = ["plan", "--batch", "30-deployment-media"];
    assert_eq!(case("misspelt-batch", &repo, &misspelt).status, 2);
    let apply = case("apply-base", &repo, &["apply", "--base", "edge"]);
    assert_eq!((apply.status, apply.stdout.as_str()), (2, ""));
}

/// The Flux CLI asks its plugins so, and shells ask by a variable: what there is in the repository.
#[test]
fn completion_knows_the_repository() {
    let repo = Repo::part();
    repo.git(&["branch", "flux-codemod/edge/chart-ref/10-sources-flux-system"]);
    repo.write(".flux-codemod/recipes/sooner.yaml", "recipe: 1\nname: sooner\nsummary: s\ndo: []\n");
    let before = repo.files();
    let of_flux = |words: &[&str]| {
        let run = run(program().current_dir(repo.path()).arg("__complete").args(words));
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{words:?}");
        let lines = run.stdout.strip_suffix(":4\n").unwrap().lines();
        lines.map(|line| line.split('\t').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of_flux(&["plan", "--cluster", ""]), ["edge", "main"]);
    assert_eq!(of_flux(&["diff", "--release", "media/j"]), ["media/jellyfin"]);
    assert_eq!(of_flux(&["apply", "--namespace", "net"]), ["network"]);
    assert_eq!(of_flux(&["plan", "--batch", "edge/"]), ["edge/chart-ref/10-sources-flux-system"]);
    assert_eq!(of_flux(&["plan", "--base", "ed"]), ["edge"]);
    assert_eq!(of_flux(&["recipe", "test", ""])[0], "sooner");
    assert_eq!(of_flux(&["plan", "so"]), ["sooner"]);
    assert_eq!(of_flux(&["explain", "helmrelease-b"]), ["helmrelease-beta"]);
    assert!(of_flux(&["ne"]).contains(&"next".to_owned()));
    let asks = |words: &[&str]| {
        let place = (words.len() - 1).to_string();
        let mut asked = program();
        asked.current_dir(repo.path()).env("FLUX_CODEMOD_COMPLETE", "bash").env("_CLAP_IFS", "\n");
        asked.env("_CLAP_COMPLETE_INDEX", place).arg("--").args(words);
        run(&mut asked)
    };
    assert_eq!(asks(&["flux-codemod", "plan", "--cluster", "m"]).stdout, "main");
    assert!(repo.files() == before);

    // What cannot be read has no names, and nobody is disturbed by that.
    repo.write("kubernetes/main/flux/config/cluster.yaml", "a: [").write(".flux-codemod.yaml", "nonsense: [");
    assert_eq!(of_flux(&["plan", "--cluster", "m"]), [""; 0]);
    assert_eq!(of_flux(&["-C", "nowhere", "plan", "--release", ""]), [""; 0]);
}

#[test]
fn demo_into_a_directory() {
    let parent = Repo::empty();
    let dir = parent.path().join("demo");
    let demo = |args: &[&str]| run(program().current_dir(parent.path()).arg("demo").args(args));
    let first = demo(&["demo"]);
    assert_eq!((first.status, first.stderr.as_str()), (0, "nothing is pending\n"));
    let made = parent.files();
    let second = demo(&["demo"]);
    shows("demo-again", &["demo", "demo"], parent.path(), &second);
    assert_eq!((second.status, second.stdout.as_str()), (2, ""));
    assert!(parent.files() == made);

    // Both clusters have everything, and edge had it first.
    let git = |arguments: &[&str]| Repo::git_in(&dir, arguments);
    assert_eq!(run_in(&dir, &["check"]).stdout, "");
    assert!(git(&["status", "--short"]).is_empty());
    git(&["merge-base", "--is-ancestor", "edge", "main"]);
    let last = std::fs::read_to_string(dir.join("kubernetes/main/apps/media/jellyfin/app/helmrelease.yaml")).unwrap();
    assert!(last.contains("suffix: config") && last.contains("name: app-template-4-6-2"), "{last}");

    // Back at the beginning, it is the example, and the commands say what the demo shows.
    git(&["reset", "--quiet", "--hard", "start"]);
    git(&["branch", "--force", "edge", "start"]);
    let expected = Repo::copy_of(&root().join("golden/example/before")).files();
    assert!(Repo::copy_of(&dir).files() == expected);
    for args in ["list", "plan components --cluster edge --base edge", "branch components --cluster edge --no-sign"] {
        let said = run_in(&dir, &args.split(' ').collect::<Vec<_>>()).stdout;
        let created = said.replace("unchanged ", "created   ");
        let typed = format!("$ flux-codemod -C demo {args}\n{created}");
        assert!(first.stdout.contains(&typed), "{args:?} is not shown by the demo: {typed}");
    }
}

/// Each phase on two screens of a small terminal.
#[test]
fn demo_without_a_directory_leaves_nothing() {
    let place = Repo::empty();
    let run = run(program().current_dir(place.path()).arg("demo").env("TMPDIR", place.path()));
    assert_eq!((run.status, run.stderr.as_str()), (0, "nothing is pending\n"));
    let headings =
        ["The repository", "Edge, phase 2: ", "Edge, phase 3: ", "Edge, phase 4: ", "Main: all phases", "The end"];
    let places: Vec<usize> =
        headings.iter().map(|heading| run.stdout.lines().position(|line| line.starts_with(heading)).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    for text in ["components:\n+  - ", "chartRef:", "suffix: config", "labelSelector", "demo DIR"] {
        assert!(run.stdout.contains(text), "no {text:?} in {}", run.stdout);
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "the temporary repository is still there");
}

#[test]
fn demo_makes_parents_and_takes_an_empty_directory() {
    let parent = Repo::empty();
    std::fs::create_dir(parent.path().join("empty")).unwrap();
    for dir in ["empty", "a/b c"] {
        let run = run(program().current_dir(parent.path()).arg("demo").arg(dir));
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(parent.path().join(dir).join("kubernetes").is_dir());
    }
    parent.write("file", "");
    let file = run(program().current_dir(parent.path()).args(["demo", "file"]));
    assert_eq!(file.status, 2);
}

/// `-C DIR` is "as if started in DIR", for the files that are written, too.
#[test]
fn the_demo_obeys_the_directory_to_start_in() {
    let place = Repo::empty();
    std::fs::create_dir(place.path().join("start")).unwrap();
    let run = |args: &[&str]| run(program().current_dir(place.path()).args(args));
    assert_eq!(run(&["-C", "start", "demo", "made"]).status, 0);
    assert!(place.path().join("start/made/kubernetes").is_dir(), "{:?}", place.files().keys().next());
}

#[test]
fn the_directory_to_start_in_is_not_where_the_demo_unpacks() {
    let place = Repo::empty();
    let run = run_in(place.path(), &["demo"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(place.files().is_empty(), "{:?}", place.files().keys().next());
}

#[test]
fn the_output_file_is_seen_from_the_directory_to_start_in() {
    let (place, repo) = (Repo::empty(), Repo::part());
    let run =
        run(program().current_dir(place.path()).arg("-C").arg(repo.path()).args(["plan", "-v", "-o", ".git/plan.txt"]));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(repo.read(".git/plan.txt").contains("media/jellyfin"));
}

// Hostile repositories.

/// What a terminal would obey, or what would show text in another order than it is.
fn is_hostile(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn assert_harmless(what: &str, text: &str) {
    for line in text.lines() {
        assert!(!line.chars().any(is_hostile), "{what}: {line:?}");
    }
}

/// Nothing of a repository reaches a terminal unescaped. A diff is exact where a file or a program
/// reads it.
fn assert_commands_harmless(repo: &Repo) {
    for args in [&["list"][..], &["plan"], &["plan", "-v", "--review"], &["diff"], &["diff", "--stat"], &["check"]] {
        let run = run_in(repo.path(), args);
        assert!([0, 1].contains(&run.status), "{args:?}: exit {}: {}", run.status, run.stderr);
        assert_harmless(&format!("{args:?} to stderr"), &run.stderr);
        if args != ["diff"] {
            assert_harmless(&format!("{args:?} to stdout"), &run.stdout);
        }
    }
    let applied = run_in(repo.path(), &["apply", "--yes", "--here", "--review"]);
    assert!([0, 1].contains(&applied.status), "apply: exit {}: {}", applied.status, applied.stderr);
    assert_harmless("apply to stdout", &applied.stdout);
    assert_harmless("apply to stderr", &applied.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn hostile_file_names_are_findings() {
    use std::os::unix::ffi::OsStrExt;
    let repo = Repo::example();
    let media = "kubernetes/main/apps/media";
    repo.write(&format!("{media}/evil\u{1b}[31m\nname.yaml"), release("evil", "3.7.3"));
    repo.write(&format!("{media}/\u{202e}lmay.yaml"), release("turned", "3.7.3"));
    let name = std::ffi::OsStr::from_bytes(b"not-\xff-utf8.yaml");
    std::fs::write(repo.path().join(media).join(name), release("bytes", "3.7.3")).unwrap();
    let repo = repo.commit();
    let untracked = std::ffi::OsStr::from_bytes(b"un\xfetracked\x07.yaml");
    std::fs::write(repo.path().join(untracked), release("untracked", "3.7.3")).unwrap();

    let plan = json(&run_in(repo.path(), &["plan", "--format", "json"]).stdout);
    let text = plan["findings"].to_string();
    for name in ["evil\\\\x1b[31m\\\\nname.yaml", "not-\\\\xff-utf8.yaml", "un\\\\xfetracked\\\\x07.yaml"] {
        assert!(text.contains(name), "no finding names {name}: {text}");
    }
    assert_commands_harmless(&repo);
}

#[test]
fn hostile_names_in_manifests_are_escaped() {
    let repo = Repo::example();
    repo.write("kubernetes/main/apps/media/unreached.yaml", release(r#""e\e[31mvil\nname""#, "3.7.3"));
    repo.write("kubernetes/main/apps/media/version.yaml", release("version", r#""3.7.3\e[31m\n\a""#));
    let reached = "kubernetes/main/apps/lab/sandbox/app/helmrelease.yaml";
    repo.write(reached, repo.read(reached).replace("name: sandbox", r#"name: "e\e[31mvil\nname""#));
    assert_commands_harmless(&repo.commit());
}

/// All other places whose text is shown: clusters, branches, addresses, intervals, charts,
/// comments, patches.
#[test]
fn hostile_texts_in_manifests_are_escaped() {
    let repo = Repo::example();
    let evil = r#""e\e[31mvil\n\u202e\x9bname""#;
    let change = |path: &str, from: &str, to: &str| {
        let text = repo.read(path);
        assert!(text.contains(from), "{path} has no {from:?}");
        repo.write(path, text.replace(from, to));
    };
    let app = |app: &str| format!("kubernetes/main/apps/{app}/app/helmrelease.yaml");
    change("kubernetes/main/flux/config/cluster.yaml", r#"branch: "main""#, &format!("branch: {evil}"));
    change("kubernetes/shared/repositories/helm/bjw-s.yaml", "interval: 1h", &format!("interval: {evil}"));
    change(&app("cert-manager/cert-manager"), "chart: cert-manager", &format!("chart: {evil}"));
    change(&app("lab/sandbox"), "interval: 30m", &format!("interval: {evil}"));
    change(&app("lab/pastebin"), "name: bernd-schorgers", &format!("name: {evil}"));
    change(&app("office/vaultwarden"), "&version", "&ver\u{202e}sion");
    change(&app("office/vaultwarden"), "*version", "*ver\u{202e}sion");
    change(&app("office/paperless"), "# the last of the 3.x line", "# the last\u{202e} of the 3.x line");
    assert_commands_harmless(&repo.commit());
}

// Pipes, columns, determinism, and hands off.

#[test]
fn a_closed_pipe_is_no_reason_to_panic() {
    let repo = small();
    for args in [
        &["list"][..],
        &["plan"],
        &["plan", "-v"],
        &["diff"],
        &["check"],
        &["explain", "chart-ref"],
        &["--help"],
        &["demo"],
    ] {
        let closed = || {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            Stdio::from(writer)
        };
        let mut command = program();
        let output = command.current_dir(repo.path()).args(args).stdout(closed()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{args:?}: {stderr}");
        assert!(!stderr.contains("error"), "{args:?}: {stderr}");
        let status = output.status.code();
        assert!(status.is_some_and(|status| status < 100), "{args:?}: {:?}", output.status);

        // Nobody listens at all.
        let status = command.stdout(closed()).stderr(closed()).status().unwrap();
        assert!(status.code().is_some_and(|status| status < 100), "{args:?}: {status:?}");
    }
}

/// Work that waits is not reported as done because somebody reads only the first lines: `check |
/// head` under `pipefail`.
#[test]
fn a_closed_pipe_does_not_make_a_check_pass() {
    let repo = Repo::part();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = program().arg("-C").arg(repo.path()).arg("check").stdout(writer).output().unwrap();
    assert_ne!(output.status.code(), Some(0));
}

#[test]
fn text_fits_80_columns() {
    let repo = Repo::part();
    for args in [&["list"][..], &["plan"], &["plan", "-v", "--review"]] {
        let run = run_in(repo.path(), args);
        for line in run.stdout.lines().chain(run.stderr.lines()) {
            let is_place = line.trim_start().starts_with("at ") && line.starts_with("  ");
            assert!(is_place || line.chars().count() <= 80, "{args:?}: {} columns: {line}", line.chars().count());
            assert_eq!(line.trim_end(), line, "{args:?}: blanks at the end of {line:?}");
        }
    }
}

#[test]
fn the_same_tree_gives_the_same_bytes() {
    let (here, there) = (Repo::part(), Repo::part());
    for args in
        [&["plan", "--format", "json", "--review"][..], &["diff", "--no-gate", "--review"], &["plan", "-v"], &["list"]]
    {
        let first = run_in(here.path(), args);
        assert!(!first.stdout.is_empty(), "{args:?}: {}", first.stderr);
        for again in [run_in(here.path(), args), run_in(there.path(), args)] {
            assert!(again.stdout == first.stdout && again.stderr == first.stderr, "{args:?} differs");
            assert_eq!(again.status, first.status);
        }
    }
}

/// Bytes, times and kinds of all that lies in a directory, `.git` and directories included.
fn everything(dir: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            let metadata = std::fs::symlink_metadata(&path).unwrap();
            let bytes = if metadata.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
            found.insert(path.clone(), (metadata.modified().unwrap(), bytes));
            if metadata.is_dir() {
                dirs.push(path);
            }
        }
    }
    found
}

#[test]
fn looking_touches_nothing() {
    let repo = Repo::part();
    // A file that git would like to refresh in its index, one that is staged, and one that git does
    // not know.
    repo.write("kubernetes/main/flux/apps.yaml", repo.read("kubernetes/main/flux/apps.yaml"));
    repo.write("staged.yaml", "a: 1\n").git(&["add", "staged.yaml"]);
    repo.write("untracked.yaml", "a: 1\n");
    let before = everything(repo.path());
    assert!(before.contains_key(&repo.path().join(".git/index")));
    for args in [
        &["list"][..],
        &["plan"],
        &["plan", "--format", "json", "--review"],
        &["diff"],
        &["diff", "--stat"],
        &["check"],
        &["check", "--format", "json"],
        &["explain", "chart-ref"],
        &["apply", "--yes", "--release", "media/jelyfin"],
        &["apply", "--yes", "--here", "--dry-run"],
        &["branch", "chart-ref", "--dry-run"],
    ] {
        run_in(repo.path(), args);
        let after = everything(repo.path());
        let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
        let changed: Vec<_> = before.keys().chain(after.keys()).filter(differs).collect();
        assert!(changed.is_empty(), "{args:?} changed {changed:?}");
    }
}

/// Which directory of the repository it is started in changes nothing.
#[test]
fn it_can_be_started_from_anywhere() {
    let repo = Repo::part();
    let at_the_top = run_in(repo.path(), &["plan"]).stdout;
    let below = run(program().current_dir(repo.path().join("kubernetes/edge")).arg("plan"));
    assert_eq!(below.stdout, at_the_top);
    let through = run(program().current_dir(repo.path().join("kubernetes")).args(["-C", "main/apps", "plan"]));
    assert_eq!(through.stdout, at_the_top);
}
