//! Flux Kustomizations arrive as the build of the one that applies them makes them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Compared, Files, compare, documents, text, view_of};
use crate::support::{Repo, corpus, in_parallel};
use flux_codemod::flux::{FluxKustomization, Variables, View};
use serde_yaml::Value;

/// The Flux Kustomizations that one applies in a graph.
pub(super) fn children<'v>(view: &'v View, own: &FluxKustomization) -> impl Iterator<Item = &'v FluxKustomization> {
    let graph = view.graph();
    let is_own = |parent: &FluxKustomization| (&parent.at, &parent.object) == (&own.at, &own.object);
    let (own_cluster, own_name) = (own.cluster, own.full_name());
    let is_parent = move |parent: &FluxKustomization| parent.cluster == own_cluster && parent.full_name() == own_name;
    let parents: Vec<_> = graph.kustomizations.entries().filter(|(_, one)| is_parent(one) && is_own(one)).collect();
    graph.kustomizations.iter().filter(move |one| parents.iter().any(|(id, _)| one.parent == Some(*id)))
}

/// The children of a Kustomization whose `spec` is not what Kustomize and then Flux make of it.
pub(super) fn children_that_differ(view: &View, own: &FluxKustomization, built: &str) -> Vec<String> {
    let is_flux = |object: &Value| {
        text(object, &["kind"]) == "Kustomization" && text(object, &["apiVersion"]).contains("toolkit.fluxcd.io")
    };
    let name = |object: &Value| {
        let namespace = own.variables.substitute(&text(object, &["metadata", "namespace"]));
        format!("{namespace}/{}", own.variables.substitute(&text(object, &["metadata", "name"])))
    };
    let real: BTreeMap<String, Value> = documents(built).filter(is_flux).map(|one| (name(&one), one)).collect();
    let differs = |child: &FluxKustomization| {
        let ours: Value = serde_yaml::from_str(&child.object.to_flow()).unwrap();
        let Some(real) = real.get(&child.full_name()) else {
            return Some(format!("{} is not built", child.full_name()));
        };
        let real = flat(&substituted(real, &own.variables));
        let ours = flat(&ours);
        let wrong: Vec<_> = ours.symmetric_difference(&real).map(|(path, value)| format!("{path}: {value}")).collect();
        (!wrong.is_empty()).then(|| format!("{}: {}", child.full_name(), wrong.join(", ")))
    };
    children(view, own).filter_map(differs).collect()
}

/// The spec of an object as Flux leaves it after substitution.
fn substituted(object: &Value, variables: &Variables) -> Value {
    let is_disabled = |kind| text(object, &["metadata", kind, "kustomize.toolkit.fluxcd.io/substitute"]) == "disabled";
    if !variables.any || is_disabled("labels") || is_disabled("annotations") {
        return object.clone();
    }
    fn map(value: &Value, variables: &Variables) -> Value {
        match value {
            Value::String(text) => Value::String(variables.substitute(text)),
            Value::Sequence(items) => Value::Sequence(items.iter().map(|item| map(item, variables)).collect()),
            Value::Mapping(entries) => {
                Value::Mapping(entries.iter().map(|(key, value)| (key.clone(), map(value, variables))).collect())
            }
            other => other.clone(),
        }
    }
    map(object, variables)
}

/// The scalars of `spec`, each with its path, as text. Parsers differ about the end of a block.
fn flat(object: &Value) -> BTreeSet<(String, String)> {
    fn add(value: &Value, path: String, found: &mut BTreeSet<(String, String)>) {
        match value {
            Value::Sequence(items) => {
                items.iter().enumerate().for_each(|(index, item)| add(item, format!("{path}[{index}]"), found));
            }
            Value::Mapping(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.as_str().unwrap_or_default(), value));
                entries.for_each(|(key, value)| add(value, format!("{path}.{key}"), found));
            }
            Value::String(text) => drop(found.insert((path, text.trim_end().to_owned()))),
            Value::Null => {}
            scalar => drop(found.insert((path, serde_yaml::to_string(scalar).unwrap().trim().to_owned()))),
        }
    }
    let mut found = BTreeSet::new();
    add(object.get("spec").unwrap_or(&Value::Null), "spec".to_owned(), &mut found);
    found
}

