//! What is applied depends on what is in the artifacts of the sources.

use super::tests::{clusters, clusters_with, entry, file, kustomization, release};
use super::{Given, GivenCluster};
use crate::flux::tests::view;
use crate::repo::RepoPath;

#[test]
fn an_artifact_may_hold_a_part_of_the_repository() {
    let release = ("apps/release.yaml", release("plex"));
    let generator = "apiVersion: source.extensions.fluxcd.io/v1beta1\nkind: ArtifactGenerator\n\
                     metadata: {name: g, namespace: flux-system}\nspec:\n  sources: [{alias: repo, kind: GitRepository, name: home}]\n  \
                     artifacts:\n  - name: all\n    copy: [{from: '@repo/apps/**', to: '@artifact/copied/'}]\n  \
                     - name: odd\n    copy: [{from: '@repo/apps/*.yaml', to: '@artifact/'}]\n";
    let apps = |artifact: &str, path: &str| {
        file(format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps, namespace: flux-system}}\n\
             spec: {{path: {path}, sourceRef: {{kind: ExternalArtifact, name: {artifact}}}}}\n"
        ))
    };
    for (artifact, path, releases) in [("all", "./copied", 1), ("all", "./", 0), ("odd", "./", 0), ("other", "./", 0)] {
        let files = [
            ("flux/home.yaml", entry("home", "https://example.org/home", "path: ./flux,")),
            ("flux/generator.yaml", generator),
            ("flux/apps.yaml", apps(artifact, path)),
            release,
        ];
        assert_eq!(
            clusters(&files, &[]),
            [format!("cluster flux (flux-system/home), {releases}")],
            "{artifact} {path}"
        );
    }
    // Pushed from a directory: paths count from there.
    let instance = "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\n\
                    spec:\n  sync: {kind: OCIRepository, name: home, url: oci://example.org/home, ref: latest, path: flux}\n";
    let apps = file(kustomization("apps", "apps").replace("GitRepository", "OCIRepository"));
    let files =
        [("k8s/flux/instance.yaml", instance), ("k8s/flux/apps.yaml", apps), ("k8s/apps/release.yaml", release.1)];
    assert_eq!(clusters(&files, &[]), ["cluster k8s/flux (flux-system/home), 1"]);
}

#[test]
fn what_an_artifact_leaves_out_is_not_applied() {
    let root = |ignore: &str| {
        let text = entry("home", "https://example.org/home", "path: ./,");
        file(text.replace("ref: {branch: main}", &format!("ref: {{branch: main}}, ignore: \"{ignore}\"")))
    };
    let files = |ignore: &str, source_ignore: (&'static str, &'static str)| {
        [
            ("flux/home.yaml", root(ignore)),
            ("apps/release.yaml", release("plex")),
            ("archive/old/release.yaml", release("old")),
            ("archive/kustomization.yaml", "resources: [old/release.yaml]\n"),
            source_ignore,
        ]
    };
    let none = ("README", "");
    for (ignore, source_ignore, releases) in [
        ("", none, 2),
        ("/archive", none, 1),
        ("/*\\n!/flux", none, 0),
        ("", (".sourceignore", "archive/\n"), 1),
        ("", ("archive/.sourceignore", "/old\n"), 1),
        ("!/archive", ("archive/.sourceignore", "/old\n"), 2),
        ("", ("archive/.sourceignore", "/kustomization.yaml\n"), 2),
        ("", ("flux/.sourceignore", "/archive\n"), 2),
    ] {
        let files = files(ignore, source_ignore);
        let found = clusters(&files, &[]);
        assert_eq!(found, [format!("cluster . (flux-system/home), {releases}")], "{ignore:?} {source_ignore:?}");
    }
}

