//! Where charts are published as OCI, and how their publishers write versions there.

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

/// Publishers, by where they have their charts, and whether they begin tags with `v`. Only what is
/// the same for all charts and versions there.
const TAGS: [(&str, bool); 9] = [
    (FROZEN, false),
    (LABS, false),
    ("oci://ghcr.io/controlplaneio-fluxcd/charts", false),
    ("oci://ghcr.io/external-secrets/charts", false),
    ("oci://ghcr.io/grafana/helm-charts", false),
    ("oci://ghcr.io/prometheus-community/charts", false),
    ("oci://ghcr.io/rook", true),
    ("oci://ghcr.io/stefanprodan/charts", false),
    ("oci://quay.io/jetstack/charts", true),
];

/// The tag of a version that comes from the index of a repository over http, in which `v1.2.3` and
/// `1.2.3` are one version (`docs/chart-ref.md#tags`). `None` for an address below none of these
/// publishers.
pub fn tag_at(address: &str, version: &str) -> Option<String> {
    let base = address.rsplit_once('/')?.0;
    let (_, begins_with_v) = TAGS.iter().find(|(home, _)| *home == base)?;
    let bare = version.strip_prefix('v').unwrap_or(version);
    Some(if *begins_with_v { format!("v{bare}") } else { bare.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_as_the_publisher_does() {
        for (address, version, expected) in [
            ("oci://ghcr.io/bjw-s/helm/app-template", "v3.7.3", Some("3.7.3")),
            ("oci://ghcr.io/bjw-s/helm/app-template", "3.7.3", Some("3.7.3")),
            ("oci://quay.io/jetstack/charts/cert-manager", "1.17.2", Some("v1.17.2")),
            ("oci://quay.io/jetstack/charts/cert-manager", "v1.17.2", Some("v1.17.2")),
            ("oci://example.org/charts/cert-manager", "v1.17.2", None),
            ("oci://quay.io/jetstack/charts/more/cert-manager", "v1.17.2", None),
        ] {
            assert_eq!(tag_at(address, version).as_deref(), expected, "{address} {version}");
        }
    }
}
