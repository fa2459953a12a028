//! What a source is called.

use std::collections::BTreeSet;

use super::SourceKey;
use crate::flux::{OciRepository, View};

/// `<chart>`; where that is taken, or another version of the chart has or gets a source, `<chart>-<version, dots as dashes>`. Looked for among
/// the sources of the clusters that will have this one, in its namespace if it has one alone; a name also among those that no cluster has.
/// `staged` are all sources that are to come to be, in order, this one among them.
///
/// # Errors
/// The name, and what holds it, where it is taken even so.
pub(crate) fn name_for(
    view: &View,
    key: &SourceKey,
    clusters: &BTreeSet<String>,
    namespace: Option<&str>,
    staged: &[SourceKey],
) -> Result<String, (String, String)> {
    let name = name_among(view, key, clusters, namespace, staged)?;
    match concerning(view, clusters).find(|source| source.name == name) {
        Some(source) => Err((name, format!("the OCIRepository in {}", source.at))),
        None => Ok(name),
    }
}

/// As [`name_for`], whether or not another object has the name: for a Component, which asks each namespace.
///
/// # Errors
/// The name, and the other new source that gets it.
pub(crate) fn name_among(
    view: &View,
    key: &SourceKey,
    clusters: &BTreeSet<String>,
    namespace: Option<&str>,
    staged: &[SourceKey],
) -> Result<String, (String, String)> {
    // Sources of the chart in other namespaces come and go with their releases, and must not change this name.
    let is_here = |source: &OciRepository| {
        let mut reaches = view.graph().reaches(&source.at).iter();
        reaches.any(|reach| namespace.is_none_or(|namespace| reach.namespace.as_deref() == Some(namespace)))
    };
    let of_the_chart = |source: &OciRepository| source.url.ends_with(&format!("/{}", key.chart)) && is_here(source);
    let alone = staged.iter().filter(|other| other.chart == key.chart).count() == 1
        && !concerning(view, clusters).any(|source| source.name == key.chart || of_the_chart(source));
    let name = if alone { key.chart.clone() } else { format!("{}-{}", key.chart, dashed(key.version.text())) };
    // Of two that would have one name, the first in order has it.
    let same =
        |other: &&SourceKey| other.chart == key.chart && dashed(other.version.text()) == dashed(key.version.text());
    match staged.iter().find(same) {
        Some(first) if first != key => Err((name, format!("the source of {}", first.url))),
        _ => Ok(name),
    }
}

/// The sources of these clusters, and those that no cluster has.
fn concerning<'v>(view: &'v View, clusters: &BTreeSet<String>) -> impl Iterator<Item = &'v OciRepository> {
    view.oci_repositories().iter().filter(move |source| {
        let own = view.graph().clusters_of(&source.at);
        own.is_empty() || !own.is_disjoint(clusters)
    })
}

/// A version as part of a name: what is no letter or digit becomes a dash.
pub(crate) fn dashed(version: &str) -> String {
    let parts = version.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let dashed = parts.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    if dashed.is_empty() { "any".to_owned() } else { dashed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_become_parts_of_names() {
        for (version, expected) in
            [("3.7.3", "3-7-3"), ("v1.2.3-RC.1", "v1-2-3-rc-1"), (">=3.0.0 <4", "3-0-0-4"), ("*", "any")]
        {
            assert_eq!(dashed(version), expected);
        }
    }
}
