//! `remediation-defaults` on real repositories, where the corpus is available, and on the golden
//! cases: real Kustomize builds the roots with their patches, then each Flux Kustomization with
//! what these make of it, and what comes out is what the plan says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::kubectl::{kubectl, kustomize};
use crate::support::rounds::{each, exhaustive};
use crate::support::{Repo, corpus, in_parallel, root};
use flux_codemod::config::{FILE, Settings};
use flux_codemod::flux::{KustomizationId, View};
use flux_codemod::migrations;
use flux_codemod::migrations::remediation_defaults::RemediationDefaults;
use flux_codemod::plan::{Effect, Outcome, Plan, Safety, Unit, land, ordered, plan};
use flux_codemod::repo::{Folder, Tree};
use serde::Deserialize;
use serde_yaml::{Mapping, Value};

fn view(repo: &Repo) -> View {
    View::of(Tree::of(Arc::new(Folder::plain(repo.path()).unwrap()))).unwrap()
}

fn settings(repo: &Repo) -> Settings {
    let sections: Vec<_> = migrations::all().iter().filter_map(|migration| migration.section()).collect();
    match std::fs::read_to_string(repo.path().join(FILE)) {
        Ok(text) => Settings::read(FILE, &text, &sections).unwrap(),
        Err(_) => Settings::default(),
    }
}

fn planned(repo: &Repo) -> Plan {
    plan(&view(repo), &[&RemediationDefaults], &settings(repo), None).unwrap()
}

/// Lands the units of some steps in a directory.
fn landed(repo: &Repo, plan: &Plan, is_meant: &dyn Fn(&Unit) -> bool) -> View {
    let units: Vec<&Unit> = plan.units.iter().filter(|unit| unit.is_able() && is_meant(unit)).collect();
    let landed = land(&view(repo), &ordered(&units).unwrap(), &[&RemediationDefaults], &settings(repo)).unwrap();
    assert!(landed.refused.is_empty(), "{:?}", landed.refused);
    for change in landed.view.tree().changed_files().unwrap() {
        repo.write(change.path.as_str(), change.after.expect("nothing is deleted").bytes);
    }
    view(repo)
}

fn is_subtraction(unit: &Unit) -> bool {
    unit.id.step.starts_with("subtract")
}

fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(key)).filter(|value| !value.is_null())
}

fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    at(value, path).and_then(Value::as_str).unwrap_or_default()
}

/// A cluster, and a release in it.
type Name = (String, String);

/// Of how many Flux Kustomizations below the roots one is built.
fn stride(view: &View) -> usize {
    if view.graph().kustomizations.len() > 40 { each(12) } else { 1 }
}

/// `spec` of HelmReleases, as real Kustomize builds it: the roots, then what comes out of these, as
/// it comes out.
fn judged(repo: &Repo, view: &View) -> Option<BTreeMap<Name, Value>> {
    let graph = view.graph();
    let mut found = BTreeMap::new();
    for cluster in &graph.clusters {
        let roots: BTreeSet<KustomizationId> = cluster.releases_roots.iter().map(|root| root.kustomization).collect();
        let is_below = |mut id: KustomizationId| {
            std::iter::from_fn(|| {
                id = graph.kustomizations[id].parent?;
                Some(id)
            })
            .any(|above| roots.contains(&above))
        };
        for id in roots.iter().filter(|id| !is_below(**id)) {
            let own = &graph.kustomizations[*id];
            let file = std::fs::read_to_string(repo.path().join(own.at.path.as_str())).unwrap();
            let document = serde_yaml::Deserializer::from_str(&file).nth(own.at.document).unwrap();
            let document = Value::deserialize(document).unwrap();
            if text(&document, &["kind"]) == "Kustomization" {
                build(repo, &cluster.name, &document, stride(view), &mut BTreeSet::new(), &mut found)?;
            }
        }
    }
    Some(found)
}

