/// The versions of the chart that differ in what they make of values
/// (`docs/app-template.md#versions`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 3.7.x.
    V3_7,
    /// 4.0.x.
    V4_0,
    /// 4.1 and all later 4.x.
    V4_1,
}

impl Version {
    /// The version that a text such as `3.7.3` or `v4.6.2` means. `None` for ranges, pre-releases,
    /// and versions whose naming is not specified: what they make of values nobody here knows.
    pub fn of(text: &str) -> Option<Version> {
        match exact(text)? {
            [3, 7, _] => Some(Version::V3_7),
            [4, 0, _] => Some(Version::V4_0),
            [4, ..] => Some(Version::V4_1),
            _ => None,
        }
    }

    /// Whether this is 3.x.
    pub fn is_3(self) -> bool {
        self == Version::V3_7
    }
}

/// The numbers of an exact version such as `3.7.3` or `v4.6.2`; `None` for ranges, pre-releases and
/// anything else.
pub(super) fn exact(text: &str) -> Option<[u32; 3]> {
    let text = text.strip_prefix('v').unwrap_or(text);
    // The build part: an OCI tag has `_` for it.
    let text = text.split(['+', '_']).next().unwrap_or(text);
    let mut parts = text.split('.');
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
        assert_eq!(["3.7.0", "v3.7.3"].map(Version::of), [Some(Version::V3_7); 2]);
        assert_eq!(["4.0.0", "4.0.1"].map(Version::of), [Some(Version::V4_0); 2]);
        assert_eq!(["4.1.0", "4.6.2", "4.6.2+a1b2", "4.6.2_a1b2"].map(Version::of), [Some(Version::V4_1); 4]);
        for unknown in
            ["3.6.1", "5.0.0", "2.4.0", "4", "4.1", "4.x.1", "^4.1.0", "4.0.0-beta.1", "4.1.1.1", "", "+4.1.1", "${V}"]
        {
            assert_eq!(Version::of(unknown), None, "{unknown}");
        }
    }
}
