//! Recipes do again what owners of repositories did by hand (`../shared/corpus/replays`).

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Repo, root, unfolded};

/// Where the replays are, if they are there.
fn replays() -> Option<PathBuf> {
    let corpus = std::env::var_os("FLUX_CODEMOD_CORPUS").map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    Some(corpus.join("replays")).filter(|dir| dir.join("check.py").is_file())
}

fn check(replays: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("python3").arg(replays.join("check.py")).args(arguments).output();
    let output = output.map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(()) } else { Err(text(&output.stdout) + &text(&output.stderr)) }
}

/// Replays a recipe, stage after stage. `confirm` answers for the last one.
fn replay(name: &str, recipe: &str, stages: &[&str], confirm: Option<&str>) {
    let Some(replays) = replays() else {
        eprintln!("SKIPPED {name}: there are no replays in ../shared/corpus");
        return;
    };
    let is_python = Command::new("python3").args(["-c", "import yaml"]).status().is_ok_and(|status| status.success());
    if !is_python {
        eprintln!("SKIPPED {name}: python3 with PyYAML is missing");
        return;
    }
    let repo = Repo::empty();
    let (from, to) = (replays.join(name), repo.path().to_str().unwrap().to_owned());
    let from_text = from.to_str().unwrap();
    check(&replays, &["unpack", from_text, &to]).unwrap();
    match std::fs::read_to_string(from.join("recipe.yaml")) {
        Ok(text) => repo.write(&format!(".flux-codemod/recipes/{recipe}.yaml"), text),
        Err(_) => repo.write(".flux-codemod.yaml", std::fs::read_to_string(from.join("flux-codemod.yaml")).unwrap()),
    };
    let mut apply = vec!["apply", recipe, "--review"];
    for stage in stages {
        if Some(stage) == stages.last() {
            apply.extend(confirm.iter().flat_map(|confirm| ["--confirm", confirm]));
        }
        let run = repo.run(&apply);
        assert!(run.stdout.contains("changed"), "{name} {stage}: {}{}", run.stdout, run.stderr);
        check(&replays, &["result", from_text, &to, stage]).unwrap_or_else(|error| panic!("{error}"));
        // What opens the next gate is not for a recipe to do.
        if stage != stages.last().unwrap() {
            check(&replays, &["given", from_text, &to, stage]).unwrap();
        }
    }
    if stages.is_empty() {
        repo.run(&apply);
    }
    check(&replays, &["result", from_text, &to]).unwrap_or_else(|error| panic!("{error}"));
    let again = repo.run(&apply);
    assert!(again.stdout.is_empty() && again.stderr.contains("nothing to write"), "{}{}", again.stdout, again.stderr);
}

#[test]
fn annotations_move_in_stages() {
    replay("01-external-dns-aclerici38", "external-dns-ga", &["expand", "contract"], None);
}

#[test]
fn comments_name_schemas_of_another_host() {
    replay("03-schema-host-onedr0p", "schema-comments", &[], None);
}

#[test]
fn objects_of_flux_take_newer_versions() {
    replay("05-api-versions-carpenike", "flux-api-versions", &[], None);
}

#[test]
fn pruning_is_off_and_on_again() {
    replay("07-prune-guard-joryirving", "prune-guard", &["guard", "restore"], Some("prune-guard/restore"));
}

/// Files of a cluster with a guard on and off again are the old ones, byte for byte.
#[test]
fn a_guard_leaves_no_trace() {
    let trees = [Some(root().join("golden/home-ops/before")), crate::support::corpus_tree("haynes-ops/before")];
    for tree in trees.into_iter().flatten() {
        let repo = Repo::copy_of(&tree);
        let before = repo.files();
        let run = repo.run(&["apply", "prune-guard", "--review"]);
        assert!(run.stdout.contains("changed"), "{}{}", run.stdout, run.stderr);
        assert_ne!(repo.files(), before);
        let run = repo.run(&["apply", "prune-guard", "--review", "--confirm", "prune-guard/restore"]);
        assert!(run.stdout.contains("changed"), "{}{}", run.stdout, run.stderr);
        assert!(repo.files() == before);
    }
}

/// A tree with one cluster, whose only kustomization the fake of Kustomize builds by a script.
#[cfg(unix)]
fn built_by(script: &str) -> Repo {
    let repo = Repo::empty();
    let cluster = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: home, namespace: flux-system}\n\
                   spec: {url: https://git.example.org/home}\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
                   metadata: {name: cluster, namespace: flux-system}\n\
                   spec: {path: ./kubernetes, interval: 1h, prune: true, sourceRef: {kind: GitRepository, name: home}}\n";
    repo.write("kubernetes/cluster.yaml", cluster);
    repo.write("kubernetes/kustomization.yaml", "resources: [cluster.yaml, app.yaml]\ncrds: [fake.sh]\n");
    repo.write("kubernetes/fake.sh", format!("cd \"$dir\"\n{script}"));
    let app = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app, namespace: web}\nspec: {replicas: 1, paused: false}\n";
    repo.write("kubernetes/app.yaml", app);
    repo
}

