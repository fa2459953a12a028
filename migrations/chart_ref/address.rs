//! Where a chart lives, and in which version: kept, unless the configuration says otherwise. Nothing is guessed.

use super::codes;
use super::settings::ChartSettings;
use crate::flux::HelmRepository;
use crate::migrations::sources::Version;
use crate::migrations::sources::publisher::{APP_TEMPLATE, FROZEN, LABS};
use crate::plan::Code;

/// The repositories of its publishers, over https and as OCI.
const PUBLISHERS: [&str; 4] =
    ["https://bjw-s.github.io/helm-charts", "https://bjw-s-labs.github.io/helm-charts", FROZEN, LABS];

/// Where a chart lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `oci://registry/path/chart`.
    pub(super) url: String,
    /// Whether that is the HelmRepository itself, so that its credentials and checks are for it.
    pub(super) own: bool,
}

/// The address of a chart that a release has from a HelmRepository, in this version. `moves` says that the version is another than now.
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
    moves: bool,
) -> Result<Address, (&'static Code, String)> {
    let own = own(&chart.name, repository);
    if let (false, Some(own)) = (moves, own.clone()) {
        return own;
    }
    let elsewhere = |base: &str| {
        let url = format!("{base}/{}", chart.name);
        Ok(Address { own: own.as_ref().is_some_and(|own| own.as_ref().is_ok_and(|own| own.url == url)), url })
    };
    if let Some(home) = &chart.home {
        return elsewhere(home);
    }
    if let Some(home) = published(&chart.name, repository, version) {
        return elsewhere(home);
    }
    own.unwrap_or_else(|| {
        let message =
            format!("{} is not OCI, and no OCI home of {} {} is known", repository.url, chart.name, version.text());
        Err((codes::NO_OCI_HOME, message))
    })
}

/// The addresses that a HelmRepository may stand for, whatever the version.
pub(super) fn addresses(chart: &ChartSettings, repository: &HelmRepository) -> Vec<String> {
    let own = own(&chart.name, repository).and_then(Result::ok).map(|own| own.url);
    let is_known = chart.name == APP_TEMPLATE && PUBLISHERS.contains(&&*repository.url);
    let published = [FROZEN, LABS].into_iter().filter(|_| is_known);
    // A configured home is that of repositories that are not OCI; and of those whose chart moves on.
    let home = chart.home.as_deref().filter(|_| own.is_none() || chart.target.is_some());
    own.into_iter().chain(published.chain(home).map(|base| format!("{base}/{}", chart.name))).collect()
}

/// The address in the HelmRepository itself, if that is OCI.
fn own(chart: &str, repository: &HelmRepository) -> Option<Result<Address, (&'static Code, String)>> {
    if !repository.oci && !repository.url.starts_with("oci://") {
        return None;
    }
    if repository.url.ends_with(&format!("/{chart}")) {
        let message = format!("{} holds the chart's name already", repository.url);
        return Some(Err((codes::CHART_IN_URL, message)));
    }
    let address = repository.url.strip_prefix("oci://").unwrap_or(&repository.url);
    Some(Ok(Address { url: format!("oci://{address}/{chart}"), own: true }))
}

/// Where the publishers of app-template have a version of it.
fn published(chart: &str, repository: &HelmRepository, version: &Version) -> Option<&'static str> {
    if chart != APP_TEMPLATE || !PUBLISHERS.contains(&&*repository.url) {
        return None;
    }
    // 3.x is at both in the wild: what has it now goes on having it.
    match major(version)? {
        3 if repository.url == LABS => Some(LABS),
        3 => Some(FROZEN),
        4 => Some(LABS),
        _ => None,
    }
}

/// The first number of an exact version.
pub(super) fn major(version: &Version) -> Option<u64> {
    numbers(version).map(|numbers| numbers[0])
}

/// The numbers of an exact version.
pub(super) fn numbers(version: &Version) -> Option<[u64; 3]> {
    let Version::Tag(tag) = version else { return None };
    let core = tag.trim_start_matches('v').split(['-', '+', '_']).next()?;
    let mut parts = core.split('.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

/// Whether Helm can read a text as a range of versions (Masterminds/semver): comparisons of numbers and wildcards.
pub(super) fn is_range(text: &str) -> bool {
    let is_part = |part: &str| {
        let bare = part.trim_start_matches(['=', '!', '<', '>', '~', '^']).trim_start_matches('v');
        part == "-" || bare.starts_with(|c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*')) || bare.is_empty()
    };
    let mut parts = text.split([' ', ',', '|']).filter(|part| !part.is_empty()).peekable();
    parts.peek().is_some() && parts.all(is_part)
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
        found.map(|own| own.url).map_err(|(code, _)| code)
    }

    #[test]
    fn homes_are_known_or_refused() {
        let app_template = ChartSettings { name: "app-template".into(), ..Default::default() };
        let other = ChartSettings { name: "other".into(), ..Default::default() };
        let home = Some("oci://example.org/x".to_owned());
        let configured = ChartSettings { home, ..other.clone() };
        let https = "https://bjw-s.github.io/helm-charts";
        let own = "oci://example.org/mirror";
        for (url, chart, version, moves, expected) in [
            // Kept: the repository's own, whatever is configured.
            (own, &configured, "1.0.0", false, Ok("oci://example.org/mirror/other")),
            (FROZEN, &app_template, "3.7.3", false, Ok("oci://ghcr.io/bjw-s/helm/app-template")),
            // Not OCI: configured, or known.
            ("https://example.org", &configured, "1.0.0", false, Ok("oci://example.org/x/other")),
            (https, &app_template, "3.7.3", false, Ok("oci://ghcr.io/bjw-s/helm/app-template")),
            (https, &app_template, "4.0.1", false, Ok("oci://ghcr.io/bjw-s-labs/helm/app-template")),
            (https, &app_template, "2.4.0", false, Err(codes::NO_OCI_HOME)),
            (https, &app_template, "3.x", false, Err(codes::NO_OCI_HOME)),
            (https, &other, "3.7.3", false, Err(codes::NO_OCI_HOME)),
            ("https://example.org", &app_template, "3.7.3", false, Err(codes::NO_OCI_HOME)),
            // Another version: configured, published, or where the old one is.
            (own, &configured, "2.0.0", true, Ok("oci://example.org/x/other")),
            (FROZEN, &app_template, "4.6.2", true, Ok("oci://ghcr.io/bjw-s-labs/helm/app-template")),
            (own, &app_template, "4.6.2", true, Ok("oci://example.org/mirror/app-template")),
            ("oci://example.org/other", &other, "1.0.0", false, Err(codes::CHART_IN_URL)),
        ] {
            let expected = expected.map(str::to_owned);
            assert_eq!(at(url, chart, version, moves), expected, "{url} {} {version}", chart.name);
        }
    }

    #[test]
    fn ranges_are_what_helm_reads() {
        for text in ["3.x", "^3.0.0", ">=3.0.0 <4.0.0", ">= 1.0", "1.2 - 2.0", "*", "~1.2 || ~2", "v1.x"] {
            assert!(is_range(text), "{text}");
        }
        for text in ["latest", "", "main", ">=latest"] {
            assert!(!is_range(text), "{text}");
        }
    }
}
