//! Where charts of HelmRepositories that are not OCI are as OCI. The table is `known.tsv`, with a
//! date and a source for each line.

use std::sync::LazyLock;

use super::table::{lines, normalised};
use crate::charts::version::numbers;

const TABLE: &str = include_str!("known.tsv");

/// Where a chart is published as OCI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownHome {
    /// The chart, as Helm has it.
    pub chart: &'static str,
    /// The URL of the HelmRepository from which a release may have it.
    pub repository: &'static str,
    /// The major version that is there; `None` for all.
    pub major: Option<u64>,
    /// The OCI address, without the chart.
    pub address: &'static str,
    /// Whether it is copied there by others than those who make the chart.
    pub is_mirror: bool,
    /// The newest tag that was seen there.
    pub tag: &'static str,
    /// When that was seen: `2026-08-12`.
    pub seen: &'static str,
    /// A public repository that takes the chart from there.
    pub source: &'static str,
}

/// Where a chart is that a release has from the HelmRepository with this URL, in all versions.
pub fn known_homes(chart: &str, repository: &str) -> impl Iterator<Item = KnownHome> {
    let repository = normalised(repository);
    all().filter(move |home| home.chart == chart && normalised(home.repository) == repository)
}

/// Where a version of it is; without `major`, the version is not known.
pub fn known_home(chart: &str, repository: &str, major: Option<u64>) -> Option<KnownHome> {
    known_homes(chart, repository).find(|home| home.major.is_none() || home.major == major)
}

/// Whether a chart is published at this URL, as OCI or otherwise.
pub fn is_published_at(chart: &str, url: &str) -> bool {
    let url = normalised(url);
    all()
        .any(|home| home.chart == chart && [home.repository, home.address].iter().any(|known| normalised(known) == url))
}

/// The tag of a version if it was seen at this address, which ends in the chart: `1.2.3` and
/// `v1.2.3` are one version.
pub(super) fn seen_tag(address: &str, version: &str) -> Option<&'static str> {
    let (base, chart) = address.rsplit_once('/')?;
    let bare = |version: &'static str| version.strip_prefix('v').unwrap_or(version);
    let wanted = version.strip_prefix('v').unwrap_or(version);
    all().find(|home| home.chart == chart && home.address == base && bare(home.tag) == wanted).map(|home| home.tag)
}

fn all() -> impl Iterator<Item = KnownHome> {
    // Asked for each release of each view.
    static ALL: LazyLock<Vec<KnownHome>> = LazyLock::new(|| read().collect());
    ALL.iter().copied()
}

fn read() -> impl Iterator<Item = KnownHome> {
    lines(TABLE).filter_map(|[chart, repository, major, address, by, tag, seen, source]| {
        let major = if major == "*" { None } else { Some(major.parse().ok()?) };
        let is_mirror = match by {
            "publisher" => false,
            "mirror" => true,
            _ => return None,
        };
        numbers(tag)?;
        Some(KnownHome { chart, repository, major, address, is_mirror, tag, seen, source })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::homes::table::check;

    #[test]
    fn every_line_is_read_and_has_a_date_and_a_source() {
        check::<8>(TABLE, 3, 6, 7);
        assert_eq!(all().count(), lines::<8>(TABLE).count());
        for home in all() {
            assert!(home.address.starts_with("oci://") && !home.address.ends_with('/'), "{home:?}");
            assert!(!home.address.ends_with(&format!("/{}", home.chart)), "{home:?}");
            assert!(home.source.starts_with("https://github.com/") && home.source.contains("/tree/"), "{home:?}");
        }
    }

    /// So what a release gets does not depend on which of several HelmRepositories it names.
    #[test]
    fn a_chart_has_one_home_for_each_version() {
        for home in all() {
            let others = all().filter(|other| other.chart == home.chart && other.major == home.major);
            assert!(others.into_iter().all(|other| other.address == home.address), "{home:?}");
            let is_for_all = home.major.is_none();
            assert!(all().all(|other| other.chart != home.chart || other.major.is_none() == is_for_all), "{home:?}");
        }
    }

    #[test]
    fn homes_are_found_by_chart_and_repository() {
        let address = |chart, url, major| known_home(chart, url, major).map(|home| home.address);
        let grafana = Some("oci://ghcr.io/grafana/helm-charts");
        assert_eq!(address("loki", "http://Grafana.github.io/helm-charts/", Some(6)), grafana);
        assert_eq!(address("loki", "https://grafana.github.io/helm-charts", None), grafana);
        assert_eq!(address("loki", "https://charts.example.org", Some(6)), None);
        assert_eq!(address("unknown", "https://grafana.github.io/helm-charts", Some(6)), None);
        let bjw_s = "https://bjw-s.github.io/helm-charts";
        assert_eq!(address("app-template", bjw_s, Some(3)), Some("oci://ghcr.io/bjw-s/helm"));
        assert_eq!(address("app-template", bjw_s, Some(5)), Some("oci://ghcr.io/bjw-s-labs/helm"));
        assert_eq!(address("app-template", bjw_s, Some(2)), None);
        assert_eq!(address("app-template", bjw_s, None), None);
    }

    #[test]
    fn a_tag_is_known_if_it_was_seen() {
        let cilium = "oci://quay.io/cilium/charts/cilium";
        assert_eq!(seen_tag(cilium, "v1.20.1"), Some("1.20.1"));
        assert_eq!(seen_tag(cilium, "1.20.0"), None);
        assert_eq!(seen_tag("oci://example.org/cilium", "1.20.1"), None);
    }
}