/// Builds a Flux Kustomization with what it says, and goes on into those that come out. `None`
/// without Kustomize.
fn build(
    repo: &Repo,
    cluster: &str,
    own: &Value,
    stride: usize,
    seen: &mut BTreeSet<String>,
    found: &mut BTreeMap<Name, Value>,
) -> Option<()> {
    let name = format!("{}/{}", text(own, &["metadata", "namespace"]), text(own, &["metadata", "name"]));
    let dir = repo.path().join(text(own, &["spec", "path"]).trim_start_matches("./"));
    let number = seen.len();
    if !seen.insert(name)
        || !number.is_multiple_of(stride)
        || !dir.is_dir()
        || text(own, &["spec", "sourceRef", "kind"]) != "GitRepository"
    {
        return Some(());
    }
    let stated = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    let stated = stated.iter().map(|name| dir.join(name)).find(|file| file.is_file());
    let file = stated.unwrap_or_else(|| dir.join("kustomization.yaml"));
    let before = std::fs::read_to_string(&file).ok();
    let mut kustomization: Mapping = match &before {
        Some(text) => serde_yaml::from_str(text).unwrap(),
        None => Mapping::from_iter([("resources".into(), Value::Sequence(generated(&dir, &dir)))]),
    };
    if let Some(namespace) = at(own, &["spec", "targetNamespace"]) {
        kustomization.insert("namespace".into(), namespace.clone());
    }
    for key in ["components", "patches"] {
        let added = at(own, &["spec", key]).and_then(Value::as_sequence).cloned().unwrap_or_default();
        let mut list = kustomization.get(key).and_then(Value::as_sequence).cloned().unwrap_or_default();
        list.extend(added);
        if !list.is_empty() {
            kustomization.insert(key.into(), Value::Sequence(list));
        }
    }
    std::fs::write(&file, serde_yaml::to_string(&kustomization).unwrap()).unwrap();
    let built = kustomize(&dir)?;
    match before {
        Some(text) => std::fs::write(&file, text).unwrap(),
        None => std::fs::remove_file(&file).unwrap(),
    }
    // What Kustomize itself cannot build is no matter of ours.
    let Ok(mut built) = built else { return Some(()) };
    for (key, value) in at(own, &["spec", "postBuild", "substitute"]).and_then(Value::as_mapping).into_iter().flatten()
    {
        let value = value.as_str().map_or_else(|| serde_yaml::to_string(value).unwrap(), str::to_owned);
        built = built.replace(&format!("${{{}}}", key.as_str().unwrap_or_default()), value.trim());
    }
    let documents = serde_yaml::Deserializer::from_str(&built).map(|document| Value::deserialize(document).unwrap());
    for object in documents.collect::<Vec<_>>() {
        let group = text(&object, &["apiVersion"]).to_owned();
        let name = format!("{}/{}", text(&object, &["metadata", "namespace"]), text(&object, &["metadata", "name"]));
        if group.starts_with("helm.toolkit.fluxcd.io/") && text(&object, &["kind"]) == "HelmRelease" {
            found.insert((cluster.to_owned(), name), at(&object, &["spec"]).cloned().unwrap_or_default());
        } else if group.starts_with("kustomize.toolkit.fluxcd.io/") {
            build(repo, cluster, &object, stride, seen, found)?;
        }
    }
    Some(())
}

/// The resources of the kustomization that Flux generates for a directory without one.
fn generated(top: &Path, dir: &Path) -> Vec<Value> {
    let mut entries: Vec<_> = dir.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        let relative = || Value::from(format!("./{}", entry.strip_prefix(top).unwrap().display()));
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        if entry.is_dir() {
            match entry.join("kustomization.yaml").is_file() || entry.join("kustomization.yml").is_file() {
                true => found.push(relative()),
                false => found.extend(generated(top, &entry)),
            }
        } else if (name.ends_with(".yaml") || name.ends_with(".yml")) && name != ".sops.yaml" {
            found.push(relative());
        }
    }
    found
}

/// The part of `spec` that is about failures.
fn failures(spec: &Value) -> Value {
    let kept = ["timeout", "install", "upgrade", "rollback"]
        .iter()
        .filter_map(|key| Some(((*key).into(), at(spec, &[key])?.clone())));
    Value::Mapping(Mapping::from_iter(kept))
}

