//! The versions of releases that are in no need of this migration.

use std::collections::BTreeMap;

use crate::charts::version::numbers;

/// How many releases are on which version, by major version.
#[derive(Default)]
pub(super) struct Versions(BTreeMap<u32, BTreeMap<String, usize>>);

impl Versions {
    /// Counts a release on a version, as it is written.
    pub(super) fn add(&mut self, version: String) {
        let of_major = self.0.entry(major(&version).unwrap_or_default()).or_default();
        *of_major.entry(version.trim_start_matches('v').to_owned()).or_default() += 1;
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.values().flat_map(BTreeMap::values).sum()
    }

    /// `74 on 5.1.0`, for each major version: the version itself where all are on the same one.
    pub(super) fn counts(&self) -> Vec<String> {
        let of_major = |(major, versions): (&u32, &BTreeMap<String, usize>)| {
            let mut each: Vec<(&String, &usize)> = versions.iter().collect();
            each.sort_by_key(|(version, _)| numbers(version));
            let each: Vec<String> = each.iter().map(|(version, count)| format!("{count} on {version}")).collect();
            match each.as_slice() {
                [one] => one.clone(),
                _ => format!("{} on {major}.x ({})", versions.values().sum::<usize>(), each.join(", ")),
            }
        };
        self.0.iter().map(of_major).collect()
    }
}

/// The major version of a version, or the least of a range. `None` where the text leaves it open.
pub(super) fn major(version: &str) -> Option<u32> {
    let is_open = version.contains(['<', '|', '!']) || version.contains(" - ");
    let core = version.trim_start_matches(['^', '~', '>', '=', 'v', ' ']);
    core.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok().filter(|_| !is_open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_of_a_range_is_its_least() {
        for (text, want) in [
            ("5.1.0", Some(5)),
            ("v4.6.2", Some(4)),
            ("5.x", Some(5)),
            ("^5.0.0", Some(5)),
            (">=4.0.0", Some(4)),
            ("~ 4.1", Some(4)),
            ("<5.0.0", None),
            ("3.x || 4.x", None),
            ("3.0.0 - 5.0.0", None),
            ("*", None),
            ("${VERSION}", None),
        ] {
            assert_eq!(major(text), want, "{text}");
        }
    }

    #[test]
    fn releases_are_counted_by_major() {
        let mut versions = Versions::default();
        for version in ["5.1.0", "v5.1.0", "4.6.2", "4.10.0", "4.6.2", "6.x"] {
            versions.add(version.to_owned());
        }
        assert_eq!(versions.count(), 6);
        assert_eq!(versions.counts(), ["3 on 4.x (2 on 4.6.2, 1 on 4.10.0)", "2 on 5.1.0", "1 on 6.x"]);
    }
}
