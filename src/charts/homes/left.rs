//! Addresses of charts that are dead, or that their publishers ask to leave. The table is
//! `left.tsv`, with a date and a source for each line.

use std::fmt;

use super::table::{lines, normalised};

const TABLE: &str = include_str!("left.tsv");

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
    all().find(|(address, _)| normalised(address) == url).map(|(_, host)| host)
}

fn all() -> impl Iterator<Item = (&'static str, LeftHost)> {
    lines(TABLE).filter_map(|[address, state, seen, source, home]| {
        let state = match state {
            "dead" => State::Dead,
            "legacy" => State::Legacy,
            "frozen" => State::Frozen,
            _ => return None,
        };
        Some((address, LeftHost { state, seen, source, home: Some(home).filter(|home| *home != "-") }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::homes::table::check;

    #[test]
    fn every_line_is_read_and_has_a_date_and_a_source() {
        check::<5>(TABLE, 1, 2, 3);
        assert_eq!(all().count(), lines::<5>(TABLE).count());
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
