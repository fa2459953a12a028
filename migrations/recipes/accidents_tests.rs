//! What went wrong where people changed many files by hand or with find and replace, and cannot here.

use std::collections::BTreeSet;

use super::testing::{cluster, tried};
use super::{Gates, LIBRARY, Origin, RecipeMigration};
use crate::config::Settings;
use crate::flux::View;
use crate::plan::{ClusterTree, plan};
use crate::recipe::language::{Known, read};
use crate::repo::Memory;

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn library(name: &str) -> &'static str {
    LIBRARY.iter().find(|(other, _)| *other == name).unwrap().1
}

/// A recipe of some steps about a kind.
fn recipe(kind: &str, more: &str) -> String {
    format!("recipe: 1\nname: r\nsummary: s\nselect: {{kind: {kind}}}\n{more}\n")
}

const KUSTOMIZATION: &str = "Kustomization.kustomize.toolkit.fluxcd.io";
const RELEASE: &str = "HelmRelease.helm.toolkit.fluxcd.io";

/// What a recipe makes of a file that a cluster applies; it is the same after a second run.
fn made(recipe: &str, text: &str) -> String {
    let case =
        format!("- name: shown\n  before:\n{}    kubernetes/a.yaml: {}\n  after: same\n", cluster(""), quoted(text));
    let name = recipe.lines().find_map(|line| line.strip_prefix("name: ")).unwrap();
    let result = tried(name, recipe, &case);
    let other: Vec<_> = result.wrong.iter().filter(|wrong| !wrong.contains("is not as expected")).collect();
    assert!(other.is_empty(), "{other:?}");
    result.changed.get("kubernetes/a.yaml").map_or("same", String::as_str).to_owned()
}

/// The codes of what a recipe refuses, or does not take for a recipe.
fn refused(recipe: &str, text: &str) -> String {
    let case =
        format!("- name: shown\n  before:\n{}    kubernetes/a.yaml: {}\n  after: same\n", cluster(""), quoted(text));
    if let Err(error) = read("r.yaml", recipe, &Known::NOTHING) {
        return error.mistakes.first().map(|mistake| mistake.code.to_owned()).unwrap_or_default();
    }
    let wrong = tried("r", recipe, &case).wrong.into_iter();
    wrong.filter_map(|wrong| Some(wrong.strip_prefix("refused is ")?.split(", and").next()?.to_owned())).collect()
}

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n";

#[test]
fn a_url_is_put_in_once() {
    let old = "https://kubernetes-schemas.pages.dev/helm.toolkit.fluxcd.io/helmrelease_v2beta2helm.toolkit.fluxcd.io/helmrelease_v2.json";
    let new = "https://k8s-schemas.home-operations.com/helm.toolkit.fluxcd.io/helmrelease_v2.json";
    let release =
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, namespace: b}\nspec: {}\n";
    let text = |url: &str| format!("---\n# yaml-language-server: $schema={url}\n{release}");
    assert_eq!(made(library("schema-comments"), &text(old)), text(new));
    assert_eq!(made(library("schema-comments"), &text(new)), "same");
}

#[test]
fn a_name_does_not_grow() {
    let step = "do: [{text: onepassword, to: onepassword-connect, at: anywhere}]";
    assert_eq!(refused(&recipe("ConfigMap.core", step), CONFIG), "recipe-not-idempotent");
    let text = |name: &str| format!("{CONFIG}data: {{store: {name}}}\n");
    let words = recipe("ConfigMap.core", &step.replace("anywhere", "anywhere, word: true"));
    assert_eq!(made(&words, &text("onepassword")), text("onepassword-connect"));
    assert_eq!(made(&words, &text("onepassword-connect")), "same");
}

#[test]
fn what_is_commented_out_stays() {
    let text = format!(
        "{CONFIG}data: {{a: old}}\n# ---\n# # yaml-language-server: $schema=https://kubernetes-schemas.pages.dev/a/b_v1.json\n# kind: old\n"
    );
    assert_eq!(made(library("schema-comments"), &text), "same");
    let step = recipe("ConfigMap.core", "do: [{text: old, to: new, at: anywhere}]");
    assert_eq!(made(&step, &text), text.replace("a: old", "a: new"));
}

