//! The comment above a HelmRelease that names the schema of the chart's 3.x.

use std::collections::BTreeMap;

use crate::flux::{At, View};
use crate::yaml::{Edit, Error, Stream};

const MODELINE: &str = "yaml-language-server: $schema=";
const CHART: &str = "/charts/other/app-template/schemas/helmrelease-helm-v2.schema.json";

/// Points a comment that names the chart's schema of a 3.x tag to the schema that most HelmReleases of the repository name which is none of
/// the chart's; else to that of the target version.
///
/// # Errors
/// Where the comment cannot be edited.
pub(super) fn update(view: &View, at: &At, edit: &mut Edit<'_>, stream: &Stream, target: &str) -> Result<(), Error> {
    let start = |number: usize| stream.documents().nth(number).map(|root| root.range());
    let before = at.document.checked_sub(1).and_then(start).map_or(0, |range| range.end);
    let begin = start(at.document).map_or(0, |range| range.start);
    let above = stream.comments().iter().filter(|comment| (before..begin).contains(&comment.range.start));
    for comment in above {
        let text = stream.text()[comment.range.clone()].trim_start_matches('#').trim();
        if is_stale(text) {
            let other = most_named(view);
            let new = other.unwrap_or_else(|| {
                format!(
                    "{MODELINE}https://raw.githubusercontent.com/bjw-s-labs/helm-charts/app-template-{target}{CHART}"
                )
            });
            edit.set_comment(comment, &new, "it names the schema of 3.x; another stands in its place")?;
        }
    }
    Ok(())
}

/// Whether a comment names the chart's schema of a 3.x tag. That of a branch is whatever is newest there.
fn is_stale(comment: &str) -> bool {
    let repository = comment.strip_prefix(MODELINE).and_then(|url| url.trim().strip_suffix(CHART));
    let parts = repository.and_then(|repository| repository.rsplit_once('/'));
    parts.is_some_and(|(base, tag)| base.contains("/bjw-s") && tag.starts_with("app-template-3."))
}

/// What most HelmReleases have above them that names a schema which is not the chart's own.
fn most_named(view: &View) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for release in view.releases() {
        let Some(stream) = view.file(&release.at.path).and_then(|file| file.stream.as_deref()) else { continue };
        let texts =
            stream.comments().iter().map(|comment| stream.text()[comment.range.clone()].trim_start_matches('#').trim());
        for text in texts.filter(|text| text.starts_with(MODELINE) && text.contains("helmrelease")) {
            if !text.contains("/app-template/") {
                *counts.entry(text).or_default() += 1;
            }
        }
    }
    counts.into_iter().max_by_key(|(text, count)| (*count, std::cmp::Reverse(*text))).map(|(text, _)| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tag_of_3_is_stale() {
        let at = |base: &str, tag: &str| {
            format!("{MODELINE}https://raw.githubusercontent.com/{base}/helm-charts/{tag}{CHART}")
        };
        assert!(is_stale(&at("bjw-s", "app-template-3.5.1")) && is_stale(&at("bjw-s-labs", "app-template-3.7.3")));
        assert!(!is_stale(&at("bjw-s", "main")) && !is_stale(&at("bjw-s-labs", "app-template-4.6.2")));
        assert!(!is_stale(&at("others", "app-template-3.5.1")) && !is_stale("app-template-3.5.1"));
    }
}
