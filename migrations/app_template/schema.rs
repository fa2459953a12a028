//! The comment above a HelmRelease that names a schema of the chart's 3.x.

use crate::flux::{At, View};
use crate::plan::author::most_frequent;
use crate::yaml::{Comment, Edit, Error, Stream};

const MODELINE: &str = "yaml-language-server: $schema=";
const CHART: &str = "/charts/other/app-template/schemas/helmrelease-helm-v2.schema.json";

/// Replaces a schema of the chart's 3.x by the one that most HelmReleases of the repository name
/// and that is not the chart's; otherwise by that of the target version.
///
/// # Errors
/// Where the comment cannot be edited.
pub(super) fn update(edit: &mut Edit<'_>, view: &View, at: &At, target: &str) -> Result<(), Error> {
    let stream = stream(view, at);
    let range = |document: usize| stream.document(document).map(|root| root.range());
    let end_before = at.document.checked_sub(1).and_then(range).map_or(0, |range| range.end);
    let start = range(at.document).map_or(0, |range| range.start);
    let above = stream.comments().iter().filter(|comment| (end_before..start).contains(&comment.range.start));
    for comment in above.filter(|comment| is_stale(text_of(stream, comment))) {
        let new = most_named(view).unwrap_or_else(|| {
            format!("{MODELINE}https://raw.githubusercontent.com/bjw-s-labs/helm-charts/app-template-{target}{CHART}")
        });
        edit.set_comment(comment, &new, "it names the schema of 3.x and is replaced")?;
    }
    Ok(())
}

fn stream<'v>(view: &'v View, at: &At) -> &'v Stream {
    view.file(&at.path).and_then(|file| file.stream.as_deref()).expect("a release of the view was read")
}

fn text_of<'s>(stream: &'s Stream, comment: &Comment) -> &'s str {
    stream.text()[comment.range.clone()].trim_start_matches('#').trim()
}

/// Whether a comment names the chart's schema of a 3.x tag. That of a branch is the newest.
fn is_stale(comment: &str) -> bool {
    let repository = comment.strip_prefix(MODELINE).and_then(|url| url.trim().strip_suffix(CHART));
    let parts = repository.and_then(|repository| repository.rsplit_once('/'));
    parts.is_some_and(|(base, tag)| base.contains("/bjw-s") && tag.starts_with("app-template-3."))
}

/// The comment with a schema other than the chart's own that most HelmReleases have.
fn most_named(view: &View) -> Option<String> {
    let streams = view.releases().iter().map(|release| stream(view, &release.at));
    let comments = streams.flat_map(|stream| stream.comments().iter().map(|comment| text_of(stream, comment)));
    let schemas = comments.filter(|text| text.starts_with(MODELINE) && text.contains("helmrelease"));
    most_frequent(schemas.filter(|text| !text.contains("/app-template/"))).map(str::to_owned)
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