/// A source is what the kustomization that lists it makes of it.
#[test]
fn each_source_has_its_own_artifact() {
    let apps = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: apps, namespace: flux-system}\n\
                spec: {url: \"https://example.org/home\", ref: {branch: main}}\n---\n\
                apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\n\
                spec: {path: ./, sourceRef: {kind: GitRepository, name: apps}}\n";
    let patched = |rules: &str| {
        file(format!(
            "resources: [home.yaml, apps.yaml]\npatches:\n- target: {{kind: GitRepository, name: apps}}\n  patch: |\n    \
             - {{op: add, path: /spec/ignore, value: \"{rules}\"}}\n"
        ))
    };
    for (rules, releases) in [("/*\\n!/one\\n", 1), ("/*\\n!/one\\n!/two\\n", 2), ("/*\\n!/three\\n", 0)] {
        let files = [
            ("flux/home.yaml", entry("home", "https://example.org/home", "path: ./flux,")),
            ("flux/apps.yaml", apps),
            ("flux/kustomization.yaml", patched(rules)),
            ("one/release.yaml", release("one")),
            ("two/release.yaml", release("two")),
        ];
        assert_eq!(clusters(&files, &[]), [format!("cluster flux (flux-system/home), {releases}")], "{rules}");
    }
}

/// A GitRepository of this address is this tree only on the branch that the cluster follows.
#[test]
fn another_branch_is_another_tree() {
    for (reference, releases) in [
        ("{branch: main}", 1),
        ("{name: refs/heads/main}", 1),
        ("{branch: stable}", 0),
        ("{tag: v1}", 0),
        ("{semver: '>=1'}", 0),
    ] {
        let apps = file(format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: apps, namespace: flux-system}}\n\
             spec: {{url: \"https://example.org/home\", ref: {reference}}}\n---\n\
             apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps, namespace: flux-system}}\n\
             spec: {{path: ./apps, sourceRef: {{kind: GitRepository, name: apps}}}}\n"
        ));
        let files = [
            ("flux/home.yaml", entry("home", "https://example.org/home", "path: ./flux,")),
            ("flux/apps.yaml", apps),
            ("apps/release.yaml", release("plex")),
        ];
        assert_eq!(clusters(&files, &[]), [format!("cluster flux (flux-system/home), {releases}")], "{reference}");
    }
}

#[test]
fn what_is_included_from_elsewhere_is_unknown() {
    let including = |include: &str| {
        let text = entry("home", "https://example.org/home", "path: ./flux,");
        file(text.replace("ref: {branch: main}", &format!("ref: {{branch: main}}, include: [{include}]")))
    };
    let other = |url: &str| {
        file(format!(
            "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n\
             metadata: {{name: other, namespace: flux-system}}\nspec: {{url: {url}, ref: {{branch: main}}}}\n"
        ))
    };
    let (own, foreign) = ("https://example.org/home", "https://example.org/other");
    for (include, url, path, releases) in [
        ("{repository: {name: other}, toPath: vendor}", foreign, "vendor/apps", 0),
        ("{repository: {name: other}}", foreign, "other/apps", 0),
        ("{repository: {name: other}}", own, "other/apps", 1),
        ("{repository: {name: other}, fromPath: apps, toPath: v}", own, "v", 1),
        ("{repository: {name: other}, toPath: apps}", foreign, "apps", 0),
    ] {
        let files = [
            ("flux/home.yaml", including(include)),
            ("flux/other.yaml", other(url)),
            ("flux/apps.yaml", kustomization("apps", path)),
            ("apps/release.yaml", release("plex")),
        ];
        let found = clusters(&files, &[]);
        assert_eq!(found, [format!("cluster flux (flux-system/home), {releases}")], "{include} {url}");
    }
    let files = [
        ("flux/home.yaml", including("{repository: {name: other}, toPath: vendor}")),
        ("flux/apps.yaml", kustomization("apps", "apps")),
        ("apps/kustomization.yaml", "resources: [release.yaml, ../vendor/x]\n"),
        ("apps/release.yaml", release("plex")),
    ];
    assert_eq!(clusters(&files, &[]), ["cluster flux (flux-system/home), 1"]);
    let view = view(&files);
    let not_followed: Vec<_> = view.graph().unmodelled.iter().map(|unmodelled| &*unmodelled.what).collect();
    assert_eq!(not_followed, ["../vendor/x"]);
}

