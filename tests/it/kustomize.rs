//! The objects that `src/flux` finds at a path are those that real Kustomize builds there, with
//! what Flux adds, and the Flux Kustomizations among them are what their patches make of them.

mod children;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use self::children::{children, children_that_differ};
use crate::kubectl::kustomize;
use crate::support::rounds::{each, exhaustive};
use crate::support::{Repo, corpus, in_parallel};
use flux_codemod::flux::{FluxKustomization, RenderedIdentity, View};
use flux_codemod::repo::{Folder, Tree};
use serde::Deserialize;
use serde_yaml::Value;

type Identity = (String, String, String, String);

/// What comparing a path came to.
#[derive(Debug)]
enum Compared {
    Agreed,
    /// Kustomize says that it cannot be built.
    Unbuildable(String),
    /// Something on the way is named in `Graph::unmodelled`, and left alone.
    Disagreed(String),
}

/// Puts the kustomization file there that Flux would write, and builds what it would build.
fn build_for_real(repo: &Repo, view: &View, own: &FluxKustomization) -> Option<Result<String, String>> {
    let input = match view.input(own) {
        Ok(input) => input,
        Err(why) => return Some(Err(why.to_string())),
    };
    let absent = Absent::of(repo, view, own);
    let file = repo.path().join(input.file.as_str());
    let before = std::fs::read(&file).ok();
    if let Some(text) = &input.text {
        std::fs::write(&file, text).ok()?;
    }
    let built = kustomize(&repo.path().join(input.dir.as_str()));
    match before {
        Some(bytes) => std::fs::write(&file, bytes).ok()?,
        None => std::fs::remove_file(&file).ok()?,
    }
    drop(absent);
    built
}

/// The files of a tree that are not in an artifact, taken away until this is dropped.
struct Absent(Vec<(PathBuf, Vec<u8>)>);

impl Absent {
    fn of(repo: &Repo, view: &View, own: &FluxKustomization) -> Absent {
        let files = view.tree().entries().map(|(path, _)| path).filter(|path| !own.artifact.holds(path));
        let take = |path: PathBuf| {
            let bytes = std::fs::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            (path, bytes)
        };
        Absent(files.map(|path| take(repo.path().join(path.as_str()))).collect())
    }
}

impl Drop for Absent {
    fn drop(&mut self) {
        self.0.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    }
}

fn documents(built: &str) -> impl Iterator<Item = Value> {
    let documents = serde_yaml::Deserializer::from_str(built).map(|document| Value::deserialize(document).unwrap());
    documents.filter(|document| !document.is_null())
}

