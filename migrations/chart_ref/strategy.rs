//! Where the source of a release lives: chosen for each chart, or told by who uses it.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::release::{at_release, chart_of};
use super::settings::{ChartRefSettings, ChartSettings, Strategy};
use crate::flux::{Chart, ClusterId, Reach, Release, View};
use crate::migrations::sources::find::Sources;
use crate::plan::{Finding, Severity};

/// Where a source lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Home {
    /// In the namespace of sources; the chartRef names that.
    Shared,
    /// In the namespace of the releases, from a Component.
    Namespace(String),
    /// Beside the release, in its namespace.
    App,
}

/// How many releases of each cluster use each chart, whether or not they have moved: so half of them landed decide as all did before.
pub(super) struct Users<'v>(BTreeMap<(&'v str, ClusterId), usize>);

impl<'v> Users<'v> {
    pub(super) fn of(view: &'v View, settings: &'v ChartRefSettings, sources: &Sources<'_>) -> Users<'v> {
        let mut users = BTreeMap::new();
        for release in view.releases() {
            for reach in view.graph().reaches(&release.at) {
                let used = match &release.chart {
                    Chart::Spec(_) | Chart::Invalid => chart_of(view, release).and_then(|name| settings.chart(name)),
                    Chart::Ref(_) => {
                        let url = sources.of_release(view, release, reach).map(|source| &*source.url);
                        let of_url = |own: &&ChartSettings| {
                            url.and_then(|url| url.strip_suffix(&*own.name)).is_some_and(|base| base.ends_with('/'))
                        };
                        settings.charts.iter().find(of_url)
                    }
                };
                if let Some(chart) = used {
                    *users.entry((chart.name.as_str(), reach.cluster)).or_default() += 1;
                }
            }
        }
        Users(users)
    }

    /// The strategy for a release: that of its chart, else `shared` where several releases of a cluster use the chart, else `per-app`. So two
    /// clusters never hang on one tag by accident. A release that no cluster applies does as most others of its chart.
    fn strategy(&self, chart: &ChartSettings, reaches: &[Reach]) -> Strategy {
        if let Some(strategy) = chart.strategy {
            return strategy;
        }
        let several = |(own, cluster): &(&str, ClusterId)| {
            *own == chart.name
                && self.0[&(*own, *cluster)] > 1
                && (reaches.is_empty() || reaches.iter().any(|reach| reach.cluster == *cluster))
        };
        if self.0.keys().any(several) { Strategy::Shared } else { Strategy::PerApp }
    }

    /// Where the source of a release is to live.
    ///
    /// # Errors
    /// A finding at the release, where the strategy is `namespace` and it has none, or several.
    pub(super) fn home(&self, release: &Release, chart: &ChartSettings, reaches: &[Reach]) -> Result<Home, Finding> {
        match self.strategy(chart, reaches) {
            Strategy::Shared => Ok(Home::Shared),
            Strategy::PerApp => Ok(Home::App),
            Strategy::Namespace => {
                let mut namespaces: BTreeSet<Option<&str>> =
                    reaches.iter().map(|reach| reach.namespace.as_deref()).collect();
                if reaches.is_empty() {
                    namespaces.insert(release.namespace.as_deref());
                }
                match (namespaces.pop_first().flatten(), namespaces.is_empty()) {
                    (Some(namespace), true) => Ok(Home::Namespace(namespace.to_owned())),
                    _ => {
                        let message =
                            "the strategy namespace needs a release that is in one namespace, and that is known"
                                .to_owned();
                        Err(at_release(release, Severity::Error, codes::SOURCE_NAMESPACE, message))
                    }
                }
            }
        }
    }
}