/// What this crate says of the same: the release as it arrives, with patches.
fn native(view: &View) -> BTreeMap<Name, Value> {
    let graph = view.graph();
    let mut found = BTreeMap::new();
    for release in view.releases() {
        for reach in graph.reaches(&release.at) {
            let object = view.effective(&release.at, reach).unwrap();
            let name = format!("{}/{}", reach.namespace.as_deref().unwrap_or_default(), reach.name);
            let spec = object.get("spec").map(plain).unwrap_or_default();
            found.insert((graph.clusters[reach.cluster].name.clone(), name), failures(&spec));
        }
    }
    found
}

fn plain(value: &flux_codemod::flux::Value) -> Value {
    use flux_codemod::flux::Value as Own;
    match value {
        Own::Null => Value::Null,
        Own::Scalar { text, string: true } => text.as_str().into(),
        Own::Scalar { text, string: false } => serde_yaml::from_str(text).unwrap(),
        Own::Sequence(items) => items.iter().map(plain).collect::<Vec<_>>().into(),
        Own::Mapping(entries) => {
            Mapping::from_iter(entries.iter().map(|(key, value)| (key.as_str().into(), plain(value)))).into()
        }
    }
}

/// An effect is what Kustomize comes to, wherever the object states the field at all.
fn is_right(effect: &Effect, value: &str, judged: &BTreeMap<Name, Value>) {
    let Some(name) = effect.object.strip_prefix("HelmRelease ") else { return };
    // A directory with a remote resource is one that Kustomize cannot build here.
    let Some(spec) = judged.get(&(effect.cluster.clone(), name.to_owned())) else { return };
    let path: Vec<&str> = effect.field.split('.').skip(1).collect();
    let is =
        at(spec, &path).map(|value| serde_yaml::to_string(value).unwrap().trim().trim_matches(['"', '\'']).to_owned());
    match is {
        Some(is) => assert_eq!(is, value, "{effect:?}"),
        None => assert!(value.ends_with("(Flux's default)"), "{effect:?} is absent"),
    }
}

/// Lands everything stage by stage, and has Kustomize judge each. How many releases it looked at;
/// `None` without Kustomize.
fn judge(repo: &Repo) -> Option<usize> {
    let plan = planned(repo);
    let before = judged(repo, &view(repo))?;
    for effect in plan.units.iter().filter(|unit| unit.is_able()).flat_map(|unit| &unit.effects) {
        is_right(effect, &effect.before, &before);
    }

    let with = landed(repo, &plan, &|unit| !is_subtraction(unit));
    let injected = judged(repo, &with)?;
    for unit in plan.units.iter().filter(|unit| unit.is_able()) {
        for effect in &unit.effects {
            let value = if effect.outcome == Outcome::Kept { &effect.before } else { &effect.after };
            is_right(effect, value, &injected);
        }
    }
    let native_injected = native(&with);
    for (name, spec) in &injected {
        let native = native_injected.get(name).unwrap_or_else(|| panic!("{name:?} is not among ours"));
        assert_eq!(failures(spec), *native, "{name:?}");
    }

    let less = landed(repo, &plan, &|unit| is_subtraction(unit));
    let subtracted = judged(repo, &less)?;
    assert_eq!(injected, subtracted, "what is removed is redundant");
    for unit in planned(repo).units {
        assert!(!unit.is_able(), "{} is left", unit.id);
    }
    Some(injected.len())
}

/// A tree of the corpus, without the remote resources that Kustomize would fetch.
fn copy(tree: &str) -> Option<Repo> {
    let repo = Repo::copy_of(&corpus()?.join(tree).join("before"));
    for (path, bytes) in repo.files() {
        let is_one = path.file_name().is_some_and(|name| name == "kustomization.yaml");
        let Some(text) = String::from_utf8(bytes).ok().filter(|text| is_one && text.contains("- https://")) else {
            continue;
        };
        let local = text.split_inclusive('\n').filter(|line| !line.trim_start().starts_with("- https://"));
        repo.write(path.to_str().unwrap(), local.collect::<String>());
    }
    Some(repo)
}

