//! Whole documents of a stream, each by itself: an edit of a few of them needs no reading of all
//! the others.
//!
//! A `---` at the start of a line ends whatever document is open, in each parser, or is an error.
//! So a stream means what its parts mean, one after the other, as long as each part still begins
//! with its `---` and ends with a line break.

use std::collections::BTreeSet;
use std::ops::Range;

use super::comments::Comment;
use super::error::{Error, Problem};
use super::operation::Operation;
use super::stream::Stream;
use crate::text::{Splice, SpliceError, Splices};

/// Texts of up to this many bytes are proven as a whole.
const WHOLE: usize = 16 * 1024;

/// What an edit touches of a stream.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) old: String,
    pub(super) new: String,
    /// The operations, with the documents counted from the first of the part.
    pub(super) operations: Vec<Operation>,
}

/// The documents that an edit touches, those between them, and no others. `None` where that is the
/// whole text, a short one, or one that cannot be divided.
pub(super) fn touched(stream: &Stream, splices: &Splices, operations: &[Operation]) -> Option<Part> {
    if stream.is_short() {
        return None;
    }
    cut(stream, splices, operations)
}

fn cut(stream: &Stream, splices: &Splices, operations: &[Operation]) -> Option<Part> {
    let mut meant = stream.parts_touched(splices);
    for operation in operations {
        meant.insert(stream.part_of(operation.document)?);
    }
    let range = stream.range_of(&meant)?;
    let (old, new) = stream.replaced(&range, splices.iter())?;
    let before = stream.documents_before(range.start);
    let counted = |operation: &Operation| {
        let document = operation.document.checked_sub(before)?;
        Some(Operation { document, path: operation.path.clone(), what: operation.what.clone() })
    };
    Some(Part { old, new, operations: operations.iter().map(counted).collect::<Option<_>>()? })
}

impl Stream {
    /// A document of the edited text: a stream that has it, as few others as can be, and the number
    /// that it has there.
    ///
    /// # Errors
    /// As [`Stream::parse`]; also if the edit is of another stream.
    pub fn document_after(&self, splices: &Splices, document: usize) -> Result<(Stream, usize), Error> {
        let mut meant = self.parts_touched(splices);
        meant.extend(self.part_of(document));
        let range = self.range_of(&meant).filter(|_| !self.is_short());
        let part = range
            .and_then(|range| Some((self.replaced(&range, splices.iter())?.1, self.documents_before(range.start))));
        if let Some((text, before)) = part.filter(|(_, before)| *before <= document) {
            return Ok((Stream::parse(text)?, document - before));
        }
        let problem = |error: SpliceError| self.error(0..0, Problem::ParsersDisagree(error.to_string()));
        Ok((Stream::parse(self.apply(splices).map_err(problem)?)?, document))
    }

    /// The documents of the parts that an edit changes, as [`Stream::edited_alone`] has them.
    pub fn documents_edited_alone(&self, splices: &Splices) -> Option<BTreeSet<usize>> {
        let ranges = self.edited_alone(splices)?.into_iter().map(|part| &self.parts()[part]);
        Some(ranges.flat_map(|range| self.documents_before(range.start)..self.documents_before(range.end)).collect())
    }

    fn is_short(&self) -> bool {
        self.text().len() <= WHOLE
    }

    /// Which parts of this stream an edit changes, if each can be read without the others after it
    /// as well as before, and nothing reaches from one into the next. Edits of different parts can
    /// be made together.
    pub fn edited_alone(&self, splices: &Splices) -> Option<BTreeSet<usize>> {
        let parts = self.parts();
        let is_in =
            |splice: &Splice, part: &Range<usize>| part.start <= splice.range.start && splice.range.end <= part.end;
        if parts.len() < 2 {
            return None;
        }
        let touched = self.parts_touched(splices);
        let are_in = |splice: &Splice| touched.iter().any(|part| is_in(splice, &parts[*part]));
        if !splices.iter().all(are_in) {
            return None;
        }
        for part in touched.iter().map(|part| &parts[*part]) {
            self.replaced(part, splices.iter().filter(|splice| is_in(splice, part)))?;
        }
        Some(touched)
    }

