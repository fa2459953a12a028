//! The sources of a release: the one of 3.x that it has, and where it gets 4.x from.

use std::collections::{BTreeMap, BTreeSet};

use super::conversion::Kept;
use super::settings::AppTemplateSettings;
use crate::charts::app_template;
use crate::charts::homes::{APP_TEMPLATE, FROZEN, LABS};
use crate::flux::{ClusterId, OciRepository, Reach, SourceRef, View};
use crate::migrations::sources::{SourceKey, Version};
use crate::yaml::New;

/// The publisher's repository that is not OCI. It has 4.x.
const INDEX: &str = "https://bjw-s-labs.github.io/helm-charts";

/// Whether a registry has 4.x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Registry {
    /// It has 4.x.
    Has4,
    /// It has 3.x only; nothing is added to it.
    Only3,
    /// It is not the publisher's.
    Other,
}

/// Whether the registry of a HelmRepository has 4.x.
pub(super) fn registry(url: &str) -> Registry {
    match url {
        LABS | INDEX => Registry::Has4,
        FROZEN => Registry::Only3,
        _ => Registry::Other,
    }
}

/// The chart of 4.x for releases of a source of 3.x, and what is known of its registry.
pub(super) fn key(old: &OciRepository, target: &str) -> (SourceKey, Registry) {
    let registry = registry(old.url.strip_suffix(&format!("/{APP_TEMPLATE}")).unwrap_or(&old.url));
    let url = if registry == Registry::Only3 { format!("{LABS}/{APP_TEMPLATE}") } else { old.url.clone() };
    (SourceKey { chart: APP_TEMPLATE.to_owned(), url, version: Version::Tag(target.to_owned()) }, registry)
}

/// The HelmRepository with 4.x that all clusters of a release have, as a `sourceRef` names it.
pub(super) fn repository_of_4(view: &View, reaches: &[Reach]) -> Option<SourceRef> {
    let mut clusters_by_name = BTreeMap::<(String, String), BTreeSet<ClusterId>>::new();
    for repository in view.helm_repositories().iter().filter(|repository| registry(&repository.url) == Registry::Has4) {
        for reach in view.graph().reaches(&repository.at) {
            let name = (reach.namespace.unwrap_or_default().to_string(), reach.name.to_string());
            clusters_by_name.entry(name).or_default().insert(reach.cluster);
        }
    }
    let needed: BTreeSet<ClusterId> = reaches.iter().map(|reach| reach.cluster).collect();
    let ((namespace, name), _) = clusters_by_name.into_iter().find(|(_, clusters)| needed.is_subset(clusters))?;
    Some(SourceRef { kind: "HelmRepository".to_owned(), name, namespace: Some(namespace) })
}

/// Whether a source is of the chart.
pub(super) fn is_of_chart(source: &OciRepository) -> bool {
    source.url.rsplit('/').next() == Some(APP_TEMPLATE)
}

/// Whether a source is of the chart, of a version from which releases move.
pub(super) fn is_before(source: &OciRepository, settings: &AppTemplateSettings) -> bool {
    let version = source.tag.as_deref().and_then(|tag| settings.version_of(tag));
    is_of_chart(source) && version.is_some_and(|version| version.is_before_4() || settings.major() > 4)
}

/// The version of the chart that the tag of a source states; of a tag of 3.x that is not known, the
/// one that it is converted as.
pub(super) fn version_of(source: &OciRepository) -> Option<app_template::Version> {
    use app_template::Version;
    let version = |tag| Version::of(tag).or_else(|| Version::latest_of_3(tag)).or_else(|| Version::of_2(tag));
    source.tag.as_deref().and_then(version)
}

/// Why the tag of a source does not say which version its releases run.
pub(super) fn unclear_version(source: &OciRepository) -> Option<&'static str> {
    if source.pinned {
        Some("sets ref.digest or ref.name")
    } else if source.semver.is_some() {
        Some("sets ref.semver, a range")
    } else {
        source.suspended.then_some("is suspended")
    }
}

/// The post-renderer that puts the selectors of 3.x back, as an item of `spec.postRenderers`.
pub(super) fn post_renderer(kept: &[Kept]) -> New {
    let patches = kept.iter().map(|workload| {
        let (kind, name) = (New::string(workload.kind.to_string()), New::string(&workload.name));
        let patch = format!(
            "- op: remove\n  path: /spec/selector/matchLabels/app.kubernetes.io~1controller\n- op: add\n  path: \
             /spec/selector/matchLabels/{}\n  value: {}\n",
            workload.label.replace('/', "~1"),
            serde_json::Value::from(workload.identifier.as_str())
        );
        New::mapping([("target", New::mapping([("kind", kind), ("name", name)])), ("patch", New::Text(patch))])
    });
    New::mapping([("kustomize", New::mapping([("patches", New::Sequence(patches.collect()))]))])
}
