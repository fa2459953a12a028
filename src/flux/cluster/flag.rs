//! Flags of the controllers of Flux.

use std::fmt;

use crate::repo::RepoPath;

/// A flag of a controller that decides which references or variables are allowed, and where it is
/// stated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ControllerFlag {
    /// The controller: `helm-controller`.
    pub controller: &'static str,
    /// The flag.
    pub flag: Flag,
    /// The file that states it.
    pub path: RepoPath,
    /// The line, from 1.
    pub line: usize,
}

/// A flag that matters for migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// `--no-cross-namespace-refs`: whether references to sources in other namespaces are refused.
    NoCrossNamespaceRefs(bool),
    /// `--feature-gates=StrictPostBuildSubstitutions=...`: whether a variable without value is an
    /// error. From Flux 2.9, this is the default.
    StrictPostBuildSubstitutions(bool),
    /// `--watch-all-namespaces`: whether it reads objects outside of its own namespace, which is the
    /// default.
    WatchAllNamespaces(bool),
    /// `--sops-age-secret`: a key that decrypts for all namespaces, where SOPS is to and no Secret is named
    /// (from Flux 2.7 on).
    SopsAgeSecret,
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flag::NoCrossNamespaceRefs(on) => write!(f, "--no-cross-namespace-refs={on}"),
            Flag::WatchAllNamespaces(on) => write!(f, "--watch-all-namespaces={on}"),
            Flag::SopsAgeSecret => write!(f, "--sops-age-secret"),
            Flag::StrictPostBuildSubstitutions(on) => write!(f, "--feature-gates=StrictPostBuildSubstitutions={on}"),
        }
    }
}

/// The controllers whose flags are read.
pub(super) const CONTROLLERS: [&str; 5] = [
    "helm-controller",
    "image-automation-controller",
    "image-reflector-controller",
    "kustomize-controller",
    "notification-controller",
];

impl Flag {
    /// Whether a controller has this flag.
    pub(super) fn is_of(self, controller: &str) -> bool {
        match self {
            Flag::NoCrossNamespaceRefs(_) | Flag::WatchAllNamespaces(_) => true,
            Flag::StrictPostBuildSubstitutions(_) | Flag::SopsAgeSecret => controller == "kustomize-controller",
        }
    }

    /// The flags in a line of arguments.
    pub(super) fn in_line(line: &str) -> Vec<Flag> {
        let line = line.split(" #").next().unwrap_or_default().trim_start();
        if line.starts_with('#') {
            return Vec::new();
        }
        let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ']' | '}');
        let value = |name: &str| {
            let (_, rest) = line.split_once(name)?;
            let rest = rest.split(is_end).next().unwrap_or_default();
            Some(rest.strip_prefix('=').unwrap_or(rest).to_owned())
        };
        let cross = value("--no-cross-namespace-refs").and_then(|value| boolean(value.trim_end_matches(','), true));
        let all = value("--watch-all-namespaces").and_then(|value| boolean(value.trim_end_matches(','), true));
        let gates = value("--feature-gates").unwrap_or_default();
        let strict =
            gates.split(',').find_map(|gate| boolean(gate.strip_prefix("StrictPostBuildSubstitutions=")?, false));
        let strict = strict.map(Flag::StrictPostBuildSubstitutions);
        let key = value("--sops-age-secret").filter(|name| !name.is_empty() && !name.starts_with('$'));
        let key = key.map(|_| Flag::SopsAgeSecret);
        let found = [cross.map(Flag::NoCrossNamespaceRefs), strict, all.map(Flag::WatchAllNamespaces), key];
        found.into_iter().flatten().collect()
    }
}

/// A boolean as Go parses it. An empty text is `true` if that is allowed, as for a flag without
/// value.
fn boolean(value: &str, empty_is_true: bool) -> Option<bool> {
    match value {
        "" => empty_is_true.then_some(true),
        value if ["1", "t", "true"].contains(&value.to_lowercase().as_str()) => Some(true),
        value if ["0", "f", "false"].contains(&value.to_lowercase().as_str()) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_the_controllers_read_them() {
        let flags = |line: &str| Flag::in_line(line).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(flags("value: --no-cross-namespace-refs=true"), ["--no-cross-namespace-refs=true"]);
        assert_eq!(flags("- \"--no-cross-namespace-refs\""), ["--no-cross-namespace-refs=true"]);
        assert_eq!(flags("args: [--no-cross-namespace-refs=false, --x]"), ["--no-cross-namespace-refs=false"]);
        let strict = "value: --feature-gates=OOMWatch=true,StrictPostBuildSubstitutions=true";
        assert_eq!(flags(strict), ["--feature-gates=StrictPostBuildSubstitutions=true"]);
        assert_eq!(flags("- --watch-all-namespaces=false"), ["--watch-all-namespaces=false"]);
        assert_eq!(flags("- --sops-age-secret=sops-age"), ["--sops-age-secret"]);
        assert_eq!(flags("- --sops-age-secret=${KEY}"), [""; 0]);
        assert_eq!(flags("# value: --no-cross-namespace-refs=true"), [""; 0]);
        assert_eq!(flags("value: --x # --no-cross-namespace-refs"), [""; 0]);
        assert_eq!(flags("value: --feature-gates=OOMWatch=true"), [""; 0]);
        assert_eq!(flags("value: --no-cross-namespace-refs=${STRICT}"), [""; 0]);
    }
}
