//! Sources of charts, and references to them.

use super::object::{At, Object};
use super::scan::Scan;
use crate::yaml::Node;

/// A reference to a source of Flux, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceRef {
    /// `kind`.
    pub kind: String,
    /// `name`.
    pub name: String,
    /// `namespace`; without one, that of the object with the reference.
    pub namespace: Option<String>,
}

impl SourceRef {
    pub(in crate::flux) fn read(node: Node<'_>) -> Option<SourceRef> {
        Some(SourceRef {
            kind: node.text_at(&["kind"])?.to_owned(),
            name: node.text_at(&["name"])?.to_owned(),
            namespace: node.text_at(&["namespace"]).map(str::to_owned),
        })
    }

    /// Whether both name a source of the same kind and name, in any namespace.
    pub(in crate::flux) fn is_like(&self, other: &SourceRef) -> bool {
        self.kind == other.kind && self.name == other.name
    }
}

/// A HelmRepository.
#[derive(Clone, Debug)]
pub struct HelmRepository {
    /// Where it is.
    pub at: At,
    /// `spec.url`, without a trailing slash.
    pub url: String,
    /// `spec.type: oci`.
    pub oci: bool,
}

impl HelmRepository {
    /// `None` for anything else.
    pub(in crate::flux) fn read(object: &Object, scan: &Scan) -> Option<HelmRepository> {
        let root = scan.node(&object.at).filter(|_| object.is_source("HelmRepository"))?;
        Some(HelmRepository {
            at: object.at.clone(),
            url: root.text_at(&["spec", "url"])?.trim_end_matches('/').to_owned(),
            oci: root.text_at(&["spec", "type"]) == Some("oci"),
        })
    }
}

/// An OCIRepository.
#[derive(Clone, Debug)]
pub struct OciRepository {
    /// Where it is.
    pub at: At,
    /// `apiVersion`.
    pub api_version: String,
    /// `metadata.name`, as it is written.
    pub name: String,
    /// `spec.url`, without a trailing slash.
    pub url: String,
    /// `spec.ref.tag`.
    pub tag: Option<String>,
    /// `spec.ref.semver`.
    pub semver: Option<String>,
    /// Whether it passes a Helm chart on without extracting it, as a chartRef needs it:
    /// `layerSelector` with the media type of Helm and `operation: copy`.
    pub copies_chart: bool,
    /// Whether it has `spec.ref.digest` or `spec.ref.name`, which win over tag and semver.
    pub pinned: bool,
    /// `spec.suspend: true`.
    pub suspended: bool,
}

/// The media type of the layer with the Helm chart.
pub const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

impl OciRepository {
    /// `None` for anything else.
    pub(in crate::flux) fn read(object: &Object, scan: &Scan) -> Option<OciRepository> {
        let root = scan.node(&object.at).filter(|_| object.is_source("OCIRepository"))?;
        let text = |path: &[&str]| root.text_at(path).map(str::to_owned);
        let layer = |key: &str| root.text_at(&["spec", "layerSelector", key]);
        Some(OciRepository {
            at: object.at.clone(),
            api_version: text(&["apiVersion"])?,
            name: text(&["metadata", "name"])?,
            url: root.text_at(&["spec", "url"])?.trim_end_matches('/').to_owned(),
            tag: text(&["spec", "ref", "tag"]),
            semver: text(&["spec", "ref", "semver"]),
            copies_chart: layer("mediaType") == Some(CHART_LAYER) && layer("operation") == Some("copy"),
            pinned: ["digest", "name"].iter().any(|key| text(&["spec", "ref", key]).is_some()),
            suspended: root.at(&["spec", "suspend"]).is_some_and(Node::is_true),
        })
    }
}
