//! Whether something arrives differently that rules read which look at a whole cluster.
//!
//! Most changes are to what Flux needs for itself: where a chart comes from, how often it looks, how it
//! remedies a failure. Whatever is not certainly of that kind counts as a difference.

use std::collections::BTreeSet;

use crate::flux::{
    At, FluxKustomization, InCluster, Object, Reach, Rendered, Value, View, group_of, is_kustomization_file,
};
use crate::repo::RepoPath;

/// Kinds of Flux that no rule of these reads, but for Flux Kustomizations and HelmReleases, which are compared by
/// what they say.
const OF_FLUX: [&str; 7] =
    ["Alert", "Bucket", "GitRepository", "HelmRepository", "OCIRepository", "Provider", "Receiver"];

/// More fields of the `spec` of a Flux Kustomization: what they do to what it applies is compared apart.
const COMPARED_APART: [&str; 3] = ["decryption", "patches", "suspend"];

/// Fields of `spec` that change nothing about what a release installs; its chart is compared by name and version.
const HOW_INSTALLED: [&str; 13] = [
    "chart",
    "chartRef",
    "dependsOn",
    "driftDetection",
    "install",
    "interval",
    "maxHistory",
    "rollback",
    "suspend",
    "test",
    "timeout",
    "uninstall",
    "upgrade",
];

/// Whether something arrives differently, where these files differ, and what they reach is this.
pub(super) fn differ(
    before: &View,
    after: &View,
    files: &BTreeSet<RepoPath>,
    kustomizations: &BTreeSet<InCluster>,
    releases: &BTreeSet<InCluster>,
) -> bool {
    let is_other = |path: &RepoPath| [before, after].into_iter().any(|view| holds_others(view, path));
    files.iter().any(is_other)
        || applied(before, kustomizations) != applied(after, kustomizations)
        || installed(before, releases) != installed(after, releases)
}

/// Whether a file has anything but kustomizations, releases and objects of Flux: objects that rules read as they
/// are, values, or text for a generator.
fn holds_others(view: &View, path: &RepoPath) -> bool {
    if view.tree().entry(path).is_none() || is_kustomization_file(path) {
        return false;
    }
    let is_of_flux = |object: &Object| {
        let is_known = OF_FLUX.contains(&&*object.kind) || object.is_helm_release() || object.is_flux_kustomization();
        is_known && has_group_of_flux(&object.api_version)
    };
    let objects = view.file(path).map(|file| file.objects.iter().flat_map(Object::expanded).collect::<Vec<_>>());
    objects.is_none_or(|objects| objects.is_empty() || !objects.into_iter().all(is_of_flux))
}

fn has_group_of_flux(api_version: &str) -> bool {
    group_of(api_version).ends_with(".toolkit.fluxcd.io")
}

/// What Flux Kustomizations apply, and what they do to it: without how often, and with what they wait for.
fn applied(view: &View, which: &BTreeSet<InCluster>) -> BTreeSet<String> {
    let named = view.graph().kustomizations.iter().filter(|one| which.contains(&super::name_of(view, one)));
    let all: Vec<&FluxKustomization> = named.collect();
    let builds = view.builds(all.iter().copied());
    all.into_iter().zip(builds).flat_map(|(one, build)| told(view, one, &build)).collect()
}

fn told(view: &View, one: &FluxKustomization, build: &[Rendered]) -> Vec<String> {
    let by = super::name_of(view, one);
    let object = |object: &Rendered| {
        let Rendered { api_version, kind, name, namespace, labels, annotations, .. } = object;
        let is_of_flux = OF_FLUX.contains(&kind.as_str()) && has_group_of_flux(api_version);
        let group = group_of(api_version);
        // Labels of a release decide which patches it gets, and what comes of these is compared apart.
        let labels = (kind != "HelmRelease").then_some(labels);
        let words = || format!("{by:?} {group} {kind} {namespace:?} {name} {labels:?} {annotations:?}");
        (!is_of_flux).then(words)
    };
    let spec = fields(one.object.get("spec"), &[&FluxKustomization::WHEN_AND_HOW[..], &COMPARED_APART].concat());
    build.iter().filter_map(object).chain([format!("{by:?} {spec} {:?}", one.variables)]).collect()
}

/// What releases install.
fn installed(view: &View, which: &BTreeSet<InCluster>) -> BTreeSet<String> {
    let graph = view.graph();
    let release = |(at, reach): (&At, &Reach)| {
        let cluster = graph.clusters[reach.cluster].name.clone();
        let name = format!("{}/{}", reach.namespace.as_deref().unwrap_or_default(), reach.name);
        let named = InCluster { cluster, name: name.trim_start_matches('/').to_owned() };
        let release = which.contains(&named).then(|| view.installed(at, reach))??;
        let object = &release.object;
        let spec = fields(object.get("spec"), &HOW_INSTALLED);
        let version = release.chart.as_ref().and_then(|chart| chart.version.clone());
        let skips =
            ["install", "upgrade"].map(|action| object.at(&["spec", action, "disableSchemaValidation"]).cloned());
        let (chart, files) = (view.chart_name(&release), object.at(&["spec", "chart", "spec", "valuesFiles"]));
        Some(format!("{named:?} {chart:?} {version:?} {files:?} {skips:?} {spec}"))
    };
    graph.each_reach().filter_map(release).collect()
}

/// A mapping without some of its fields.
fn fields(spec: Option<&Value>, without: &[&str]) -> String {
    let entries = spec.map_or(&[][..], Value::entries).iter();
    let kept = entries.filter(|(key, _)| !without.contains(&key.as_str()));
    kept.map(|(key, value)| format!("{key}: {}; ", value.to_flow())).collect()
}
