//! Where the source of a release lives: configured for each chart, or decided by who uses it.

use std::collections::{BTreeMap, BTreeSet};

use super::chart_settings::{ChartSettings, Strategy};
use super::codes;
use super::findings::refusal;
use super::settings::ChartRefSettings;
use crate::flux::{Chart, ClusterId, Reach, Release, View};
use crate::migrations::sources::existing::Sources;
use crate::plan::Finding;

/// Where a source lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Home {
    /// In the namespace of sources; the chartRef names that.
    Shared,
    /// In the namespace of the releases, from a Component.
    Namespace(String),
    /// Beside the release, in its namespace.
    PerApp,
}

/// The chart that a release names, in scope or not; none for a chartRef.
pub(super) fn chart_of<'v>(view: &'v View, release: &'v Release) -> Option<&'v str> {
    match &release.chart {
        Chart::Spec(spec) => Some(&spec.chart),
        Chart::Ref(_) => None,
        Chart::Invalid => view.node(&release.at)?.text_at(&["spec", "chart", "spec", "chart"]),
    }
}

/// How many releases of each cluster use each chart. Releases that have moved count, so that the
/// answer stays the same when only half of them have landed.
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
                        let of_url = |chart: &&ChartSettings| {
                            url.and_then(|url| url.strip_suffix(&*chart.name)).is_some_and(|base| base.ends_with('/'))
                        };
                        settings.charts.iter().filter(of_url).max_by_key(|chart| chart.name.len())
                    }
                };
                if let Some(chart) = used {
                    *users.entry((chart.name.as_str(), reach.cluster)).or_default() += 1;
                }
            }
        }
        Users(users)
    }

    /// The strategy for a release: that of its chart, else `shared` if several releases of a
    /// cluster use the chart, else `per-app`. So two clusters never share a tag by accident. A
    /// release that no cluster applies is treated like most others of its chart.
    fn strategy(&self, chart: &ChartSettings, reaches: &[Reach]) -> Strategy {
        let is_here = |cluster: ClusterId| reaches.is_empty() || reaches.iter().any(|reach| reach.cluster == cluster);
        let mut counts = self.0.iter().filter(|((name, _), _)| *name == chart.name);
        let are_several = counts.any(|((_, cluster), count)| *count > 1 && is_here(*cluster));
        chart.strategy.unwrap_or(if are_several { Strategy::Shared } else { Strategy::PerApp })
    }

    /// Where the source of a release is to live.
    ///
    /// # Errors
    /// A finding at the release if the strategy is `namespace` and it has no namespace, or several.
    pub(super) fn home(&self, release: &Release, chart: &ChartSettings, reaches: &[Reach]) -> Result<Home, Finding> {
        match self.strategy(chart, reaches) {
            Strategy::Shared => Ok(Home::Shared),
            Strategy::PerApp => Ok(Home::PerApp),
            Strategy::Namespace => match namespaces(release, reaches).into_iter().collect::<Vec<_>>()[..] {
                [Some(namespace)] => Ok(Home::Namespace(namespace.to_owned())),
                _ => {
                    let message = "the strategy namespace needs a release with exactly one namespace, which is known";
                    Err(refusal(release, codes::OTHER_NAMESPACE, message))
                }
            },
        }
    }
}

/// The namespaces of a release, `None` for an unknown one; if none applies it, the stated one.
pub(super) fn namespaces<'v>(release: &'v Release, reaches: &'v [Reach]) -> BTreeSet<Option<&'v str>> {
    match reaches {
        [] => [release.namespace.as_deref()].into(),
        reaches => reaches.iter().map(|reach| reach.namespace.as_deref()).collect(),
    }
}