/// What patches can do to a child: the `spec` of the entry point from [`ENTRY`], and files.
const CHILDREN: &[(&str, &str, Files)] = &[
    ("as it is", "", &[("flux/app.yaml", CHILD)]),
    (
        "merged, with a list replaced and a field removed, by the kustomization",
        "",
        &[
            ("flux/app.yaml", CHILD),
            (
                "flux/kustomization.yaml",
                "resources: [app.yaml]\nnamespace: moved\nnamePrefix: p-\npatches:\n- target: {kind: Kustomization, name: app}\n  patch: |\n    \
                 apiVersion: kustomize.toolkit.fluxcd.io/v1\n    kind: Kustomization\n    metadata: {name: any}\n    spec:\n      \
                 dependsOn: [{name: b}]\n      timeout: null\n      postBuild: {substitute: {B: c}}\n",
            ),
        ],
    ),
    (
        "a JSON patch after a merge, and one that deletes another child",
        "",
        &[
            ("flux/app.yaml", CHILD),
            (
                "flux/kustomization.yaml",
                "resources: [app.yaml]\npatches:\n- target: {kind: Kustomization}\n  patch: |\n    \
                 - {op: add, path: /spec/labels, value: {x: z}}\n    - {op: replace, path: /spec/path, value: ./other}\n\
                 - patch: |\n    $patch: delete\n    apiVersion: kustomize.toolkit.fluxcd.io/v1\n    kind: Kustomization\n    metadata: {name: second, namespace: flux-system}\n",
            ),
        ],
    ),
    (
        "by spec.patches of its parent, after those of the file, with two levels",
        "  patches:\n  - target: {kind: Kustomization, name: app}\n    patch: |\n      - {op: add, path: /spec/patches, value: [{target: {kind: HelmRelease}, patch: 'a: b'}]}\n  \
           - patch: |\n      apiVersion: kustomize.toolkit.fluxcd.io/v1\n      kind: Kustomization\n      metadata: {name: app, namespace: flux-system}\n      \
             spec: {interval: 3m, components: [../x]}\n",
        &[
            ("flux/app.yaml", CHILD),
            ("flux/kustomization.yaml", "resources: [entry.yaml, app.yaml]\ncomponents: [../component]\n"),
            (
                "component/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- target: {kind: Kustomization, labelSelector: tier=a}\n  \
                 patch: '- {op: add, path: /spec/force, value: true}'\n",
            ),
        ],
    ),
    (
        "an empty value that a patch drops, and variables of the parent",
        "  postBuild: {substitute: {CLUSTER: edge, EMPTY: ''}}\n",
        &[
            ("flux/app.yaml", CHILD),
            (
                "flux/kustomization.yaml",
                "resources: [app.yaml]\npatches:\n- target: {kind: Kustomization}\n  patch: |\n    \
                 apiVersion: kustomize.toolkit.fluxcd.io/v1\n    kind: Kustomization\n    metadata: {name: any}\n    spec: {path: './${CLUSTER}', timeout: '${NONE:=4m}'}\n",
            ),
        ],
    ),
];

/// An entry point that builds `./flux`; its `spec` goes on.
const ENTRY: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: home, namespace: flux-system}
spec: {url: https://example.org/home, ref: {branch: main}, ignore: \"/left-out\"}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: cluster, namespace: flux-system}
spec:
  path: ./flux
  sourceRef: {kind: GitRepository, name: home, namespace: flux-system}
";

const CHILD: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system, labels: {tier: a}}
spec:
  path: ./app
  interval: 1h
  timeout: 5m
  retryInterval:
  dependsOn: [{name: a}, {name: c}]
  sourceRef: {kind: GitRepository, name: home, namespace: flux-system}
  postBuild: {substitute: {A: b}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: second, namespace: flux-system}
spec:
  path: ./second
  sourceRef: {kind: GitRepository, name: home, namespace: flux-system}
";

/// What a patch from above does to a Flux Kustomization decides what this applies.
#[test]
fn children_arrive_as_kustomize_makes_them() {
    let compared = in_parallel(CHILDREN, |(name, spec, files)| {
        let repo = Repo::empty();
        repo.write("flux/entry.yaml", format!("{ENTRY}{spec}"));
        repo.write("left-out/kustomization.yaml", "resources: [nothing.yaml]\n");
        for (path, text) in *files {
            repo.write(path, text);
        }
        let view = view_of(&repo);
        let root = view.graph().kustomizations.iter().find(|one| one.parent.is_none());
        let root = root.unwrap_or_else(|| panic!("{name}: no cluster"));
        assert!(children(&view, root).next().is_some(), "{name}: no child");
        (name, compare(&repo, &view, root))
    });
    let is_wrong = |compared: &Option<Compared>| !matches!(compared, None | Some(Compared::Agreed));
    let wrong = compared.into_iter().filter(|(_, compared)| is_wrong(compared));
    let wrong: Vec<_> = wrong.map(|(name, compared)| format!("{name}: {compared:?}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The small trees that went wrong: what each applies that applies others.
#[test]
fn children_in_the_cases_of_the_corpus() {
    let Some(cases) = corpus().map(|corpus| corpus.join("cases")).filter(|cases| cases.is_dir()) else { return };
    let trees = std::fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let compared = in_parallel(trees, |tree| {
        let repo = Repo::copy_of(&tree);
        let view = view_of(&repo);
        let parents = view.graph().kustomizations.iter().filter(|own| children(&view, own).next().is_some());
        let name = tree.file_name().unwrap().to_string_lossy().into_owned();
        (name, parents.filter_map(|own| compare(&repo, &view, own)).collect::<Vec<_>>())
    });
    let mut counts = [0; 2];
    let mut wrong = Vec::new();
    for (name, compared) in compared {
        for one in compared {
            match one {
                Compared::Agreed => counts[0] += 1,
                Compared::Unbuildable(why) => {
                    counts[1] += 1;
                    println!("unbuildable {name}: {}", why.trim().chars().take(300).collect::<String>());
                }
                Compared::Disagreed(how) => wrong.push(format!("{name}: {how}")),
            }
        }
    }
    println!("cases: {} agreed, {} unbuildable", counts[0], counts[1]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
