//! Units are recipes: whatever order their needs allow, they land to the same bytes.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::support::rounds::{config, rounds};
use crate::support::{Repo, root};
use flux_codemod::config::{FILE, Settings};
use flux_codemod::flux::View;
use flux_codemod::migrations;
use flux_codemod::plan::{Plan, Unit, land, plan};
use flux_codemod::repo::{FileChange, Folder, Tree};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

fn view(path: &Path) -> View {
    View::of(Tree::of(Arc::new(Folder::plain(path).unwrap()))).unwrap()
}

fn planned(view: &View, settings: &Settings) -> Plan {
    plan(view, migrations::all(), settings, None).unwrap()
}

fn landed(view: &View, units: &[&Unit], settings: &Settings) -> Vec<FileChange> {
    let landed = land(view, units, migrations::all(), settings).unwrap();
    assert!(landed.refused.is_empty(), "{:?}", landed.refused);
    is_as_if_read_anew(&landed.view);
    landed.view.tree().changed_files().unwrap()
}

/// What a view takes over from the one before the changes is what would be read again.
fn is_as_if_read_anew(view: &View) {
    let anew = View::of(view.tree().clone()).unwrap();
    assert_eq!(format!("{:?}", view.graph()), format!("{:?}", anew.graph()));
    assert_eq!(format!("{:?}", view.releases()), format!("{:?}", anew.releases()));
    assert_eq!(format!("{:?}", view.helm_repositories()), format!("{:?}", anew.helm_repositories()));
    assert_eq!(format!("{:?}", view.oci_repositories()), format!("{:?}", anew.oci_repositories()));
    let kustomizations = |view: &View| format!("{:?}", view.kustomizations().collect::<Vec<_>>());
    assert_eq!(kustomizations(view), kustomizations(&anew));
    let objects =
        |view: &View| format!("{:?}", view.files().map(|(path, file)| (path, &file.objects)).collect::<Vec<_>>());
    assert_eq!(objects(view), objects(&anew));
}

/// One of the orders that needs allow, chosen by the numbers.
fn one_order<'u>(units: &[&'u Unit], choices: &[usize]) -> Vec<&'u Unit> {
    let mut waiting = units.to_vec();
    let mut done = BTreeSet::new();
    let mut order = Vec::new();
    for choice in choices.iter().cycle() {
        let ready: Vec<usize> = (0..waiting.len()).filter(|at| waiting[*at].needs.is_subset(&done)).collect();
        let Some(at) = ready.get(choice % ready.len().max(1)) else { break };
        let unit = waiting.remove(*at);
        done.insert(unit.id.clone());
        order.push(unit);
    }
    assert_eq!(order.len(), units.len());
    order
}

/// A repository with one release for each version of a chart, and an unsorted list for their
/// sources.
fn many_versions() -> Repo {
    releases_of(&["3.7.3", "3.10.0", "2.0.0", "4.0.0-rc.1", "3.7.1"].map(|version| ("bjw-s", version)))
}

/// A repository with a release for each of these versions of a chart, each of a HelmRepository.
fn releases_of(versions: &[(&str, &str)]) -> Repo {
    let repo = Repo::empty();
    let kustomization = |path: &str, resources: &[&str]| {
        let list: String = resources.iter().map(|entry| format!("  - {entry}\n")).collect();
        let text = format!("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{list}");
        repo.write(&format!("{path}/kustomization.yaml"), text);
    };
    let source = |name: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: {name}\n  namespace: flux-system\n\
             spec:\n  url: oci://example.org/{name}\n  ref:\n    tag: 1.0.0\n"
        )
    };
    repo.write(
        "flux/cluster.yaml",
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: home, namespace: flux-system}\n\
         spec: {url: https://example.org/home, ref: {branch: main}}\n---\n\
         apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: cluster, namespace: flux-system}\n\
         spec: {path: ./flux, sourceRef: {kind: GitRepository, name: home}}\n",
    );
    let repositories = [("bjw-s", "oci://example.org/charts"), ("labs", "oci://ghcr.io/bjw-s-labs/helm")].map(|(name, url)| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: {name}, namespace: flux-system}}\n\
             spec: {{type: oci, url: {url}}}\n"
        )
    });
    repo.write("flux/repositories/helm.yaml", repositories.join("---\n"));
    kustomization("flux/repositories", &["./helm.yaml", "./sources"]);
    kustomization("flux/repositories/sources", &["./zulu.yaml", "./app-template-b.yaml", "./mike.yaml"]);
    for name in ["zulu", "app-template-b", "mike"] {
        repo.write(&format!("flux/repositories/sources/{name}.yaml"), source(name));
    }
    for (repository, version) in versions {
        repo.write(
            &format!("flux/apps/{version}.yaml"),
            format!(
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: app-{}\n  namespace: apps\nspec:\n  chart:\n\
                 \x20   spec:\n      chart: app-template\n      version: {version}\n      sourceRef:\n        kind: HelmRepository\n\
                 \x20       name: {repository}\n        namespace: flux-system\n  values: {{}}\n",
                version.replace('.', "-")
            ),
        );
    }
    repo
}

/// A plan, and what its units come to when they land in its own order.
struct Case {
    view: View,
    settings: Settings,
    plan: Plan,
    expected: Vec<FileChange>,
}

impl Case {
    fn of(repo: &Repo) -> Case {
        let view = view(repo.path());
        let sections: Vec<_> = migrations::all().iter().filter_map(|migration| migration.section()).collect();
        let text = std::fs::read_to_string(repo.path().join(FILE)).unwrap_or_default();
        let settings = Settings::read(FILE, &text, &sections).unwrap();
        let plan = planned(&view, &settings);
        let expected = landed(&view, &able(&plan), &settings);
        assert!(expected.len() > 5);
        Case { view, settings, plan, expected }
    }

