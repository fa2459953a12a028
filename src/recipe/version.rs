//! Versions, ranges of them, and what a version of a chart says of the version of its app.

use std::fmt;

/// An exact version. A pre-release comes before its release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    before: Option<String>,
}

impl Version {
    /// Reads `v1.2.3`, `1.2.3-rc.1`, `1.2.3@sha256:...`. `None` for anything else, such as a range.
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.split(['@', '+']).next()?;
        let text = text.strip_prefix('v').unwrap_or(text);
        let (core, before) =
            text.split_once('-').map_or((text, None), |(core, before)| (core, Some(before.to_owned())));
        let mut parts = core.split('.').map(number);
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(Version { numbers, before })
    }

    /// Reads a version of which the end may be left out: `2.6` is `2.6.0`.
    fn partial(text: &str) -> Option<Version> {
        let missing = 2usize.checked_sub(text.split('-').next()?.matches('.').count())?;
        let (core, rest) = text.split_at(text.find('-').unwrap_or(text.len()));
        Version::parse(&format!("{core}{}{rest}", ".0".repeat(missing)))
    }
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> std::cmp::Ordering {
        let rank = |version: &Version| (version.before.is_none(), version.before.clone());
        self.numbers.cmp(&other.numbers).then_with(|| rank(self).cmp(&rank(other)))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        self.before.as_ref().map_or(Ok(()), |before| write!(f, "-{before}"))
    }
}

/// The versions that something may have: all from the first on, up to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    from: Version,
    /// The first version that it does not have any more; `None` if that is not known.
    end: Option<Version>,
    is_exact: bool,
}

impl Between {
    /// This version alone.
    pub fn exactly(version: Version) -> Between {
        Between { from: version, end: None, is_exact: true }
    }

    /// All versions from one up to another, without that.
    pub fn of(from: Version, end: Version) -> Between {
        Between { from, end: Some(end), is_exact: false }
    }
}

impl fmt::Display for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.end {
            _ if self.is_exact => self.from.fmt(f),
            Some(end) => write!(f, "{} up to {end}", self.from),
            None => write!(f, "{} or later", self.from),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Is,
    Least,
    More,
    Most,
    Less,
}

/// A range of versions: comparisons that all hold, such as `>=0.20.0 <0.22.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    text: String,
    comparisons: Vec<(Comparison, Version)>,
}

impl Range {
    /// Reads a range. `None` if it is none.
    pub fn parse(text: &str) -> Option<Range> {
        const SIGNS: [(&str, Comparison); 5] = [
            (">=", Comparison::Least),
            ("<=", Comparison::Most),
            (">", Comparison::More),
            ("<", Comparison::Less),
            ("=", Comparison::Is),
        ];
        // A blank between a sign and its version belongs to neither.
        let mut tidy = text.split([' ', ',']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        SIGNS.iter().for_each(|(sign, _)| tidy = tidy.replace(&format!("{sign} "), sign));
        let comparison = |part: &str| {
            let (sign, comparison) =
                SIGNS.iter().find(|(sign, _)| part.starts_with(sign)).unwrap_or(&("", Comparison::Is));
            Some((*comparison, Version::partial(part[sign.len()..].trim_start_matches('v'))?))
        };
        let comparisons: Option<Vec<_>> = tidy.split(' ').map(comparison).collect();
        Some(Range { text: text.to_owned(), comparisons: comparisons? })
    }

    /// Whether all versions that something may have are in it.
    pub fn holds(&self, found: &Between) -> bool {
        let ends_by = |version: &Version| found.end.as_ref().is_some_and(|end| end <= version);
        self.comparisons.iter().all(|(comparison, version)| match comparison {
            Comparison::Least => found.from >= *version,
            Comparison::More => found.from > *version,
            Comparison::Less if found.is_exact => found.from < *version,
            Comparison::Most if found.is_exact => found.from <= *version,
            Comparison::Less | Comparison::Most => ends_by(version),
            Comparison::Is => found.is_exact && found.from == *version,
        })
    }

    /// Whether none of them is in it.
    pub fn misses(&self, found: &Between) -> bool {
        self.comparisons.iter().any(|(comparison, version)| match comparison {
            Comparison::Less => found.from >= *version,
            Comparison::Most => found.from > *version,
            Comparison::Least | Comparison::More if found.is_exact => !self.holds(found),
            Comparison::Least | Comparison::More => found.end.as_ref().is_some_and(|end| end <= version),
            Comparison::Is => found.is_exact && found.from != *version,
        })
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What the versions of a chart say of the app in it: from each version of the chart on, the
/// version of the app; `None` where that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows(Vec<(Version, Option<Version>)>);

impl Rows {
    /// Rows in any order.
    pub fn of(mut rows: Vec<(Version, Option<Version>)>) -> Rows {
        rows.sort();
        Rows(rows)
    }

    /// The versions that the app may have in a version of the chart.
    pub fn app(&self, chart: &Version) -> Option<Between> {
        let next = self.0.iter().position(|(from, _)| from > chart).unwrap_or(self.0.len());
        let from = self.0[..next].last()?.1.clone()?;
        let end = self.0.get(next).and_then(|(_, app)| app.clone());
        Some(Between { from, end, is_exact: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exactly(text: &str) -> Between {
        Between::exactly(Version::parse(text).unwrap())
    }

    #[test]
    fn versions_are_exact_or_none() {
        assert_eq!(Version::parse("v0.22.0@sha256:5f").unwrap().to_string(), "0.22.0");
        assert!(Version::parse("1.2.3-rc.1") < Version::parse("1.2.3"));
        assert!(Version::parse("1.10.0") > Version::parse("1.9.9"));
        for text in ["1.x", "latest", "1.2", "1.2.3.4", "", "~1.2.0", "1.+2.0"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_range_holds_all_or_not() {
        let range = |text: &str| Range::parse(text).unwrap();
        assert!(range(">=0.20.0 <0.22.0").holds(&exactly("0.21.3")));
        assert!(!range(">=0.20.0 <0.22.0").holds(&exactly("0.22.0")));
        assert!(range(">= 2.6").holds(&exactly("2.6.0")) && range(">=2.6").misses(&exactly("2.5.9")));
        assert!(range("1.2.3").holds(&exactly("1.2.3")) && range("1.2.3").misses(&exactly("1.2.4")));
        for text in ["", ">=x", "1.x", ">= <"] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_chart_tells_the_version_of_its_app() {
        let version = |text: &str| Version::parse(text).unwrap();
        let row = |chart: &str, app: &str| (version(chart), Version::parse(app));
        let rows = Rows::of(vec![row("2.0.0", "unknown"), row("1.20.0", "0.20.0"), row("1.21.0", "0.21.0")]);
        let app = |chart: &str| rows.app(&version(chart));
        let range = Range::parse(">=0.20.0 <0.21.0").unwrap();
        assert!(range.holds(&app("1.20.4").unwrap()));
        assert!(range.misses(&app("1.21.0").unwrap()));
        let open = Range::parse("<0.22.0").unwrap();
        let last = app("1.21.0").unwrap();
        assert!(!open.holds(&last) && !open.misses(&last), "nobody knows where the last row ends");
        assert_eq!(app("2.1.0"), None, "another publisher");
        assert_eq!(app("1.19.0"), None, "before all rows");
    }
}
