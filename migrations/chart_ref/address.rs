//! Where a chart lives, and in which version: kept, unless the configuration names another.

use super::chart_settings::ChartSettings;
use super::codes;
use super::used::{Used, UsedHere};
use crate::charts::homes::{APP_TEMPLATE, KnownHome, is_published_at, known_home, known_homes};
use crate::charts::version;
use crate::flux::HelmRepository;
use crate::migrations::sources::Version;
use crate::plan::Code;

/// Where a chart lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `oci://registry/path/chart`.
    pub(super) url: String,
    /// Whether it is in the registry of the HelmRepository, whose credentials are then for it.
    pub(super) same_registry: bool,
    /// What says that the chart lives there.
    pub(super) origin: Origin,
}

/// What says that a chart lives at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Its HelmRepository, which is OCI.
    Repository,
    /// `home` of the configuration.
    Configuration,
    /// The table of known homes, for the HelmRepository that the release names.
    Table(KnownHome),
    /// Releases of this tree take a chart of this name from there.
    Used(UsedHere),
}

/// The address of a chart that a release has from a HelmRepository, in this version. `changes` says
/// that the release has another version now.
///
/// A version that is kept lives where the HelmRepository is, if that is OCI, whatever is
/// configured. Otherwise the configured home counts, then where this tree takes a chart of the name
/// from, then the table of known homes (`docs/chart-ref.md#where-the-chart-lives`); a version to
/// move to may also be in the repository of the one that is there.
///
/// # Errors
/// Reason code and message.
pub(super) fn address(
    chart: &ChartSettings,
    repository: &HelmRepository,
    version: &Version,
    changes: bool,
    used: &Used,
) -> Result<Address, (&'static Code, String)> {
    let in_repository = in_repository(&chart.name, repository);
    if let (false, Some(address)) = (changes, in_repository.clone()) {
        return address;
    }
    let below = |base: &str, origin| {
        let url = format!("{base}/{}", chart.name);
        let same_registry = matches!(&in_repository, Some(Ok(address)) if address.url == url);
        Ok(Address { same_registry, origin, url })
    };
    if let Some(home) = &chart.home {
        return below(home, Origin::Configuration);
    }
    let known = known_home(&chart.name, &repository.url, major(version));
    let used = if is_oci(repository) { Vec::new() } else { used.bases(&chart.name, version) };
    match (known, &used[..]) {
        (Some(known), []) => below(known.address, Origin::Table(known)),
        (Some(known), used) if used.iter().any(|used| used.base == known.address) => {
            below(known.address, Origin::Table(known))
        }
        (_, [one]) => below(&one.base, Origin::Used(one.clone())),
        (None, []) => in_repository.unwrap_or_else(|| {
            let (url, version) = (&repository.url, version.text());
            let message = format!("{url} is not OCI, and no OCI address of {} {version} is known", chart.name);
            Err((codes::NO_ADDRESS, message))
        }),
        (_, several) => {
            let bases: Vec<&str> = several.iter().map(|used| used.base.as_str()).collect();
            let bases = bases.join(" and ");
            let message = format!("{} is not OCI, and charts called {} come from {bases}", repository.url, chart.name);
            Err((codes::NO_ADDRESS, message))
        }
    }
}

/// The addresses that a chart of a HelmRepository has for certain, whatever the version: in the
/// HelmRepository itself, and where the table has it.
pub(super) fn addresses(chart: &ChartSettings, repository: &HelmRepository) -> Vec<String> {
    let url = in_repository(&chart.name, repository).and_then(Result::ok).map(|address| address.url);
    let known = known_homes(&chart.name, &repository.url).map(|home| format!("{}/{}", home.address, chart.name));
    url.into_iter().chain(known).collect()
}

/// The address that a chart may have if it was in a HelmRepository: the configured one. It is the
/// same for every HelmRepository, so it shows of none that the chart was in it.
pub(super) fn address_by_configuration(chart: &ChartSettings, repository: &HelmRepository) -> Option<String> {
    // The publishers of app-template have no other charts.
    let is_of_others = chart.name != APP_TEMPLATE && is_published_at(APP_TEMPLATE, &repository.url);
    let home = chart.home.as_deref().filter(|_| !is_of_others && (!is_oci(repository) || chart.target.is_some()))?;
    Some(format!("{home}/{}", chart.name))
}

/// Whether a HelmRepository is in a registry, so that versions are tags.
pub(super) fn is_oci(repository: &HelmRepository) -> bool {
    repository.oci || repository.url.starts_with("oci://")
}

/// The address in the HelmRepository itself, if that is OCI.
pub(super) fn in_repository(
    chart: &str,
    repository: &HelmRepository,
) -> Option<Result<Address, (&'static Code, String)>> {
    if !is_oci(repository) {
        return None;
    }
    if repository.url.ends_with(&format!("/{chart}")) {
        let message = format!("the URL {} already contains the name of the chart", repository.url);
        return Some(Err((codes::CHART_IN_URL, message)));
    }
    let base = repository.url.strip_prefix("oci://").unwrap_or(&repository.url);
    let url = format!("oci://{base}/{chart}");
    Some(Ok(Address { url, same_registry: true, origin: Origin::Repository }))
}

