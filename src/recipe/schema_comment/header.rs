//! Which comment of a document editors read: the rules of yaml-language-server 1.25, checked against
//! it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::yaml::{Comment, Node, Stream};

/// The schema comments of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header<'s> {
    /// The comment that editors read.
    pub read: Option<&'s Comment>,
    /// The URL in it.
    pub url: Option<String>,
    /// A comment that is meant as one, and that they do not read; only where they read none.
    pub unread: Option<Unread<'s>>,
}

/// A comment with a schema that no editor reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread<'s> {
    /// The comment.
    pub comment: &'s Comment,
    /// The URL in it.
    pub url: &'s str,
    /// Whether it is in the header, but not written as they read it.
    pub is_in_header: bool,
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a regular expression")
}

/// A line that they look at: the first of these decides, whatever it says.
static LOOKED_AT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^#\s+(?:yaml-language-server\s*:|\$schema:)"));
/// The schema in it.
static SCHEMA: LazyLock<Regex> = LazyLock::new(|| pattern(r"\$schema(?:=|:[^\S\r\n]*)(\S+)"));
/// A line that is meant as one: another sign, no blank, no `$schema=`. Two signs with a blank between
/// them comment out a comment.
static MEANT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^#+\s*yaml-language-server\s*[:=]?\s*(?:\$?schema\s*[=:]\s*)?(https?://\S+)\s*$"));

/// The schema comments of a document.
pub fn header(stream: &Stream, document: usize) -> Header<'_> {
    let Some(root) = stream.document(document) else { return Header::default() };
    let text = |comment: &Comment| &stream.text()[comment.range.clone()];
    let in_header: Vec<&Comment> = stream.header_comments(root);
    let looked_at = in_header.iter().copied().find(|comment| LOOKED_AT.is_match(text(comment)));
    let url = looked_at.and_then(|comment| SCHEMA.captures(text(comment))).map(|found| found[1].to_owned());
    if url.is_some() {
        return Header { read: looked_at, url, unread: None };
    }
    let unread = match looked_at {
        // They look no further, so another comment would not be read either.
        Some(comment) => first_meant(stream, &[comment], true),
        None => first_meant(stream, &in_header, true).or_else(|| misplaced(stream, document)),
    };
    Header { read: None, url: None, unread }
}

/// Where the URL is in a comment that they read.
pub(super) fn url_in(stream: &Stream, comment: &Comment) -> Option<Range<usize>> {
    let found = SCHEMA.captures(&stream.text()[comment.range.clone()])?.get(1)?.range();
    Some(comment.range.start + found.start..comment.range.start + found.end)
}

fn first_meant<'s>(stream: &'s Stream, comments: &[&'s Comment], is_in_header: bool) -> Option<Unread<'s>> {
    comments.iter().copied().find_map(|comment| {
        let url = MEANT.captures(&stream.text()[comment.range.clone()])?.get(1)?;
        // Above a document that is commented out, it belongs to that.
        let is_own = !comment.trailing && !is_above_commented_out(stream, comment);
        is_own.then_some(Unread { comment, url: url.as_str(), is_in_header })
    })
}

/// A comment outside of the header that is meant for a document: before its `---`, in it, or behind
/// it. One at the margin between two documents is meant for the second, unless that one has another.
fn misplaced(stream: &Stream, document: usize) -> Option<Unread<'_>> {
    let root = stream.document(document)?;
    let before = document.checked_sub(1).and_then(|before| stream.document(before));
    if let Some(found) = before.and_then(|before| first_meant(stream, &between(stream, before), false)) {
        return Some(found);
    }
    let own = root.range();
    let inside = stream.comments().iter().filter(|comment| own.contains(&comment.range.start));
    let mut own: Vec<&Comment> = inside.chain(stream.comments_behind(root)).collect();
    if stream.document(document + 1).is_some() && header_lacks_schema(stream, document + 1) {
        let of_next = between(stream, root);
        own.retain(|comment| !of_next.contains(comment));
    }
    first_meant(stream, &own, false)
}

/// The comments at the margin between a document and the `---` of the next.
fn between<'s>(stream: &'s Stream, document: Node<'s>) -> Vec<&'s Comment> {
    let behind = stream.comments_behind(document).into_iter();
    behind.filter(|comment| is_at_column_zero(stream, comment)).collect()
}

/// Whether a document has no schema comment in its header.
fn header_lacks_schema(stream: &Stream, document: usize) -> bool {
    let Some(root) = stream.document(document) else { return false };
    let comments: Vec<&Comment> = stream.header_comments(root);
    !comments.iter().any(|comment| SCHEMA.is_match(&stream.text()[comment.range.clone()]))
        && first_meant(stream, &comments, true).is_none()
}

fn is_at_column_zero(stream: &Stream, comment: &Comment) -> bool {
    comment.range.start == 0 || stream.text()[..comment.range.start].ends_with('\n')
}

/// Whether the next line is a commented-out key.
fn is_above_commented_out(stream: &Stream, comment: &Comment) -> bool {
    static BEGINS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^#+\s*(?:(?:apiVersion|kind|metadata)\s*:|---\s*$)"));
    let next = stream.comments().iter().find(|other| other.line == comment.line + 1 && !other.trailing);
    next.is_some_and(|next| BEGINS.is_match(&stream.text()[next.range.clone()]))
}
