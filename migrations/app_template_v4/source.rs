//! Where a release takes 4.x from: a second source beside the one of 3.x, its own source, or, on `spec.chart`, the version there.

use std::collections::{BTreeMap, BTreeSet};

use super::conversion::finding;
use crate::charts::app_template;
use crate::flux::{At, ClusterId, OciRepository, Reach, SourceRef, View};
use crate::migrations::sources::existing::{existing, proven_beside};
use crate::migrations::sources::place::{Place, beside};
pub(super) use crate::migrations::sources::publisher::APP_TEMPLATE as CHART;
use crate::migrations::sources::publisher::{FROZEN, LABS};
use crate::migrations::sources::{SourceKey, Spec, Version, copy};
use crate::plan::{Code, Finding, Severity};
use crate::yaml::{New, Node};

/// The publisher's repository that is not OCI, which has 4.x.
const INDEX: &str = "https://bjw-s-labs.github.io/helm-charts";

/// Whether a registry has 4.x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Registry {
    /// It has.
    Has,
    /// It is the one of 3.x.
    Frozen,
    /// It is somebody else's.
    Other,
}

pub(super) fn registry(repository_url: &str) -> Registry {
    match repository_url {
        LABS | INDEX => Registry::Has,
        FROZEN => Registry::Frozen,
        _ => Registry::Other,
    }
}

/// What the second source is to be, of a source of 3.x.
pub(super) fn key(old: &OciRepository, target: &str) -> (SourceKey, Registry) {
    let registry = registry(old.url.strip_suffix(&format!("/{CHART}")).unwrap_or(&old.url));
    let url = if registry == Registry::Frozen { format!("{LABS}/{CHART}") } else { old.url.clone() };
    (SourceKey { chart: CHART.to_owned(), url, version: Version::Tag(target.to_owned()) }, registry)
}

/// What a source says of credentials and checks, and how often it looks.
fn spec(view: &View, old: &OciRepository, key: SourceKey) -> Spec {
    const OWN: [&str; 4] = ["interval", "layerSelector", "ref", "url"];
    let node = view.node(&old.at).and_then(|root| root.get("spec"));
    let entries = node.into_iter().flat_map(Node::entries);
    let carried = entries.filter_map(|(key, value)| {
        let key = key.text().filter(|key| !OWN.contains(key))?;
        (!value.is_null()).then(|| (key.to_owned(), copy(value)))
    });
    let interval = node.and_then(|node| node.text_at(&["interval"])).unwrap_or("15m").to_owned();
    Spec { key, interval, carried: carried.collect(), comments: Vec::new() }
}

/// A source of 4.x for the releases of one source of 3.x.
#[derive(Clone)]
pub(super) struct Second {
    /// The source of 3.x.
    pub(super) old: At,
    /// The name that a chartRef names.
    pub(super) name: String,
    /// Where it is to be written; `None` if it is there.
    pub(super) new: Option<(Spec, Place)>,
}

/// The source of 4.x for the releases of one source of 3.x, as it is to be, and where it is needed: clusters and namespaces.
pub(super) struct Needed<'v> {
    old: &'v OciRepository,
    spec: Spec,
    /// The name under which it is there in all of these places.
    found: Option<String>,
}

impl<'v> Needed<'v> {
    pub(super) fn of(
        view: &View,
        old: &'v OciRepository,
        target: &str,
        places: &BTreeSet<(ClusterId, String)>,
    ) -> Needed<'v> {
        let spec = spec(view, old, key(old, target).0);
        let found = found(view, &spec, places);
        Needed { old, spec, found }
    }

    /// The source of 3.x.
    pub(super) fn old(&self) -> &At {
        &self.old.at
    }

    /// What is to be written, if it is not there.
    pub(super) fn staged(&self) -> Option<&SourceKey> {
        self.found.is_none().then_some(&self.spec.key)
    }

    /// Finds or places the source. `staged` are all that are to be written, in order.
    ///
    /// # Errors
    /// A finding at the source of 3.x, where there is no place for one.
    pub(super) fn second(self, view: &View, staged: &[SourceKey]) -> Result<Second, Finding> {
        let Needed { old, spec, found } = self;
        if let Some(name) = found {
            return Ok(Second { old: old.at.clone(), name, new: None });
        }
        let place = beside(view, &old.at, &spec.key, staged)?;
        let name = proven_beside(view, &spec, &place, &old.at)?;
        Ok(Second { old: old.at.clone(), name, new: Some((spec, place)) })
    }
}