fn text(value: &Value, path: &[&str]) -> String {
    let found = path.iter().try_fold(value, |value, key| value.get(key));
    found.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn identities(built: &str) -> BTreeSet<Identity> {
    documents(built)
        .map(|object| {
            (
                text(&object, &["apiVersion"]),
                text(&object, &["kind"]),
                text(&object, &["metadata", "namespace"]),
                text(&object, &["metadata", "name"]),
            )
        })
        .collect()
}

fn compare(repo: &Repo, view: &View, own: &FluxKustomization) -> Option<Compared> {
    let built = match build_for_real(repo, view, own)? {
        Ok(built) => built,
        Err(why) => return Some(Compared::Unbuildable(why)),
    };
    let real = identities(&built);
    let objects = view.build(own).into_iter();
    let ours: BTreeSet<Identity> = objects
        .map(|object| {
            let RenderedIdentity { api_version, kind, namespace, name, .. } = (*object).clone();
            (api_version.into(), kind.into(), namespace.unwrap_or_default().into(), name.into())
        })
        .collect();
    if ours == real {
        let differs = children_that_differ(view, own, &built);
        return Some(if differs.is_empty() { Compared::Agreed } else { Compared::Disagreed(differs.join("; ")) });
    }
    let only = |a: &BTreeSet<Identity>, b: &BTreeSet<Identity>| {
        let list: Vec<_> = a.difference(b).map(|(api, kind, ns, name)| format!("{api} {kind} {ns}/{name}")).collect();
        list.join(", ")
    };
    Some(Compared::Disagreed(format!(
        "only ours: [{}]; only Kustomize's: [{}]",
        only(&ours, &real),
        only(&real, &ours)
    )))
}

fn view_of(repo: &Repo) -> View {
    View::of(Tree::of(Arc::new(Folder::plain(repo.path()).unwrap()))).unwrap().whole()
}

/// All that is to be built in a tree: as clusters apply it, and as the files of what no cluster
/// applies state it; each once.
fn all_paths(view: &View) -> BTreeMap<String, FluxKustomization> {
    let graph = view.graph();
    let objects = view.files().flat_map(|(_, file)| &file.objects);
    let unreached = objects.filter(|object| graph.reaches(&object.at).is_empty());
    let stated =
        unreached.filter_map(|object| view.stated(&object.at)).filter(|own| own.source.kind == "GitRepository");
    let all = graph.kustomizations.iter().cloned().chain(stated).filter(|own| own.path.is_some());
    all.map(|own| {
        let path = own.path.as_ref().unwrap();
        let key =
            format!("{path} {:?} {:?} {:?}", own.target_namespace, own.components, own.object.at(&["spec", "patches"]));
        (key, own)
    })
    .collect()
}

/// A Flux Kustomization for `./app`, and what lies there.
const FLUX: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec:
  path: ./app
  sourceRef: {kind: GitRepository, name: home}
";

const OBJECTS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {tier: a}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: listed}}
- {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: role}}
---
apiVersion: v1
kind: Namespace
metadata: {name: space}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
---
apiVersion: example.org/v1
kind: Namespace
metadata: {name: no-namespace-of-kubernetes, namespace: own}
";

/// Paths and texts.
type Files = &'static [(&'static str, &'static str)];

