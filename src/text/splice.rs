//! Edits of a text by ranges of bytes, bound to the content that they were made for.

use std::ops::Range;

use thiserror::Error;

use super::ContentId;

/// Replaces one range of bytes. An empty range inserts, an empty text deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// What is replaced.
    pub range: Range<usize>,
    /// The text that replaces it.
    pub with: String,
}

/// Sorted, disjoint edits of one particular content.
///
/// **Invariant:** ranges are in order, do not overlap, and no two insertions are at the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splices {
    of: ContentId,
    list: Vec<Splice>,
}

/// Why splices could not be made or applied.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SpliceError {
    /// Two splices touch the same bytes, so that their order would matter.
    #[error("two edits touch the same bytes, {0:?} and {1:?}")]
    Overlap(Range<usize>, Range<usize>),
    /// The text is not the one that the splices were made for.
    #[error("the edit was made for content {made_for}, but this is content {given}")]
    OtherContent {
        /// What the splices are bound to.
        made_for: ContentId,
        /// What they were applied to.
        given: ContentId,
    },
    /// A range is outside of the text or not on character boundaries.
    #[error("the edit at {0:?} is outside of the text or within a character")]
    OutOfText(Range<usize>),
}

impl Splices {
    /// Binds edits to the text that they are made for.
    ///
    /// # Errors
    /// [`SpliceError::Overlap`] if two of them touch, [`SpliceError::OutOfText`] if one is not
    /// within `text`.
    pub fn new(text: &str, list: Vec<Splice>) -> Result<Splices, SpliceError> {
        Splices::of_content(ContentId::of(text.as_bytes()), text, list)
    }

    /// The same as [`Splices::new`], for a text whose id is known.
    ///
    /// # Errors
    /// As [`Splices::new`].
    pub fn of_content(of: ContentId, text: &str, mut list: Vec<Splice>) -> Result<Splices, SpliceError> {
        list.sort_by_key(|splice| (splice.range.start, splice.range.end));
        for pair in list.windows(2) {
            let (a, b) = (&pair[0].range, &pair[1].range);
            if b.start < a.end || a == b {
                return Err(SpliceError::Overlap(a.clone(), b.clone()));
            }
        }
        if let Some(out) = list.iter().find(|splice| text.get(splice.range.clone()).is_none()) {
            return Err(SpliceError::OutOfText(out.range.clone()));
        }
        Ok(Splices { of, list })
    }

    /// The content that these edits are for.
    pub fn of(&self) -> ContentId {
        self.of
    }

    /// The edits, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Splice> {
        self.list.iter()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The edited text.
    ///
    /// # Errors
    /// [`SpliceError::OtherContent`] on any text but the one that the splices were made for.
    pub fn apply(&self, text: &str) -> Result<String, SpliceError> {
        self.apply_to(ContentId::of(text.as_bytes()), text)
    }

    /// The same as [`Splices::apply`], for a text whose id is known.
    ///
    /// # Errors
    /// As [`Splices::apply`].
    pub fn apply_to(&self, given: ContentId, text: &str) -> Result<String, SpliceError> {
        if given != self.of {
            return Err(SpliceError::OtherContent { made_for: self.of, given });
        }
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for splice in &self.list {
            out.push_str(&text[done..splice.range.start]);
            out.push_str(&splice.with);
            done = splice.range.end;
        }
        out.push_str(&text[done..]);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splice(range: Range<usize>, with: &str) -> Splice {
        Splice { range, with: with.into() }
    }

    #[test]
    fn apply_in_order_whatever_the_order_of_arrival() {
        let splices = Splices::new("abcdef", vec![splice(4..4, "!"), splice(0..2, "")]).unwrap();
        assert_eq!(splices.apply("abcdef").unwrap(), "cd!ef");
    }

    #[test]
    fn are_bound_to_their_content() {
        let splices = Splices::new("abc", vec![splice(0..1, "x")]).unwrap();
        assert!(matches!(splices.apply("abd"), Err(SpliceError::OtherContent { .. })));
    }

    #[test]
    fn overlap_and_shared_places_are_refused() {
        assert!(Splices::new("abc", vec![splice(0..2, ""), splice(1..3, "")]).is_err());
        assert!(Splices::new("abc", vec![splice(1..1, "x"), splice(1..1, "y")]).is_err());
        assert!(Splices::new("abc", vec![splice(0..1, ""), splice(1..2, "")]).is_ok(), "neighbours do not overlap");
        assert!(Splices::new("ü", vec![splice(1..1, "x")]).is_err(), "inside a character");
    }
}
