//! Addresses of charts that are dead, or that their publishers ask to leave. The table is
//! `hosts.tsv`, with a date and a source for each line.

use std::fmt;

const TABLE: &str = include_str!("hosts.tsv");

/// What became of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is nothing any more.
    Dead,
    /// It may work, and its publishers ask to leave it or let it fail at times.
    Legacy,
    /// What is there stays, and nothing is added.
    Frozen,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Dead => "there is nothing any more",
            State::Legacy => "its publishers have left it",
            State::Frozen => "nothing is added any more",
        })
    }
}

/// An address that should be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftHost {
    /// What became of it.
    pub state: State,
    /// When that was seen: `2026-08-12`.
    pub seen: &'static str,
    /// Where it was seen.
    pub source: &'static str,
    /// Where the charts are now, if that is known.
    pub home: Option<&'static str>,
}

/// What is known of the URL of a HelmRepository; `None` if nothing is.
pub fn left(url: &str) -> Option<LeftHost> {
    let url = normalised(url);
    lines().find(|(address, _)| normalised(address) == url).map(|(_, host)| host)
}

fn lines() -> impl Iterator<Item = (&'static str, LeftHost)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut fields = line.split('\t');
        let address = fields.next()?;
        let state = match fields.next()? {
            "dead" => State::Dead,
            "legacy" => State::Legacy,
            "frozen" => State::Frozen,
            _ => return None,
        };
        let (seen, source) = (fields.next()?, fields.next()?);
        let home = fields.next().filter(|home| *home != "-");
        Some((address, LeftHost { state, seen, source, home }))
    })
}

/// Without differences that mean nothing: http or https, case, a slash at the end.
fn normalised(url: &str) -> String {
    let url = url.trim_end_matches('/').to_lowercase();
    match url.strip_prefix("http://") {
        Some(rest) => format!("https://{rest}"),
        None => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_date_and_a_source() {
        let stated = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(lines().count(), stated);
        for (address, host) in lines() {
            assert_eq!(host.seen.len(), "2026-01-01".len(), "{address}");
            assert!(host.source.starts_with("https://"), "{address}");
        }
    }

    #[test]
    fn addresses_are_compared_without_what_means_nothing() {
        for url in ["https://helm.traefik.io/traefik", "http://Helm.Traefik.io/traefik/"] {
            assert_eq!(left(url).map(|host| host.state), Some(State::Legacy), "{url}");
        }
        for url in ["https://helm.traefik.io", "https://traefik.github.io/charts", "oci://ghcr.io/bjw-s-labs/helm"] {
            assert_eq!(left(url), None, "{url}");
        }
    }
}
