//! Clusters in memory: their entry points, releases roots, and flags of controllers.

use super::ReleasesRoot;
use crate::flux::View;
use crate::flux::tests::view;

const ENTRY: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: home, namespace: flux-system}
spec: {url: https://example.org/home, ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: cluster, namespace: flux-system}
spec: {path: ./kubernetes/flux, sourceRef: {kind: GitRepository, name: home}}
";

/// A text that lives as long as the tests.
pub(super) fn file(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

pub(super) fn kustomization(name: &str, path: &str) -> &'static str {
    file(format!(
        "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\n\
         spec: {{path: ./{path}, sourceRef: {{kind: GitRepository, name: home}}}}\n"
    ))
}

pub(super) fn release(name: &str) -> &'static str {
    file(format!(
        "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}}}\n\
         spec: {{chartRef: {{kind: OCIRepository, name: x}}}}\n"
    ))
}

/// `name kustomizations+releases` of each root.
fn roots(files: &[(&str, &'static str)]) -> Vec<String> {
    let mut all = vec![("kubernetes/flux/cluster.yaml", ENTRY)];
    all.extend(files);
    let view = view(&all);
    let graph = view.graph();
    let one = |root: &ReleasesRoot| {
        format!("{} {}+{}", graph.kustomizations[root.kustomization].name, root.kustomizations, root.releases)
    };
    graph.clusters.first().unwrap().releases_roots.iter().map(one).collect()
}

#[test]
fn a_releases_root_is_what_applies_those_that_render_releases() {
    let apps = ("kubernetes/flux/apps.yaml", kustomization("cluster-apps", "kubernetes/apps"));
    let app = |name: &str| kustomization(name, &format!("kubernetes/apps/{name}/app"));
    let mut files = vec![
        apps,
        ("kubernetes/apps/kustomization.yaml", "resources: [plex/ks.yaml, sonarr/ks.yaml]\n"),
        ("kubernetes/apps/plex/ks.yaml", app("plex")),
        ("kubernetes/apps/plex/app/release.yaml", release("plex")),
        ("kubernetes/apps/sonarr/ks.yaml", app("sonarr")),
        ("kubernetes/apps/sonarr/app/release.yaml", release("sonarr")),
    ];
    assert_eq!(roots(&files), ["cluster-apps 2+0"]);
    files.push(("kubernetes/flux/extra.yaml", kustomization("extra", "kubernetes/extra")));
    files.push(("kubernetes/extra/release.yaml", release("extra")));
    assert_eq!(roots(&files), ["cluster-apps 2+0", "extra 0+1"], "never the entry point above a root");
}

#[test]
fn a_root_may_render_releases_itself() {
    let apps = kustomization("cluster-apps", "kubernetes/apps");
    let mut files = vec![
        ("kubernetes/flux/apps.yaml", apps),
        ("kubernetes/apps/plex/release.yaml", release("plex")),
        ("kubernetes/apps/sonarr/release.yaml", release("sonarr")),
    ];
    assert_eq!(roots(&files), ["cluster-apps 0+2"]);
    files.push(("kubernetes/flux/infrastructure.yaml", kustomization("infrastructure", "kubernetes/infrastructure")));
    files.push(("kubernetes/infrastructure/release.yaml", release("cilium")));
    assert_eq!(roots(&files), ["cluster-apps 0+2", "infrastructure 0+1"], "there may be several");
    let direct = [("kubernetes/flux/release.yaml", release("plex"))];
    assert_eq!(roots(&direct), ["cluster 0+1"]);
}

#[test]
fn an_entry_point_that_applies_every_app_is_the_root() {
    let app = |name: &str| kustomization(name, &format!("kubernetes/apps/{name}"));
    let files = [
        ("kubernetes/flux/plex.yaml", app("plex")),
        ("kubernetes/apps/plex/release.yaml", release("plex")),
        ("kubernetes/flux/sonarr.yaml", app("sonarr")),
        ("kubernetes/apps/sonarr/release.yaml", release("sonarr")),
        ("kubernetes/flux/rook.yaml", app("rook")),
        ("kubernetes/apps/rook/operator.yaml", release("rook-operator")),
        ("kubernetes/apps/rook/cluster.yaml", release("rook-cluster")),
    ];
    assert_eq!(roots(&files), ["cluster 3+0"]);
    assert_eq!(roots(&[]), [""; 0], "no release, no root");
}

fn flags(view: &View) -> Vec<String> {
    let flags = view.graph().clusters.first().unwrap().controller_flags.iter();
    flags.map(|shown| format!("{} {} {}:{}", shown.controller, shown.flag, shown.path, shown.line)).collect()
}

#[test]
fn flags_stand_in_patches_of_the_kustomization_of_flux() {
    let flux = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux, namespace: flux-system}
spec:
  path: ./
  sourceRef: {kind: OCIRepository, name: flux-manifests}
  patches:
    - patch: |
        - op: add
          path: /spec/template/spec/containers/0/args/-
          value: --concurrent=8
        - op: add
          path: /spec/template/spec/containers/0/args/-
          value: --no-cross-namespace-refs=true
      target:
        kind: Deployment
        name: (kustomize-controller|helm-controller)
    - patch: |
        - op: add
          path: /spec/template/spec/containers/0/args/-
          value: --feature-gates=OOMWatch=true,StrictPostBuildSubstitutions=true
      target: {kind: Deployment}
    - patch: |
        - {op: add, path: /metadata/annotations/x, value: --no-cross-namespace-refs=true}
      target: {kind: Service}
";
    let view = view(&[("kubernetes/flux/cluster.yaml", ENTRY), ("kubernetes/flux/flux.yaml", flux)]);
    assert_eq!(
        flags(&view),
        [
            "helm-controller --no-cross-namespace-refs=true kubernetes/flux/flux.yaml:14",
            "kustomize-controller --no-cross-namespace-refs=true kubernetes/flux/flux.yaml:14",
            "kustomize-controller --feature-gates=StrictPostBuildSubstitutions=true kubernetes/flux/flux.yaml:21",
        ]
    );
    let cluster = view.graph().clusters.first().unwrap();
    assert!(cluster.refuses_cross_namespace_refs("helm-controller"));
    assert!(!cluster.refuses_cross_namespace_refs("notification-controller"));
    assert_eq!(cluster.substitutes_strictly(), Some(true));
}

/// As `flux bootstrap` lays it out: manifests, sync and a kustomization that patches them.
#[test]
fn flags_stand_in_the_kustomization_beside_the_manifests() {
    let manifests = "\
# Flux Version: v2.9.1
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: kustomize-controller, namespace: flux-system}
spec:
  template:
    spec:
      containers:
        - name: manager
          args:
            - --feature-gates=StrictPostBuildSubstitutions=false
";
    let sync = file(ENTRY.replace("./kubernetes/flux", "./clusters/production"));
    let patched = "\
resources: [gotk-components.yaml, gotk-sync.yaml]
patches:
  - path: lockdown.yaml
    target: {kind: Deployment, name: helm-controller}
";
    let lockdown = "- op: add\n  path: /spec/template/spec/containers/0/args/-\n  value: --no-cross-namespace-refs\n";
    let at = |name: &str| format!("clusters/production/flux-system/{name}");
    let whole = view(&[
        (&at("gotk-components.yaml"), manifests),
        (&at("gotk-sync.yaml"), sync),
        (&at("kustomization.yaml"), patched),
        (&at("lockdown.yaml"), lockdown),
    ]);
    let cluster = whole.graph().clusters.first().unwrap();
    assert_eq!((cluster.name.as_str(), cluster.flux.map(|flux| flux.minor)), ("production", Some(9)));
    let expected = [
        format!("helm-controller --no-cross-namespace-refs=true {}:3", at("kustomization.yaml")),
        format!(
            "kustomize-controller --feature-gates=StrictPostBuildSubstitutions=false {}:12",
            at("gotk-components.yaml")
        ),
    ];
    assert_eq!(flags(&whole), expected);
    assert_eq!(cluster.substitutes_strictly(), Some(false));
    let plain = file(manifests.replace("--feature-gates=StrictPostBuildSubstitutions=false", "--log-level=info"));
    let whole =
        view(&[("clusters/production/gotk-components.yaml", plain), ("clusters/production/gotk-sync.yaml", sync)]);
    assert_eq!(whole.graph().clusters.first().unwrap().substitutes_strictly(), Some(true), "the default from Flux 2.9");
}

