//! What a source is called.

use std::collections::BTreeSet;

use super::codes;
use super::spec::SourceKey;
use crate::charts::homes::LABS;
use crate::flux::{ClusterId, Name, OciRepository, View};
use crate::plan::Finding;

/// `<chart>`, or `<chart>-<version, dots as dashes>` if that is taken or another version of the
/// chart has or gets a source. The name must be free among the sources of the clusters that will
/// have this one, in its namespace if that is one alone; and among those that no cluster has.
/// `staged` are all sources that are to be written, in order, this one among them.
///
/// # Errors
/// A finding without a place if another new source gets the name.
pub(crate) fn name_for(
    view: &View,
    key: &SourceKey,
    clusters: &BTreeSet<String>,
    namespace: Option<&str>,
    staged: &[SourceKey],
) -> Result<String, Finding> {
    // Sources in other namespaces come and go with their releases, and must not change this name.
    let is_here = |source: &OciRepository| {
        let mut reaches = view.graph().reaches(&source.at).iter();
        reaches.any(|reach| namespace.is_none_or(|namespace| reach.namespace.as_deref() == Some(namespace)))
    };
    let of_the_chart = |source: &OciRepository| source.url.ends_with(&format!("/{}", key.chart)) && is_here(source);
    let alone = staged.iter().filter(|other| other.chart == key.chart).count() == 1
        && !concerning(view, clusters).any(|source| source.name == key.chart || of_the_chart(source));
    let name = if alone { key.chart.clone() } else { with_version(key) };
    // Of two that would have one name, the first in order has it.
    let same = |other: &&SourceKey| other.chart == key.chart && with_version(other) == with_version(key);
    match staged.iter().find(same) {
        Some(first) if first != key => Err(taken(key, &name, &format!("the source of {}", first.url))),
        _ => Ok(name),
    }
}

/// What a second source is called, beside one of another version: `<chart>-<version>` of the
/// publisher's chart, with the address of the registry after it for that of any other. Which other
/// sources there are must not matter, because those of the other registry come and go with releases.
pub(crate) fn name_of_second(key: &SourceKey) -> String {
    let registry = key.url.strip_suffix(&format!("/{}", key.chart)).unwrap_or(&key.url);
    let of_registry = (registry != LABS).then(|| format!("-{}", dashed(registry.trim_start_matches("oci://"))));
    with_version(key) + &of_registry.unwrap_or_default()
}

/// Whether [`name_for`] or [`name_of_second`] may give this name.
pub(super) fn may_be_new(key: &SourceKey, name: &str) -> bool {
    name == key.chart || name == with_version(key) || name == name_of_second(key)
}

fn with_version(key: &SourceKey) -> String {
    format!("{}-{}", key.chart, dashed(key.version.text()))
}

/// A name that no source of these clusters has, or none that is where the new one arrives: there,
/// sources of other namespaces are written by the same plan, and may be there already or not.
///
/// # Errors
/// A finding without a place if one has it.
pub(super) fn free(
    view: &View,
    key: &SourceKey,
    clusters: &BTreeSet<String>,
    arrives: Option<&BTreeSet<(ClusterId, Option<Name>)>>,
    name: String,
) -> Result<String, Finding> {
    let is_in_the_way = |source: &OciRepository| {
        let reaches = view.graph().reaches(&source.at);
        let is_there = |arrives: &BTreeSet<(ClusterId, Option<Name>)>| {
            reaches.iter().any(|reach| arrives.contains(&(reach.cluster, reach.namespace)))
        };
        reaches.is_empty() || arrives.is_none_or(is_there)
    };
    match concerning(view, clusters).find(|source| source.name == name && is_in_the_way(source)) {
        Some(source) => Err(taken(key, &name, &format!("the OCIRepository in {}", source.at))),
        None => Ok(name),
    }
}

fn taken(key: &SourceKey, name: &str, holder: &str) -> Finding {
    Finding::error(
        codes::NAME_TAKEN,
        format!("the source of {key} would be called {name}, which is the name of {holder}"),
    )
}

/// The sources of these clusters, and those that no cluster has.
fn concerning<'v>(view: &'v View, clusters: &BTreeSet<String>) -> impl Iterator<Item = &'v OciRepository> {
    view.oci_repositories().iter().filter(move |source| {
        let applying = view.graph().clusters_of(&source.at);
        applying.is_empty() || !applying.is_disjoint(clusters)
    })
}

/// A version as part of a name: everything but letters and digits becomes a dash.
pub(crate) fn dashed(version: &str) -> String {
    let parts = version.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let dashed = parts.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    if dashed.is_empty() { "any".to_owned() } else { dashed }
}

#[cfg(test)]
mod tests {
    use super::super::spec::Version;
    use super::*;

    #[test]
    fn versions_become_parts_of_names() {
        for (version, expected) in
            [("3.7.3", "3-7-3"), ("v1.2.3-RC.1", "v1-2-3-rc-1"), (">=3.0.0 <4", "3-0-0-4"), ("*", "any")]
        {
            assert_eq!(dashed(version), expected);
        }
    }

    #[test]
    fn second_sources_are_named_after_their_registry() {
        for (url, expected) in [
            ("oci://ghcr.io/bjw-s-labs/helm/app-template", "app-template-4-6-2"),
            ("oci://registry.example.org/bjw-s/app-template", "app-template-4-6-2-registry-example-org-bjw-s"),
            ("oci://example.org:5000/app-template", "app-template-4-6-2-example-org-5000"),
        ] {
            let version = Version::Tag("4.6.2".to_owned());
            let key = SourceKey { chart: "app-template".to_owned(), url: url.to_owned(), version };
            assert_eq!(name_of_second(&key), expected);
            assert!(may_be_new(&key, expected));
        }
    }
}
