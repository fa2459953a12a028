//! Versions of charts, as Helm reads them.

/// The numbers of an exact version, such as `v3.7.3` or `3.7.3-beta.1`.
pub fn numbers(version: &str) -> Option<[u64; 3]> {
    let core = version.trim_start_matches('v').split(['-', '+', '_']).next()?;
    let mut parts = core.split('.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

/// Whether Helm can read a text as a range of versions (Masterminds/semver): comparisons of numbers
/// and wildcards.
pub fn is_range(text: &str) -> bool {
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
