//! Where charts are published: as OCI (`known`), and where they are no longer (`left`). Both are
//! tables with a date and a source for each line. And how publishers write versions as tags.

mod known;
mod left;
mod table;

pub use known::{KnownHome, is_published_at, known_home, known_homes};
pub use left::{LeftHost, State, left};

/// The chart.
pub const APP_TEMPLATE: &str = "app-template";
/// Where its 3.x was published. Nothing is added there any more.
pub const FROZEN: &str = "oci://ghcr.io/bjw-s/helm";
/// Where its 4.x is.
pub const LABS: &str = "oci://ghcr.io/bjw-s-labs/helm";

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
/// publishers, if this very tag was not seen there.
pub fn tag_at(address: &str, version: &str) -> Option<String> {
    let base = address.rsplit_once('/')?.0;
    let Some((_, begins_with_v)) = TAGS.iter().find(|(home, _)| *home == base) else {
        return known::seen_tag(address, version).map(str::to_owned);
    };
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
            ("oci://quay.io/cilium/charts/cilium", "v1.20.1", Some("1.20.1")),
            ("oci://quay.io/cilium/charts/cilium", "1.18.6", None),
            ("oci://example.org/charts/cert-manager", "v1.17.2", None),
            ("oci://quay.io/jetstack/charts/more/cert-manager", "v1.17.2", None),
        ] {
            assert_eq!(tag_at(address, version).as_deref(), expected, "{address} {version}");
        }
    }
}