/// What pushes the artifact is not in the tree, and neither is its source.
#[test]
fn the_configuration_says_where_an_artifact_begins() {
    let oci = |text: &'static str| file(text.replace("GitRepository, name: home", "OCIRepository, name: fleet"));
    let files = [
        ("a/deploy/clusters/prod/apps.yaml", oci(kustomization("apps", "apps"))),
        ("a/deploy/apps/release.yaml", release("plex")),
        ("b/deploy/apps/release.yaml", release("other")),
    ];
    let path = |text: &str| RepoPath::new(text).ok();
    let given = |at: &str, root: Option<&str>| {
        let cluster = GivenCluster {
            name: "prod".into(),
            path: path(at),
            root: root.and_then(path),
            branch: None,
            stated_in: RepoPath::new("c.yaml").unwrap(),
        };
        Given { clusters: vec![cluster], urls: Vec::new() }
    };
    let expected = "prod a/deploy/clusters/prod (flux-system/fleet), 1";
    assert_eq!(clusters_with(&files, given("clusters/prod", Some("a/deploy"))), [expected]);
    assert_eq!(clusters_with(&files, given("a/deploy/clusters/prod", Some("a/deploy"))), [expected]);
    let without = clusters_with(&files, given("a/deploy/clusters/prod", None));
    assert_eq!(without, ["prod a/deploy/clusters/prod (flux-system/flux-system), 0"]);
    // A FluxInstance whose path is in two directories.
    let instance = "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\n\
                    spec:\n  sync: {kind: OCIRepository, name: fleet, url: oci://example.org/fleet, ref: latest, path: clusters/prod}\n";
    let files = [&files[..], &[("instance.yaml", instance), ("b/deploy/clusters/prod/x.yaml", "a: 1\n")]].concat();
    let named = Given {
        clusters: vec![GivenCluster { path: None, ..given("", Some("a/deploy")).clusters.remove(0) }],
        urls: Vec::new(),
    };
    assert_eq!(clusters_with(&files, named), ["prod a/deploy/clusters/prod (flux-system/fleet), 1"]);
}

/// `flux push artifact --path=deploy`: paths count from there, whoever made the source.
#[test]
fn a_pushed_directory_is_found_by_what_applies_itself() {
    let sync = |kind: &str, path: &str| {
        file(format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: {kind}\nmetadata: {{name: home, namespace: flux-system}}\n\
             spec: {{url: \"oci://registry.example.org/home\", ref: {{tag: latest}}}}\n---\n\
             apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: cluster, namespace: flux-system}}\n\
             spec: {{path: {path}, sourceRef: {{kind: {kind}, name: home}}}}\n"
        ))
    };
    let apps = |path: &str| {
        file(format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps, namespace: flux-system}}\n\
             spec: {{path: {path}, sourceRef: {{kind: OCIRepository, name: home}}}}\n"
        ))
    };
    let files = |top: &str, path: &str| {
        let at = |path: &str| file(format!("{top}{path}"));
        vec![
            (at("clusters/prod/sync.yaml"), sync("OCIRepository", path)),
            (at("clusters/prod/apps.yaml"), apps("./apps")),
            (at("apps/release.yaml"), release("plex")),
        ]
    };
    let found = |files: &[(&'static str, &'static str)]| clusters(files, &["https://example.org/home"]);
    assert_eq!(found(&files("deploy/", "./clusters/prod")), ["prod deploy/clusters/prod (flux-system/cluster), 1"]);
    assert_eq!(found(&files("", "./clusters/prod")), ["prod clusters/prod (flux-system/cluster), 1"]);
    assert_eq!(found(&files("deploy/", "./clusters/other")), [""; 0], "its path does not hold it");
    assert_eq!(found(&files("deploy/", "./")), [""; 0], "it has no path");
    // One that a cluster of git applies is of somebody else.
    let mut both = files("deploy/", "./clusters/prod");
    both.push(("flux/home.yaml", entry("git", "https://example.org/home", "path: ./flux,")));
    both.push((
        "flux/foreign.yaml",
        kustomization("foreign", "deploy/clusters").replace("name: home", "name: git").leak(),
    ));
    assert_eq!(found(&both).len(), 1);
}
