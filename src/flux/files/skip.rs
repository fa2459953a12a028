//! Opt-outs: comments that exclude a place from a migration,
//! `# flux-codemod: skip[chart-ref] reason`.
//!
//! | where the comment is | what it covers |
//! |---|---|
//! | before the first `---` of a file that begins with one | the file |
//! | above the first key of a document, after its `---` | the document |
//! | directly above an entry or item, or on its line | the entry or item, with everything in it |

use std::ops::Range;

use crate::yaml::{Comment, Node, Stream};

/// What these comments begin with, after `#`.
pub(super) const MARK: &str = "flux-codemod";

/// An opt-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The line of the comment, from 1.
    pub line: usize,
    /// The migrations or reason codes that are skipped. Empty if the comment cannot be parsed.
    pub ids: Vec<String>,
    /// Why, in the words of its author.
    pub reason: Option<String>,
    /// What it covers; `None` if it is above nothing.
    pub covers: Option<Covered>,
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// Its bytes.
    pub range: Range<usize>,
    /// Its first and last line, from 1.
    pub lines: (usize, usize),
    /// Whether it is the whole file, including what would be added to it.
    pub whole_file: bool,
}

impl Skip {
    /// Whether the comment could be parsed.
    pub fn is_readable(&self) -> bool {
        !self.ids.is_empty()
    }

    /// Whether it skips this migration or code.
    pub fn names(&self, id: &str) -> bool {
        self.ids.iter().any(|skipped| skipped == id)
    }

    /// Whether it skips this migration, or this stage of it: `name/stage`.
    pub fn names_stage(&self, id: &str, stage: Option<&str>) -> bool {
        let is_stage =
            |skipped: &str| skipped.split_once('/').is_some_and(|(name, of)| name == id && Some(of) == stage);
        self.ids.iter().any(|skipped| skipped == id || is_stage(skipped))
    }

    /// Whether a line is covered; without a line, whether the whole file is.
    pub fn covers_line(&self, line: Option<usize>) -> bool {
        self.covers.as_ref().is_some_and(|covered| {
            covered.whole_file || line.is_some_and(|line| (covered.lines.0..=covered.lines.1).contains(&line))
        })
    }

    /// The opt-outs of a file, by line.
    pub fn find(stream: &Stream) -> Box<[Skip]> {
        if !stream.text().contains(MARK) {
            return Box::default();
        }
        let places = Places::of(stream);
        let skip = |comment: &Comment| {
            let (ids, reason) = read(&stream.text()[comment.range.clone()])?;
            Some(Skip { line: comment.line, ids, reason, covers: places.covered_by(comment) })
        };
        stream.comments().iter().filter_map(skip).collect()
    }
}

/// The ids and the reason of a comment. No ids if it is meant as an opt-out and cannot be parsed;
/// `None` if it is not an opt-out.
fn read(comment: &str) -> Option<(Vec<String>, Option<String>)> {
    let rest = comment.trim_start_matches('#').trim_start().strip_prefix(MARK)?;
    let (has_colon, rest) = match rest.trim_start().strip_prefix(':') {
        Some(rest) => (true, rest.trim()),
        None => (false, rest.trim()),
    };
    // The mark of a guard, which `guard` reads.
    if has_colon && rest.starts_with("guard[") {
        return None;
    }
    let parsed = rest.strip_prefix("skip").and_then(|rest| rest.trim_start().strip_prefix('[')?.split_once(']'));
    let Some((ids, reason)) = parsed.filter(|_| has_colon) else {
        // A sentence that begins with the name of this program is not an opt-out.
        return (has_colon || rest.starts_with("skip")).then(|| (Vec::new(), None));
    };
    let ids: Vec<String> = ids.split(',').map(|id| id.trim().to_owned()).collect();
    if ids.iter().any(String::is_empty) {
        return Some((Vec::new(), None));
    }
    let reason = reason.trim_start_matches(|c: char| c == ':' || c.is_whitespace()).trim_end();
    Some((ids, (!reason.is_empty()).then(|| reason.to_owned())))
}

