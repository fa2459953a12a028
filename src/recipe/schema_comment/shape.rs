//! What the URL of a schema names, by the way in which a publisher names its schemas.

use super::Identity;

/// A URL whose publisher is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape<'u> {
    /// `HOST/<group>/<kind>_<version>.json`: what is made from CRDs.
    Crd { base: &'u str, group: &'u str, kind: &'u str, version: &'u str, query: &'u str },
    /// The same with something else in its path: two names that were put into one another.
    Doubled { base: &'u str, query: &'u str },
    /// `flux2-schemas/.../<kind>-<part of Flux>-<version>.json`.
    Flux { base: &'u str, kind: &'u str, part: &'u str, version: &'u str, query: &'u str },
    /// `<kind>[-<group>][-<version>].json` of kinds of Kubernetes, the group up to its first dot.
    Kubernetes { base: &'u str, kind: &'u str, group: &'u str, version: &'u str, query: &'u str },
    /// `json.schemastore.org/kustomization`, `/component.json`.
    Kustomization,
}

/// Where the files of a repository are, before the owner.
const RAW: [&str; 3] = ["https://raw.githubusercontent.com/", "https://github.com/", "https://cdn.jsdelivr.net/gh/"];

/// Publishers of [`Shape::Crd`] in a repository.
const CRD_REPOSITORIES: [&str; 2] = ["datreeio/CRDs-catalog", "CustomResourceDefinition/catalog"];

/// Hosts that publish other things, too.
const SHARED_HOSTS: [&str; 4] =
    ["raw.githubusercontent.com", "github.com", "gist.githubusercontent.com", "cdn.jsdelivr.net"];

/// Groups of Kubernetes without a dot.
const PLAIN_GROUPS: [&str; 5] = ["apps", "autoscaling", "batch", "extensions", "policy"];

/// The parts of Flux by which its schemas are named.
const FLUX: [&str; 5] = ["helm", "kustomize", "source", "notification", "image"];

impl<'u> Shape<'u> {
    pub(super) fn of(url: &'u str) -> Option<Shape<'u>> {
        if is_schemastore(url) {
            return Some(Shape::Kustomization);
        }
        let (path, query) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
        let (directory, file) = path.rsplit_once('/')?;
        let name = file.strip_suffix(".json")?;
        match repository(path) {
            Some("fluxcd-community/flux2-schemas") => {
                let [kind, part, version] = name.split('-').collect::<Vec<_>>()[..] else { return None };
                let is_flux = FLUX.contains(&part) && is_version(version);
                is_flux.then_some(Shape::Flux { base: directory, kind, part, version, query })
            }
            Some("yannh/kubernetes-json-schema") => {
                let mut parts: Vec<&str> = name.split('-').collect();
                let version = parts.pop_if(|last| is_version(last)).unwrap_or_default();
                let (kind, group) = match parts[..] {
                    [kind] => (kind, ""),
                    [kind, group] => (kind, group),
                    // The group may have a dash in it.
                    _ => name.split_once('-').map(|(kind, rest)| (kind, rest.trim_end_matches(version)))?,
                };
                Some(Shape::Kubernetes { base: directory, kind, group: group.trim_end_matches('-'), version, query })
            }
            Some(other) if !CRD_REPOSITORIES.contains(&other) => None,
            _ => Shape::of_crd(directory, name, query),
        }
    }

    fn of_crd(directory: &'u str, name: &'u str, query: &'u str) -> Option<Shape<'u>> {
        let (kind, version) = name.rsplit_once('_').filter(|(_, version)| starts_as_version(version))?;
        let (base, group) = directory.rsplit_once('/')?;
        let (scheme, rest) = base.split_once("://")?;
        let host = rest.split('/').next().unwrap_or_default();
        if group.contains('_') || kind.contains('_') {
            // What stands before the first name is the base.
            let first = base.len() - rest.len() + host.len();
            let is_own_host = scheme.starts_with("http") && !SHARED_HOSTS.contains(&host);
            return is_own_host.then_some(Shape::Doubled { base: &base[..first], query });
        }
        let is_group = group.contains('.') || PLAIN_GROUPS.contains(&group) || ["core", "v1"].contains(&group);
        let is_file_of_others = SHARED_HOSTS.contains(&host) && repository(directory).is_none();
        if !is_group || is_file_of_others || !kind.chars().all(|c| c.is_ascii_alphanumeric()) {
            return None;
        }
        Some(Shape::Crd { base, group, kind, version, query })
    }

    /// Whether it names the kind and group of a document.
    pub(super) fn names_kind(&self, identity: &Identity) -> bool {
        let is_kind = |kind: &str| kind == identity.kind.to_lowercase();
        match self {
            // `v1` is an old name of the core.
            Shape::Crd { group, kind, .. } => {
                is_kind(kind)
                    && if identity.group.is_empty() { ["core", "v1"].contains(group) } else { *group == identity.group }
            }
            Shape::Doubled { .. } => false,
            Shape::Flux { kind, part, .. } => is_kind(kind) && identity.group == format!("{part}.toolkit.fluxcd.io"),
            Shape::Kubernetes { kind, group, version, .. } => {
                // Without a version the name may leave out the group, too.
                let is_group = *group == first_label(&identity.group) || group.is_empty() && version.is_empty();
                is_kind(kind) && is_group
            }
            Shape::Kustomization => {
                identity.group == "kustomize.config.k8s.io" && ["Kustomization", "Component"].contains(&&*identity.kind)
            }
        }
    }

    /// Whether it is the schema of a document, as far as it says.
    pub(super) fn agrees(&self, identity: &Identity) -> bool {
        self.names_kind(identity)
            && match self {
                Shape::Crd { version, .. } | Shape::Flux { version, .. } => *version == identity.version,
                Shape::Kubernetes { version, .. } => version.is_empty() || *version == identity.version,
                Shape::Doubled { .. } => false,
                Shape::Kustomization => true,
            }
    }

    /// The URL of the schema of a document at the same publisher; `None` if it has none.
    pub(super) fn with(&self, identity: &Identity) -> Option<String> {
        let kind = identity.kind.to_lowercase();
        let Identity { group, version, .. } = identity;
        match self {
            Shape::Crd { base, query, .. } | Shape::Doubled { base, query } => {
                let group = if group.is_empty() { "core" } else { group };
                Some(format!("{base}/{group}/{kind}_{version}.json{query}"))
            }
            Shape::Flux { base, query, .. } => {
                let part = group.strip_suffix(".toolkit.fluxcd.io").filter(|part| FLUX.contains(part))?;
                Some(format!("{base}/{kind}-{part}-{version}.json{query}"))
            }
            Shape::Kubernetes { base, query, version: stated, .. } => {
                let is_native =
                    group.is_empty() || PLAIN_GROUPS.contains(&group.as_str()) || group.ends_with(".k8s.io");
                let label = if group.is_empty() { String::new() } else { format!("-{}", first_label(group)) };
                let name = if stated.is_empty() { kind } else { format!("{kind}{label}-{version}") };
                (is_native && !group.ends_with(".x-k8s.io")).then(|| format!("{base}/{name}.json{query}"))
            }
            Shape::Kustomization => None,
        }
    }
}

/// A URL with another version of what it names, if it names this group, kind and version.
pub fn with_version(url: &str, identity: &Identity, version: &str) -> Option<String> {
    let shape = Shape::of(url).filter(|shape| shape.agrees(identity))?;
    let new = shape.with(&Identity { version: version.to_owned(), ..identity.clone() })?;
    (new != url).then_some(new)
}

/// Whether a URL is that of the schema of kustomizations or components, in any spelling.
pub(super) fn is_schemastore(url: &str) -> bool {
    let path = url.split_once("://").map_or("", |(_, rest)| rest);
    let name = ["json.schemastore.org/", "www.schemastore.org/", "schemastore.org/"]
        .iter()
        .find_map(|host| path.strip_prefix(host))
        .map(|name| name.strip_suffix(".json").unwrap_or(name));
    matches!(name, Some("kustomization" | "component"))
}

/// `owner/name` of a file in a repository of GitHub.
fn repository(url: &str) -> Option<&str> {
    if let Some(path) = url.strip_prefix("https://datreeio.github.io/") {
        return path.starts_with("CRDs-catalog/").then_some(CRD_REPOSITORIES[0]);
    }
    let path = RAW.iter().find_map(|raw| url.strip_prefix(raw))?;
    let end = path.match_indices(['/', '@']).nth(1).map_or(path.len(), |(at, _)| at);
    Some(&path[..end])
}

/// `apiextensions` of `apiextensions.k8s.io`.
fn first_label(group: &str) -> &str {
    group.split('.').next().unwrap_or_default()
}

fn starts_as_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// `v1`, `v2beta1`.
fn is_version(text: &str) -> bool {
    starts_as_version(text) && text.chars().all(|c| c.is_ascii_alphanumeric())
}
