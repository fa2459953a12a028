//! Conditions about group and kind, version and file.

use std::cmp::Ordering;
use std::fmt;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::flux::{Value, group_of};
use crate::repo::RepoPath;

/// A group and kind, as Kubernetes' `ParseGroupKind` writes it: `HelmRelease.helm.toolkit.fluxcd.io`;
/// of the core group, `ConfigMap.core`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupKind {
    /// The kind.
    pub kind: String,
    /// The group; empty for the core.
    pub group: String,
}

impl GroupKind {
    /// That of an object with an `apiVersion` and a `kind`.
    pub fn of(api_version: &str, kind: &str) -> GroupKind {
        GroupKind { kind: kind.to_owned(), group: group_of(api_version).to_owned() }
    }

    /// That which a value states; `None` if it does not state both `apiVersion` and `kind`.
    pub fn stated_by(value: &Value) -> Option<GroupKind> {
        Some(GroupKind::of(value.text_at(&["apiVersion"])?, value.text_at(&["kind"])?))
    }

    /// Reads it; `None` without a group.
    pub fn parse(text: &str) -> Option<GroupKind> {
        let (kind, group) = text.split_once('.')?;
        let is_kind =
            kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.chars().all(|c| c.is_ascii_alphanumeric());
        let is_group = !group.is_empty()
            && group.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c));
        let group = if group == "core" { "" } else { group };
        (is_kind && is_group).then(|| GroupKind { kind: kind.to_owned(), group: group.to_owned() })
    }

    /// Whether an object is of it.
    pub fn is(&self, api_version: &str, kind: &str) -> bool {
        self.kind == kind && group_of(api_version) == self.group
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind, if self.group.is_empty() { "core" } else { &self.group })
    }
}

/// Files by globs, from the root of the repository.
#[derive(Clone, Debug)]
pub struct Files {
    any: GlobSet,
    none: GlobSet,
    texts: Vec<String>,
}

impl Files {
    /// Reads globs; those with `!` exclude.
    ///
    /// # Errors
    /// The index of the first that is none, and why.
    pub fn parse<'t>(globs: impl IntoIterator<Item = &'t str>) -> Result<Files, (usize, String)> {
        let (mut any, mut none) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut texts = Vec::new();
        for (index, text) in globs.into_iter().enumerate() {
            let (set, text) = match text.strip_prefix('!') {
                Some(rest) => (&mut none, rest),
                None => {
                    texts.push(text.to_owned());
                    (&mut any, text)
                }
            };
            let glob = GlobBuilder::new(text.trim_start_matches("./")).literal_separator(true).build();
            set.add(glob.map_err(|error| (index, error.kind().to_string()))?);
        }
        if texts.is_empty() {
            any.add(GlobBuilder::new("**").build().expect("it is a glob"));
        }
        let built = |set: GlobSetBuilder| set.build().map_err(|error| (0, error.to_string()));
        Ok(Files { any: built(any)?, none: built(none)?, texts })
    }

    /// Those that do not exclude, as they are written.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }

    /// Whether a file is one of them.
    pub fn has(&self, path: &RepoPath) -> bool {
        self.any.is_match(path.as_str()) && !self.none.is_match(path.as_str())
    }
}

/// Versions of an API: some, or a comparison in Kubernetes' order (v1, v1beta2, v1beta1, v1alpha1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiVersions(Vec<(Vec<Ordering>, String)>);

impl ApiVersions {
    /// Reads them: `v1`, `<v1`, `>=v2beta2`.
    ///
    /// # Errors
    /// The index of the first that is none.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<ApiVersions, usize> {
        use Ordering::{Equal, Greater, Less};
        let signs = [(">=", vec![Greater, Equal]), ("<=", vec![Less, Equal]), (">", vec![Greater]), ("<", vec![Less])];
        let one = |(index, text): (usize, &str)| {
            let sign = signs.iter().find(|(sign, _)| text.starts_with(sign));
            let (orders, version) =
                sign.map_or((vec![Equal], text), |(sign, orders)| (orders.clone(), &text[sign.len()..]));
            rank(version).map(|_| (orders, version.to_owned())).ok_or(index)
        };
        texts.into_iter().enumerate().map(one).collect::<Result<_, _>>().map(ApiVersions)
    }

    /// Whether a version is one of them.
    pub fn has(&self, version: &str) -> bool {
        self.0.iter().any(|(orders, wanted)| orders.contains(&rank(version).cmp(&rank(wanted))))
    }
}

/// Where a version comes in Kubernetes' order: `v2` after `v1`, and that after all betas.
fn rank(version: &str) -> Option<(u8, u32, u32)> {
    let rest = version.strip_prefix('v')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let major = rest[..end].parse().ok()?;
    let minor = |name: &str| rest[end..].strip_prefix(name).and_then(|number| number.parse().ok());
    match (rest.len() == end, minor("beta"), minor("alpha")) {
        (true, ..) => Some((2, major, 0)),
        (_, Some(beta), _) => Some((1, major, beta)),
        (_, _, Some(alpha)) => Some((0, major, alpha)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_its_group() {
        let release = GroupKind::parse("HelmRelease.helm.toolkit.fluxcd.io").unwrap();
        assert!(release.is("helm.toolkit.fluxcd.io/v2", "HelmRelease"));
        assert!(GroupKind::parse("ConfigMap.core").unwrap().is("v1", "ConfigMap"));
        assert!(
            !GroupKind::parse("Kustomization.kustomize.config.k8s.io")
                .unwrap()
                .is("kustomize.toolkit.fluxcd.io/v1", "Kustomization")
        );
        assert_eq!(release.to_string(), "HelmRelease.helm.toolkit.fluxcd.io");
        for text in ["HelmRelease", "HelmRelease.", "helmrelease.helm.toolkit.fluxcd.io", ""] {
            assert_eq!(GroupKind::parse(text), None, "{text}");
        }
    }

    #[test]
    fn versions_have_the_order_of_kubernetes() {
        let has = |test: &str, version: &str| ApiVersions::parse([test]).unwrap().has(version);
        assert!(has("<v1", "v1beta2") && has("<v1beta2", "v1beta1") && has("<v1beta1", "v1alpha1"));
        assert!(has(">=v2beta2", "v2") && has(">=v2beta2", "v2beta2") && !has(">=v2beta2", "v2beta1"));
        assert!(has("v2", "v2") && !has("v2", "v2beta1") && !has("<v1", "v1"));
        assert_eq!(ApiVersions::parse(["v1", "latest"]), Err(1));
    }

    #[test]
    fn a_star_stops_at_a_slash() {
        let files = |globs: &[&str], path: &str| {
            Files::parse(globs.iter().copied()).unwrap().has(&RepoPath::new(path).unwrap())
        };
        assert!(files(&["apps/*/ks.yaml"], "apps/plex/ks.yaml") && !files(&["apps/*/ks.yaml"], "apps/a/b/ks.yaml"));
        assert!(files(&["apps/**"], "apps/a/b/ks.yaml"));
        assert!(!files(&["apps/**", "!**/ks.yaml"], "apps/a/ks.yaml") && files(&["!x"], "y"));
        assert!(Files::parse(["a", "["]).is_err());
    }
}
