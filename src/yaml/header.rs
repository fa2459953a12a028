//! The header of a document: what is between its `---` and its content, where editors look for
//! comments about all of it.

use std::ops::Range;

use super::comments::Comment;
use super::{Node, Stream};

/// How a comment begins by which editors find the schema of a document (yaml-language-server).
pub const SCHEMA_MARK: &str = "# yaml-language-server:";

impl Stream {
    /// The comments in the header of a document, given its root: those between its `---`, on that
    /// line too, and its first content; of the first document also those before its `---`. What is
    /// before the `---` of a later one belongs to no document, unless `...` ends the one before.
    pub fn header_comments(&self, root: Node<'_>) -> Vec<&Comment> {
        self.comments_in(&self.header(root)).collect()
    }

    /// The comments outside of all headers and nodes that are between one document and the next:
    /// at the end of the first, before the `---` of the second.
    pub fn comments_behind(&self, root: Node<'_>) -> Vec<&Comment> {
        let end = self.nodes.get(root.id).whole().end;
        let next = self.markers.iter().copied().find(|marker| *marker >= end);
        let range = end..next.unwrap_or(self.text().len());
        let ended = self.end_mark(&range).unwrap_or(range.end);
        self.comments_in(&(range.start..ended)).collect()
    }

    /// The range of the header of a document.
    pub(super) fn header(&self, root: Node<'_>) -> Range<usize> {
        let start = self.nodes.get(root.id).whole().start;
        let before = self.roots.iter().map(|root| self.nodes.get(*root).whole());
        let end_of_last = before.take_while(|range| range.start < start).last().map(|range| range.end);
        let from = end_of_last.unwrap_or(0);
        let marker = self.markers.iter().copied().rfind(|marker| (from..=start).contains(marker));
        // Editors give to a document what follows the `...` of the one before.
        let ended = self.end_mark(&(from..marker.unwrap_or(start)));
        let begin = match end_of_last {
            None => ended.unwrap_or(0),
            Some(_) => ended.or(marker).unwrap_or(start),
        };
        begin..start
    }

    /// The end of the last line in a range that is `...`.
    fn end_mark(&self, range: &Range<usize>) -> Option<usize> {
        let lines = self.text()[range.clone()].split_inclusive('\n');
        let mut at = range.start;
        let ends = lines.filter_map(|line| {
            let starts_line = at == 0 || self.text()[..at].ends_with('\n');
            at += line.len();
            (starts_line && line.trim_end() == "...").then_some(at)
        });
        ends.last()
    }

    /// The `---` of a document, if it has one.
    pub(super) fn marker(&self, root: Node<'_>) -> Option<usize> {
        let header = self.header(root);
        self.markers.iter().copied().rfind(|marker| header.contains(marker))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> Vec<Vec<String>> {
        let stream = Stream::parse(text).unwrap();
        let texts = |root| {
            stream.header_comments(root).into_iter().map(|one| stream.text()[one.range.clone()].to_owned()).collect()
        };
        stream.documents().map(texts).collect()
    }

    #[test]
    fn a_header_is_what_is_before_the_content() {
        for (text, want) in [
            ("# a\n# b\nk: v # c\n# d\n", &[&["# a", "# b"][..]][..]),
            ("# a\n--- # b\n# c\nk: v\n", &[&["# a", "# b", "# c"]]),
            ("---\n# a\nk: v\n# b\n---\n# c\nk: v\n# d\n", &[&["# a"], &["# c"]]),
            ("k: v\n# a\n...\n# b\n---\n# c\nk: v\n", &[&[], &["# b", "# c"]]),
            ("# a\n---\n---\n# c\nk: v\n", &[&["# a"], &["# c"]]),
            ("k: v\n...\n# a\nk: v\n", &[&[], &["# a"]]),
            ("# a\n...\n# b\n---\nk: v\n", &[&["# b"]]),
            ("k: |\n  text\n# a\n---\nk: v\n", &[&[], &[]]),
            ("\u{feff}# a\nk: v\n", &[&["# a"]]),
        ] {
            assert_eq!(headers(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_behind_a_document() {
        let stream = Stream::parse("k: v # a\n# b\n---\n# c\nk:\n  - x\n  # d\n# e\n").unwrap();
        let behind = |root| stream.comments_behind(root).into_iter().map(|one| one.line).collect::<Vec<_>>();
        assert_eq!(stream.documents().map(behind).collect::<Vec<_>>(), [[1, 2], [7, 8]]);
    }
}