    fn order_does_not_matter(&self, choices: &[usize], cut: usize) {
        let units = able(&self.plan);
        let order = one_order(&units, choices);
        assert_eq!(landed(&self.view, &order, &self.settings), self.expected, "at once");

        // In two parts, the tree understood anew in between: what is left is exactly what was not
        // landed, under the same names.
        let (first, second) = order.split_at(cut % order.len());
        let half = land(&self.view, first, migrations::all(), &self.settings).unwrap().view;
        let left = planned(&half, &self.settings);
        let names = |units: &[&Unit]| units.iter().map(|unit| unit.id.clone()).collect::<BTreeSet<_>>();
        let pending = able(&left);
        assert_eq!(names(&pending), names(second));
        assert_eq!(landed(&half, &one_order(&pending, choices), &self.settings), self.expected, "in two parts");
    }
}

/// The units that can be written.
fn able(plan: &Plan) -> Vec<&Unit> {
    plan.units.iter().filter(|unit| unit.is_able()).collect()
}

fn in_any_order(repo: &Repo) {
    let case = Case::of(repo);
    let config = config(rounds(2, 200));
    let orders = (prop::collection::vec(0usize..64, 1..12), 0usize..64);
    let result = TestRunner::new(config).run(&orders, |(choices, cut)| {
        case.order_does_not_matter(&choices, cut);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn of_the_example() {
    in_any_order(&Repo::example());
}

#[test]
fn of_many_versions_in_an_unsorted_list() {
    in_any_order(&many_versions());
}

/// Sources beside releases, in Components, by home and by target; removals that wait for releases
/// (`docs/hazards.md#s6`): each as its golden case has it.
#[test]
fn of_every_strategy() {
    for case in ["per-app", "strategy-namespace", "home", "target", "removal"] {
        in_any_order(&Repo::copy_of(&root().join(format!("golden/chart-ref-{case}/before"))));
    }
}

/// Second sources beside those of 3.x, in folders and in Components that namespaces share or have
/// alone.
#[test]
fn second_sources_land_in_any_order() {
    for case in ["component", "sources"] {
        in_any_order(&Repo::copy_of(&root().join(format!("golden/app-template-v4-{case}/before"))));
    }
}

/// From 3.x and 4.x to 5.x, with its defaults or without (`docs/hazards.md#v12`).
#[test]
fn releases_land_in_5_in_any_order() {
    for mode in ["keep", "adopt"] {
        in_any_order(&Repo::copy_of(&root().join(format!("golden/app-template-5-{mode}/before"))));
    }
}

/// From 2.x, with what it has by default written out (`docs/hazards.md#v13`).
#[test]
fn releases_on_2_land_in_any_order() {
    in_any_order(&Repo::copy_of(&root().join("golden/app-template-from-2/before")));
}

/// What has moved to a second source of one registry says nothing of the releases of the other,
/// whichever comes first.
#[test]
fn second_sources_of_two_registries_land_in_any_order() {
    let of = |repository, versions: [&'static str; 2]| versions.map(|version| (repository, version));
    let versions = [of("bjw-s", ["3.7.3", "3.6.0"]), of("labs", ["3.7.2", "3.6.1"])].concat();
    let case = Case::of(&releases_of(&versions));
    let new = |registry: &str| {
        let is_it =
            |unit: &&&Unit| unit.id.step == "source" && unit.title.contains(registry) && unit.title.contains(" 4.");
        able(&case.plan).iter().filter(is_it).count()
    };
    assert_eq!((new("example.org"), new("bjw-s-labs")), (1, 1));
    for choice in [0, 63] {
        (1..able(&case.plan).len()).step_by(5).for_each(|cut| case.order_does_not_matter(&[choice, choice / 2], cut));
    }
}

/// Components that are made, consumers that need them, templates that go when all consumers are
/// switched (`docs/hazards.md#c6`).
#[test]
fn consumers_land_in_any_order() {
    in_any_order(&Repo::copy_of(&root().join("golden/components-switch/before")));
}

/// The same with Flux Kustomizations as destination and claims that are protected first
/// (`docs/hazards.md#c9`), with promotions that share a consumer, and with a rename that comes
/// after the consumers that are switched to it (`docs/hazards.md#c7`).
#[test]
fn consumers_land_in_any_order_as_configured() {
    for case in ["components-flux", "components-in-place", "components-rename"] {
        in_any_order(&Repo::copy_of(&root().join("golden").join(case).join("before")));
    }
}

/// Defaults of Kustomizations and of releases in one list, labels of both on one object, lists of
/// patches that are kept, roots below roots, fields that go when their label is there.
#[test]
fn defaults_land_in_any_order() {
    for case in ["kustomizations", "own-patches", "opt-out", "subtraction"] {
        in_any_order(&Repo::copy_of(&root().join(format!("golden/remediation-defaults-{case}/before"))));
    }
}

/// Releases of one file are edited together, and each is proven without the others: it is long.
#[test]
fn releases_of_one_file_land_in_any_order() {
    let repo = Repo::copy_of(&root().join("golden/remediation-defaults-subtraction/before"));
    let path = "kubernetes/main/apps/shapes/several/app/both.yaml";
    let both = repo.read(path);
    let more =
        |number: usize| both.replace("several-a", &format!("a-{number}")).replace("several-b", &format!("b-{number}"));
    let text: String = (0..25).map(more).collect();
    assert!(text.len() > 16 * 1024);
    repo.write(path, text);
    in_any_order(&repo);
}
