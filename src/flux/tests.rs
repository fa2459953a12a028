//! Small repositories in memory, read as Flux would.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use super::*;
use crate::repo::{Bytes, Entry, EntryKind, LeftOut, Mode, RepoPath, Source, Tree};
use crate::text::ContentId;

struct Memory(Vec<Entry>, BTreeMap<RepoPath, &'static str>);

impl Source for Memory {
    fn list(&self) -> &[Entry] {
        &self.0
    }
    fn left_out(&self) -> &[LeftOut] {
        &[]
    }
    fn read(&self, path: &RepoPath) -> io::Result<Bytes> {
        Ok(self.1[path].into())
    }
    fn length(&self, path: &RepoPath) -> io::Result<u64> {
        Ok(self.1[path].len() as u64)
    }
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

pub(super) fn view(files: &[(&str, &'static str)]) -> View {
    View::of(Tree::of(Arc::new(memory(files)))).unwrap()
}

fn memory(files: &[(&str, &'static str)]) -> Memory {
    let files: BTreeMap<RepoPath, &'static str> = files.iter().map(|(at, text)| (path(at), *text)).collect();
    let kind = EntryKind::File { mode: Mode::File, filtered: false };
    let entries = files.keys().map(|path| Entry { path: path.clone(), kind: kind.clone() }).collect();
    Memory(entries, files)
}

const ENTRY: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: home, namespace: flux-system}
spec: {url: https://example.org/home, ref: {branch: edge}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: cluster, namespace: flux-system}
spec: {path: ./kubernetes/edge/flux, sourceRef: {kind: GitRepository, name: home}}
";

const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: \"${APP}\"}
spec: {chartRef: {kind: OCIRepository, name: x}}
";

/// Who applies the first release, and as what: `cluster/kustomization namespace/name`.
fn applied(view: &View) -> Vec<String> {
    let graph = view.graph();
    let reaches = graph.reaches(&view.releases()[0].at).iter();
    reaches
        .map(|reach| {
            let cluster = &graph.clusters[reach.cluster].name;
            let kustomization = &graph.kustomizations[reach.kustomization].name;
            format!("{cluster}/{kustomization} {}/{}", reach.namespace.as_deref().unwrap_or("-"), reach.name)
        })
        .collect()
}

fn apps(spec: &'static str) -> [(&'static str, &'static str); 3] {
    [
        ("kubernetes/edge/flux/cluster.yaml", ENTRY),
        ("kubernetes/edge/flux/apps.yaml", spec),
        ("apps/app/helmrelease.yaml", RELEASE),
    ]
}

#[test]
fn a_kustomization_that_applies_itself_is_where_a_cluster_begins() {
    let view = view(&apps(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\n\
         spec:\n  path: ./apps\n  targetNamespace: home\n  sourceRef: {kind: GitRepository, name: home}\n  postBuild: {substitute: {APP: plex}}\n",
    ));
    let cluster = view.graph().clusters.first().unwrap();
    assert_eq!((cluster.name.as_str(), cluster.branch.as_deref()), ("edge", Some("edge")));
    assert_eq!(applied(&view), ["edge/apps home/plex"]);
}

#[test]
fn another_source_is_another_repository() {
    let view = view(&apps(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: flux, namespace: flux-system}\n\
         spec:\n  path: ./apps\n  sourceRef: {kind: OCIRepository, name: flux-manifests}\n",
    ));
    assert!(applied(&view).is_empty(), "./apps lies in that source, not here");
}

#[test]
fn namespaces_come_from_the_outermost_that_gives_one() {
    let kustomization = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {path: ./apps, sourceRef: {kind: GitRepository, name: home}}
";
    let outer = "resources: [./app]\nnamespace: outer\nnamePrefix: my-\n";
    let mut files = apps(kustomization).to_vec();
    files.push(("apps/app/kustomization.yaml", "resources: [helmrelease.yaml]\nnamespace: inner\n"));
    assert_eq!(applied(&view(&files)), ["edge/apps inner/${APP}"], "a path without kustomization builds all below");
    files.push(("apps/kustomization.yaml", outer));
    let whole = view(&files);
    assert_eq!(applied(&whole), ["edge/apps outer/my-${APP}"]);
    let lists = |file: &str| {
        whole.listed_by(&path(file)).map(|kustomization| kustomization.path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(lists("apps/app/helmrelease.yaml"), ["apps/app/kustomization.yaml"]);
    assert_eq!(lists("apps/app"), ["apps/kustomization.yaml"]);
    files.push(("component/kustomization.yaml", "kind: Component\nnamespace: theirs\n"));
    files.retain(|(at, _)| *at != "apps/kustomization.yaml");
    files.push(("apps/kustomization.yaml", "resources: [./app]\ncomponents: [../component]\n"));
    assert_eq!(applied(&view(&files)), ["edge/apps theirs/${APP}"], "a Component's is for all that came before");
}

#[test]
fn a_flux_instance_says_where_and_what() {
    let instance = "\
instance:
  distribution: {version: 2.5.x}
  sync: {kind: GitRepository, url: https://example.org, ref: refs/heads/prod, path: kubernetes/flux}
";
    let apps = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {path: ./apps, sourceRef: {kind: GitRepository, name: flux-system}}
";
    let view =
        view(&[("values.yaml", instance), ("kubernetes/flux/apps.yaml", apps), ("apps/app/helmrelease.yaml", RELEASE)]);
    let cluster = view.graph().clusters.first().unwrap();
    assert_eq!((cluster.name.as_str(), cluster.branch.as_deref()), ("cluster", Some("prod")));
    assert_eq!(cluster.flux.map(|flux| flux.to_string()).as_deref(), Some("2.5"));
    assert_eq!(applied(&view), ["cluster/apps -/${APP}"]);
}

#[test]
fn what_contains_itself_ends() {
    let mut files = apps(ENTRY).to_vec();
    files.push(("kubernetes/edge/flux/kustomization.yaml", "resources: [cluster.yaml, ../flux, ../../edge]\n"));
    files.push(("kubernetes/edge/kustomization.yaml", "resources: [flux]\n"));
    assert_eq!(view(&files).graph().clusters.len(), 1);
}

/// A source that knows the ids of its contents, as a commit does, and notes what is read.
struct Counting(Memory, Mutex<Vec<String>>);

impl Source for Counting {
    fn list(&self) -> &[Entry] {
        self.0.list()
    }
    fn left_out(&self) -> &[LeftOut] {
        &[]
    }
    fn read(&self, path: &RepoPath) -> io::Result<Bytes> {
        self.1.lock().unwrap().push(path.to_string());
        self.0.read(path)
    }
    fn length(&self, path: &RepoPath) -> io::Result<u64> {
        let is_long = path.name() == "long.yaml";
        if is_long { Ok((16 << 20) + 1) } else { self.0.length(path) }
    }
    fn content(&self, path: &RepoPath) -> Option<ContentId> {
        Some(ContentId::of(self.0.1[path].as_bytes()))
    }
}

#[test]
fn what_is_longer_than_manifests_are_is_not_read() {
    let mut files = apps(KUSTOMIZATION).to_vec();
    files.push(("apps/long.yaml", RELEASE));
    let source = Arc::new(Counting(memory(&files), Mutex::default()));
    let view = View::of(Tree::of(source.clone())).unwrap();
    assert_eq!(view.file(&path("apps/long.yaml")).unwrap().barred, Some(Barred::TooLarge));
    assert_eq!(
        SourceNames::of(&view, "HelmRepository").unread()[0].what,
        "apps/long.yaml, which is too large to read,"
    );
    assert!(!source.1.lock().unwrap().iter().any(|read| read.ends_with("long.yaml")));
}

#[test]
fn a_view_takes_what_another_has_parsed_of_the_same_content() {
    let first = view(&apps(KUSTOMIZATION));
    let files = [
        ("kubernetes/edge/flux/cluster.yaml", ENTRY),
        ("kubernetes/edge/flux/apps.yaml", KUSTOMIZATION_HOME),
        ("apps/moved/helmrelease.yaml", RELEASE),
        ("apps/template.yaml.j2", RELEASE),
    ];
    let source = Arc::new(Counting(memory(&files), Mutex::default()));
    let second = View::like(Tree::of(source.clone()), &first).unwrap();
    let mut read = source.1.lock().unwrap().clone();
    read.sort();
    assert_eq!(
        read,
        ["apps/template.yaml.j2", "kubernetes/edge/flux/apps.yaml"],
        "what is new, and where the name decides"
    );
    assert_eq!(second.releases()[0].at.path, path("apps/moved/helmrelease.yaml"));
    assert_eq!(applied(&second), ["edge/apps home/${APP}"]);
    assert_eq!(applied(&first), ["edge/apps -/${APP}"]);
}

const KUSTOMIZATION: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {path: ./apps, sourceRef: {kind: GitRepository, name: home}}
";

const KUSTOMIZATION_HOME: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {path: ./apps, targetNamespace: home, sourceRef: {kind: GitRepository, name: home}}
";

const TWO: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: first, namespace: flux-system}
spec:
  path: ./apps
  targetNamespace: home
  wait: true
  sourceRef: {kind: GitRepository, name: home}
  postBuild: {substitute: {APP: plex}, substituteFrom: [{kind: ConfigMap, name: vars}]}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: second, namespace: flux-system}
spec:
  path: ./sources
  sourceRef: {kind: GitRepository, name: home}
  dependsOn: [{name: first}]
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: third, namespace: flux-system}
spec: {path: ./none, sourceRef: {kind: GitRepository, name: home}, dependsOn: [{name: second}]}
";

fn two() -> View {
    let source = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: x, namespace: home}
spec: {url: oci://example.org/x, ref: {tag: 1.2.3}}
";
    let vars = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: flux-system}\ndata: {APP: other, ZONE: b}\n";
    view(&[
        ("kubernetes/edge/flux/cluster.yaml", ENTRY),
        ("kubernetes/edge/flux/apps.yaml", TWO),
        ("kubernetes/edge/flux/vars.yaml", vars),
        ("apps/kustomization.yaml", "resources: [app]\ncomponents: [../component]\n"),
        ("apps/app/kustomization.yaml", "resources: [helmrelease.yaml]\n"),
        ("apps/app/helmrelease.yaml", RELEASE),
        (
            "component/kustomization.yaml",
            "kind: Component\npatches: [{path: patch.yaml, target: {kind: HelmRelease}}]\n",
        ),
        (
            "component/patch.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x}\nspec: {interval: '${ZONE}'}\n",
        ),
        ("sources/x.yaml", source),
    ])
}

#[test]
fn a_release_is_what_arrives_in_the_cluster() {
    let view = two();
    let at = &view.releases()[0].at;
    let installed = view.installed(at, &view.graph().reaches(at)[0]).unwrap();
    assert_eq!(
        (installed.release.as_str(), installed.namespace.as_str()),
        ("plex", "home"),
        "substitute wins over the ConfigMap"
    );
    assert_eq!(installed.object.text_at(&["spec", "interval"]), Some("b"), "patched, then substituted");
    let chart = installed.chart.unwrap();
    assert_eq!((chart.at.unwrap().path, chart.version.as_deref()), (path("sources/x.yaml"), Some("1.2.3")));
    assert!(installed.is_waited_for);
    assert_eq!(installed.holds_up.len(), 2, "second waits for first, and third for second");
}

#[test]
fn a_change_reaches_what_depends_on_it() {
    let view = two();
    let radiuses = Radiuses::of(&view);
    let of = |file: &str| {
        let radius = radiuses.of_file(&path(file));
        let names = |list: &std::collections::BTreeSet<InCluster>| {
            list.iter().map(|one| one.name.trim_start_matches("flux-system/").to_owned()).collect::<Vec<_>>().join(" ")
        };
        (names(&radius.kustomizations), names(&radius.releases), names(&radius.held_up))
    };
    let all = |names: &str, releases: &str, held_up: &str| (names.to_owned(), releases.to_owned(), held_up.to_owned());
    assert_eq!(of("apps/app/helmrelease.yaml"), all("first", "home/plex", "second third"));
    assert_eq!(of("component/patch.yaml"), all("first", "home/plex", "second third"), "through the Component");
    assert_eq!(of("component/kustomization.yaml"), of("component/patch.yaml"));
    assert_eq!(of("sources/x.yaml"), all("first second", "home/plex", "second third"), "a source and who uses it");
    let vars = of("kubernetes/edge/flux/vars.yaml");
    assert_eq!((vars.0.as_str(), vars.1.as_str()), ("cluster first", "home/plex"), "variables and who takes them");
    assert_eq!(of("README.yaml"), all("", "", ""));
}

#[test]
fn variables_of_a_config_map_count_wherever_it_is_met() {
    const APPS: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  path: ./apps
  targetNamespace: home
  sourceRef: {kind: GitRepository, name: home}
  postBuild: {substituteFrom: [{kind: ConfigMap, name: vars}]}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: later, namespace: flux-system}
spec: {path: ./later, sourceRef: {kind: GitRepository, name: home}}
";
    const VARS: &str =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: flux-system}\ndata: {APP: plex}\n";
    for place in ["kubernetes/edge/flux/vars.yaml", "later/vars.yaml", "by-hand/vars.yaml"] {
        let mut files = apps(APPS).to_vec();
        files.push((place, VARS));
        assert_eq!(applied(&view(&files)), ["edge/apps home/plex"], "{place}");
        files.push(("apps/vars.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars}\ndata: {APP: own}\n"));
        assert_eq!(applied(&view(&files)), ["edge/apps home/plex"], "{place}: that of another namespace is another");
    }
}
