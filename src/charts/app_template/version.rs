use std::fmt;

/// The versions of the chart that differ in what they make of values
/// (`docs/app-template.md#versions`). They are ordered: later versions are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 2.x. Only values that [state](super::Chart::stated) what it has by default say what it makes.
    V2,
    /// A release of 3.x: they differ from patch to patch.
    V3(Tag),
    /// 4.0.x.
    V4_0,
    /// 4.1 and all later 4.x.
    V4_1,
}

/// A release of 3.x.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    minor: u8,
    patch: u8,
}

/// The releases of 2.x whose values were compared with those of 3.x (`docs/app-template.md#from-2x`).
const MEASURED_OF_2: [[u32; 3]; 7] = [[2, 0, 3], [2, 1, 0], [2, 2, 0], [2, 3, 0], [2, 4, 0], [2, 5, 0], [2, 6, 0]];

/// How many patches each minor version of 3.x has.
const PATCHES: [u8; 8] = [5, 1, 2, 3, 1, 2, 2, 4];

impl Version {
    /// The last 3.x.
    pub const V3_7_3: Version = Version::v3(7, 3);

    /// 3.`minor`.`patch`.
    pub const fn v3(minor: u8, patch: u8) -> Version {
        Version::V3(Tag { minor, patch })
    }

    /// All of 3.x, the oldest first.
    pub fn all_of_3() -> impl Iterator<Item = Version> {
        (0..).zip(PATCHES).flat_map(|(minor, patches)| (0..patches).map(move |patch| Version::v3(minor, patch)))
    }

    /// The version that a text such as `3.7.3` or `v4.6.2` means. `None` for ranges, pre-releases,
    /// versions that were never published, and those whose naming is not specified: what they make
    /// of values nobody here knows.
    pub fn of(text: &str) -> Option<Version> {
        match exact(text)? {
            [3, minor, patch] => of_3(minor, patch),
            [4, 0, _] => Some(Version::V4_0),
            [4, ..] => Some(Version::V4_1),
            _ => None,
        }
    }

    /// 2.x, if a text is the exact version of a release of it that is known.
    pub fn of_2(text: &str) -> Option<Version> {
        exact(text).filter(|numbers| MEASURED_OF_2.contains(numbers)).map(|_| Version::V2)
    }

    /// The version of 3.x that a text means which is no exact version: a range, such as `3.x` or
    /// `~3.6.0`, or a patch that was never published. It is the latest of those that the text allows,
    /// because nothing is added to 3.x. `None` for anything else.
    pub fn latest_of_3(text: &str) -> Option<Version> {
        let text = text.trim();
        let (is_caret, is_tilde) = (text.starts_with('^'), text.starts_with('~'));
        let mut parts = core(text.trim_start_matches(['^', '~', '=', ' '])).split('.');
        if parts.next() != Some("3") {
            return None;
        }
        let is_open = |part: Option<&str>| part.is_none_or(|part| matches!(part, "x" | "X" | "*"));
        let (minor, patch) = (parts.next(), parts.next());
        let numbers = [minor, patch].into_iter().flatten();
        let is_clear = numbers.into_iter().all(|part| is_number(part) || is_open(Some(part)));
        if parts.next().is_some() || !is_clear {
            return None;
        }
        if is_open(minor) || is_caret {
            return Some(Version::V3_7_3);
        }
        let minor = minor?.parse::<u8>().ok()?;
        let latest = PATCHES.get(usize::from(minor))? - 1;
        // An exact version is not for this function to tell.
        let is_exact = !is_tilde && !is_open(patch) && Version::of(text).is_some();
        (!is_exact).then_some(Version::v3(minor, latest))
    }

    /// Whether this is 2.x or 3.x.
    pub const fn is_before_4(self) -> bool {
        matches!(self, Version::V2 | Version::V3(_))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Version::V2 => f.write_str("2.x"),
            Version::V3(Tag { minor, patch }) => write!(f, "3.{minor}.{patch}"),
            Version::V4_0 => f.write_str("4.0"),
            Version::V4_1 => f.write_str("4.1"),
        }
    }
}

/// A version without `v` and the build part, which an OCI tag separates by `_`.
fn core(text: &str) -> &str {
    let text = text.strip_prefix('v').unwrap_or(text);
    text.split(['+', '_']).next().unwrap_or(text)
}

fn of_3(minor: u32, patch: u32) -> Option<Version> {
    let patches = PATCHES.get(usize::try_from(minor).ok()?)?;
    let (minor, patch) = (u8::try_from(minor).ok()?, u8::try_from(patch).ok()?);
    (patch < *patches).then_some(Version::v3(minor, patch))
}

/// The numbers of an exact version such as `3.7.3` or `v4.6.2`; `None` for ranges, pre-releases and
/// anything else.
pub(super) fn exact(text: &str) -> Option<[u32; 3]> {
    let mut parts = core(text).split('.');
    let mut number = || parts.next().filter(|part| is_number(part)).and_then(|part| part.parse::<u32>().ok());
    let numbers = [number()?, number()?, number()?];
    parts.next().is_none().then_some(numbers)
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_specified_is_a_version() {
        assert_eq!(["3.7.3", "v3.7.3", "3.7.3+x"].map(Version::of), [Some(Version::V3_7_3); 3]);
        assert_eq!(Version::all_of_3().count(), 20);
        for version in Version::all_of_3() {
            assert_eq!(Version::of(&version.to_string()), Some(version));
            assert!(version.is_before_4() && version < Version::V4_0);
        }
        assert_eq!(["4.0.0", "4.0.1"].map(Version::of), [Some(Version::V4_0); 2]);
        assert_eq!(["4.1.0", "4.6.2", "4.6.2+a1b2", "4.6.2_a1b2"].map(Version::of), [Some(Version::V4_1); 4]);
        for unknown in [
            "3.7.4",
            "3.1.1",
            "3.8.0",
            "3.7",
            "5.0.0",
            "2.4.0",
            "4",
            "4.1",
            "4.x.1",
            "^4.1.0",
            "4.0.0-beta.1",
            "3.7.3-beta.1",
            "4.1.1.1",
            "3.7.3.1",
            "",
            "+4.1.1",
            "${V}",
        ] {
            assert_eq!(Version::of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_range_of_3_means_its_latest() {
        for (text, latest) in [
            ("3.x", Version::V3_7_3),
            ("3", Version::V3_7_3),
            ("3.*.*", Version::V3_7_3),
            ("^3.2.0", Version::V3_7_3),
            ("~3.6.0", Version::v3(6, 1)),
            ("3.5", Version::v3(5, 1)),
            ("3.0.x", Version::v3(0, 4)),
            ("v3.4.9", Version::v3(4, 0)),
        ] {
            assert_eq!(Version::latest_of_3(text), Some(latest), "{text}");
        }
        for text in
            ["3.6.1", ">=3.0.0", "3.x || 4.x", "4.x", "*", "3.7.3-beta.1", "3.8.0", "30.1.0", "", "${V}", "3.6.1.2"]
        {
            assert_eq!(Version::latest_of_3(text), None, "{text}");
        }
    }
}
