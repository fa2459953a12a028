//! Laws of recipes, on the documents of real repositories and on shapes of YAML that are easy to get
//! wrong.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use flux_codemod::flux::{Value, View};
use flux_codemod::migrations::recipes::{LIBRARY, cases, run_case};
use flux_codemod::recipe::fields;
use flux_codemod::recipe::language::{Known, read};
use flux_codemod::recipe::select::{Answer, Document};
use flux_codemod::recipe::stage::run;
use flux_codemod::recipe::{Recipe, Stage};
use flux_codemod::repo::{Folder, Memory, RepoPath, Tree};
use flux_codemod::yaml::Stream;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::rounds::{config, rounds};
use crate::support::{corpus, in_parallel};
use crate::yaml::text::yaml;

/// Real repositories, each as a tree. The corpus has these of the heads that there are.
const TREES: [&str; 6] = [
    "billimek-k8s-gitops/before",
    "bjw-s-home-ops/before",
    "haynes-ops/before",
    "haynes-ops-2026-08/edge",
    "haynes-ops-2026-08/main",
    "onedr0p-home-ops/before",
];

fn views() -> Vec<View> {
    let dirs = corpus().into_iter().flat_map(|corpus| TREES.map(|name| corpus.join(name)));
    let view = |dir: PathBuf| View::of(Tree::of(Arc::new(Folder::plain(&dir).ok()?))).ok();
    in_parallel(dirs.filter(|dir| dir.is_dir()), view).into_iter().flatten().collect()
}

fn recipe(name: &str, text: &str) -> Recipe {
    read(name, text, &Known::NOTHING).unwrap_or_else(|error| panic!("{error}"))
}

/// What a stage makes of a document, if it is about it and nothing is in the way.
fn made(recipe: &Recipe, stage: &Stage, document: &Document<'_>, value: &Value) -> Option<Value> {
    let is_meant = [&recipe.select, &stage.select].iter().all(|select| select.ask(document, value) == Answer::Yes);
    if !is_meant {
        return None;
    }
    let outcome = run(stage, document, value);
    if let Err(refused) = &outcome {
        assert_ne!(refused.code.id, "recipe-not-idempotent", "{} {}: {}", recipe.name, document.path, refused.message);
    }
    Some(outcome.ok()?.value)
}

fn documents(view: &View) -> impl Iterator<Item = (Document<'_>, Value)> {
    let all = view.files().flat_map(|(path, _)| Document::objects(view, path));
    all.filter_map(|document| Some((document, Value::of(document.root)?)))
}

#[test]
fn built_in_recipes_are_done_after_once_and_leave_what_is_required() {
    let library: Vec<Recipe> = LIBRARY.iter().map(|(name, text)| recipe(name, text)).collect();
    let in_view = |view: View| {
        let mut changed = BTreeSet::new();
        for (document, value) in documents(&view) {
            for recipe in &library {
                for stage in &recipe.stages {
                    let Some(new) = made(recipe, stage, &document, &value) else { continue };
                    if new == value {
                        continue;
                    }
                    changed.insert(recipe.name.clone());
                    let again = run(stage, &document, &new).map(|outcome| outcome.value);
                    assert_eq!(again.as_ref(), Ok(&new), "{} {} {}", recipe.name, stage.name, document.path);
                    let lacking = |value: &Value| fields::of_object(value).map(|fields| fields.lacking(value).len());
                    if let (Some(before), Some(after)) = (lacking(&value), lacking(&new)) {
                        assert!(after <= before, "{} {} {}", recipe.name, stage.name, document.path);
                    }
                }
            }
        }
        changed
    };
    let views = views();
    let is_there = !views.is_empty();
    let changed: BTreeSet<String> = in_parallel(views, in_view).into_iter().flatten().collect();
    assert!(!is_there || changed.len() > 2, "{changed:?}");
}

