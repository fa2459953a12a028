//! Versions of Flux.

use std::fmt;

/// A version of Flux, as a repository states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FluxVersion {
    /// 2, for every Flux that has Kustomizations.
    pub major: u32,
    /// Decides which fields and API versions there are.
    pub minor: u32,
    /// `None` if it is a range, as in `2.5.x`.
    pub patch: Option<u32>,
}

impl FluxVersion {
    /// Parses `v2.7.5`, `2.7.5`, `2.7.x` and `2.7`. `None` for a range over minors, such as `2.x`.
    pub fn parse(text: &str) -> Option<FluxVersion> {
        let mut parts = text.trim().trim_start_matches('v').splitn(3, '.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
        let patch = parts.next().and_then(|part| digits(part).parse().ok());
        Some(FluxVersion { major, minor, patch })
    }

    /// Whether it is this minor of Flux 2 or later.
    pub fn is_at_least(self, minor: u32) -> bool {
        (self.major, self.minor) >= (2, minor)
    }
}

impl fmt::Display for FluxVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_they_are_written() {
        let read = |text: &str| FluxVersion::parse(text).map(|version| version.to_string());
        assert_eq!(read("v2.7.5").as_deref(), Some("2.7.5"));
        assert_eq!(read("2.5.x").as_deref(), Some("2.5"));
        assert_eq!(read("2.x"), None);
        assert_eq!(read("latest"), None);
        assert!(FluxVersion::parse("2.10.0") > FluxVersion::parse("2.9.9"));
    }
}