    /// The stream, divided at each `---` that has a document before it. One part, if it has
    /// directives or `...`.
    fn parts(&self) -> &[Range<usize>] {
        self.kept().parts.get_or_init(|| {
            let text = self.text();
            let says_more = |line: &str| line.starts_with('%') || line.starts_with("...");
            let mut starts = vec![0];
            if self.markers.len() > 1 || self.roots.len() > 1 {
                let markers = if text.lines().any(says_more) { &[][..] } else { &self.markers };
                let mut roots = self.roots.iter().map(|root| self.nodes.get(*root).whole().start).peekable();
                let mut has_document = false;
                for marker in markers {
                    while roots.next_if(|root| root < marker).is_some() {
                        has_document = true;
                    }
                    if has_document && text[..*marker].ends_with('\n') {
                        starts.push(*marker);
                        has_document = false;
                    }
                }
            }
            let ends = starts[1..].iter().copied().chain([text.len()]);
            starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
        })
    }

    /// The parts that an edit touches. What is at a marker belongs to those on both sides of it.
    fn parts_touched(&self, splices: &Splices) -> BTreeSet<usize> {
        let parts = self.parts();
        let touched = |splice: &Splice| {
            let first = parts.partition_point(|part| part.end < splice.range.start);
            let end = parts.partition_point(|part| part.start <= splice.range.end);
            first..end
        };
        splices.iter().flat_map(touched).collect()
    }

    /// The part that a document is in.
    fn part_of(&self, document: usize) -> Option<usize> {
        let root = self.nodes.get(*self.roots.get(document)?).whole().start;
        Some(self.parts().partition_point(|part| part.end <= root))
    }

    /// The part of a document that is alone in it.
    pub(super) fn range_of_document(&self, document: usize) -> Option<Range<usize>> {
        let range = self.parts().get(self.part_of(document)?)?.clone();
        let documents = self.documents_before(range.start)..self.documents_before(range.end);
        (documents == (document..document + 1)).then_some(range)
    }

    /// The comments in a document, with those before its first node and behind its last; `None` if
    /// the stream cannot be divided there.
    pub fn comments_of_document(&self, document: usize) -> Option<impl Iterator<Item = &Comment>> {
        let range = self.range_of_document(document)?;
        Some(self.comments().iter().filter(move |comment| range.contains(&comment.range.start)))
    }

    /// Parts, and those between them; `None` if that is all of the text.
    fn range_of(&self, parts: &BTreeSet<usize>) -> Option<Range<usize>> {
        let range = self.parts().get(*parts.first()?)?.start..self.parts().get(*parts.last()?)?.end;
        (range != (0..self.text().len())).then_some(range)
    }

    fn documents_before(&self, offset: usize) -> usize {
        self.roots.partition_point(|root| self.nodes.get(*root).whole().start < offset)
    }