#[test]
fn flags_stand_in_a_flux_instance() {
    let instance = "\
apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
metadata: {name: flux, namespace: flux-system}
spec:
  distribution: {version: 2.6.x}
  cluster: {multitenant: false}
  sync: {kind: GitRepository, url: https://example.org/home, ref: refs/heads/main, path: kubernetes/flux}
  kustomize:
    patches:
      - target: {kind: Deployment, name: kustomize-controller}
        patch: |
          - op: add
            path: /spec/template/spec/containers/0/args/-
            value: --feature-gates=StrictPostBuildSubstitutions=true
";
    let whole = view(&[("flux/instance.yaml", instance), ("kubernetes/flux/x.yaml", "a: 1\n")]);
    let gate = "kustomize-controller --feature-gates=StrictPostBuildSubstitutions=true flux/instance.yaml:14";
    assert_eq!(flags(&whole), [gate]);
    let locked = file(instance.replace("multitenant: false", "multitenant: true"));
    let whole = view(&[("flux/instance.yaml", locked), ("kubernetes/flux/x.yaml", "a: 1\n")]);
    let cluster = whole.graph().clusters.first().unwrap();
    assert!(cluster.refuses_cross_namespace_refs("helm-controller") && cluster.controller_flags.len() == 6);
    assert_eq!(cluster.url.as_deref(), Some("https://example.org/home"));
}

#[test]
fn what_no_cluster_applies_is_known() {
    let patch =
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x}\nspec: {values: {a: 1}}\n";
    let copy = file(ENTRY.replace("name: cluster,", "name: copy,"));
    let view = view(&[
        ("kubernetes/flux/cluster.yaml", ENTRY),
        ("bootstrap/cluster.yaml", copy),
        ("apps/release.yaml", release("plex")),
        ("apps/patch.yaml", patch),
    ]);
    let unreached: Vec<_> = view.unreached().map(|object| format!("{} {}", object.kind, object.at)).collect();
    assert_eq!(unreached, ["HelmRelease apps/release.yaml", "Kustomization bootstrap/cluster.yaml"]);
}

