//! HelmReleases, and their identity in clusters.

use std::collections::BTreeSet;

use super::View;
use crate::flux::cluster::Reach;
use crate::flux::files::{At, Name, Object, Scan, SourceRef};
use crate::yaml::Node;

/// A HelmRelease that names a chart. Patches, and fragments with only values, are not releases.
#[derive(Clone, Debug)]
pub struct Release {
    /// Where it is.
    pub at: At,
    /// The line where it begins, from 1.
    pub line: usize,
    /// `apiVersion`.
    pub api_version: Name,
    /// `metadata.name`, as it is written.
    pub name: Name,
    /// `metadata.namespace`, as it is written.
    pub namespace: Option<Name>,
    /// Where its chart comes from.
    pub chart: Chart,
}

/// The chart of a HelmRelease.
#[derive(Clone, Debug)]
pub enum Chart {
    /// `spec.chart`.
    Spec(ChartSpec),
    /// `spec.chartRef`.
    Ref(SourceRef),
    /// Both of them, or one in an invalid form. The API server rejects it.
    Invalid,
}

impl Chart {
    /// The source that it names, and where the release states that.
    pub fn source(&self) -> Option<(&SourceRef, &'static [&'static str])> {
        match self {
            Chart::Ref(stated) => Some((stated, &["spec", "chartRef"])),
            Chart::Spec(spec) => Some((&spec.source_ref, &["spec", "chart", "spec", "sourceRef"])),
            Chart::Invalid => None,
        }
    }
}

/// The content of `spec.chart.spec`.
#[derive(Clone, Debug)]
pub struct ChartSpec {
    /// The line of `chart:` in the file, from 1.
    pub line: usize,
    /// `chart`.
    pub chart: String,
    /// `version`; `None` if it is absent, which means any.
    pub version: Option<String>,
    /// `sourceRef`.
    pub source_ref: SourceRef,
    /// `interval`.
    pub interval: Option<String>,
    /// All keys of it.
    pub keys: Vec<String>,
}

/// The names of a HelmRelease in the clusters that apply it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The effective namespace, where it is applied first; empty if it has none.
    pub namespace: String,
    /// The effective name, there.
    pub name: String,
    /// Its other names if it is applied several times, `namespace/name`.
    pub also: BTreeSet<String>,
    /// The clusters that apply it.
    pub clusters: BTreeSet<String>,
}

impl View {
    /// The names of a HelmRelease in the clusters that apply it; if none does, those that it
    /// states.
    pub fn identity(&self, release: &Release) -> Identity {
        let reaches = self.graph().reaches(&release.at);
        let first = reaches.first();
        let full = |reach: &Reach| format!("{}/{}", reach.namespace.as_deref().unwrap_or_default(), reach.name);
        let namespace =
            first.and_then(|reach| reach.namespace.map(String::from)).or_else(|| release.namespace.map(String::from));
        Identity {
            namespace: namespace.unwrap_or_default(),
            name: first.map_or_else(|| release.name.to_string(), |reach| reach.name.to_string()),
            also: reaches.iter().map(full).filter(|name| Some(name) != first.map(full).as_ref()).collect(),
            clusters: self.graph().clusters_of(&release.at),
        }
    }

    /// What a release names as its source where a cluster applies it: `chartRef`, or `sourceRef` of
    /// `chart.spec`, with its namespace.
    pub fn source_of(&self, release: &Release, reach: &Reach) -> Option<SourceRef> {
        let (stated, path) = release.chart.source()?;
        let of_release = || reach.namespace.map(String::from);
        let has_variable =
            [Some(&*stated.name), stated.namespace.as_deref()].into_iter().flatten().any(|text| text.contains("${"));
        if reach.patches.is_empty() && !has_variable {
            return Some(SourceRef { namespace: stated.namespace.clone().or_else(of_release), ..stated.clone() });
        }
        let object = self.effective(&release.at, reach)?;
        let text = |key: &str| object.at(path)?.text_at(&[key]).map(str::to_owned);
        Some(SourceRef { kind: text("kind")?, name: text("name")?, namespace: text("namespace").or_else(of_release) })
    }
}

impl Release {
    /// `None` for anything else.
    pub(super) fn read(object: &Object, scan: &Scan) -> Option<Release> {
        let spec = scan.node(&object.at).filter(|_| object.is_helm_release())?.get("spec")?;
        let chart = match (spec.get("chart"), spec.get("chartRef")) {
            (Some(chart), None) => ChartSpec::read(chart).map_or(Chart::Invalid, Chart::Spec),
            (None, Some(reference)) => SourceRef::read(reference).map_or(Chart::Invalid, Chart::Ref),
            (Some(_), Some(_)) => Chart::Invalid,
            (None, None) => return None,
        };
        Some(Release {
            at: object.at.clone(),
            line: object.line,
            api_version: object.api_version,
            name: object.name,
            namespace: object.namespace,
            chart,
        })
    }
}

impl ChartSpec {
    fn read(chart: Node<'_>) -> Option<ChartSpec> {
        let spec = chart.get("spec")?;
        let text = |key: &str| spec.text_at(&[key]).map(str::to_owned);
        Some(ChartSpec {
            line: chart.line(),
            chart: text("chart")?,
            version: text("version"),
            source_ref: SourceRef::read(spec.get("sourceRef")?)?,
            interval: text("interval"),
            keys: spec.entries().filter_map(|(key, _)| key.text().map(str::to_owned)).collect(),
        })
    }
}
