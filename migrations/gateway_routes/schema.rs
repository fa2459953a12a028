//! The comment that tells editors the schema of a document: that of an Ingress is wrong above its route.

use super::find::Found;
use crate::flux::{At, FileView, View};
use crate::gateway::GROUP;
use crate::plan::author::most_frequent;
use crate::recipe::schema_comment::{Change, Identity, InsteadOf, at_publisher, header, write};
use crate::repo::RepoPath;
use crate::yaml::{Comment, Edit, Error, Stream};

/// The schema of the route of an object that has a schema comment: from the same publisher, else as most documents
/// of the tree have theirs.
pub(super) fn of_route(found: &Found<'_>, at: &At) -> Option<String> {
    let stream = found.view.file(&at.path)?.stream.as_deref()?;
    let url = header(stream, at.document).url?;
    at_publisher(&url, &route()).or_else(|| found.usual_schema().map(str::to_owned))
}

/// The schema of a route as most documents of a tree have theirs.
pub(super) fn usual(view: &View) -> Option<String> {
    let route = route();
    let in_file = |(_, file): (&RepoPath, &FileView)| {
        let stream = file.stream.as_deref();
        let urls = stream
            .into_iter()
            .flat_map(|stream| (0..stream.documents().len()).filter_map(|document| header(stream, document).url));
        urls.filter_map(|url| at_publisher(&url, &route)).collect::<Vec<_>>()
    };
    let all: Vec<String> = view.files_with("$schema").flat_map(in_file).collect();
    most_frequent(all.iter().map(String::as_str)).map(str::to_owned)
}

fn route() -> Identity {
    Identity { group: GROUP.to_owned(), kind: "HTTPRoute".to_owned(), version: "v1".to_owned() }
}

/// The text of the comment.
pub(super) fn comment(url: &str) -> String {
    format!("yaml-language-server: $schema={url}")
}

/// The comments of a document, without the one about its schema.
pub(super) fn has_other_comments(stream: &Stream, document: usize) -> bool {
    let own = header(stream, document).read.map(|comment| comment.range.clone());
    let is_other = |comment: &Comment| Some(&comment.range) != own.as_ref();
    stream.comments_of_document(document).is_none_or(|mut comments| comments.any(is_other))
}

/// Has the schema comment of a document, if it has one, name this schema.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn rename<'v>(
    edit: &mut Edit<'v>,
    stream: &'v Stream,
    document: usize,
    url: Option<&str>,
) -> Result<(), Error> {
    let (Some(url), Some(read)) = (url, header(stream, document).read) else { return Ok(()) };
    write(edit, stream, &Change { document, instead_of: InsteadOf::Read(read), url: url.to_owned(), is_seen: true })
}
