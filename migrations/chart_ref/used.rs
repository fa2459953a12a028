//! Where the releases of a tree take charts from as OCI: what the repository does already for a
//! chart wins over the table of known homes.

use std::collections::BTreeMap;

use super::address::{in_repository, major};
use crate::charts::homes::{APP_TEMPLATE, known_home};
use crate::flux::{At, Chart, HelmRepository, Reach, Release, View};
use crate::migrations::sources::Version;
use crate::migrations::sources::existing::Sources;

/// An address that the releases of a tree use for charts of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UsedHere {
    /// The OCI address, without the chart.
    pub(super) base: String,
    /// The source that states it; `None` if it is only the one that others of the tree will get.
    pub(super) at: Option<At>,
}

/// The charts that releases take from registries, by name, with version and address.
#[derive(Debug, Default)]
pub(super) struct Used {
    used: Charts,
    /// The same for those that the table will have moved. They count where nothing is used yet, so
    /// that the answer for others is the same before and after they have landed.
    planned: Charts,
}

type Charts = BTreeMap<String, Vec<(Option<u64>, UsedHere)>>;

impl Used {
    pub(super) fn of(view: &View, applied: &Sources<'_>) -> Used {
        let mut used = Used::default();
        for release in view.releases() {
            for reach in view.graph().reaches(&release.at) {
                match &release.chart {
                    Chart::Ref(_) => {
                        let Some(source) = applied.of_release(view, release, reach) else { continue };
                        let Some((base, chart)) = source.url.rsplit_once('/') else { continue };
                        let major = source.tag.as_deref().and_then(|tag| major(&Version::of(Some(tag))));
                        add(&mut used.used, chart, major, base, Some(&source.at));
                    }
                    Chart::Spec(spec) => {
                        let Some(repository) = repository(view, release, reach) else { continue };
                        let major = major(&Version::of(spec.version.as_deref()));
                        if let Some(Ok(address)) = in_repository(&spec.chart, repository) {
                            let base = address.url.strip_suffix(&format!("/{}", spec.chart)).unwrap_or_default();
                            add(&mut used.used, &spec.chart, major, base, Some(&repository.at));
                        } else if let Some(known) = known_home(&spec.chart, &repository.url, major) {
                            add(&mut used.planned, &spec.chart, major, known.address, None);
                        }
                    }
                    Chart::Invalid => {}
                }
            }
        }
        used
    }

    /// The addresses for a chart in this version. They count for all versions, except those of
    /// app-template, whose major versions are published at several.
    pub(super) fn bases(&self, chart: &str, version: &Version) -> Vec<UsedHere> {
        let all = [&self.used, &self.planned].map(|charts| {
            let entries = charts.get(chart).into_iter().flatten();
            let entries = entries.filter(|(of, _)| chart != APP_TEMPLATE || *of == major(version));
            let mut bases: Vec<UsedHere> = entries.map(|(_, used)| used.clone()).collect();
            bases.sort_by(|a, b| (&a.base, &a.at).cmp(&(&b.base, &b.at)));
            bases.dedup_by(|a, b| a.base == b.base);
            bases
        });
        all.into_iter().find(|bases| !bases.is_empty()).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn of_bases(chart: &str, bases: &[&str]) -> Used {
        let mut used = Used::default();
        bases.iter().for_each(|base| add(&mut used.used, chart, None, base, None));
        used
    }
}

fn add(charts: &mut Charts, chart: &str, major: Option<u64>, base: &str, at: Option<&At>) {
    let used = UsedHere { base: base.to_owned(), at: at.cloned() };
    charts.entry(chart.to_owned()).or_default().push((major, used));
}

/// The HelmRepository of a release where a cluster applies it.
fn repository<'v>(view: &'v View, release: &Release, reach: &Reach) -> Option<&'v HelmRepository> {
    let source = view.source_of(release, reach).filter(|source| source.kind == "HelmRepository")?;
    let namespace = source.namespace.as_deref();
    let mut places = view.graph().flux_objects(reach.cluster, "HelmRepository", namespace, &source.name);
    places.find_map(|at| view.helm_repository(at))
}