const STEPS: &str = "recipe: 1\nname: laws\nsummary: s\nstages:
  - {name: expand, do: [{copy-key: 'old.io/*', to: 'new.io/<1>', at: anywhere, entries: [providerSpecific]}]}
  - {name: contract, do: [{drop-key: 'old.io/*', if-copied: 'new.io/<1>', at: anywhere, entries: [providerSpecific]}]}
  - {name: rename, do: [{rename-key: 'old.io/*', to: 'new.io/<1>', at: anywhere, entries: [providerSpecific]}]}
";

/// Shapes that hold keys.
const SHAPES: [&str; 8] = [
    "a: {old.io/x: 1, old.io/y: [2]}\n",
    "a:\r\n  old.io/x: 1\r\n  b: 2\r\n",
    "a: &a\n  old.io/x: 1\nb: *a\n",
    "a: &a\n  old.io/x: 1\nb:\n  <<: *a\n  old.io/y: 2\n",
    "a:\n  ? old.io/x\n  : 1\n",
    "patch: |-\n  metadata:\n    annotations:\n      old.io/x: a.example.org\n",
    "endpoints:\n  - providerSpecific:\n      - {name: old.io/x, value: 'true'}\n      - {name: other, value: y}\n",
    "a: {old.io/x: 1, new.io/x: 1}\n",
];

#[test]
fn copied_and_dropped_is_renamed() {
    let recipe = recipe("laws", STEPS);
    let stage = |name: &str| recipe.stage(name).unwrap();
    for text in SHAPES {
        let view = View::of(Memory::tree([("a.yaml", text)])).unwrap();
        let path = RepoPath::new("a.yaml").unwrap();
        let others = Document::others(&view, &path);
        let [document] = others.as_slice() else { panic!("{text}") };
        let value = Value::of(document.root).unwrap();
        let step = |name: &str, value: &Value| {
            made(&recipe, stage(name), document, value).unwrap_or_else(|| panic!("{name} {text}"))
        };
        let (both, renamed) = (step("expand", &value), step("rename", &value));
        assert_eq!(step("contract", &both).to_flow(), renamed.to_flow(), "{text}");
        assert!(!renamed.to_flow().contains("old.io"), "{text}: {}", renamed.to_flow());
    }
}

/// The file after a step of a recipe of its own has landed; `None` if something is in the way.
fn landed(text: &str, step: &str) -> Option<String> {
    let quoted = serde_json::to_string(text).unwrap();
    let case = format!("- {{name: random, before: {{a.yaml: {quoted}}}, after: same}}\n");
    let recipe = format!("recipe: 1\nname: random\nsummary: s\noptional: true\ndo: [{step}]\n");
    let cases = cases("random.test.yaml", &case).ok()?;
    let result = run_case("random", &recipe, &cases[0]).unwrap_or_else(|error| panic!("{error}"));
    let again = result.wrong.iter().find(|wrong| wrong.starts_with("a second run"));
    assert_eq!(again, None, "{text:?}");
    let is_refused = result.wrong.iter().any(|wrong| wrong.starts_with("refused is"));
    (!is_refused).then(|| result.changed.get("a.yaml").map_or(text, String::as_str).to_owned())
}

/// Steps about a key that the generated files have.
const COPY: &str = "{copy-key: a, to: z, at: anywhere}";
const DROP: &str = "{drop-key: a, if-copied: z, at: anywhere}";
const RENAME: &str = "{rename-key: a, to: z, at: anywhere}";