fn units<'p>(plan: &'p Plan, step: &str) -> Vec<&'p Unit> {
    plan.units.iter().filter(|unit| unit.id.step == step && unit.safety == Safety::Safe).collect()
}

/// What a field comes to on a cluster, over all units: how often it is the same, changes, is kept.
fn counts(plan: &Plan, cluster: &str, field: &str) -> [usize; 3] {
    let effects = plan.units.iter().flat_map(|unit| &unit.effects);
    let own = effects.filter(|effect| effect.cluster == cluster && effect.field == field);
    let mut counts = [0; 3];
    own.for_each(|effect| counts[effect.outcome as usize] += 1);
    counts
}

fn said<'p>(plan: &'p Plan, code: &str) -> Vec<&'p str> {
    plan.findings.iter().filter(|finding| finding.code.id == code).map(|finding| &*finding.message).collect()
}

/// What the releases of a real repository agree on, as they were counted.
#[test]
fn haynes_ops() {
    let Some(repo) = copy("haynes-ops") else { return };
    let plan = planned(&repo);
    let roots = units(&plan, "inject");
    assert_eq!(
        roots.iter().map(|unit| unit.id.subject.path().as_str()).collect::<Vec<_>>(),
        ["kubernetes/edge/flux/apps.yaml", "kubernetes/main/flux/apps.yaml"]
    );
    assert!(roots.iter().all(|unit| unit.title.ends_with(
        "defaults for releases of the Kustomizations below it: install.remediation.retries: 3, upgrade.cleanupOnFail: true, \
         upgrade.remediation.retries: 3"
    )));
    assert_eq!(
        said(&plan, "defaults-proposed"),
        [
            "spec.install.remediation.retries: 3, stated by 62 of 79 releases (edge 7 of 8, main 55 of 71)",
            "spec.upgrade.cleanupOnFail: true, stated by 63 of 79 releases (edge 7 of 8, main 56 of 71)",
            "spec.upgrade.remediation.retries: 3, stated by 63 of 79 releases (edge 7 of 8, main 56 of 71)",
        ]
    );
    // Every release is in the table: 8 on edge, 71 on main.
    assert_eq!(counts(&plan, "edge", "spec.upgrade.remediation.retries"), [7, 1, 0]);
    assert_eq!(counts(&plan, "main", "spec.upgrade.remediation.retries"), [56, 14, 1]);
    assert_eq!(counts(&plan, "main", "spec.install.remediation.retries"), [55, 14, 2]);
    assert_eq!(counts(&plan, "main", "spec.upgrade.cleanupOnFail"), [56, 14, 1]);

    let exceptions = said(&plan, "differs-from-defaults");
    for (release, says) in [
        ("observability/kube-prometheus-stack on main", "install.crds: Skip"),
        ("observability/loki on main", "upgrade.crds: Skip"),
        ("kube-system/spegel on edge", "upgrade.remediation.strategy: uninstall"),
        ("kube-system/spegel on main", "upgrade.remediation.strategy: uninstall"),
        ("media/plex on main", "install.remediation.retries: -1"),
        ("office/paperless-ngx on main", "upgrade.remediation.retries: 5"),
    ] {
        let is_it = |text: &&&str| text.contains(&format!("HelmRelease {release} states spec.{says}"));
        assert!(exceptions.iter().any(|text| is_it(&text)), "{release}: {exceptions:#?}");
        let (full, _) = release.split_once(' ').unwrap();
        let touched = plan.units.iter().filter(|unit| {
            let subject = &unit.id.subject;
            format!("{}/{}", subject.namespace(), subject.name()) == full
        });
        assert_eq!(touched.count(), 0, "{release} is left alone");
    }
    assert_eq!(units(&plan, "opt-in").len(), 79 - 6);
    assert_eq!(plan.units.iter().filter(|unit| unit.safety != Safety::Safe).count(), 0);

    let Some(judged) = judge(&repo) else { return };
    assert_eq!(judged, if exhaustive() { 79 } else { 4 }, "so many releases are in what Kustomize builds");
}

