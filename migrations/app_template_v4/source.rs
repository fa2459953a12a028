//! The sources of a release: the one of 3.x that it has, and where it gets 4.x from.

use std::collections::{BTreeMap, BTreeSet};

use super::conversion::Kept;
use crate::charts::app_template;
use crate::charts::homes::{APP_TEMPLATE, FROZEN, LABS};
use crate::flux::{At, ClusterId, OciRepository, Reach, SourceRef, View};
use crate::migrations::sources::existing::{existing, proven_beside};
use crate::migrations::sources::place::{Place, beside};
use crate::migrations::sources::{SourceKey, Spec, Version, copy};
use crate::plan::{Code, Finding};
use crate::yaml::{New, Node};

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

/// A source of 4.x as the source of 3.x is: with its credentials, checks and interval.
fn spec(view: &View, old: &OciRepository, key: SourceKey) -> Spec {
    const NOT_CARRIED: [&str; 4] = ["interval", "layerSelector", "ref", "url"];
    let node = view.node(&old.at).and_then(|root| root.get("spec"));
    let entries = node.into_iter().flat_map(Node::entries).filter(|(_, value)| !value.is_null());
    let carried = entries.filter_map(|(key, value)| {
        let key = key.text().filter(|key| !NOT_CARRIED.contains(key))?;
        Some((key.to_owned(), copy(value)))
    });
    let interval = node.and_then(|node| node.text_at(&["interval"])).unwrap_or("15m").to_owned();
    Spec { key, interval, carried: carried.collect(), comments: Vec::new() }
}

/// The second source, of 4.x, for the releases of one source of 3.x.
#[derive(Clone)]
pub(super) struct Second {
    /// The source of 3.x.
    pub(super) old: At,
    /// The name that a chartRef names.
    pub(super) name: String,
    /// What is to be written, and where; `None` if it is there.
    pub(super) new: Option<(Spec, Place)>,
}

/// Clusters, each with a namespace.
pub(super) type Places = BTreeSet<(ClusterId, String)>;

/// A second source that releases need.
pub(super) struct Needed<'v> {
    /// The source of 3.x.
    pub(super) old: &'v OciRepository,
    spec: Spec,
    /// Its name, if it is there wherever it is needed.
    found: Option<String>,
}

impl<'v> Needed<'v> {
    pub(super) fn of(view: &View, old: &'v OciRepository, target: &str, places: &Places) -> Needed<'v> {
        let spec = spec(view, old, key(old, target).0);
        let found = found(view, &spec, places);
        Needed { old, spec, found }
    }

    /// The chart of the source that is to be written, if it is not there.
    pub(super) fn staged(&self) -> Option<&SourceKey> {
        self.found.is_none().then_some(&self.spec.key)
    }

    /// The source that is to be written, and its place, if there is one.
    pub(super) fn draft(&self, view: &View, staged: &[SourceKey]) -> Option<(Spec, Place)> {
        let key = self.staged()?;
        Some((self.spec.clone(), beside(view, &self.old.at, key, staged).ok()?))
    }

    /// Finds the source, or a place for it. `staged` are the charts of sources to write, in order;
    /// `together` is a view in which they are written.
    ///
    /// # Errors
    /// A finding at the source of 3.x, if there is no place.
    pub(super) fn second(self, view: &View, staged: &[SourceKey], together: Option<&View>) -> Result<Second, Finding> {
        let Needed { old: OciRepository { at, .. }, spec, found } = self;
        if let Some(name) = found {
            return Ok(Second { old: at.clone(), name, new: None });
        }
        let place = beside(view, at, &spec.key, staged)?;
        let name = proven_beside(view, &spec, &place, at, together)?;
        Ok(Second { old: at.clone(), name, new: Some((spec, place)) })
    }
}

/// The name under which every one of these clusters has the source in its namespace.
fn found(view: &View, spec: &Spec, places: &Places) -> Option<String> {
    let mut by_namespace: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (cluster, namespace) in places {
        by_namespace.entry(namespace).or_default().insert(view.graph().clusters[*cluster].name.clone());
    }
    let found = by_namespace.into_iter();
    let mut found = found.map(|(namespace, clusters)| existing(view, &spec.key, &spec.carried, &clusters, namespace));
    let first = found.next()??;
    found.all(|name| name.as_ref() == Some(&first)).then_some(first)
}

/// The HelmRepository with 4.x that all clusters of a release have, as a `sourceRef` names it.
pub(super) fn repository_of_4(view: &View, reaches: &[Reach]) -> Option<SourceRef> {
    let mut clusters_by_name = BTreeMap::<(String, String), BTreeSet<ClusterId>>::new();
    for repository in view.helm_repositories().iter().filter(|repository| registry(&repository.url) == Registry::Has4) {
        for reach in view.graph().reaches(&repository.at) {
            let name = (reach.namespace.clone().unwrap_or_default(), reach.name.clone());
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

/// Whether a source is of the chart's 3.7.
pub(super) fn is_of_3(source: &OciRepository) -> bool {
    let version = source.tag.as_deref().and_then(app_template::Version::of);
    is_of_chart(source) && version.is_some_and(app_template::Version::is_3)
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

/// A warning at a source.
pub(super) fn warn(view: &View, source: &OciRepository, code: &'static Code, message: String) -> Finding {
    Finding::warning(code, message).at(&source.at.path, view.object(&source.at).map(|object| object.line))
}

/// The post-renderer that puts the selectors of 3.x back, as an item of `spec.postRenderers`.
pub(super) fn post_renderer(kept: &[Kept]) -> New {
    let patches = kept.iter().map(|workload| {
        let (kind, name) = (New::string(workload.kind.to_string()), New::string(&workload.name));
        let patch = format!(
            "- op: remove\n  path: /spec/selector/matchLabels/app.kubernetes.io~1controller\n- op: add\n  path: \
             /spec/selector/matchLabels/app.kubernetes.io~1component\n  value: {}\n",
            serde_json::Value::from(workload.identifier.as_str())
        );
        New::mapping([("target", New::mapping([("kind", kind), ("name", name)])), ("patch", New::Text(patch))])
    });
    New::mapping([("kustomize", New::mapping([("patches", New::Sequence(patches.collect()))]))])
}
