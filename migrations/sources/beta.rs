//! HelmReleases in a beta API version.

use crate::flux::{Release, View};
use crate::yaml::Node;

const V2: &str = "helm.toolkit.fluxcd.io/v2";

/// What to write in the place of a beta API version; `None` for a release that has none. `v2` is
/// there from Flux 2.3, and has no forms of patches but one (`docs/chart-ref.md#beta-versions`).
pub(crate) fn version_to_write(view: &View, release: &Release) -> Option<String> {
    if !release.api_version.starts_with("helm.toolkit.fluxcd.io/v2beta") {
        return None;
    }
    let spec = view.node(&release.at).and_then(|root| root.get("spec"));
    let renderers = spec.and_then(|spec| spec.get("postRenderers")).into_iter().flat_map(Node::items);
    let kustomize: Vec<Node<'_>> = renderers.filter_map(|renderer| renderer.get("kustomize")).collect();
    let old = ["patchesStrategicMerge", "patchesJson6902"];
    let old: Vec<&str> =
        old.into_iter().filter(|key| kustomize.iter().any(|kustomize| kustomize.get(key).is_some())).collect();
    let more = if old.is_empty() { String::new() } else { format!(", and `patches` for {}", old.join(" and ")) };
    Some(format!("write `apiVersion: {V2}`{more} (Flux 2.3 or later)"))
}
