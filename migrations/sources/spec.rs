//! What a source says, as data.

use std::fmt;

use crate::yaml::{Kind, New, Node};

/// A chart at an address, in a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SourceKey {
    /// The name of the chart.
    pub(crate) chart: String,
    /// `oci://registry/path/chart`.
    pub(crate) url: String,
    /// Which version of it.
    pub(crate) version: Version,
}

impl fmt::Display for SourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.url, self.version.text())
    }
}

/// What `ref` of an OCIRepository says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// `tag`: an exact version.
    Tag(String),
    /// `semver`: a range.
    Range(String),
}

impl Version {
    /// As it is written.
    pub(crate) fn text(&self) -> &str {
        match self {
            Version::Tag(text) | Version::Range(text) => text,
        }
    }

    /// An exact version in full (`3.7.3`, `v1.2.3-rc.1`); anything else is a range, as it is for
    /// Helm: `3.7` and `3.x` are ranges. No version means any.
    pub(crate) fn of(text: Option<&str>) -> Version {
        let Some(text) = text else { return Version::Range("*".to_owned()) };
        let bare = text.strip_prefix('v').unwrap_or(text);
        let core = bare.split(['-', '+']).next().unwrap_or_default();
        let exact = core.split('.').count() == 3
            && core.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
            && bare.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
        // A registry has no `+` in tags: Helm pushes it as `_`.
        if exact { Version::Tag(text.replace('+', "_")) } else { Version::Range(text.to_owned()) }
    }
}

/// All that a source is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    /// The chart, where it lives, and its version.
    pub(crate) key: SourceKey,
    /// `spec.interval`.
    pub(crate) interval: String,
    /// What else it must carry, as `spec` has it: credentials, signature checks.
    pub(crate) carried: Vec<(String, New)>,
    /// Comments above the version, such as those for Renovate.
    pub(crate) comments: Vec<String>,
}

/// The same value, to be written elsewhere.
pub(crate) fn copy(node: Node<'_>) -> New {
    match node.kind() {
        Kind::Scalar => {
            let text = node.text().unwrap_or_default();
            if matches!(text, "true" | "false") { New::Plain(text.to_owned()) } else { New::string(text) }
        }
        Kind::Sequence => New::Sequence(node.items().map(copy).collect()),
        Kind::Mapping => {
            New::mapping(node.entries().filter_map(|(key, value)| Some((key.text()?.to_owned(), copy(value)))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_versions_are_tags() {
        for (text, expected) in [
            (Some("3.7.3"), Version::Tag("3.7.3".into())),
            (Some("v1.2.3-rc.1"), Version::Tag("v1.2.3-rc.1".into())),
            (Some("1.2.3+build.5"), Version::Tag("1.2.3_build.5".into())),
            (Some("3.x"), Version::Range("3.x".into())),
            (Some("3.7"), Version::Range("3.7".into())),
            (Some(">=3.0.0 <4.0.0"), Version::Range(">=3.0.0 <4.0.0".into())),
            (Some("^3.0.0"), Version::Range("^3.0.0".into())),
            (None, Version::Range("*".into())),
        ] {
            assert_eq!(Version::of(text), expected, "{text:?}");
        }
    }
}
