//! What a source is called.

use std::collections::BTreeSet;

use super::SourceKey;
use crate::flux::{OciRepository, View};

/// `<chart>`; where that is taken, or another version of the chart has or gets a source, `<chart>-<version, dots as dashes>`. Looked for among
/// the sources of the clusters that will have this one, and those that no cluster has. `staged` are all sources that are to come to be, in
/// order, this one among them.
///
/// # Errors
/// The name, and what holds it, where it is taken even so.
pub(crate) fn name_for(
    view: &View,
    key: &SourceKey,
    clusters: &BTreeSet<String>,
    staged: &[SourceKey],
) -> Result<String, (String, String)> {
    let concerns = |source: &&OciRepository| {
        let own = view.graph().clusters_of(&source.at);
        own.is_empty() || !own.is_disjoint(clusters)
    };
    let sources: Vec<&OciRepository> = view.oci_repositories().iter().filter(concerns).collect();
    let of_the_chart = |url: &str| url.ends_with(&format!("/{}", key.chart));
    let alone = staged.iter().filter(|other| other.chart == key.chart).count() == 1
        && !sources.iter().any(|source| source.name == key.chart || of_the_chart(&source.url));
    let name = if alone { key.chart.clone() } else { format!("{}-{}", key.chart, dashed(key.version.text())) };
    if let Some(source) = sources.iter().find(|source| source.name == name) {
        return Err((name, format!("the OCIRepository in {}", source.at)));
    }
    // Of two that would have one name, the first in order has it.
    let same =
        |other: &&SourceKey| other.chart == key.chart && dashed(other.version.text()) == dashed(key.version.text());
    match staged.iter().find(same) {
        Some(first) if first != key => Err((name, format!("the source of {}", first.url))),
        _ => Ok(name),
    }
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