/// `name path (namespace/name of the root), releases` of each cluster.
pub(super) fn clusters(files: &[(&str, &'static str)], urls: &[&str]) -> Vec<String> {
    let urls = urls.iter().map(ToString::to_string).collect();
    clusters_with(files, crate::flux::Given { clusters: Vec::new(), urls })
}

/// The same, with what is known from elsewhere.
pub(super) fn clusters_with(files: &[(&str, &'static str)], given: crate::flux::Given) -> Vec<String> {
    let view = View::with_given(view(files).tree().clone(), given).unwrap();
    let graph = view.graph();
    let one = |id: super::ClusterId| {
        let cluster = &graph.clusters[id];
        let root = graph.kustomizations.iter().find(|root| root.cluster == id && root.parent.is_none()).unwrap();
        let releases = graph.reached().flat_map(|(_, reaches)| reaches);
        let releases = releases.filter(|reach| reach.cluster == id && reach.kind == "HelmRelease").count();
        format!("{} {} ({}), {releases}", cluster.name, cluster.path, root.full_name())
    };
    graph.clusters.ids().map(one).collect()
}

pub(super) fn entry(name: &str, url: &str, spec: &str) -> &'static str {
    file(format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: {name}, namespace: flux-system}}\n\
         spec: {{url: {url}, ref: {{branch: main}}}}\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
         metadata: {{name: {name}, namespace: flux-system}}\nspec: {{{spec} sourceRef: {{kind: GitRepository, name: {name}}}}}\n"
    ))
}

