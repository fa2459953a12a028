//! The HTTPRoutes of clusters: objects, and those that releases of app-template make of values.

use super::objects::Objects;
use crate::charts::app_template::{Deployed, Section, StatedEntry, line_of};
use crate::doctor::applied::goes_elsewhere;
use crate::doctor::finding;
use crate::doctor::installed::{self, Release};
use crate::doctor::owners::line;
use crate::finding::{Code, Finding, Severity};
use crate::flux::{At, ClusterId, Reach, Value, View};
use crate::gateway::{GROUP, HttpRoute};

/// An HTTPRoute of a cluster.
pub(super) struct Stated<'v> {
    view: &'v View,
    at: &'v At,
    pub(super) cluster: ClusterId,
    /// How findings call it.
    pub(super) called: String,
    pub(super) namespace: String,
    pub(super) route: HttpRoute,
    /// The keys of its annotations.
    pub(super) annotations: Vec<String>,
    pub(super) origin: Origin,
    /// Whether it is on another cluster, of which not all is known.
    pub(super) is_remote: bool,
    /// The keys to its spec, and to what has its annotations.
    spec_at: Vec<String>,
    metadata_at: Vec<String>,
}

/// What says how names of backends are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// An object.
    Object,
    /// Values of app-template before 4.0, which looks names up among these keys first.
    Keys(Vec<String>),
    /// Values of a later app-template, which takes names as they are. That a Service of a name is there
    /// is with what else is wrong with values.
    Values,
}

/// Those of all clusters that are certainly as they are stated: no patch may change them.
pub(super) fn routes<'v>(objects: &Objects<'v>) -> Vec<Stated<'v>> {
    let view = objects.view;
    let stated = objects.everywhere(GROUP, "HTTPRoute");
    let mut found: Vec<_> = stated.filter_map(|(at, reach)| of_object(objects, at, reach)).collect();
    for release in installed::releases(view) {
        let Some(deployed) = Deployed::installed(view, &release.installed) else { continue };
        let is_http = |entry: &StatedEntry<'_>| entry.values.text_at(&["kind"]).is_none_or(|kind| kind == "HTTPRoute");
        let entries = deployed.entries(Section::Route).into_iter().filter(is_http);
        let services = deployed.chart.values.get("service");
        let origin = match deployed.chart.version.is_before_4() {
            true => Origin::Keys(keys(services)),
            false => Origin::Values,
        };
        found.extend(entries.map(|entry| of_values(view, &release, &entry, origin.clone())));
    }
    found
}

fn of_object<'v>(objects: &Objects<'v>, at: &'v At, reach: &Reach) -> Option<Stated<'v>> {
    let view = objects.view;
    let object = objects.arriving(at, reach)?;
    let namespace = reach.namespace.unwrap_or_default().to_string();
    Some(Stated {
        view,
        at,
        cluster: reach.cluster,
        called: format!("HTTPRoute {namespace}/{}", reach.name),
        route: HttpRoute::of(&object, &namespace)?,
        annotations: keys(object.at(&["metadata", "annotations"])),
        origin: Origin::Object,
        is_remote: goes_elsewhere(view, reach),
        spec_at: vec!["spec".to_owned()],
        metadata_at: vec!["metadata".to_owned()],
        namespace,
    })
}

fn of_values<'v>(view: &'v View, release: &Release<'v>, entry: &StatedEntry<'_>, origin: Origin) -> Stated<'v> {
    let namespace = release.installed.namespace.clone();
    let keys_to_entry = ["spec", "values", "route", entry.identifier].map(str::to_owned).to_vec();
    Stated {
        view,
        at: release.at,
        cluster: release.reach.cluster,
        called: format!("{}, route.{}", release.reach.name, entry.identifier),
        route: HttpRoute::read(entry.values, &namespace),
        annotations: keys(entry.values.get("annotations")),
        origin,
        is_remote: release.is_remote(view),
        spec_at: keys_to_entry.clone(),
        metadata_at: keys_to_entry,
        namespace,
    }
}

fn keys(mapping: Option<&Value>) -> Vec<String> {
    mapping.map(Value::entries).unwrap_or_default().iter().map(|(key, _)| key.clone()).collect()
}

impl Stated<'_> {
    /// A finding at a place in its spec.
    pub(super) fn finding(&self, severity: Severity, code: &'static Code, keys: &[&str], message: &str) -> Finding {
        self.at_keys(severity, code, &self.spec_at, keys, message)
    }

    /// A finding at one of its annotations.
    pub(super) fn at_annotation(&self, severity: Severity, code: &'static Code, key: &str, message: &str) -> Finding {
        self.at_keys(severity, code, &self.metadata_at, &["annotations", key], message)
    }

    fn at_keys(
        &self,
        severity: Severity,
        code: &'static Code,
        start: &[String],
        keys: &[&str],
        message: &str,
    ) -> Finding {
        let all: Vec<&str> = start.iter().map(String::as_str).chain(keys.iter().copied()).collect();
        let line = self.view.node(self.at).map_or_else(|| line(self.view, self.at), |root| line_of(root, &all));
        finding(severity, code, &self.at.path, line, format!("{}: {message}", self.called))
    }
}