/// Under the defaults that other repositories have, exceptions are kept out by a label, and none is
/// overridden without notice (`docs/hazards.md#r5`).
#[test]
fn haynes_ops_with_crds_for_all() {
    let Some(repo) = copy("haynes-ops") else { return };
    repo.write(
        FILE,
        "remediation-defaults:\n  scope: opt-out\n  spec:\n    install: {crds: CreateReplace}\n    upgrade: {crds: CreateReplace, remediation: {retries: 3}}\n",
    );
    let plan = planned(&repo);
    let out: Vec<&str> = units(&plan, "opt-out").iter().map(|unit| unit.id.subject.name()).collect();
    assert_eq!(out, ["spegel", "spegel", "plex", "kube-prometheus-stack", "loki", "paperless-ngx"]);
    let with = native(&landed(&repo, &plan, &|unit| !is_subtraction(unit)));
    let less = native(&landed(&repo, &plan, &|unit| is_subtraction(unit)));
    assert_eq!(with, less, "what is removed is redundant");
    let spegel = &with[&("main".to_owned(), "kube-system/spegel".to_owned())];
    assert_eq!(at(spegel, &["upgrade", "crds"]), None, "it stays as it is");
    let cilium = &with[&("main".to_owned(), "kube-system/cilium".to_owned())];
    assert_eq!(text(cilium, &["upgrade", "crds"]), "CreateReplace");
}

/// A root that renders HelmReleases itself gets the form with one level (`docs/hazards.md#r1`). The
/// corpus has no entry point of it.
#[test]
fn billimek() {
    let Some(repo) = copy("billimek-k8s-gitops") else { return };
    repo.write(
        "setup/flux/cluster/apps.yaml",
        "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: apps\n  namespace: flux-system\nspec:\n  \
         interval: 30m\n  path: ./kubernetes\n  prune: true\n  sourceRef:\n    kind: GitRepository\n    name: flux-system\n",
    );
    repo.write(FILE, "remediation-defaults:\n  max-opted-out: 60\n");
    let plan = planned(&repo);
    let roots = units(&plan, "inject");
    assert_eq!(roots.len(), 1, "{:#?}", plan.findings);
    let title = &roots[0].title;
    assert!(title.starts_with("defaults for its releases: "), "{title}");
    // More than half say -1, and each of them is an exception: it is no default for others.
    assert!(!title.contains("-1"), "{title}");
    let Some(judged) = judge(&repo) else { return };
    assert!(judged > 50, "{judged}");
}

/// The same proof on golden cases, by default on one with all kinds of lists; `docs/hazards.md#r3`:
/// a child with own patches keeps them.
#[test]
fn golden_cases() {
    if kubectl().is_none() {
        return;
    }
    let cases = std::fs::read_dir(root().join("golden")).unwrap().map(|entry| entry.unwrap().path());
    let name = |case: &Path| case.file_name().unwrap().to_string_lossy().into_owned();
    let is_ours = |case: &PathBuf| match &*name(case) {
        "remediation-defaults-own-patches" => true,
        other => exhaustive() && (other.starts_with("remediation-defaults-") || other == "home-ops"),
    };
    let looked_at = in_parallel(cases.filter(is_ours), |case| {
        let repo = Repo::copy_of(&case.join("before"));
        let looked_at = judge(&repo).expect("there is Kustomize");
        if name(&case) == "remediation-defaults-own-patches" {
            let specs = judged(&repo, &view(&repo)).unwrap();
            let own = &specs[&("main".to_owned(), "media/own".to_owned())];
            assert_eq!(at(own, &["values", "replicas"]), Some(&Value::from(2)), "its own patch is still at work");
            let retries = at(own, &["upgrade", "remediation", "retries"]);
            assert_eq!(retries, Some(&Value::from(3)), "and so are the defaults");
        }
        looked_at
    });
    let looked_at = looked_at.into_iter().sum::<usize>();
    if exhaustive() {
        assert!(looked_at > 60, "{looked_at}");
    } else {
        assert_eq!(looked_at, 7);
    }
}