#[test]
fn copied_and_dropped_is_renamed_in_any_file() {
    let rounds = rounds(150, 5_000);
    let mut runner = TestRunner::new(config(rounds));
    let changed = std::cell::Cell::new(0);
    let result = runner.run(&yaml(), |text| {
        let text = text.text;
        let both = landed(&text, COPY).and_then(|both| Some((landed(&both, DROP)?, both)));
        if let (Some((dropped, both)), Some(renamed)) = (both, landed(&text, RENAME)) {
            changed.set(changed.get() + usize::from(both != text));
            let values = |text: &str| {
                let stream = Stream::parse(text.to_owned()).unwrap();
                stream.documents().map(|root| Value::of(root).map(|value| value.to_flow())).collect::<Vec<_>>()
            };
            prop_assert_eq!(values(&dropped), values(&renamed), "{:?}", text);
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(changed.get() * 20 > rounds as usize, "{} of {rounds} files have the key", changed.get());
}

/// Every place in a value, as a path.
fn paths(value: &Value, path: &str, depth: usize, found: &mut Vec<String>) {
    for (key, child) in value.entries().iter().filter(|_| depth > 0) {
        let path = format!("{path}['{}']", key.replace('\\', "\\\\").replace('\'', "\\'"));
        paths(child, &path, depth - 1, found);
        found.push(path);
    }
    for (index, child) in value.items().iter().enumerate().take(2).filter(|_| depth > 0) {
        paths(child, &format!("{path}[{index}]"), depth - 1, found);
    }
}

/// Whatever is removed of an object of the tables: what it must have is there, or it is refused.
#[test]
fn required_fields_are_never_removed() {
    let objects = [
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, namespace: b}\nspec:\n  interval: 1h\n  \
         chart: {spec: {chart: a, version: 1.0.0, sourceRef: {kind: HelmRepository, name: a}}}\n  dependsOn: [{name: c}]\n  \
         valuesFrom: [{kind: ConfigMap, name: d}]\n",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a, namespace: b}\nspec:\n  interval: 1h\n  \
         path: ./x\n  prune: true\n  sourceRef: {kind: GitRepository, name: a}\n  decryption: {provider: sops}\n  \
         healthChecks: [{apiVersion: apps/v1, kind: Deployment, name: x, namespace: y}]\n  postBuild: {substituteFrom: [{kind: Secret, name: s}]}\n",
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: a, namespace: b}\n\
         spec: {interval: 1h, url: oci://example.org/a, ref: {tag: 1.0.0}, verify: {provider: cosign}}\n",
        "apiVersion: notification.toolkit.fluxcd.io/v1\nkind: Receiver\nmetadata: {name: a, namespace: b}\n\
         spec: {type: github, secretRef: {name: s}, resources: [{kind: GitRepository, name: a}]}\n",
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a, namespace: b}\n\
         spec: {secretStoreRef: {kind: ClusterSecretStore, name: s}, data: [{secretKey: k, remoteRef: {key: x}}]}\n",
    ];
    let (mut refused, mut removed) = (0, 0);
    for text in objects {
        let value =
            |text: &str| Value::of(Stream::parse(text.to_owned()).unwrap().documents().next().unwrap()).unwrap();
        let object = value(text);
        let lacking = |value: &Value| fields::of_object(value).expect("it is in the tables").lacking(value);
        assert_eq!(lacking(&object), [""; 0], "{text}");
        let mut all = Vec::new();
        paths(&object, "$", 6, &mut all);
        for path in all {
            let kind = object.text_at(&["kind"]).unwrap();
            let group = object.text_at(&["apiVersion"]).unwrap().split('/').next().unwrap();
            let recipe = format!(
                "recipe: 1\nname: r\nsummary: s\noptional: true\nselect: {{kind: {kind}.{group}}}\ndo: [{{remove: {}}}]\n",
                serde_json::to_string(&path).unwrap()
            );
            let case = format!(
                "- {{name: shown, before: {{a.yaml: {}}}, after: same}}\n",
                serde_json::to_string(text).unwrap()
            );
            let cases = cases("r.test.yaml", &case).unwrap();
            let result = run_case("r", &recipe, &cases[0]).unwrap_or_else(|error| panic!("{error}"));
            match result.changed.get("a.yaml") {
                Some(after) => {
                    let after = value(after);
                    assert_eq!(lacking(&after), [""; 0], "{path}");
                    assert!(
                        after.text_at(&["metadata", "name"]).is_some() && after.text_at(&["kind"]).is_some(),
                        "{path}"
                    );
                    removed += 1;
                }
                None => refused += 1,
            }
        }
    }
    assert!(refused > 30 && removed > 20, "{refused} refused, {removed} removed");
}