    /// The old and the new text of a part, if the new one begins and ends as a part does.
    fn replaced<'s>(
        &self,
        range: &Range<usize>,
        splices: impl Iterator<Item = &'s Splice>,
    ) -> Option<(String, String)> {
        let moved = |splice: &Splice| Splice {
            range: splice.range.start - range.start..splice.range.end - range.start,
            with: splice.with.clone(),
        };
        let old = self.text()[range.clone()].to_owned();
        let new = Splices::new(&old, splices.map(moved).collect()).ok()?.apply(&old).ok()?;
        let begins = range.start == 0 || ["---\n", "---\r", "--- "].iter().any(|marker| new.starts_with(marker));
        let ends = range.end == self.text().len() || new.ends_with('\n');
        (begins && ends).then_some((old, new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::New;
    use crate::yaml::operation::What;
    use crate::yaml::proof::read_again;

    const DOCUMENTS: [&str; 7] = [
        "a: 1\nb: 2\n",
        "---\na: |+\n  x\n\n",
        "---\n# one\na: 'x\n  y' # two\n",
        "--- {a: [1, 2]}\n",
        "---\n",
        "---\na: &x 1\nb: *x\n\n\n",
        "---\r\na:\r\n- 1\r\n",
    ];

    fn splices(text: &str, range: Range<usize>, with: &str) -> Option<Splices> {
        Splices::new(text, vec![Splice { range, with: with.into() }]).ok()
    }

    fn operation(document: usize) -> [Operation; 1] {
        [Operation { document, path: vec![], what: What::ReplaceEntry(0, "a".into(), New::string("x")) }]
    }

    #[test]
    fn comments_are_of_the_document_that_they_stand_in() {
        let stream = Stream::parse("# a\na: 1 # b\n# c\n---\n# d\nb: 2\n# e\n---\nc: 3\n").unwrap();
        let of = |document| {
            let comments = stream.comments_of_document(document).unwrap();
            comments.map(|comment| &stream.text()[comment.range.clone()]).collect::<Vec<_>>()
        };
        assert_eq!([of(0), of(1), of(2)], [vec!["# a", "# b", "# c"], vec!["# d", "# e"], vec![]]);
        let flow = Stream::parse("--- a\n...\n--- b\n").unwrap();
        assert!(flow.comments_of_document(2).is_none());
    }

    /// Whatever one writes where: a part passes the proof only if the whole text does.
    #[test]
    fn a_part_is_right_only_if_the_whole_is() {
        let (mut right, mut parts) = (0, 0);
        let mut texts: Vec<String> =
            (0..DOCUMENTS.len() - 2).map(|first| DOCUMENTS[first..first + 3].concat()).collect();
        texts.push([DOCUMENTS[1], DOCUMENTS[4], DOCUMENTS[4], DOCUMENTS[0]].concat());
        for text in texts {
            let stream = Stream::parse(text.as_str()).unwrap();
            for (start, end) in
                (0..=text.len()).flat_map(|start| (start..=text.len().min(start + 9)).map(move |end| (start, end)))
            {
                for with in ["x", "x\n", "x: [", "\n---\n", "'", "", "--", "|\n", "...\n", "# c\n"] {
                    let Some(splices) = splices(&text, start..end, with) else { continue };
                    for document in 0..stream.roots.len() {
                        let operations = operation(document);
                        let Some(part) = cut(&stream, &splices, &operations) else { continue };
                        parts += 1;
                        let Ok(old) = Stream::parse(part.old) else { continue };
                        if read_again(&old, &part.new, &part.operations, &[], &[]).is_err() {
                            continue;
                        }
                        right += 1;
                        let whole = read_again(&stream, &splices.apply(&text).unwrap(), &operations, &[], &[]);
                        assert_eq!(whole, Ok(()), "{text:?} with {with:?} at {start}..{end}");
                    }
                }
            }
        }
        assert!(right > 50 && parts > 10_000, "{right} of {parts}");
    }

    #[test]
    fn a_part_is_of_whole_documents() {
        let part = |text: &str, range: Range<usize>, operations: &[Operation]| {
            let stream = Stream::parse(text).unwrap();
            cut(&stream, &splices(text, range, "x").unwrap(), operations)
                .map(|part| (part.old, part.operations[0].document))
        };
        let text = "a: 1\n---\na: 2\n---\na: 3\n";
        assert_eq!(part(text, 3..4, &operation(0)), Some(("a: 1\n".into(), 0)));
        assert_eq!(part(text, 12..13, &operation(1)), Some(("---\na: 2\n".into(), 0)));
        assert_eq!(part(text, 21..22, &operation(2)), Some(("---\na: 3\n".into(), 0)));
        assert_eq!(part(text, 21..22, &operation(1)), Some(("---\na: 2\n---\na: 3\n".into(), 0)));
        assert_eq!(part(text, 14..14, &operation(1)), Some(("---\na: 2\n---\na: 3\n".into(), 0)), "at a marker");
        assert_eq!(part(text, 3..4, &operation(2)), None, "all of it");
        assert_eq!(part("a: 1\n...\n---\na: 2\n", 3..4, &operation(0)), None);
        assert_eq!(part("a: 1\n---\na: \"\n  ---\"\n", 3..4, &operation(0)), Some(("a: 1\n".into(), 0)));
    }

    #[test]
    fn edits_stay_in_their_documents_or_are_not_apart() {
        let alone = |text: &str, range: Range<usize>, with: &str| {
            let stream = Stream::parse(text).unwrap();
            stream.edited_alone(&splices(text, range, with).unwrap()).map(Vec::from_iter)
        };
        let text = "a: 1\n---\na: 2\n---\na: 3\n";
        assert_eq!(alone(text, 3..4, "x"), Some(vec![0]));
        assert_eq!(alone(text, 21..22, "x"), Some(vec![2]));
        assert_eq!(alone(text, 14..14, "b: 1\n"), None, "before a marker, which the next document begins with");
        assert_eq!(alone(text, 3..5, "x"), None, "without its last line break");
        assert_eq!(alone(text, 3..12, "x"), None, "from one into the next");
        assert_eq!(alone("a: 1\n", 3..4, "x"), None, "there is only one");
    }
}
