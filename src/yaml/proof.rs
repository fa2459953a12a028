//! The proof that every edit has to pass: two parsers agree on the data, and every comment is
//! accounted for.

use std::collections::BTreeMap;

use super::Stream;
use super::comments::CommentFate;
use super::error::Problem;
use super::operation::{self, Operation};
use super::part;
use super::reading::{Data, granit, libyaml};
use crate::text::Splices;

/// Proves that the splices do to the text what the operations do to the data, according to two
/// parsers, and that every comment of the old text is in the new one or has a fate that says why
/// not. Of a long stream, only the documents that the edit touches are read again. What was proven
/// of this stream before is not proven again.
///
/// # Errors
/// [`Problem::ParsersDisagree`] or [`Problem::CommentLost`].
pub(super) fn prove(
    stream: &Stream,
    splices: &Splices,
    operations: &[Operation],
    fates: &[CommentFate],
    added: &[String],
) -> Result<(), Problem> {
    let edit = format!("{splices:?} {operations:?} {fates:?} {added:?}");
    if stream.kept().proven.has(&edit) {
        return Ok(());
    }
    match part::touched(stream, splices, operations) {
        None => {
            let text = stream.apply(splices).map_err(|why| disagree("the text", why.to_string()))?;
            read_again(stream, &text, operations, fates, added)?;
        }
        Some(part) => {
            let old = Stream::parse(part.old).map_err(|why| disagree("granit-parser", why.to_string()))?;
            read_again(&old, &part.new, &part.operations, fates, added)?;
        }
    }
    stream.kept().proven.add(edit);
    Ok(())
}

fn disagree(parser: &str, why: String) -> Problem {
    Problem::ParsersDisagree(format!("{parser}: {why}"))
}

/// Reads the old and the new text with both parsers.
pub(super) fn read_again(
    old: &Stream,
    text: &str,
    operations: &[Operation],
    fates: &[CommentFate],
    added: &[String],
) -> Result<(), Problem> {
    let judge = |parser: &str, old: Result<Vec<Data>, String>, new: Result<Vec<Data>, String>| {
        let expected = old.and_then(|old| operation::apply(operations, old)).map_err(|why| disagree(parser, why))?;
        let read = new.map_err(|why| disagree(parser, format!("it rejects the result: {why}")))?;
        let met = expected.len() == read.len() && expected.iter().zip(&read).all(|(want, is)| want.is_met_by(is));
        if met { Ok(()) } else { Err(disagree(parser, "the result is not what was intended".into())) }
    };
    let new = Stream::parse(text).map_err(|why| disagree("granit-parser", why.to_string()))?;
    judge("granit-parser", granit::read(old), granit::read(&new))?;
    judge("yaml_serde", libyaml::read(old.text()), libyaml::read(text))?;
    balance(old, &new, fates, added).map_err(Problem::CommentLost)
}

/// Checks that the comments of the new text are those of the old text, without the dropped and with
/// the added ones. The error is a comment for which this is not so.
fn balance(old: &Stream, new: &Stream, fates: &[CommentFate], added: &[String]) -> Result<(), String> {
    let mut missing: BTreeMap<&str, isize> = BTreeMap::new();
    let mut count = |text, by| *missing.entry(text).or_default() += by;
    old.comments().iter().for_each(|comment| count(&old.text()[comment.range.clone()], 1));
    added.iter().for_each(|text| count(text, 1));
    fates.iter().filter(|fate| !fate.fate.is_kept()).for_each(|gone| count(&gone.text, -1));
    new.comments().iter().for_each(|comment| count(&new.text()[comment.range.clone()], -1));
    let lost = missing.iter().find(|(_, count)| **count > 0);
    let invented = || missing.iter().find(|(_, count)| **count < 0);
    lost.or_else(invented).map_or(Ok(()), |(text, _)| Err((*text).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Splice;
    use crate::yaml::New;
    use crate::yaml::operation::What;

    fn try_it(text: &str, splices: &[(std::ops::Range<usize>, &str)], what: What) -> Result<(), Problem> {
        let stream = Stream::parse(text).unwrap();
        let list = splices.iter().map(|(range, with)| Splice { range: range.clone(), with: (*with).into() }).collect();
        let splices = Splices::new(text, list).unwrap();
        prove(&stream, &splices, &[Operation { document: 0, path: vec![], what }], &[], &[])
    }

    #[test]
    fn a_text_that_does_not_do_the_operation_is_refused() {
        let set = || What::ReplaceEntry(0, "a".into(), New::string("x"));
        assert_eq!(try_it("a: 1\nb: 2\n", &[(3..4, "x")], set()), Ok(()));
        assert!(try_it("a: 1\nb: 2\n", &[(3..4, "y")], set()).is_err(), "another value");
        assert!(try_it("a: 1\nb: 2\n", &[(3..4, "x"), (8..9, "3")], set()).is_err(), "more than asked for");
        assert!(try_it("a: 1\nb: 2\n", &[(3..4, "x"), (8..9, "'2'")], set()).is_err(), "another type");
        assert!(try_it("a: 1\nb: 1.10\n", &[(3..4, "x"), (10..12, "1")], set()).is_err(), "1.10 is not 1.1");
        assert!(try_it("a: 1\nb: &q 2\n", &[(3..4, "x: [")], set()).is_err(), "not YAML any more");
    }

    #[test]
    fn a_lost_or_invented_comment_is_refused() {
        let set = || What::ReplaceEntry(0, "a".into(), New::string("x"));
        assert_eq!(try_it("a: 1 # one\n", &[(3..10, "x")], set()), Err(Problem::CommentLost("# one".into())));
        assert!(try_it("a: 1\n", &[(3..4, "x # new")], set()).is_err());
    }
}