/// What is hard, one thing a case: the `spec` that follows [`FLUX`], and files.
const CASES: &[(&str, &str, Files)] = &[
    ("no kustomization", "", &[("app/a.yaml", OBJECTS), ("app/.sops.yaml", "creation_rules: []\n")]),
    (
        "no kustomization, some below",
        "  targetNamespace: home\n",
        &[
            ("app/x/a.yaml", OBJECTS),
            ("app/y/kustomization.yaml", "resources: [b/one.yaml]\nnamespace: inner\n"),
            ("app/y/b/one.yaml", "{apiVersion: v1, kind: Secret, metadata: {name: one}}\n"),
            ("app/y/b/unlisted.yaml", "{apiVersion: v1, kind: Secret, metadata: {name: unlisted}}\n"),
        ],
    ),
    (
        "namespace, prefix and suffix",
        "",
        &[
            ("app/a.yaml", OBJECTS),
            ("app/kustomization.yaml", "resources: [a.yaml]\nnamespace: ns\nnamePrefix: p-\nnameSuffix: -s\n"),
        ],
    ),
    (
        "targetNamespace instead of the file's",
        "  targetNamespace: target\n",
        &[("app/a.yaml", OBJECTS), ("app/kustomization.yaml", "resources: [a.yaml]\nnamespace: ns\n")],
    ),
    (
        "generators with and without hash",
        "",
        &[
            (
                "app/kustomization.yaml",
                "configMapGenerator:\n- name: hashed\n  files: [a.conf, key=b.conf]\n  literals: ['a=<b>&c', 'q=\"x\"']\n  envs: [c.env]\n\
                 - name: plain\n  options: {disableNameSuffixHash: true}\n  literals: [x=y]\nsecretGenerator:\n- name: tls\n  type: kubernetes.io/tls\n  \
                 literals: [tls.crt=a, tls.key=b]\nnamePrefix: p-\n",
            ),
            ("app/a.conf", "caf\u{e9} & <b>\u{2028}\n"),
            ("app/b.conf", "line\n"),
            ("app/c.env", "# comment\nA=1\nB=\"x y\"\n\nC= z \n"),
        ],
    ),
    (
        "hashes switched off for all, on for one; an empty one",
        "",
        &[(
            "app/kustomization.yaml",
            "generatorOptions: {disableNameSuffixHash: true}\nconfigMapGenerator:\n- {name: without, literals: [a=b]}\n- {name: empty}\n- {name: with, literals: [a=b], options: {disableNameSuffixHash: false}}\n",
        )],
    ),
    (
        "a Component merges into what its parent generates",
        "  components: [../component]\n",
        &[
            ("app/kustomization.yaml", "configMapGenerator:\n- {name: shared, literals: [a=b, c=d]}\n"),
            (
                "component/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nconfigMapGenerator:\n- {name: shared, behavior: merge, literals: [a=z]}\n",
            ),
        ],
    ),
    (
        "nested Components, in order, with namespaces",
        "  components: [../outer]\n",
        &[
            ("app/a.yaml", OBJECTS),
            ("app/kustomization.yaml", "resources: [a.yaml]\ncomponents: [../first]\nnamespace: ns\nnamePrefix: p-\n"),
            (
                "first/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: f-\nresources: [f.yaml]\n",
            ),
            ("first/f.yaml", "{apiVersion: v1, kind: Secret, metadata: {name: of-first}}\n"),
            (
                "outer/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncomponents: [../inner]\nnameSuffix: -o\n",
            ),
            (
                "inner/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [i.yaml]\nnamespace: inner\n",
            ),
            ("inner/i.yaml", "{apiVersion: v1, kind: Secret, metadata: {name: of-inner}}\n"),
        ],
    ),
    (
        "a NamespaceTransformer for what has none",
        "",
        &[
            ("app/a.yaml", OBJECTS),
            (
                "app/kustomization.yaml",
                "resources: [a.yaml]\ntransformers:\n- |-\n  apiVersion: builtin\n  kind: NamespaceTransformer\n  metadata: {name: x, namespace: given}\n  unsetOnly: true\n",
            ),
        ],
    ),
    (
        "and one for all",
        "",
        &[
            ("app/a.yaml", OBJECTS),
            (
                "app/kustomization.yaml",
                "resources: [a.yaml]\ntransformers:\n- |-\n  apiVersion: builtin\n  kind: NamespaceTransformer\n  metadata: {name: x, namespace: given}\n",
            ),
        ],
    ),
    (
        "patches that delete, rename and move",
        "  patches:\n  - patch: '- {op: replace, path: /metadata/name, value: renamed}'\n    target: {kind: ConfigMap, labelSelector: 'tier in (a)'}\n  \
           - patch: '- {op: add, path: /metadata/namespace, value: moved}'\n    target: {kind: Service, name: lis.*}\n",
        &[
            ("app/a.yaml", OBJECTS),
            (
                "app/kustomization.yaml",
                "resources: [a.yaml]\npatches:\n- patch: |-\n    $patch: delete\n    apiVersion: rbac.authorization.k8s.io/v1\n    kind: ClusterRole\n    metadata: {name: not-used}\n  \
                 target: {kind: ClusterRole}\n- patch: |-\n    $patch: delete\n    apiVersion: example.org/v1\n    kind: Namespace\n    metadata: {name: no-namespace-of-kubernetes, namespace: own}\n",
            ),
        ],
    ),
    (
        "a patch by label that another patch set, and one that does not match a namespace",
        "",
        &[
            ("app/a.yaml", OBJECTS),
            (
                "app/kustomization.yaml",
                "resources: [a.yaml]\nnamespace: ns\npatches:\n- patch: '- {op: add, path: /metadata/labels, value: {found: yes-it-is}}'\n  target: {kind: Service}\n\
                 - patch: '- {op: replace, path: /metadata/name, value: by-label}'\n  target: {labelSelector: found}\n\
                 - patch: '- {op: replace, path: /metadata/name, value: wrong}'\n  target: {kind: ConfigMap, namespace: other}\n",
            ),
        ],
    ),
    (
        "the same directory through two parents, links and odd spellings of paths",
        "",
        &[
            ("app/kustomization.yaml", "resources: [./one/, two/../two]\n"),
            ("app/one/kustomization.yaml", "resources: [../../base]\nnamePrefix: one-\n"),
            ("app/two/kustomization.yml", "bases: [../../base]\nnamePrefix: two-\n"),
            ("base/Kustomization", "resources:\n- ./a.yaml\n"),
            ("base/a.yaml", "{apiVersion: v1, kind: Secret, metadata: {name: base}}\n"),
        ],
    ),
    (
        "labels are there for the patches of the parent, not for its own",
        "",
        &[
            (
                "app/kustomization.yaml",
                "resources: [../base]\npatches:\n- patch: '- {op: replace, path: /metadata/name, value: seen}'\n  target: {kind: Service, labelSelector: own=yes}\n",
            ),
            (
                "base/kustomization.yaml",
                "resources: [a.yaml]\ncommonLabels: {own: 'yes'}\npatches:\n- patch: '- {op: replace, path: /metadata/name, value: never}'\n  target: {labelSelector: own=yes}\n",
            ),
            ("base/a.yaml", OBJECTS),
        ],
    ),
];

