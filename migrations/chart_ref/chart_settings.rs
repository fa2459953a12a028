//! What can be configured for a chart: the items of `charts`.

use std::collections::BTreeSet;

use serde_json::json;

use crate::config::{DUPLICATE, INVALID_VALUE, Keys};
use crate::migrations::sources::Version;
use crate::repo::RepoPath;
use crate::text::nearest;

/// A chart in scope: an item of `charts`, which is its name, or a mapping with these keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartSettings {
    /// `name`: as Helm has it.
    pub name: String,
    /// `strategy`: where its sources live; without it, the number of releases of a cluster that use
    /// the chart decides.
    pub strategy: Option<Strategy>,
    /// `home`: the OCI address of the chart, without the chart, if its HelmRepository is not OCI.
    pub home: Option<String>,
    /// `target`: the version that its releases move to; without it they keep their version.
    pub target: Option<String>,
    /// `component`: the directory of the Component with its source, for the strategy `namespace`.
    pub component: Option<RepoPath>,
}

/// Where the sources of a chart live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strategy {
    /// One for each version, in the namespace of sources.
    Shared,
    /// One for each version and namespace, from a Component.
    Namespace,
    /// One for each release, beside it.
    PerApp,
}

impl Strategy {
    const ALL: [Strategy; 3] = [Strategy::Shared, Strategy::Namespace, Strategy::PerApp];

    /// As the configuration has it.
    pub fn word(self) -> &'static str {
        match self {
            Strategy::Shared => "shared",
            Strategy::Namespace => "namespace",
            Strategy::PerApp => "per-app",
        }
    }
}

impl ChartSettings {
    /// A chart of which nothing but the name is configured.
    pub(super) fn of(name: &str) -> ChartSettings {
        ChartSettings { name: name.to_owned(), ..ChartSettings::default() }
    }
}

/// Reads `charts` if it is a mapping: the charts that are named, whether all are in scope, and which
/// are not.
pub(super) fn with_all(keys: &mut Keys<'_, '_>) -> (Option<Vec<ChartSettings>>, bool, BTreeSet<String>) {
    let all = keys.about("Whether every chart of a HelmRepository is in scope.").flag("all");
    if all.is_none() && !keys.has("all") {
        keys.missing("all", "true");
    }
    keys.about("Charts for which more is set.");
    let named = charts(keys, "named");
    keys.about("Charts that are out of scope.");
    let mut except = BTreeSet::new();
    for (name, node) in keys.texts("except").unwrap_or_default() {
        if named.iter().flatten().any(|chart| chart.name == name) {
            let message = format!("the chart `{name}` is in `named` and in `except`");
            keys.mistake(INVALID_VALUE, node, message, "leave one of them out");
        }
        except.insert(name.to_owned());
    }
    (named, all == Some(true), except)
}

/// Reads a list of charts.
pub(super) fn charts(keys: &mut Keys<'_, '_>, key: &'static str) -> Option<Vec<ChartSettings>> {
    let mut charts: Vec<ChartSettings> = Vec::new();
    let mut names = BTreeSet::new();
    for (item, chart) in keys.texts_or_mappings(key, "a chart", ChartSettings::of, one)? {
        if !names.insert(chart.name.clone()) {
            let message = format!("the chart `{}` is listed twice in `charts`", chart.name);
            keys.mistake(DUPLICATE, item, message, "leave one of them out");
        }
        charts.push(chart);
    }
    Some(charts)
}

fn one(keys: &mut Keys<'_, '_>) -> Option<ChartSettings> {
    let name = keys.about("As Helm has it.").text("name").map(|(name, _)| name.to_owned());
    if !keys.has("name") {
        keys.missing("name", "app-template");
    }
    keys.about("Where its sources live: one that releases share, one for each namespace or for each release.");
    keys.takes("strategy", || json!({"enum": Strategy::ALL.map(Strategy::word)}));
    let strategy = keys.text("strategy").and_then(|(word, node)| {
        let known = Strategy::ALL.into_iter().find(|strategy| strategy.word() == word);
        if known.is_none() {
            let words = Strategy::ALL.map(Strategy::word);
            let help = match nearest(word, words.map(|word| (word, word))) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is: {}", words.join(", ")),
            };
            keys.mistake(INVALID_VALUE, node, format!("there is no strategy `{word}`"), help);
        }
        known
    });
    keys.about("The OCI address of the chart, without the chart, if its HelmRepository is not OCI.");
    let home = keys.text("home").map(|(home, node)| {
        let path = home.strip_prefix("oci://").unwrap_or_default();
        let chart = name.as_deref().filter(|name| path.rsplit('/').next() == Some(*name));
        if let Some(chart) = chart {
            let help = format!("write it without `/{chart}`, which is added");
            keys.mistake(INVALID_VALUE, node, format!("`{home}` holds the name of the chart"), help);
        } else if path.is_empty() || path.ends_with('/') || home.contains("${") {
            let help = "write it as `oci://registry/path`";
            keys.mistake(INVALID_VALUE, node, format!("`{home}` is no address of an OCI registry"), help);
        }
        home.to_owned()
    });
    keys.about("The version to move to; without it each release keeps its own.");
    let target = keys.text("target").map(|(target, node)| {
        if !matches!(Version::of(Some(target)), Version::Tag(_)) {
            let help = "write one version in full, such as `3.7.3`";
            keys.mistake(INVALID_VALUE, node, format!("`{target}` is no exact version"), help);
        }
        target.to_owned()
    });
    keys.about("The directory of the Component with its source, for the strategy `namespace`.");
    let component = keys.text("component").and_then(|(text, node)| {
        let path = keys.directory(text, node, "kubernetes/components/app-template");
        if path.is_some() && strategy != Some(Strategy::Namespace) {
            let help = "add `strategy: namespace`, or leave `component` out";
            keys.mistake(INVALID_VALUE, node, "`component` is for the strategy `namespace` alone".to_owned(), help);
        }
        path
    });
    Some(ChartSettings { name: name?, strategy, home, target, component })
}
