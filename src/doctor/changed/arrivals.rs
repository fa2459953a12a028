//! Whether something arrives differently that rules read which look at a whole cluster.
//!
//! Most changes are to what Flux needs for itself: where a chart comes from, how often it looks, how it
//! remedies a failure. Whatever is not certainly of that kind counts as a difference.

use std::collections::BTreeSet;

use super::difference::{Built, Difference};
use super::{name_of, releases};
use crate::flux::{
    FluxKustomization, InCluster, Object, Rendered, RenderedIdentity, Value, View, group_of, is_kustomization_file,
};
use crate::repo::RepoPath;
use crate::yaml::Node;

/// Kinds of Flux that no rule of these reads, but for Flux Kustomizations and HelmReleases, which are compared by
/// what they say.
const OF_FLUX: [&str; 7] =
    ["Alert", "Bucket", "GitRepository", "HelmRepository", "OCIRepository", "Provider", "Receiver"];

/// More fields of the `spec` of a Flux Kustomization: what they do to what it applies is compared apart.
const COMPARED_APART: [&str; 3] = ["decryption", "patches", "suspend"];

/// Whether something arrives differently, where these objects differ.
pub(super) fn differ(before: Built<'_>, after: Built<'_>, difference: &Difference) -> bool {
    let is_other = |path: &RepoPath| [before, after].into_iter().any(|tree| holds_others(tree.view, difference, path));
    let applies = |content: Content| applied(before, difference, content) == applied(after, difference, content);
    difference.files.iter().any(is_other)
        || !(applies(text) || applies(value))
        || !releases::install_the_same(before.view, after.view, difference)
}

/// Whether a file that no build has as an object has anything but kustomizations and objects of Flux: values, text for a
/// generator, or objects and notes whose names rules look for.
fn holds_others(view: &View, difference: &Difference, path: &RepoPath) -> bool {
    let is_built = || difference.ats.iter().any(|at| at.path == *path);
    !is_kustomization_file(path) && !is_built() && !is_of_flux(view, path)
}

/// Whether a file has objects of Flux alone, or is not there.
pub(super) fn is_of_flux(view: &View, path: &RepoPath) -> bool {
    let is_of_flux = |object: &Object| {
        let is_known = OF_FLUX.contains(&&*object.kind) || object.is_helm_release() || object.is_flux_kustomization();
        is_known && has_group_of_flux(&object.api_version)
    };
    let objects = || view.file(path).map(|file| file.objects.iter().flat_map(Object::expanded).collect::<Vec<_>>());
    view.tree().entry(path).is_none()
        || objects().is_some_and(|objects| !objects.is_empty() && objects.into_iter().all(is_of_flux))
}

fn has_group_of_flux(api_version: &str) -> bool {
    group_of(api_version).ends_with(".toolkit.fluxcd.io")
}

/// What an object of a file says.
type Content = fn(Node<'_>) -> String;

fn text(node: Node<'_>) -> String {
    node.source().to_owned()
}

fn value(node: Node<'_>) -> String {
    Value::of(node).map(|value| value.to_flow()).unwrap_or_default()
}

/// What Flux Kustomizations apply, and what they do to it: without how often, and with what they wait for.
fn applied(tree: Built<'_>, difference: &Difference, content: Content) -> BTreeSet<String> {
    let entries = tree.view.graph().kustomizations.entries();
    let named = entries.map(|(id, one)| (name_of(tree.view, one), tree.one(id)));
    let differing = named.filter(|(name, _)| difference.kustomizations.contains(name));
    let told = |(name, (one, build))| told(tree.view, difference, (&name, one, build), content);
    differing.flat_map(told).collect()
}

fn told(
    view: &View,
    difference: &Difference,
    (by, one, build): (&InCluster, &FluxKustomization, &[Rendered]),
    content: Content,
) -> Vec<String> {
    let object = |object: &Rendered| {
        let RenderedIdentity { api_version, kind, name, namespace, labels, annotations, .. } = &**object;
        let (group, is_of_flux) = (group_of(api_version), has_group_of_flux(api_version));
        // Labels of a release decide which patches it gets, and what comes of these is compared apart.
        let labels = (kind != "HelmRelease").then_some(labels);
        let words = || {
            let content = match object.generated_texts() {
                _ if is_of_flux => String::new(),
                Some(texts) => format!("{texts:?}"),
                None => view.node(&object.at).map(content).unwrap_or_default(),
            };
            format!("{by:?} {group} {kind} {namespace:?} {name} {labels:?} {annotations:?} {content}")
        };
        (!is_of_flux || !OF_FLUX.contains(&kind.as_str())).then(words)
    };
    let spec = fields(one.object.get("spec"), &[&FluxKustomization::WHEN_AND_HOW[..], &COMPARED_APART].concat());
    let differing = difference.objects.get(by);
    let objects = build.iter().filter(|object| differing.is_some_and(|differing| differing.has(object)));
    objects.filter_map(object).chain([format!("{by:?} {spec} {:?}", one.variables)]).collect()
}

/// A mapping without some of its fields.
pub(super) fn fields(spec: Option<&Value>, without: &[&str]) -> String {
    let entries = spec.map_or(&[][..], Value::entries).iter();
    let kept = entries.filter(|(key, _)| !without.contains(&key.as_str()));
    kept.map(|(key, value)| format!("{key}: {}; ", value.to_flow())).collect()
}