#[test]
fn a_kind_has_its_group() {
    assert_eq!(refused(&recipe("Kustomization", "do: [{set: spec.prune, to: false}]"), CONFIG), "recipe-kind");
    let of_kustomize =
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\nspec: {prune: true}\n";
    let optional = recipe(KUSTOMIZATION, "optional: true\ndo: [{set: spec.interval, to: 1h}]");
    assert_eq!(made(&optional, of_kustomize), "same");
}

#[test]
fn a_version_is_one_that_flux_serves() {
    let text = |version: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/{version}\nkind: HelmRelease\nmetadata: {{name: a, namespace: b}}\nspec: {{interval: 1h, chart: {{spec: {{chart: a, sourceRef: {{kind: HelmRepository, name: a}}}}}}}}\n"
        )
    };
    for (flux, to) in [("2.2.3", "v2beta2"), ("2.6.4", "v2")] {
        let case = format!(
            "- name: shown\n  flux: {{cluster: {flux}}}\n  before:\n{}    kubernetes/a.yaml: {}\n  after: {{kubernetes/a.yaml: {}}}\n",
            cluster(", interval: 1h, prune: true"),
            quoted(&text("v2beta1")),
            quoted(&text(to))
        );
        let result = tried("flux-api-versions", library("flux-api-versions"), &case);
        assert!(result.wrong.is_empty(), "{flux}: {}", result.wrong.join("\n"));
    }
}

/// The settings of two Kustomizations go when the component that has them is everywhere.
const STAGES: &str = "stages:\n  - {name: component, do: [{list: spec.components, add: ../defaults, parents: create}]}\n  \
                      - {name: redundant, do: [{remove: spec.timeout, if-equal: 5m}]}";

#[test]
fn settings_go_when_their_component_applies() {
    let text = |spec: &str| {
        let entry = cluster("")
            .lines()
            .skip(1)
            .map(|line| line.strip_prefix("      ").unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n");
        format!(
            "{entry}\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: a, namespace: flux-system}}\nspec: {{path: ./a, sourceRef: {{kind: GitRepository, name: home}}, {spec}}}\n"
        )
    };
    let view = |spec: &str| View::of(Memory::tree([("kubernetes/cluster.yaml", text(spec).as_str())])).unwrap();
    let here = view("components: [../defaults], timeout: 5m");
    let cluster = here.graph().clusters.iter().next().unwrap().name.clone();
    let held = |spec: &str| {
        let read =
            read("r.yaml", &recipe(KUSTOMIZATION, &format!("optional: true\n{STAGES}")), &Known::NOTHING).unwrap();
        let migration = RecipeMigration::new(read, Origin::BuiltIn, None, BTreeSet::new());
        let tree = ClusterTree {
            cluster: Some(&cluster),
            from: "origin/main".to_owned(),
            is_followed: true,
            view: Ok(view(spec)),
        };
        let gates: Gates = migration.ask_gates(&[tree]);
        let planned = plan(&here, &[&migration.with_gates(gates)], &Settings::default(), None).unwrap();
        let later = planned.units.iter().filter(|unit| unit.id.step == "redundant");
        later.flat_map(|unit| unit.held.iter().map(|finding| finding.code.id)).collect::<Vec<_>>()
    };
    // The work tree has both, the branch of the cluster not yet.
    assert_eq!(held("timeout: 5m"), ["gate-closed"]);
}

#[test]
fn no_kustomization_is_forgotten() {
    let one = |name: &str, prune: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}}}\nspec: {{path: ./x, prune: {prune}, sourceRef: {{kind: GitRepository, name: home}}}}\n"
        )
    };
    let item = |prune: &str| {
        format!("apiVersion: v1\nkind: List\nitems:\n  - {}", one("c", prune).trim_end().replace('\n', "\n    "))
    };
    let text = |prune: &str| {
        let second = one("b", prune).replace("kind: Kustomization", "\"kind\": 'Kustomization' # of Flux");
        format!("---\n{}---\n{second}---\n{}\n", one("a", prune), item(prune))
    };
    let all = recipe(KUSTOMIZATION, "optional: true\ndo: [{set: spec.prune, to: false, if-equal: true}]");
    let case = format!(
        "- {{name: shown, before: {{a.yaml: {}}}, after: {{a.yaml: {}}}}}\n",
        quoted(&text("true")),
        quoted(&text("false"))
    );
    let wrong = tried("r", &all, &case).wrong;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_list_is_left_without_a_value() {
    let text = |components: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: a\n  namespace: flux-system\nspec:\n  path: ./x\n{components}  prune: true\n  sourceRef: {{kind: GitRepository, name: home}}\n"
        )
    };
    let step = recipe(KUSTOMIZATION, "do: [{list: spec.components, remove: ../gatus}]\npromise: {gone: [{name: x}]}");
    assert_eq!(made(&step, &text("  components:\n    - ../gatus\n")), text(""));
}

