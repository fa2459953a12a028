//! `flux-operator` on haynes-ops: what it writes in full, what real Kustomize builds of it at each stage, and what
//! stays byte for byte as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_yaml::Value;

use crate::flux_operator::{built, commit};
use crate::support::{Repo, corpus_tree};

const APPS: &str = "kubernetes/main/apps/flux-system";
const CONFIG: &str = "kubernetes/main/flux/config";

/// What differs between the two trees.
struct Tree {
    path: &'static str,
    version: &'static str,
    /// A controller beside the six of Flux 2.7.
    more: &'static str,
    /// The schema of an OCIRepository, as most of the tree states it, and its interval.
    schema: &'static str,
    interval: &'static str,
    /// The first line of a HelmRelease.
    of_release: &'static str,
    /// What keeps variables of the root away.
    label: &'static str,
    namespace_of_source: &'static str,
}

const TREES: [Tree; 2] = [
    Tree {
        path: "haynes-ops/before",
        version: "2.7.5",
        more: "",
        schema: "https://homelab-schemas-epg.pages.dev/source.toolkit.fluxcd.io/ocirepository_v1.json",
        interval: "10m",
        of_release: "",
        label: "  labels:\n    substitution.flux.home.arpa/disabled: \"true\"\n",
        namespace_of_source: "",
    },
    Tree {
        path: "haynes-ops-2026-08/main",
        version: "2.9.4",
        more: "    - source-watcher\n",
        schema: "https://kubernetes-schemas.pages.dev/source.toolkit.fluxcd.io/ocirepository_v1.json",
        interval: "15m",
        of_release: "# yaml-language-server: $schema=https://kubernetes-schemas.pages.dev/helm.toolkit.fluxcd.io/helmrelease_v2.json\n",
        label: "",
        namespace_of_source: "    namespace: flux-system\n",
    },
];

impl Tree {
    /// The files that are new, but for the patches of the FluxInstance.
    fn written(&self) -> [(String, String); 7] {
        let Tree { version, more, schema, interval, of_release, label, namespace_of_source, .. } = self;
        let list = |resources: &[&str]| {
            let resources: String = resources.iter().map(|resource| format!("  - ./{resource}\n")).collect();
            format!(
                "---\n# yaml-language-server: $schema=https://json.schemastore.org/kustomization\n\
                 apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{resources}"
            )
        };
        let kustomization = |name: &str, depends: &str, prune: &str, timeout: &str| {
            format!(
                "---\n# yaml-language-server: $schema=https://kubernetes-schemas.pages.dev/kustomize.toolkit.fluxcd.io/kustomization_v1.json\n\
                 apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  namespace: flux-system\n\
                 {label}spec:\n{depends}  path: ./{APPS}/{name}/app\n{prune}  sourceRef:\n    kind: GitRepository\n    name: haynes-ops\n\
                 {namespace_of_source}  wait: true\n  interval: 30m\n{timeout}"
            )
        };
        let source = format!(
            "---\n# yaml-language-server: $schema={schema}\napiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\n\
             metadata:\n  name: flux-operator\n  namespace: flux-system\nspec:\n  interval: {interval}\n  layerSelector:\n    \
             mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip\n    operation: copy\n  ref:\n    tag: 0.58.1\n  \
             url: oci://ghcr.io/controlplaneio-fluxcd/charts/flux-operator\n"
        );
        let release = format!(
            "---\n{of_release}apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: flux-operator\n  \
             namespace: flux-system\nspec:\n  interval: 30m\n  chartRef:\n    kind: OCIRepository\n    name: flux-operator\n"
        );
        let instance = format!(
            "---\napiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata:\n  name: flux\n  namespace: flux-system\n  \
             annotations:\n    kustomize.toolkit.fluxcd.io/prune: disabled\nspec:\n  distribution:\n    \
             # renovate: datasource=github-releases depName=controlplaneio-fluxcd/distribution\n    version: {version}\n    \
             registry: ghcr.io/fluxcd\n  components:\n    - source-controller\n    - kustomize-controller\n    - helm-controller\n    \
             - notification-controller\n    - image-reflector-controller\n    - image-automation-controller\n{more}  cluster:\n    \
             type: kubernetes\n    domain: cluster.local\n    multitenant: false\n    networkPolicy: false\n  kustomize:\n    patches:\n"
        );
        let (operator, taking_over) = (format!("{APPS}/flux-operator"), format!("{APPS}/flux-instance"));
        let depends = "  dependsOn:\n    - name: flux-operator\n";
        let orphans = "  prune: false\n  deletionPolicy: Orphan\n";
        [
            (format!("{operator}/ks.yaml"), kustomization("flux-operator", "", "  prune: true\n", "")),
            (format!("{operator}/app/kustomization.yaml"), list(&["helmrelease.yaml", "ocirepository.yaml"])),
            (format!("{operator}/app/ocirepository.yaml"), source),
            (format!("{operator}/app/helmrelease.yaml"), release),
            (format!("{taking_over}/ks.yaml"), kustomization("flux-instance", depends, orphans, "  timeout: 10m\n")),
            (format!("{taking_over}/app/kustomization.yaml"), list(&["fluxinstance.yaml"])),
            (format!("{taking_over}/app/fluxinstance.yaml"), instance),
        ]
    }
}