#[test]
fn what_is_hard() {
    let compared = in_parallel(CASES, |(name, spec, files)| {
        let repo = Repo::empty();
        repo.write("flux/app.yaml", format!("{FLUX}{spec}"));
        for (path, text) in *files {
            repo.write(path, text);
        }
        let view = view_of(&repo);
        let all = all_paths(&view);
        let flux = all.values().next().unwrap_or_else(|| panic!("{name}: no Flux Kustomization"));
        (name, compare(&repo, &view, flux))
    });
    let is_wrong = |compared: &Option<Compared>| !matches!(compared, None | Some(Compared::Agreed));
    let wrong = compared.into_iter().filter(|(_, compared)| is_wrong(compared));
    let wrong: Vec<_> = wrong.map(|(name, compared)| format!("{name}: {compared:?}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_path_of_real_repositories() {
    let Some(corpus) = corpus() else { return };
    let names = ["haynes-ops", "bjw-s-home-ops", "onedr0p-home-ops", "billimek-k8s-gitops"];
    let times: &[&str] = if exhaustive() { &["before", "after"] } else { &["before"] };
    let trees = names.into_iter().flat_map(|name| times.iter().map(move |time| (name, *time)));
    // A build changes the tree for a moment, so that one tree is work for one thread.
    let compared = in_parallel(trees, |(name, time)| {
        let repo = Repo::copy_of(&corpus.join(name).join(time));
        let view = view_of(&repo);
        let paths = all_paths(&view);
        // Those that apply others are compared each time.
        let (parents, others): (Vec<_>, Vec<_>) = paths.values().partition(|own| children(&view, own).next().is_some());
        let sample = parents.into_iter().chain(others.into_iter().step_by(each(8)));
        let compared = sample.filter_map(|flux| Some((flux.path.clone()?, compare(&repo, &view, flux)?)));
        (name, time, compared.collect::<Vec<_>>())
    });
    let mut sum = [0; 3];
    for (name, time, compared) in compared {
        let mut counts = [0; 3];
        for (path, compared) in compared {
            match compared {
                Compared::Agreed => counts[0] += 1,
                Compared::Disagreed(how) => {
                    counts[1] += 1;
                    println!("  DISAGREED {path}: {how}");
                }
                Compared::Unbuildable(why) => {
                    counts[2] += 1;
                    println!("  unbuildable {path}: {}", why.trim().chars().take(300).collect::<String>());
                }
            }
        }
        println!("{name} {time}: {} agreed, {} disagreed, {} unbuildable", counts[0], counts[1], counts[2]);
        (0..3).for_each(|at| sum[at] += counts[at]);
    }
    println!("all: {} agreed, {} disagreed, {} unbuildable", sum[0], sum[1], sum[2]);
    assert_eq!(sum[1], 0);
}