/// The name under which every one of these clusters and namespaces has the source.
fn found(view: &View, spec: &Spec, needed: &BTreeSet<(ClusterId, String)>) -> Option<String> {
    let mut by_namespace: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (cluster, namespace) in needed {
        by_namespace.entry(namespace).or_default().insert(view.graph().clusters[*cluster].name.clone());
    }
    let names: BTreeSet<Option<String>> = by_namespace
        .into_iter()
        .map(|(namespace, clusters)| existing(view, &spec.key, &spec.carried, &clusters, namespace))
        .collect();
    if names.len() == 1 { names.into_iter().next().flatten() } else { None }
}

/// Whether a source checks signatures, and where.
pub(super) fn verify_line(view: &View, at: &At) -> Option<usize> {
    Some(view.node(at)?.at(&["spec", "verify"]).filter(|verify| !verify.is_null())?.line())
}

/// The HelmRepository of 4.x that every place of a release has, as a `sourceRef` names it.
pub(super) fn repository_of_4(view: &View, reaches: &[Reach]) -> Option<SourceRef> {
    let of_4 = view.helm_repositories().iter().filter(|own| registry(&own.url) == Registry::Has);
    let mut names = BTreeMap::<(String, String), BTreeSet<ClusterId>>::new();
    for repository in of_4 {
        for reach in view.graph().reaches(&repository.at) {
            let name = (reach.namespace.clone().unwrap_or_default(), reach.name.clone());
            names.entry(name).or_default().insert(reach.cluster);
        }
    }
    let clusters: BTreeSet<ClusterId> = reaches.iter().map(|reach| reach.cluster).collect();
    let ((namespace, name), _) = names.into_iter().find(|(_, own)| clusters.is_subset(own))?;
    Some(SourceRef { kind: "HelmRepository".to_owned(), name, namespace: Some(namespace) })
}

/// Whether a source is one of the chart's 3.7.
pub(super) fn is_of_3(source: &OciRepository) -> bool {
    let version = source.tag.as_deref().and_then(app_template::Version::of);
    source.url.rsplit('/').next() == Some(CHART) && version.is_some_and(app_template::Version::is_3)
}

/// That a source of 3.x says something which leaves its version open.
pub(super) fn is_open(source: &OciRepository) -> Option<&'static str> {
    if source.pinned {
        return Some("states a digest or a range by name");
    }
    if source.semver.is_some() {
        return Some("states a range");
    }
    source.suspended.then_some("is suspended")
}

/// A finding at a source.
pub(super) fn at_source(
    source: &OciRepository,
    view: &View,
    severity: Severity,
    code: &'static Code,
    message: String,
) -> Finding {
    let line = view.object(&source.at).map(|object| object.line);
    finding(severity, code, &source.at, line, message)
}

/// `ref.tag` and `url` as nodes of a source.
pub(super) fn tag_and_url<'v>(view: &'v View, at: &At) -> Option<(Node<'v>, Node<'v>)> {
    let spec = view.node(at)?.get("spec")?;
    Some((spec.at(&["ref", "tag"])?, spec.get("url")?))
}

/// The post-renderer that puts the selectors of 3.x back, as an item of `spec.postRenderers`.
pub(super) fn post_renderer(kept: &[super::conversion::Kept]) -> New {
    let patches = kept.iter().map(|own| {
        let target = New::mapping([("kind", New::string(own.kind.to_string())), ("name", New::string(&own.name))]);
        let patch = format!(
            "- op: remove\n  path: /spec/selector/matchLabels/app.kubernetes.io~1controller\n- op: add\n  path: \
             /spec/selector/matchLabels/app.kubernetes.io~1component\n  value: {}\n",
            serde_json::Value::from(own.identifier.as_str())
        );
        New::mapping([("target", target), ("patch", New::Text(patch))])
    });
    New::mapping([("kustomize", New::mapping([("patches", New::Sequence(patches.collect()))]))])
}