/// The patches of the old installation as the FluxInstance has them: two columns further in, and without the first,
/// which takes the NetworkPolicies away.
fn carried(old: &str) -> String {
    let (_, patches) = old.split_once("  patches:\n").unwrap();
    let second = patches.match_indices("\n    - patch:").nth(1).unwrap().0;
    let comments = patches[..second].lines().rev().take_while(|line| line.trim_start().starts_with('#')).count();
    let from = patches[..second].lines().count() - comments;
    let lines = patches.lines().skip(from);
    lines.map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

type Objects = BTreeMap<(String, String), Value>;

/// What is in one build and not in another.
fn beyond(one: &Objects, other: &Objects) -> Vec<String> {
    let more = one.keys().filter(|key| !other.contains_key(*key));
    more.map(|(kind, name)| format!("{kind} {name}")).collect()
}

/// Hazards F1 to F7: each stage builds, nothing but the old installation goes, and no source is renamed.
#[test]
fn haynes_ops_is_built_at_each_stage() {
    for tree in &TREES {
        let Some(from) = corpus_tree(tree.path) else { return };
        let repo = Repo::copy_of(&from);
        repo.write(".flux-codemod.yaml", "flux-operator: {promotion: off}\n");
        let repo = repo.commit();
        repo.git(&["branch", "edge"]);
        let build = |dir: &str| built(&repo.path().join(dir));
        let before = repo.files();
        let (Some(apps), Some(config)) = (build(APPS), build(CONFIG)) else { return };
        for stage in ["guard and operator", "instance", "old one out"] {
            let apply = ["apply", "flux-operator", "--review", "--no-gate", "--yes", "--here", "--cluster", "main"];
            assert_eq!(repo.run_gated(&apply).status, 0, "{}: {stage}", tree.path);
            commit(&repo, stage);
            let (apps_now, config_now) = (build(APPS).unwrap(), build(CONFIG).unwrap());
            let kept = |old: &Objects, now: &Objects, may_differ: &[&str]| {
                for (key, object) in now.iter().filter(|(key, _)| old.contains_key(*key)) {
                    assert!(*object == old[key] || may_differ.contains(&&*key.1), "{}: {stage}: {key:?}", tree.path);
                }
            };
            // An Alert gets its entry once the instance is there; nothing else that is applied today changes.
            kept(&apps, &apps_now, if stage == "old one out" { &["alert-manager"] } else { &[] });
            kept(&config, &config_now, &["flux"]);
            let (new, gone) = (beyond(&apps_now, &apps), beyond(&config, &config_now));
            assert_eq!(beyond(&apps, &apps_now), [""; 0]);
            let (operator, instance) = ("Kustomization flux-operator", "Kustomization flux-instance");
            match stage {
                "guard and operator" => {
                    assert_eq!((new, gone), (vec![operator.to_owned()], vec![]));
                    let old = &config_now[&("Kustomization".to_owned(), "flux".to_owned())];
                    assert_eq!(
                        (&old["spec"]["prune"], &old["spec"]["deletionPolicy"]),
                        (&false.into(), &"Orphan".into())
                    );
                }
                "instance" => assert_eq!((new, gone), (vec![instance.to_owned(), operator.to_owned()], vec![])),
                _ => assert_eq!(gone, ["Kustomization flux", "OCIRepository flux-manifests"]),
            }
        }
        let kinds = |dir: &str| build(dir).unwrap().into_keys().collect::<Vec<_>>();
        let named = |kind: &str, name: &str| (kind.to_owned(), name.to_owned());
        let operator = [named("HelmRelease", "flux-operator"), named("OCIRepository", "flux-operator")];
        assert_eq!(kinds(&format!("{APPS}/flux-operator/app")), operator);
        assert_eq!(kinds(&format!("{APPS}/flux-instance/app")), [named("FluxInstance", "flux")]);
        only_that_is_written(tree, &before, &repo);
    }
}

/// The new files in full, and what became of the others.
fn only_that_is_written(tree: &Tree, before: &BTreeMap<PathBuf, Vec<u8>>, repo: &Repo) {
    let after = repo.files();
    let text = |path: &str| String::from_utf8(before[&PathBuf::from(path)].clone()).unwrap();
    let old = text(&format!("{CONFIG}/flux.yaml"));
    let mut expected: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (path, written) in tree.written() {
        let patches = if path.ends_with("fluxinstance.yaml") { carried(&old) } else { String::new() };
        expected.insert(path, Some(written + &patches));
    }
    let list = format!("{APPS}/kustomization.yaml");
    let entries = "  - ./flux-operator/ks.yaml\n  - ./flux-instance/ks.yaml\n";
    expected.insert(list.clone(), Some(format!("{}\n{entries}", text(&list).trim_end())));
    let root = format!("{CONFIG}/kustomization.yaml");
    expected.insert(root.clone(), Some(text(&root).replace("  - ./flux.yaml\n", "")));
    expected.insert(format!("{CONFIG}/flux.yaml"), None);
    // The Alert is in the file of the namespace.
    let alert = format!("{APPS}/namespace.yaml");
    let watched = "    - kind: OCIRepository\n      name: \"*\"\n";
    let entry = "    - kind: FluxInstance\n      name: \"*\"\n";
    expected.insert(alert.clone(), Some(text(&alert).replace(watched, &format!("{watched}{entry}"))));

    let paths: BTreeSet<&PathBuf> = before.keys().chain(after.keys()).collect();
    let changed = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let changed: Vec<String> = changed.map(|path| path.to_string_lossy().into_owned()).collect();
    assert_eq!(changed, expected.keys().cloned().collect::<Vec<_>>(), "{}: no other file changes", tree.path);
    for (path, expected) in expected {
        let is = after.get(&PathBuf::from(&path)).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert_eq!(is, expected, "{}: {path}", tree.path);
    }
}