#[test]
fn what_is_stated_stays() {
    let text = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, namespace: b}\nspec: {interval: 1h, chart: {spec: {chart: a, sourceRef: {kind: HelmRepository, name: a}}}, install: {crds: Skip}}\n";
    let step = recipe(RELEASE, "do: [{add: spec.install.crds, value: CreateReplace, parents: create}]");
    assert_eq!(made(&step, text), "same");
}

#[test]
fn what_is_misspelt_is_no_work_that_is_done() {
    let text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a, namespace: flux-system}\nspec: {path: ./x, prune: true, sourceRef: {kind: GitRepository, name: home}}\n";
    assert_eq!(refused(&recipe(KUSTOMIZATION, "do: [{set: spec.pruen, to: false}]"), text), "recipe-matches-nothing");
    let gone = "do: [{set: spec.prune, to: false, select: {where: [{path: spec.pruen, equals: true}]}}]";
    assert_eq!(refused(&recipe(KUSTOMIZATION, gone), text), "recipe-matches-nothing");
}

/// A patch finds its object by name: an object keeps its own, and a patch stays one of the same object
/// (`what_a_patch_cannot_become_is_refused`).
#[test]
fn what_a_patch_is_for_keeps_its_name() {
    let text = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, namespace: b}\nspec: {interval: 1h, chart: {spec: {chart: a, sourceRef: {kind: HelmRepository, name: a}}}}\n";
    assert_eq!(refused(&recipe(RELEASE, "do: [{set: metadata.name, to: c}]"), text), "breaks-promise");
    let moved = "do: [{set: apiVersion, to: helm.example.org/v2}]";
    assert_eq!(refused(&recipe(RELEASE, moved), text), "breaks-promise");
}

/// Whichever order units land in, the bytes are the same.
#[test]
fn the_order_of_units_does_not_matter() {
    let one = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  old.io/x: &x {name} # x\n  z: *x\n"
        )
    };
    let file = ["a", "b", "c", "d"].map(one).concat();
    let steps = recipe(
        "ConfigMap.core",
        "stages:\n  - {name: first, do: [{copy-key: 'old.io/*', to: 'new.io/<1>', at: data}]}\n  - {name: second, do: [{add: data.k, value: v, place: first}]}",
    );
    let read = read("r.yaml", &steps, &Known::NOTHING).unwrap();
    let migration = RecipeMigration::new(read, Origin::BuiltIn, None, BTreeSet::new()).with_gates(Gates::open());
    let view =
        View::of(Memory::tree([("a.yaml", file.as_str()), ("b.yaml", file.replace("name: ", "name: n").as_str())]))
            .unwrap();
    let planned = plan(&view, &[&migration], &Settings::default(), None).unwrap();
    let text = |view: &View| {
        let bytes = |path: &str| {
            let path = crate::repo::RepoPath::new(path).unwrap();
            view.tree().read(&path).unwrap().unwrap().bytes.text().unwrap().to_owned()
        };
        bytes("a.yaml") + &bytes("b.yaml")
    };
    let settings = Settings::default();
    let all: Vec<_> = planned.units.iter().collect();
    let together = crate::plan::land(&view, &all, &[&migration], &settings).unwrap();
    assert_eq!(all.len(), 16);
    for turn in 0..8 {
        // First stages in one order, second ones in another: each after what it needs.
        let (mut first, mut second): (Vec<_>, Vec<_>) = all.iter().copied().partition(|unit| unit.id.step == "first");
        first.rotate_left(turn);
        second.rotate_left((turn * 3) % 8);
        second.reverse();
        let mut landed = view.clone();
        for unit in first.into_iter().chain(second) {
            landed = crate::plan::land(&landed, &[unit], &[&migration], &settings).unwrap().view;
        }
        assert_eq!(text(&landed), text(&together.view), "{turn}");
    }
}