/// The codes of the errors of the only unit of a recipe, whose builds a script makes.
#[cfg(unix)]
fn judged(recipe: &str, script: &str) -> Vec<String> {
    let fake = root().join("tests/kustomize/fake").display().to_string();
    let repo = built_by(script);
    repo.write(".flux-codemod/recipes/scale.yaml", recipe);
    let run = repo.run(&["plan", "scale", "--format", "json", "--kustomize", &fake]);
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    assert_eq!(plan["judged"]["builds"].as_array().map(Vec::len), Some(1), "{plan:#}");
    let findings = plan["units"][0]["findings"].as_array().unwrap().iter();
    let errors = findings.filter(|finding| finding["severity"] == "error");
    errors.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

/// Where a step looks everywhere, what it changes differs at its keys, and nowhere else.
#[cfg(unix)]
#[test]
fn what_looks_everywhere_means_its_own_keys_alone() {
    let recipe = "recipe: 1\nname: scale\nsummary: s\ndo: [{rename-key: paused, to: halted, at: anywhere}]\n";
    assert_eq!(judged(recipe, "cat app.yaml\n"), [""; 0]);
    let another_field =
        "if grep -q halted app.yaml; then sed 's/replicas: 1/replicas: 3/' app.yaml; else cat app.yaml; fi\n";
    assert_eq!(judged(recipe, another_field), ["build-differs"]);
}

/// Builds differ where the promise says so, and nowhere else.
#[cfg(unix)]
#[test]
fn promises_are_held_by_the_judge() {
    let codes = |promise: &str, script: &str| {
        let recipe =
            "recipe: 1\nname: scale\nsummary: s\nselect: {kind: Deployment.apps}\ndo: [{set: spec.replicas, to: 2}]\n";
        judged(&format!("{recipe}{promise}"), script)
    };
    let plain = "cat app.yaml\n";
    assert_eq!(codes("", plain), [""; 0]);
    // Another field of it, another object, and one that comes or goes.
    let another_field = "sed 's/replicas: 2, paused: false/replicas: 2, paused: true/' app.yaml\n";
    assert_eq!(codes("", another_field), ["build-differs"]);
    let promise = "promise: {differs-only-at: [spec.replicas, spec.paused]}\n";
    assert_eq!(codes(promise, another_field), [""; 0]);
    let other =
        |name: &str| format!("echo '{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: web}}}}'");
    let new = format!("cat app.yaml\ngrep -q 'replicas: 2' app.yaml && echo --- && {}\n:\n", other("made"));
    assert_eq!(codes("", &new), ["build-differs"]);
    assert_eq!(codes("promise: {new: [{kind: ConfigMap.core, name: made}]}\n", &new), [""; 0]);
    assert_eq!(codes("promise: {new: [{kind: ConfigMap.core, name: other}]}\n", &new), ["build-differs"]);
    assert_eq!(codes("promise: {gone: [{kind: ConfigMap.core, name: made}]}\n", &new), ["build-differs"]);
    let gone = format!("cat app.yaml\ngrep -q 'replicas: 1' app.yaml && echo --- && {}\n:\n", other("made"));
    assert_eq!(codes("promise: {gone: [{kind: ConfigMap.core, name: made}]}\n", &gone), [""; 0]);
    let elsewhere = "cat app.yaml\necho ---\nsed 's/app,/other,/' app.yaml\n";
    assert_eq!(codes("", elsewhere), ["build-differs"]);
    let named =
        "promise: {differs-only-at: [spec.replicas, {kind: Deployment.apps, name: other, at: [spec.replicas]}]}\n";
    assert_eq!(codes(named, elsewhere), [""; 0]);
    // A new version is no other object.
    let changed = "if grep -q 'replicas: 2' app.yaml; then sed 's#apps/v1#apps/v2#' app.yaml; else cat app.yaml; fi\n";
    assert_eq!(codes("promise: {differs-only-at: [spec.replicas, apiVersion]}\n", changed), [""; 0]);
}

#[test]
fn settings_move_into_a_component() {
    replay("08-defaults-component-onedr0p", "defaults-component", &["component", "redundant"], None);
}

#[test]
fn entries_of_lists_and_variables_are_removed() {
    replay("11-gatus-components-auricom", "gatus-components", &[], None);
}

#[test]
fn recipes_are_explained() {
    let repo = Repo::two_clusters();
    assert_eq!(repo.run(&["recipe", "new", "retry-sooner"]).status, 0);
    let tested = repo.run(&["recipe", "test"]);
    assert!(tested.status == 0 && !tested.stderr.contains("Next:"), "a pipe gets the result alone: {}", tested.stderr);
    for (name, says) in
        [("retry-sooner", ".flux-codemod/recipes/retry-sooner.yaml"), ("prune-guard", "It is built in.")]
    {
        let run = repo.run(&["explain", name]);
        assert!(run.status == 0 && run.stdout.starts_with(&format!("# `{name}`")), "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(says), "{}", run.stdout);
    }
    // Built-in ones are known everywhere.
    let nowhere = Repo::empty();
    assert!(nowhere.run(&["explain", "prune-guard"]).stdout.contains("It is built in."));
    assert_eq!(nowhere.run(&["explain", "retry-sooner"]).status, 2);
}

#[test]
fn stages_are_in_their_order_in_json() {
    let repo = Repo::empty();
    let release = |name: &str, labels: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: {name}\n  labels:\n{labels}"
        )
    };
    repo.write("a.yaml", release("a", "    old: x\n    new: x\n"));
    repo.write("b.yaml", release("b", "    old: x\n"));
    let stages = "  - {name: widen, do: [{copy-key: old, to: new, at: metadata.labels}]}\n  \
                  - {name: narrow, gate: [{landed: widen}], do: [{drop-key: old, if-copied: new, at: metadata.labels}]}\n";
    let recipe = format!(
        "recipe: 1\nname: steps\nsummary: s\nselect: {{kind: HelmRelease.helm.toolkit.fluxcd.io}}\nstages:\n{stages}"
    );
    repo.write(".flux-codemod/recipes/steps.yaml", recipe);
    let run = repo.run(&["plan", "steps", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    let stages = plan["migrations"][0]["recipe"]["stages"].as_array().unwrap();
    let stages: Vec<String> = stages.iter().map(|stage| format!("{} {}", stage["name"], stage["units"])).collect();
    assert_eq!(stages, ["\"widen\" 1", "\"narrow\" 2"], "{plan:#}");
    assert_eq!(plan["migrations"][0]["recipe"]["origin"], ".flux-codemod/recipes/steps.yaml");
    let narrow = &plan["migrations"][0]["recipe"]["stages"][1];
    assert_eq!(
        narrow["funnel"],
        serde_json::json!([{"count": 2, "what": "HelmReleases"}, {"count": 1, "what": "to change"}])
    );
    assert_eq!(narrow["gates"][0]["code"], "gate-closed", "{narrow:#}");
    let shown = repo.run(&["plan", "steps", "-v"]).stdout;
    assert!(shown.contains("  narrow: 2 HelmReleases, 1 to change\n"), "{shown}");
}

#[test]
fn a_recipe_that_matches_nothing_is_no_success() {
    let repo = Repo::copy_of(&root().join("golden/recipe-schemas/before"));
    let text = "recipe: 1\nname: own\nsummary: s\nselect: {kind: Widget.example.org, name: smal-widget}\ndo: [{set: spec.size, to: 2}]\n";
    repo.write(".flux-codemod/recipes/own.yaml", text);
    for command in [&["check", "own"][..], &["plan", "own", "--exit-code"]] {
        let run = repo.run(command);
        assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
        let shown = unfolded(&format!("{}{}", run.stdout, run.stderr));
        assert!(shown.contains("`name` leaves nothing; did you mean `small-widget`?"), "{shown}");
    }
}

#[test]
fn a_recipe_that_git_ignores_is_a_mistake() {
    let repo = Repo::copy_of(&root().join("golden/recipe-stages/before"));
    repo.write(".gitignore", "*.local.yaml\n");
    let text = "recipe: 1\nname: own\nsummary: s\noptional: true\nselect: {kind: ConfigMap.core}\ndo: [{set: data.a, to: b}]\n";
    let repo = repo.commit();
    repo.write(".flux-codemod/recipes/own.yaml", text);
    assert_eq!(repo.run(&["plan", "own"]).status, 0);
    repo.write(".flux-codemod/recipes/own.local.yaml", text);
    let run = repo.run(&["plan", "own"]);
    assert!(
        run.status == 2 && run.stderr.contains("git ignores the recipe .flux-codemod/recipes/own.local.yaml"),
        "{}",
        run.stderr
    );
}
