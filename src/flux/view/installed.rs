//! What a HelmRelease becomes in a cluster.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::View;
use crate::flux::cluster::source_of;
use crate::flux::cluster::{ClusterId, KustomizationId, Reach};
use crate::flux::files::{At, SourceRef};
use crate::flux::value::Value;

/// A HelmRelease as helm-controller installs it in one cluster.
#[derive(Clone, Debug)]
pub struct Installed {
    /// The name of the Helm release: `releaseName`, else `[targetNamespace-]name` (helm-controller,
    /// `GetReleaseName`).
    pub release: String,
    /// The namespace of the objects of the chart: `targetNamespace`, else that of the HelmRelease.
    pub namespace: String,
    /// The namespace in which Helm stores the release: `storageNamespace`, else that of the
    /// HelmRelease.
    pub storage_namespace: String,
    /// Where its chart comes from; `None` if that could not be read.
    pub chart: Option<InstalledChart>,
    /// The Flux Kustomization that applies it.
    pub kustomization: KustomizationId,
    /// Whether that Flux Kustomization waits for it.
    pub is_waited_for: bool,
    /// The Flux Kustomizations that apply no new revision while it is not ready, transitively.
    pub holds_up: BTreeSet<KustomizationId>,
    /// The whole object.
    pub object: Arc<Value>,
}

/// Where the chart of a HelmRelease comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledChart {
    /// The source, with its namespace.
    pub source: SourceRef,
    /// Where the source is, if the cluster applies it.
    pub at: Option<At>,
    /// The name of the chart, if the release has it; an OCIRepository has only one chart.
    pub name: Option<String>,
    /// The version: of the release, or the tag of the OCIRepository.
    pub version: Option<String>,
}

impl Installed {
    /// Whether its name and namespaces are known, without variables in them.
    pub fn is_known(&self) -> bool {
        ![&self.release, &self.namespace, &self.storage_namespace].iter().any(|text| text.contains("${"))
    }
}

impl View {
    /// What a HelmRelease becomes where a cluster applies it. `None` for anything else.
    pub fn installed(&self, at: &At, reach: &Reach) -> Option<Installed> {
        if reach.kind != "HelmRelease" {
            return None;
        }
        let object = self.effective(at, reach)?;
        let text = |field: &str| object.text_at(&["spec", field]).map(str::to_owned);
        let namespace = reach.namespace.unwrap_or_default();
        let target = text("targetNamespace");
        let release = text("releaseName").unwrap_or_else(|| match &target {
            Some(target) => format!("{target}-{}", reach.name),
            None => reach.name.into(),
        });
        let graph = self.graph();
        let kustomization = &graph.kustomizations[reach.kustomization];
        Some(Installed {
            release,
            namespace: target.unwrap_or_else(|| namespace.into()),
            storage_namespace: text("storageNamespace").unwrap_or_else(|| namespace.into()),
            chart: self.chart_of(&object, &namespace, (reach.cluster, kustomization.remote_cluster().as_deref())),
            kustomization: reach.kustomization,
            is_waited_for: kustomization.waits(),
            holds_up: graph.held_up_by(reach.kustomization),
            object,
        })
    }

    /// The name of the chart that a release installs: as it states it, or the end of the address of its
    /// OCIRepository.
    pub fn chart_name<'a>(&'a self, release: &'a Installed) -> Option<&'a str> {
        let chart = release.chart.as_ref()?;
        let of_source =
            || self.node(chart.at.as_ref()?)?.text_at(&["spec", "url"])?.trim_end_matches('/').rsplit('/').next();
        chart.name.as_deref().or_else(of_source)
    }

    /// The chart of a release that is in a place: a cluster, or another one to which it applies it.
    fn chart_of(&self, release: &Value, namespace: &str, place: (ClusterId, Option<&str>)) -> Option<InstalledChart> {
        let spec = release.at(&["spec", "chart", "spec"]);
        let reference = spec.map_or_else(|| release.at(&["spec", "chartRef"]), |spec| spec.get("sourceRef"))?;
        let text = |value: &Value, key: &str| value.text_at(&[key]).map(str::to_owned);
        let source = source_of(reference)?;
        let source = SourceRef { namespace: source.namespace.or_else(|| Some(namespace.to_owned())), ..source };
        let named = source.namespace.as_deref();
        let at = self.graph().flux_objects_in(place, &source.kind, named, &source.name).next().cloned();
        let tag = || self.node(at.as_ref()?)?.text_at(&["spec", "ref", "tag"]).map(str::to_owned);
        let version = match spec {
            Some(spec) => text(spec, "version"),
            None => tag(),
        };
        Some(InstalledChart { name: spec.and_then(|spec| text(spec, "chart")), version, source, at })
    }
}