#[test]
fn another_repository_is_no_cluster() {
    let (own, other) = ("https://example.org/home", "https://example.org/other");
    let apps = ("flux/apps.yaml", kustomization("apps", "apps"));
    let release = ("apps/release.yaml", release("plex"));
    // One with the same layout, whose file comes first.
    let mut files = vec![
        ("flux/a.yaml", entry("another", other, "path: ./flux,")),
        ("flux/own.yaml", entry("home", own, "path: ./flux,")),
        apps,
        release,
    ];
    assert_eq!(clusters(&files, &[]), ["cluster flux (flux-system/home), 1"]);
    // One without a path, which the cluster applies.
    files[0] = ("apps/crds.yaml", entry("another", other, ""));
    assert_eq!(clusters(&files, &[]), ["cluster flux (flux-system/home), 1"]);
    assert_eq!(clusters(&files, &["git@example.org:home.git"]), ["cluster flux (flux-system/home), 1"]);
    // One alone: what others build from is in no file.
    let files = [apps, release, ("apps/tenant.yaml", entry("tenant", other, "path: ./,"))];
    assert_eq!(clusters(&files, &[]), [""; 0]);
    // Two of the same path with the address of this repository are both shown.
    let files = [
        ("flux/one.yaml", entry("one", "https://example.org/one", "path: ./flux,")),
        ("flux/two.yaml", entry("two", "https://example.org/two", "path: ./flux,")),
    ];
    assert_eq!(clusters(&files, &["https://example.org/two"]), ["cluster flux (flux-system/two), 0"]);
    assert_eq!(clusters(&files, &[]).len(), 2, "nothing says which is this repository");
}

#[test]
fn a_root_is_read_as_it_arrives() {
    let release = ("apps/release.yaml", release("plex"));
    let apps = ("clusters/a/apps.yaml", kustomization("apps", "apps"));
    // Patched by the kustomization that lists it, which alone states the path.
    let patched = "resources: [gotk-sync.yaml]\npatches:\n- target: {kind: Kustomization}\n  patch: |\n    \
                   apiVersion: kustomize.toolkit.fluxcd.io/v1\n    kind: Kustomization\n    metadata: {name: _}\n    \
                   spec:\n      path: ./clusters/a\n      postBuild: {substitute: {A: b}}\n";
    let files = [
        ("clusters/a/flux-system/gotk-sync.yaml", entry("home", "https://example.org/home", "")),
        ("clusters/a/flux-system/kustomization.yaml", patched),
        apps,
        release,
    ];
    assert_eq!(clusters(&files, &[]), ["a clusters/a (flux-system/home), 1"]);
    let graph = view(&files);
    let graph = graph.graph();
    assert!(graph.kustomizations.first().unwrap().variables.gives("A"));
    // Patched by the FluxInstance.
    let instance = "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux}\nspec:\n  \
                    sync: {kind: GitRepository, name: home, url: https://example.org/home, ref: refs/heads/main, path: x}\n  \
                    kustomize:\n    patches:\n    - target: {kind: Kustomization}\n      patch: |\n        \
                    - {op: replace, path: /spec/path, value: clusters/a}\n    - target: {kind: GitRepository}\n      patch: |\n        \
                    - {op: replace, path: /spec/ref, value: {branch: next}}\n";
    let files = [("instance.yaml", instance), apps, release];
    let apps_elsewhere = clusters(&files, &[]);
    assert_eq!(apps_elsewhere, ["a clusters/a (flux/home), 0"], "the sources of other namespaces are others");
    let graph = view(&files);
    let graph = graph.graph();
    assert_eq!(graph.clusters.first().unwrap().branch.as_deref(), Some("next"));
    assert!(graph.kustomizations.first().unwrap().prune);
    // Not listed by the kustomization beside it: `flux bootstrap` has applied it.
    let files = [
        ("clusters/a/flux-system/gotk-sync.yaml", entry("home", "https://example.org/home", "path: ./clusters/a,")),
        ("clusters/a/flux-system/kustomization.yaml", "resources: []\n"),
        apps,
        release,
    ];
    assert_eq!(clusters(&files, &[]), ["a clusters/a (flux-system/home), 1"]);
    // Its source is in no file, and all build from it.
    let root = kustomization("cluster", "clusters/a");
    assert_eq!(
        clusters(&[("clusters/a/root.yaml", root), apps, release], &[]),
        ["a clusters/a (flux-system/cluster), 1"]
    );
}
