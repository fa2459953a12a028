//! Whether releases install the same, to rules about other objects.

use std::collections::BTreeMap;

use super::difference::Difference;
use super::meaning;
use crate::flux::{At, Installed, Reach, Value, View};

/// Fields of `spec` that change nothing about what a release installs; its chart is compared by name and version.
const HOW_INSTALLED: [&str; 13] = [
    "chart",
    "chartRef",
    "dependsOn",
    "driftDetection",
    "install",
    "interval",
    "maxHistory",
    "rollback",
    "suspend",
    "test",
    "timeout",
    "uninstall",
    "upgrade",
];

/// By cluster, namespace and name.
type Releases = BTreeMap<(String, String, String), Installed>;

/// Whether the releases that differ, or whose source does, install the same in both trees.
pub(super) fn install_the_same(before: &View, after: &View, difference: &Difference) -> bool {
    let (old, new) = (installed(before, difference), installed(after, difference));
    old.len() == new.len()
        && old.iter().zip(&new).all(|((name, old), (other, new))| {
            name == other
                && is_in_one_place(old, new)
                && (says_the_same(before, old, after, new)
                    || meaning::of(before, old).is_some_and(|meaning| meaning::of(after, new) == Some(meaning)))
        })
}

fn installed(view: &View, difference: &Difference) -> Releases {
    let graph = view.graph();
    let release = |(at, reach): (&At, &Reach)| {
        let differs = difference.ats.contains(at) || difference.has_source_of(&*view.effective(at, reach)?);
        let release = differs.then(|| view.installed(at, reach))??;
        let cluster = graph.clusters[reach.cluster].name.clone();
        Some(((cluster, reach.namespace.unwrap_or_default().to_string(), reach.name.to_string()), release))
    };
    graph.each_reach().filter(|(_, reach)| reach.kind == "HelmRelease").filter_map(release).collect()
}

fn is_in_one_place(old: &Installed, new: &Installed) -> bool {
    let cluster = |of: &Installed| of.object.at(&["spec", "kubeConfig"]).cloned();
    (&old.release, &old.namespace) == (&new.release, &new.namespace) && cluster(old) == cluster(new)
}

/// Whether chart and values are the same, and what else decides what is installed.
fn says_the_same(before: &View, old: &Installed, after: &View, new: &Installed) -> bool {
    let version = |of: &Installed| of.chart.as_ref().and_then(|chart| chart.version.clone());
    let same_at = |path: &[&str]| old.object.at(path) == new.object.at(path);
    before.chart_name(old) == after.chart_name(new)
        && version(old) == version(new)
        && same_at(&["spec", "chart", "spec", "valuesFiles"])
        && ["install", "upgrade"].iter().all(|action| same_at(&["spec", action, "disableSchemaValidation"]))
        && says(old).eq(says(new))
}

/// The other entries of its `spec`.
fn says(release: &Installed) -> impl Iterator<Item = &(String, Value)> {
    let entries = release.object.get("spec").map_or(&[][..], Value::entries).iter();
    entries.filter(|(key, _)| !HOW_INSTALLED.contains(&key.as_str()))
}
