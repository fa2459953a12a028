//! Selectors of pods of app-template 4.x and 5.x by the label that only 3.x gives them
//! (`docs/app-template.md#selectors`).

use std::collections::BTreeMap;

use super::codes::SELECTS_NO_PODS;
use super::finding;
use super::installed::{self, Release};
use crate::charts::app_template::{COMPONENT, Deployed};
use crate::finding::{Finding, Severity};
use crate::flux::{At, Object, SelectorUse, View};

const NAME: &str = "app.kubernetes.io/name";
const INSTANCE: &str = "app.kubernetes.io/instance";

/// Kinds of objects that select pods, and nothing else, by such a selector.
const KINDS: [&str; 5] = ["PodMonitor", "NetworkPolicy", "CiliumNetworkPolicy", "Service", "PodDisruptionBudget"];

/// What is installed under a name in a namespace.
#[derive(Default)]
struct Pods {
    /// The label `app.kubernetes.io/name` of its objects, if it is known.
    name: Option<String>,
    /// Whether all that is installed so has pods without the label, in every cluster.
    lack_it: bool,
}

/// By namespace and name of the Helm release.
type Releases = BTreeMap<(String, String), Pods>;

/// Whether any object may select pods by the label.
pub(super) fn may_ask(view: &View) -> bool {
    let selects = |object: &Object| KINDS.contains(&object.kind.as_str());
    let escaped = COMPONENT.replace('/', "~1");
    let may_name = view.files_with(COMPONENT).chain(view.files_with(&escaped));
    may_name.flat_map(|(_, file)| &file.objects).flat_map(Object::expanded).any(selects)
}

pub(super) fn findings(view: &View) -> Vec<Finding> {
    let releases = releases(view);
    if !releases.values().any(|pods| pods.lack_it) {
        return Vec::new();
    }
    view.selectors_on(COMPONENT).iter().filter_map(|selector| of_selector(view, selector, &releases)).collect()
}

fn releases(view: &View) -> Releases {
    let mut found = Releases::new();
    for Release { installed: release, .. } in installed::releases(view) {
        let deployed = Deployed::installed(view, &release);
        let lack_it = deployed.is_some_and(|deployed| deployed.has_pods_without(COMPONENT));
        let name = deployed.and_then(|deployed| deployed.chart.name().ok());
        let key = (release.namespace.clone(), release.release.clone());
        let pods = found.entry(key).or_insert(Pods { name: name.clone(), lack_it: true });
        pods.lack_it &= lack_it && pods.name == name;
    }
    found
}

fn of_selector(view: &View, selector: &SelectorUse, releases: &Releases) -> Option<Finding> {
    let SelectorUse { at, line, labels, values, .. } = selector;
    let namespace = selector.namespace.as_ref().filter(|_| !values.is_empty() && selects_pods(view, at))?;
    let is = |label: &str, ours: &str| labels.get(label).map(|asked| asked == ours);
    let means = |((of, release), pods): &(&(String, String), &Pods)| {
        let answers = [is(INSTANCE, release), pods.name.as_deref().and_then(|name| is(NAME, name))];
        of == namespace && answers.contains(&Some(true)) && !answers.contains(&Some(false))
    };
    let mut meant = releases.iter().filter(means);
    let ((_, release), pods) = meant.next()?;
    // Something else in the namespace may have such pods.
    if !pods.lack_it || meant.next().is_some() || others_have_it(view, namespace) {
        return None;
    }
    let asked = values.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    let object = view.object(at)?;
    let message = format!(
        "{} {} selects pods of {release} with the label {COMPONENT}={asked}, which none of them has",
        object.kind, object.name
    );
    Some(finding(Severity::Warning, SELECTS_NO_PODS, &at.path, *line, message))
}

/// Whether a place is in an object that a cluster applies and that selects pods.
fn selects_pods(view: &View, at: &At) -> bool {
    let is_of_kind = view.object(at).is_some_and(|object| KINDS.contains(&object.kind.as_str()));
    is_of_kind && !view.graph().reaches(at).is_empty()
}

/// Whether a workload in a file has the label, in this namespace.
fn others_have_it(view: &View, namespace: &str) -> bool {
    let is_there = |namespace_of: Option<&str>| namespace_of.is_none_or(|of| of == namespace || of.contains("${"));
    view.graph().reached().any(|(at, reaches)| {
        let mut reaches = reaches.iter();
        let is_workload =
            |kind: &str| matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "Pod" | "Job" | "CronJob");
        let is_here = reaches.any(|reach| is_workload(&reach.kind) && is_there(reach.namespace.as_deref()));
        let text = || view.file(&at.path).and_then(|file| file.stream.as_ref()).map(|stream| stream.text());
        is_here && text().is_none_or(|text| text.contains(COMPONENT))
    })
}
