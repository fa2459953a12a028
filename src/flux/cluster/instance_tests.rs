//! A FluxInstance is what arrives in its cluster, also as the values of its chart.

use super::tests::{clusters, file, kustomization, release};
use crate::flux::tests::view;

/// A HelmRelease of the chart, with these fields of `spec`.
fn chart(spec: &str) -> &'static str {
    file(format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: flux-instance, namespace: flux-system}}\n\
         spec:\n  chartRef: {{kind: OCIRepository, name: flux-instance}}\n{spec}"
    ))
}

/// Values of the chart whose sync has these fields.
fn values(sync: &str) -> String {
    let source = "kind: GitRepository, name: home, url: https://example.org/home";
    format!("  values:\n    instance:\n      sync: {{{source}, {sync}}}\n")
}

const APPS: &str = "clusters/a/apps.yaml";

#[test]
fn the_chart_is_patched_where_it_is_listed() {
    let base = chart(&values("ref: refs/heads/main"));
    let overlay = |path: &str, branch: &str| {
        file(format!(
            "resources: [../../base]\npatches:\n- patch: |\n    apiVersion: helm.toolkit.fluxcd.io/v2\n    kind: HelmRelease\n    \
             metadata: {{name: flux-instance, namespace: flux-system}}\n    \
             spec: {{values: {{instance: {{sync: {{path: {path}, ref: refs/heads/{branch}}}}}}}}}\n"
        ))
    };
    let mut files = vec![
        ("base/kustomization.yaml", "resources: [release.yaml]\n"),
        ("base/release.yaml", base),
        ("clusters/a/kustomization.yaml", overlay("clusters/a", "main")),
        ("apps/release.yaml", release("plex")),
    ];
    assert_eq!(clusters(&files, &[]), ["a clusters/a (flux-system/home), 1"], "its path is in the patch alone");
    // Two clusters share it.
    files.push(("clusters/b/kustomization.yaml", overlay("clusters/b", "next")));
    let both = ["a clusters/a (flux-system/home), 1", "b clusters/b (flux-system/home), 1"];
    assert_eq!(clusters(&files, &[]), both);
    let graph = view(&files);
    let branches: Vec<_> = graph.graph().clusters.iter().map(|cluster| cluster.branch.clone().unwrap()).collect();
    assert_eq!(branches, ["main", "next"]);
    // The file of a patch is no instance.
    let patch = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: flux-instance, namespace: flux-system}\n\
                 spec: {values: {instance: {sync: {path: clusters/c, ref: refs/heads/main}}}}\n";
    let files = [
        files[0],
        files[1],
        ("clusters/c/kustomization.yaml", "resources: [../../base]\npatches: [{path: patch.yaml}]\n"),
        ("clusters/c/patch.yaml", patch),
    ];
    assert_eq!(clusters(&files, &[]), ["c clusters/c (flux-system/home), 1"]);
}

#[test]
fn its_variables_are_filled_in() {
    let flux = |spec: &str| {
        file(kustomization("flux", "flux").replace("spec: {", &format!("spec: {{{spec}, ")).replacen("---\n", "", 1))
    };
    let files = |path: &str, spec: &str| {
        [
            ("flux/release.yaml", chart(&values(&format!("path: {path}, ref: 'refs/heads/${{BRANCH:=main}}'")))),
            ("clusters/a/flux.yaml", flux(spec)),
            (APPS, kustomization("apps", "apps")),
            ("apps/release.yaml", release("plex")),
        ]
    };
    let substitute = "postBuild: {substitute: {CLUSTER: a}}";
    let known = files("\"clusters/${CLUSTER}\"", substitute);
    assert_eq!(clusters(&known, &[]), ["a clusters/a (flux-system/home), 2"]);
    // By a ConfigMap.
    let from = files("\"clusters/${CLUSTER}\"", "postBuild: {substituteFrom: [{kind: ConfigMap, name: vars}]}");
    let vars = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: flux-system}\ndata: {CLUSTER: a}\n";
    let from = [&from[..], &[("vars.yaml", vars)]].concat();
    assert_eq!(clusters(&from, &[]), ["a clusters/a (flux-system/home), 2"]);
    // What only the cluster itself says: patches from above.
    let root = "resources: [flux.yaml, apps.yaml]\npatches:\n- target: {kind: Kustomization, name: flux}\n  patch: |\n    \
                - {op: add, path: /spec/postBuild, value: {substitute: {BRANCH: next}}}\n";
    let plain = files("clusters/a", "prune: true");
    let plain = [&plain[..], &[("clusters/a/kustomization.yaml", root)]].concat();
    let view = view(&plain);
    assert_eq!(view.graph().clusters.first().unwrap().branch.as_deref(), Some("next"));
}

#[test]
fn values_come_from_where_the_release_takes_them() {
    let from = "  valuesFrom: [{kind: ConfigMap, name: flux-instance-values}]\n";
    let generated = "resources: [release.yaml]\nconfigMapGenerator:\n- {name: flux-instance-values, files: [values.yaml=helm/values.yaml]}\n";
    let own = "instance:\n  distribution: {version: 2.7.x}\n  sync: {kind: GitRepository, name: home, url: https://example.org/home, \
               ref: refs/heads/main, path: clusters/a}\n";
    let files = |inline: &str| {
        [
            ("flux/kustomization.yaml", generated),
            ("flux/helm/values.yaml", own),
            ("flux/release.yaml", chart(&format!("{from}{inline}"))),
            ("clusters/a/flux.yaml", kustomization("flux", "flux")),
            ("clusters/b/flux.yaml", kustomization("flux", "flux")),
        ]
    };
    assert_eq!(clusters(&files(""), &[]), ["a clusters/a (flux-system/home), 1"]);
    let inline = "  values: {instance: {sync: {path: clusters/b}}}\n";
    assert_eq!(clusters(&files(inline), &[]), ["b clusters/b (flux-system/home), 1"], "those of the release win");
    let view = view(&files(inline));
    let cluster = view.graph().clusters.first().unwrap();
    assert_eq!((cluster.branch.as_deref(), cluster.flux.map(|flux| flux.minor)), (Some("main"), Some(7)));
}