/// The first number of an exact version.
pub(super) fn major(version: &Version) -> Option<u64> {
    numbers(version).map(|numbers| numbers[0])
}

/// The numbers of an exact version.
pub(super) fn numbers(version: &Version) -> Option<[u64; 3]> {
    if let Version::Tag(tag) = version { version::numbers(tag) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::homes::FROZEN;
    use crate::flux::At;
    use crate::repo::RepoPath;

    fn repository(url: &str) -> HelmRepository {
        let at = At::document(&RepoPath::new("a.yaml").unwrap(), 0);
        HelmRepository { at, url: url.to_owned(), oci: url.starts_with("oci://") }
    }

    fn at(url: &str, chart: &ChartSettings, version: &str, moves: bool) -> Result<String, &'static Code> {
        let found = address(chart, &repository(url), &Version::of(Some(version)), moves, &Used::default());
        found.map(|address| address.url).map_err(|(code, _)| code)
    }

    #[test]
    fn addresses_are_known_or_refused() {
        let app_template = ChartSettings { name: "app-template".into(), ..Default::default() };
        let other = ChartSettings { name: "other".into(), ..Default::default() };
        let home = Some("oci://example.org/x".to_owned());
        let configured = ChartSettings { home, ..other.clone() };
        let https = "https://bjw-s.github.io/helm-charts";
        let mirror = "oci://example.org/mirror";
        for (url, chart, version, moves, expected) in [
            // Kept: the repository's address, whatever is configured.
            (mirror, &configured, "1.0.0", false, Ok("oci://example.org/mirror/other")),
            (FROZEN, &app_template, "3.7.3", false, Ok("oci://ghcr.io/bjw-s/helm/app-template")),
            // Not OCI: configured, or known.
            ("https://example.org", &configured, "1.0.0", false, Ok("oci://example.org/x/other")),
            (https, &app_template, "3.7.3", false, Ok("oci://ghcr.io/bjw-s/helm/app-template")),
            (https, &app_template, "4.0.1", false, Ok("oci://ghcr.io/bjw-s-labs/helm/app-template")),
            (https, &app_template, "5.1.0", false, Ok("oci://ghcr.io/bjw-s-labs/helm/app-template")),
            (https, &app_template, "2.4.0", false, Err(codes::NO_ADDRESS)),
            (https, &app_template, "3.x", false, Err(codes::NO_ADDRESS)),
            (https, &other, "3.7.3", false, Err(codes::NO_ADDRESS)),
            ("https://example.org", &app_template, "3.7.3", false, Err(codes::NO_ADDRESS)),
            // Another version: configured, published, or where the old one is.
            (mirror, &configured, "2.0.0", true, Ok("oci://example.org/x/other")),
            (FROZEN, &app_template, "4.6.2", true, Ok("oci://ghcr.io/bjw-s-labs/helm/app-template")),
            (mirror, &app_template, "4.6.2", true, Ok("oci://example.org/mirror/app-template")),
            ("oci://example.org/other", &other, "1.0.0", false, Err(codes::CHART_IN_URL)),
        ] {
            let expected = expected.map(str::to_owned);
            assert_eq!(at(url, chart, version, moves), expected, "{url} {} {version}", chart.name);
        }
    }

    #[test]
    fn what_the_tree_uses_wins_over_the_table_and_loses_to_the_configuration() {
        let loki = ChartSettings { name: "loki".into(), ..Default::default() };
        let configured = ChartSettings { home: Some("oci://example.org/c".to_owned()), ..loki.clone() };
        let (known, unknown) = ("https://grafana.github.io/helm-charts", "https://example.org");
        let (table, mine) = ("oci://ghcr.io/grafana/helm-charts", "oci://example.org/mine");
        for (chart, url, used, expected) in [
            (&loki, known, &[][..], Ok((table, "table"))),
            (&loki, known, &[table], Ok((table, "table"))),
            (&loki, known, &[mine], Ok((mine, "used"))),
            (&loki, known, &[mine, table], Ok((table, "table"))),
            (&loki, known, &[mine, "oci://example.org/other"], Err(codes::NO_ADDRESS)),
            (&loki, unknown, &[], Err(codes::NO_ADDRESS)),
            (&loki, unknown, &[mine], Ok((mine, "used"))),
            (&loki, unknown, &[mine, table], Err(codes::NO_ADDRESS)),
            (&configured, known, &[mine], Ok(("oci://example.org/c", "configured"))),
        ] {
            let used = Used::of_bases("loki", used);
            let found = address(chart, &repository(url), &Version::of(Some("6.0.0")), false, &used);
            let found = found.map_err(|(code, _)| code);
            let origin = |origin| match origin {
                Origin::Repository => "repository",
                Origin::Configuration => "configured",
                Origin::Table(_) => "table",
                Origin::Used(_) => "used",
            };
            let found = found.map(|address| (address.url, origin(address.origin)));
            assert_eq!(found, expected.map(|(base, origin)| (format!("{base}/loki"), origin)), "{url} {used:?}");
        }
    }
}