/// Where documents, entries and items are in a file.
struct Places<'s> {
    stream: &'s Stream,
    documents: Vec<Range<usize>>,
    /// Entries and items, each before those in it, with their first and last lines.
    children: Vec<(Range<usize>, (usize, usize))>,
}

impl<'s> Places<'s> {
    fn of(stream: &'s Stream) -> Places<'s> {
        let mut places = Places { stream, documents: Vec::new(), children: Vec::new() };
        for root in stream.documents() {
            places.documents.push(root.range());
            places.add_children(root);
        }
        places
    }

    fn add_children(&mut self, node: Node<'s>) {
        for (range, child) in node.children() {
            let lines = self.lines(&range);
            self.children.push((range, lines));
            self.add_children(child);
        }
    }

    fn lines(&self, range: &Range<usize>) -> (usize, usize) {
        let line = |offset| self.stream.position(offset).line;
        let last = self.stream.text()[range.clone()].char_indices().next_back().map_or(0, |(at, _)| at);
        (line(range.start), line(range.start + last))
    }

    fn covered(&self, range: Range<usize>) -> Covered {
        Covered { lines: self.lines(&range), range, whole_file: false }
    }

    fn covered_by(&self, comment: &Comment) -> Option<Covered> {
        let index = self.documents.partition_point(|document| document.start < comment.range.start);
        let is_inside = index > 0 && comment.range.start < self.documents[index - 1].end;
        if let Some(document) = self.documents.get(index).filter(|_| !is_inside && !self.follows_content(comment)) {
            let between = &self.stream.text()[comment.range.end..document.start];
            if !between.lines().any(|line| line.starts_with("---")) {
                return Some(self.covered(document.clone()));
            } else if index == 0 {
                let range = 0..self.stream.text().len();
                return Some(Covered { whole_file: true, ..self.covered(range) });
            }
            return None;
        }
        if comment.trailing { self.on_line(comment.line) } else { self.below(comment) }
    }

    /// Whether the comment is behind content on its line; `---` is not content.
    fn follows_content(&self, comment: &Comment) -> bool {
        let ends_here = |range: &Range<usize>| self.lines(range).1 == comment.line && range.end <= comment.range.start;
        comment.trailing && self.documents.iter().any(ends_here)
    }

    /// The outermost entry or item that begins on a line; if none does, the innermost that ends
    /// there.
    fn on_line(&self, line: usize) -> Option<Covered> {
        let begins = self.children.iter().find(|(_, lines)| lines.0 == line);
        let ends = || self.children.iter().rev().find(|(_, lines)| lines.1 == line);
        begins.or_else(ends).map(|(range, _)| self.covered(range.clone()))
    }

    /// The entry or item that begins below this comment and those that follow it directly.
    fn below(&self, comment: &Comment) -> Option<Covered> {
        let is_comment = |line: usize| self.stream.comments().iter().any(|other| other.line == line && !other.trailing);
        let line = (comment.line + 1..).find(|line| !is_comment(*line))?;
        let begins = self.children.iter().find(|(_, lines)| lines.0 == line);
        begins.map(|(range, _)| self.covered(range.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first opt-out of a text covers.
    fn covers(text: &str) -> Option<&str> {
        let stream = Stream::parse(text).unwrap();
        let skips = Skip::find(&stream);
        assert_eq!(skips.len(), 1, "{text}");
        skips[0].covers.clone().map(|covered| &text[covered.range])
    }

    #[test]
    fn scopes() {
        const S: &str = "# flux-codemod: skip[x] why";
        for (text, expected) in [
            // The file.
            (format!("{S}\n---\na: 1\n---\nb: 2\n"), None),
            (format!("# other\n{S}\n\n---\n# schema\na: 1\n"), None),
            // A document.
            (format!("---\n{S}\na: 1\nb: 2\n---\nc: 3\n"), Some("a: 1\nb: 2")),
            (format!("{S}\n# schema\n\na: 1\n---\nb: 2\n"), Some("a: 1")),
            (format!("a: 1\n--- {S}\nb: 2\nc: 3\n"), Some("b: 2\nc: 3")),
            (format!("a: 1\n---\n# schema\n{S}\n- b\n- c\n"), Some("- b\n- c")),
            // An entry.
            (format!("a: 1 {S}\nb: 2\n"), Some("a: 1")),
            (format!("a: 1\n{S}\nb:\n  c: 1\n  d: 2\ne: 3\n"), Some("b:\n  c: 1\n  d: 2")),
            (format!("a:\n  {S}\n  # more\n  b: 1\n  c: 2\n"), Some("b: 1")),
            (format!("a: {S}\n  b: 1\nc: 2\n"), Some("a: {S}\n  b: 1")),
            (format!("a: | {S}\n  text\nb: 1\n"), Some("a: | {S}\n  text")),
            (format!("a:\n  b: 1 {S}\n"), Some("b: 1")),
            (format!("a: 1 {S}\nb: caf\u{e9}\nc: \u{3042}\n"), Some("a: 1")),
            (format!("a:\n  b: 1\n---\nc: 1 {S}\nd: 1\n"), Some("c: 1")),
            (format!("a: 1\nb: {{c: 1,\n  d: 2}} {S}\n"), Some("d: 2")),
            (format!("a: 1\nb: {{c: 1,\n  d: 2\n  }} {S}\n"), Some("b: {c: 1,\n  d: 2\n  }")),
            // An item.
            (format!("a:\n  - x {S}\n  - y\n"), Some("- x")),
            (format!("a:\n  {S}\n  - n: 1\n    m: 2\n  - y\n"), Some("- n: 1\n    m: 2")),
            (format!("a:\n  - n: 1 {S}\n    m: 2\n  - y\n"), Some("- n: 1 {S}\n    m: 2")),
            (format!("a:\n  - n: 1\n    m: 2 {S}\n  - y\n"), Some("m: 2")),
            (format!("a:\n  - {S}\n    n: 1\n"), Some("- {S}\n    n: 1")),
        ] {
            let expected = expected.map_or_else(|| text.clone(), |part| part.replace("{S}", S));
            assert_eq!(covers(&text), Some(&*expected), "{text}");
        }
        // There is nothing below.
        for text in [
            format!("a: 1\n{S}\n"),
            format!("a: 1\n{S}\n\nb: 2\n"),
            format!("a: 1\n{S}\n---\nb: 2\n"),
            format!("{S}\n"),
            format!("---\n{S}\n"),
        ] {
            assert_eq!(covers(&text), None, "{text}");
        }
    }

    #[test]
    fn what_is_read() {
        let read = |comment: &str| read(comment).map(|(ids, reason)| (ids.join("+"), reason.unwrap_or_default()));
        for (comment, ids, reason) in [
            ("# flux-codemod: skip[a] why", "a", "why"),
            ("#flux-codemod:skip[a,b-c]  why: so", "a+b-c", "why: so"),
            ("## flux-codemod : skip [ a , b ]: why", "a+b", "why"),
            ("# flux-codemod: skip[a]", "a", ""),
            ("# flux-codemod: skp[a] why", "", ""),
            ("# flux-codemod: skip", "", ""),
            ("# flux-codemod: skip[]", "", ""),
            ("# flux-codemod: skip[a,] why", "", ""),
            ("# flux-codemod: skip[a why", "", ""),
            ("# flux-codemod skip[a] why", "", ""),
        ] {
            assert_eq!(read(comment), Some((ids.to_owned(), reason.to_owned())), "{comment}");
        }
        for comment in [
            "# by flux-codemod: skip[a]",
            "# flux-codemod wrote this",
            "# flux-codemod: guard[x] was prune true",
            "# other",
        ] {
            assert_eq!(read(comment), None, "{comment}");
        }
    }

    #[test]
    fn text_in_scalars_is_not_a_comment() {
        let text = "a: |\n  # flux-codemod: skip[x] why\n  b: 1\nc: '# flux-codemod: skip[x] why'\n";
        assert!(Skip::find(&Stream::parse(text).unwrap()).is_empty());
    }
}
