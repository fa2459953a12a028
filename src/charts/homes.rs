//! Where app-template is published.

/// The chart.
pub const APP_TEMPLATE: &str = "app-template";
/// Where its 3.x was published. Nothing is added there any more.
pub const FROZEN: &str = "oci://ghcr.io/bjw-s/helm";
/// Where its 4.x is.
pub const LABS: &str = "oci://ghcr.io/bjw-s-labs/helm";

/// Where its publishers have it: the repositories over https and as OCI.
const PUBLISHERS: [&str; 4] =
    ["https://bjw-s.github.io/helm-charts", "https://bjw-s-labs.github.io/helm-charts", FROZEN, LABS];

/// Whether a HelmRepository with this URL is one of its publishers.
pub fn is_published_at(url: &str) -> bool {
    PUBLISHERS.contains(&url)
}

/// Where its publishers have a version, as OCI, for a release that has it from the repository with
/// this URL (`docs/chart-ref.md#where-the-chart-lives`). `None` if that is another repository, or
/// for any other version than 3.x and 4.x.
pub fn published(url: &str, major: u64) -> Option<&'static str> {
    if !is_published_at(url) {
        return None;
    }
    // 3.x is in use from both: a release keeps the one that it has.
    match major {
        3 if url == LABS => Some(LABS),
        3 => Some(FROZEN),
        4 => Some(LABS),
        _ => None,
    }
}
