//! Where a chart lives, and in which version: kept, unless the configuration names another.

use super::codes;
use super::settings::ChartSettings;
use crate::charts::homes::{APP_TEMPLATE, FROZEN, LABS, is_published_at, published};
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
}

/// The address of a chart that a release has from a HelmRepository, in this version. `changes` says
/// that the release has another version now.
///
/// A version that is kept lives where the HelmRepository is, if that is OCI, whatever is
/// configured. Otherwise the configured home counts, then the publishers of app-template
/// (`docs/chart-ref.md#where-the-chart-lives`); a version to move to may also be in the repository
/// of the one that is there.
///
/// # Errors
/// Reason code and message.
pub(super) fn address(
    chart: &ChartSettings,
    repository: &HelmRepository,
    version: &Version,
    changes: bool,
) -> Result<Address, (&'static Code, String)> {
    let in_repository = in_repository(&chart.name, repository);
    if let (false, Some(address)) = (changes, in_repository.clone()) {
        return address;
    }
    let below = |base: &str| {
        let url = format!("{base}/{}", chart.name);
        Ok(Address { same_registry: matches!(&in_repository, Some(Ok(address)) if address.url == url), url })
    };
    let is_app_template = chart.name == APP_TEMPLATE;
    let published = || published(&repository.url, major(version).filter(|_| is_app_template)?);
    if let Some(home) = chart.home.as_deref().or_else(published) {
        return below(home);
    }
    in_repository.unwrap_or_else(|| {
        let (url, version) = (&repository.url, version.text());
        let message = format!("{url} is not OCI, and no OCI address of {} {version} is known", chart.name);
        Err((codes::NO_ADDRESS, message))
    })
}

/// The addresses that a chart of a HelmRepository has for certain, whatever the version: in the
/// HelmRepository itself, and where its publishers have it.
pub(super) fn addresses(chart: &ChartSettings, repository: &HelmRepository) -> Vec<String> {
    let url = in_repository(&chart.name, repository).and_then(Result::ok).map(|address| address.url);
    let is_known = chart.name == APP_TEMPLATE && is_published_at(&repository.url);
    let published = [FROZEN, LABS].into_iter().filter(|_| is_known);
    url.into_iter().chain(published.map(|base| format!("{base}/{}", chart.name))).collect()
}

/// The address that a chart may have if it was in a HelmRepository: the configured one. It is the
/// same for every HelmRepository, so it shows of none that the chart was in it.
pub(super) fn address_by_configuration(chart: &ChartSettings, repository: &HelmRepository) -> Option<String> {
    // The publishers of app-template have no other charts.
    let is_of_others = chart.name != APP_TEMPLATE && is_published_at(&repository.url);
    let home = chart.home.as_deref().filter(|_| !is_of_others && (!is_oci(repository) || chart.target.is_some()))?;
    Some(format!("{home}/{}", chart.name))
}

/// Whether a HelmRepository is in a registry, so that versions are tags.
pub(super) fn is_oci(repository: &HelmRepository) -> bool {
    repository.oci || repository.url.starts_with("oci://")
}

/// The address in the HelmRepository itself, if that is OCI.
fn in_repository(chart: &str, repository: &HelmRepository) -> Option<Result<Address, (&'static Code, String)>> {
    if !is_oci(repository) {
        return None;
    }
    if repository.url.ends_with(&format!("/{chart}")) {
        let message = format!("the URL {} already contains the name of the chart", repository.url);
        return Some(Err((codes::CHART_IN_URL, message)));
    }
    let base = repository.url.strip_prefix("oci://").unwrap_or(&repository.url);
    Some(Ok(Address { url: format!("oci://{base}/{chart}"), same_registry: true }))
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
    use crate::flux::At;
    use crate::repo::RepoPath;

    fn at(url: &str, chart: &ChartSettings, version: &str, moves: bool) -> Result<String, &'static Code> {
        let at = At::document(&RepoPath::new("a.yaml").unwrap(), 0);
        let repository = HelmRepository { at, url: url.to_owned(), oci: url.starts_with("oci://") };
        let found = address(chart, &repository, &Version::of(Some(version)), moves);
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
}
